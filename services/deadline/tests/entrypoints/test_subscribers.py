"""What deadline hears: the frozen samples of its topics, parsed and applied."""

import json
from pathlib import Path

import pytest

from services.deadline.entrypoints.subscribers import EVENTS, TOPICS
from services.deadline.tests.conftest import Deadline, agency, procedure
from shared.events.agencies import AgencyRegistered
from shared.events.base import Event
from shared.events.catalogue import EVENTS as BY_TYPE
from shared.events.deadlines import DeadlineSet
from shared.events.dossiers import DossierAccepted
from shared.events.feedback import ConductReported
from shared.events.procedures import ProcedureRegistered

SAMPLES = Path(__file__).parents[4] / "shared/events/samples"


def sample(type_: str) -> Event:
    text = (SAMPLES / f"{type_}.json").read_text(encoding="utf-8")
    return BY_TYPE[type_].hear(json.dumps(json.loads(text)["body"]).encode())


@pytest.mark.parametrize("type_", sorted(event.TYPE for event in EVENTS))
async def test_each_sample_that_deadline_understands_is_applied_or_refused_for_a_reason(
    deadline: Deadline, type_: str
) -> None:
    assert BY_TYPE[type_].TOPIC in TOPICS
    for refusal in await deadline.hear(sample(type_)):
        assert refusal.waits_for is not None or "from no clock to" in refusal.reason


async def test_the_samples_of_a_dossier_and_a_report_set_their_clocks(
    empty_deadline: Deadline,
) -> None:
    registrations = (sample(AgencyRegistered.TYPE), sample(ProcedureRegistered.TYPE))
    assert not await empty_deadline.hear(*registrations)
    accepted, reported = sample(DossierAccepted.TYPE), sample(ConductReported.TYPE)
    assert isinstance(accepted, DossierAccepted) and isinstance(reported, ConductReported)
    assert reported.handler is not None  # its clock runs there
    await empty_deadline.hear(agency(accepted.agency), agency(reported.handler))
    await empty_deadline.hear(procedure(accepted.procedure, "working_days", 3))
    assert not await empty_deadline.hear(accepted, reported)
    said = await empty_deadline.said()
    assert [(type(event), event.subject) for event in said] == [
        (DeadlineSet, accepted.dossier),
        (DeadlineSet, reported.report),
    ]
