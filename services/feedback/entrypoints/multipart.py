"""Forms with files (RFC 7578), read as browsers send them: fields, and files without their names."""

import re
from dataclasses import dataclass, field
from email import message_from_bytes

MOST_PARTS = 40
MOST_HEADER_BYTES = 4_096
BOUNDARY = re.compile(r'boundary="?([A-Za-z0-9\'()+_,./:=? -]{1,70})"?', re.ASCII)


class MultipartError(ValueError):
    """The body is no such form; the message says why."""


@dataclass(slots=True)
class Parts:
    """What a form sent: the texts and the files, by field, in order."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[bytes]] = field(default_factory=dict)


def read_multipart(raw: bytes, content_type: str, most_text_bytes: int) -> Parts:
    """The form's parts that came whole: `raw` may be cut off, and its last part is left out then.

    A text is read up to `most_text_bytes`. A file's name is not read, only that it has one; an
    input without a file sends an empty one, which is none. Raises `MultipartError`.
    """
    boundary = BOUNDARY.search(content_type)
    if boundary is None:
        raise MultipartError("the content-type names no boundary")
    delimiter = b"\r\n--" + boundary[1].strip().encode()
    sections = (b"\r\n" + raw).split(delimiter, MOST_PARTS + 1)
    if len(sections) > MOST_PARTS + 1:
        raise MultipartError(f"it has more than {MOST_PARTS} parts")
    parts = Parts()
    # What follows the last delimiter is the end of the form, or a part that was cut off.
    for section in sections[1:-1]:
        _read_part(section, parts, most_text_bytes)
    return parts


def _read_part(section: bytes, parts: Parts, most_text_bytes: int) -> None:
    header, blank, content = section.partition(b"\r\n\r\n")
    if not blank or len(header) > MOST_HEADER_BYTES:
        raise MultipartError("a part has no header, or a very long one")
    disposition = message_from_bytes(header.lstrip())
    name = disposition.get_param("name", None, "content-disposition")
    if not isinstance(name, str):
        raise MultipartError("a part has no name")
    if disposition.get_param("filename", None, "content-disposition") is None:
        text = _text(content[:most_text_bytes], is_cut=len(content) > most_text_bytes)
        parts.texts.setdefault(name, []).append(text)
    elif content:
        parts.files.setdefault(name, []).append(content)


def _text(content: bytes, *, is_cut: bool) -> str:
    try:
        return content.decode(errors="ignore" if is_cut else "strict")
    except UnicodeDecodeError as error:
        raise MultipartError("a text is not in UTF-8") from error
