"""The lives that the load lets its dossiers lead: legal moves, as their officers make them."""

from collections.abc import Sequence
from dataclasses import dataclass

PATHS = {
    "request_supplement": "supplement-requests",
    "supplement": "supplements",
    "accept": "acceptance",
    "refuse": "refusal",
    "forward": "forwarding",
    "transfer": "transfers",
    "resolve": "resolution",
    "return": "return",
    "withdraw": "withdrawal",
    "stop": "stop",
}
"""A move's name in the bulk log, and the last part of its own address."""

WITH_REASON = frozenset({"request_supplement", "refuse", "stop"})

STATE_AFTER = {
    "accept": "accepted",
    "refuse": "refused",
    "forward": "forwarded",
    "transfer": "transferred",
    "resolve": "resolved",
    "return": "returned",
    "withdraw": "withdrawn",
    "stop": "stopped",
}
"""Where a move leads whatever came before; a supplement's state also says its stage."""


@dataclass(frozen=True, slots=True)
class Life:
    """How a dossier comes, and what is done with it, one after the other."""

    channel: str
    is_complete: bool
    moves: tuple[str, ...]

    @property
    def state_at_first(self) -> str:
        return "accepted" if self.is_complete and self.channel != "online" else "submitted"


AT_THE_COUNTER: Sequence[Life] = (
    Life("counter", True, ("resolve", "return")),
    Life("counter", True, ("resolve", "return")),
    Life("counter", True, ("forward", "transfer", "resolve", "return")),
    Life("counter", True, ("request_supplement", "supplement", "resolve", "return")),
    Life("counter", False, ("request_supplement", "supplement", "accept", "resolve", "return")),
    Life("online", True, ("accept", "transfer", "resolve", "return")),
    Life("online", True, ("request_supplement", "supplement", "refuse")),
    Life("post", True, ("withdraw",)),
    Life("post", True, ("request_supplement", "stop")),
)
"""Moves made one by one, each by its own request."""

IN_THE_LOG: Sequence[Life] = (
    Life("counter", True, ()),
    Life("counter", True, ("resolve", "return")),
    Life("online", True, ("accept", "resolve")),
    Life("post", True, ("transfer",)),
    Life("online", False, ("refuse",)),
)
"""Lives that an agency's system tells afterwards, in its log."""
