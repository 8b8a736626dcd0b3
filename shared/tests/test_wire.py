"""The wire: frozen samples, no personal data, an envelope that says what is wrong with it."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from shared.events.base import Event
from shared.events.catalogue import EVENTS
from shared.events.envelope import Envelope, EnvelopeError
from shared.letters import Opener

SAMPLES = Path(__file__).parents[1] / "events" / "samples"

PUBLIC_TEXTS = {
    ("AgencyRegistered", "name"),
    ("AgencyRegistered", "time_zone"),
    ("AgencyRegistered", "calendar"),
    ("ProcedureRegistered", "name"),
    ("DeadlineSet", "source"),
    ("DeadlineRecomputed", "source"),
}
"""Free texts on the bus: the public names of offices and procedures, and of the laws that rules cite. There is no other."""


@pytest.mark.parametrize("type_", EVENTS)
def test_a_frozen_sample_is_still_heard_and_said_alike(type_: str) -> None:
    """Events change by addition: what was once said is understood for ever."""
    sample = json.loads((SAMPLES / f"{type_}.json").read_text(encoding="utf-8"))
    headers = [(name, value.encode()) for name, value in sample["headers"].items()]
    raw = json.dumps(sample["body"]).encode()
    event = EVENTS[type_]
    letter = Opener([event]).open(event.TOPIC, 0, 0, sample["key"].encode(), headers, raw)
    assert letter.fault is None
    assert letter.event is not None
    assert letter.envelope is not None
    assert said_alike(sample["body"], json.loads(letter.event.model_dump_json()))
    assert dict(letter.envelope.to_headers()) == dict(headers)


def said_alike(once: Any, now: Any) -> bool:
    """All that was once said is said still; what was added since may stand beside it."""
    if isinstance(once, dict):
        return all(name in now and said_alike(value, now[name]) for name, value in once.items())
    if isinstance(once, list):
        return len(once) == len(now) and all(map(said_alike, once, now))
    return bool(once == now)


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
def test_published_events_contain_no_personal_data_free_text_or_attachment(
    event: type[Event],
) -> None:
    """Rule 38: each text is an enumeration or a code with a pattern; extra fields are refused."""
    schema = event.model_json_schema()
    for model in (schema, *schema.get("$defs", {}).values()):
        if model.get("type") != "object":
            continue
        assert model.get("additionalProperties") is False
        for name, field in model["properties"].items():
            for text in _texts(field):
                constrained = text.keys() & {"pattern", "enum", "const", "format"}
                assert constrained or (event.__name__, name) in PUBLIC_TEXTS, name


def _texts(field: dict[str, Any]) -> list[dict[str, Any]]:
    """Every string schema within a field's schema."""
    found = [field] if field.get("type") == "string" else []
    for inner in (*field.get("anyOf", ()), *field.get("prefixItems", ()), field.get("items")):
        if isinstance(inner, dict):
            found += _texts(inner)
    return found


@pytest.mark.parametrize("type_", EVENTS)
def test_what_we_say_refuses_an_extra_field_and_what_we_hear_ignores_it(type_: str) -> None:
    body = json.loads((SAMPLES / f"{type_}.json").read_text(encoding="utf-8"))["body"]
    more = {**body, "applicant_name": "x"}
    with pytest.raises(ValidationError, match="applicant_name"):
        EVENTS[type_].model_validate_json(json.dumps(more))
    assert EVENTS[type_].hear(json.dumps(more).encode()) == EVENTS[type_].hear(
        json.dumps(body).encode()
    )


GOOD = {
    "ce_specversion": "1.0",
    "ce_id": "A/1",
    "ce_source": "thanthien/intake/dossiers",
    "ce_type": "thanthien.dossiers.DossierReturned.v1",
    "ce_subject": "A",
    "ce_time": "2026-08-21T08:00:00+00:00",
    "ce_sequence": "1",
}


@pytest.mark.parametrize(
    ("header", "value", "said"),
    [
        ("ce_specversion", "0.3", "we speak 1.0"),
        ("ce_id", "", "ce_id is missing"),
        ("ce_source", "a\x00b", "printable"),
        ("ce_subject", "A" * 257, "256"),
        ("ce_time", "yesterday", "RFC 3339"),
        ("ce_time", "2026-08-21T08:00:00", "no offset"),
        ("ce_sequence", "0", "1, 2, 3"),
        ("ce_sequence", "9" * 30, "1, 2, 3"),
        ("ce_sequence", "-1", "1, 2, 3"),
    ],
)
def test_a_wrong_header_is_named(header: str, value: str, said: str) -> None:
    headers = [(name, text.encode()) for name, text in {**GOOD, header: value}.items()]
    with pytest.raises(EnvelopeError, match=said) as refused:
        Envelope.from_headers(headers)
    assert header in str(refused.value)


def test_every_model_of_the_wire_is_frozen() -> None:
    models: set[type[BaseModel]] = set(EVENTS.values())
    for event in EVENTS.values():
        for field in event.model_fields.values():
            models |= {
                part
                for part in get_args(field.annotation)
                if isinstance(part, type) and issubclass(part, BaseModel)
            }
    assert all(model.model_config.get("frozen") for model in models)
