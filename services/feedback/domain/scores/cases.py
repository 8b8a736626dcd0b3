"""What is known of each case. Each field is told by one topic only, so that it is all the same how topics mix."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.feedback.domain.courtesy import Khong
from services.feedback.domain.happenings import Channel
from services.feedback.domain.ratings import Stars
from services.feedback.domain.scores.news import (
    AppointmentMoved,
    CaseKind,
    ClockSet,
    Found,
    Judged,
    News,
    Outcome,
    Rang,
    Rated,
    Received,
    Reported,
    Resolved,
    SupplementAsked,
    Supplemented,
    Verdict,
)

NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """What deadline told of one clock."""

    is_restarted: bool = False
    """It counts anew, since a supplement."""
    first_due: datetime | None = None
    """The legal due of the first count."""
    legal_due: datetime | None = None
    pledge_due: datetime | None = None
    appointment_at: datetime | None = None
    is_breached: bool = False
    is_pledge_missed: bool = False
    apology_due_at: datetime | None = None
    apologised_at: datetime | None = None
    outcome: Outcome | None = None
    was_missed: bool = False
    """An earlier leg of the same agency was late: a later one in time does not undo it."""
    resolved_at: datetime | None = None
    is_early: bool = False
    is_pledge_kept: bool | None = None

    @property
    def is_overdue(self) -> bool:
        """Late by law, judged or still open."""
        if self.was_missed or self.outcome == "missed":
            return True
        return self.outcome is None and self.is_breached

    @property
    def is_judged(self) -> bool:
        return self.outcome is not None or self.is_overdue


@dataclass(frozen=True, slots=True)
class DossierFacts:
    """A dossier, at the agency that received it."""

    agency: str | None = None
    officer: str | None = None
    """Opaque; no event names one yet."""
    received_at: datetime | None = None
    channel: Channel | None = None
    is_accepted: bool = False
    supplements: int = 0
    """How often its citizen had to come once more."""
    asked_by: tuple[str, ...] = ()
    """Agencies besides the receiving one that had its citizen come."""
    asked_at: datetime | None = None
    """Since when an appraisal waits for its citizen."""
    waited: timedelta = NO_TIME
    """How long appraisals waited for its citizen, in all."""
    is_resolved: bool = False
    clock: ClockFacts = ClockFacts()


@dataclass(frozen=True, slots=True)
class LegFacts:
    """What one agency made of its time; its day is that of the dossier's receipt."""

    agency: str | None = None
    received_at: datetime | None = None
    clock: ClockFacts = ClockFacts()


