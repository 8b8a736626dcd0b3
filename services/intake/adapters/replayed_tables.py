"""Intake's tables, as a replay sees them: what it heard can be heard again; the rest is only here."""

from shared.replaying.plan import Table

HEARD = (
    Table("promises", ("dossier",), "dossier"),
    Table("hand_overs", ("dossier", "kind", "generation"), "dossier"),
    Table("notices", ("dossier", "notice", "sent_at"), "dossier"),
    Table(
        "apologies",
        ("dossier",),
        "dossier",
        ignored=("reason", "signer", "actor", "role", "actor_agency", "issued_at"),
    ),
)

NEEDED = ("dossiers",)
"""An event is heard of a dossier that is there."""

ONLY_HERE = (
    "agencies, procedures, dossiers, their applicants, documents, moves and slips are only in intake's schema, and "
    "are restored from a backup; what was heard is compared without --switch"
)
