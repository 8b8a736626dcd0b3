"""Reports as routes answer them: to their author, to their handlers, and to the unit reported."""

from datetime import date

from pydantic import AwareDatetime, BaseModel, Field

from services.feedback.domain.report_steps import Step, Verdict
from services.feedback.domain.reports import Kind, Report
from services.feedback.usecases.follow_report import Followed
from services.feedback.usecases.handle_report import InHand
from services.feedback.usecases.list_reports import UnitCopy
from services.feedback.usecases.ports import Identity, Opening, TakenStep


class StepShown(BaseModel):
    """One step of the handling; `role` is who took it."""

    step: Step
    words: str
    verdict: Verdict | None
    role: str
    taken_at: AwareDatetime

    @classmethod
    def of(cls, step: TakenStep) -> "StepShown":
        return cls(
            step=step.step,
            words=step.words,
            verdict=step.verdict,
            role=step.by.role,
            taken_at=step.taken_at,
        )


class OpeningShown(BaseModel):
    """Who looked at what could show the author, when and why."""

    what: str
    opened_by: str | None
    role: str
    reason: str
    opened_at: AwareDatetime

    @classmethod
    def of(cls, opening: Opening) -> "OpeningShown":
        return cls(
            what=opening.what,
            opened_by=opening.by.subject,
            role=opening.by.role,
            reason=opening.reason,
            opened_at=opening.opened_at,
        )


class FollowedShown(BaseModel):
    """A report as its author follows it."""

    report: str
    kind: Kind
    agency: str
    handler: str
    against: list[int]
    dossier: str | None
    reported_at: AwareDatetime
    is_named: bool
    attachments: int
    state: str
    verdict: Verdict | None
    steps: list[StepShown]
    openings: list[OpeningShown]


class UnitCopyShown(BaseModel):
    """What the reported unit is told: no word, no dossier, no hour, nothing of the author."""

    report: str
    kind: Kind
    against: list[int]
    reported_on: date
    state: str
    verdict: Verdict | None
    moved_on: date | None


class UnitCopiesShown(BaseModel):
    agency: str
    reports: list[UnitCopyShown]
    next: str | None = Field(description="Ask for `after` this one; null: there are no more.")


class HandledShown(BaseModel):
    """A report in the list of who handles it."""

    report: str
    kind: Kind
    agency: str
    handler: str
    against: list[int]
    reported_at: AwareDatetime
    state: str
    verdict: Verdict | None
    moved_at: AwareDatetime | None


class HandledListShown(BaseModel):
    reports: list[HandledShown]
    next: str | None = Field(description="Ask for `after` this one; null: there are no more.")


class InHandShown(HandledShown):
    """A report for its handler: the words without its author's details."""

    dossier: str | None
    words: str
    is_named: bool
    attachments: int
    steps: list[StepShown]
    openings: list[OpeningShown]


class AuthorShown(BaseModel):
    name: str
    phone: str
    email: str
    address: str


class IdentityShown(BaseModel):
    """Who wrote the report; `words` as they came, where the handler's copy masks some."""

    report: str
    author: AuthorShown
    words: str | None


def followed_shown(followed: Followed) -> FollowedShown:
    report = followed.report
    return FollowedShown(
        report=report.code,
        kind=report.kind,
        agency=report.agency,
        handler=report.handler,
        against=[int(khong) for khong in report.against],
        dossier=report.dossier,
        reported_at=report.reported_at,
        is_named=report.is_named,
        attachments=report.attachments,
        state=report.state,
        verdict=report.verdict,
        steps=[StepShown.of(step) for step in followed.steps],
        openings=[OpeningShown.of(opening) for opening in followed.openings],
    )


def copy_shown(copy: UnitCopy) -> UnitCopyShown:
    report = copy.report
    return UnitCopyShown(
        report=report.code,
        kind=report.kind,
        against=[int(khong) for khong in report.against],
        reported_on=copy.reported_on,
        state=report.state,
        verdict=report.verdict,
        moved_on=copy.moved_on,
    )


def handled_shown(report: Report) -> HandledShown:
    return HandledShown.model_validate(_listed(report))


def identity_shown(code: str, identity: Identity) -> IdentityShown:
    author = identity.author
    return IdentityShown(
        report=code,
        author=AuthorShown(
            name=author.name, phone=author.phone, email=author.email, address=author.address
        ),
        words=identity.words,
    )


def _listed(report: Report) -> dict[str, object]:
    return {
        "report": report.code,
        "kind": report.kind,
        "agency": report.agency,
        "handler": report.handler,
        "against": [int(khong) for khong in report.against],
        "reported_at": report.reported_at,
        "state": report.state,
        "verdict": report.verdict,
        "moved_at": report.moved_at,
    }


def in_hand_shown(found: InHand) -> InHandShown:
    report = found.report
    return InHandShown.model_validate(
        {
            **_listed(report),
            "dossier": report.dossier,
            "words": report.words,
            "is_named": report.is_named,
            "attachments": report.attachments,
            "steps": [StepShown.of(step) for step in found.steps],
            "openings": [OpeningShown.of(opening) for opening in found.openings],
        }
    )
