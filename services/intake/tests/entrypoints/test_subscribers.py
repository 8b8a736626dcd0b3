"""What intake hears."""

from services.intake.entrypoints.subscribers import EVENTS
from shared.events.catalogue import EVENTS as CATALOGUE
from shared.events.deadlines import DeadlineEvent, DeadlineUncomputable


def test_intake_hears_everything_that_moves_a_dossiers_clock() -> None:
    moving = {event for event in CATALOGUE.values() if issubclass(event, DeadlineEvent)}
    assert moving - {DeadlineUncomputable} <= set(EVENTS)
