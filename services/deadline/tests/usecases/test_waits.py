"""Clocks for what waits along the way: checks, forwarding, supplements, legs, reports."""

from typing import Any

import pytest

from services.deadline.domain.clocks import ClockKind, State
from services.deadline.tests.conftest import (
    AGENCY,
    THREE_DAYS,
    Deadline,
    accepted,
    agency,
    at,
    procedure,
    resolved,
    supplement_requested,
    supplemented,
)
from shared.events.base import Event
from shared.events.deadlines import (
    AlarmRung,
    ClockStopped,
    DeadlineMet,
    DeadlineMissed,
    DeadlineSet,
)
from shared.events.dossiers import (
    DossierForwarded,
    DossierRefused,
    DossierSubmitted,
    DossierTransferred,
    DossierWithdrawn,
)
from shared.events.feedback import (
    ComplaintReceived,
    ConductReported,
    DenunciationReceived,
    ReportMoved,
)

NEXT = "H10.02"


def submitted(dossier: str, received: str, channel: Any = "online") -> DossierSubmitted:
    return DossierSubmitted(
        dossier=dossier, agency=AGENCY, status=1, procedure=THREE_DAYS, channel=channel,
        received_at=at(received),
    )  # fmt: skip


def online(dossier: str, received: str, accepted_at: str) -> Event:
    taken = accepted(dossier, received, channel="online")
    return taken.model_copy(update={"accepted_at": at(accepted_at)})


def forwarded(dossier: str, when: str) -> DossierForwarded:
    return DossierForwarded(dossier=dossier, agency=AGENCY, status=4, forwarded_at=at(when))


def transferred(dossier: str, when: str, to: str = NEXT, by: str = AGENCY) -> DossierTransferred:
    return DossierTransferred(
        dossier=dossier, agency=to, status=4, from_agency=by, leg=1, transferred_at=at(when)
    )


def withdrawn(dossier: str, when: str) -> DossierWithdrawn:
    return DossierWithdrawn(dossier=dossier, agency=AGENCY, status=7, withdrawn_at=at(when))


def moved(report: str, step: Any, when: str) -> ReportMoved:
    return ReportMoved(report=report, agency=AGENCY, step=step, moved_at=at(when))


async def rang(deadline: Deadline, code: str, kind: Any) -> list[tuple[str, object]]:
    return [
        (event.rung, event.due_at)
        for event in await deadline.said(code, kind)
        if isinstance(event, AlarmRung)
    ]


@pytest.mark.parametrize(
    ("received", "due"),
    [("2026-11-09 16:00", "2026-11-10 16:00"), ("2026-11-13 20:00", "2026-11-16 17:00")],
)
async def test_rule_10_an_online_submission_of_16_00_is_checked_by_the_next_day_16_00(
    deadline: Deadline, received: str, due: str
) -> None:
    await deadline.hear(submitted("D-1", received))
    assert (await deadline.the(DeadlineSet, "D-1", "online_check")).legal_due == at(due)
    await deadline.pass_to("2026-11-20 09:00")
    assert (await rang(deadline, "D-1", "online_check"))[-1] == ("breach", at(due))


async def test_a_submission_over_the_counter_has_no_check_to_wait_for(deadline: Deadline) -> None:
    await deadline.hear(submitted("D-1", "2026-11-09 09:00", "counter"))
    assert await deadline.said() == []


