"""An explanation as a head of unit reads it to a citizen."""

from services.deadline.domain.reckoning import reckon
from services.deadline.tests.offices import local, rule_book, terms
from services.deadline.usecases.explanations import explain, from_json, to_json


def test_a_friday_dossier_after_the_cut_off_is_explained_step_by_step() -> None:
    steps = reckon(terms("same_day", pledged=True), local("2026-11-13 15:01")).steps
    told = explain(to_json(steps), rule_book().sentences)
    assert [step.en for step in told] == [
        "Received after the cut-off on Friday 13/11/2026: "
        "forwarded on the next working day, Monday 16/11/2026.",
        "The last day, Monday 16/11/2026, ends at closing: legally due 17:00 Monday 16/11/2026.",
        "The agency pledges never to put a Friday dossier off past the weekend: "
        "17:00 Friday 13/11/2026.",
    ]
    assert told[0].vi == (
        "Hồ sơ nhận sau giờ chuyển hồ sơ ngày thứ sáu 13/11/2026: "
        "tính sang ngày làm việc tiếp theo, thứ hai 16/11/2026."
    )
    assert told[0].source == "NĐ 61/2018/NĐ-CP art. 18"
    assert (told[0].starts, told[0].ends) == ("2026-11-13", "2026-11-16")


def test_steps_come_back_from_their_json_as_they_were() -> None:
    for kind, amount in (("working_days", 3), ("days", 5), ("hours", 8), ("none", 0)):
        steps = reckon(terms(kind, amount, pledged=True), local("2026-11-13 16:30")).steps
        assert tuple(from_json(to_json(steps))) == steps


def test_each_regime_cites_its_own_law_and_one_that_is_gone_what_all_cite() -> None:
    book = rule_book()
    steps = to_json(reckon(terms("same_day"), local("2026-11-13 15:01")).steps)
    cited = {
        regime: explain(steps, book.sentences_of(regime))[0].source
        for regime in ("nd61", "ho-tich", "chung-thuc", "repealed")
    }
    assert cited == {
        "nd61": "NĐ 61/2018/NĐ-CP art. 18",
        "ho-tich": "Luật Hộ tịch art. 5.3",
        "chung-thuc": "NĐ 23/2015/NĐ-CP art. 7",
        "repealed": "NĐ 61/2018/NĐ-CP art. 18",
    }
