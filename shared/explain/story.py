"""Everything there is to tell of one code, gathered; and the same as one JSON value."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from shared.events import agencies
from shared.explain.aside import AsideLetter, look_aside
from shared.explain.life import TOPICS, Gap, Happening, find_gaps, tell, zone_of, zones_in
from shared.explain.records import OnProgress, Stretch, read_keys
from shared.settings import ServiceSettings

CANNOT_ASK = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass(frozen=True, slots=True)
class Story:
    """A code's life, what is missing of it, and where was looked."""

    code: str
    happenings: list[Happening]
    gaps: list[Gap]
    zones: Mapping[str, ZoneInfo]
    stretches: tuple[Stretch, ...]
    aside: list[AsideLetter]
    not_asked_because: str | None
    """Why the dead letters could not be looked at."""

    @property
    def is_empty(self) -> bool:
        return not self.happenings and not self.aside

    def is_perhaps_expired(self, gap: Gap) -> bool:
        """It is at the beginning of a sequence whose topic no longer keeps its own beginning."""
        topics = {one.topic for one in self.happenings if one.source == gap.source}
        return gap.first == 1 and any(s.first > 0 for s in self.stretches if s.topic in topics)


async def gather(code: str, settings: ServiceSettings, on_progress: OnProgress) -> Story:
    """Read topics and dead letters. Raises what `read_keys` raises."""
    servers, sign_in = settings.kafka_bootstrap_servers, settings.kafka_sign_in
    found = await read_keys(servers, TOPICS, [code], on_progress, sign_in)
    happenings = tell(found.records)
    named = sorted({one.agency for one in happenings if one.agency})
    registered = await read_keys(servers, [agencies.TOPIC], named, on_progress, sign_in)
    aside: list[AsideLetter] = []
    not_asked_because = None
    try:
        aside = await look_aside(settings.database_url, code)
    except CANNOT_ASK as error:
        not_asked_because = repr(error)[:300]
    # fmt: off
    return Story(code, happenings, find_gaps(happenings), zones_in(registered.records),
                 found.stretches, aside, not_asked_because)
    # fmt: on


def as_json(story: Story) -> dict[str, Any]:
    """The story as one JSON value; instants with the offset of the agency's zone."""
    return {
        "code": story.code,
        "events": [_event(story, one) for one in story.happenings],
        "gaps": [
            {**asdict(gap), "is_perhaps_expired": story.is_perhaps_expired(gap)}
            for gap in story.gaps
        ],
        "dead_letters": None
        if story.not_asked_because
        else [asdict(letter) for letter in story.aside],
        "dead_letters_not_asked_because": story.not_asked_because,
        "looked_at": [asdict(stretch) for stretch in story.stretches],
    }


def _event(story: Story, one: Happening) -> dict[str, Any]:
    return {
        "at": one.at.astimezone(zone_of(one, story.zones)).isoformat(),
        "is_zone_assumed": one.agency not in story.zones,
        "source": one.source,
        "sequence": one.sequence,
        "type": one.type,
        "vi": one.words.vi,
        "en": one.words.en,
        "details": dict(one.details),
        "fault": one.fault,
        "times": one.times,
        "trace_id": None if one.trace is None else one.trace.trace,
        "is_trace_kept": one.trace is not None and one.trace.is_kept,
        "topic": one.topic,
        "partition": one.partition,
        "offset": one.offset,
    }
