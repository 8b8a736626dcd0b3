"""Rules 15, 16, 18, 19, 27: what may happen to a dossier."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import life
from services.intake.domain.life import Dossier, IllegalMoveError, Move, State, Verb

NINE = datetime(2026, 8, 21, 2, 0, tzinfo=UTC)


def submitted() -> Dossier:
    return life.submit("H10.01-260821-0001", "1.013124", "counter", "H10.01", NINE)


def move(verb: Verb, minutes: int = 1, **details: str | bool) -> Move:
    asked = {"reason": "Thiếu bản sao", "to_agency": "H10.02", **details}
    return Move(verb, NINE + timedelta(minutes=minutes), **asked)  # type: ignore[arg-type]


def after(*verbs: Verb) -> Dossier:
    dossier = submitted()
    for minutes, verb in enumerate(verbs, start=1):
        dossier = life.apply(dossier, move(verb, minutes))
    return dossier


@pytest.mark.parametrize(
    ("verbs", "state", "status"),
    [
        ([], State.SUBMITTED, 1),
        ([Verb.REQUEST_SUPPLEMENT], State.CHECK_SUPPLEMENT_REQUESTED, 5),
        ([Verb.REQUEST_SUPPLEMENT, Verb.SUPPLEMENT], State.CHECK_SUPPLEMENTED, 1),
        ([Verb.ACCEPT], State.ACCEPTED, 2),
        ([Verb.REFUSE], State.REFUSED, 3),
        ([Verb.ACCEPT, Verb.FORWARD], State.FORWARDED, 4),
        ([Verb.ACCEPT, Verb.TRANSFER], State.TRANSFERRED, 4),
        ([Verb.ACCEPT, Verb.REQUEST_SUPPLEMENT], State.APPRAISAL_SUPPLEMENT_REQUESTED, 5),
        (
            [Verb.ACCEPT, Verb.REQUEST_SUPPLEMENT, Verb.SUPPLEMENT],
            State.APPRAISAL_SUPPLEMENTED,
            4,
        ),
        ([Verb.ACCEPT, Verb.WITHDRAW], State.WITHDRAWN, 7),
        ([Verb.ACCEPT, Verb.STOP], State.STOPPED, 8),
        ([Verb.ACCEPT, Verb.RESOLVE], State.RESOLVED, 9),
        ([Verb.ACCEPT, Verb.RESOLVE, Verb.RETURN], State.RETURNED, 10),
    ],
)
def test_rule_27_each_move_leads_to_its_national_status(
    verbs: list[Verb], state: State, status: int
) -> None:
    dossier = after(*verbs)
    assert (dossier.state, dossier.status) == (state, status)


@pytest.mark.parametrize(
    ("verbs", "verb"),
    [
        ([], Verb.RESOLVE),
        ([], Verb.TRANSFER),
        ([], Verb.SUPPLEMENT),
        ([], Verb.RETURN),
        ([Verb.ACCEPT], Verb.ACCEPT),
        ([Verb.ACCEPT], Verb.RETURN),
        ([Verb.ACCEPT, Verb.TRANSFER], Verb.FORWARD),
        ([Verb.ACCEPT, Verb.FORWARD], Verb.FORWARD),
        ([Verb.REQUEST_SUPPLEMENT], Verb.ACCEPT),
        ([Verb.ACCEPT, Verb.REQUEST_SUPPLEMENT], Verb.RESOLVE),
        ([Verb.ACCEPT, Verb.RESOLVE], Verb.WITHDRAW),
        ([Verb.ACCEPT, Verb.RESOLVE, Verb.RETURN], Verb.RESOLVE),
        ([Verb.REFUSE], Verb.ACCEPT),
    ],
)
def test_rule_27_an_illegal_move_says_from_where_to_where_and_why(
    verbs: list[Verb], verb: Verb
) -> None:
    dossier = after(*verbs)
    with pytest.raises(IllegalMoveError) as illegal:
        life.apply(dossier, move(verb, 99))
    assert illegal.value.from_state == dossier.state
    assert illegal.value.to == verb
    assert illegal.value.why


@pytest.mark.parametrize("verb", [Verb.REQUEST_SUPPLEMENT, Verb.REFUSE, Verb.STOP])
@pytest.mark.parametrize("reason", [None, "", "  \n", "\u200b\u2060\u00a0", "…—."])
def test_rule_18_refusal_or_supplement_without_a_written_reason_is_refused(
    verb: Verb, reason: str | None
) -> None:
    with pytest.raises(IllegalMoveError, match="written reason"):
        life.apply(submitted(), Move(verb, NINE, reason=reason))


def test_rule_19_a_second_supplement_request_needs_a_legal_basis_cited_by_a_supervisor() -> None:
    dossier = after(Verb.REQUEST_SUPPLEMENT, Verb.SUPPLEMENT, Verb.ACCEPT)
    with pytest.raises(IllegalMoveError, match="legal basis"):
        life.apply(dossier, move(Verb.REQUEST_SUPPLEMENT, 9, is_by_supervisor=True))
    with pytest.raises(IllegalMoveError, match="head of unit"):
        life.apply(dossier, move(Verb.REQUEST_SUPPLEMENT, 9, legal_basis="Điều 19"))
    again = life.apply(
        dossier,
        move(Verb.REQUEST_SUPPLEMENT, 9, legal_basis="Điều 19", is_by_supervisor=True),
    )
    assert again.supplement_requests == 2


def test_rules_15_and_16_transfers_keep_code_and_receiving_agency() -> None:
    dossier = after(Verb.ACCEPT)
    there = life.apply(dossier, move(Verb.TRANSFER, 2))
    onward = life.apply(there, move(Verb.TRANSFER, 3, to_agency="H10.03"))
    back = life.apply(onward, move(Verb.TRANSFER, 4, to_agency="H10.01"))
    assert [d.agency for d in (dossier, there, onward, back)] == [
        "H10.01",
        "H10.02",
        "H10.03",
        "H10.01",
    ]
    assert [d.leg for d in (dossier, there, onward, back)] == [0, 1, 2, 3]
    assert {(d.code, d.receiving_agency) for d in (there, onward, back)} == {
        (dossier.code, "H10.01")
    }
    resolved = life.apply(onward, move(Verb.RESOLVE, 5))
    assert resolved.resolving_agency == "H10.03"


def test_rules_15_and_16_a_successor_takes_over_without_touching_code_or_receiving_agency() -> None:
    dossier = life.taken_over(after(Verb.ACCEPT), "H19.01")
    assert (dossier.code, dossier.receiving_agency) == ("H10.01-260821-0001", "H10.01")
    assert (dossier.agency, dossier.successor) == ("H19.01", "H19.01")
    assert life.apply(dossier, move(Verb.RESOLVE, 9)).resolving_agency == "H19.01"


def test_a_dossier_is_not_transferred_to_whoever_has_it() -> None:
    with pytest.raises(IllegalMoveError, match="has it already"):
        life.apply(after(Verb.ACCEPT), move(Verb.TRANSFER, 9, to_agency="H10.01"))


def test_nothing_happens_before_what_it_follows() -> None:
    with pytest.raises(IllegalMoveError, match="before the last move"):
        life.apply(after(Verb.ACCEPT), move(Verb.RESOLVE, -1))


def test_a_supplement_makes_the_dossier_complete_and_leaves_the_receipt() -> None:
    dossier = after(Verb.REQUEST_SUPPLEMENT, Verb.SUPPLEMENT)
    assert dossier.received_at == NINE
    assert dossier.complete_at == NINE + timedelta(minutes=2)


def test_the_counter_that_received_a_dossier_may_return_it_and_only_its_holder_resolve_it() -> None:
    away = after(Verb.ACCEPT, Verb.TRANSFER)
    assert life.agencies_that_may(Verb.RETURN, away) == {"H10.01", "H10.02"}
    assert life.agencies_that_may(Verb.RESOLVE, away) == {"H10.02"}


@pytest.mark.parametrize(
    ("channel", "is_complete", "at_once"),
    [
        ("counter", True, True),
        ("post", True, True),
        ("online", True, False),
        ("post", False, False),
    ],
)
def test_rule_17_only_a_complete_dossier_in_an_officers_hand_is_accepted_on_receipt(
    channel: life.Channel, is_complete: bool, at_once: bool
) -> None:
    assert life.is_accepted_at_once(channel, is_complete) is at_once


def test_every_state_has_moves_and_a_national_status() -> None:
    assert set(life.ALLOWED) == set(life.NATIONAL_STATUS) == set(State)
    assert set(life.NATIONAL_STATUS.values()) == set(range(1, 11)) - {6}


MOVES = st.builds(
    Move,
    st.sampled_from(Verb),
    st.integers(-2, 500).map(lambda minutes: NINE + timedelta(minutes=minutes)),
    reason=st.sampled_from([None, " ", "Thiếu bản sao"]),
    legal_basis=st.sampled_from([None, "Điều 19"]),
    is_by_supervisor=st.booleans(),
    to_agency=st.sampled_from([None, "H10.01", "H10.02"]),
)


@given(st.lists(MOVES, max_size=12))
def test_any_sequence_of_moves_ends_in_a_legal_state_or_raises(moves: list[Move]) -> None:
    dossier = submitted()
    for asked in moves:
        before = replace(dossier)
        try:
            dossier = life.apply(dossier, asked)
        except IllegalMoveError as illegal:
            assert dossier == before
            assert illegal.why
            continue
        assert dossier.state == life.ALLOWED[before.state][asked.verb]
        assert 1 <= dossier.status <= 10
        assert dossier.last_moved_at >= before.last_moved_at
        assert (dossier.code, dossier.receiving_agency, dossier.received_at) == (
            before.code,
            before.receiving_agency,
            before.received_at,
        )
    assert dossier.supplement_requests <= 1 or any(asked.legal_basis for asked in moves)
    if dossier.state in (State.RESOLVED, State.RETURNED):
        assert dossier.accepted_at is not None
        assert dossier.resolving_agency == dossier.agency
