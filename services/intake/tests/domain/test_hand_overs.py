"""Phiếu kiểm soát: every hand-over, and whether it was early, on time or late."""

from datetime import UTC, datetime, timedelta

import pytest

from services.intake.domain.hand_overs import (
    APPLICANT,
    Happened,
    Kept,
    Verdict,
    Wait,
    hand_overs,
)

NINE = datetime(2026, 11, 13, 9, 0, tzinfo=UTC)
OURS, THEIRS = "Phường Chơn Thành", "Phường Minh Hưng"


def at(hours: float) -> datetime:
    return NINE + timedelta(hours=hours)


def moves(*verbs: tuple[str, float, str]) -> list[Happened]:
    first = [("submit", 0.0, OURS), ("accept", 0.0, OURS), *verbs]
    return [
        Happened(number, verb, agency, agency, at(hours))
        for number, (verb, hours, agency) in enumerate(first, 1)
    ]


def verdicts(kept: Kept, waits: list[Wait], *verbs: tuple[str, float, str]) -> list[str | None]:
    return [over.verdict for over in hand_overs(moves(*verbs), NINE, kept, waits)]


def test_receipt_is_the_first_hand_over_and_is_not_judged() -> None:
    (first,) = hand_overs(moves(), NINE, Kept(), [])
    assert (first.giver, first.at, first.verdict) == (APPLICANT, NINE, None)


def test_a_hand_over_is_judged_by_its_own_clock() -> None:
    waits = [
        Wait("forwarding", 1, OURS, at(1), "late", at(2)),
        Wait("transfer_leg", 1, THEIRS, at(60), "early", at(5)),
    ]
    found = verdicts(
        Kept(True, at(8), at(8)),
        waits,
        ("forward", 2, OURS),
        ("transfer", 4, THEIRS),
        ("transfer", 5, OURS),
    )
    assert found == [None, "late", "on_time", "early"]


def test_when_two_clocks_end_at_once_the_legs_speaks() -> None:
    waits = [
        Wait("forwarding", 1, OURS, at(1), "late", at(4)),
        Wait("transfer_leg", 2, OURS, at(6), "on_time", at(4)),
    ]
    assert verdicts(Kept(True), waits, ("transfer", 4, THEIRS)) == [None, "on_time"]


@pytest.mark.parametrize(
    ("legal_due", "verdict"), [(at(4), "on_time"), (at(3.9), "late"), (None, "on_time")]
)
def test_without_a_clock_of_its_own_it_was_in_time_unless_the_dossier_was_overdue(
    legal_due: datetime | None, verdict: Verdict
) -> None:
    kept = Kept(True, legal_due, legal_due)
    assert verdicts(kept, [], ("transfer", 4, THEIRS)) == [None, verdict]


def test_before_deadline_has_spoken_nothing_is_judged() -> None:
    assert verdicts(Kept(), [], ("transfer", 4, THEIRS), ("resolve", 5, THEIRS)) == [None] * 3


@pytest.mark.parametrize("verdict", ["early", "on_time", "late"])
def test_the_result_and_its_return_are_judged_as_the_dossier_is(verdict: Verdict) -> None:
    kept = Kept(True, at(8), at(8), verdict)
    # The citizen may fetch it when they like: that is nobody's delay.
    assert verdicts(kept, [], ("resolve", 4, OURS), ("return", 400, OURS)) == [
        None,
        verdict,
        verdict,
    ]


def test_what_is_supplemented_comes_back_to_whoever_asked() -> None:
    found = hand_overs(
        moves(
            ("transfer", 1, THEIRS),
            ("request_supplement", 2, THEIRS),
            ("supplement", 3, THEIRS),
            ("resolve", 4, THEIRS),
        ),
        NINE,
        Kept(True),
        [],
    )
    assert [(over.giver.vi, over.taker.vi) for over in found][2:4] == [
        (THEIRS, APPLICANT.vi),
        (APPLICANT.vi, THEIRS),
    ]
    assert found[4].giver.vi == THEIRS
