"""Units as metrics: as many series with 3,000 units as with fifty, counted for all at once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from services.deadline.adapters.board import board_on
from services.deadline.adapters.units import RUNNING, PostgresUnits
from services.deadline.entrypoints.subscribers import noting
from services.deadline.entrypoints.unit_watch import GAUGES, OTHERS, UNITS, UnitWatch
from services.deadline.tests.conftest import AGENCY, SAME_DAY, Deadline, accepted, at, resolved
from services.deadline.usecases.directory import Directory
from services.deadline.usecases.watch_units import MOST_UNITS
from shared.postgres import transaction

NOW = at("2026-11-13 10:00")
MANY = 3000


@pytest.fixture(autouse=True)
def _no_series_stay() -> Iterator[None]:
    yield
    for gauge in GAUGES:
        gauge.clear()


def watch_of(deadline: Deadline, *, leads: bool = True) -> UnitWatch:
    async def directory() -> Directory:
        async with deadline.begin() as books:
            return await books.directories.current()

    board = board_on(lambda: deadline.pool)
    return UnitWatch(
        PostgresUnits(lambda: deadline.pool),
        lambda: board(deadline.clock.now()),
        directory,
        deadline.clock,
        lambda: leads,
    )


def told(name: str) -> dict[str, float]:
    """A gauge's values by unit."""
    return {
        sample.labels["agency"]: sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == f"thanthien_unit_{name}"
    }


async def hear(deadline: Deadline, watch: UnitWatch, *events: object) -> None:
    apply = noting(deadline.apply(deadline.clock), watch.note)
    async with transaction(deadline.pool) as connection:
        await apply(connection, [deadline.heard(event) for event in events])  # type: ignore[arg-type]


async def test_a_unit_is_told_with_what_is_open_at_risk_and_breached(deadline: Deadline) -> None:
    watch = watch_of(deadline)
    await deadline.clock.set(at("2026-11-12 08:00"))
    same_day = [accepted(f"H10.01-{n}", "2026-11-12 08:00", SAME_DAY) for n in range(4)]
    await hear(deadline, watch, *same_day, accepted("H10.01-9", "2026-11-12 08:00"))
    await hear(deadline, watch, resolved("H10.01-3", "2026-11-12 09:00"))
    await deadline.pass_to("2026-11-12 17:01")
    await hear(deadline, watch, accepted("H10.01-8", "2026-11-12 17:01", SAME_DAY))
    await deadline.pass_to("2026-11-13 16:59")
    await watch.look()
    assert told("clocks_open") == {AGENCY: 5, OTHERS: 0}
    assert told("clocks_at_risk") == {AGENCY: 1, OTHERS: 0}
    assert told("clocks_breached") == {AGENCY: 3, OTHERS: 0}


async def test_three_thousand_units_make_no_more_series_than_fifty(deadline: Deadline) -> None:
    await deadline.clock.set(NOW)
    await deadline.hear(accepted("H10.01-1", "2026-11-13 08:00"))
    await deadline.pool.execute(
        """with registered as (
               insert into agencies (agency, version, body)
               select 'H99.' || n, 2, jsonb_set(body, '{agency}', to_jsonb('H99.' || n))
               from agencies, generate_series(1, $1) as n returning agency
           ), counted as (update directory set version = version + 1),
           spoke as (
               insert into units_heard select agency, $2::timestamptz - interval '1 hour' from registered
           )
           insert into clocks (kind, code, agency, receiving_agency, received_at, complete_at, generation,
               state, legal_due, appointment_at, at_risk_at, breach_at, regime, rules_version,
               calendar_version, steps)
           select kind, registered.agency || '-' || n, registered.agency, registered.agency, received_at,
               complete_at, generation, case when n = 1 then 'breached' else state end, legal_due,
               appointment_at, at_risk_at, case when n = 1 then null else breach_at end, regime,
               rules_version, calendar_version, '[]'
           from clocks, registered, generate_series(1, 3) as n""",
        MANY,
        NOW,
    )
    await watch_of(deadline).look()
    for name in ("clocks_open", "clocks_at_risk", "clocks_breached"):
        assert len(told(name)) == MOST_UNITS + 1
    assert len(told("silent_seconds")) == MOST_UNITS
    assert set(told("silent_seconds").values()) == {3600.0}
    assert sum(told("clocks_open").values()) == 3 * MANY + 1
    assert sum(told("clocks_breached").values()) == MANY
    assert UNITS._value.get() == MANY + 1


