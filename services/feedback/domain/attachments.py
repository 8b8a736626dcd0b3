"""What may be attached to a report: few, not too large, and of a type its own bytes show."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.feedback.domain.reports import ReportRefusedError

MOST_ATTACHMENTS = 3
MOST_MEBIBYTES = 5
MOST_BYTES = MOST_MEBIBYTES * 1024 * 1024


class MediaType(StrEnum):
    """What is taken. Nothing that could run where it is opened."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    PDF = "application/pdf"


BEGINNINGS = {
    MediaType.JPEG: b"\xff\xd8\xff",
    MediaType.PNG: b"\x89PNG\r\n\x1a\n",
    MediaType.PDF: b"%PDF-",
}
EXTENSIONS = {MediaType.JPEG: "jpg", MediaType.PNG: "png", MediaType.PDF: "pdf"}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file by its content alone: its name could name its author, and is not kept."""

    media_type: MediaType
    content: bytes


def attachments_of(contents: Sequence[bytes]) -> tuple[Attachment, ...]:
    """The files as attachments. Their type is what they begin with, never what they claim.

    Raises `ReportRefusedError`.
    """
    if len(contents) > MOST_ATTACHMENTS:
        rule = f"are at most {MOST_ATTACHMENTS}; {len(contents)} came"
        raise ReportRefusedError("attachments", rule)
    return tuple(_attachment(content) for content in contents)


def too_large() -> ReportRefusedError:
    return ReportRefusedError("attachments", f"have at most {MOST_MEBIBYTES} MiB each")


def _attachment(content: bytes) -> Attachment:
    if len(content) > MOST_BYTES:
        raise too_large()
    for media_type, beginning in BEGINNINGS.items():
        if content.startswith(beginning):
            return Attachment(media_type, content)
    raise ReportRefusedError("attachments", "are JPEG, PNG or PDF, by what is in them")
