"""Conduct reports against the 5 không. Their author is known to nobody who is reported."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from services.feedback.domain.courtesy import Khong

MOST_CHARACTERS = 4000


class ReportRefusedError(Exception):
    """A report that cannot be taken: which field, and the rule it breaks."""

    def __init__(self, field: str, rule: str) -> None:
        self.field = field
        self.rule = rule
        super().__init__(f"{field}: {rule}")


@dataclass(frozen=True, slots=True)
class ConductReport:
    """One report, by its code. The words and the dossier stay in feedback."""

    code: str
    agency: str
    against: tuple[Khong, ...]
    reported_at: datetime
    dossier: str | None = None
    words: str = ""


def accusation(against: Iterable[int], words: str) -> tuple[Khong, ...]:
    """What a report is against: one or more of the 5 không, each once, in their order.

    Raises `ReportRefusedError` where none or another is named, or the words are too many.
    """
    numbers = sorted(set(against))
    if not numbers:
        raise ReportRefusedError("against", "names at least one of the 5 không")
    for number in numbers:
        if number not in set(Khong):
            raise ReportRefusedError("against", f"is one of 1 to 5; {number} is none")
    if len(words) > MOST_CHARACTERS:
        raise ReportRefusedError(
            "text", f"has at most {MOST_CHARACTERS} characters; {len(words)} came"
        )
    return tuple(Khong(number) for number in numbers)


def report_code(agency: str, reported_on: date, number: int) -> str:
    """`PA-H10-01-20260821-0001`: phản ánh, agency, local day, order within the agency's day.

    Derived from what it names, so that a replay gives the same; it opens nothing without its
    secret. An agency's code has no hyphen of its own, so two agencies never share a report code.
    """
    return f"PA-{agency.replace('.', '-')}-{reported_on:%Y%m%d}-{number:04d}"