async def test_a_check_is_met_by_acceptance_by_refusal_and_by_asking_for_more(
    deadline: Deadline,
) -> None:
    refused = DossierRefused(
        dossier="D-2", agency=AGENCY, status=3, refused_at=at("2026-11-09 10:00")
    )
    await deadline.hear(
        *(submitted(f"D-{n}", "2026-11-09 09:00") for n in (1, 2, 3)),
        online("D-1", "2026-11-09 09:00", "2026-11-09 10:00"),
        refused,
        supplement_requested("D-3", "2026-11-09 10:00", "check"),
    )
    for code in ("D-1", "D-2", "D-3"):
        met = await deadline.the(DeadlineMet, code, "online_check")
        assert met.resolved_at == at("2026-11-09 10:00")
    await deadline.hear(supplemented("D-3", "2026-11-10 09:00", "check"))
    again = await deadline.clock_of("D-3", "online_check")
    assert (again.generation, again.state) == (2, State.RUNNING)
    assert again.dues.legal_due == at("2026-11-11 09:00")
    await deadline.hear(withdrawn("D-3", "2026-11-10 10:00"))
    assert (await deadline.the(ClockStopped, "D-3", "online_check")).reason == "withdrawn"


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-13 15:00:00", "2026-11-13 17:00"),  # by day's end
        ("2026-11-13 15:00:01", "2026-11-16 07:00"),  # by the next morning's start
    ],
)
async def test_rule_22_a_counter_dossier_not_forwarded_by_days_end_raises_an_alarm(
    deadline: Deadline, received: str, due: str
) -> None:
    await deadline.hear(agency(forwards=True), accepted("D-1", received))
    assert (await deadline.the(DeadlineSet, "D-1", "forwarding")).legal_due == at(due)
    await deadline.pass_to(due)
    assert "breach" not in [rung for rung, _ in await rang(deadline, "D-1", "forwarding")]
    await deadline.pass_to("2026-11-16 07:01")
    assert (await rang(deadline, "D-1", "forwarding"))[-1] == ("breach", at(due))


@pytest.mark.parametrize(
    "event",
    [
        forwarded("D-1", "2026-11-09 10:00"),
        transferred("D-1", "2026-11-09 10:00"),
        resolved("D-1", "2026-11-09 10:00"),
        supplement_requested("D-1", "2026-11-09 10:00"),
    ],
)
async def test_what_was_forwarded_handed_over_resolved_or_sent_back_waits_at_no_counter(
    deadline: Deadline, event: Event
) -> None:
    await deadline.hear(agency(forwards=True), agency(NEXT), accepted("D-1", "2026-11-09 09:00"))
    assert await deadline.hear(event) == []
    assert (await deadline.clock_of("D-1", "forwarding")).state is State.MET


