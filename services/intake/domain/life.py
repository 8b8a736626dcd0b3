"""The life of a dossier: which move follows which, and the national status each leads to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from services.intake.domain.written import is_written

Channel = Literal["counter", "online", "post"]
Stage = Literal["check", "appraisal"]


class State(StrEnum):
    """How far a dossier has come; the two stages of a supplement are told apart."""

    SUBMITTED = "submitted"
    CHECK_SUPPLEMENT_REQUESTED = "check_supplement_requested"
    CHECK_SUPPLEMENTED = "check_supplemented"
    ACCEPTED = "accepted"
    APPRAISAL_SUPPLEMENT_REQUESTED = "appraisal_supplement_requested"
    APPRAISAL_SUPPLEMENTED = "appraisal_supplemented"
    FORWARDED = "forwarded"
    TRANSFERRED = "transferred"
    RESOLVED = "resolved"
    RETURNED = "returned"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"


class Verb(StrEnum):
    """What can be done to a dossier once it is submitted."""

    REQUEST_SUPPLEMENT = "request_supplement"
    SUPPLEMENT = "supplement"
    ACCEPT = "accept"
    REFUSE = "refuse"
    FORWARD = "forward"
    TRANSFER = "transfer"
    RESOLVE = "resolve"
    RETURN = "return"
    WITHDRAW = "withdraw"
    STOP = "stop"


_LEFT_BEFORE_ACCEPTANCE = {
    Verb.REFUSE: State.REFUSED,
    Verb.WITHDRAW: State.WITHDRAWN,
    Verb.STOP: State.STOPPED,
}
_LEFT_UNDER_WAY = _LEFT_BEFORE_ACCEPTANCE
"""Mẫu 03 refuses acceptance *or resolution*: an accepted dossier may still be refused."""

_UNDER_CHECK = {
    Verb.REQUEST_SUPPLEMENT: State.CHECK_SUPPLEMENT_REQUESTED,
    Verb.ACCEPT: State.ACCEPTED,
    **_LEFT_BEFORE_ACCEPTANCE,
}
_UNDER_WAY = {
    Verb.REQUEST_SUPPLEMENT: State.APPRAISAL_SUPPLEMENT_REQUESTED,
    Verb.TRANSFER: State.TRANSFERRED,
    Verb.RESOLVE: State.RESOLVED,
    **_LEFT_UNDER_WAY,
}

ALLOWED: Mapping[State, Mapping[Verb, State]] = {
    State.SUBMITTED: _UNDER_CHECK,
    State.CHECK_SUPPLEMENT_REQUESTED: {
        Verb.SUPPLEMENT: State.CHECK_SUPPLEMENTED,
        **_LEFT_BEFORE_ACCEPTANCE,
    },
    State.CHECK_SUPPLEMENTED: _UNDER_CHECK,
    State.ACCEPTED: {Verb.FORWARD: State.FORWARDED, **_UNDER_WAY},
    State.APPRAISAL_SUPPLEMENT_REQUESTED: {
        Verb.SUPPLEMENT: State.APPRAISAL_SUPPLEMENTED,
        **_LEFT_UNDER_WAY,
    },
    State.APPRAISAL_SUPPLEMENTED: _UNDER_WAY,
    State.FORWARDED: _UNDER_WAY,
    State.TRANSFERRED: _UNDER_WAY,
    State.RESOLVED: {Verb.RETURN: State.RETURNED},
    State.RETURNED: {},
    State.REFUSED: {},
    State.WITHDRAWN: {},
    State.STOPPED: {},
}

NATIONAL_STATUS: Mapping[State, int] = {
    State.SUBMITTED: 1,  # mới đăng ký
    State.CHECK_SUPPLEMENT_REQUESTED: 5,  # yêu cầu bổ sung giấy tờ
    State.CHECK_SUPPLEMENTED: 1,
    State.ACCEPTED: 2,  # được tiếp nhận
    State.APPRAISAL_SUPPLEMENT_REQUESTED: 5,
    State.APPRAISAL_SUPPLEMENTED: 4,  # đang xử lý
    State.FORWARDED: 4,
    State.TRANSFERRED: 4,
    State.RESOLVED: 9,  # đã xử lý xong
    State.RETURNED: 10,  # đã trả kết quả
    State.REFUSED: 3,  # không được tiếp nhận
    State.WITHDRAWN: 7,  # công dân yêu cầu rút hồ sơ
    State.STOPPED: 8,  # dừng xử lý
}
"""The national status codes 1-10. 6 (a fee is due) is nobody's yet: fees are not our business."""

_NEEDS_REASON = frozenset({Verb.REQUEST_SUPPLEMENT, Verb.REFUSE, Verb.STOP})
_ONE_STOP = frozenset({Verb.SUPPLEMENT, Verb.WITHDRAW, Verb.RETURN})


class IllegalMoveError(ValueError):
    """A move the rules do not allow. Says from where, to where, and why not."""

    def __init__(self, code: str, from_state: State, to: State | Verb, why: str) -> None:
        super().__init__(f"dossier {code} cannot go from {from_state} to {to}: {why}")
        self.code = code
        self.from_state = from_state
        self.to = to
        self.why = why


