"""A directory that remembers what it reckoned says of many dossiers what it says of each alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.deadline.domain.clocks import Dues
from services.deadline.tests.conftest import AGENCY, SAME_DAY, agency, procedure
from services.deadline.tests.offices import rule_book
from services.deadline.usecases.directory import Directory
from services.deadline.usecases.registrations import known_agency, known_procedure

FIRST, LAST = datetime(2025, 12, 1), datetime(2026, 12, 31)  # noqa: DTZ001

PROCEDURES: Sequence[Any] = (
    procedure(SAME_DAY, "same_day"),
    procedure("1.3", "working_days", 3),
    procedure("1.5", "days", 5),
    procedure("1.8", "hours", 8),
    procedure("1.0", "none"),
    procedure("1.766", "working_days", 2, "qd766"),
    procedure("1.311", "working_days", 2, "boston-311"),
)

# Dossiers of a few days, so that many are of one arrival.
RECEIVED = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
DOSSIERS = st.tuples(RECEIVED, st.lists(
    st.tuples(
        st.timedeltas(timedelta(0), timedelta(days=4)),
        st.sampled_from([one.procedure for one in PROCEDURES]),
        st.timedeltas(timedelta(0), timedelta(days=2)),
    ),
    min_size=2, max_size=40,
))  # fmt: skip


def directory() -> Directory:
    book = rule_book()
    return Directory(
        book,
        {AGENCY: known_agency(agency(), book)},
        {one.procedure: known_procedure(one, book) for one in PROCEDURES},
    )


@settings(deadline=None, max_examples=50)
@given(DOSSIERS)
def test_the_bulk_and_the_single_path_agree(
    dossiers: tuple[datetime, list[tuple[timedelta, str, timedelta]]],
) -> None:
    begin, cases = dossiers
    bulk = directory()

    def due(by: Directory, after: timedelta, code: str, incomplete: timedelta) -> Dues:
        received_at = begin + after
        return by.dues(AGENCY, code, received_at, received_at + incomplete)

    for case in cases:
        assert due(bulk, *case) == due(directory(), *case)
