"""When each notice is due: dated examples, and what must hold for every order of topics."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.dossiers import Dossier, learn
from services.feedback.domain.happenings import (
    Accepted,
    AppointmentMoved,
    AppointmentReckoned,
    Happening,
    Moved,
    PromiseBroken,
    Reappointed,
    Returned,
    Stepped,
    Submitted,
    SupplementAsked,
    Supplemented,
)
from services.feedback.domain.notices import Kind, Notice
from services.feedback.tests.history import CLOSING, CODE, UNIT, at

OFFICER = "cb-17"
MONDAY = CLOSING.replace(day=16)

COUNTER = Submitted(UNIT, 1, "counter", at(8), "2.000815", handler=OFFICER)
ONLINE = Submitted(UNIT, 1, "online", at(8), "2.000815")
ASKED = SupplementAsked(UNIT, 5, at(9), handler=OFFICER)
ACCEPTED = Accepted(UNIT, 2, at(8), at(8, 5), handler=OFFICER)
RECKONED = AppointmentReckoned(CLOSING, at(8))
FORWARDED = Stepped(UNIT, 4, Kind.FORWARDED, at(8, 30), handler=OFFICER)
TRANSFERRED = Stepped("H10.02", 4, Kind.TRANSFERRED, at(9, 30), handler=OFFICER)
BACK = Stepped(UNIT, 4, Kind.TRANSFERRED, at(10, 30), handler="cb-20")
ASKED_AGAIN = SupplementAsked(UNIT, 5, at(11), handler=OFFICER)
SUPPLEMENTED = Supplemented(UNIT, 4, at(14), "appraisal", handler=OFFICER)
RECKONED_ANEW = AppointmentReckoned(MONDAY, at(8))
RESOLVED = Stepped(UNIT, 9, Kind.RESOLVED, at(15), handler=OFFICER)
RETURNED = Returned(UNIT, 10, at(16), handler=OFFICER)
REFUSED = Stepped(UNIT, 3, Kind.REFUSED, at(10), handler=OFFICER)
BREACHED = PromiseBroken(UNIT, "law", CLOSING, CLOSING, None)
PLEDGE_MISSED = PromiseBroken(UNIT, "pledge", at(11, 30), at(11, 30), None)
MAU_04 = Reappointed(UNIT, at(16, 30), CLOSING, MONDAY)


def told_of(*happenings: Happening, is_congratulated: bool = False) -> list[Notice]:
    """The notices a history calls for."""
    dossier = Dossier(CODE)
    notices: list[Notice] = []
    for happening in happenings:
        dossier, said = learn(dossier, happening, is_congratulated)
        notices += said
    return notices


def notice(kind: Kind, sent_at: datetime, **more: object) -> Notice:
    """Of the unit's officer, received at eight."""
    found = Notice(kind, CODE, UNIT, sent_at, handler=OFFICER, received_at=at(8))
    return replace(found, **more)  # type: ignore[arg-type]


def greeting(appointment_at: datetime | None) -> Notice:
    return notice(Kind.GREETING, at(8, 5), appointment_at=appointment_at, is_accepted=True)


GREETED_ONLINE = notice(Kind.GREETING, at(8), handler=None)


@pytest.mark.parametrize(
    ("history", "notices"),
    [
        pytest.param([COUNTER], [], id="a counter dossier is not greeted before it is accepted"),
        pytest.param([COUNTER, ACCEPTED], [], id="nor before its appointment is known"),
        pytest.param([COUNTER, ACCEPTED, RECKONED], [greeting(CLOSING)], id="but with it"),
        pytest.param(
            [RECKONED, COUNTER, ACCEPTED],
            [greeting(CLOSING)],
            id="and the same when the appointment is heard first",
        ),
        pytest.param(
            [COUNTER, ACCEPTED, AppointmentReckoned(None)],
            [greeting(None)],
            id="nothing due by law or pledge: greeted without an appointment",
        ),
        pytest.param(
            [ONLINE, ACCEPTED, RECKONED],
            [GREETED_ONLINE, notice(Kind.ACCEPTED, at(8, 5), appointment_at=CLOSING)],
            id="an online dossier is greeted when it is submitted, and told when it is accepted",
        ),
        pytest.param(
            [COUNTER, ASKED, ASKED_AGAIN],
            [notice(Kind.REQUEST, at(9)), notice(Kind.REQUEST, at(11), number=2)],
            id="a second supplement request is told as the second",
        ),
        pytest.param(
            [PLEDGE_MISSED, BREACHED],
            [Notice(Kind.APOLOGY, CODE, UNIT, at(11, 30), promise="pledge", due_at=at(11, 30))],
            id="one apology, for the first promise broken",
        ),
        pytest.param([RETURNED], [notice(Kind.THANKS, at(16), received_at=None)], id="thanks"),
        pytest.param(
            [COUNTER, REFUSED],
            [notice(Kind.REFUSED, at(10))],
            id="what ends a dossier waits for no appointment",
        ),
    ],
)
def test_what_a_history_calls_for(history: list[Happening], notices: list[Notice]) -> None:
    assert told_of(*history) == notices


def test_the_greeting_keeps_the_first_appointment_when_it_is_moved() -> None:
    assert told_of(RECKONED, AppointmentMoved(MONDAY), COUNTER, ACCEPTED) == [greeting(CLOSING)]


