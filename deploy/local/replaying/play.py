"""Sends a script through intake's HTTP: as operator what is registered, as each agency its lines."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from deploy.local.calls import Calls, all_at_once
from deploy.local.replaying.mapping import LogMapping
from deploy.local.replaying.script import Line, Script, by_step
from deploy.local.timekeeper import Timekeeper

AT_ONCE = 6
"""Agencies whose systems send at the same time."""
REGISTRATIONS_AT_ONCE = 8
EXAMPLES_KEPT = 10

Tell = Callable[[datetime, int], None]
"""Called with the log's time and the number of lines sent."""


@dataclass(slots=True)
class Sent:
    """What became of the lines."""

    lines: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """By the problem's title."""
    examples: list[str] = field(default_factory=list)

    def note(self, line: Line, verdict: dict[str, Any]) -> None:
        """Count one verdict."""
        self.lines += 1
        if not verdict["ok"]:
            problem = verdict["problem"]
            self.refused[problem["title"]] += 1
            if len(self.examples) < EXAMPLES_KEPT:
                self.examples.append(
                    f"{line.body['do']} {line.body['reference']} at {line.body['at']}:"
                    f" {problem.get('detail', problem['title'])}"
                )


async def register(script: Script, mapping: LogMapping, calls: Calls) -> None:
    """Procedures with their limits, agencies with their hours."""
    limited = asyncio.Semaphore(REGISTRATIONS_AT_ONCE)

    async def procedure(code: str, name: str, limit: int | None) -> None:
        async with limited:
            body = {"name": name, "limits": [_limit(limit, mapping)]}
            await calls.ask("PUT", "intake", f"/procedures/{code}", "operator", json=body)

    async def agency(code: str, name: str) -> None:
        async with limited:
            body = {
                "name": name,
                "valid_from": mapping.agencies.valid_from.isoformat(),
                "time_zone": mapping.zone.key,
                "calendar": mapping.agencies.calendar,
            }
            await calls.ask("PUT", "intake", f"/agencies/{code}", "operator", json=body)
            await calls.ask(
                "POST",
                "intake",
                f"/agencies/{code}/pledges",
                "operator",
                json=_pledge(mapping),
            )

    await all_at_once(
        [
            *(procedure(code, name, limit) for code, (name, limit) in script.procedures.items()),
            *(agency(code, name) for code, name in script.names.items()),
        ]
    )


def _limit(days: int | None, mapping: LogMapping) -> dict[str, Any]:
    limit: dict[str, Any] = {
        "valid_from": mapping.agencies.valid_from.isoformat(),
        "regime": mapping.limits.regime,
    }
    if days is None:
        return {**limit, "kind": "none"}
    if days == 0:
        return {**limit, "kind": "same_day"}
    return {**limit, "kind": "working_days", "amount": days}


def _pledge(mapping: LogMapping) -> dict[str, Any]:
    """Nothing beyond the law: the pledge only registers the hours."""
    return {
        "valid_from": mapping.agencies.valid_from.isoformat(),
        "hours": {
            weekday: [
                {"opens": opens.isoformat(), "closes": closes.isoformat()}
                for opens, closes in shifts
            ]
            for weekday, shifts in mapping.agencies.hours.items()
        },
        "keeps_friday": False,
    }


async def play(
    script: Script,
    calls: Calls,
    keeper: Timekeeper,
    days: int,
    tell: Tell = lambda at, lines: None,
) -> Sent:
    """Step by step: the clock moves on, every agency tells what it did, all is heard and rung."""
    sent = Sent()
    for ends_at, lines in by_step(script, days):
        await keeper.act_at(ends_at)
        await _send(lines, calls, sent)
        await keeper.ring_until(ends_at)
        tell(ends_at, sent.lines)
    return sent


async def _send(lines: Sequence[Line], calls: Calls, sent: Sent) -> None:
    by_agency: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_agency[line.agency].append(line)
    limited = asyncio.Semaphore(AT_ONCE)

    async def send(agency: str, own: Sequence[Line]) -> None:
        async with limited:
            answer = await calls.ask(
                "POST",
                "intake",
                "/bulk",
                "integrator",
                agency,
                content=b"\n".join(orjson.dumps(line.body) for line in own),
                headers={"content-type": "application/x-ndjson"},
            )
        verdicts = answer.content.splitlines()
        for line, verdict in zip(own, verdicts, strict=True):
            sent.note(line, orjson.loads(verdict))

    await all_at_once(send(agency, own) for agency, own in by_agency.items())
