"""Who says what, and who hears it: design.md section 1, written down a second time."""

SPEAKERS = {
    "agencies": "intake",
    "procedures": "intake",
    "dossiers": "intake",
    "deadlines": "deadline",
    "feedback": "feedback",
}
"""A topic's short name, and the one service that speaks there."""

HEARERS = {
    "agencies": ("deadline", "feedback"),
    "procedures": ("deadline",),
    "dossiers": ("deadline", "feedback"),
    "deadlines": ("intake", "feedback"),
    "feedback": ("intake", "deadline"),
}

SERVICES = ("intake", "deadline", "feedback")

COMPACTED = frozenset({"agencies", "procedures"})
"""Kafka keeps the last event per key there: a hole is no loss, as long as the last one is there."""


def topic_of(short_name: str) -> str:
    return f"thanthien.{short_name}.v1"


def source_of(short_name: str) -> str:
    """The CloudEvents source of what is said on a topic."""
    return f"thanthien/{SPEAKERS[short_name]}/{short_name}"
