"""Reads the dated, cited figures of rules/*.yaml into the domain's words."""

from collections.abc import Mapping
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.intake.domain.codes import Era
from services.intake.domain.forms import Form, FormEra, FormKind, FormRules, Words, check_rules
from services.intake.domain.papers import FILLED
from services.intake.domain.pledges import Floor
from services.intake.domain.reckoned import Sentence, Step, reasons
from services.intake.domain.refused import RefusedError
from services.intake.domain.register import CELLS

RULES = Path(__file__).parents[1] / "rules"
SOME_DAY = date(2026, 11, 13)


@cache
def eras() -> tuple[Era, ...]:
    """How codes are written, the oldest era first."""
    return tuple(
        Era(entry["shape"], entry["valid_from"], entry["source"])
        for entry in _read("codes.yaml")["eras"]
    )


@cache
def floors() -> tuple[Floor, ...]:
    """The least an agency owes, the oldest floor first."""
    return tuple(
        Floor(
            valid_from=entry["valid_from"],
            weekly_minutes=round(entry["weekly_hours"]["at_least"] * 60),
            weekly_minutes_source=entry["weekly_hours"]["source"],
            open_weekdays=tuple(entry["open_weekdays"]["are"]),
            open_weekdays_source=entry["open_weekdays"]["source"],
            open_until=time.fromisoformat(entry["open_until"]["at_least"]),
            open_until_source=entry["open_until"]["source"],
        )
        for entry in _read("pledges.yaml")["floors"]
    )


@cache
def forms() -> FormRules:
    """The forms of the law, checked. Raises `RefusedError` for a file that makes no sense."""
    return read_forms(_read("forms.yaml"))


def read_forms(read: dict[str, Any]) -> FormRules:
    """The forms a rule file names. Raises `RefusedError` naming the place that makes no sense."""
    rules = FormRules(
        tuple(
            FormEra(
                entry["valid_from"],
                entry["regulation"],
                entry["source"],
                tuple(_form(number, form) for number, form in entry["forms"].items()),
            )
            for entry in read["eras"]
        ),
        {name: Words(**words) for name, words in read["fields"].items()},
        {name: Words(**words) for name, words in read["signatures"].items()},
        {name: Words(**words) for name, words in read["columns"].items()},
    )
    check_rules(rules, FILLED.keys(), CELLS.keys())
    return rules


@cache
def sentences() -> Mapping[str, Sentence]:
    """What each step of a reckoning says to a citizen. Raises `RefusedError` for one that cannot be told."""
    return read_sentences(_read("reckoning.yaml"))


def read_sentences(read: dict[str, Any]) -> dict[str, Sentence]:
    """The sentences a rule file holds, each tried. Raises `RefusedError` naming the place."""
    found: dict[str, Sentence] = {}
    for rule, entry in read.items():
        try:
            found[rule] = Sentence(Words(entry["vi"], entry["en"]), Words(**entry["source"]))
            reasons([Step(rule, SOME_DAY, SOME_DAY, 1)], found)
        except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
            says = "vi, en and source in both; {starts}, {ends} and {amount} are filled in"
            raise RefusedError(rule, repr(error), says) from error
    return found


def _form(number: str, form: dict[str, Any]) -> Form:
    try:
        kind = FormKind(form["kind"])
    except ValueError as error:
        raise RefusedError("kind", form["kind"], f"one of {', '.join(FormKind)}") from error
    return Form(
        number,
        kind,
        Words(form["vi"], form["en"]),
        tuple(form["bears"]),
        tuple(form["signs"]),
        Words(**form["says"]) if "says" in form else None,
        tuple(Words(**words) for words in form.get("copies_to", ())),
    )


def _read(name: str) -> dict[str, Any]:
    with (RULES / name).open(encoding="utf-8") as file:
        read: dict[str, Any] = yaml.safe_load(file)
    return read
