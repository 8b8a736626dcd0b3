"""The Friday of the demo: the same each time, lawful, and with all that makes a day."""

import io
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, time

from rich.console import Console, RenderableType

from deploy.local.demo.evening import render_evening
from deploy.local.demo.plan import Step, by_minute, draw_plan
from deploy.local.demo.tally import UnitTally
from deploy.local.demo.town import read_town

TOWN = read_town()
PLAN = draw_plan(TOWN)


def shown(what: RenderableType, width: int = 80) -> str:
    """What a terminal of 80 columns would show."""
    console = Console(file=io.StringIO(), width=width)
    console.print(what)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def lives() -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = defaultdict(list)
    for step in PLAN.steps:
        found[step.number].append(step)
    found.pop(0)
    return found


def test_the_plan_is_the_same_each_time_and_another_with_another_seed() -> None:
    assert draw_plan(read_town()) == PLAN
    assert draw_plan(replace(TOWN, seed=TOWN.seed + 1)) != PLAN


def test_the_nine_units_take_some_hundreds_of_dossiers_on_a_friday() -> None:
    assert len(TOWN.units) == 9
    assert TOWN.friday.isoweekday() == 5
    assert 270 <= PLAN.dossiers <= 400
    assert all(s.at.date() == TOWN.friday for s in PLAN.steps if s.do == "submit")


def test_pledges_differ() -> None:
    units = TOWN.units.values()
    assert {unit.keeps_friday for unit in units} == {True, False}
    assert len({unit.shifts for unit in units}) > 1
    assert len({unit.same_day for unit in units}) > 1


def test_nobody_comes_to_a_closed_counter() -> None:
    for step in PLAN.steps:
        if step.do == "submit" and step.details["channel"] != "online":
            assert TOWN.units[step.unit].is_open(step.at)


def test_every_dossier_begins_with_its_submission_and_goes_on_in_time() -> None:
    for steps in lives().values():
        assert [step.do for step in steps].index("submit") == 0
        assert [step.at for step in steps] == sorted(step.at for step in steps)
        assert sum(step.do == "request_supplement" for step in steps) <= 1


def test_the_day_has_everything() -> None:
    done = {step.do for step in PLAN.steps}
    assert done >= {"request_supplement", "supplement", "transfer", "refuse", "withdraw", "rate"}
    assert sum(step.do == "report" for step in PLAN.steps) == 2
    assert any(step.do == "submit" and step.at.time() > time(15) for step in PLAN.steps)
    assert any(step.do == "rate" and step.details["smile"] <= 2 for step in PLAN.steps)
    assert any(step.do == "resolve" and step.at.date() > TOWN.friday for step in PLAN.steps)


def test_steps_of_one_minute_go_together() -> None:
    minutes = list(by_minute(PLAN.steps))
    assert [at for at, _ in minutes] == sorted({step.at for step in PLAN.steps})
    assert sum(len(steps) for _, steps in minutes) == len(PLAN.steps)


def test_work_goes_on_after_lunch_and_after_the_weekend() -> None:
    unit = next(unit for unit in TOWN.units.values() if len(unit.shifts) == 2)
    (opens, pauses), (resumes, closes) = unit.shifts
    friday = TOWN.friday
    at = datetime.combine(friday, pauses).replace(minute=pauses.minute - 10)
    assert unit.later(at, 15) == datetime.combine(friday, resumes).replace(
        minute=resumes.minute + 5
    )
    at = datetime.combine(friday, closes)
    assert unit.later(at, 5).isoweekday() == 1
    assert unit.later(at, 5).time() == opens.replace(minute=opens.minute + 5)


def test_the_table_fits_a_terminal_and_adds_up() -> None:
    numbers = UnitTally(
        received=48, same_day=40, put_off=12, still_open=10, alarms=60, apologies=15, reports=1
    )
    tallies = dict.fromkeys(TOWN.units, numbers)
    rating: dict[str, float | None] = {"overall": 4.56, "votes": 23}
    ratings = dict.fromkeys(TOWN.units, rating)
    nobody, few = list(ratings)[:2]
    ratings[nobody] = {"overall": None, "votes": 0}
    ratings[few] = {"overall": None, "votes": 3}
    table = shown(render_evening(TOWN, tallies, ratings))
    assert "…" not in table
    assert "432" in table
    assert "4.6 (161)" in table
    assert "– (0)" in table and "– (3)" in table
    assert "9 reports of conduct" in " ".join(table.split())
