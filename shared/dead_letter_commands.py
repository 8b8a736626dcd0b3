"""The commands `dead-letters list | show | retry | discard`: words and what to do, or one JSON value."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

import asyncpg
import orjson
import typer
from rich.console import Console
from rich.table import Table

from shared import dead_letters
from shared.clock import SystemClock
from shared.dead_letters import NotSetAsideError, Waiting
from shared.hearing import Hearing
from shared.process import Parts

Opened = AbstractAsyncContextManager[tuple[Parts, Hearing]]
"""A service's ear without a broker, to hear set-aside letters again."""

Json = Annotated[bool, typer.Option("--json", help="One JSON value instead of words.")]
Answer = TypeVar("Answer")

WRONG = (NotSetAsideError, ValueError)
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

WHAT_TO_DO = {
    "undecodable": "find the sender; discard it, or mend our bug and retry",
    "unknown_type": "upgrade, then retry",
    "refused": "read the reason, register what is missing, then retry; or discard it",
    "waiting": "nothing: it goes on when what it waits for comes; if that never comes, register it",
    "gap": "nothing at first; if it stays, look at the publisher's relay and at the topic",
    "follower": "nothing: it goes with its head",
}
"""By the cause of the letter that holds a subject back; the long form is the runbook's."""

RUNBOOK = "docs/runbooks/dead-letters.md"


def dead_letter_commands(name: str, open_ear: Callable[[], Opened]) -> typer.Typer:
    """The commands of the service `name`."""
    app = typer.Typer(no_args_is_help=True, help="Events set aside, by dossier and in order.")

    def with_ear(
        as_json: bool, doing: str, work: Callable[[Parts, Hearing], Awaitable[Answer]]
    ) -> Answer:
        async def run() -> Answer:
            async with open_ear() as (parts, hearing):
                return await work(parts, hearing)

        return _answer(as_json, doing, run)

    @app.command("list")
    def list_command(
        limit: Annotated[int, typer.Option(min=1, help="Subjects at most.")] = 100,
        as_json: Json = False,
    ) -> None:
        """The subjects held back, the longest first."""
        waiting = with_ear(
            as_json, "looking", lambda parts, _: dead_letters.list_waiting(parts.pool, limit)
        )
        if as_json:
            _print_json([asdict(one) for one in waiting])
        else:
            _print_waiting(name, waiting, limit)

    @app.command("show")
    def show_command(subject: str, as_json: Json = False) -> None:
        """Every letter set aside for SUBJECT, as it came."""
        letters = with_ear(
            as_json, "looking", lambda parts, _: dead_letters.show(parts.pool, subject)
        )
        if as_json:
            _print_json(letters)
            return
        for letter in letters:
            _print_letter(letter)
        _print_head(name, _head_among(letters))

    @app.command("retry")
    def retry_command(subject: str, as_json: Json = False) -> None:
        """Try SUBJECT's letters again, in order. Ends with 1 when none could be applied."""

        async def work(parts: Parts, ear: Hearing) -> tuple[int, Waiting | None]:
            applied = await dead_letters.retry(ear, parts.pool, subject)
            return applied, await dead_letters.head_of(parts.pool, subject)

        applied, head = with_ear(as_json, f"trying {subject} again", work)
        if as_json:
            _print_json({"subject": subject, "applied": applied, **_left(head)})
        else:
            print(f"{subject}: {applied} applied")
            _print_head(name, head)
        if applied == 0:
            raise typer.Exit(1)

    @app.command("discard")
    def discard_command(
        letter: int,
        because: Annotated[str, typer.Option(help="Why it may be given up.")],
        as_json: Json = False,
    ) -> None:
        """Give one LETTER up (its id, see show); those behind it go on."""
        now = SystemClock().now()

        async def work(parts: Parts, ear: Hearing) -> tuple[str, int, Waiting | None]:
            applied = await dead_letters.discard(
                ear, parts.pool, letter, because=because, by=getpass.getuser(), now=now
            )
            subject = await dead_letters.subject_of_discarded(parts.pool, letter)
            return subject, applied, await dead_letters.head_of(parts.pool, subject)

        subject, applied, head = with_ear(as_json, f"discarding letter {letter}", work)
        if as_json:
            _print_json({"letter": letter, "subject": subject, "applied": applied, **_left(head)})
        else:
            print(f"letter {letter}: discarded; {applied} behind it applied")
            _print_head(name, head)

    return app


