"""Agencies: their periods and successors (rules 13, 16)."""

from dataclasses import replace
from datetime import date

import pytest

from services.intake.domain import agencies
from services.intake.domain.agencies import Agency
from services.intake.domain.refused import RefusedError

LAST_DAY, MERGER = date(2025, 6, 30), date(2025, 7, 1)
OLD = Agency("H10.01", 1, "Phường Hưng Long", date(2024, 1, 1), LAST_DAY, "H19.01")
NEW = Agency("H19.01", 1, "Phường Chơn Thành", MERGER)
BOTH = {agency.code: agency for agency in (OLD, NEW)}


def test_rule_16_the_successor_answers_from_the_day_after_the_end() -> None:
    assert agencies.responsible_on("H10.01", LAST_DAY, BOTH) == "H10.01"
    assert agencies.responsible_on("H10.01", MERGER, BOTH) == "H19.01"


def test_successors_are_followed_through_several_mergers_and_never_in_a_circle() -> None:
    next_merger = date(2030, 1, 1)
    chain = {
        **BOTH,
        "H19.01": replace(NEW, valid_to=date(2029, 12, 31), successor="H19"),
        "H19": Agency("H19", 1, "Đồng Nai", next_merger, date(2030, 6, 30), "H10.01"),
    }
    assert agencies.responsible_on("H10.01", next_merger, chain) == "H19"
    assert agencies.responsible_on("H10.01", date(2031, 1, 1), chain) == "H19"


def test_an_unknown_successor_leaves_the_agency_responsible() -> None:
    assert agencies.responsible_on("H10.01", MERGER, {"H10.01": OLD}) == "H10.01"


@pytest.mark.parametrize("day", [date(2023, 12, 31), MERGER])
def test_rule_13_an_agency_outside_its_period_is_refused(day: date) -> None:
    with pytest.raises(RefusedError, match="outside its period") as refused:
        agencies.check_valid_on(OLD, day)
    assert (refused.value.field, refused.value.value) == ("agency", "H10.01")


@pytest.mark.parametrize(
    ("agency", "field"),
    [
        (replace(OLD, valid_to=date(2023, 12, 31)), "valid_to"),
        (replace(OLD, successor="H10.01"), "successor"),
        (replace(OLD, valid_to=None), "successor"),
    ],
)
def test_a_registration_that_contradicts_itself_is_refused(agency: Agency, field: str) -> None:
    agencies.check_registration(OLD)
    with pytest.raises(RefusedError) as refused:
        agencies.check_registration(agency)
    assert refused.value.field == field
