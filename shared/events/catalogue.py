"""Every event we know, by its CloudEvents type."""

from shared.events import agencies, deadlines, dossiers, feedback, procedures
from shared.events.base import Event

EVENTS: dict[str, type[Event]] = {
    event.TYPE: event
    for event in (
        agencies.AgencyRegistered,
        procedures.ProcedureRegistered,
        dossiers.DossierSubmitted,
        dossiers.SupplementRequested,
        dossiers.DossierSupplemented,
        dossiers.DossierAccepted,
        dossiers.DossierRefused,
        dossiers.DossierTransferred,
        dossiers.DossierForwarded,
        dossiers.DossierResolved,
        dossiers.DossierReturned,
        dossiers.DossierWithdrawn,
        dossiers.DossierStopped,
        deadlines.DeadlineSet,
        deadlines.DeadlineRecomputed,
        deadlines.DeadlineUncomputable,
        deadlines.CalendarRevised,
        deadlines.AppointmentSet,
        deadlines.Reappointed,
        deadlines.ClockStopped,
        deadlines.AlarmRung,
        deadlines.DeadlineMet,
        deadlines.DeadlineMissed,
        deadlines.BreachWithdrawn,
        feedback.NoticeSent,
        feedback.RatingGiven,
        feedback.ConductReported,
        feedback.ComplaintReceived,
        feedback.DenunciationReceived,
        feedback.ReportMoved,
    )
}

ENDINGS = frozenset(name for name, event in EVENTS.items() if event.ENDS_SUBJECT)
"""The types after which nothing more is said of a subject."""

COMPACTED = frozenset({agencies.TOPIC, procedures.TOPIC})
"""Topics whose events carry whole states: Kafka keeps the last per key, so holes are no gaps."""

CLOCK_TOPIC = "thanthien.clock.v1"
"""Drives the virtual clock in replays and tests; unused in life."""
