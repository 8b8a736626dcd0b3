"""Notices put into words: one jinja2 template per kind and language, and a unit's own in their place."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from jinja2 import FunctionLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.feedback.adapters.text_checks import Scope, check_rendered, check_written
from services.feedback.adapters.text_files import FACTS, read_defaults, read_units
from services.feedback.domain.notices import Kind, Notice, may_say
from services.feedback.usecases.ports import Agency, Text
from services.feedback.usecases.preview_notices import (
    LANGUAGES,
    Language,
    NoticeTextError,
    TextFault,
)

INSTANT_FORMATS: Mapping[Language, str] = {
    "vi": "H 'giờ' mm, EEEE 'ngày' dd/MM/yyyy",
    "en": "HH:mm 'on' EEEE d MMMM yyyy",
}

TURNING = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Signs that turn the direction of what follows: in plain text a name would turn the whole notice."""

Templates = Mapping[tuple[Kind, Language], Template]


class NoticeTexts:
    """`WritesTexts` from `<kind>.<language>.txt`, and `<agency>/<kind>.<language>.txt` of `overlay`.

    Raises `NoticeTextError` when loaded, with every fault of every file.
    """

    def __init__(self, overlay: Path | None = None, *, defaults: Path | None = None) -> None:
        sources, faults = read_defaults(defaults)
        units, of_units = read_units(overlay)
        self._defaults, found = ({}, []) if faults else _load(Scope(sources, sources))
        faults += [*of_units, *found]
        self._units: dict[str, Templates] = {}
        for agency, own in units.items() if self._defaults else ():
            self._units[agency], found = _load(Scope(own, {**sources, **own}))
            faults += found
        if faults:
            raise NoticeTextError(faults)

    def units(self) -> Sequence[str]:
        return sorted(self._units)

    def write(self, notice: Notice, agency: Agency) -> Text:
        own = self._units.get(agency.code, {})
        vi, en = (
            _render(own.get(key) or self._defaults[key], notice, agency, key[1])
            for key in ((notice.kind, language) for language in LANGUAGES)
        )
        return Text(vi, en)


def _load(scope: Scope) -> tuple[Templates, list[TextFault]]:
    """The templates that a scope has words of its own for, and what is wrong with them."""

    def source(name: str) -> tuple[str, str, Any] | None:
        found = scope.sources.get(name)
        return None if found is None else (found.words, found.file, None)

    # Plain text, for any channel: whoever shows it as HTML escapes it there.
    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(source),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    faults = check_written(scope, environment)
    if faults:
        return {}, faults
    templates = {
        (kind, language): environment.get_template(f"{kind}.{language}.txt")
        for kind in Kind
        for language in LANGUAGES
        if scope.is_own(kind) or scope.is_own(FACTS)
    }
    return templates, check_rendered(scope, templates, _render, _in_words)


def _render(template: Template, notice: Notice, agency: Agency, language: Language) -> str:
    facts = {
        name: _in_words(getattr(notice, name), agency.time_zone, language)
        for name in may_say(notice.kind)
    }
    facts["agency"] = agency.name.translate(TURNING)
    return template.render(facts).strip()


def _in_words(value: object, zone: ZoneInfo, language: Language) -> object:
    if isinstance(value, datetime):
        minute = value.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
        return _minute_in_words(minute, language)
    return value


@lru_cache(maxsize=8_192)
def _minute_in_words(minute: datetime, language: Language) -> str:
    """Babel takes as long for it as all else does for a notice, and most of a day's are said often."""
    return format_datetime(minute, INSTANT_FORMATS[language], locale=language)
