"""The words of each notice, units' own words, and texts that are refused when loaded."""

import shutil
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.feedback.adapters.notice_texts import NoticeTexts
from services.feedback.adapters.text_files import DIRECTORY
from services.feedback.domain.notices import Kind, Notice
from services.feedback.tests.history import CLOSING, CODE, UNIT, at
from services.feedback.usecases.ports import Agency
from services.feedback.usecases.preview_notices import SAMPLES, NoticeTextError, TextFault

HUNG_LONG = Agency(UNIT, "UBND phường Hưng Long", ZoneInfo("Asia/Ho_Chi_Minh"))
GREETING = Notice(
    Kind.GREETING,
    CODE,
    UNIT,
    at(8, 5),
    received_at=at(8),
    appointment_at=CLOSING,
    is_accepted=True,
)
APOLOGY = Notice(Kind.APOLOGY, CODE, UNIT, CLOSING, promise="pledge", due_at=CLOSING)


def test_a_greeting_says_the_appointment_in_both_languages_by_the_agencys_clock() -> None:
    text = NoticeTexts().write(GREETING, HUNG_LONG)
    assert text.vi == (
        "Xin chào Quý công dân!\n"
        "UBND phường Hưng Long đã nhận hồ sơ H10.01-20261113-0001 lúc 8 giờ 00, Thứ Sáu ngày 13/11/2026.\n"
        "Hồ sơ đã được tiếp nhận. Hẹn trả kết quả lúc 17 giờ 00, Thứ Sáu ngày 13/11/2026.\n"
        "Cảm ơn Quý công dân đã tin tưởng."
    )
    assert "Your result is promised for 17:00 on Friday 13 November 2026." in text.en


def test_a_step_says_agency_handler_and_times_line_by_line() -> None:
    step = replace(GREETING, kind=Kind.FORWARDED, handler="cb-17", is_accepted=False)
    assert NoticeTexts().write(step, HUNG_LONG).vi == (
        "Quý công dân kính mến!\n"
        "UBND phường Hưng Long đã chuyển hồ sơ H10.01-20261113-0001 đến bộ phận chuyên môn để giải quyết.\n"
        "Tiếp nhận: 8 giờ 00, Thứ Sáu ngày 13/11/2026.\n"
        "Xử lý: 8 giờ 05, Thứ Sáu ngày 13/11/2026.\n"
        "Hẹn trả kết quả: 17 giờ 00, Thứ Sáu ngày 13/11/2026.\n"
        "Người xử lý: cán bộ mã cb-17."
    )


def test_an_instant_is_told_in_the_time_zone_of_the_agency() -> None:
    elsewhere = Agency(UNIT, "Somewhere", ZoneInfo("America/New_York"))
    assert "05:00 on Friday 13 November 2026" in NoticeTexts().write(GREETING, elsewhere).en


def test_an_apology_tells_a_broken_pledge_from_a_broken_limit() -> None:
    texts = NoticeTexts()
    pledge = texts.write(APOLOGY, HUNG_LONG)
    law = texts.write(replace(APOLOGY, promise="law", resolved_at=CLOSING), HUNG_LONG)
    assert "its own pledge" in pledge.en and "cam kết" in pledge.vi
    assert "legal time limit" in law.en and "thời hạn" in law.vi
    assert "We are working on it" in pledge.en
    assert "It was resolved at 17:00" in law.en


def test_every_shape_of_notice_has_words_without_loose_ends() -> None:
    texts = NoticeTexts()
    assert {sample.kind for sample in SAMPLES} == set(Kind)
    for sample in SAMPLES:
        for words in (texts.write(sample, HUNG_LONG).vi, texts.write(sample, HUNG_LONG).en):
            assert "None" not in words and "{" not in words and "\n\n" not in words


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """A unit that congratulates in words of its own."""
    folder = tmp_path / "texts" / UNIT
    folder.mkdir(parents=True)
    for language in ("vi", "en"):
        words = "{{ agency }}: ♥ {{ dossier }}{% if procedure == '1.001193' %} 👶{% endif %}\n"
        (folder / f"congratulations.{language}.txt").write_text(words, encoding="utf-8")
    return folder.parent


def test_a_unit_has_words_of_its_own_and_every_other_the_usual_ones(overlay: Path) -> None:
    texts = NoticeTexts(overlay)
    birth = Notice(Kind.CONGRATULATIONS, CODE, UNIT, at(16), procedure="1.001193")
    assert texts.write(birth, HUNG_LONG).vi == f"UBND phường Hưng Long: ♥ {CODE} 👶"
    other = replace(HUNG_LONG, code="H10.02")
    usual = NoticeTexts()
    assert texts.write(birth, other) == usual.write(birth, other)
    assert texts.write(GREETING, HUNG_LONG) == usual.write(GREETING, HUNG_LONG)
    assert texts.units() == [UNIT]


