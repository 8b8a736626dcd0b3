"""Shows what is due under a code and why: the clocks, their past, their alarms, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.deadline.domain.alarms import Alarm
from services.deadline.domain.clocks import Clock, PastGeneration
from services.deadline.domain.reappointments import Issued
from services.deadline.domain.rules import RuleBook
from services.deadline.usecases.explanations import Explanation, explain
from services.deadline.usecases.ports import Books, RecordedChange
from services.deadline.usecases.set_appointment import NoClockError


@dataclass(frozen=True, slots=True)
class Shown:
    """One clock as people read it."""

    clock: Clock
    explanation: Sequence[Explanation]
    past: Sequence[PastGeneration]
    alarms: Sequence[Alarm]
    reappointment: Issued | None
    recomputations: Sequence[RecordedChange]


async def show_deadline(code: str, books: Books, rule_book: RuleBook) -> list[Shown]:
    """The clocks of a dossier or report. Raises `NoClockError` when there is none."""
    archive = books.archive
    clocks = await archive.clocks(code)
    if not clocks:
        raise NoClockError(code)
    past = await archive.past_generations(code)
    alarms = await archive.alarms_of(code)
    reappointment = await archive.reappointment_of(code)
    recomputations = await books.recomputations.of(code)
    return [
        Shown(
            clock=clock,
            explanation=explain(clock.dues.steps, rule_book.sentences_of(clock.dues.regime)),
            past=[before for before in past if before.kind == clock.kind],
            alarms=[alarm for alarm in alarms if alarm.kind == clock.kind],
            recomputations=[change for change in recomputations if change.kind == clock.kind],
            reappointment=reappointment if clock.kind == "dossier" else None,
        )
        for clock in clocks
    ]
