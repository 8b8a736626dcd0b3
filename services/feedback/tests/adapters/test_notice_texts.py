"""The words of each notice, and templates that are refused when loaded."""

import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.feedback.adapters.notice_texts import (
    DIRECTORY,
    SAMPLES,
    NoticeTextError,
    NoticeTexts,
)
from services.feedback.domain.notices import Apology, Greeting
from services.feedback.tests.history import CLOSING, CODE, UNIT, at
from services.feedback.usecases.ports import Agency

HUNG_LONG = Agency(UNIT, "UBND phường Hưng Long", ZoneInfo("Asia/Ho_Chi_Minh"))
GREETING = Greeting(CODE, UNIT, at(8, 5), at(8), True, CLOSING)


def test_a_greeting_says_the_appointment_in_both_languages_by_the_agencys_clock() -> None:
    text = NoticeTexts().write(GREETING, HUNG_LONG)
    assert text.vi == (
        "Xin chào Quý công dân!\n"
        "UBND phường Hưng Long đã nhận hồ sơ H10.01-20261113-0001 lúc 8 giờ 00, Thứ Sáu ngày 13/11/2026.\n"
        "Hồ sơ đã được tiếp nhận. Hẹn trả kết quả lúc 17 giờ 00, Thứ Sáu ngày 13/11/2026.\n"
        "Cảm ơn Quý công dân đã tin tưởng."
    )
    assert "Your result is promised for 17:00 on Friday 13 November 2026." in text.en


def test_an_instant_is_told_in_the_time_zone_of_the_agency() -> None:
    elsewhere = Agency(UNIT, "Somewhere", ZoneInfo("America/New_York"))
    assert "05:00 on Friday 13 November 2026" in NoticeTexts().write(GREETING, elsewhere).en


def test_an_apology_tells_a_broken_pledge_from_a_broken_limit() -> None:
    texts = NoticeTexts()
    pledge = texts.write(Apology(CODE, UNIT, CLOSING, "pledge", CLOSING), HUNG_LONG)
    law = texts.write(Apology(CODE, UNIT, CLOSING, "law", CLOSING, CLOSING), HUNG_LONG)
    assert "its own pledge" in pledge.en and "cam kết" in pledge.vi
    assert "legal time limit" in law.en and "thời hạn" in law.vi
    assert "We are working on it" in pledge.en
    assert "It was resolved at 17:00" in law.en


def test_every_shape_of_notice_has_words_without_loose_ends() -> None:
    texts = NoticeTexts()
    for sample in SAMPLES:
        for words in (texts.write(sample, HUNG_LONG).vi, texts.write(sample, HUNG_LONG).en):
            assert "None" not in words and "{" not in words and "\n\n" not in words


@pytest.mark.parametrize(
    ("file", "template", "why"),
    [
        ("thanks.vi.txt", "{{ agency }} {{ dossier }} {{ applicant }}", "applicant"),
        ("greeting.en.txt", "{% if %}", "Expected an expression"),
        ("apology.en.txt", "{{ agency }} is sorry", "does not say 'X'"),
        ("request.vi.txt", None, "request.vi.txt"),
    ],
)
def test_a_template_that_cannot_write_its_notice_is_refused_when_loaded(
    tmp_path: Path, file: str, template: str | None, why: str
) -> None:
    directory = tmp_path / "texts"
    shutil.copytree(DIRECTORY, directory)
    if template is None:
        (directory / file).unlink()
    else:
        (directory / file).write_text(template)
    with pytest.raises(NoticeTextError, match=why) as refused:
        NoticeTexts(directory)
    assert file in str(refused.value)
