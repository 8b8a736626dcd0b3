"""Which event may follow which: a dossier's life and a clock's, as the ledger expects them."""

from collections.abc import Mapping

Moves = Mapping[str, Mapping[str, str]]
"""From a state, by an event (with its stage, rung or reason where that matters), to a state."""

NOTHING = "nothing"
"""Before the first event."""

_LEAVING = {
    "DossierRefused": "refused",
    "DossierWithdrawn": "withdrawn",
    "DossierStopped": "stopped",
}
_CHECKING = {
    "SupplementRequested/check": "check_supplement_requested",
    "DossierAccepted": "accepted",
    **_LEAVING,
}
_WORKING = {
    "SupplementRequested/appraisal": "appraisal_supplement_requested",
    "DossierTransferred": "transferred",
    "DossierResolved": "resolved",
    **_LEAVING,
}

DOSSIER: Moves = {
    NOTHING: {"DossierSubmitted": "submitted"},
    "submitted": _CHECKING,
    "check_supplement_requested": {
        "DossierSupplemented/check": "check_supplemented",
        **_LEAVING,
    },
    "check_supplemented": _CHECKING,
    "accepted": {"DossierForwarded": "forwarded", **_WORKING},
    "forwarded": _WORKING,
    "appraisal_supplement_requested": {
        "DossierSupplemented/appraisal": "appraisal_supplemented",
        **_LEAVING,
    },
    "appraisal_supplemented": _WORKING,
    "transferred": _WORKING,
    "resolved": {"DossierReturned": "returned"},
}

_ENDING = {
    "ClockStopped/refused": "ended",
    "ClockStopped/withdrawn": "ended",
    "ClockStopped/stopped": "ended",
}
_STOPPING = {"ClockStopped/supplement": "stopped", **_ENDING}

CLOCK: Moves = {
    NOTHING: {"DeadlineSet": "running"},
    "running": {
        "AppointmentSet": "running",
        "Reappointed": "running",
        "DeadlineRecomputed": "running",
        "DeadlineRecomputed/anew": "running",
        "AlarmRung/at_risk": "running",
        "AlarmRung/apology": "running",
        "AlarmRung/pledge_missed": "running",
        "AlarmRung/breach": "breached",
        "AlarmRung/reappointment_missed": "running",
        "DeadlineMet": "met",
        **_STOPPING,
    },
    # Only what comes late takes a breach back; whoever misses a deadline was called before.
    "breached": {
        "Reappointed": "breached",
        "DeadlineRecomputed": "breached",
        "DeadlineRecomputed/anew": "running",
        "AlarmRung/reappointment_missed": "breached",
        "DeadlineMissed": "missed",
        "BreachWithdrawn": "taken back",
        **_STOPPING,
    },
    "taken back": {"DeadlineMet": "out_of_sync", **_STOPPING},
    "stopped": {"DeadlineSet": "running", **_ENDING},
    # The same is waited for again: another check, another leg, another supplement.
    "met": {"DeadlineSet": "running"},
    "missed": {"DeadlineSet": "running"},
    "out_of_sync": {"DeadlineSet": "running"},
}

JUDGED: Moves = {**CLOCK, "running": {"DeadlineMet": "met", "DeadlineMissed": "missed"}}
"""Of what is judged only once it has come: nobody was called for it."""

LEG: Moves = {**CLOCK, "running": {**CLOCK["running"], "DeadlineMissed": "missed"}}
"""A leg without hours of its own is due with its dossier, whose alarms ring."""

DOSSIER_CLOCK: Moves = {
    state: steps for state, steps in CLOCK.items() if state not in ("met", "missed", "out_of_sync")
}
"""A dossier is resolved once."""

MOVES_OF: Mapping[str, Moves] = {
    "dossier": DOSSIER_CLOCK,
    "conduct_report": DOSSIER_CLOCK,
    "transfer_leg": LEG,
    "appraisal_supplement": JUDGED,
    "report_return": JUDGED,
    "report_inquiry": JUDGED,
}
"""By the kind of clock; all others are waited for again and again, and alarms ring for them."""

_OPEN_FEEDBACK = {
    "returned": "feedback returned",
    "asked": "feedback asked",
    "refused": "feedback refused",
    "resolved": "feedback resolved",
    "withdrawn": "feedback withdrawn",
}

REPORT: Moves = {
    NOTHING: {
        "ConductReported": "feedback received",
        "ComplaintReceived": "complaint received",
        "DenunciationReceived": "denunciation received",
    },
    "feedback received": _OPEN_FEEDBACK,
    "feedback asked": {
        "answered": "feedback answered",
        "refused": "feedback refused",
        "withdrawn": "feedback withdrawn",
    },
    "feedback answered": _OPEN_FEEDBACK,
    "feedback resolved": {"published": "feedback published"},
    "complaint received": {
        "accepted": "complaint accepted",
        "refused": "complaint refused",
        "withdrawn": "complaint withdrawn",
    },
    "complaint accepted": {
        "resolved": "complaint resolved",
        "withdrawn": "complaint withdrawn",
    },
    "denunciation received": {
        "refused": "denunciation refused",
        "resolved": "denunciation resolved",
        "withdrawn": "denunciation withdrawn",
    },
}
"""A report's life, from its first event on by the steps of `ReportMoved`; the kinds never mix."""

CLOCK_BEGUN_IN: Mapping[str, str] = {
    "feedback received": "conduct_report",
    "feedback returned": "report_return",
    "feedback asked": "report_inquiry",
    "feedback resolved": "report_publication",
    "complaint received": "complaint_acceptance",
    "complaint accepted": "complaint_decision",
    "denunciation received": "denunciation",
}
"""Which clock a report has from the moment it is in a state."""

WAIT_BEGUN_BY: Mapping[str, str] = {
    "SupplementRequested/appraisal": "appraisal_supplement",
    "DossierTransferred": "transfer_leg",
}
"""Which clock an event of a dossier starts, besides the dossier's own."""

TOLD_OF: Mapping[str, str] = {
    "SupplementRequested/check": "request",
    "SupplementRequested/appraisal": "request",
    "DossierSupplemented/check": "supplemented",
    "DossierSupplemented/appraisal": "supplemented",
    "DossierForwarded": "forwarded",
    "DossierTransferred": "transferred",
    "DossierResolved": "resolved",
    "DossierReturned": "thanks",
    "DossierRefused": "refused",
    "DossierWithdrawn": "withdrawn",
    "DossierStopped": "stopped",
}
"""Which notice a move owes its citizen; receipt and acceptance depend on the channel."""

CLOCK_STATES_AFTER: Mapping[str, frozenset[str]] = {
    "accepted": frozenset({"running", "breached"}),
    "forwarded": frozenset({"running", "breached"}),
    "transferred": frozenset({"running", "breached"}),
    "appraisal_supplemented": frozenset({"running", "breached"}),
    "appraisal_supplement_requested": frozenset({"stopped"}),
    "resolved": frozenset({"met", "missed", "out_of_sync"}),
    "returned": frozenset({"met", "missed", "out_of_sync"}),
    "refused": frozenset({"ended"}),
    "withdrawn": frozenset({"ended"}),
    "stopped": frozenset({"ended"}),
}
"""What the clock of an accepted dossier in a state may be."""


def after(moves: Moves, state: str, event: str) -> str | None:
    """The state after an event; None where the event may not follow."""
    return moves.get(state, {}).get(event)
