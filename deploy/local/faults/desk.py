"""What officers and citizens do over HTTP, with every answer written into the notebook."""

import asyncio
from datetime import datetime
from random import Random
from typing import Any

import httpx
import orjson

from deploy.local.faults.client import NOT_NOW, PAUSE_SECONDS, TIMES_ASKED, Client
from deploy.local.faults.lives import PATHS, STATE_AFTER, WITH_REASON, Life
from deploy.local.faults.notebook import Entry, Notebook
from deploy.local.faults.town import AGENCIES

KEPT_BODIES = 50
MADE_ALREADY = frozenset({403, 409})
"""How a move is refused that was made before: it may not follow, or the dossier is elsewhere now."""
STARS = {"smile": 5, "gentle": 4, "listen": 5, "help": 3}
INSPECTOR = ("inspector", None)


class RefusedError(RuntimeError):
    """An answer that no fault excuses; it is in the notebook already."""


class Desk:
    """One set of hands for everything the campaign asks of the services."""

    def __init__(self, client: Client, notebook: Notebook, chance: Random) -> None:
        self.client = client
        self.notebook = notebook
        self._chance = chance
        self._kept: list[tuple[Entry, dict[str, Any], str]] = []

    async def submit(
        self, agency: str, procedure: str, life: Life, *, wait_seconds: int = 0
    ) -> tuple[Entry, dict[str, Any]]:
        """Hand a dossier in. Raises `RefusedError`."""
        entry = self.notebook.begin(agency)
        body = submission(entry, procedure, life)
        key = f"submit {entry.name}".encode().hex()
        headers = {"prefer": f"wait={wait_seconds}"} if wait_seconds else {}
        answer = await self.client.ask(
            "POST", "intake", "/dossiers", ("officer", agency), body, key=key, headers=headers
        )
        taken = self._expect(answer, 201)
        self.notebook.taken(entry, taken["code"], taken["state"])
        self._keep(entry, body, key)
        return entry, taken

    async def move(self, entry: Entry, do: str) -> None:
        """Make one move, in the name of whoever has the dossier. Raises `RefusedError`."""
        path = f"/dossiers/{entry.code}/{PATHS[do]}"
        key = f"{do} {entry.moves} {entry.name}".encode().hex()
        body = details(do, entry.agency, self._chance)
        answer = await self.client.ask(
            "POST", "intake", path, ("officer", entry.agency), body, key=key
        )
        moved = self._expect(answer, 200)
        self.notebook.moved(entry, moved["state"], moved["agency"])

    async def tell_log(self, told: list[tuple[Entry, Life, list[dict[str, Any]]]]) -> None:
        """Send one agency's log of whole lives, again until it is wholly taken.

        `told` has the lines of each dossier. Raises `RefusedError`.
        """
        lines = [line for _, _, lines in told for line in lines]
        content = b"\n".join(orjson.dumps(line) for line in lines)
        who = ("integrator", told[0][0].agency)
        ndjson = {"content-type": "application/x-ndjson"}
        times_asked = 0
        while True:
            answer = await self.client.ask("POST", "intake", "/bulk", who, content, headers=ndjson)
            times_asked += answer.extensions[TIMES_ASKED]
            if answer.status_code != 200:
                self._expect(answer, 200)
            verdicts = [orjson.loads(line) for line in answer.content.splitlines()]
            if all(verdict.get("problem", {}).get("status") != NOT_NOW for verdict in verdicts):
                break
            self.notebook.not_now += 1
            await asyncio.sleep(PAUSE_SECONDS)
        if len(verdicts) != len(lines):
            self._refuse(f"{len(lines)} lines got {len(verdicts)} verdicts")
        self._note_log(told, verdicts, is_repeated=times_asked > 1)

    async def rate(self, entry: Entry) -> None:
        """Give stars by the link in the thanks, if feedback has got to it already."""
        path = f"/notices?dossier={entry.code}"
        answer = await self.client.ask("GET", "feedback", path, ("operator", None))
        if answer.status_code == 404:
            return
        notices = self._expect(answer, 200)["notices"]
        links = [notice["rating_link"] for notice in notices if notice["rating_link"]]
        if links:
            link = httpx.URL(links[0]).path
            answer = await self.client.ask("POST", "feedback", link, body=STARS)
            # 409: the stars that got no answer did count.
            if answer.status_code != 409:
                self._expect(answer, 201)
            self.notebook.ratings.add(entry.code or "")

    async def report(self, agency: str) -> None:
        """Report an agency's conduct. There is no key here: no answer, and it is told again."""
        body = {"agency": agency, "against": [1, 2], "text": "Chờ lâu, không ai giải thích."}
        answer = await self.client.ask("POST", "feedback", "/reports", body=body)
        if answer.status_code != 422:  # the agency has not been heard of yet
            self.notebook.reports.add(self._expect(answer, 201)["report"])

    async def dossier(self, code: str | None) -> dict[str, Any]:
        """All that intake shows of a dossier. Raises `RefusedError`."""
        answer = await self.client.ask("GET", "intake", f"/dossiers/{code}", INSPECTOR)
        return self._expect(answer, 200)

    async def clock(self, code: str | None) -> dict[str, Any] | None:
        """What deadline shows of a dossier's clock; None where there is none."""
        answer = await self.client.ask("GET", "deadline", f"/deadlines/{code}", INSPECTOR)
        if answer.status_code == 404:
            return None
        clock: dict[str, Any] = self._expect(answer, 200)["clocks"][0]
        return clock

    async def ask_again(self) -> int:
        """Repeat submissions long answered, under their keys; how many were asked."""
        for entry, body, key in self._kept:
            who = ("officer", body["agency"])
            answer = await self.client.ask("POST", "intake", "/dossiers", who, body, key=key)
            taken = self._expect(answer, 201)
            self.notebook.taken(entry, taken["code"], taken["state"])
        return len(self._kept)

    def _keep(self, entry: Entry, body: dict[str, Any], key: str) -> None:
        """A sample of all submissions, each as likely as any other."""
        if len(self._kept) < KEPT_BODIES:
            self._kept.append((entry, body, key))
        else:
            place = self._chance.randrange(self.notebook.dossiers)
            if place < KEPT_BODIES:
                self._kept[place] = (entry, body, key)

    def _note_log(
        self,
        told: list[tuple[Entry, Life, list[dict[str, Any]]]],
        verdicts: list[dict[str, Any]],
        *,
        is_repeated: bool,
    ) -> None:
        """A log has no key: told twice, its moves are refused where the first telling made them."""
        left = iter(verdicts)
        for entry, life, lines in told:
            for line in lines:
                verdict = next(left)
                problem = verdict.get("problem", {})
                if not verdict["ok"] and not (is_repeated and problem["status"] in MADE_ALREADY):
                    self._refuse(f"{line} got {problem}")
                self.notebook.in_the_log += 1
                if line["do"] == "submit":
                    self.notebook.taken(entry, verdict["code"], life.state_at_first)
                else:
                    agency = line.get("to_agency", entry.agency)
                    self.notebook.moved(entry, STATE_AFTER[line["do"]], agency)

    def _expect(self, answer: httpx.Response, status: int) -> dict[str, Any]:
        if answer.status_code != status:
            asked = f"{answer.request.method} {answer.request.url.path}"
            self._refuse(f"{asked} was answered {answer.status_code}: {answer.text[:300]}")
        body: dict[str, Any] = answer.json()
        return body

    def _refuse(self, what: str) -> None:
        self.notebook.strange.append(what)
        raise RefusedError(what)


def submission(entry: Entry, procedure: str, life: Life) -> dict[str, Any]:
    """The body of a submission."""
    return {
        "agency": entry.agency,
        "procedure": procedure,
        "channel": life.channel,
        "is_complete": life.is_complete,
        "applicant": {"name": "Người nộp thử"},
        "documents": [{"name": entry.name, "copies": 1}],
    }


def details(do: str, agency: str, chance: Random) -> dict[str, Any]:
    """What a move says besides its name."""
    if do in WITH_REASON:
        return {"reason": "Giấy tờ không khớp với tờ khai"}
    if do == "transfer":
        return {"to_agency": chance.choice([other for other in AGENCIES if other != agency])}
    return {}


def log_lines(
    entry: Entry, procedure: str, life: Life, instants: list[datetime], chance: Random
) -> list[dict[str, Any]]:
    """A dossier's life as lines of its agency's log; one instant for each line."""
    reference = {"reference": entry.name}
    lines = [{"do": "submit", **submission(entry, procedure, life), **reference}]
    lines += [{"do": do, **reference, **details(do, entry.agency, chance)} for do in life.moves]
    return [{**line, "at": at.isoformat()} for line, at in zip(lines, instants, strict=True)]
