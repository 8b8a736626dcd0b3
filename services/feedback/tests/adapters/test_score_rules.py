"""The rules of scores: dated, cited, and checked on load."""

from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from services.feedback.adapters.score_rules import RULES, ScoreRulesError, read_score_rules


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(copytree(RULES, tmp_path / "rules"))


def change(rules: Path, file: str, old: str, new: str) -> None:
    text = (rules / file).read_text(encoding="utf-8")
    assert old in text
    (rules / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_figure_changes_from_its_day_on(rules: Path) -> None:
    later = "    - {value: 9, valid_from: 2027-01-01, source: a decree, status: law}\n"
    with (rules / "openness.yaml").open("a", encoding="utf-8") as file:
        file.write(later)
    read = read_score_rules(rules)
    assert [read.on(date(*day)).fewest_votes for day in ((2010, 1, 1), (2026, 12, 31))] == [5, 5]
    assert read.on(date(2027, 1, 1)).fewest_votes == 9


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("tt01-2018.yaml", "late: 0", "late: 3", "tt01-2018.yaml: figures.time.0.value.late: "),
        ("tt01-2018.yaml", "  bands:", "  bonds:", "tt01-2018.yaml: figures.bands: "),
        ("tt01-2018.yaml", '"3.5"', '"5.5"', "figures.bands.0.value: at_least must fall"),
        ("tt01-2018.yaml", "      status: law", "      status: sure", "tt01-2018.yaml: figures."),
        ("qd766.yaml", "satisfaction: 18", "smiles: 18", "qd766.yaml: figures.groups.0.value."),
        ("qd766.yaml", '{progress: "1", ', "{", "full_marks_at: progress is missing"),
        ("qd766.yaml", '"9/10"', '"0"', "full_marks_at.satisfaction: must be more than 0"),
        ("openness.yaml", "Asia/Ho_Chi_Minh", "Asia/Atlantis", "openness.yaml: time_zone: "),
        ("openness.yaml", "value: 5", "value: 0", "figures.fewest_votes.0.value: "),
        ("openness.yaml", "title:", "title: [", "openness.yaml: file: "),
    ],
)
def test_a_mistake_names_its_file_and_field(
    rules: Path, file: str, old: str, new: str, says: str
) -> None:
    change(rules, file, old, new)
    with pytest.raises(ScoreRulesError) as mistake:
        read_score_rules(rules)
    assert says in str(mistake.value)
