"""Notices put into words: one jinja2 template per courtesy and language, all tried when loaded."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, TemplateError

from services.feedback.domain.courtesy import Xin
from services.feedback.domain.notices import Apology, Greeting, Notice, Request, Thanks
from services.feedback.usecases.ports import Agency, Text

DIRECTORY = Path(__file__).parent / "texts"

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")
INSTANT_FORMATS: Mapping[Language, str] = {
    "vi": "H 'giờ' mm, EEEE 'ngày' dd/MM/yyyy",
    "en": "HH:mm 'on' EEEE d MMMM yyyy",
}

TURNING = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Signs that turn the direction of what follows: in plain text a name would turn the whole notice."""

_INSTANT = datetime(2026, 8, 21, 10, 0, tzinfo=UTC)
_AGENCY = Agency("H10.01", "Một đơn vị", ZoneInfo("Asia/Ho_Chi_Minh"))
_GREETING = Greeting("X", "H10.01", _INSTANT, _INSTANT, is_accepted=True)
_APOLOGY = Apology("X", "H10.01", _INSTANT, "pledge")
SAMPLES: tuple[Notice, ...] = (
    _GREETING,
    replace(_GREETING, appointment_at=_INSTANT),
    replace(_GREETING, is_accepted=False),
    Request("X", "H10.01", _INSTANT),
    _APOLOGY,
    replace(_APOLOGY, due_at=_INSTANT),
    replace(_APOLOGY, due_at=_INSTANT, resolved_at=_INSTANT),
    replace(_APOLOGY, resolved_at=_INSTANT),
    replace(_APOLOGY, promise="law", due_at=_INSTANT),
    replace(_APOLOGY, promise="law", due_at=_INSTANT, resolved_at=_INSTANT),
    Thanks("X", "H10.01", _INSTANT),
)
"""Every shape a notice can have: a template that cannot write one of them is refused at start."""


class NoticeTextError(ValueError):
    """A template that is missing or cannot write a notice; the message names the file and why."""


class NoticeTexts:
    """`WritesTexts` from `<notice>.<language>.txt`. Raises `NoticeTextError` when loaded."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        # Plain text, for any channel: whoever shows it as HTML escapes it there.
        environment = Environment(
            loader=FileSystemLoader(directory),
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates: dict[tuple[Xin, Language], Template] = {
            (xin, language): _load(environment, f"{xin}.{language}.txt")
            for xin in Xin
            for language in LANGUAGES
        }
        for sample in SAMPLES:
            self._try(sample)

    def write(self, notice: Notice, agency: Agency) -> Text:
        return Text(
            vi=self._render(notice, agency, "vi"),
            en=self._render(notice, agency, "en"),
        )

    def _render(self, notice: Notice, agency: Agency, language: Language) -> str:
        template = self._templates[notice.XIN, language]
        return template.render(_facts(notice, agency, language)).strip()

    def _try(self, sample: Notice) -> None:
        for language in LANGUAGES:
            name = f"{sample.XIN}.{language}.txt"
            try:
                text = self._render(sample, _AGENCY, language)
            except (TemplateError, TypeError) as error:
                raise NoticeTextError(f"{name} cannot write {sample}: {error}") from error
            for needed in (sample.dossier, _AGENCY.name):
                if needed not in text:
                    raise NoticeTextError(f"{name} does not say {needed!r} for {sample}")


def _load(environment: Environment, name: str) -> Template:
    try:
        return environment.get_template(name)
    except TemplateError as error:
        raise NoticeTextError(f"{name}: {error or type(error).__name__}") from error


def _facts(notice: Notice, agency: Agency, language: Language) -> dict[str, Any]:
    """The notice's fields by name, instants as words; `agency` is its name."""
    facts = {
        field.name: _in_words(getattr(notice, field.name), agency.time_zone, language)
        for field in fields(notice)
    }
    return {**facts, "agency": agency.name.translate(TURNING)}


def _in_words(value: object, zone: ZoneInfo, language: Language) -> object:
    if isinstance(value, datetime):
        minute = value.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
        return _minute_in_words(minute, language)
    return value


@lru_cache(maxsize=8_192)
def _minute_in_words(minute: datetime, language: Language) -> str:
    """Babel takes as long for it as all else does for a notice, and most of a day's are said often."""
    return format_datetime(minute, INSTANT_FORMATS[language], locale=language)
