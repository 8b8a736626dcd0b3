"""What came of a replay, in words."""

from collections.abc import Iterator
from typing import Any

from shared.replaying.comparison import Compared, Example
from shared.replaying.rebuild import Outcome
from shared.replaying.staging import CONTRADICTS, MOVED, OLDER

WHY = {
    OLDER: "the topics do not hold them from their beginning",
    MOVED: "the service went on with them meanwhile; not compared",
    CONTRADICTS: "counted anew they come out otherwise than was said; look at these",
}
"""Reasons of every service; a service may have its own, in words already."""


def lines_of(service: str, outcome: Outcome) -> Iterator[str]:
    """The outcome, line by line."""
    yield (
        f"{outcome.letters:,} events heard and {outcome.said:,} said, read in "
        f"{outcome.seconds['read']:.1f} s; {outcome.lives:,} lives heard anew in "
        f"{outcome.seconds['hear']:.1f} s; compared in {outcome.seconds['compare']:.1f} s"
    )
    for left in outcome.left_out:
        yield f"{left.count:,} lives are not rebuilt: {WHY.get(left.because, left.because)}"
        for code in left.examples if left.because == CONTRADICTS else left.examples[:3]:
            yield f"    {code}"
    for one in outcome.compared:
        yield _table(one)
        yield from (f"    {_example(example)}" for example in one.examples)
    for missed in outcome.missed:
        yield f"{missed.count:,} × {missed.says}"
        yield from (f"    {text}" for text in missed.examples)
    yield _verdict(service, outcome)


def _table(one: Compared) -> str:
    if one.is_same:
        return f"same   {one.table}: {one.rows:,} rows"
    return (
        f"DIFFER {one.table}: {one.differing:,} rows differ, {one.only_live:,} only in the live schema, "
        f"{one.only_new:,} only in the new one"
    )


def _example(example: Example) -> str:
    key = " ".join(str(value) for value in example.key.values())
    if example.is_in != "both":
        return f"{key}: only in the {example.is_in} schema"
    pairs = (f"{name} is {_short(a)}, anew {_short(b)}" for name, (a, b) in example.columns.items())
    return f"{key}: {'; '.join(pairs)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _verdict(service: str, outcome: Outcome) -> str:
    if outcome.kept_as is not None:
        return (
            f"the new schema is {service} now; what it replaced is {outcome.kept_as}. Start the replicas: the "
            "group's offsets stay as they are, the service hears on from there"
        )
    if not outcome.differing:
        return "what was rebuilt is the same to the last row; nothing was switched"
    return f"{outcome.differing:,} rows differ; nothing was switched"
