"""Counts open clocks anew after a decree or a changed rule: first to see, then to do (rule 12).

Page by page in the order of their codes, each page a transaction of its own, so that no alarm waits
longer than a page. A clock that changes nothing is left as it is; so a run that was broken off is
finished by another.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import nlargest

from services.deadline.domain import clocks as moves
from services.deadline.domain.clocks import Clock, PastGeneration, State
from services.deadline.domain.ladder import Rung
from services.deadline.domain.lateness import LatenessOutcome, Tally, late
from services.deadline.domain.office_hours import OfficeHoursError
from services.deadline.domain.recomputations import Change
from services.deadline.domain.rules import NoRuleError
from services.deadline.domain.working_calendar import CalendarEndsError
from services.deadline.usecases import tidings
from services.deadline.usecases.directory import Directory, NotHeardError
from services.deadline.usecases.ports import Begin, Books, OpenClocks
from shared.messages import Saying

PAGE = 1_000
"""Codes in one transaction."""

MOST_SHOWN = 10

CANNOT_COUNT = (NotHeardError, NoRuleError, CalendarEndsError, OfficeHoursError)


@dataclass(frozen=True, slots=True)
class Uncounted:
    """An open clock that cannot be counted by today's rules; it stays as it is."""

    code: str
    kind: str
    agency: str
    why: str