def test_who_was_greeted_with_the_acceptance_is_not_told_of_it_again() -> None:
    assert told_of(COUNTER, ACCEPTED, RECKONED, RECKONED_ANEW) == [greeting(CLOSING)]


def test_two_transfers_are_two_notices_each_from_the_agency_that_has_it_then() -> None:
    _, first, second = told_of(COUNTER, ACCEPTED, RECKONED, TRANSFERRED, BACK)
    assert (first.number, first.agency, first.sent_at) == (1, "H10.02", at(9, 30))
    assert (second.number, second.agency, second.handler) == (2, UNIT, "cb-20")


def test_a_move_heard_before_the_appointment_is_told_after_the_greeting_with_it() -> None:
    assert told_of(COUNTER, ACCEPTED, FORWARDED) == []
    first, second = told_of(COUNTER, ACCEPTED, FORWARDED, RECKONED)
    assert first == greeting(CLOSING)
    assert second == notice(Kind.FORWARDED, at(8, 30), appointment_at=CLOSING)


def test_after_a_supplement_the_appointment_is_the_one_counted_anew() -> None:
    life: list[Happening] = [COUNTER, ACCEPTED, RECKONED, ASKED_AGAIN, SUPPLEMENTED]
    assert [one.kind for one in told_of(*life)] == [Kind.GREETING, Kind.REQUEST]
    *_, supplemented = told_of(*life, RECKONED_ANEW)
    assert supplemented == notice(Kind.SUPPLEMENTED, at(14), appointment_at=MONDAY)


def test_a_supplement_before_acceptance_has_no_appointment_to_wait_for() -> None:
    brought = Supplemented(UNIT, 1, at(10), "check", handler=OFFICER)
    assert told_of(COUNTER, ASKED, brought)[1] == notice(Kind.SUPPLEMENTED, at(10))


@pytest.mark.parametrize(("resolved_at", "is_early"), [(at(15), True), (CLOSING, False)])
def test_an_early_result_is_announced_as_early(resolved_at: datetime, is_early: bool) -> None:
    resolved = Stepped(UNIT, 9, Kind.RESOLVED, resolved_at)
    *_, told = told_of(COUNTER, ACCEPTED, RECKONED, resolved)
    assert (told.kind, told.is_early) == (Kind.RESOLVED, is_early)


def test_a_new_date_is_told_with_the_old_and_moves_the_date_shown_but_makes_no_result_early() -> (
    None
):
    late = Stepped(UNIT, 9, Kind.RESOLVED, MONDAY.replace(hour=9), handler=OFFICER)
    _, new_date, ready = told_of(COUNTER, ACCEPTED, RECKONED, MAU_04, late)
    assert (new_date.kind, new_date.sent_at) == (Kind.REAPPOINTED, at(16, 30))
    assert (new_date.original_at, new_date.appointment_at) == (CLOSING, MONDAY)
    assert (ready.appointment_at, ready.is_early) == (MONDAY, False)


def test_congratulations_come_with_the_thanks_from_who_received_it() -> None:
    returned = replace(RETURNED, agency="H10.02")
    thanks, congratulations = told_of(COUNTER, returned, is_congratulated=True)
    assert (thanks.kind, thanks.agency) == (Kind.THANKS, "H10.02")
    assert congratulations == Notice(
        Kind.CONGRATULATIONS, CODE, UNIT, at(16), received_at=at(8), procedure="2.000815"
    )


def test_the_dossier_is_where_its_last_move_put_it() -> None:
    dossier, _ = learn(Dossier(CODE), COUNTER)
    dossier, _ = learn(dossier, Moved("H10.02", 4))
    dossier, _ = learn(dossier, BREACHED)
    assert (dossier.agency, dossier.status) == ("H10.02", 4)


LIFE: list[Happening] = [
    ONLINE,
    ASKED,
    Supplemented(UNIT, 1, at(9, 5), "check", handler=OFFICER),
    replace(ACCEPTED, accepted_at=at(9, 10)),
    FORWARDED,
    TRANSFERRED,
    BACK,
    ASKED_AGAIN,
    SUPPLEMENTED,
    RESOLVED,
    RETURNED,
]
CLOCK: list[Happening] = [RECKONED, PLEDGE_MISSED, RECKONED_ANEW, BREACHED]


@given(st.lists(st.booleans(), min_size=len(LIFE) + len(CLOCK), max_size=len(LIFE) + len(CLOCK)))
def test_the_order_in_which_topics_are_heard_changes_no_notice(takes_life: list[bool]) -> None:
    life, clock = list(LIFE), list(CLOCK)
    mixed: list[Happening] = []
    for from_life in takes_life:
        source = (life or clock) if from_life else (clock or life)
        mixed.append(source.pop(0))
    expected = told_of(*LIFE, *CLOCK, is_congratulated=True)
    told = told_of(*mixed, is_congratulated=True)
    assert sorted(map(repr, told)) == sorted(map(repr, expected))
    ends = {Kind.REFUSED, Kind.STOPPED, Kind.WITHDRAWN, Kind.REAPPOINTED}
    assert {one.kind for one in expected} == set(Kind) - ends
    assert len({(one.kind, one.number) for one in told}) == len(told)
