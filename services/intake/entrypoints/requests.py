"""What is common to the requests of intake: who asks, with which headers, in which words."""

import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from fastapi import Request

from services.intake.domain import codes
from services.intake.domain.codes import Era
from services.intake.domain.hand_overs import Contact
from services.intake.domain.refused import RefusedError
from services.intake.entrypoints.bodies import (
    BulkSubmission,
    ContactBody,
    DocumentBody,
    SubmissionBody,
)
from services.intake.entrypoints.problems import problem_of
from services.intake.usecases.ports import Actor, Applicant, Document, Key, Submission
from shared import tracing
from shared.identity import Caller, Role

LONGEST_WAIT_SECONDS = 30.0
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?(?=$|[,;\s])", re.I)
_KEY = re.compile(r"[!-~]{1,255}")

SUPERVISORS = frozenset({Role.HEAD_OF_UNIT, Role.INTEGRATOR, Role.OPERATOR})
"""Who may cite the legal basis of a second request; a system passes on what its head decided."""
DATES = frozenset({Role.INTEGRATOR, Role.OPERATOR})
"""Who may say when something happened: systems that bring a log, not people at a desk."""


def actor_of(caller: Caller) -> Actor:
    """The caller as it is written down."""
    return Actor(caller.subject, caller.role, caller.agency)


def seconds_to_wait(request: Request) -> float | None:
    """`Prefer: wait=N` (RFC 7240), at most 30 seconds; None when it is not asked, or not in digits."""
    preferred = request.headers.get("prefer")
    if preferred is None or (found := _WAIT.search(preferred)) is None:
        return None
    return min(float(found[1]), LONGEST_WAIT_SECONDS)


def traceparent_of(request: Request) -> str | None:
    """The request's place in a trace that is kept, else the trace the caller is part of (W3C)."""
    kept = tracing.kept_here()
    if kept is not None:
        return kept.traceparent
    given = request.headers.get("traceparent")
    return given if tracing.read(given) else None


def trace_of_many(request: Request) -> str | None:
    """The same for a log of many lines, not kept: thousands of dossiers would be one trace."""
    place = tracing.read(traceparent_of(request))
    return None if place is None else place._replace(is_kept=False).traceparent


async def key_of(request: Request, caller: Caller) -> Key | None:
    """The Idempotency-Key, with what was asked under it. Raises `Problem`."""
    given = request.headers.get("idempotency-key")
    if given is None:
        return None
    if not _KEY.fullmatch(given):
        raise problem_of(
            RefusedError("Idempotency-Key", given, "1 to 255 visible ASCII characters are asked")
        )
    asked = b"%s %s\n%s" % (
        request.method.encode(),
        request.url.path.encode(),
        await request.body(),
    )
    return Key(caller.subject, given, sha256(asked).digest())


def check_dated(caller: Caller, field: str, instant: datetime | None) -> None:
    """People's moves happen when they make them. Raises `Problem`."""
    if instant is not None and caller.role not in DATES:
        raise problem_of(
            RefusedError(
                field, instant.isoformat(), "only an agency's system may say when it happened"
            )
        )


def check_code(code: str, eras: Sequence[Era]) -> str:
    """A dossier's code in a legal shape. Raises `Problem`."""
    try:
        return str(codes.parse(code, eras))
    except RefusedError as error:
        raise problem_of(error) from error


def documents_of(bodies: Sequence[DocumentBody]) -> list[Document]:
    """The documents named."""
    return [Document(body.name, body.copies, body.originals, body.certified) for body in bodies]


def contact_of(body: ContactBody | None) -> Contact | None:
    """Whom the citizen may ask."""
    return None if body is None else Contact(body.name, body.phone)


def submission_of(
    body: SubmissionBody | BulkSubmission,
    agency: str,
    actor: Actor,
    asked_at: datetime,
    *,
    received_at: datetime | None,
    key: Key | None = None,
    traceparent: str | None = None,
) -> Submission:
    """The submission a body asks for."""
    applicant = body.applicant
    return Submission(
        agency=agency,
        procedure=body.procedure,
        channel=body.channel,
        is_complete=body.is_complete,
        applicant=Applicant(applicant.name, applicant.address, applicant.phone, applicant.email),
        documents=documents_of(body.documents),
        actor=actor,
        asked_at=asked_at,
        received_at=received_at,
        reference=body.reference,
        language=body.language,
        sets=body.sets,
        return_by=body.return_by,
        key=key,
        traceparent=traceparent,
    )
