"""Keep the scores with what is heard and said: what a case counted is taken off, what it counts is added.

The cost is that of the cases that changed, however many lie behind them.
"""

from collections import defaultdict
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from services.feedback.domain.scores.cases import Facts, learn
from services.feedback.domain.scores.counting import Case, Place, recount
from services.feedback.domain.scores.figures import Counts, total
from services.feedback.domain.scores.news import CaseName
from services.feedback.usecases.news_heard import news_of
from services.feedback.usecases.ports import Begin, Books
from shared.events.base import Event


async def keep_scores(events: Iterable[Event], books: Books) -> None:
    """Learn from events, in the order of each topic, in the transaction that hears or says them.

    Agencies that `counted_at` names must have been stored. Call it last: until the commit, others
    of the same unit, day and slot wait.
    """
    news = [found for event in events if (found := news_of(event)) is not None]
    if not news:
        return
    cases = await books.scores.lock({name for name, _ in news})
    learnt: dict[CaseName, Facts] = {}
    for name, one in news:
        learnt[name] = learn(learnt.get(name, cases[name].facts), one)
    changed = {name: facts for name, facts in learnt.items() if facts != cases[name].facts}
    if changed:
        await _recount(cases, changed, books)


async def _recount(
    cases: Mapping[CaseName, Case], changed: Mapping[CaseName, Facts], books: Books
) -> None:
    agencies = {facts.agency for facts in changed.values() if facts.agency is not None}
    zones = {code: one.time_zone for code, one in (await books.agencies.find(agencies)).items()}
    after: list[Case] = []
    changes: defaultdict[Place, list[Counts]] = defaultdict(list)
    for name, facts in changed.items():
        learnt = recount(cases[name], facts, _zone_of(facts, zones), books.score_rules)
        after.append(learnt.case)
        for place, change in learnt.changes:
            changes[place].append(change)
    sums = {place: total(every) for place, every in changes.items()}
    await books.scores.store(after, {place: sums[place] for place in sorted(sums) if sums[place]})


def _zone_of(facts: Facts, zones: Mapping[str, ZoneInfo]) -> ZoneInfo | None:
    """None while nobody has told where the case belongs."""
    return None if facts.agency is None else zones[facts.agency]


async def rebuild_scores(batches: AsyncIterable[Sequence[Event]], begin: Begin) -> int:
    """Forget all scores and hear the topics again, each from its beginning; returns the events read.

    How the topics are mixed is all the same. Nobody may keep scores meanwhile: a batch heard by the
    service is in the topics too, and would count once here and once there.
    """
    read = 0
    async with begin() as books:
        await books.scores.clear()
        async for batch in batches:
            await keep_scores(batch, books)
            read += len(batch)
    return read
