"""Why a dossier is due when it is, as its citizen reads it."""

from datetime import date, datetime

import pytest

from services.intake.adapters.rules import read_sentences, sentences
from services.intake.domain.forms import Words
from services.intake.domain.reckoned import Step, reasons
from services.intake.domain.refused import RefusedError
from services.intake.usecases.reckoned import kept, steps_of
from shared.events.deadlines import ReckoningStep

FRIDAY, MONDAY = date(2026, 11, 13), date(2026, 11, 16)
CLOSING = datetime.fromisoformat("2026-11-16T17:00:00")


def test_each_step_is_a_sentence_with_its_law_in_both_languages() -> None:
    late, close = reasons(
        [Step("after_cut_off", FRIDAY, MONDAY), Step("close", MONDAY, CLOSING)], sentences()
    )
    assert late.says.vi == (
        "Hồ sơ nhận sau giờ chuyển hồ sơ ngày thứ sáu 13/11/2026: "
        "tính sang ngày làm việc tiếp theo, thứ hai 16/11/2026."
    )
    assert late.source == Words("NĐ 61/2018/NĐ-CP điều 18", "NĐ 61/2018/NĐ-CP art. 18")
    assert close.says.en == (
        "The last day, Monday 16/11/2026, ends at closing: legally due 17:00 Monday 16/11/2026."
    )


def test_a_regimes_own_law_goes_before_what_all_cite() -> None:
    step = Step("same_day", FRIDAY, CLOSING, source="Luật Hộ tịch art. 5.3")
    (told,) = reasons([step], sentences())
    assert told.source == Words("Luật Hộ tịch điều 5.3", "Luật Hộ tịch art. 5.3")


def test_a_rule_that_deadline_has_learnt_since_still_tells_its_days() -> None:
    (told,) = reasons([Step("moon_phase", FRIDAY, CLOSING, 3)], sentences())
    assert told.says.vi == "Tính từ thứ sáu 13/11/2026 đến 17:00 thứ hai 16/11/2026."
    assert told.source is None


def test_steps_come_back_as_they_were_said_and_none_are_none() -> None:
    said = (
        ReckoningStep(rule="working_days", starts="2026-11-13", ends="2026-11-16", amount=1),
        ReckoningStep(rule="close", starts="2026-11-16", ends="2026-11-16T17:00:00", source="x"),
    )
    assert steps_of(kept(said)) == (
        Step("working_days", FRIDAY, MONDAY, 1),
        Step("close", MONDAY, CLOSING, source="x"),
    )
    assert steps_of(kept(None)) == () and kept(()) == "[]"


@pytest.mark.parametrize("vi", ["{from}", "{starts:d}", "{0}", "{", None])
def test_a_sentence_that_cannot_be_told_is_refused_by_name(vi: str | None) -> None:
    entry = {"vi": vi, "en": "x", "source": {"vi": "x", "en": "x"}}
    with pytest.raises(RefusedError, match="close"):
        read_sentences({"close": entry})
