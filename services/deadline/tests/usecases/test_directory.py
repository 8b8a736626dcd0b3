"""A directory that remembers what it reckoned says of many dossiers what it says of each alone."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.deadline.domain.reckoning import Terms, reckon
from services.deadline.tests.conftest import AGENCY, SAME_DAY, agency, procedure
from services.deadline.tests.offices import rule_book, terms
from services.deadline.usecases.bound_terms import to_utc
from services.deadline.usecases.directory import Directory
from services.deadline.usecases.explanations import to_json
from services.deadline.usecases.registrations import known_agency, known_procedure
from shared.events.procedures import ProcedureRegistered

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

# A limit that changes: what was bound on one day must not serve for another.
CHANGES = (
    procedure("1.13", "working_days", 3)
    .limits[0]
    .model_copy(update={"valid_to": date(2026, 6, 30)})
)
CHANGED = CHANGES.model_copy(update={"valid_from": date(2026, 7, 1), "valid_to": None, "amount": 1})

PROCEDURES: Sequence[ProcedureRegistered] = (
    procedure(SAME_DAY, "same_day"),
    procedure("1.3", "working_days", 3),
    procedure("1.5", "days", 5),
    procedure("1.8", "hours", 8),
    procedure("1.0", "none"),
    procedure("1.766", "working_days", 2, "qd766"),
    procedure("1.311", "working_days", 2, "boston-311"),
    procedure("1.13", "none").model_copy(update={"limits": (CHANGES, CHANGED)}),
)
BY_CODE = {one.procedure: one for one in PROCEDURES}

# Of two procedures and a few days, so that many are of one arrival.
BEGIN = st.datetimes(datetime(2025, 12, 1), datetime(2026, 12, 31)) | st.just(datetime(2026, 6, 29))  # noqa: DTZ001
AFTER = st.integers(0, 3 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
CODES = st.lists(st.sampled_from(sorted(BY_CODE)), min_size=2, max_size=2)
CASES = CODES.flatmap(
    lambda codes: st.lists(st.tuples(AFTER, st.sampled_from(codes)), min_size=8, max_size=25)
)


def directory() -> Directory:
    book = rule_book()
    return Directory(
        book,
        {AGENCY: known_agency(agency(), book)},
        {code: known_procedure(one, book) for code, one in BY_CODE.items()},
    )


@settings(deadline=None)
@given(BEGIN, CASES)
def test_the_bulk_and_the_single_path_agree(
    begin: datetime, cases: list[tuple[timedelta, str]]
) -> None:
    bulk = directory()
    for after, code in cases:
        received = begin + after
        received_at = received.replace(tzinfo=ZONE).astimezone(UTC)
        said = bulk.dues(AGENCY, code, received_at, received_at)
        assert said == directory().dues(AGENCY, code, received_at, received_at)
        alone = reckon(bound_by(code, received), received)
        assert [said.legal_due, said.pledge_due, said.appointment_at] == [
            to_utc(due, ZONE) for due in (alone.legal_due, alone.pledge_due, alone.appointment_at)
        ]
        assert said.steps == to_json(alone.steps)


def bound_by(code: str, received: datetime) -> Terms:
    """What binds one dossier, looked up by hand."""
    (limit,) = (
        one
        for one in BY_CODE[code].limits
        if one.valid_from <= received.date() and (one.valid_to or date.max) >= received.date()
    )
    office = terms("none").figures.default_hours
    return terms(
        limit.kind, limit.amount, pledged=code == SAME_DAY, office=office, regime=limit.regime
    )
