"""A service's OpenAPI document, as it answers in truth: every refusal is problem details."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from shared.problems import MEDIA_TYPE

HTML = "text/html"
PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457. A refusal names the field, the value and the rule.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "value": {},
        "rule": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "value", "rule"],
                "properties": {
                    "field": {"type": "string"},
                    "value": {},
                    "rule": {"type": "string"},
                },
            },
        },
    },
}


class DocumentedApp(FastAPI):
    """A FastAPI application whose document tells of problem details.

    FastAPI writes a shape of its own for a 422 into it, which is never answered here.
    """

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            components = document.setdefault("components", {})
            components.setdefault("schemas", {})["Problem"] = PROBLEM
            for operation in _operations(document):
                _tell_problems(operation)
            for unused in ("HTTPValidationError", "ValidationError"):
                components["schemas"].pop(unused, None)
        return self.openapi_schema or {}


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def _tell_problems(operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    responses.pop("422", None)
    shapes: dict[str, Any] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if _answers_with_pages(operation):
        responses["4XX"] = {
            "description": "Refused",
            "content": {**shapes, HTML: {"schema": {"type": "string"}}},
        }
    else:
        responses["4XX"] = {"description": "Refused", "content": shapes}
    responses.setdefault("503", {"description": "Not now: ask again", "content": shapes})


def _answers_with_pages(operation: dict[str, Any]) -> bool:
    asked = operation.get("requestBody", {}).get("content", {})
    answered = [each.get("content", {}) for each in operation["responses"].values()]
    return any(HTML in each for each in answered) or any("form" in media for media in asked)
