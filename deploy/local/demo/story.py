"""One dossier's story: what happened to it, what was said to its citizen, and why it was due when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from deploy.local.calls import Calls

# The dossier with most to tell: late on Friday, asked for a paper, alarmed, apologised for, rated.
CHOOSE = """
select d.code, d.receiving_agency
from intake.dossiers d
join deadline.clocks c on c.code = d.code and c.kind = 'dossier'
left join (select code, count(*) as alarms from deadline.alarms group by code) a on a.code = d.code
left join (select dossier, count(*) as notices from feedback.notices group by dossier) n
    on n.dossier = d.code
left join feedback.ratings r on r.dossier = d.code
order by (c.steps::text like '%pledge_friday%')::int * 8
         + (coalesce(n.notices, 0)) * 3 + (r.dossier is not null)::int * 4
         + (d.state = 'returned')::int * 2 + coalesce(a.alarms, 0) + d.moves desc,
         d.code
limit 1
"""

MOVES = {
    "submit": "handed in",
    "request_supplement": "a paper is missing: the citizen is asked for it",
    "supplement": "the citizen brings it",
    "accept": "accepted",
    "refuse": "refused",
    "forward": "forwarded to the department",
    "transfer": "handed to another agency",
    "resolve": "the result is ready",
    "return": "the citizen has the result",
    "withdraw": "withdrawn",
    "stop": "stopped",
}
CALLED = {
    "officer": "the officer is called",
    "head_of_unit": "the head of unit is called",
    "town": "the town is called",
}
RUNGS = {
    "at_risk": "alarm: at risk",
    "apology": "alarm: Mẫu 04 must leave now",
    "pledge_missed": "alarm: the pledge is missed",
    "breach": "alarm: overdue by law",
    "reappointment_missed": "alarm: the new date of Mẫu 04 has passed as well",
}
NOTICES = {
    "greeting": "xin chào",
    "request": "xin phép",
    "apology": "xin lỗi",
    "thanks": "xin cảm ơn",
    "accepted": "đã tiếp nhận",
    "supplemented": "đã nhận bổ sung",
    "forwarded": "đang xử lý",
    "transferred": "đã chuyển cơ quan",
    "resolved": "đã có kết quả",
    "refused": "không tiếp nhận, giải quyết",
    "stopped": "dừng giải quyết",
    "withdrawn": "đã rút hồ sơ",
    "reappointed": "xin lỗi và hẹn lại",
    "congratulations": "xin chúc mừng",
}


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened, and the service that knows it."""

    at: datetime
    service: str
    what: str


async def choose(dsn: str) -> tuple[str, str]:
    """The code of a dossier worth telling, and who received it."""
    connection = await asyncpg.connect(dsn)
    try:
        ((code, agency),) = await connection.fetch(CHOOSE)
        return code, agency
    finally:
        await connection.close()


async def tell_story(code: str, agency: str, calls: Calls, zone: ZoneInfo) -> RenderableType:
    """The timeline of a dossier, asked of the three services as its officer may."""
    dossier = await calls.get("intake", f"/dossiers/{code}", "officer", agency)
    deadline = await calls.get("deadline", f"/deadlines/{code}", "officer", agency)
    notices = await calls.get("feedback", f"/notices?dossier={code}", "officer", agency)
    clock = next(one for one in deadline["clocks"] if one["kind"] == "dossier")
    lines = [*_moves(dossier), *_alarms(clock), *_notices(notices)]
    lines.sort(key=lambda line: line.at)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column("when", style="cyan", no_wrap=True)
    table.add_column("who", style="dim", no_wrap=True)
    table.add_column("what")
    for line in lines:
        table.add_row(f"{line.at.astimezone(zone):%a %d/%m %H:%M}", line.service, line.what)
    due = Table(box=None, pad_edge=False, show_header=False)
    for name in ("legal_due", "pledge_due", "appointment_at"):
        due.add_row(name.replace("_", " "), _local(clock[name], zone))
    why = [
        Text(f"· {step['vi']}\n  {step['en']}\n  ({step['source']})", style="italic")
        for step in clock["explanation"]
    ]
    title = f"One dossier's story: {code}, {dossier['procedure_name']}, {dossier['receiving_agency_name']}"
    return Panel(
        Group(table, Text(""), Text("What was promised, and why:", style="bold"), due, *why),
        title=title,
        title_align="left",
    )


def _moves(dossier: dict[str, Any]) -> list[Line]:
    return [
        Line(
            datetime.fromisoformat(move["happened_at"]),
            "intake",
            MOVES[move["verb"]]
            + (f" ({dossier['channel']})" if move["verb"] == "submit" else "")
            + (f": {move['reason']}" if move["reason"] else ""),
        )
        for move in dossier["moves"]
    ]


def _alarms(clock: dict[str, Any]) -> list[Line]:
    return [
        Line(
            datetime.fromisoformat(alarm["rang_at"]),
            "deadline",
            f"{RUNGS[alarm['rung']]}, {CALLED[alarm['calls']]}",
        )
        for alarm in clock["alarms"]
    ]


def _notices(notices: dict[str, Any]) -> list[Line]:
    return [
        Line(
            datetime.fromisoformat(notice["sent_at"]),
            "feedback",
            f"{NOTICES[notice['notice']]}: {_first_sentence(notice['text']['vi'])}",
        )
        for notice in notices["notices"]
    ]


def _first_sentence(text: str) -> str:
    """Enough of a notice to know it by."""
    words = " ".join(text.split())
    return words if len(words) <= 160 else f"{words[:159].rsplit(' ', 1)[0]} …"


def _local(instant: str | None, zone: ZoneInfo) -> str:
    if instant is None:
        return "nothing"
    return f"{datetime.fromisoformat(instant).astimezone(zone):%a %d/%m/%Y %H:%M}"
