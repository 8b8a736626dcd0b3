"""What citizens send: the same fields from a page's form or as JSON."""

from base64 import b64decode
from binascii import Error as NotBase64Error
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qs

from fastapi import Request
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from services.feedback.domain import attachments, report_steps
from services.feedback.domain.ratings import FEWEST_STARS, MOST_STARS
from services.feedback.domain.reports import MOST_CHARACTERS, Kind
from services.feedback.entrypoints.multipart import MultipartError, read_multipart
from shared.events.base import AgencyCode, DossierCode, ReportCode
from shared.postgres import is_transient
from shared.problems import Problem, invalid, not_now

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"
LONGEST_BODY_BYTES = 65_536
"""Room for a report's 4,000 characters at 9 bytes each, as forms write Vietnamese letters."""
LONGEST_REPORT_BYTES = (
    attachments.MOST_ATTACHMENTS * attachments.MOST_BYTES * 4 // 3 + 2 * LONGEST_BODY_BYTES
)
"""Room for every attachment as JSON writes it, in base64."""
DRAINED_BYTES = 64 * 1024 * 1024
"""How much of a form that is too long is read all the same: a browser that is answered before it
has sent everything shows a broken connection instead of the answer."""
MOST_FIELDS = 20
QUOTED_CHARACTERS = 80
SHARED_FIELDS = frozenset({"against"})
"""Form fields that may be given several times."""

StarsField = Annotated[int, Field(ge=FEWEST_STARS, le=MOST_STARS)]


class Body(BaseModel):
    """Fields a citizen may send; others are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RatingBody(Body):
    """Stars, 1 to 5, for each of the 4 luôn and overall. Who asked before `overall` was, sends none."""

    smile: StarsField
    gentle: StarsField
    listen: StarsField
    help: StarsField
    overall: StarsField | None = None


AuthorField = Annotated[str, Field(max_length=1_000)]
"""The domain knows how long each may be; this bounds what it must look at."""
File = Annotated[bytes, WithJsonSchema({"type": "string", "contentEncoding": "base64"})]


class ReportBody(Body):
    """A report: feedback against one or more of the 5 không, a complaint, or a denunciation."""

    kind: Kind = Kind.FEEDBACK
    agency: AgencyCode
    against: Annotated[
        list[Annotated[int, Field(ge=1, le=5)]], Field(default_factory=list, validate_default=True)
    ]
    dossier: DossierCode | None = None
    text: Annotated[str, Field(max_length=MOST_CHARACTERS)] = ""
    author_name: AuthorField = ""
    author_phone: AuthorField = ""
    author_email: AuthorField = ""
    author_address: AuthorField = ""
    attachments: list[File] = []
    """JPEG, PNG or PDF; in JSON each in base64."""

    @field_validator("kind", mode="before")
    @classmethod
    def _kind_by_name(cls, kind: object) -> object:
        """In strict JSON too, a kind is a word."""
        return Kind(kind) if isinstance(kind, str) and kind in set(Kind) else kind

    @field_validator("against")
    @classmethod
    def _feedback_names_one(cls, against: list[int], info: ValidationInfo) -> list[int]:
        if not against and info.data.get("kind") is Kind.FEEDBACK:
            raise ValueError("names at least one of the 5 không")
        return against

    @field_validator("attachments", mode="before")
    @classmethod
    def _read_base64(cls, files: object) -> object:
        if not isinstance(files, list):
            return files
        try:
            return [b64decode(one, validate=True) if isinstance(one, str) else one for one in files]
        except (NotBase64Error, ValueError) as error:
            raise ValueError("each is written in base64") from error

    @field_validator("dossier", mode="before")
    @classmethod
    def _empty_is_none(cls, dossier: object) -> object:
        """A form sends an empty field where nothing was filled in."""
        return None if dossier == "" else dossier

    @field_validator("text")
    @classmethod
    def _has_no_nul(cls, text: str) -> str:
        return without_nul(text)


class FollowBody(Body):
    """What a report's author was given."""

    report: ReportCode
    secret: Annotated[str, Field(min_length=1, max_length=200)]


class AnswerBody(FollowBody):
    """The author's answer to what was asked."""

    text: Annotated[str, Field(max_length=report_steps.MOST_CHARACTERS)]

    @field_validator("text")
    @classmethod
    def _has_no_nul(cls, text: str) -> str:
        return without_nul(text)


