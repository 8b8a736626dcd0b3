"""`regimes`, `due`, `audit` and `what-if`: counting for people, without a server."""

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Protocol, TextIO

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.deadline.domain.rules import NoRuleError, RuleBook
from services.deadline.entrypoints import counting_reports as reports
from services.deadline.entrypoints import what_if_reports
from services.deadline.usecases.audit import Case, Mistake, Summary, audit
from services.deadline.usecases.counting import Counter, Office
from services.deadline.usecases.what_if import Scenario, compare

WRONG = 2
"""Exit status of a command that could not be begun as it was given."""
MISTAKEN = 1
"""Exit status of an audit that had to leave rows out."""


class Log(Protocol):
    """A log, open; `adapters.logs` has one."""

    heading: list[str]

    def __iter__(self) -> Iterator[tuple[Sequence[str], Case | Mistake]]: ...

    def unit_of(self, row: Sequence[str]) -> str: ...


ReadBytes = Callable[[int], None]
OpenLog = Callable[[Path, Mapping[str, str], str | None, ReadBytes], AbstractContextManager[Log]]


class Pledge(StrEnum):
    NONE = "none"
    SAME_DAY = "same-day"


class Tongue(StrEnum):
    VI = "vi"
    EN = "en"


class Unit(StrEnum):
    D = "d"
    H = "h"


RegimeName = Annotated[str, typer.Option("--regime", help="A way of counting; see `regimes`.")]
UnitFile = Annotated[
    Path | None, typer.Option("--unit", help="YAML: hours, calendar, time_zone, keeps_friday.")
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", help="OURS=THEIRS, where the log's heading has another name."),
]
BareLimit = Annotated[
    Unit | None, typer.Option(help="The unit of limits that are bare numbers: d or h.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON value instead of words.")]


def add_counting_commands(
    app: typer.Typer,
    read_rule_book: Callable[[], RuleBook],
    read_office: Callable[[Path], Office],
    open_log: OpenLog,
) -> None:
    """Add the commands to a service's command line."""

    @app.command("regimes")
    def regimes_command(as_json: Json = False) -> None:
        """List the ways of counting, with their periods and sources."""
        with _refusing():
            regimes = read_rule_book().regimes
        if as_json:
            _print_json(reports.regimes_as_data(regimes))
        else:
            reports.print_regimes(regimes)

    @app.command("due")
    def due_command(
        regime: RegimeName,
        received: Annotated[datetime, typer.Option(parser=_moment, help="2026-08-21T15:01:00")],
        limit: Annotated[str, typer.Option(help="same-day, 3d (working days) or 8h.")],
        pledge: Annotated[Pledge, typer.Option(help="What the unit pledges.")] = Pledge.NONE,
        unit: UnitFile = None,
        as_json: Json = False,
    ) -> None:
        """When a dossier is due, and why; needs no server."""
        with _refusing():
            rule_book = read_rule_book()
            counter = Counter(rule_book, regime, _office(read_office, unit, pledge))
            reckoning = counter.count(counter.local(received), limit)
        told = reports.due_as_data(counter, reckoning, rule_book.sentences_of(regime))
        if as_json:
            _print_json(told)
        else:
            reports.print_due(told)

    @app.command("audit")
    def audit_command(
        log: Annotated[
            Path,
            typer.Argument(
                help="CSV, gzipped or not, with case_id, received_at,"
                " limit; and promised_due_at, closed_at, closed_message_at where they are known."
            ),
        ],
        regime: RegimeName,
        out: Annotated[
            Path | None, typer.Option(help="The log again, with verdicts (CSV).")
        ] = None,
        unit: UnitFile = None,
        column: Columns = None,
        bare_limit: BareLimit = None,
        language: Annotated[Tongue, typer.Option(help="Of the explanations in OUT.")] = Tongue.VI,
        as_json: Json = False,
    ) -> None:
        """Was an old system's "overdue" true? Count its log anew; needs no server."""
        summary = Summary()
        with _refusing(), _progress(log) as read_bytes:
            rule_book = read_rule_book()
            counter = Counter(rule_book, regime, _office(read_office, unit, Pledge.NONE))
            tell = reports.Telling(rule_book.sentences, language.value)
            with open_log(log, _names(column), bare_limit, read_bytes) as opened:
                _run(opened, counter, summary, out, tell)
        if as_json:
            _print_json(reports.audit_as_data(counter, summary, rule_book.sentences_of(regime)))
        else:
            reports.print_audit(counter, summary, tell)
        if summary.left_out.count:
            raise typer.Exit(MISTAKEN)

    @app.command("what-if")
    def what_if_command(
        log: Annotated[
            Path, typer.Argument(help="A log as `audit` takes it; with `unit`, by unit.")
        ],
        regime: Annotated[list[str], typer.Option("--regime", help="One, or two to compare.")],
        pledge: Annotated[
            list[Pledge] | None, typer.Option("--pledge", help="One, or two to compare.")
        ] = None,
        unit: UnitFile = None,
        column: Columns = None,
        bare_limit: BareLimit = None,
        as_json: Json = False,
    ) -> None:
        """What would have been promised and kept under another regime, or another pledge."""
        with _refusing(), _progress(log) as read_bytes:
            rule_book = read_rule_book()
            scenarios = _scenarios(
                rule_book,
                _pairs(regime, pledge or [Pledge.NONE]),
                lambda pledge: _office(read_office, unit, pledge),
            )
            with open_log(log, _names(column), bare_limit, read_bytes) as opened:
                found = compare(((opened.unit_of(row), case) for row, case in opened), scenarios)
        names = (scenarios[0].name, scenarios[1].name)
        if as_json:
            _print_json(what_if_reports.as_data(names, found))
        else:
            what_if_reports.print_comparison(names, found)
        if found.left_out.count:
            raise typer.Exit(MISTAKEN)