async def test_a_unit_that_records_no_forwarding_and_an_online_dossier_have_no_such_clock(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"), forwarded("D-1", "2026-11-09 10:00"))
    await deadline.hear(agency(forwards=True))
    await deadline.hear(accepted("D-2", "2026-11-09 09:00", channel="online"))
    for code in ("D-1", "D-2"):
        assert await deadline.said(code, "forwarding") == []


@pytest.mark.parametrize(
    ("asked", "verdict"), [("2026-11-12 17:00", DeadlineMet), ("2026-11-12 17:01", DeadlineMissed)]
)
async def test_rule_20_an_appraisal_stage_supplement_later_than_3_working_days_is_flagged(
    deadline: Deadline, asked: str, verdict: type[Event]
) -> None:
    await deadline.hear(procedure("1.10", "working_days", 10))
    await deadline.hear(accepted("D-1", "2026-11-09 09:00", "1.10"))
    await deadline.pass_to("2026-11-13 09:00")
    assert await deadline.said("D-1", "appraisal_supplement") == []
    await deadline.hear(supplement_requested("D-1", asked))
    said = [type(event) for event in await deadline.said("D-1", "appraisal_supplement")]
    assert said == [DeadlineSet, verdict]
    shown = await deadline.clock_of("D-1", "appraisal_supplement")
    assert shown.dues.legal_due == at("2026-11-12 17:00")


async def test_a_second_supplement_is_judged_by_itself(deadline: Deadline) -> None:
    await deadline.hear(
        procedure("1.10", "working_days", 10),
        accepted("D-1", "2026-11-09 09:00", "1.10"),
        supplement_requested("D-1", "2026-11-10 09:00"),
        supplemented("D-1", "2026-11-16 09:00"),
        supplement_requested("D-1", "2026-11-20 09:00"),  # due on the 19th
    )
    clock = await deadline.clock_of("D-1", "appraisal_supplement")
    assert (clock.generation, clock.state) == (2, State.MISSED)
    assert clock.dues.legal_due == at("2026-11-19 17:00")


async def test_each_leg_has_the_hours_its_procedure_gives_it_by_its_own_agency(
    deadline: Deadline,
) -> None:
    await deadline.hear(
        agency(NEXT),
        procedure("1.77", "working_days", 10, leg_hours=8),
        accepted("D-1", "2026-11-09 09:00", "1.77"),
        transferred("D-1", "2026-11-10 09:00"),
    )
    first = await deadline.clock_of("D-1", "transfer_leg")
    assert (first.agency, first.dues.legal_due) == (NEXT, at("2026-11-11 09:00"))
    await deadline.pass_to("2026-11-11 09:30")
    assert (await rang(deadline, "D-1", "transfer_leg"))[-1] == ("breach", at("2026-11-11 09:00"))
    await deadline.hear(transferred("D-1", "2026-11-11 10:00", to=AGENCY, by=NEXT))
    assert (await deadline.the(DeadlineMissed, "D-1", "transfer_leg")).agency == NEXT
    second = await deadline.clock_of("D-1", "transfer_leg")
    assert (second.generation, second.agency, second.state) == (2, AGENCY, State.RUNNING)
    await deadline.hear(resolved("D-1", "2026-11-11 15:00"))
    assert (await deadline.the(DeadlineMet, "D-1", "transfer_leg")).agency == AGENCY
    past = await deadline.pool.fetchrow("select agency, state from past_generations")
    assert past is not None and tuple(past) == (NEXT, "missed")


async def test_a_leg_without_hours_is_due_with_its_dossier_and_rings_nothing_of_its_own(
    deadline: Deadline,
) -> None:
    await deadline.hear(
        agency(NEXT), accepted("D-1", "2026-11-09 09:00"), transferred("D-1", "2026-11-10 09:00")
    )
    leg = await deadline.clock_of("D-1", "transfer_leg")
    assert leg.dues.legal_due == (await deadline.clock_of("D-1")).dues.legal_due
    await deadline.pass_to("2026-11-20 09:00")
    assert await rang(deadline, "D-1", "transfer_leg") == []


async def test_a_leg_stands_still_while_a_supplement_is_awaited(deadline: Deadline) -> None:
    await deadline.hear(
        agency(NEXT),
        procedure("1.77", "working_days", 10, leg_hours=8),
        accepted("D-1", "2026-11-09 09:00", "1.77"),
        transferred("D-1", "2026-11-10 09:00"),
        supplement_requested("D-1", "2026-11-10 10:00"),
    )
    assert (await deadline.clock_of("D-1", "transfer_leg")).state is State.STOPPED
    await deadline.hear(supplemented("D-1", "2026-11-16 09:00"))
    leg = await deadline.clock_of("D-1", "transfer_leg")
    assert (leg.generation, leg.dues.legal_due) == (2, at("2026-11-17 09:00"))


async def test_a_withdrawn_dossier_silences_everything_that_waits_for_it(
    deadline: Deadline,
) -> None:
    await deadline.hear(
        agency(forwards=True),
        accepted("D-1", "2026-11-09 09:00"),
        withdrawn("D-1", "2026-11-09 10:00"),
    )
    await deadline.pass_to("2026-12-30 09:00")
    assert not [event for event in await deadline.said() if isinstance(event, AlarmRung)]


async def test_rule_32_feedback_clocks_are_2_5_15_and_2_working_days(deadline: Deadline) -> None:
    def reported(code: str) -> ConductReported:
        return ConductReported(
            report=code, agency=AGENCY, against=(1,), reported_at=at("2026-11-02 09:00")
        )

    await deadline.hear(
        reported("R-1"),
        moved("R-1", "asked", "2026-11-09 17:00"),
        moved("R-1", "answered", "2026-11-11 09:00"),
        moved("R-1", "resolved", "2026-11-30 09:00"),
        moved("R-1", "published", "2026-12-02 17:01"),
        reported("R-2"),
        moved("R-2", "returned", "2026-11-04 17:00"),
    )
    clocks: list[tuple[str, ClockKind]] = [
        ("R-2", "report_return"),
        ("R-1", "report_inquiry"),
        ("R-1", "conduct_report"),
        ("R-1", "report_publication"),
    ]
    dues = {kind: (await deadline.clock_of(code, kind)).dues.legal_due for code, kind in clocks}
    assert dues == {
        "report_return": at("2026-11-04 17:00"),
        "report_inquiry": at("2026-11-09 17:00"),
        "conduct_report": at("2026-12-02 17:00"),  # anew from the answer
        "report_publication": at("2026-12-02 17:00"),
    }
    assert (await deadline.the(DeadlineMet, "R-2", "report_return")).is_pledge_kept is None
    assert (await deadline.the(ClockStopped, "R-2", "conduct_report")).reason == "refused"
    assert await deadline.the(DeadlineMet, "R-1", "report_inquiry")
    assert await deadline.the(DeadlineMissed, "R-1", "report_publication")


async def test_a_report_is_due_at_who_handles_it(deadline: Deadline) -> None:
    reported = ConductReported(
        report="R-1", agency=AGENCY, handler=NEXT, against=(1,), reported_at=at("2026-11-02 09:00")
    )
    await deadline.hear(agency(NEXT), reported)
    assert (await deadline.clock_of("R-1", "conduct_report")).agency == NEXT


async def test_a_complaint_is_accepted_in_10_days_and_decided_in_30(deadline: Deadline) -> None:
    complaint = ComplaintReceived(report="K-1", agency=AGENCY, received_at=at("2026-11-02 09:00"))
    await deadline.hear(complaint)
    acceptance = await deadline.the(DeadlineSet, "K-1", "complaint_acceptance")
    assert acceptance.legal_due == at("2026-11-12 17:00")
    (early,) = await deadline.hear(moved("K-1", "resolved", "2026-11-05 09:00"))
    assert "accepted before it is decided" in early.reason
    await deadline.hear(moved("K-1", "accepted", "2026-11-10 09:00"))
    decision = await deadline.the(DeadlineSet, "K-1", "complaint_decision")
    assert decision.legal_due == at("2026-12-10 17:00")
    await deadline.hear(moved("K-1", "resolved", "2026-12-10 17:00"))
    assert await deadline.the(DeadlineMet, "K-1", "complaint_decision")


async def test_a_denunciation_is_due_in_30_days_at_who_handles_it(deadline: Deadline) -> None:
    denounced = DenunciationReceived(
        report="T-1", agency=AGENCY, received_at=at("2026-11-02 09:00")
    )
    await deadline.hear(denounced)
    said = await deadline.the(DeadlineSet, "T-1", "denunciation")
    assert said.legal_due == at("2026-12-02 17:00")
    await deadline.hear(moved("T-1", "withdrawn", "2026-11-03 09:00"))
    await deadline.pass_to("2026-12-30 09:00")
    assert await rang(deadline, "T-1", "denunciation") == []


@pytest.mark.parametrize("step", ["returned", "resolved", "published", "accepted", "withdrawn"])
async def test_a_step_of_a_report_nobody_received_is_set_aside(
    deadline: Deadline, step: str
) -> None:
    (refusal,) = await deadline.hear(moved("R-9", step, "2026-11-03 09:00"))
    assert refusal.reason.startswith(f"R-9: from no clock to {step}: nothing was received")
    assert await deadline.said() == []


async def test_only_a_dossier_is_apologised_for(deadline: Deadline) -> None:
    reported = ConductReported(
        report="R-1", agency=AGENCY, against=(1,), reported_at=at("2026-11-02 09:00")
    )
    await deadline.hear(reported)
    await deadline.pass_to("2026-12-30 09:00")
    rungs = [rung for rung, _ in await rang(deadline, "R-1", "conduct_report")]
    assert rungs == ["at_risk", "breach"]