def test_a_units_own_facts_stand_in_all_its_notices(overlay: Path) -> None:
    for language in ("vi", "en"):
        words = (DIRECTORY / f"facts.{language}.txt").read_text(encoding="utf-8")
        (overlay / UNIT / f"facts.{language}.txt").write_text(f"{words}02713 000 000\n", "utf-8")
    step = replace(GREETING, kind=Kind.FORWARDED, is_accepted=False)
    assert NoticeTexts(overlay).write(step, HUNG_LONG).vi.endswith("02713 000 000")


def refused(overlay: Path) -> tuple[TextFault, ...]:
    with pytest.raises(NoticeTextError) as error:
        NoticeTexts(overlay)
    return error.value.faults


GOOD = "{{ agency }} {{ dossier }}"


@pytest.mark.parametrize(
    ("words", "line", "field", "rule"),
    [
        (f"{GOOD}\n{{{{ applicant }}}}", 2, "applicant", "no such field"),
        (f"{GOOD}\n\n{{{{ promise }}}}", 3, "promise", "no such field"),
        (f"{GOOD}\n{{% if %}}", 2, None, "Expected an expression"),
        (f"{GOOD}\n{{{{ dossier | shout }}}}", 2, None, "No filter named 'shout'"),
        (f"{GOOD}\n{{% include 'else.txt' %}}", 2, None, "not 'else.txt'"),
        (f"{GOOD}\n{{% include dossier %}}", 2, None, "not None"),
        (f"{GOOD}\n{{{{ number / 0 }}}}", 2, None, "division by zero"),
        (f"{GOOD}\n{{{{ dossier.__class__ }}}}", 2, None, "unsafe"),
        ("{{ agency }} is glad", None, "dossier", "it is left out"),
    ],
)
def test_a_unit_text_that_cannot_be_used_is_refused_with_file_line_field_and_rule(
    overlay: Path, words: str, line: int | None, field: str | None, rule: str
) -> None:
    (overlay / UNIT / "congratulations.en.txt").write_text(words, encoding="utf-8")
    (fault,) = refused(overlay)
    assert (fault.file, fault.line, fault.field) == (
        f"{UNIT}/congratulations.en.txt",
        line,
        field,
    )
    assert rule in fault.rule
    assert fault.file in str(fault) and (line is None or f"line {line}" in str(fault))


def test_a_step_that_leaves_out_agency_handler_or_times_is_refused(overlay: Path) -> None:
    for language in ("vi", "en"):
        file = overlay / UNIT / f"forwarded.{language}.txt"
        file.write_text("{{ dossier }}: {{ agency }}", encoding="utf-8")
    faults = refused(overlay)
    assert {fault.field for fault in faults if fault.file.endswith("forwarded.vi.txt")} == {
        "handler",
        "received_at",
        "sent_at",
        "appointment_at",
    }
    assert all("rule 31" in fault.rule for fault in faults)


def test_what_is_missing_misnamed_or_no_text_is_all_named_at_once(overlay: Path) -> None:
    (overlay / UNIT / "congratulations.en.txt").unlink()
    (overlay / UNIT / "greting.vi.txt").write_text(GOOD)
    (overlay / UNIT / "thanks.vi.txt").write_bytes(b"\nx\xff")
    (overlay / "hung-long").mkdir()
    (overlay / ".hidden").mkdir()
    faults = {(fault.file, fault.line): fault.rule for fault in refused(overlay)}
    assert "every language" in faults[f"{UNIT}/congratulations.en.txt", None]
    assert "a text is named" in faults[f"{UNIT}/greting.vi.txt", None]
    assert "UTF-8" in faults[f"{UNIT}/thanks.vi.txt", 2]
    assert "agency's code" in faults["hung-long", None]
    assert len(faults) == 4


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (fault,) = refused(tmp_path / "nowhere")
    assert "a directory" in fault.rule


@pytest.mark.parametrize("words", [None, "{{ agency }} is sorry"])
def test_the_usual_words_are_checked_alike(tmp_path: Path, words: str | None) -> None:
    directory = tmp_path / "texts"
    shutil.copytree(DIRECTORY, directory)
    file = directory / "apology.en.txt"
    if words is None:
        file.unlink()
    else:
        file.write_text(words)
    with pytest.raises(NoticeTextError, match=r"apology\.en\.txt"):
        NoticeTexts(defaults=directory)
