"""What feedback hears, and what it does with it."""

from collections.abc import Callable, Sequence

import asyncpg

from services.feedback.usecases.happenings_heard import HAPPENINGS
from services.feedback.usecases.news_heard import NEWS
from services.feedback.usecases.ports import Books, Draw, WritesTexts
from services.feedback.usecases.tell_citizens import tell_citizens
from shared.clock import Clock
from shared.events import agencies, deadlines, dossiers
from shared.events.base import Event
from shared.inbox import Apply
from shared.messages import Heard, Refusal

TOPICS: tuple[str, ...] = (agencies.TOPIC, dossiers.TOPIC, deadlines.TOPIC)

EVENTS: tuple[type[Event], ...] = (
    agencies.AgencyRegistered,
    *HAPPENINGS,
    *(event for event in NEWS if event not in HAPPENINGS and event.TOPIC in TOPICS),
)
"""Other events of these topics change nothing for a citizen or a score, and are passed over."""


def telling(
    books_on: Callable[[asyncpg.Connection], Books],
    texts: WritesTexts,
    draw_token: Draw,
    rating_days: int,
    clock: Clock,
) -> Apply:
    """What to do with a batch: tell citizens and keep the scores, in the transaction it was heard in."""

    async def apply(connection: asyncpg.Connection, heard: Sequence[Heard]) -> Sequence[Refusal]:
        return await tell_citizens(
            heard, books_on(connection), texts, draw_token, rating_days, clock.now()
        )

    return apply
