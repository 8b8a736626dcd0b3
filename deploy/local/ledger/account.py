"""What the topics say, folded subject by subject: the account that the tables must agree with."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from deploy.local.ledger import lives
from deploy.local.ledger.findings import Check, Fault
from deploy.local.ledger.parties import COMPACTED, SPEAKERS, source_of
from deploy.local.ledger.records import Foreign, Said
from deploy.local.ledger.sequences import Place, Sequence, WholeStates

ClockKey = tuple[str, str]
"""Kind and code."""
T = TypeVar("T")


@dataclass(slots=True)
class DossierLife:
    """A dossier as its events tell it."""

    state: str = lives.NOTHING
    agency: str = ""
    is_accepted: bool = False
    waits: set[str] = field(default_factory=set)
    """The kinds of clock that its events started, besides its own."""
    generations: int = 0
    """How often its limit began to count."""
    resolved_at: str | None = None
    owed: Counter[str] = field(default_factory=Counter)
    """The notices that its moves owe its citizen, by kind."""


@dataclass(slots=True)
class ClockLife:
    """A clock as its events tell it."""

    state: str = lives.NOTHING
    generation: int = 0
    recomputed: int = 0
    """How many of its generations a recomputation began."""


@dataclass(slots=True)
class ReportLife:
    """A report, complaint or denunciation as its events tell it."""

    state: str = lives.NOTHING
    """Kind and state."""
    steps: list[str] = field(default_factory=list)
    verdict: str | None = None
    """What its resolution was said to find; a denunciation's is never said."""
    clocks: set[str] = field(default_factory=set)
    """The kinds of clock that its states started."""


