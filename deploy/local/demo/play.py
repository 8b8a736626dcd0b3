"""Plays the plan through the services: HTTP as officers and citizens would, minute by minute."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from deploy.local.calls import Calls, all_at_once
from deploy.local.demo.plan import Plan, Step, by_minute
from deploy.local.demo.town import Town, Unit
from deploy.local.timekeeper import Timekeeper

LOOK_MINUTES = 15
"""How often deadline's clock moves on, and all is waited for."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
PATHS = {
    "request_supplement": "supplement-requests",
    "supplement": "supplements",
    "accept": "acceptance",
    "refuse": "refusal",
    "forward": "forwarding",
    "transfer": "transfers",
    "resolve": "resolution",
    "return": "return",
    "withdraw": "withdrawal",
}

Tell = Callable[[datetime, int], None]
"""Called with the town's time and the number of steps done."""


@dataclass(slots=True)
class Played:
    """What the play leaves to look at."""

    codes: dict[int, str] = field(default_factory=dict)
    """The dossiers' codes by their number in the plan."""
    agencies: dict[int, str] = field(default_factory=dict)
    """Where each was received."""
    appointment_milliseconds: list[float] = field(default_factory=list)
    """How long it took until the appointment was in the answer, for those who stood and waited."""


async def register(town: Town, calls: Calls) -> None:
    """Procedures, units and their pledges, as operators and heads of units do it."""
    for procedure in town.procedures.values():
        limit = {
            "valid_from": "2020-01-01",
            "kind": procedure.kind,
            "amount": procedure.amount,
        }
        body: dict[str, Any] = {"name": procedure.name, "limits": [limit]}
        await calls.ask("PUT", "intake", f"/procedures/{procedure.code}", "operator", json=body)
    for unit in town.units.values():
        body = {"name": unit.name, "valid_from": "2022-10-01", "calendar": town.calendar}
        body["time_zone"] = town.zone.key
        await calls.ask("PUT", "intake", f"/agencies/{unit.code}", "operator", json=body)
        await calls.ask(
            "POST",
            "intake",
            f"/agencies/{unit.code}/pledges",
            "head_of_unit",
            unit.code,
            json=_pledge(town, unit),
        )


def _pledge(town: Town, unit: Unit) -> dict[str, Any]:
    shifts = [{"opens": o.isoformat(), "closes": c.isoformat()} for o, c in unit.shifts]
    return {
        "valid_from": town.pledged_from.isoformat(),
        "hours": dict.fromkeys(WEEKDAYS, shifts),
        "same_day": list(unit.same_day),
        "congratulates": [one for one in town.congratulated if one in unit.same_day],
        "keeps_friday": unit.keeps_friday,
        "xin": ["chao", "loi", "cam-on", "phep"],
        "luon": ["smile", "gentle", "listen", "help"],
        "khong": [1, 2, 3, 4, 5],
    }


async def play(
    town: Town, plan: Plan, calls: Calls, keeper: Timekeeper, tell: Tell = lambda at, done: None
) -> Played:
    """From the first dossier to the last step; then the clock runs on to `town.until`."""
    played = Played()
    next_look = town.opens_at
    done = 0
    for at, steps in by_minute(plan.steps):
        while next_look <= at:
            # Nothing happens between the last step and this look, else it would have come first.
            await _look(town, keeper, next_look)
            next_look = _next_look(next_look, at)
        await keeper.act_at(town.instant(at))
        await _do_all(calls, played, steps)
        done += len(steps)
        tell(at, done)
    await _look(town, keeper, town.until)
    tell(town.until, done)
    return played


async def _look(town: Town, keeper: Timekeeper, at: datetime) -> None:
    await keeper.act_at(town.instant(at))
    await keeper.ring_until(town.instant(at))


def _next_look(last: datetime, at: datetime) -> datetime:
    """The next quarter of an hour; over the weekend and at night, one look before the next step."""
    quarter = at.replace(minute=at.minute - at.minute % LOOK_MINUTES)
    return max(last + timedelta(minutes=LOOK_MINUTES), quarter)


async def _do_all(calls: Calls, played: Played, steps: Sequence[Step]) -> None:
    """One minute: units work side by side, each doing one thing after the other."""
    by_unit: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        by_unit[step.unit].append(step)
    await all_at_once(_do_in_turn(calls, played, own) for own in by_unit.values())


async def _do_in_turn(calls: Calls, played: Played, steps: Sequence[Step]) -> None:
    for step in steps:
        if step.do == "submit":
            await _submit(calls, played, step)
        elif step.do == "report":
            body = {"agency": step.unit, **step.details}
            await calls.ask("POST", "feedback", "/reports", json=body)
        elif step.do == "rate":
            await _rate(calls, played.codes[step.number], step)
        else:
            path = f"/dossiers/{played.codes[step.number]}/{PATHS[step.do]}"
            await calls.ask("POST", "intake", path, "officer", step.unit, json=step.details)


async def _submit(calls: Calls, played: Played, step: Step) -> None:
    details = step.details
    body = {
        "agency": step.unit,
        **details,
        # The demo has no citizens: whoever needs a name is called by a number.
        "applicant": {"name": f"Công dân {step.number}"},
        "documents": [{"name": "Tờ khai", "copies": 1}],
    }
    waits = details["is_complete"] and details["channel"] == "counter"
    began = perf_counter()
    answer = await calls.ask(
        "POST",
        "intake",
        "/dossiers",
        "officer",
        step.unit,
        json=body,
        headers={"prefer": "wait=5"} if waits else None,
    )
    taken = answer.json()
    if waits and taken["appointment_at"] is not None:
        played.appointment_milliseconds.append((perf_counter() - began) * 1000)
    played.codes[step.number] = taken["code"]
    played.agencies[step.number] = step.unit


async def _rate(calls: Calls, code: str, step: Step) -> None:
    """The citizen follows the link in the thanks; the operator's mail gateway is who knows it."""
    told = await calls.get("feedback", f"/notices?dossier={code}", "operator")
    links = [notice["rating_link"] for notice in told["notices"] if notice["rating_link"]]
    token = links[0].rpartition("/")[2]
    await calls.ask("POST", "feedback", f"/rate/{token}", json=step.details)
