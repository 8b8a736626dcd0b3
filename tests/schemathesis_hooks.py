"""What schemathesis must be told: how a log of lines is sent."""

import json
from typing import Any

import schemathesis
from schemathesis import SerializationContext


@schemathesis.serializer("application/x-ndjson")
def as_lines(context: SerializationContext, value: Any) -> bytes:
    """Text as it is; what is no text, which is wrong on purpose, as one line."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode(errors="replace")
