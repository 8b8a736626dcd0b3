"""The files of notices' words: the defaults, and an operator's directory with a folder per agency."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.feedback.domain.notices import Kind
from services.feedback.usecases.preview_notices import LANGUAGES, TextFault

DIRECTORY = Path(__file__).parent / "texts"
FACTS = "facts"
"""What the others include: agency, handler and times, line by line."""
NAMES = (*(kind.value for kind in Kind), FACTS)
MOST_BYTES = 16_384
AGENCY = re.compile(r"[A-Z0-9.]{1,35}")

NAMED = (
    f"a text is named NAME.LANGUAGE.txt; names: {', '.join(NAMES)}; languages: "
    f"{', '.join(LANGUAGES)}"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A text as it is written, and where."""

    file: str
    words: str


Sources = dict[str, Source]
"""By the file's name, `greeting.vi.txt`."""


def read_defaults(directory: Path | None) -> tuple[Sources, list[TextFault]]:
    """The words of agencies that have none of their own: every name in every language."""
    directory = directory or DIRECTORY
    sources, faults = _read(directory, directory.parent)
    faults += _missing(NAMES, sources, directory.name)
    return sources, faults


def read_units(directory: Path | None) -> tuple[dict[str, Sources], list[TextFault]]:
    """The words of each agency that has some; None: nobody has."""
    units: dict[str, Sources] = {}
    if directory is None:
        return units, []
    if not directory.is_dir():
        return units, [TextFault(str(directory), "a directory with a folder per agency is asked")]
    faults: list[TextFault] = []
    for folder in _visible(directory):
        if not folder.is_dir() or not AGENCY.fullmatch(folder.name):
            rule = "a folder named by an agency's code is asked (capitals, digits and dots)"
            faults.append(TextFault(folder.name, rule))
            continue
        units[folder.name], found = _read(folder, directory)
        overlaid = sorted({name.split(".")[0] for name in units[folder.name]})
        faults += [*found, *_missing(overlaid, units[folder.name], folder.name)]
    return units, faults


def _read(folder: Path, root: Path) -> tuple[Sources, list[TextFault]]:
    sources: Sources = {}
    faults = []
    known = {f"{name}.{language}.txt" for name in NAMES for language in LANGUAGES}
    for path in _visible(folder):
        file = str(path.relative_to(root))
        if path.name not in known or not path.is_file():
            faults.append(TextFault(file, NAMED))
            continue
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            faults.append(TextFault(file, f"a text has at most {MOST_BYTES:,} bytes"))
            continue
        try:
            sources[path.name] = Source(file, raw.decode("utf-8"))
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            faults.append(TextFault(file, "a text is in UTF-8", line))
    return sources, faults


def _visible(folder: Path) -> Iterator[Path]:
    """What a directory holds; a mounted ConfigMap has hidden entries beside its own."""
    return (path for path in sorted(folder.iterdir()) if not path.name.startswith("."))


def _missing(names: tuple[str, ...] | list[str], found: Sources, folder: str) -> list[TextFault]:
    rule = "it is missing: a text is there in every language"
    return [
        TextFault(f"{folder}/{file}", rule)
        for file in (f"{name}.{language}.txt" for name in names for language in LANGUAGES)
        if file not in found
    ]
