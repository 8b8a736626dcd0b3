"""Whether an old system's "overdue" was true: verdict by verdict, and the whole."""

from collections.abc import Iterable

from services.deadline.tests.offices import local, rule_book
from services.deadline.usecases.audit import (
    LARGEST,
    SHOWN,
    Case,
    Mistake,
    Summary,
    Verdict,
    audit,
)
from services.deadline.usecases.counting import Counter, Office


def case(row: int, /, limit: str = "3d", received: str = "2026-11-09 09:00", **times: str) -> Case:
    """By nd61 due on Thursday 12/11/2026 at 17:00."""
    return Case(row, f"C{row}", local(received), limit, **{k: local(v) for k, v in times.items()})


def run(cases: Iterable[Case | Mistake]) -> tuple[list[Verdict | Mistake], Summary]:
    summary = Summary()
    return list(audit(cases, Counter(rule_book(), "nd61", Office()), summary)), summary


def verdict(**times: str) -> Verdict:
    (found,), _ = run([case(2, **times)])
    assert isinstance(found, Verdict)
    return found


def test_a_promise_within_a_minute_agrees_and_one_beyond_does_not() -> None:
    assert verdict(promised_due_at="2026-11-12 17:00:59").agrees is True
    assert verdict(promised_due_at="2026-11-12 16:59:00").agrees is True
    assert verdict(promised_due_at="2026-11-12 16:58:59").agrees is False
    assert verdict().agrees is None


def test_late_is_what_was_closed_after_due_by_minutes_begun() -> None:
    assert verdict(closed_at="2026-11-12 17:00:00").minutes_late == 0
    assert verdict(closed_at="2026-11-12 17:00:01").minutes_late == 1
    assert verdict(closed_at="2026-11-12 18:30:00").minutes_late == 90
    assert verdict().minutes_late is None


def test_closed_in_time_and_heard_of_too_late_is_late_by_sync_and_not_late() -> None:
    synced = verdict(closed_at="2026-11-12 16:00", closed_message_at="2026-11-13 09:00")
    assert (synced.late_by_sync, synced.minutes_late) == (True, 0)
    prompt = verdict(closed_at="2026-11-12 16:00", closed_message_at="2026-11-12 16:01")
    assert prompt.late_by_sync is False
    truly = verdict(closed_at="2026-11-12 17:30", closed_message_at="2026-11-13 09:00")
    assert (truly.late_by_sync, truly.minutes_late) == (False, 30)
    assert verdict(closed_at="2026-11-12 16:00").late_by_sync is None


def test_the_summary_counts_by_limit_and_keeps_the_largest_disagreements_largest_first() -> None:
    promises = [f"2026-11-{12 + n % 17:02} 17:00" for n in range(40)]
    cases = [case(row, promised_due_at=promise) for row, promise in enumerate(promises, 2)]
    _, summary = run([*cases, case(99, "same-day", closed_at="2026-11-10 08:00")])
    share = summary.shares["3d"]
    assert (share.cases, share.promised, share.agreed, share.closed) == (40, 40, 3, 0)
    assert (summary.shares["same-day"].late, summary.shares["same-day"].promised) == (1, 0)
    apart = [x.promised - x.due_at for x in summary.disagreements() if x.promised and x.due_at]
    assert len(apart) == LARGEST and apart == sorted(apart, reverse=True)
    assert apart[0].days == 16


def test_a_row_that_cannot_be_counted_is_named_and_harms_no_other() -> None:
    results, summary = run(
        [
            case(2, "soon"),
            Mistake(3, "received_at", "is empty"),
            case(4, received="2009-12-31 09:00"),
            case(5, "3d"),
        ]
    )
    assert [(x.row, x.field) for x in results if isinstance(x, Mistake)] == [
        (2, "limit"),
        (3, "received_at"),
        (4, "received_at"),
    ]
    assert summary.left_out.count == 3 and summary.shares["3d"].cases == 1


def test_of_many_mistakes_all_are_counted_and_the_first_are_shown() -> None:
    _, summary = run(Mistake(n, "row", "is short") for n in range(2, 1_002))
    assert summary.left_out.count == 1_000
    assert [mistake.row for mistake in summary.left_out.first] == list(range(2, 2 + SHOWN))
