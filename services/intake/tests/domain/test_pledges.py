"""What an agency may pledge, and what is laxer than the rules."""

from dataclasses import replace
from datetime import date, time

import pytest

from services.intake.adapters.rules import floors
from services.intake.domain import pledges
from services.intake.domain.agencies import Agency
from services.intake.domain.pledges import LadderRung, Pledge, Shift
from services.intake.domain.refused import RefusedError

AGENCY = Agency("H10.01", 1, "Phường Hưng Long", date(2024, 1, 1), date(2025, 6, 30))
MORNING, AFTERNOON = Shift(time(7), time(11, 30)), Shift(time(13, 30), time(17))
WEEK = dict.fromkeys(pledges.WEEKDAYS[:5], (MORNING, AFTERNOON))
LAWFUL = Pledge(
    version=0,
    valid_from=date(2024, 1, 22),
    valid_to=date(2025, 6, 30),
    hours=WEEK,
    same_day=("2.000815",),
    keeps_friday=True,
    xin=pledges.XIN,
    luon=pledges.LUON,
    khong=pledges.KHONG,
)


def check(pledge: Pledge, agency: Agency = AGENCY) -> None:
    pledges.check(pledge, agency, {"2.000815"}, floors())


def test_a_pledge_within_the_rules_is_taken() -> None:
    check(LAWFUL)
    check(replace(LAWFUL, hours={**WEEK, "saturday": (MORNING,)}, keeps_friday=False, khong=(1,)))
    at_risk = LadderRung("at_risk", "head_of_unit", working_hours_before=4)
    apology = LadderRung("apology", "town", working_days_before=2)
    check(replace(LAWFUL, congratulates=("2.000815",)))
    check(replace(LAWFUL, ladder=(at_risk, apology, LadderRung("breach", "town"))))


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"valid_from": date(2023, 12, 31)}, "valid_from", "exists only from 2024-01-01"),
        ({"valid_from": date(2025, 7, 1), "valid_to": None}, "valid_from", "until 2025-06-30"),
        ({"valid_to": date(2025, 7, 1)}, "valid_to", "exists only until 2025-06-30"),
        ({"valid_to": None}, "valid_to", "exists only until 2025-06-30"),
        ({"valid_to": date(2024, 1, 21)}, "valid_to", "before valid_from"),
        ({"same_day": ("9.999999",)}, "same_day", "no such procedure"),
        ({"congratulates": ("9.999999",)}, "congratulates", "no such procedure"),
        ({"xin": ("chao", "smile")}, "xin", "chao, loi, cam-on, phep"),
        ({"luon": ("fast",)}, "luon", "smile, gentle, listen, help"),
        ({"khong": (6,)}, "khong", "1, 2, 3, 4, 5"),
        ({"khong": (1, 1)}, "khong", "promised once"),
        ({"hours": {**WEEK, "friday": ()}}, "hours.friday", "188/1999"),
        ({"hours": {**WEEK, "friday": (Shift(time(6), time(14, 59)),)}}, "hours.friday", "Điều 18"),
        (
            {"hours": {**WEEK, "monday": (MORNING, Shift(time(14), time(17)))}},
            "hours",
            "at least 40 h .*188/1999",
        ),
        ({"hours": {**WEEK, "someday": (MORNING,)}}, "hours.someday", "a weekday is one of"),
        (
            {"hours": {**WEEK, "monday": (Shift(time(11), time(7)),)}},
            "hours.monday",
            "closes after it opens",
        ),
        (
            {"hours": {**WEEK, "monday": (MORNING, Shift(time(11), time(17)))}},
            "hours.monday",
            "without overlapping",
        ),
        ({"ladder": (LadderRung("late", "town"),)}, "ladder", "at_risk, apology, pledge_missed"),
        (
            {"ladder": (LadderRung("breach", "king"),)},
            "ladder.breach.calls",
            "officer, head_of_unit",
        ),
        ({"ladder": 2 * (LadderRung("breach", "town"),)}, "ladder", "stands once"),
        ({"ladder": (LadderRung("at_risk", "officer"),)}, "ladder.at_risk", "says one of share"),
        (
            {"ladder": (LadderRung("at_risk", "officer", share="3/2"),)},
            "ladder.at_risk",
            "between 0 and 1",
        ),
        (
            {"ladder": (LadderRung("apology", "officer", working_hours_before=8),)},
            "ladder.apology",
            "art. 19.9",
        ),
        (
            {"ladder": (LadderRung("breach", "town", share="1/2"),)},
            "ladder.breach",
            "once its date has passed",
        ),
    ],
)
def test_a_pledge_laxer_than_the_rules_is_refused_naming_the_rule(
    change: dict[str, object], field: str, rule: str
) -> None:
    with pytest.raises(RefusedError, match=rule) as refused:
        check(replace(LAWFUL, **change))  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_later_pledge_closes_the_open_one_and_takes_the_next_version() -> None:
    first = pledges.add((), replace(LAWFUL, valid_to=None))
    both = pledges.add(first, replace(LAWFUL, valid_from=date(2025, 1, 1)))
    assert [(p.version, p.valid_from, p.valid_to) for p in both] == [
        (1, date(2024, 1, 22), date(2024, 12, 31)),
        (2, date(2025, 1, 1), date(2025, 6, 30)),
    ]


@pytest.mark.parametrize("valid_from", [date(2024, 1, 1), date(2024, 1, 22), date(2024, 12, 31)])
def test_periods_of_pledges_do_not_overlap(valid_from: date) -> None:
    kept = pledges.add((), replace(LAWFUL, valid_to=date(2024, 12, 31)))
    with pytest.raises(RefusedError, match="pledge 1 holds from 2024-01-22 to 2024-12-31"):
        pledges.add(kept, replace(LAWFUL, valid_from=valid_from, valid_to=None))
