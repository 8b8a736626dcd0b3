"""Moves dossiers along their life, many at a time; one machinery for all moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.intake.domain import life
from services.intake.domain.agencies import Agency, check_valid_on, responsible_on
from services.intake.domain.handlers import code_of
from services.intake.domain.life import Dossier, IllegalMoveError, Move, Verb
from services.intake.domain.refused import RefusedError
from services.intake.usecases.directory import Directory
from services.intake.usecases.dossier_events import dossier_moved
from services.intake.usecases.local_days import check_not_future, local_day
from services.intake.usecases.ports import (
    KeptMove,
    Key,
    LoadedDossier,
    MoveRequest,
    Transaction,
)
from services.intake.usecases.refusals import ForeignAgencyError, KeyReusedError, UnknownError
from shared.messages import Saying


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a dossier stands after its move."""

    code: str
    state: str
    status: int
    agency: str
    moved_at: datetime


Verdict = Moved | Exception
"""What became of one request; the exception says why nothing did."""


@dataclass(slots=True)
class _Desk:
    """One batch on its way: dossiers as they are by now, and what is to be stored."""

    dossiers: dict[str, LoadedDossier]
    agencies: Mapping[str, Agency]
    changed: dict[str, LoadedDossier] = field(default_factory=dict)
    moves: list[KeptMove] = field(default_factory=list)
    sayings: list[Saying] = field(default_factory=list)
    answers: dict[tuple[str, str], tuple[bytes, Mapping[str, Any]]] = field(default_factory=dict)
    new_answers: dict[Key, Mapping[str, Any]] = field(default_factory=dict)


async def move_dossiers(
    requests: Sequence[MoveRequest], transaction: Transaction, directory: Directory
) -> list[Verdict]:
    """Make a batch of moves in one transaction; the verdicts are in the order of the requests.

    Moves of one dossier follow one another; a refused one changes nothing. Raises only what stops
    the whole batch.
    """
    dossiers = await transaction.dossiers.lock({request.code for request in requests})
    # Keys are read under the dossiers' locks: who held the lock before us has answered by now.
    keys = [request.key for request in requests if request.key is not None]
    known = await transaction.answers.find(keys) if keys else {}
    named = {x for d in dossiers.values() for x in (d.dossier.agency, d.dossier.receiving_agency)}
    named |= {r.move.to_agency for r in requests if r.move.to_agency is not None}
    agencies = await directory.agencies(named, transaction.registry)
    desk = _Desk(dict(dossiers), agencies)
    desk.answers = {pair: (answer.fingerprint, answer.answer) for pair, answer in known.items()}
    verdicts = [_judge(desk, request) for request in requests]
    if desk.moves:
        await transaction.dossiers.keep(list(desk.changed.values()), desk.moves)
        if desk.new_answers:
            await transaction.answers.keep(desk.new_answers, requests[0].asked_at)
        await transaction.outbox.say(desk.sayings)
    return verdicts


def _judge(desk: _Desk, request: MoveRequest) -> Verdict:
    key = request.key
    if key is not None and (answered := desk.answers.get((key.caller, key.key))):
        fingerprint, answer = answered
        if fingerprint != key.fingerprint:
            return KeyReusedError(key.key)
        return Moved(**{**answer, "moved_at": datetime.fromisoformat(answer["moved_at"])})
    loaded = desk.dossiers.get(request.code)
    if loaded is None:
        return UnknownError("dossier", request.code)
    try:
        before = _in_present_hands(loaded.dossier, request.asked_at, desk.agencies)
        _check_may(request, before, desk.agencies)
        move = _timed(request, before, desk.agencies)
        after = life.apply(before, move)
    except (RefusedError, IllegalMoveError, ForeignAgencyError) as error:
        return error
    return _keep(desk, request, move, before, LoadedDossier(after, loaded.moves + 1))


def _keep(
    desk: _Desk, request: MoveRequest, move: Move, before: Dossier, loaded: LoadedDossier
) -> Moved:
    after = loaded.dossier
    desk.dossiers[request.code] = desk.changed[request.code] = loaded
    desk.moves.append(
        KeptMove(
            dossier=after.code,
            number=loaded.moves,
            verb=move.verb,
            from_state=before.state,
            to_state=after.state,
            agency=after.agency,
            happened_at=move.at,
            actor=request.actor,
            recorded_at=request.asked_at,
            reason=move.reason,
            legal_basis=move.legal_basis,
            documents=request.documents,
            contact=request.contact,
        )
    )
    event = dossier_moved(
        move.verb, before, after, move.at, code_of(request.actor.subject, request.actor.role)
    )
    desk.sayings.append(Saying(event, move.at, request.traceparent))
    moved = Moved(after.code, after.state, after.status, after.agency, move.at)
    if (key := request.key) is not None:
        answer = {
            "code": moved.code,
            "state": moved.state,
            "status": moved.status,
            "agency": moved.agency,
            "moved_at": moved.moved_at.isoformat(),
        }
        desk.answers[key.caller, key.key] = (key.fingerprint, answer)
        desk.new_answers[key] = answer
    return moved


def _in_present_hands(
    dossier: Dossier, asked_at: datetime, agencies: Mapping[str, Agency]
) -> Dossier:
    """After a merger the successor has the dossier, without a transfer (rule 16)."""
    agency = agencies.get(dossier.agency)
    if agency is None:
        return dossier
    responsible = responsible_on(dossier.agency, local_day(asked_at, agency), agencies)
    return dossier if responsible == dossier.agency else life.taken_over(dossier, responsible)


def _check_may(request: MoveRequest, dossier: Dossier, agencies: Mapping[str, Agency]) -> None:
    """The caller acts for the responsible agency, the counter, or who followed the counter."""
    may = set(life.agencies_that_may(request.move.verb, dossier))
    for code in list(may):
        if (agency := agencies.get(code)) is not None:
            may.add(responsible_on(code, local_day(request.asked_at, agency), agencies))
    acting_for = request.actor.agency
    # Operators belong to no agency: they feed in whole logs, and the log says so.
    if acting_for is not None and acting_for not in may:
        raise ForeignAgencyError(acting_for, dossier.agency)


def _timed(request: MoveRequest, dossier: Dossier, agencies: Mapping[str, Agency]) -> Move:
    """The move at its instant, its destination checked."""
    move = request.move
    if request.is_dated:
        check_not_future("at", move.at, request.asked_at)
    else:
        # Replicas' clocks differ by milliseconds; what we record now did not happen before.
        move = replace(move, at=max(request.asked_at, dossier.last_moved_at))
    if move.verb is Verb.TRANSFER and move.to_agency is not None:
        destination = agencies.get(move.to_agency)
        if destination is None:
            raise RefusedError("to_agency", move.to_agency, "no such agency is registered")
        check_valid_on(destination, local_day(move.at, destination), "to_agency")
    return move
