"""Attachments: few, not too large, and of a type their own bytes show."""

import pytest

from services.feedback.domain.attachments import MOST_BYTES, Attachment, MediaType, attachments_of
from services.feedback.domain.reports import ReportRefusedError

PNG = b"\x89PNG\r\n\x1a\n"


def test_the_type_is_what_the_bytes_show() -> None:
    contents = [b"\xff\xd8\xff\xe0...", PNG + b"...", b"%PDF-1.7 ..."]
    types = [one.media_type for one in attachments_of(contents)]
    assert types == [MediaType.JPEG, MediaType.PNG, MediaType.PDF]
    at_most = PNG + b"\0" * (MOST_BYTES - len(PNG))
    assert attachments_of([at_most]) == (Attachment(MediaType.PNG, at_most),)


@pytest.mark.parametrize(
    ("contents", "rule"),
    [
        ([PNG] * 4, "at most 3; 4 came"),
        ([PNG + b"\0" * MOST_BYTES], "at most 5 MiB each"),
        ([b"<svg onload='alert(1)'/>"], "JPEG, PNG or PDF"),
        ([b"<html>%PDF-"], "JPEG, PNG or PDF"),
        ([b"MZ\x90\x00"], "JPEG, PNG or PDF"),
        ([b""], "JPEG, PNG or PDF"),
    ],
)
def test_what_is_not_allowed_names_the_rule(contents: list[bytes], rule: str) -> None:
    with pytest.raises(ReportRefusedError, match=rule) as refused:
        attachments_of(contents)
    assert refused.value.field == "attachments"
