"""`notices`: the words of notices looked at and checked, without a server."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from services.feedback.domain.notices import Kind
from services.feedback.usecases.preview_notices import (
    LANGUAGES,
    Language,
    NoticeTextError,
    Preview,
    PreviewsTexts,
    preview_notices,
)

WRONG = 1
USAGE = 2

Load = Callable[[Path | None], PreviewsTexts]
Json = Annotated[bool, typer.Option("--json", help="One JSON value.")]


def add_notice_commands(app: typer.Typer, load: Load) -> None:
    """Add `notices preview` and `notices check` to the service's command line."""
    group = typer.Typer(no_args_is_help=True, help="The words of notices to citizens.")

    @group.command("preview")
    def preview_command(
        agency: Annotated[
            str | None, typer.Option(help="In this agency's own words, where it has some.")
        ] = None,
        kind: Annotated[Kind | None, typer.Option(help="This kind alone.")] = None,
        language: Annotated[Language | None, typer.Option(help="This language alone.")] = None,
        texts: Annotated[
            Path | None,
            typer.Option(envvar="NOTICE_TEXTS", help="A directory with a folder per agency."),
        ] = None,
        as_json: Json = False,
    ) -> None:
        """Write every shape of each kind, with made-up values."""
        found = _loaded_or_exit(load, texts, as_json)
        if agency is not None and agency not in found.units():
            known = ", ".join(found.units()) or "none"
            print(f"{agency} has no words of its own (who has: {known}):", file=sys.stderr)
        previews = preview_notices(found, agency, list(Kind) if kind is None else [kind])
        languages = LANGUAGES if language is None else (language,)
        if as_json:
            _print_json([_document(one, languages) for one in previews])
        else:
            print("\n\n".join(_in_words(one, languages) for one in previews))

    @group.command("check")
    def check_command(
        directory: Annotated[Path, typer.Argument(help="A directory with a folder per agency.")],
        as_json: Json = False,
    ) -> None:
        """Check a directory of words as the start does; exit 1 where a text is refused."""
        found = _loaded_or_exit(load, directory, as_json)
        if as_json:
            _print_json({"agencies": list(found.units()), "faults": []})
        else:
            print(f"{len(found.units())} agencies have words of their own: all can be used")

    app.add_typer(group, name="notices")


def _loaded_or_exit(load: Load, directory: Path | None, as_json: bool) -> PreviewsTexts:
    try:
        return load(directory)
    except NoticeTextError as error:
        if as_json:
            faults = [
                {"file": one.file, "line": one.line, "field": one.field, "rule": one.rule}
                for one in error.faults
            ]
            _print_json({"faults": faults})
        else:
            print(f"Words of notices are refused:\n{error}", file=sys.stderr)
        is_there = directory is None or directory.is_dir()
        raise typer.Exit(WRONG if is_there else USAGE) from error


def _document(one: Preview, languages: Sequence[Language]) -> dict[str, Any]:
    words = {language: getattr(one.text, language) for language in languages}
    return {"kind": one.notice.kind.value, "title": one.title, "text": words}


def _in_words(one: Preview, languages: Sequence[Language]) -> str:
    words = "\n\n".join(getattr(one.text, language) for language in languages)
    return f"=== {one.notice.kind} · {one.title} ===\n{words}"


def _print_json(value: Any) -> None:
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
