"""Takes dossiers, many at a time: each gets a code or a reason, and none harms another."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.intake.domain import codes, life
from services.intake.domain.agencies import Agency, check_valid_on
from services.intake.domain.codes import DayFullError, Era
from services.intake.domain.handlers import code_of
from services.intake.domain.life import Dossier, Move, Verb
from services.intake.domain.procedures import Procedure
from services.intake.domain.refused import RefusedError
from services.intake.usecases.directory import Directory
from services.intake.usecases.dossier_events import (
    dossier_accepted,
    dossier_submitted,
)
from services.intake.usecases.local_days import check_not_future, local_day
from services.intake.usecases.ports import (
    Answer,
    KeptMove,
    Key,
    NewDossier,
    Submission,
    Transaction,
)
from services.intake.usecases.refusals import KeyReusedError
from shared.messages import Saying

SUBMIT = "submit"


@dataclass(frozen=True, slots=True)
class Taken:
    """A dossier taken: now, or when the same was sent before (`is_new` is False)."""

    code: str
    state: str
    status: int
    received_at: datetime
    is_new: bool = True


Verdict = Taken | Exception
"""What became of one submission; the exception says why it was not taken."""


@dataclass(slots=True)
class _Desk:
    """One batch on its way: verdicts by place, and what is to be stored."""

    verdicts: list[Verdict | None]
    prefixes: dict[int, str] = field(default_factory=dict)
    same_as: dict[int, int] = field(default_factory=dict)
    """A place that repeats an earlier one, by key or by reference."""
    new: list[NewDossier] = field(default_factory=list)
    moves: list[KeptMove] = field(default_factory=list)
    sayings: list[Saying] = field(default_factory=list)
    answers: dict[Key, Mapping[str, Any]] = field(default_factory=dict)


async def submit_dossiers(
    submissions: Sequence[Submission],
    transaction: Transaction,
    directory: Directory,
    eras: Sequence[Era],
) -> list[Verdict]:
    """Take a batch in one transaction; the verdicts are in the order of the submissions.

    What a key or a reference says was taken before gets the same code again. Raises only what
    stops the whole batch (`TakenMeanwhileError`, a lost database).
    """
    desk = _Desk([None] * len(submissions))
    await _recognise(desk, submissions, transaction)
    agencies = await directory.agencies({s.agency for s in submissions}, transaction.registry)
    procedures = await directory.procedures(
        {s.procedure for s in submissions}, transaction.registry
    )
    for place, submission in _open(desk, submissions):
        try:
            desk.prefixes[place] = _prefix(submission, agencies, procedures, eras)
        except RefusedError as error:
            desk.verdicts[place] = error
    await _number(desk, submissions, agencies, procedures, transaction)
    if desk.new:
        await transaction.dossiers.add(desk.new, desk.moves)
        if desk.answers:
            await transaction.answers.keep(desk.answers, submissions[0].asked_at)
        await transaction.outbox.say(desk.sayings)
    return [_verdict(desk, place) for place in range(len(submissions))]


def _open(desk: _Desk, submissions: Sequence[Submission]) -> list[tuple[int, Submission]]:
    return [
        (place, submission)
        for place, submission in enumerate(submissions)
        if desk.verdicts[place] is None and place not in desk.same_as
    ]


def _verdict(desk: _Desk, place: int) -> Verdict:
    verdict = desk.verdicts[desk.same_as.get(place, place)]
    assert verdict is not None  # every place was numbered, refused or recognised
    return verdict


async def _recognise(
    desk: _Desk, submissions: Sequence[Submission], transaction: Transaction
) -> None:
    """Find what was sent before, in earlier transactions or earlier in this batch."""
    keys = [s.key for s in submissions if s.key is not None]
    answered = await transaction.answers.find(keys) if keys else {}
    references = {(s.agency, s.reference) for s in submissions if s.reference is not None}
    taken = await transaction.dossiers.find_references(references) if references else {}
    first: dict[tuple[str, ...], int] = {}
    for place, submission in enumerate(submissions):
        if (key := submission.key) is not None:
            if answer := answered.get((key.caller, key.key)):
                desk.verdicts[place] = _answer_again(key, answer)
                continue
            earlier = first.setdefault(("key", key.caller, key.key), place)
            if earlier != place:
                _repeat_key(desk, place, earlier, submissions)
                continue
        if submission.reference is not None:
            if dossier := taken.get((submission.agency, submission.reference)):
                desk.verdicts[place] = _same_dossier(submission, dossier)
                continue
            earlier = first.setdefault(
                ("reference", submission.agency, submission.reference), place
            )
            if earlier != place:
                _repeat_reference(desk, place, earlier, submissions)


def _repeat_key(desk: _Desk, place: int, earlier: int, submissions: Sequence[Submission]) -> None:
    key, first_key = submissions[place].key, submissions[earlier].key
    assert key is not None and first_key is not None
    if key.fingerprint == first_key.fingerprint:
        desk.same_as[place] = desk.same_as.get(earlier, earlier)
    else:
        desk.verdicts[place] = KeyReusedError(key.key)


def _repeat_reference(
    desk: _Desk, place: int, earlier: int, submissions: Sequence[Submission]
) -> None:
    one, first = submissions[place], submissions[earlier]
    if (one.procedure, one.channel) == (first.procedure, first.channel):
        desk.same_as[place] = earlier
    else:
        desk.verdicts[place] = RefusedError(
            "reference", one.reference, "it stands for a dossier of another procedure or channel"
        )


def _answer_again(key: Key, answer: Answer) -> Verdict:
    if answer.fingerprint != key.fingerprint:
        return KeyReusedError(key.key)
    kept = answer.answer
    received_at = datetime.fromisoformat(kept["received_at"])
    return Taken(kept["code"], kept["state"], kept["status"], received_at, is_new=False)


def _same_dossier(submission: Submission, dossier: Dossier) -> Verdict:
    if (submission.procedure, submission.channel) != (dossier.procedure, dossier.channel):
        return RefusedError(
            "reference",
            submission.reference,
            f"it is {dossier.code} already, of another procedure or channel",
        )
    return Taken(dossier.code, dossier.state, dossier.status, dossier.received_at, is_new=False)


def _prefix(
    submission: Submission,
    agencies: Mapping[str, Agency],
    procedures: Mapping[str, Procedure],
    eras: Sequence[Era],
) -> str:
    """Check a submission; its code without the order. Raises `RefusedError`."""
    agency = agencies.get(submission.agency)
    if agency is None:
        raise RefusedError("agency", submission.agency, "no such agency is registered")
    if submission.procedure not in procedures:
        raise RefusedError("procedure", submission.procedure, "no such procedure is registered")
    if submission.received_at is not None:
        check_not_future("received_at", submission.received_at, submission.asked_at)
    day = _received_on(submission, agency)
    check_valid_on(agency, day)
    return codes.prefix(agency.code, day, eras)


def _received_on(submission: Submission, agency: Agency) -> date:
    return local_day(submission.received_at or submission.asked_at, agency)


async def _number(
    desk: _Desk,
    submissions: Sequence[Submission],
    agencies: Mapping[str, Agency],
    procedures: Mapping[str, Procedure],
    transaction: Transaction,
) -> None:
    """Give each accepted submission its code, and note what is to be stored and said."""
    if not desk.prefixes:
        return
    orders = await transaction.dossiers.take_orders(Counter(desk.prefixes.values()))
    for place, prefix in desk.prefixes.items():
        submission = submissions[place]
        order = orders[prefix]
        orders[prefix] += 1
        try:
            code = codes.numbered(prefix, order)
        except DayFullError as error:
            desk.verdicts[place] = error
            continue
        revisions = (
            procedures[submission.procedure].revision,
            agencies[submission.agency].revision,
        )
        desk.verdicts[place] = _take(desk, submission, code, *revisions)


def _take(
    desk: _Desk,
    submission: Submission,
    code: str,
    procedure_revision: int,
    agency_revision: int,
) -> Taken:
    received_at = submission.received_at or submission.asked_at
    channel = submission.channel
    dossier = life.submit(code, submission.procedure, channel, submission.agency, received_at)
    trace = submission.traceparent
    handler = code_of(submission.actor.subject, submission.actor.role)
    desk.sayings.append(Saying(dossier_submitted(dossier, handler), received_at, trace))
    desk.moves.append(_kept(submission, SUBMIT, None, dossier, 1))
    if life.is_accepted_at_once(channel, submission.is_complete):
        before, dossier = dossier, life.apply(dossier, Move(Verb.ACCEPT, received_at))
        desk.sayings.append(
            Saying(dossier_accepted(dossier, received_at, handler), received_at, trace)
        )
        desk.moves.append(_kept(submission, Verb.ACCEPT, before, dossier, 2))
    desk.new.append(
        NewDossier(
            dossier,
            procedure_revision,
            agency_revision,
            submission.language,
            submission.reference,
            submission.documents,
            submission.applicant,
            submission.sets,
            submission.return_by,
        )
    )
    if submission.key is not None:
        desk.answers[submission.key] = {
            "code": code,
            "state": dossier.state,
            "status": dossier.status,
            "received_at": received_at.isoformat(),
        }
    return Taken(code, dossier.state, dossier.status, received_at)


def _kept(
    submission: Submission, verb: str, before: Dossier | None, after: Dossier, number: int
) -> KeptMove:
    return KeptMove(
        dossier=after.code,
        number=number,
        verb=verb,
        from_state=None if before is None else before.state,
        to_state=after.state,
        agency=after.agency,
        happened_at=after.last_moved_at,
        actor=submission.actor,
        recorded_at=submission.asked_at,
    )
