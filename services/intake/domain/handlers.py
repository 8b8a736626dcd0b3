"""Who handles a dossier, as citizens and the bus are told: an opaque code, never a name."""

import re

PERSONS = frozenset({"officer", "head_of_unit"})
"""Roles of people at a counter or a desk; systems and operators handle nobody's dossier."""
OPAQUE = re.compile(r"[A-Za-z0-9._:|-]{1,64}")


def code_of(subject: str, role: str) -> str | None:
    """The code of whoever acts; None for a system, and for a subject that is an address or has spaces:
    it could be a name."""
    return subject if role in PERSONS and OPAQUE.fullmatch(subject) else None