def _pairs(regimes: Sequence[str], pledges: Sequence[Pledge]) -> list[tuple[str, Pledge]]:
    """Two regimes, or two pledges, or both; what is given once holds for both."""
    if max(len(regimes), len(pledges)) != 2:
        raise ValueError("--regime or --pledge: two of one of them are asked, to be compared")
    return [(regimes[0], pledges[0]), (regimes[-1], pledges[-1])]


def _scenarios(
    rule_book: RuleBook, pairs: Sequence[tuple[str, Pledge]], office: Callable[[Pledge], Office]
) -> tuple[Scenario, Scenario]:
    first, second = (
        Scenario(
            f"{name}, pledge {pledge}",
            Counter(rule_book, name, office(pledge)),
            pledge is Pledge.SAME_DAY,
        )
        for name, pledge in pairs
    )
    return first, second


def _run(
    log: Log, counter: Counter, summary: Summary, out: Path | None, tell: "reports.Telling"
) -> None:
    """Take the log through the audit; with `out`, each row again with its verdict."""
    rows: list[Sequence[str]] = []

    def cases() -> Iterator[Case | Mistake]:
        for row, case in log:
            rows.append(row)
            yield case

    if out is None:
        for _ in audit(cases(), counter, summary):
            rows.clear()
        return
    with _whole(out) as file:
        writer = csv.writer(file)
        writer.writerow([*log.heading, *reports.VERDICT_COLUMNS])
        for result in audit(cases(), counter, summary):
            writer.writerow([*rows.pop(), *reports.verdict_cells(result, counter, tell)])


@contextmanager
def _whole(out: Path) -> Iterator[TextIO]:
    """A file that takes its name when it is whole: a log that breaks off leaves no half of one, and
    OUT may be the log itself."""
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _office(read_office: Callable[[Path], Office], unit: Path | None, pledge: Pledge) -> Office:
    office = Office() if unit is None else read_office(unit)
    return replace(office, is_pledged_same_day=pledge is Pledge.SAME_DAY)


def _names(columns: Sequence[str] | None) -> dict[str, str]:
    names = {}
    for text in columns or []:
        ours, equals, theirs = text.partition("=")
        if not (ours and equals and theirs):
            raise ValueError(f"--column {text!r}: OURS=THEIRS is asked, as received_at=open_dt")
        names[ours] = theirs
    return names


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no ISO 8601 date and time") from error


@contextmanager
def _refusing() -> Iterator[None]:
    """What is wrong with what was given, in one line, and exit status 2."""
    try:
        yield
    except (ValueError, NoRuleError, OSError) as error:
        print(f"{error}", file=sys.stderr)
        raise typer.Exit(WRONG) from error


@contextmanager
def _progress(log: Path) -> Iterator[ReadBytes]:
    """A bar on standard error, for a person who watches; over the bytes of the file."""
    columns = (TextColumn(log.name), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=log.stat().st_size if log.is_file() else None)
        yield lambda done: progress.update(task, completed=done)


def _print_json(value: Any) -> None:
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode())