def without_nul(text: str) -> str:
    """PostgreSQL cannot keep it. Raises `ValueError`."""
    if "\x00" in text:
        raise ValueError("text must not contain the character U+0000")
    return text


Asked = TypeVar("Asked", bound=Body)


class BodyRefusedError(Exception):
    """A body that has not the asked shape, with the fields as they came, to show them again."""

    def __init__(self, problem: Problem, fields: dict[str, Any]) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.fields = fields


def put_off(error: Exception, fields: dict[str, Any]) -> BodyRefusedError:
    """A database that is away, with what was typed: it can be sent again. Raises any other error again."""
    if not is_transient(error):
        raise error
    return BodyRefusedError(not_now("the database is away; ask again in a moment"), fields)


def is_form(request: Request) -> bool:
    """Whether a page's form was sent, and so a page is to be answered."""
    return _content_type(request) in (FORM, MULTIPART)


async def read_body(
    request: Request, asked: type[Asked], most_bytes: int = LONGEST_BODY_BYTES
) -> Asked:
    """The body as `asked`. Raises `BodyRefusedError` carrying the problem: 400, 413, 415 or 422."""
    content_type = _content_type(request)
    if content_type == MULTIPART:
        return await _read_form_with_files(request, asked, most_bytes)
    raw = await _read_bounded(request, most_bytes if content_type == JSON else LONGEST_BODY_BYTES)
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
    schema = _whole(schema, schema.pop("$defs", {}))
    return {
        "requestBody": {
            "required": True,
            "content": {type_: {"schema": schema} for type_ in (JSON, FORM, MULTIPART)},
        }
    }


def _whole(schema: Any, definitions: dict[str, Any]) -> Any:
    """The schema with what it refers to put in its place: within a document it has no `$defs`."""
    if isinstance(schema, list):
        return [_whole(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if name := schema.get("$ref", "").removeprefix("#/$defs/"):
        schema = {**definitions[name], **{k: v for k, v in schema.items() if k != "$ref"}}
    return {key: _whole(each, definitions) for key, each in schema.items()}


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _read_bounded(request: Request, most_bytes: int) -> bytes:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > most_bytes:
            raise BodyRefusedError(_too_long(most_bytes), {})
    return bytes(raw)


def _too_long(most_bytes: int) -> Problem:
    detail = f"at most {most_bytes} bytes are read"
    return Problem(413, "The body is too long", detail, type="too-long")


async def _read_form_with_files(request: Request, asked: type[Asked], most_bytes: int) -> Asked:
    """What was typed comes before the files, so it is there even where a file is cut off."""
    raw, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        raw += chunk[: max(0, most_bytes - len(raw))]
        if size > DRAINED_BYTES:
            break
    try:
        content_type = request.headers.get("content-type", "")
        parts = read_multipart(bytes(raw), content_type, LONGEST_BODY_BYTES)
    except MultipartError as error:
        problem = Problem(400, "The body is not a form", str(error), type="malformed-form")
        raise BodyRefusedError(problem, {}) from error
    fields = _merged(parts.texts) | parts.files
    if size > most_bytes:
        raise BodyRefusedError(_files_too_large(), fields)
    return _checked(asked, fields)


def _files_too_large() -> Problem:
    refused = attachments.too_large()
    return refused_field(refused.field, None, refused.rule)


def refused_field(field: str, value: object, rule: str) -> Problem:
    """The 422 of one field that breaks a rule. Texts are quoted by their beginning, files not at all."""
    if isinstance(value, str):
        value = value[:QUOTED_CHARACTERS]
    elif field == "attachments":
        value = None
    fault = {"field": field, "value": value, "rule": rule}
    return Problem(
        422,
        "The report is not as asked",
        f"{field}: {rule}",
        type="invalid-request",
        errors=[fault],
    )


def _fields(raw: bytes) -> dict[str, Any]:
    """The form's fields; those of `SHARED_FIELDS` as lists, of others the last value."""
    try:
        found = parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        problem = Problem(400, "The body is not a form", str(error), type="malformed-form")
        raise BodyRefusedError(problem, {}) from error
    return _merged(found)


def _merged(found: dict[str, list[str]]) -> dict[str, Any]:
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
