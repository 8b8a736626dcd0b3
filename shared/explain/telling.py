"""A story as lines for people."""

from collections.abc import Iterator

from shared.explain.aside import AsideLetter
from shared.explain.life import Happening, zone_of
from shared.explain.records import Stretch
from shared.explain.story import Story

ASSUMED = "*"


def lines_of(story: Story, service: str) -> Iterator[str]:
    """The timeline, what is missing of it, and what is set aside for it."""
    missing = {(gap.source, gap.last + 1): gap for gap in story.gaps}
    width = max((len(one.source) for one in story.happenings), default=0)
    for one in story.happenings:
        if gap := missing.get((one.source, one.sequence or 0)):
            yield f"    !! {gap.source}: {_numbers(gap.first, gap.last)} missing before this"
        yield _line(story, one, width)
    if any(one.agency not in story.zones for one in story.happenings):
        yield f"{ASSUMED} chưa biết đơn vị: tính theo giờ UTC+7 · agency not known: UTC+7 is assumed"
    for gap in story.gaps:
        why = (
            "perhaps older than the topic keeps"
            if story.is_perhaps_expired(gap)
            else "look at the publisher's relay, then at the topic"
        )
        yield f"GAP  {gap.source}: {_numbers(gap.first, gap.last)} not on the topic; {why}"
    yield from _traces(story)
    yield from _aside(story, service)


def where_looked(story: Story) -> str:
    """The sentence for a code nobody said anything of."""
    places = "; ".join(_place(stretch) for stretch in story.stretches)
    letters = (
        f"its dead letters could not be looked at ({story.not_asked_because})"
        if story.not_asked_because
        else "nothing of it is set aside here"
    )
    return f"{story.code}: nobody said anything of it. Looked at {places}; {letters}."


def _place(stretch: Stretch) -> str:
    return (
        f"{stretch.topic} partition {stretch.partition}, offsets {stretch.first} to {stretch.end}"
    )


def _numbers(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}–{last}"


def _line(story: Story, one: Happening, width: int) -> str:
    local = one.at.astimezone(zone_of(one, story.zones))
    mark = " " if one.agency in story.zones else ASSUMED
    number = "" if one.sequence is None else f"#{one.sequence}"
    words = one.words.vi if one.words.vi == one.words.en else f"{one.words.vi} · {one.words.en}"
    details = " ".join(f"{name}={value}" for name, value in one.details.items())
    notes = [f"({details})"] if details else []
    if one.fault:
        notes.append(f"[{one.topic}/{one.partition}/{one.offset}: {one.fault}]")
    if one.times > 1:
        notes.append(f"[on the topic {one.times} times; applied once]")
    at = local.strftime("%Y-%m-%d %H:%M:%S %z")
    return f"{at}{mark} {one.source:<{width}} {number:<4} {' '.join([words, *notes])}"


def _traces(story: Story) -> Iterator[str]:
    """Those the collector has, each with the first event that is part of it."""
    first: dict[str, Happening] = {}
    for one in story.happenings:
        if one.trace is not None and one.trace.is_kept:
            first.setdefault(one.trace.trace, one)
    for trace, one in first.items():
        yield f"TRACE  {trace}  from {one.source} #{one.sequence} on"


def _aside(story: Story, service: str) -> Iterator[str]:
    if story.not_asked_because:
        yield f"Dead letters of {service}: not looked at, the database does not answer: {story.not_asked_because}"
        return
    held = [letter for letter in story.aside if letter.discarded_by is None]
    for letter in story.aside:
        yield _letter(letter)
    if held:
        yield f"What to do: python -m services.{service} dead-letters show {story.code}; docs/runbooks/dead-letters.md"
    else:
        yield f"Dead letters of {service}: nothing is set aside."


def _letter(letter: AsideLetter) -> str:
    what = f"{letter.type or 'unreadable'} #{letter.sequence or '–'} from {letter.source or '?'}"
    since = letter.since.isoformat(timespec="seconds")
    if letter.discarded_by is not None:
        return f"DISCARDED  {letter.id} {what}, {since}, by {letter.discarded_by}: {letter.discarded_because}"
    return f"SET ASIDE  {letter.id} {what}, since {since}, {letter.cause}: {letter.reason}"