async def test_what_is_closed_costs_a_look_nothing(deadline: Deadline) -> None:
    await deadline.hear(*(accepted(f"H10.01-{n}", "2026-11-12 08:00") for n in range(50)))
    await deadline.pool.execute(
        """insert into clocks (kind, code, agency, receiving_agency, received_at, complete_at, generation,
               state, regime, rules_version, calendar_version, steps)
           select kind, code || '-' || n, agency, receiving_agency, received_at, complete_at, generation,
               'met', regime, rules_version, calendar_version, '[]'
           from clocks, generate_series(1, 400) as n"""
    )
    await deadline.pool.execute("vacuum (analyze) clocks")
    plan = "\n".join(row[0] for row in await deadline.pool.fetch(f"explain {RUNNING}"))
    assert "clocks_next_rung" in plan and "Seq Scan" not in plan, plan


async def test_a_unit_is_silent_since_any_replica_heard_of_it(deadline: Deadline) -> None:
    one, other, slow = (watch_of(deadline) for _ in range(3))
    await deadline.clock.set(at("2026-11-12 16:00"))
    await hear(deadline, one, accepted("H10.01-1", "2026-11-12 15:00"))
    await hear(deadline, slow, accepted("H10.01-2", "2026-11-12 15:00"))
    await one.keep()
    await deadline.clock.set(at("2026-11-13 08:00"))
    await other.look()
    assert told("silent_seconds") == {AGENCY: 7200.0}  # 16:00 to 17:00, 07:00 to 08:00
    await hear(deadline, other, resolved("H10.01-1", "2026-11-13 08:00"))
    await other.keep()
    await slow.keep()  # what it heard is older: it changes nothing
    await one.look()
    assert told("silent_seconds") == {AGENCY: 0.0}


async def test_a_unit_whose_period_has_ended_is_not_missed(deadline: Deadline) -> None:
    watch = watch_of(deadline)
    await deadline.clock.set(NOW)
    await hear(deadline, watch, accepted("H10.01-1", "2026-11-13 08:00"))
    await watch.keep()
    await watch.look()
    assert told("silent_seconds") == {AGENCY: 0.0}
    await deadline.pool.execute(
        "update agencies set body = jsonb_set(body, '{valid_to}', '\"2026-11-12\"')"
    )
    await watch.look()
    assert told("silent_seconds") == {}


async def test_units_of_which_nothing_can_be_reckoned_hold_up_no_other(deadline: Deadline) -> None:
    watch = watch_of(deadline)
    await deadline.clock.set(NOW)
    await hear(deadline, watch, accepted("H10.01-1", "2026-11-13 08:00"))
    await watch.keep()
    await watch.look()
    # Registered since the directory was read: its version has not moved.
    await deadline.pool.execute(
        """insert into agencies select 'H10.02', version, body from agencies;
           insert into units_heard select 'H10.02', heard_at from units_heard"""
    )
    await watch.look()
    assert told("silent_seconds") == {AGENCY: 0.0}


async def test_only_the_replica_that_leads_tells(deadline: Deadline) -> None:
    leading = [True]
    watch = watch_of(deadline)
    watch._leads = lambda: leading[0]
    await deadline.clock.set(NOW)
    await hear(deadline, watch, accepted("H10.01-1", "2026-11-13 08:00"))
    await watch._look_in_turn()
    assert told("clocks_open")[AGENCY] == 1
    leading[0] = False
    await watch._look_in_turn()
    assert told("clocks_open") == {}


async def test_a_unit_that_is_busy_is_kept_once_a_minute(deadline: Deadline) -> None:
    watch = watch_of(deadline)
    kept = []

    async def keep(heard: dict[str, object]) -> None:
        kept.append(heard)

    watch._units.keep_heard = keep  # type: ignore[method-assign, assignment]
    await deadline.clock.set(NOW)
    for number in range(30):
        await deadline.clock.set(NOW + timedelta(seconds=5 * number))
        await hear(deadline, watch, accepted(f"H10.01-{number}", "2026-11-13 08:00"))
        await watch.keep()
    assert len(kept) == 3