@dataclass(frozen=True, slots=True)
class RatingFacts:
    agency: str | None = None
    officer: str | None = None
    rated_at: datetime | None = None
    stars: Stars | None = None


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """A report, at the agency it is about. No author, no words, no dossier."""

    agency: str | None = None
    reported_at: datetime | None = None
    against: tuple[Khong, ...] = ()
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What the agency that handles a report made of its time; its day is that of the report."""

    agency: str | None = None
    received_at: datetime | None = None
    clock: ClockFacts = ClockFacts()


Facts = DossierFacts | LegFacts | RatingFacts | ReportFacts | AnswerFacts

NO_FACTS: Mapping[CaseKind, Facts] = {
    CaseKind.DOSSIER: DossierFacts(),
    CaseKind.LEG: LegFacts(),
    CaseKind.RATING: RatingFacts(),
    CaseKind.REPORT: ReportFacts(),
    CaseKind.ANSWER: AnswerFacts(),
}


class StrangeNewsError(TypeError):
    """News of a kind that such a case never has: a defect of ours."""


def learn(facts: Facts, news: News) -> Facts:
    """The case after the news. Raises `StrangeNewsError`."""
    match facts, news:
        case DossierFacts(), Received() | SupplementAsked() | Supplemented() | Resolved():
            return _dossier_after(facts, news)
        case LegFacts(), ClockSet(agency=agency, received_at=received_at):
            clock = _clock_after(facts.clock, news)
            return LegFacts(agency, received_at, clock)
        case AnswerFacts(), ClockSet(agency=agency, received_at=received_at):
            clock = _clock_after(facts.clock, news)
            return AnswerFacts(agency, received_at, clock)
        case (
            DossierFacts() | LegFacts() | AnswerFacts(),
            ClockSet() | AppointmentMoved() | Rang() | Judged(),
        ):
            return replace(facts, clock=_clock_after(facts.clock, news))
        case RatingFacts(), Rated():
            return RatingFacts(news.agency, news.officer, news.rated_at, news.stars)
        case ReportFacts(), Reported():
            return replace(
                facts, agency=news.agency, reported_at=news.reported_at, against=news.against
            )
        case ReportFacts(), Found():
            return replace(facts, verdict=news.verdict)
    raise StrangeNewsError(f"{type(news).__name__} is no news of {type(facts).__name__}")


def _dossier_after(
    facts: DossierFacts, news: Received | SupplementAsked | Supplemented | Resolved
) -> DossierFacts:
    match news:
        case Received():
            # It stays where it was received, whoever accepts or resolves it (rule 16).
            return replace(
                facts,
                agency=facts.agency or news.agency,
                officer=news.officer or facts.officer,
                received_at=facts.received_at or news.received_at,
                channel=news.channel,
                is_accepted=facts.is_accepted or news.is_accepted,
            )
        case SupplementAsked():
            asked_by = {*facts.asked_by, news.agency} - {facts.agency}
            return replace(
                facts,
                supplements=facts.supplements + 1,
                asked_by=tuple(sorted(agency for agency in asked_by if agency)),
                asked_at=news.asked_at if news.is_appraisal else facts.asked_at,
            )
        case Supplemented():
            if not news.is_appraisal or facts.asked_at is None:
                return facts
            waited = max(news.supplemented_at - facts.asked_at, NO_TIME)
            return replace(facts, asked_at=None, waited=facts.waited + waited)
        case Resolved():
            return replace(facts, is_resolved=True)


def _clock_after(
    clock: ClockFacts, news: ClockSet | AppointmentMoved | Rang | Judged
) -> ClockFacts:
    match news:
        case ClockSet(is_recomputed=True):
            return _recomputed(clock, news)
        case ClockSet():
            is_restarted = news.generation > 1
            return replace(
                clock,
                is_restarted=is_restarted,
                first_due=clock.first_due if is_restarted else news.legal_due,
                legal_due=news.legal_due,
                pledge_due=news.pledge_due,
                appointment_at=news.appointment_at,
                is_breached=False,
                is_pledge_missed=False,
                apology_due_at=None,
                outcome=None,
                was_missed=clock.was_missed or clock.outcome == "missed",
                resolved_at=None,
                is_early=False,
                is_pledge_kept=None,
            )
        case AppointmentMoved(appointment_at=at, apologised_at=apologised_at):
            return replace(
                clock, appointment_at=at, apologised_at=clock.apologised_at or apologised_at
            )
        case Rang(rung="apology", due_at=due_at):
            return replace(clock, apology_due_at=due_at)
        case Rang(rung="pledge_missed"):
            return replace(clock, is_pledge_missed=True)
        case Rang():
            return replace(clock, is_breached=True)
        case Judged():
            return replace(
                clock,
                outcome=news.outcome,
                resolved_at=news.resolved_at,
                is_early=news.is_early,
                is_pledge_kept=_is_pledge_kept(clock, news),
            )


def _recomputed(clock: ClockFacts, news: ClockSet) -> ClockFacts:
    """A decree moves what is due; it undoes a breach, and asks no citizen to come once more."""
    is_undone = news.is_breach_withdrawn
    return replace(
        clock,
        first_due=clock.first_due if clock.is_restarted else news.legal_due,
        legal_due=news.legal_due,
        pledge_due=news.pledge_due,
        appointment_at=news.appointment_at,
        is_breached=clock.is_breached and not is_undone,
        is_pledge_missed=clock.is_pledge_missed and not is_undone,
    )


def _is_pledge_kept(clock: ClockFacts, news: Judged) -> bool | None:
    """As the event says it; else by its instant. None where nothing was pledged."""
    if news.is_pledge_kept is not None or clock.pledge_due is None:
        return news.is_pledge_kept
    return news.resolved_at <= clock.pledge_due
