"""Count the scores anew from the topics, beside those that are kept, and say whether they are the same."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from services.feedback.domain.scores.figures import Count, Figure
from services.feedback.usecases.keep_scores import keep_scores
from services.feedback.usecases.ports import Begin
from shared.events.base import Event

MOST_SHOWN = 50
"""Differences that are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Said:
    """An event of a topic, and what says whether it was heard: a sequence, or an id where it has none."""

    source: str
    subject: str
    sequence: int | None
    id: str
    event: Event


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of one unit and day, as it is kept and as the topics have it."""

    agency: str
    on: date
    officer: str
    figure: Figure
    kept: Count
    anew: Count


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of it."""

    events: int
    """Counted: heard, scored, each once."""
    figures: int
    """Sums compared, one per unit, day, officer and figure."""
    differing: int
    differences: Sequence[Difference]
    """The first of those that differ."""
    is_switched: bool


class ReadsHistory(Protocol):
    def read(self) -> AsyncIterator[Sequence[Said]]:
        """Everything said and not read yet, until the present end; each topic in its order."""


class Frozen(Protocol):
    """The kept scores, while nobody changes them."""

    async def unsaid(self) -> Sequence[Said]:
        """What counted when it was decided and is not in the topics yet, in order."""

    async def compare(self, most: int) -> tuple[int, int, Sequence[Difference]]:
        """How many sums there are, how many differ, and the first that do."""

    async def switch(self) -> None:
        """Put what was counted anew in the place of what was kept."""


class Scene(Protocol):
    """Tables for counting anew, beside those that are kept."""

    @property
    def begin(self) -> Begin:
        """Transactions whose scores are those counted anew."""

    async def heard(self, said: Sequence[Said]) -> Sequence[bool]:
        """Of each, whether it was heard and not given up: only then did it count."""

    def frozen(self) -> AbstractAsyncContextManager[Frozen]:
        """The kept scores, held still until the end. What is heard meanwhile waits."""


@dataclass(slots=True)
class _Count:
    """What was counted so far, and what was not heard yet when it was read."""

    scene: Scene
    tell: Callable[[int], None]
    last: dict[tuple[str, str], int] = field(default_factory=dict)
    ids: set[tuple[str, str]] = field(default_factory=set)
    events: int = 0
    waiting: list[Said] = field(default_factory=list)

    async def take(self, said: Sequence[Said]) -> None:
        heard = await self.scene.heard(said)
        counted = []
        for one, is_heard in zip(said, heard, strict=True):
            if not is_heard:
                self.waiting.append(one)
            elif self._is_new(one):
                counted.append(one.event)
        async with self.scene.begin() as books:
            await keep_scores(counted, books)
        self.events += len(counted)
        self.tell(self.events)

    def _is_new(self, one: Said) -> bool:
        if one.sequence is None:
            is_new = (one.source, one.id) not in self.ids
            self.ids.add((one.source, one.id))
            return is_new
        pair = (one.source, one.subject)
        if one.sequence <= self.last.get(pair, 0):
            return False
        self.last[pair] = one.sequence
        return True


async def rebuild_beside(
    history: ReadsHistory, scene: Scene, tell: Callable[[int], None], *, is_applied: bool
) -> Summary:
    """Hear the topics from their beginning into tables of their own, then hold the kept scores still,
    hear the rest, and compare; put the new ones in their place if asked. The service may run meanwhile: what
    it hears waits for as long as the rest takes.

    Counted is what the service has heard and not given up, so that set-aside events make no difference.
    """
    count = _Count(scene, tell)
    async for said in history.read():
        await count.take(said)
    async with scene.frozen() as frozen:
        unsaid = await frozen.unsaid()
        async for said in history.read():
            await count.take(said)
        late, count.waiting = count.waiting, []
        await count.take(late)
        await count.take(unsaid)
        figures, differing, differences = await frozen.compare(MOST_SHOWN)
        if is_applied:
            await frozen.switch()
    return Summary(count.events, figures, differing, differences, is_switched=is_applied)
