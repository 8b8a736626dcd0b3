"""The plan of a campaign: every kind of blow, as many kills as asked, the same for the same seed."""

from random import Random

import pytest

from deploy.local.faults.plan import KILLS, POISONS, Blow, Kind, draw_plan

PROCESSES = [("intake", 0), ("intake", 1), ("deadline", 0), ("deadline", 1), ("feedback", 0)]


def plan(seed: int, kills: int = 20, *, can_lose_broker: bool = True) -> list[Blow]:
    return draw_plan(kills, PROCESSES, Random(seed), can_lose_broker=can_lose_broker)


@pytest.mark.parametrize("seed", range(20))
def test_a_full_campaign_strikes_every_blow(seed: int) -> None:
    blows = plan(seed)
    assert {blow.kind for blow in blows} == set(Kind)
    assert sum(blow.kind in KILLS for blow in blows) == 20


@pytest.mark.parametrize("seed", range(20))
def test_a_short_campaign_has_a_poison_of_each_sort(seed: int) -> None:
    kinds = {blow.kind for blow in plan(seed, kills=4)}
    assert {Kind.KILL, Kind.KILL_TWO, Kind.DATABASE, Kind.OUTAGE} <= kinds
    assert {Kind.NO_RULE, Kind.UNDECODABLE} == kinds & set(POISONS)


def test_two_at_once_are_two_different_processes() -> None:
    blows = [blow for seed in range(20) for blow in plan(seed) if blow.kind is Kind.KILL_TWO]
    assert blows
    assert all(len(set(blow.victims)) == 2 for blow in blows)


def test_only_a_service_with_a_replica_is_kept_down() -> None:
    kept_down = [
        victim
        for seed in range(50)
        for blow in plan(seed)
        if blow.kind is Kind.TAKE_OVER
        for victim in blow.victims
    ]
    assert kept_down
    assert {service for service, _ in kept_down} == {"intake", "deadline"}


def test_a_kill_comes_last_so_that_every_other_blow_is_lived_through() -> None:
    assert all(plan(seed)[-1].kind in KILLS for seed in range(50))


def test_the_same_seed_draws_the_same_plan() -> None:
    assert plan(7) == plan(7)
    assert plan(7) != plan(8)


def test_a_broker_of_somebody_else_is_left_alone() -> None:
    assert Kind.OUTAGE not in {blow.kind for blow in plan(1, can_lose_broker=False)}
