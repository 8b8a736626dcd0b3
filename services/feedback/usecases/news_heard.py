"""Which event is news of which case: the table from the wire to the scores."""

from collections.abc import Callable, Mapping
from typing import Any

from services.feedback.domain.courtesy import Khong
from services.feedback.domain.ratings import Stars
from services.feedback.domain.scores.news import (
    AppointmentMoved,
    CaseKind,
    CaseName,
    ClockSet,
    Found,
    Judged,
    News,
    Rang,
    Rated,
    Received,
    Reported,
    Resolved,
    SupplementAsked,
    Supplemented,
)
from shared.events import deadlines, dossiers, feedback
from shared.events.base import Event

CLOCKS: Mapping[deadlines.ClockKind, CaseKind] = {
    "dossier": CaseKind.DOSSIER,
    "transfer_leg": CaseKind.LEG,
    "conduct_report": CaseKind.ANSWER,
}
"""The kinds of clock that a figure counts."""


def _submitted(event: dossiers.DossierSubmitted) -> News:
    return Received(
        event.agency,
        event.received_at,
        event.channel,
        is_accepted=False,
        officer=_officer_of(event),
    )


def _accepted(event: dossiers.DossierAccepted) -> News:
    return Received(
        event.agency, event.received_at, event.channel, is_accepted=True, officer=_officer_of(event)
    )


def _asked(event: dossiers.SupplementRequested) -> News:
    return SupplementAsked(event.agency, event.requested_at, event.stage == "appraisal")


def _supplemented(event: dossiers.DossierSupplemented) -> News:
    return Supplemented(event.supplemented_at, event.stage == "appraisal")


def _resolved(event: dossiers.DossierResolved) -> News:
    return Resolved(event.resolved_at)


def _clock_set(event: deadlines.DeadlineSet) -> News:
    anew = event if isinstance(event, deadlines.DeadlineRecomputed) else None
    return ClockSet(
        event.agency,
        event.received_at,
        event.generation,
        event.legal_due,
        event.pledge_due,
        event.appointment_at,
        is_recomputed=anew is not None,
        is_breach_withdrawn=anew is not None and anew.is_breach_withdrawn,
    )


def _appointment_set(event: deadlines.AppointmentSet) -> News:
    return AppointmentMoved(event.appointment_at)


def _reappointed(event: deadlines.Reappointed) -> News:
    return AppointmentMoved(event.appointment_at, apologised_at=event.reappointed_at)


def _rang(event: deadlines.AlarmRung) -> News | None:
    match event.rung:
        case "apology" | "pledge_missed" | "breach" as rung:
            return Rang(rung, event.due_at)
        case _:
            return None


def _met(event: deadlines.DeadlineMet) -> News:
    return Judged("met", event.resolved_at, event.is_early, event.is_pledge_kept)


def _missed(event: deadlines.DeadlineMissed) -> News:
    return Judged("missed", event.resolved_at)


def _withdrawn(event: deadlines.BreachWithdrawn) -> News:
    return Judged("out_of_sync", event.resolved_at)


def _reported(event: feedback.ConductReported) -> News:
    against = tuple(Khong(number) for number in event.against)
    return Reported(event.agency, against, event.reported_at)


def _found(event: feedback.ReportMoved) -> News | None:
    return None if event.verdict is None else Found(event.verdict)


def _rated(event: feedback.RatingGiven) -> News:
    stars = Stars(event.smile, event.gentle, event.listen, event.help)
    return Rated(event.agency, stars, event.rated_at, _officer_of(event))


NEWS: Mapping[type[Event], Callable[[Any], News | None]] = {
    dossiers.DossierSubmitted: _submitted,
    dossiers.SupplementRequested: _asked,
    dossiers.DossierSupplemented: _supplemented,
    dossiers.DossierAccepted: _accepted,
    dossiers.DossierResolved: _resolved,
    deadlines.DeadlineSet: _clock_set,
    deadlines.DeadlineRecomputed: _clock_set,
    deadlines.AppointmentSet: _appointment_set,
    deadlines.Reappointed: _reappointed,
    deadlines.AlarmRung: _rang,
    deadlines.DeadlineMet: _met,
    deadlines.DeadlineMissed: _missed,
    deadlines.BreachWithdrawn: _withdrawn,
    feedback.ConductReported: _reported,
    feedback.ReportMoved: _found,
    feedback.RatingGiven: _rated,
}


# By type and topic, not by isinstance: models are abstract classes, and asking those costs more than all the rest.
WITH_AN_OFFICER = frozenset(event for event in NEWS if "officer" in event.model_fields)
"""Events that name one. None does yet: once one has an opaque `officer`, scores follow it."""

AT_ITS_AGENCY = frozenset(
    {
        dossiers.DossierSubmitted,
        dossiers.DossierAccepted,
        feedback.ConductReported,
        feedback.RatingGiven,
    }
)
AT_ITS_HOLDER: frozenset[deadlines.ClockKind] = frozenset({"transfer_leg", "conduct_report"})
"""Clocks that count at the agency whose time they measure."""
CLOCK_SETS = frozenset({deadlines.DeadlineSet, deadlines.DeadlineRecomputed})


def _officer_of(event: Any) -> str | None:
    return event.officer if type(event) in WITH_AN_OFFICER else None


def is_scored(event: Any) -> bool:
    """Whether an event could be news of a case."""
    return type(event) in NEWS and (event.TOPIC != deadlines.TOPIC or event.kind in CLOCKS)


def counted_at(event: Any) -> str | None:
    """The agency whose day the event chooses: its time zone must be known. None for others."""
    chooses = type(event) in AT_ITS_AGENCY or (
        type(event) in CLOCK_SETS and event.kind in AT_ITS_HOLDER
    )
    return event.agency if chooses else None


def news_of(event: Event) -> tuple[CaseName, News] | None:
    """What the event tells of which case; None where it tells nothing that is scored.

    A complaint or denunciation has a clock and steps, and no figure: reports alone are counted
    (rule 32).
    """
    if not is_scored(event):
        return None
    news = NEWS[type(event)](event)
    return None if news is None else (_case_of(event), news)


def _case_of(event: Any) -> CaseName:
    if event.TOPIC == dossiers.TOPIC:
        return CaseName(CaseKind.DOSSIER, event.dossier)
    if event.TOPIC == deadlines.TOPIC:
        kind = CLOCKS[event.kind]
        return CaseName(kind, event.code, event.agency if kind is CaseKind.LEG else "")
    is_rating = type(event) is feedback.RatingGiven
    return CaseName(CaseKind.RATING if is_rating else CaseKind.REPORT, event.subject)