@dataclass(slots=True)
class Account:
    """Everything said on the topics, each saying counted once."""

    sequences: dict[str, dict[str, Sequence | WholeStates]] = field(
        default_factory=lambda: {name: {} for name in SPEAKERS}
    )
    """By topic and subject."""
    dossiers: dict[str, DossierLife] = field(default_factory=dict)
    clocks: dict[ClockKey, ClockLife] = field(default_factory=dict)
    alarms: Counter[tuple[str, str, int, str]] = field(default_factory=Counter)
    notices: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    ratings: Counter[str] = field(default_factory=Counter)
    reports: Counter[str] = field(default_factory=Counter)
    report_lives: dict[str, ReportLife] = field(default_factory=dict)
    sayings: int = 0
    doubled_on_the_wire: int = 0
    foreign: Counter[str] = field(default_factory=Counter)
    order: Check = field(
        default_factory=lambda: Check("on its topic every subject counts 1, 2, 3…")
    )
    explained: Check = field(
        default_factory=lambda: Check("every event may follow the one before it")
    )

    def take(self, topic: str, record: Said | Foreign) -> None:
        """Take in one record of a topic (its short name), in the topic's order."""
        if isinstance(record, Foreign):
            self.foreign[f"{topic}: {record.why}"] += 1
        elif record.source != source_of(topic):
            self.foreign[f"{topic}: from {record.source}"] += 1
        else:
            self._place(topic, record)

    def close(self) -> None:
        """All records taken: what still lies ahead of a hole shows what is missing."""
        for topic, sequences in self.sequences.items():
            for subject, sequence in sequences.items():
                if isinstance(sequence, Sequence) and (missing := sequence.missing):
                    self.order.blame(
                        Fault.LOST, f"{topic} {subject}: {missing} never came", len(missing)
                    )

    def _place(self, topic: str, said: Said) -> None:
        sequence = self._sequence(topic, said.subject)
        match sequence.place(said):
            case Place.NEXT:
                self._count(topic, said)
                while isinstance(sequence, Sequence) and (said_next := sequence.following()):
                    self._count(topic, said_next)
            case Place.AGAIN:
                self.doubled_on_the_wire += 1
            case Place.CONTRADICTION:
                self.order.blame(
                    Fault.DUPLICATED,
                    f"{topic} {said.subject}: two sayings are number {said.number}",
                )
            case Place.AHEAD:
                self.order.blame(
                    Fault.REORDERED,
                    f"{topic} {said.subject}: {said.number} came after {sequence.last}",
                )

    def _sequence(self, topic: str, subject: str) -> Sequence | WholeStates:
        sequences = self.sequences[topic]
        sequence = sequences.get(subject)
        if sequence is None:
            sequence = WholeStates() if topic in COMPACTED else Sequence()
            sequences[subject] = sequence
        return sequence

    def _count(self, topic: str, said: Said) -> None:
        self.sayings += 1
        self.order.examined += 1
        if fold := FOLDS.get(topic):
            self.explained.examined += 1
            try:
                fold(self, said)
            except KeyError as missing:
                self.explained.blame(
                    Fault.UNEXPLAINED, f"{said.subject}: {said.kind} lacks {missing}"
                )

    def fold_dossier(self, said: Said) -> None:
        """One step of a dossier's life."""
        body = said.body
        life = _of(self.dossiers, said.subject, DossierLife)
        event = said.kind
        if event in ("SupplementRequested", "DossierSupplemented"):
            event = f"{event}/{body['stage']}"
        life.state = self._step(lives.DOSSIER, life.state, event, f"dossier {said.subject}")
        life.agency = body["agency"]
        if event == "DossierAccepted":
            life.is_accepted = True
        if event == "DossierSubmitted" and body["channel"] == "online":
            life.waits.add("online_check")
        elif wait := lives.WAIT_BEGUN_BY.get(event):
            life.waits.add(wait)
        # Moves of before every one was told do not speak of a handler, be it nobody.
        if "handler" in body:
            self._owe(life, event, body)
        if event in ("DossierAccepted", "DossierSupplemented/appraisal"):
            life.generations += 1
        elif event == "DossierResolved":
            life.resolved_at = body["resolved_at"]

    def _owe(self, life: DossierLife, event: str, body: Mapping[str, Any]) -> None:
        """Online, receipt and acceptance are told apart; else the acceptance greets."""
        if event == "DossierSubmitted":
            life.owed["greeting"] += body["channel"] == "online"
        elif event == "DossierAccepted":
            life.owed["accepted" if body["channel"] == "online" else "greeting"] += 1
        else:
            life.owed[lives.TOLD_OF[event]] += 1

    def check_told(self) -> Check:
        """Every move was told to the citizen. What names an appointment waits until it is reckoned."""
        check = Check("every change of status was told to its citizen")
        told: Counter[tuple[str, str]] = Counter()
        for (code, kind, _), times in self.notices.items():
            told[code, kind] += times
        for code, life in self.dossiers.items():
            clock = self.clocks.get(("dossier", code), ClockLife())
            if clock.generation - clock.recomputed < life.generations:
                continue
            for kind, times in life.owed.items():
                check.examined += times
                if (missing := times - told[code, kind]) > 0:
                    check.blame(Fault.LOST, f"{code}: {kind} was not told", missing)
        return check

    def fold_clock(self, said: Said) -> None:
        """One step of a clock's life."""
        if said.kind in ("CalendarRevised", "DeadlineUncomputable"):
            return  # They move no clock.
        body = said.body
        key = (body["kind"], body["code"])
        life = _of(self.clocks, key, ClockLife)
        what = f"the {key[0]} clock of {key[1]}"
        event, generation = said.kind, body["generation"]
        if event == "DeadlineSet":
            if generation <= life.generation:
                self.explained.blame(
                    Fault.DUPLICATED, f"{what} was set twice in generation {generation}"
                )
            life.generation += 1
        elif event == "DeadlineRecomputed" and generation == life.generation + 1:
            event = f"{event}/anew"
            life.generation += 1
            life.recomputed += 1
        elif event == "AlarmRung":
            event = f"{event}/{body['rung']}"
            self.alarms[(*key, generation, body["rung"])] += 1
        elif event == "ClockStopped":
            event = f"{event}/{body['reason']}"
        if generation != life.generation:
            self.explained.blame(
                Fault.UNEXPLAINED, f"{what}: {event} of {generation}, it is in {life.generation}"
            )
        moves = lives.MOVES_OF.get(key[0], lives.CLOCK)
        life.state = self._step(moves, life.state, event, what)

    def fold_feedback(self, said: Said) -> None:
        """What citizens were told, and what they answered."""
        match said.kind:
            case "NoticeSent":
                self.notices[said.subject, said.body["notice"], said.body.get("number", 1)] += 1
            case "RatingGiven":
                self.ratings[said.subject] += 1
            case "ConductReported" | "ComplaintReceived" | "DenunciationReceived":
                self.reports[said.subject] += 1
                self._move_report(said, said.kind)
            case "ReportMoved":
                self._move_report(said, said.body["step"])
            case unknown:
                self.explained.blame(Fault.UNEXPLAINED, f"{said.subject}: nobody knows {unknown}")

    def _move_report(self, said: Said, event: str) -> None:
        life = _of(self.report_lives, said.subject, ReportLife)
        life.state = self._step(lives.REPORT, life.state, event, f"report {said.subject}")
        if wait := lives.CLOCK_BEGUN_IN.get(life.state):
            life.clocks.add(wait)
        if said.kind == "ReportMoved":
            life.steps.append(event)
            life.verdict = said.body.get("verdict") or life.verdict

    def _step(self, moves: lives.Moves, state: str, event: str, what: str) -> str:
        found = lives.after(moves, state, event)
        if found is None:
            self.explained.blame(Fault.UNEXPLAINED, f"{what}: {event} cannot follow {state}")
            return state
        return found


FOLDS: Mapping[str, Callable[[Account, Said], None]] = {
    "dossiers": Account.fold_dossier,
    "deadlines": Account.fold_clock,
    "feedback": Account.fold_feedback,
}


def _of(found: dict[Any, T], key: object, new: Callable[[], T]) -> T:
    one = found.get(key)
    if one is None:
        one = found[key] = new()
    return one
