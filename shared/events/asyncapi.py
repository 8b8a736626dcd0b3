"""The AsyncAPI 3.0 document of the wire, made from the catalogue: `python -m shared.events.asyncapi`."""

from typing import Any

import yaml

from shared.events.base import Event
from shared.events.catalogue import COMPACTED, EVENTS
from shared.events.envelope import REQUIRED

SAID_BY = {
    "agencies": "intake",
    "procedures": "intake",
    "dossiers": "intake",
    "deadlines": "deadline",
    "feedback": "feedback",
}
HEARD_BY = {
    "agencies": ("deadline", "feedback"),
    "procedures": ("deadline",),
    "dossiers": ("deadline", "feedback"),
    "deadlines": ("intake", "feedback"),
    "feedback": ("intake", "deadline"),
}


def document() -> dict[str, Any]:
    """The whole document as plain values, the same for the same models."""
    channels: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for event in EVENTS.values():
        short = event.TOPIC.split(".")[1]
        channel = channels.setdefault(short, _channel(event.TOPIC))
        channel["messages"][event.__name__] = _ref("messages", event.__name__)
        messages[event.__name__] = _message(event)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Thân Thiện: dossier events",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 in Kafka's binary mode; the subject is the key.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": _operations(),
        "components": {
            "messages": messages,
            "schemas": {
                event.__name__: event.model_json_schema(ref_template="#/components/schemas/{model}")
                for event in EVENTS.values()
            },
            "messageTraits": {"cloudEvent": {"headers": _headers()}},
        },
    }


def _channel(topic: str) -> dict[str, Any]:
    policy = ["compact"] if topic in COMPACTED else ["delete"]
    return {
        "address": topic,
        "messages": {},
        "bindings": {"kafka": {"topicConfiguration": {"cleanup.policy": policy}}},
    }


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.TYPE,
        "summary": (event.__doc__ or "").strip().split("\n")[0],
        "traits": [_ref("messageTraits", "cloudEvent")],
        "payload": _ref("schemas", event.__name__),
    }


def _operations() -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for short, service in SAID_BY.items():
        channel = {"$ref": f"#/channels/{short}"}
        operations[f"{service}.says.{short}"] = {"action": "send", "channel": channel}
        for hearer in HEARD_BY[short]:
            operations[f"{hearer}.hears.{short}"] = {"action": "receive", "channel": channel}
    return operations


def _headers() -> dict[str, Any]:
    optional = ("ce_sequence", "traceparent", "content-type")
    return {
        "type": "object",
        "required": list(REQUIRED),
        "properties": {name: {"type": "string"} for name in (*REQUIRED, *optional)},
    }


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _hoist(found: dict[str, Any]) -> dict[str, Any]:
    """Move the schemas' own `$defs` to the components, where their references point."""
    schemas = found["components"]["schemas"]
    for schema in list(schemas.values()):
        schemas.update(schema.pop("$defs", {}))
    return found


if __name__ == "__main__":
    print(
        yaml.safe_dump(_hoist(document()), sort_keys=False, allow_unicode=True, width=100), end=""
    )
