"""What deadline says of a reckoning and what intake tells of it are the same rules."""

import re
from pathlib import Path
from typing import Any

import yaml

SERVICES = Path(__file__).parents[1] / "services"
NOT_OF_A_DOSSIER = {"forward_same_day", "forward_at_opening", "leg_of_dossier"}
"""Steps of clocks that no citizen is given a date by: their events say none."""


def read(service: str, name: str) -> dict[str, Any]:
    text = (SERVICES / service / "rules" / name).read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_every_step_of_a_dossier_has_its_sentence_with_the_same_places_and_the_same_law() -> None:
    said, told = read("deadline", "explanations.yaml"), read("intake", "reckoning.yaml")
    assert told.keys() == said.keys() - NOT_OF_A_DOSSIER
    for rule, sentence in told.items():
        for language in ("vi", "en"):
            places = re.findall(r"{\w+}", sentence[language])
            assert places == re.findall(r"{\w+}", said[rule][language]), rule
        for law in re.findall(r"(?:NĐ|QĐ|TT) [\w/-]+|\bart\. \d+", said[rule]["source"]):
            assert law in sentence["source"]["en"], rule
