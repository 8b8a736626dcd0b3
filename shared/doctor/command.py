"""The command doctor: a line per thing looked at, and an exit code."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape

from shared.clock import SystemClock
from shared.doctor.examination import ReadRules, examine
from shared.doctor.findings import Finding
from shared.settings import ServiceSettings


def add_doctor_command(
    app: typer.Typer,
    settings: Callable[[], ServiceSettings],
    topics: Sequence[str],
    migrations: Path,
    read_rules: ReadRules,
) -> None:
    """Add `doctor` to a service's commands."""

    @app.command("doctor")
    def doctor_command(
        as_json: Annotated[
            bool, typer.Option("--json", help="One JSON value instead of words.")
        ] = False,
    ) -> None:
        """Look at broker, topics, schema, role, clocks, relay, lag and rules.

        Each line is good, or says what to do (docs/runbooks/doctor.md). Changes nothing. Ends with 1
        when something is wrong.
        """
        found = settings()
        findings = asyncio.run(_gather(found, topics, migrations, read_rules, is_quiet=as_json))
        is_good = all(finding.is_good for finding in findings)
        if as_json:
            lines = [{**asdict(finding), "is_good": finding.is_good} for finding in findings]
            print(orjson.dumps({"is_good": is_good, "findings": lines}).decode())
        if not is_good:
            raise typer.Exit(1)


async def _gather(
    settings: ServiceSettings,
    topics: Sequence[str],
    migrations: Path,
    read_rules: ReadRules,
    *,
    is_quiet: bool,
) -> list[Finding]:
    findings = []
    console = Console(quiet=is_quiet, soft_wrap=True)
    with console.status("looking …"):
        async for finding in examine(settings, topics, migrations, read_rules, SystemClock()):
            findings.append(finding)
            console.print(_line(finding))
    return findings


def _line(finding: Finding) -> str:
    mark = "[green]good[/]" if finding.is_good else "[red]BAD [/]"
    line = f"{mark} {finding.part:<9} {escape(finding.says)}"
    return line if finding.do is None else f"{line}\n               → {escape(finding.do)}"
