"""What a log's promises are counted in, and why ours differ."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from deploy.local.replaying.command import Prepared
from deploy.local.replaying.comparison import (
    EARLIER,
    LATER,
    NONE,
    SAME_DAY,
    SAME_MINUTE,
    compare_with,
)
from deploy.local.replaying.limits import (
    promised_in_plain_days,
    promised_plain_days,
    promised_working_days,
    usual_limits,
)
from deploy.local.replaying.log import Case
from deploy.local.replaying.office import Office
from deploy.local.replaying.tables import comparison_table
from deploy.local.tests.replayed_logs import MAPPING, ZONE


def case_of(received: str, promised: str, *, reference: str = "1", procedure: str = "p") -> Case:
    received_at, promised_at = (
        datetime.fromisoformat(text).replace(tzinfo=ZONE) for text in (received, promised)
    )
    return Case(reference, "u", "d", procedure, "counter", received_at, promised_at, None)


def test_promises_are_counted_in_office_days() -> None:
    office = Office(MAPPING)

    def days(received: str, promised: str) -> int | None:
        return promised_working_days(case_of(received, promised), office)

    assert days("2015-02-10T09:00", "2015-02-13T09:00") == 3
    assert days("2015-02-13T09:00", "2015-02-17T09:00") == 1, "Presidents' Day is off"
    assert days("2015-02-10T20:00", "2015-02-12T08:30") == 1, "the evening counts to the next day"
    assert days("2015-02-10T07:00", "2015-02-10T17:00") == 0
    assert days("2015-02-10T09:00", "2015-02-03T09:00") is None, "a promise before the receipt"


def test_a_limit_is_the_promise_made_most_often(prepared: Prepared) -> None:
    limits = usual_limits(prepared.log.cases, prepared.office)
    assert limits == {"Pothole": 3, "Wire down": 0, "Question": None}


def test_plain_days_are_so_many_times_24_hours_by_the_clock_on_the_wall() -> None:
    def days(received: str, promised: str) -> int | None:
        return promised_plain_days(case_of(received, promised))

    assert days("2015-02-10T09:00", "2015-02-13T09:00") == 3
    assert days("2015-02-10T09:00:30", "2015-02-13T09:00") == 3
    assert days("2015-02-10T09:00", "2015-02-13T09:01") == 3
    assert days("2015-02-10T09:00", "2015-02-13T09:02") is None
    assert days("2015-03-07T23:00", "2015-03-08T23:00") == 1, "an hour shorter: summer time begins"
    assert days("2015-02-10T09:00", "2015-02-10T09:00") is None
    assert days("2015-02-10T09:00", "2015-02-07T09:00") is None, "a promise before the receipt"


def test_a_type_is_promised_plain_days_where_one_number_of_them_is_commoner() -> None:
    heat = [
        case_of(f"2015-02-{day:02}T09:00", f"2015-03-{day + 2:02}T09:00", procedure="Heat")
        for day in range(2, 20)
    ]
    litter = [
        case_of(f"2015-02-{day:02}T20:00", f"2015-02-{day + 2:02}T08:30", procedure="Litter")
        for day in range(2, 5)
    ]
    assert promised_in_plain_days([*heat, *litter], Office(MAPPING)) == {"Heat"}


@pytest.mark.parametrize(
    ("received", "promised", "limit", "due", "outcome", "reason"),
    [
        ("02-10T09:00:40", "02-13T09:00:00", 3, "02-13T09:00:40", SAME_MINUTE, None),
        ("02-10T09:00:00", "02-12T10:00:00", 2, "02-12T17:00:00", SAME_DAY, "ends the last day at closing"),
        ("02-10T09:00:00", "02-12T10:00:00", 2, "02-12T09:00:00", SAME_DAY, "another time of day"),
        ("02-10T09:00:00", "02-12T10:00:00", 3, "02-13T09:00:00", LATER, "another number of days"),
        ("02-10T20:00:00", "02-13T08:30:00", 2, "02-12T17:00:00", EARLIER, "came after closing"),
        ("02-10T16:00:00", "02-10T17:00:00", 0, "02-11T17:00:00", LATER, "too late for its day"),
        ("02-13T09:00:00", "02-14T10:00:00", 0, "02-13T17:00:00", EARLIER, "a day that is not worked"),
        ("02-13T09:00:00", "02-17T10:00:00", 1, "02-16T17:00:00", EARLIER, "calendars differ"),
        ("02-13T09:00:00", "02-17T10:00:00", None, None, NONE, "nothing sensible was promised"),
    ],
)  # fmt: skip
def test_a_difference_has_a_reason(
    received: str, promised: str, limit: int | None, due: str | None, outcome: str, reason: str
) -> None:
    case = case_of(f"2015-{received}", f"2015-{promised}")
    reckoned = due and datetime.fromisoformat(f"2015-{due}").replace(tzinfo=ZONE).astimezone(UTC)
    found = compare_with({"1": reckoned or None}, [case], {"p": limit}, Office(MAPPING))
    assert found.outcomes == {outcome: 1}
    reasons = [told for counter in found.reasons.values() for told in counter]
    assert len(reasons) == (reason is not None) and all(reason in told for told in reasons)


def test_the_summary_tells_how_far_the_regime_agrees_where_working_days_were_promised() -> None:
    # Three of a type promised in plain days, over a weekend; two of one in working days.
    cases = [
        *(case_of(f"2015-02-{10 + day}T09:00", f"2015-02-{14 + day}T09:00", reference=f"{day}", procedure="Heat")
          for day in range(3)),
        case_of("2015-02-10T20:00", "2015-02-12T08:30", reference="kept", procedure="Litter"),
        case_of("2015-02-10T20:00", "2015-02-13T08:30", reference="other", procedure="Litter"),
    ]  # fmt: skip
    due = datetime(2015, 2, 12, 8, 30, tzinfo=ZONE)
    dues = dict.fromkeys((case.reference for case in cases), due)
    found = compare_with(dues, cases, {"Heat": 4, "Litter": 1}, Office(MAPPING))
    assert found.compared == 5
    assert found.in_working_days == {SAME_MINUTE: 1, EARLIER: 1}
    assert [told for told in found.reasons[EARLIER] if "plain days" in told]
    out = io.StringIO()
    Console(file=out, width=80).print(comparison_table(found, "boston-311"))
    shown = " ".join(out.getvalue().split())
    assert "5 deadlines reckoned by boston-311 against the log's own promises" in shown
    assert "Of the 2 cases whose type is promised working days, boston-311 agrees" in shown
    assert "to the minute on 1 (50.0%): on 100.0% of those that were promised the usual" in shown
