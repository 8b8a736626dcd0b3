"""Stars, links and means."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.courtesy import Luon
from services.feedback.domain.ratings import (
    TENTH,
    AlreadyRatedError,
    Invitation,
    InvitationExpiredError,
    Stars,
    StarsOutOfRangeError,
    Tally,
)
from services.feedback.tests.history import CODE, NOW, UNIT

OPEN = Invitation("token", CODE, UNIT, NOW, NOW + timedelta(days=30))


@pytest.mark.parametrize("stars", [0, 6, -1])
def test_stars_outside_1_to_5_are_refused_by_name(stars: int) -> None:
    with pytest.raises(StarsOutOfRangeError, match=f"listen is {stars}; 1 to 5"):
        Stars(smile=5, gentle=5, listen=stars, help=5)


def test_a_link_serves_until_the_instant_it_expires() -> None:
    OPEN.must_be_open(OPEN.expires_at - timedelta(microseconds=1))
    with pytest.raises(InvitationExpiredError, match=r"expired at 2026-12-13T12:00:00\+00:00"):
        OPEN.must_be_open(OPEN.expires_at)


def test_a_used_link_says_so_even_after_it_has_expired() -> None:
    used = Invitation("token", CODE, UNIT, NOW, NOW + timedelta(days=30), used_at=NOW)
    with pytest.raises(AlreadyRatedError, match="rated through its link at"):
        used.must_be_open(NOW + timedelta(days=31))


def test_no_votes_give_no_mean_rather_than_zero() -> None:
    assert [Tally().mean(luon) for luon in Luon] == [None] * 4
    assert Tally().overall() is None


def test_means_are_rounded_half_up_to_the_hundredth() -> None:
    tally = Tally(votes=8, smile=37, gentle=8, listen=40, help=33)
    assert tally.mean(Luon.SMILE) == Decimal("4.63")  # 4.625
    assert tally.mean(Luon.GENTLE) == Decimal("1.00")
    assert tally.overall() == Decimal("3.69")  # 118 / 32 = 3.6875


def test_overall_stars_out_of_range_are_refused_by_name() -> None:
    with pytest.raises(StarsOutOfRangeError, match="overall is 6; 1 to 5"):
        Stars(5, 5, 5, 5, overall=6)


def tally_of(*votes: Stars) -> Tally:
    sums = {luon.value: sum(getattr(stars, luon) for stars in votes) for luon in Luon}
    return Tally(len(votes), **sums, overall_apart=sum(stars.overall_apart for stars in votes))


def test_overall_is_the_mean_of_overall_stars_where_they_were_given() -> None:
    assert tally_of(Stars(1, 1, 1, 2, overall=5)).overall() == Decimal(5)
    assert tally_of(Stars(5, 5, 5, 5, 1), Stars(1, 1, 1, 1, 4)).overall() == Decimal("2.5")


def test_tallies_add_up_with_their_overall_stars() -> None:
    first, second = Stars(1, 1, 1, 2, overall=5), Stars(4, 4, 3, 3)
    assert tally_of(first) + tally_of(second) == tally_of(first, second)


def test_a_vote_without_overall_stars_stands_with_the_mean_of_its_four() -> None:
    assert tally_of(Stars(4, 4, 3, 3)).overall() == Decimal("3.5")
    assert tally_of(Stars(4, 4, 3, 3), Stars(1, 1, 1, 1, 5)).overall() == Decimal("4.25")


def test_the_tenth_is_not_rounded_twice() -> None:
    tally = Tally(votes=87, smile=404, gentle=404, listen=405, help=404)  # 1617 / 348 = 4.6466
    assert (tally.overall(), tally.overall(TENTH)) == (Decimal("4.65"), Decimal("4.6"))


STARS = st.builds(Stars, *[st.integers(1, 5)] * 4, st.none() | st.integers(1, 5))


@given(st.lists(STARS, min_size=1))
def test_every_mean_lies_between_1_and_5(given_stars: list[Stars]) -> None:
    tally = tally_of(*given_stars)
    means = [*(tally.mean(luon) for luon in Luon), tally.overall()]
    assert all(mean is not None and 1 <= mean <= 5 for mean in means)