@dataclass(slots=True)
class Summary:
    """What a run has found so far."""

    examined: int = 0
    changed: int = 0
    later: int = 0
    earlier: int = 0
    breaches_withdrawn: int = 0
    overdue_at_once: int = 0
    """Running, and by the new dates due already."""
    by_agency: Counter[str] = field(default_factory=Counter)
    largest: list[Change] = field(default_factory=list)
    uncounted: list[Uncounted] = field(default_factory=list)
    """At most MOST_SHOWN of them."""
    uncounted_in_all: int = 0

    def add(self, page: "Page", now: datetime) -> None:
        self.examined += page.examined
        self.changed += len(page.changes)
        for change in page.changes:
            due = change.after.dues.legal_due
            self.later += change.moved_by > timedelta(0)
            self.earlier += change.moved_by < timedelta(0)
            self.breaches_withdrawn += change.is_breach_withdrawn
            is_running = change.after.state is State.RUNNING
            self.overdue_at_once += is_running and due is not None and due < now
            self.by_agency[change.after.agency] += 1
        self.largest = nlargest(
            MOST_SHOWN, [*self.largest, *page.changes], key=lambda change: abs(change.moved_by)
        )
        self.uncounted_in_all += len(page.uncounted)
        self.uncounted += page.uncounted[: MOST_SHOWN - len(self.uncounted)]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of codes: how many open clocks, and which of them change."""

    last_code: str
    examined: int
    changes: Sequence[Change]
    uncounted: Sequence[Uncounted]


UNDONE = LatenessOutcome.RECOMPUTED

Tell = Callable[[Summary], None]


async def preview(begin: Begin, now: Callable[[], datetime], tell: Tell) -> Summary:
    """What a recomputation would change; changes nothing and holds nobody up."""
    summary, code = Summary(), ""
    while True:
        async with begin() as books:
            page = await _page(books, code, now(), lock=False)
        if page is None:
            return summary
        summary.add(page, now())
        tell(summary)
        code = page.last_code


async def recompute(
    begin: Begin, now: Callable[[], datetime], reason: str, asked_by: str, tell: Tell
) -> Summary:
    """Count every open clock anew; each that changes is kept, said, and put on record."""
    async with begin() as books:
        # What is accepted from now on is counted by the new days already.
        await books.directories.await_readers()
        run = await books.recomputations.begin(reason, asked_by, now())
    summary, code = Summary(), ""
    while True:
        async with begin() as books:
            page = await _page(books, code, now(), lock=True)
            if page is None:
                await books.recomputations.end(run, summary.examined, summary.changed, now())
                return summary
            await _keep(books, run, page.changes, now())
        summary.add(page, now())
        tell(summary)
        code = page.last_code


async def _page(books: Books, after: str, now: datetime, *, lock: bool) -> Page | None:
    codes = await books.recomputations.open_codes(after, PAGE)
    if not codes:
        return None
    found = await books.recomputations.read(codes, lock=lock)
    directory = await books.directories.current()
    changes: list[Change] = []
    uncounted: list[Uncounted] = []
    for clock in found.clocks:
        try:
            again = _counted_among(directory, clock, found, changes, now)
        except CANNOT_COUNT as error:
            uncounted.append(Uncounted(clock.code, clock.kind, clock.agency, str(error)))
            continue
        if again is not clock:
            changes.append(Change(clock, again))
    return Page(codes[-1], len(found.clocks), changes, uncounted)


def _counted_among(
    directory: Directory,
    clock: Clock,
    found: OpenClocks,
    changes: Sequence[Change],
    now: datetime,
) -> Clock:
    past = found.past.get((clock.kind, clock.code), [])
    rang = found.rang.get((clock.kind, clock.code), [])
    dossier = found.dossiers.get(clock.code)
    if changes and changes[-1].after.code == clock.code and changes[-1].after.kind == "dossier":
        dossier = changes[-1].after
    return counted_again(directory, clock, past, rang, dossier, now)


def counted_again(
    directory: Directory,
    clock: Clock,
    past: Sequence[PastGeneration],
    rang: Sequence[tuple[int, Rung]],
    dossier: Clock | None,
    now: datetime,
) -> Clock:
    """An open clock under today's dates; the same where they change nothing. `past` and `rang` are its
    own, `dossier` the dossier's clock under today's dates. Raises what is in `CANNOT_COUNT`."""
    dues = directory.dues_again(clock, past, dossier)
    # A recomputation leaves a generation where it began; a supplement begins another.
    begun = min(
        (before.generation for before in past if before.complete_at == clock.complete_at),
        default=clock.generation,
    )
    has_rung = {
        rung
        for generation, rung in rang
        if generation == clock.generation
        or (generation >= begun and rung in (Rung.AT_RISK, Rung.APOLOGY))
    }
    return moves.recompute(
        clock,
        dues,
        has_rung,
        now,
        appointment_at=_appointment(directory, clock, dues.appointment_at),
        reappointment_missed_at=_new_date(directory, clock),
    )


def _appointment(
    directory: Directory, clock: Clock, reckoned_at: datetime | None
) -> datetime | None:
    """What the citizen was given stays if Mẫu 04 gave it; what a head of unit chose, if law and pledge
    still allow it and the office is still open then."""
    given = clock.appointment_at
    if clock.reappointed_at is not None:
        return given
    if given is None or reckoned_at is None or given == clock.dues.appointment_at:
        return reckoned_at
    is_lawful = given <= reckoned_at and directory.is_open(clock, given)
    return given if is_lawful else reckoned_at


def _new_date(directory: Directory, clock: Clock) -> datetime | None:
    """When the alarm of a date that Mẫu 04 gave rings: no alarm rings on a day off."""
    at = clock.rungs.reappointment_missed
    return at if at is None else directory.next_open(clock, at)


async def _keep(books: Books, run: int, changes: Sequence[Change], now: datetime) -> None:
    if not changes:
        return
    directory = await books.directories.current()
    after = [change.after for change in changes]
    past = [change.before for change in changes if change.begins_anew]
    if past:
        await books.clocks.keep_past(past)
    await books.clocks.restart(after)
    await books.recomputations.keep(run, changes, now)
    sources_of = directory.rule_book.sources_of
    await books.outbox.say(
        [
            Saying(
                tidings.deadline_recomputed(change, run, sources_of(change.after.dues.regime)), now
            )
            for change in changes
        ]
    )
    tally: Tally = Counter(
        late(change.before, due, directory.agency(change.before.receiving_agency).zone, UNDONE)
        for change in changes
        if change.is_breach_withdrawn and (due := change.before.dues.legal_due) is not None
    )
    if tally:
        await books.clocks.count_late(tally)
    waiting = [rung.at for clock in after if (rung := clock.rungs.next()) is not None]
    if waiting:
        await books.clocks.wake_timer(min(waiting))