@dataclass(frozen=True, slots=True)
class Dossier:
    """What the next move depends on. `agency` is responsible now; `receiving_agency` never changes."""

    code: str
    procedure: str
    channel: Channel
    receiving_agency: str
    agency: str
    state: State
    received_at: datetime
    complete_at: datetime
    last_moved_at: datetime
    accepted_at: datetime | None = None
    resolving_agency: str | None = None
    successor: str | None = None
    leg: int = 0
    supplement_requests: int = 0

    @property
    def status(self) -> int:
        """The national status code, 1-10."""
        return NATIONAL_STATUS[self.state]

    @property
    def stage(self) -> Stage:
        """`check` until the dossier is accepted, `appraisal` afterwards."""
        return "check" if self.accepted_at is None else "appraisal"


@dataclass(frozen=True, slots=True)
class Move:
    """One move asked for. `at` is when it happened."""

    verb: Verb
    at: datetime
    reason: str | None = None
    legal_basis: str | None = None
    is_by_supervisor: bool = False
    to_agency: str | None = None


def submit(
    code: str, procedure: str, channel: Channel, agency: str, received_at: datetime
) -> Dossier:
    """A dossier handed in at `agency`. The code stays as it is for life (rule 15)."""
    return Dossier(
        code=code,
        procedure=procedure,
        channel=channel,
        receiving_agency=agency,
        agency=agency,
        state=State.SUBMITTED,
        received_at=received_at,
        complete_at=received_at,
        last_moved_at=received_at,
    )


def is_accepted_at_once(channel: Channel, is_complete: bool) -> bool:
    """Whether receipt is acceptance: an officer had the whole dossier in hand.

    An online dossier is checked first, within 8 working hours.
    """
    return is_complete and channel != "online"


def apply(dossier: Dossier, move: Move) -> Dossier:
    """The dossier after the move.

    The table of allowed moves decides; then a written reason where one is due (rule 18), a legal
    basis for asking twice (rule 19), a real transfer, and the order of time. Raises `IllegalMoveError`.
    """
    state = ALLOWED[dossier.state].get(move.verb)
    if state is None:
        raise IllegalMoveError(dossier.code, dossier.state, move.verb, _possible(dossier.state))
    _check_reason(dossier, move, state)
    _check_second_request(dossier, move, state)
    if move.at < dossier.last_moved_at:
        raise IllegalMoveError(
            dossier.code,
            dossier.state,
            state,
            f"it would have happened at {move.at.isoformat()}, before the last move at "
            f"{dossier.last_moved_at.isoformat()}",
        )
    return _moved(replace(dossier, state=state, last_moved_at=move.at), dossier, move)


def _moved(after: Dossier, before: Dossier, move: Move) -> Dossier:
    """What else the move changes. Receiving agency and code never do (rules 15, 16)."""
    match move.verb:
        case Verb.REQUEST_SUPPLEMENT:
            return replace(after, supplement_requests=before.supplement_requests + 1)
        case Verb.SUPPLEMENT:
            return replace(after, complete_at=move.at)
        case Verb.ACCEPT:
            return replace(after, accepted_at=move.at)
        case Verb.TRANSFER:
            return replace(after, agency=_destination(before, move), leg=before.leg + 1)
        case Verb.RESOLVE:
            return replace(after, resolving_agency=before.agency)
        case _:
            return after


def taken_over(dossier: Dossier, successor: str) -> Dossier:
    """The dossier in the hands of the agency that followed the responsible one.

    The receiving agency stays on it, and so does every form already issued (rule 16).
    """
    return replace(dossier, agency=successor, successor=successor)


def agencies_that_may(verb: Verb, dossier: Dossier) -> frozenset[str]:
    """Who may make the move: the responsible agency.

    Where the citizen stands at the counter (a supplement, a withdrawal, the return of the result)
    also the agency that received the dossier: that is where its slip sends them.
    """
    if verb in _ONE_STOP:
        return frozenset({dossier.agency, dossier.receiving_agency})
    return frozenset({dossier.agency})


def _possible(state: State) -> str:
    verbs = ", ".join(ALLOWED[state])
    return f"from {state} it can only: {verbs}" if verbs else f"{state} is the end of its life"


def _check_reason(dossier: Dossier, move: Move, state: State) -> None:
    """Refusals and requests are made in writing, with the reason (rule 18; NĐ 61/2018 art. 17)."""
    if move.verb in _NEEDS_REASON and not is_written(move.reason):
        raise IllegalMoveError(dossier.code, dossier.state, state, "a written reason is missing")


def _check_second_request(dossier: Dossier, move: Move, state: State) -> None:
    """Guidance is given once, complete (rule 19); again only where a supervisor cites a basis."""
    if move.verb is not Verb.REQUEST_SUPPLEMENT or dossier.supplement_requests == 0:
        return
    if not is_written(move.legal_basis):
        raise IllegalMoveError(
            dossier.code,
            dossier.state,
            state,
            "a supplement was requested once already; a second request must cite its legal basis",
        )
    if not move.is_by_supervisor:
        raise IllegalMoveError(
            dossier.code,
            dossier.state,
            state,
            "only a head of unit may cite the legal basis of a second request",
        )


def _destination(dossier: Dossier, move: Move) -> str:
    if move.to_agency is None:
        raise IllegalMoveError(
            dossier.code, dossier.state, State.TRANSFERRED, "the receiving agency is missing"
        )
    if move.to_agency == dossier.agency:
        raise IllegalMoveError(
            dossier.code, dossier.state, State.TRANSFERRED, f"{move.to_agency} has it already"
        )
    return move.to_agency
