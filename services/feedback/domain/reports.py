"""Reports (phản ánh, khiếu nại, tố cáo): what may be taken, under which code, and who handles it.

Their author is known to nobody who is reported. The three kinds never mix.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.feedback.domain.courtesy import Khong
from services.feedback.domain.report_steps import RECEIVED, Verdict
from services.feedback.domain.written import is_written

MOST_CHARACTERS = 4000


class Kind(StrEnum):
    """What the author wants: to be heard, to have an act undone, or a breach of the law pursued."""

    FEEDBACK = "feedback"
    """Phản ánh, kiến nghị: how they were treated, against the 5 không."""
    COMPLAINT = "complaint"
    """Khiếu nại: against an administrative act; decided towards its author."""
    DENUNCIATION = "denunciation"
    """Tố cáo: of a breach of the law; nobody reported may learn that it exists."""


PREFIXES = {Kind.FEEDBACK: "PA", Kind.COMPLAINT: "KN", Kind.DENUNCIATION: "TC"}


class ReportRefusedError(Exception):
    """A report that cannot be taken: which field, and the rule it breaks."""

    def __init__(self, field: str, rule: str) -> None:
        self.field = field
        self.rule = rule
        super().__init__(f"{field}: {rule}")


@dataclass(frozen=True, slots=True)
class Report:
    """One report, by its code. `words` hold nothing of its author's name or address."""

    code: str
    kind: Kind
    agency: str
    """The agency it is about."""
    handler: str
    """The agency that handles it, never the one a denunciation is about."""
    against: tuple[Khong, ...]
    reported_at: datetime
    dossier: str | None = None
    words: str = ""
    is_named: bool = False
    attachments: int = 0
    state: str = RECEIVED
    """`received`, or the last step taken."""
    verdict: Verdict | None = None
    moved_at: datetime | None = None

    @property
    def is_handled_elsewhere(self) -> bool:
        return self.handler != self.agency


def accusation(kind: Kind, against: Iterable[int], words: str) -> tuple[Khong, ...]:
    """What a report is against: some of the 5 không, each once, in their order.

    Feedback names at least one. A complaint and a denunciation may be about something else, and so
    say it in words (Luật Khiếu nại 2011 art. 8; Luật Tố cáo 2018 art. 23). Raises
    `ReportRefusedError`.
    """
    numbers = sorted(set(against))
    if not numbers and kind is Kind.FEEDBACK:
        raise ReportRefusedError("against", "names at least one of the 5 không")
    for number in numbers:
        if number not in set(Khong):
            raise ReportRefusedError("against", f"is one of 1 to 5; {number} is none")
    if kind is not Kind.FEEDBACK and not is_written(words):
        raise ReportRefusedError("text", f"says what a {kind} is about")
    if len(words) > MOST_CHARACTERS:
        raise ReportRefusedError(
            "text", f"has at most {MOST_CHARACTERS} characters; {len(words)} came"
        )
    return tuple(Khong(number) for number in numbers)


def must_be_named(kind: Kind, is_named: bool) -> None:
    """A complaint is decided towards its author, and so has one; feedback and a denunciation may
    come from nobody (Luật Khiếu nại 2011 art. 8; Luật Tố cáo 2018 art. 25). Raises
    `ReportRefusedError`."""
    if kind is Kind.COMPLAINT and not is_named:
        raise ReportRefusedError(
            "author_name", "is asked of a complaint: it is answered to somebody"
        )


def choose_handler(
    kind: Kind, agency: str, inspectorates: Sequence[str], registered: Collection[str]
) -> str:
    """The first inspectorate that is not the agency reported.

    Without one, feedback and complaints carry the agency's own code, and inspectors handle them.
    A denunciation is then refused: no agency handles one of itself. Raises `ReportRefusedError`.
    """
    for inspectorate in inspectorates:
        if inspectorate != agency and inspectorate in registered:
            return inspectorate
    if kind is Kind.DENUNCIATION:
        raise ReportRefusedError(
            "kind", f"a denunciation of {agency} needs another agency to handle it; there is none"
        )
    return agency


def numbered_by(kind: Kind, agency: str, handler: str) -> str:
    """Whose day a report's number counts in, and whose code is part of its code.

    Feedback counts at the agency it is about. The codes of the others go to the bus alone, so they
    must not say whom they are about: they count at their handler. So no unit sees a hole in its own
    numbers where a denunciation would be.
    """
    return agency if kind is Kind.FEEDBACK else handler


def report_code(kind: Kind, agency: str, reported_on: date, number: int) -> str:
    """`PA-H10-01-20260821-0001`: kind, agency, local day, order within the agency's day.

    Derived from what it names, so that a replay gives the same; it opens nothing without its
    secret. An agency's code has no hyphen of its own, so two agencies never share a report code.
    """
    return f"{PREFIXES[kind]}-{agency.replace('.', '-')}-{reported_on:%Y%m%d}-{number:04d}"
