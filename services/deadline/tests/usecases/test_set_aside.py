"""What a broken system says is set aside through the real inbox, with what follows, never dropped."""

import json
from collections.abc import Callable

import pytest

from services.deadline.domain.clocks import State
from services.deadline.tests.conftest import AGENCY, Deadline, accepted, agency, at, resolved
from services.deadline.tests.post import Post, ear
from shared.events.base import Event
from shared.events.dossiers import (
    DossierForwarded,
    DossierReturned,
    DossierTransferred,
    SupplementRequested,
)

NEXT = "H10.02"
LATER = at("2026-11-11 09:00")


def returned(dossier: str) -> DossierReturned:
    return DossierReturned(dossier=dossier, agency=AGENCY, status=10, returned_at=LATER)


def transferred(dossier: str) -> DossierTransferred:
    return DossierTransferred(
        dossier=dossier, agency=NEXT, status=4, from_agency=AGENCY, leg=1, transferred_at=LATER
    )


def forwarded(dossier: str) -> DossierForwarded:
    return DossierForwarded(dossier=dossier, agency=AGENCY, status=4, forwarded_at=LATER)


def asked(dossier: str) -> SupplementRequested:
    return SupplementRequested(
        dossier=dossier, agency=AGENCY, status=5, stage="appraisal", requested_at=LATER
    )


async def held(deadline: Deadline) -> list[tuple[str, int, str]]:
    rows = await deadline.pool.fetch(
        "select subject, sequence, cause from set_aside order by subject, sequence"
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("move", [transferred, forwarded, asked])
async def test_rule_27_an_illegal_transition_from_10_to_4_or_5_is_set_aside_never_dropped(
    deadline: Deadline, move: Callable[[str], Event]
) -> None:
    await deadline.hear(agency(NEXT, forwards=True), agency(forwards=True))
    post = Post()
    life = (accepted("D-1", "2026-11-09 09:00"), resolved("D-1", "2026-11-09 10:00"))
    await ear(deadline).hear([post.letter(event, LATER) for event in (*life, returned("D-1"))])
    before = await deadline.said()
    others = accepted("D-2", "2026-11-09 09:00")
    events = (move("D-1"), returned("D-1"), others)
    await ear(deadline).hear([post.letter(event, LATER) for event in events])
    assert await held(deadline) == [("D-1", 4, "refused"), ("D-1", 5, "follower")]
    reason = await deadline.pool.fetchval("select reason from set_aside where cause = 'refused'")
    assert reason.startswith("D-1: from met to ")
    assert [event for event in await deadline.said("D-1") if event not in before] == []
    kinds = await deadline.pool.fetch("select kind, state, agency from clocks where code = 'D-1'")
    assert {tuple(row) for row in kinds} == {
        ("dossier", "met", AGENCY),
        ("forwarding", "met", AGENCY),
    }
    assert (await deadline.clock_of("D-2")).state is State.RUNNING, "other dossiers flow"


@pytest.mark.parametrize("status", [0, 11, -1, None, "10a"])
async def test_rule_27_a_status_other_than_1_to_10_is_set_aside_never_dropped(
    deadline: Deadline, status: object
) -> None:
    post = Post()
    event = resolved("D-1", "2026-11-10 09:00")
    body = json.dumps({**event.model_dump(mode="json"), "status": status}).encode()
    letters = [
        post.letter(accepted("D-1", "2026-11-09 09:00"), LATER),
        post.letter(event, LATER, body),
        post.letter(returned("D-1"), LATER),
    ]
    await ear(deadline).hear(letters)
    assert await held(deadline) == [("D-1", 2, "undecodable"), ("D-1", 3, "follower")]
    assert await deadline.pool.fetchval("select value from set_aside where sequence = 2") == body
    assert (await deadline.clock_of("D-1")).state is State.RUNNING
