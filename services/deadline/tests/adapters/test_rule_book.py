"""The rule book's files: what they say, and how a mistake in them is named."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest

from services.deadline.adapters.rule_book import RULES, RuleBookError, read_rule_book
from services.deadline.domain.rules import NoRuleError, Supplement, Wait


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(RULES, tmp_path / "rules"))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_shipped_rule_book_can_be_read() -> None:
    book = read_rule_book()
    assert set(book.regimes) == {"nd61", "qd766", "ho-tich", "chung-thuc", "boston-311"}
    assert set(book.calendars) == {"vn", "us-ma"}
    figures = book.regime("nd61").on(date(2026, 11, 13))
    assert (figures.cut_off, figures.waits[Wait.CONDUCT_REPORT].amount) == (time(15), 15)


def test_the_same_files_give_the_same_versions_and_a_changed_figure_another(rules: Path) -> None:
    before = read_rule_book(rules)
    assert before.regime("nd61").version == read_rule_book().regime("nd61").version
    assert before.calendar("vn").version == read_rule_book().calendar("vn").version
    change(rules / "nd61.yaml", '"15:00"', '"15:30"')
    change(rules / "calendars/vn.yaml", "confirmed_years: []", "confirmed_years: [2026]")
    after = read_rule_book(rules)
    assert after.regime("nd61").version != before.regime("nd61").version
    assert after.calendar("vn").version != before.calendar("vn").version
    assert after.calendar("us-ma").version == before.calendar("us-ma").version


def test_every_process_gives_the_same_files_the_same_versions() -> None:
    """Versions stand on every clock, and a replay gives the same bytes: no order may be chance."""
    told = {
        subprocess.run(
            [sys.executable, "-m", "services.deadline", "regimes", "--json"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1


def test_a_day_awaiting_confirmation_is_worked_until_its_year_is_confirmed(rules: Path) -> None:
    change(rules / "calendars/vn.yaml", "confirmed_years: []", "confirmed_years: [2026]")
    unconfirmed, confirmed = read_rule_book().calendar("vn"), read_rule_book(rules).calendar("vn")
    assert unconfirmed.is_working_day(date(2026, 11, 24))
    assert not confirmed.is_working_day(date(2026, 11, 24))
    assert confirmed.is_working_day(date(2027, 11, 24))


def test_a_second_value_of_a_figure_is_in_force_from_its_day(rules: Path) -> None:
    later = 'cut_off:\n    - {value: "15:00", valid_from: 2010-01-01, source: a, status: law}'
    later += '\n    - {value: "16:00", valid_from: 2026-07-01, source: b, status: law}\n    #'
    text = (rules / "nd61.yaml").read_text(encoding="utf-8")
    start, end = text.index("cut_off:"), text.index("  ladder:")
    (rules / "nd61.yaml").write_text(text[:start] + later + "\n" + text[end:], encoding="utf-8")
    regime = read_rule_book(rules).regime("nd61")
    assert regime.on(date(2026, 6, 30)).cut_off == time(15)
    assert regime.on(date(2026, 7, 1)).cut_off == time(16)


def test_another_regime_is_another_file(rules: Path) -> None:
    shutil.copy(rules / "nd61.yaml", rules / "nd999.yaml")
    change(rules / "nd999.yaml", "regime: nd61", "regime: nd999")
    assert set(read_rule_book(rules).regimes) - set(read_rule_book().regimes) == {"nd999"}


@pytest.mark.parametrize(
    ("file", "old", "new", "mistake"),
    [
        ("nd61.yaml", '"15:00"', '"25:00"', r"nd61\.yaml: figures\.cut_off\.0\.value: "),
        ("nd61.yaml", "cut_off:", "cutoff:", r"nd61\.yaml: figures\.cut_off: Field required"),
        ("nd61.yaml", '"1/2"', '"3/2"', r"nd61\.yaml: figures\.ladder: at_risk: the share 3/2 is not between"),
        ("nd61.yaml", '["07:00", "11:30"]', '["11:30", "07:00"]', r"figures\.default_hours: monday"),
        ("nd61.yaml", "      status: law", "      status: rumour", r"nd61\.yaml: .*status: Input should be"),
        ("nd61.yaml", "figures:", "figures: [", r"nd61\.yaml: file: is not YAML"),
        ("nd61.yaml", "calendar: vn", "calendar: xx", r"nd61\.yaml: calendar: 'xx' is none of us-ma, vn"),
        ("nd61.yaml", "Asia/Ho_Chi_Minh", "Asia/Chon_Thanh", r"nd61\.yaml: time_zone: 'Asia/Chon_Thanh'"),
        ("nd61.yaml", "limits: [same_day,", "limits: [soon,", r"nd61\.yaml: limits\.0: Input should be"),
        ("nd61.yaml", "value: close", "value: dusk", r"nd61\.yaml: figures\.day_end\.0\.value: Input should"),
        ("qd766.yaml", "extends: nd61", "extends: nd62", r"qd766\.yaml: extends: there is no other regime"),
        ("qd766.yaml", "extends: nd61", "extends: ho-tich", r"qd766\.yaml: extends: ho-tich\.yaml is not a whole"),
        ("qd766.yaml", "regime: qd766", "regime: nd61", r"qd766\.yaml: regime: 'nd61' has a file already"),
        ("ho-tich.yaml", "after_close:", "after_dark:", r"ho-tich\.yaml: sources\.after_dark: no explanation"),
        ("book.yaml", "nd61", "nd62", r"book\.yaml: default_regime: 'nd62' is no regime"),
        ("calendars/vn.yaml", "country: VN", "country: XX", r"vn\.yaml: holidays: .*XX"),
        ("calendars/vn.yaml", "[saturday,", "[satday,", r"vn\.yaml: weekend: 'satday'"),
        ("calendars/vn.yaml", "2026-01-10", "2026-01-09", r"vn\.yaml: swaps: 2026-01-09 is worked"),
        ("calendars/vn.yaml", "2026-01-02", "2026-01-03", r"vn\.yaml: swaps: 2026-01-03 is a weekend"),
        ("calendars/vn.yaml", "2026-08-22", "2026-08-23", r"vn\.yaml: swaps: .*worked on 2026-08-22"),
        ("calendars/vn.yaml", "last: 2040", "last: 2001", r"vn\.yaml: years: 2001 lies before"),
        ("explanations.yaml", "là {ends}", "là {end}", r"explanations\.yaml: same_day: .*'end'"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_file_its_field_and_itself(
    rules: Path, file: str, old: str, new: str, mistake: str
) -> None:
    change(rules / file, old, new)
    with pytest.raises(RuleBookError, match=mistake):
        read_rule_book(rules)


def test_a_missing_file_is_named(rules: Path) -> None:
    (rules / "book.yaml").unlink()
    with pytest.raises(RuleBookError, match=r"book\.yaml: file: is missing"):
        read_rule_book(rules)


def _cut_offs(rules: Path, *values: str) -> None:
    """Give civil status these cut-offs, one after the other."""
    file = rules / "ho-tich.yaml"
    head, _, _ = file.read_text(encoding="utf-8").partition("  cut_off:")
    lines = "".join(f"    - {{{value}, source: a, status: law}}\n" for value in values)
    file.write_text(f"{head}  cut_off:\n{lines}", encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "mistake"),
    [
        (
            ('value: "15:00", valid_from: 2016-01-01', 'value: "16:00", valid_from: 2016-01-01'),
            r"ho-tich\.yaml: figures\.cut_off\.1\.valid_from: valid_from must rise",
        ),
        (
            (
                'value: "15:00", valid_from: 2016-01-01, valid_to: 2020-01-01',
                'value: "16:00", valid_from: 2020-01-01',
            ),
            r"figures\.cut_off\.0\.valid_to: 2020-01-01 and 2020-01-01: the periods overlap",
        ),
        (
            (
                'value: "15:00", valid_from: 2016-01-01, valid_to: 2019-12-30',
                'value: "16:00", valid_from: 2020-01-01',
            ),
            r"figures\.cut_off\.0\.valid_to: .*: the periods leave days between them",
        ),
        (
            ('value: "15:00", valid_from: 2016-01-01, valid_to: 2015-12-31',),
            r"figures\.cut_off\.0\.valid_to: 2015-12-31 lies before 2016-01-01",
        ),
    ],
)
def test_periods_that_overlap_or_leave_days_out_are_refused(
    rules: Path, values: tuple[str, ...], mistake: str
) -> None:
    _cut_offs(rules, *values)
    with pytest.raises(RuleBookError, match=mistake):
        read_rule_book(rules)


def test_a_regime_has_no_figures_before_its_first_day_nor_after_its_last(rules: Path) -> None:
    _cut_offs(rules, 'value: "15:00", valid_from: 2016-01-01, valid_to: 2026-06-30')
    regime = read_rule_book(rules).regime("ho-tich")
    assert [(p.valid_from, p.valid_to) for p in regime.periods] == [
        (date(2016, 1, 1), date(2026, 6, 30))
    ]
    for outside in (date(2015, 12, 31), date(2026, 7, 1)):
        with pytest.raises(NoRuleError, match=f"'ho-tich' has no figures for {outside}"):
            regime.on(outside)


def test_what_a_regime_extends_it_takes_over_and_says_only_what_differs() -> None:
    book, on = read_rule_book(), date(2026, 11, 13)
    nd61, qd766 = book.regime("nd61").on(on), book.regime("qd766").on(on)
    assert (nd61.supplement, qd766.supplement) == (Supplement.RESTART, Supplement.SUBTRACT)
    assert replace(qd766, supplement=Supplement.RESTART) == nd61
    assert book.regime("qd766").version != book.regime("nd61").version
