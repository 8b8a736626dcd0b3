"""The base of every event body: frozen, strict about what we say, tolerant of what we hear."""

from typing import Annotated, ClassVar, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

AgencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9.]{1,35}$")]
"""An agency's code as TT 01/2018 and QĐ 20/2020 allow it: at most 35 of A-Z, 0-9 and dots."""

ProcedureCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
DossierCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9.-]{1,64}$")]
ReportCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{1,64}$")]
HandlerCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:|-]{1,64}$")]
"""An opaque code of who handles a dossier, as the issuer of tokens knows them: no name, no address."""
VersionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._+:@-]{1,128}$")]
Instant = AwareDatetime
NationalStatus = Annotated[int, Field(ge=1, le=10)]
"""The national status codes 1-10; `services.intake.domain.life` says which move gives which."""


class Event(BaseModel):
    """The body of one event.

    A body holds codes, opaque ids, instants and enumerations only: no personal data, no free
    text, no attachment (guarantee 7). Extra fields are refused when we say an event; `hear`
    ignores them, so that a publisher may add a field before its hearers know it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]
    ENDS_SUBJECT: ClassVar[bool] = False
    """Its source says nothing more of its subject, ever: what is kept of it may be forgotten one day."""

    @classmethod
    def hear(cls, body: bytes) -> Self:
        """Parse a body somebody else said. Raises `pydantic.ValidationError`."""
        return cls.model_validate_json(body, extra="ignore")

    def body(self) -> bytes:
        """The body as it is said: JSON in UTF-8."""
        return self.__pydantic_serializer__.to_json(self)

    @property
    def subject(self) -> str:
        """The Kafka key, and what the event's sequence counts."""
        raise NotImplementedError
