"""Was an old system's "overdue" true? Its log counted anew, row by row, and what comes of it."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from services.deadline.domain.explanation import Step
from services.deadline.domain.reckoning import Reckoning
from services.deadline.domain.rules import NoRuleError
from services.deadline.domain.working_calendar import CalendarEndsError
from services.deadline.usecases.counting import Counter, LimitError, LocalTimeError

LARGEST = 10
"""Disagreements shown with their explanations."""
SHOWN = 10
"""Rows shown that could not be counted."""

ONE_MINUTE = timedelta(minutes=1)


class Case(NamedTuple):
    """One row of the log; times as they stand there, local or with an offset."""

    row: int
    """From 1, the heading being row 1."""
    case_id: str
    received_at: datetime
    limit: str
    promised_due_at: datetime | None = None
    closed_at: datetime | None = None
    closed_message_at: datetime | None = None


class Mistake(NamedTuple):
    """A row that cannot be counted: which field, and by what rule."""

    row: int
    field: str
    why: str


@dataclass(slots=True)
class LeftOut:
    """The rows of a log that could not be counted: how many, and the first of them."""

    count: int = 0
    first: list[Mistake] = field(default_factory=list)

    def add(self, mistake: Mistake) -> None:
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(mistake)


class Verdict(NamedTuple):
    """What a case comes to, in the office's local time. None where the log does not say."""

    case: Case
    due_at: datetime | None
    agrees: bool | None
    """The promise lies within a minute of what is due: systems truncate and round their seconds."""
    minutes_late: int | None
    """Whole minutes begun after the due instant until it was closed; 0 in time."""
    late_by_sync: bool | None
    """Closed in time, and heard of only afterwards: "lệch đồng bộ"."""
    promised: datetime | None
    steps: tuple[Step, ...]


@dataclass(slots=True)
class Share:
    """The cases of one limit."""

    cases: int = 0
    promised: int = 0
    agreed: int = 0
    closed: int = 0
    late: int = 0
    late_by_sync: int = 0


@dataclass(slots=True)
class Summary:
    """What the log comes to; its size does not grow with the log's."""

    shares: dict[str, Share] = field(default_factory=dict)
    largest: list[tuple[timedelta, int, Verdict]] = field(default_factory=list)
    """A heap: the smallest of the largest disagreements first."""
    left_out: LeftOut = field(default_factory=LeftOut)

    def disagreements(self) -> list[Verdict]:
        """The largest first."""
        return [verdict for _, _, verdict in sorted(self.largest, reverse=True)]

    def add(self, verdict: Verdict) -> None:
        share = self.shares.setdefault(verdict.case.limit, Share())
        share.cases += 1
        if verdict.agrees is not None:
            share.promised += 1
            share.agreed += verdict.agrees
            if not verdict.agrees:
                self._remember(verdict)
        if verdict.minutes_late is not None:
            share.closed += 1
            share.late += verdict.minutes_late > 0
        if verdict.late_by_sync:
            share.late_by_sync += 1

    def _remember(self, verdict: Verdict) -> None:
        assert verdict.due_at is not None and verdict.promised is not None  # they disagree
        entry = (abs(verdict.due_at - verdict.promised), -verdict.case.row, verdict)
        if len(self.largest) < LARGEST:
            heapq.heappush(self.largest, entry)
        elif entry > self.largest[0]:
            heapq.heapreplace(self.largest, entry)


def audit(
    rows: Iterable[Case | Mistake], counter: Counter, summary: Summary
) -> Iterator[Verdict | Mistake]:
    """Count every case of a log anew; `summary` holds the whole once the last has been taken."""
    for row in rows:
        result = row if isinstance(row, Mistake) else _judge(row, counter)
        if isinstance(result, Mistake):
            summary.left_out.add(result)
        else:
            summary.add(result)
        yield result


def _judge(case: Case, counter: Counter) -> Verdict | Mistake:
    try:
        received = counter.local(case.received_at)
    except LocalTimeError as error:
        return Mistake(case.row, "received_at", str(error))
    try:
        reckoning = counter.count(received, case.limit)
    except LimitError as error:
        return Mistake(case.row, "limit", str(error))
    except (NoRuleError, CalendarEndsError) as error:
        return Mistake(case.row, "received_at", str(error))
    return _compare(case, reckoning, counter)


def _compare(case: Case, reckoning: Reckoning, counter: Counter) -> Verdict | Mistake:
    times: dict[str, datetime | None] = {}
    for name in ("promised_due_at", "closed_at", "closed_message_at"):
        at: datetime | None = getattr(case, name)
        try:
            times[name] = None if at is None else counter.local(at)
        except LocalTimeError as error:
            return Mistake(case.row, name, str(error))
    due, promised, closed = reckoning.legal_due, times["promised_due_at"], times["closed_at"]
    heard = times["closed_message_at"]
    return Verdict(
        case=case,
        due_at=due,
        agrees=None if promised is None else due is not None and abs(due - promised) <= ONE_MINUTE,
        minutes_late=None if closed is None or due is None else minutes_after(due, closed, counter),
        late_by_sync=None
        if closed is None or heard is None or due is None
        else closed <= due < heard,
        promised=promised,
        steps=reckoning.steps,
    )


def minutes_after(due: datetime, closed: datetime, counter: Counter) -> int:
    """Minutes begun between two local times of the office; 0 when it closed in time."""
    if closed <= due:
        return 0
    late = counter.instant(closed) - counter.instant(due)
    return max(0, -(-late // ONE_MINUTE))
