"""What citizens send: the same fields from a page's form or as JSON."""

from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qs

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from services.feedback.domain.ratings import FEWEST_STARS, MOST_STARS
from services.feedback.domain.reports import MOST_CHARACTERS
from shared.events.base import AgencyCode, DossierCode, ReportCode
from shared.problems import Problem, invalid

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
LONGEST_BODY_BYTES = 65_536
"""Room for a report's 4,000 characters at 9 bytes each, as forms write Vietnamese letters."""
MOST_FIELDS = 20
SHARED_FIELDS = frozenset({"against"})
"""Form fields that may be given several times."""

StarsField = Annotated[int, Field(ge=FEWEST_STARS, le=MOST_STARS)]


class Body(BaseModel):
    """Fields a citizen may send; others are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RatingBody(Body):
    """Stars, 1 to 5, for each of the 4 luôn."""

    smile: StarsField
    gentle: StarsField
    listen: StarsField
    help: StarsField


class ReportBody(Body):
    """A report against one or more of the 5 không."""

    agency: AgencyCode
    against: Annotated[list[Annotated[int, Field(ge=1, le=5)]], Field(min_length=1)]
    dossier: DossierCode | None = None
    text: Annotated[str, Field(max_length=MOST_CHARACTERS)] = ""

    @field_validator("dossier", mode="before")
    @classmethod
    def _empty_is_none(cls, dossier: object) -> object:
        """A form sends an empty field where nothing was filled in."""
        return None if dossier == "" else dossier

    @field_validator("text")
    @classmethod
    def _has_no_nul(cls, text: str) -> str:
        if "\x00" in text:
            raise ValueError("text must not contain the character U+0000")
        return text


class FollowBody(Body):
    """What a report's author was given."""

    report: ReportCode
    secret: Annotated[str, Field(min_length=1, max_length=200)]


Asked = TypeVar("Asked", bound=Body)


class BodyRefusedError(Exception):
    """A body that has not the asked shape, with the fields as they came, to show them again."""

    def __init__(self, problem: Problem, fields: dict[str, Any]) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.fields = fields


def is_form(request: Request) -> bool:
    """Whether a page's form was sent, and so a page is to be answered."""
    return _content_type(request) == FORM


async def read_body(request: Request, asked: type[Asked]) -> Asked:
    """The body as `asked`. Raises `BodyRefusedError` carrying the problem: 400, 413, 415 or 422."""
    raw = await _read_bounded(request)
    content_type = _content_type(request)
    if content_type == FORM:
        return _checked(asked, _fields(raw))
    if content_type == JSON:
        return _checked_json(asked, raw)
    raise BodyRefusedError(
        Problem(
            415,
            "Send JSON or a form",
            f"content-type is {content_type!r}; {JSON} or {FORM} is asked",
            type="unsupported-media-type",
        ),
        {},
    )


def documented(asked: type[Body]) -> dict[str, Any]:
    """The OpenAPI request body of a route that takes `asked` in either shape."""
    schema = asked.model_json_schema()
    return {
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": schema}, FORM: {"schema": schema}},
        }
    }


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _read_bounded(request: Request) -> bytes:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LONGEST_BODY_BYTES:
            raise BodyRefusedError(
                Problem(
                    413,
                    "The body is too long",
                    f"at most {LONGEST_BODY_BYTES} bytes are read",
                    type="too-long",
                ),
                {},
            )
    return bytes(raw)


def _fields(raw: bytes) -> dict[str, Any]:
    """The form's fields; those of `SHARED_FIELDS` as lists, of others the last value."""
    try:
        found = parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        problem = Problem(400, "The body is not a form", str(error), type="malformed-form")
        raise BodyRefusedError(problem, {}) from error
    return {name: values if name in SHARED_FIELDS else values[-1] for name, values in found.items()}


def _checked(asked: type[Asked], fields: dict[str, Any]) -> Asked:
    try:
        return asked.model_validate(fields)
    except ValidationError as error:
        raise BodyRefusedError(_problem_of(error), fields) from error


def _checked_json(asked: type[Asked], raw: bytes) -> Asked:
    try:
        return asked.model_validate_json(raw, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            problem = Problem(400, "The body is not JSON", first["msg"], type="malformed-json")
        else:
            problem = _problem_of(error)
        raise BodyRefusedError(problem, {}) from error


def _problem_of(error: ValidationError) -> Problem:
    return invalid(list(error.errors(include_url=False, include_context=False)))