def _answer(as_json: bool, doing: str, work: Callable[[], Awaitable[Answer]]) -> Answer:
    """What the work gives; what went wrong ends the command with 1 and words, never a trace."""

    async def run() -> Answer:
        return await work()

    console = Console(stderr=True)
    try:
        with console.status(f"{doing} …"):
            return asyncio.run(run())
    except (*WRONG, *AWAY) as error:
        cause: Exception = error
    is_wrong = isinstance(cause, WRONG)
    said = str(cause) if is_wrong else f"the database cannot be asked: {cause!r}"[:500]
    if as_json:
        _print_json({"error": said})
    console.print(said, markup=False, soft_wrap=True, highlight=False)
    raise typer.Exit(1) from cause


def _left(head: Waiting | None) -> dict[str, Any]:
    """How many letters are left, and the one that holds them back with what to do."""
    if head is None:
        return {"left": 0, "held_by": None}
    held_by = {"letter": head.first_id, "cause": head.cause, "reason": head.reason}
    return {"left": head.letters, "held_by": held_by | {"do": WHAT_TO_DO[head.cause]}}


def _print_json(value: Any) -> None:
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode())


def _print_waiting(name: str, waiting: Sequence[Waiting], limit: int) -> None:
    if not waiting:
        print("Nothing is set aside.")
        return
    table = Table("subject", "letters", "first id", "cause", "since", "reason")
    for one in waiting:
        # fmt: off
        table.add_row(one.subject, str(one.letters), str(one.first_id), one.cause,
                      one.since.isoformat(timespec="seconds"), one.reason)
        # fmt: on
    Console().print(table)
    causes = [one.cause for one in waiting]
    letters = sum(one.letters for one in waiting)
    print(f"{len(waiting)} subjects are held back, {letters} letters in all:")
    for cause in WHAT_TO_DO:
        if count := causes.count(cause):
            print(f"  {count} {cause}: {WHAT_TO_DO[cause]}")
    if len(waiting) == limit:
        print(f"  There may be more: these are the {limit} longest held; --limit shows more.")
    print(f"Next: python -m services.{name} dead-letters show {waiting[0].subject}; {RUNBOOK}")


def _print_letter(letter: dict[str, Any]) -> None:
    number = letter["sequence"] if letter["sequence"] is not None else "–"
    print(f"letter {letter['id']}: {letter['type'] or 'unreadable'} #{number}, {letter['cause']}")
    print(f"  reason   {letter['reason']}")
    if letter["waits_for"]:
        print(f"  waits for {letter['waits_for']}")
    print(f"  from     {letter['source'] or '?'}, subject {letter['subject']}")
    print(f"  came     {letter['topic']}/{letter['partition']} at {letter['offset']}")
    since = letter["set_aside_at"].isoformat(timespec="seconds")
    print(f"  since    {since}; tried again {letter['attempts']} times")
    for header, value in letter["headers"]:
        print(f"  header   {header}: {value!r}")
    print(f"  body     {letter['value']!r}")


def _head_among(letters: Sequence[dict[str, Any]]) -> Waiting:
    """The letter that holds the others back, chosen as `list` does."""
    head = min(
        letters,
        key=lambda one: (one["cause"] in ("gap", "follower"), one["sequence"] or 2**63, one["id"]),
    )
    since = min(one["set_aside_at"] for one in letters)
    # fmt: off
    return Waiting(head["subject"], len(letters), head["id"], head["cause"], head["reason"], since)
    # fmt: on


def _print_head(name: str, head: Waiting | None) -> None:
    if head is None:
        print("Nothing is left set aside for it.")
        return
    print(
        f"{head.letters} letters are set aside for {head.subject}; letter {head.first_id} holds"
        f" them back ({head.cause}): {head.reason}"
    )
    print(f"What to do: {WHAT_TO_DO[head.cause]}; {RUNBOOK}")
    print(f"  python -m services.{name} dead-letters retry {head.subject}")
    print(f'  python -m services.{name} dead-letters discard {head.first_id} --because "…"')
