"""Notices to look at before they are sent: every shape of each kind, with plainly fictitious values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from services.feedback.domain.notices import KIND_NAMES, Kind, Notice
from services.feedback.usecases.ports import Agency, Text, WritesTexts

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")


def _at(hour: int, minute: int = 0) -> datetime:
    """An instant of a Friday, in Hà Nội's hours."""
    return datetime(2026, 8, 21, hour - 7, minute, tzinfo=UTC)


_CODE, _UNIT = "H00.00-20260821-0001", "H00.00"
SAMPLE_AGENCY = Agency(_UNIT, "UBND phường Ví Dụ", ZoneInfo("Asia/Ho_Chi_Minh"))


def _sample(kind: Kind) -> Notice:
    return Notice(kind, _CODE, _UNIT, _at(9, 30), handler="VI-DU-0001", received_at=_at(8))


_DUE = _at(17)
_GREETING = replace(_sample(Kind.GREETING), is_accepted=True)
_APOLOGY = replace(_sample(Kind.APOLOGY), handler=None, promise="pledge")
_STEPS = (
    Kind.REQUEST,
    Kind.THANKS,
    Kind.ACCEPTED,
    Kind.SUPPLEMENTED,
    Kind.FORWARDED,
    Kind.TRANSFERRED,
    Kind.RESOLVED,
    Kind.REFUSED,
    Kind.STOPPED,
    Kind.WITHDRAWN,
)
SAMPLES: tuple[Notice, ...] = (
    replace(_GREETING, appointment_at=_DUE),
    replace(_GREETING, handler=None),
    replace(_GREETING, is_accepted=False),
    *(replace(_sample(kind), appointment_at=_DUE) for kind in _STEPS),
    *(replace(_sample(kind), handler=None, received_at=None) for kind in _STEPS),
    replace(_sample(Kind.RESOLVED), appointment_at=_DUE, is_early=True),
    _APOLOGY,
    replace(_APOLOGY, due_at=_at(11, 30)),
    replace(_APOLOGY, due_at=_at(11, 30), resolved_at=_at(15, 15)),
    replace(_APOLOGY, resolved_at=_at(15, 15), received_at=None),
    replace(_APOLOGY, promise="law", due_at=_at(11, 30)),
    replace(_APOLOGY, promise="law", due_at=_at(11, 30), resolved_at=_at(15, 15)),
    replace(_sample(Kind.REAPPOINTED), handler=None, original_at=_at(16, 45), appointment_at=_DUE),
    replace(_sample(Kind.CONGRATULATIONS), handler=None, procedure="0.000000"),
)
"""Every shape a notice can have, its instants all different: words that cannot write one, or leave
out what it must say, are refused when they are loaded."""


@dataclass(frozen=True, slots=True)
class TextFault:
    """What is wrong with a text: where, which field if one, and the rule it breaks."""

    file: str
    rule: str
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        return (
            f"{place}: {self.rule}" if self.field is None else f"{place}: {self.field}: {self.rule}"
        )


class NoticeTextError(ValueError):
    """Texts that cannot write every notice; the message names file, line, field and rule of each fault."""

    def __init__(self, faults: Sequence[TextFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


class PreviewsTexts(WritesTexts, Protocol):
    def units(self) -> Sequence[str]:
        """Agencies with words of their own."""


@dataclass(frozen=True, slots=True)
class Preview:
    """One shape of a kind, in words."""

    notice: Notice
    title: str
    text: Text


def preview_notices(texts: WritesTexts, agency: str | None, kinds: Sequence[Kind]) -> list[Preview]:
    """Every shape of `kinds`, in the words of `agency`; None: of an agency without any of its own."""
    by = SAMPLE_AGENCY if agency is None else replace(SAMPLE_AGENCY, code=agency)
    return [
        Preview(sample, f"{KIND_NAMES[kind].vi} · {KIND_NAMES[kind].en}", texts.write(sample, by))
        for kind in kinds
        for sample in SAMPLES
        if sample.kind is kind
    ]
