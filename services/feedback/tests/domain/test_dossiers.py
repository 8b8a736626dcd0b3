"""When each courtesy is due: dated examples, and what must hold for every order of topics."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.courtesy import Xin
from services.feedback.domain.dossiers import Dossier, learn
from services.feedback.domain.happenings import (
    Accepted,
    AppointmentReckoned,
    Happening,
    Moved,
    PromiseBroken,
    Returned,
    Submitted,
    SupplementAsked,
)
from services.feedback.domain.notices import Apology, Greeting, Notice, Request, Thanks
from services.feedback.tests.history import CLOSING, CODE, UNIT, at

COUNTER = Submitted(UNIT, 1, "counter", at(8))
ONLINE = Submitted(UNIT, 1, "online", at(8))
ASKED = SupplementAsked(UNIT, 5, at(9))
ACCEPTED = Accepted(UNIT, 2, at(8), at(8, 5))
RECKONED = AppointmentReckoned(CLOSING)
RESOLVED = Moved(UNIT, 9)
RETURNED = Returned(UNIT, 10, at(16))
BREACHED = PromiseBroken(UNIT, "law", CLOSING, CLOSING, None)
PLEDGE_MISSED = PromiseBroken(UNIT, "pledge", at(11, 30), at(11, 30), None)


def told_of(*happenings: Happening) -> list[Notice]:
    """The notices a history calls for."""
    dossier, notices = Dossier(CODE), []
    for happening in happenings:
        dossier, notice = learn(dossier, happening)
        if notice is not None:
            notices.append(notice)
    return notices


def greeting(appointment_at: datetime | None) -> Greeting:
    return Greeting(CODE, UNIT, at(8, 5), at(8), True, appointment_at)


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
            [Greeting(CODE, UNIT, at(8), at(8), False)],
            id="an online dossier is greeted once, when it is submitted",
        ),
        pytest.param(
            [COUNTER, ASKED, ASKED],
            [Request(CODE, UNIT, at(9))],
            id="a second supplement request asks no second leave",
        ),
        pytest.param(
            [PLEDGE_MISSED, BREACHED],
            [Apology(CODE, UNIT, at(11, 30), "pledge", at(11, 30), None)],
            id="one apology, for the first promise broken",
        ),
        pytest.param([RESOLVED, RETURNED], [Thanks(CODE, UNIT, at(16))], id="thanks on return"),
    ],
)
def test_what_a_history_calls_for(history: list[Happening], notices: list[Notice]) -> None:
    assert told_of(*history) == notices


def test_the_greeting_keeps_the_first_appointment_when_it_is_reckoned_anew() -> None:
    later = AppointmentReckoned(CLOSING.replace(day=16))
    assert told_of(RECKONED, later, COUNTER, ACCEPTED) == [greeting(CLOSING)]


def test_a_transferred_dossier_is_thanked_for_by_the_agency_that_returns_it() -> None:
    (thanks,) = told_of(Moved("H10.02", 4), Returned("H10.02", 10, at(16)))
    assert thanks.agency == "H10.02"


def test_the_dossier_is_where_its_last_move_put_it() -> None:
    dossier, _ = learn(Dossier(CODE), COUNTER)
    dossier, _ = learn(dossier, Moved("H10.02", 4))
    dossier, _ = learn(dossier, BREACHED)
    assert (dossier.agency, dossier.status) == ("H10.02", 4)


LIFE: list[Happening] = [COUNTER, ASKED, ACCEPTED, RESOLVED, RETURNED]
CLOCK: list[Happening] = [RECKONED, PLEDGE_MISSED, BREACHED]


@given(st.lists(st.booleans(), min_size=len(LIFE) + len(CLOCK), max_size=len(LIFE) + len(CLOCK)))
def test_the_order_in_which_topics_are_heard_changes_no_notice(takes_life: list[bool]) -> None:
    life, clock = list(LIFE), list(CLOCK)
    mixed: list[Happening] = []
    for from_life in takes_life:
        source = (life or clock) if from_life else (clock or life)
        mixed.append(source.pop(0))
    expected = told_of(*LIFE, *CLOCK)
    assert sorted(map(repr, told_of(*mixed))) == sorted(map(repr, expected))
    assert {notice.XIN for notice in expected} == set(Xin)
