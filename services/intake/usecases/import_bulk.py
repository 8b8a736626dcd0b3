"""Takes a chunk of an agency's log: dossiers and their moves, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.intake.domain.codes import Era
from services.intake.domain.refused import RefusedError
from services.intake.usecases import move_dossiers, submit_dossiers
from services.intake.usecases.directory import Directory
from services.intake.usecases.ports import MoveRequest, Submission, Transaction
from services.intake.usecases.refusals import UnknownError

Verdict = submit_dossiers.Verdict | move_dossiers.Verdict


@dataclass(frozen=True, slots=True)
class ReferredMove:
    """A move of the dossier that `agency` received under its own `reference`."""

    agency: str
    reference: str
    request: MoveRequest
    """Its code is filled in once the reference is found."""


Line = Submission | MoveRequest | ReferredMove | Exception
"""One line of the log; an exception is a line that could not be read, and its own verdict."""


async def import_bulk(
    lines: Sequence[Line], transaction: Transaction, directory: Directory, eras: Sequence[Era]
) -> list[Verdict]:
    """Take a chunk; the verdicts are in the order of the lines, and no line harms another.

    Dossiers are taken first, then moved in the order of their lines: a log is told dossier by
    dossier, and dossiers do not know of one another. A move before its own submission is refused.
    """
    verdicts: dict[int, Verdict] = {
        place: line for place, line in enumerate(lines) if isinstance(line, Exception)
    }
    submissions = {p: line for p, line in enumerate(lines) if isinstance(line, Submission)}
    if submissions:
        taken = await submit_dossiers.submit_dossiers(
            list(submissions.values()), transaction, directory, eras
        )
        verdicts |= dict(zip(submissions, taken, strict=True))
    moves = await _find_codes(lines, submissions, verdicts, transaction)
    if moves:
        moved = await move_dossiers.move_dossiers(list(moves.values()), transaction, directory)
        verdicts |= dict(zip(moves, moved, strict=True))
    return [verdicts[place] for place in range(len(lines))]


async def _find_codes(
    lines: Sequence[Line],
    submissions: dict[int, Submission],
    verdicts: dict[int, Verdict],
    transaction: Transaction,
) -> dict[int, MoveRequest]:
    """The moves by place, each with its code; references that stand for nothing get a verdict."""
    here: dict[tuple[str, str], tuple[int, str]] = {}
    for place, submission in submissions.items():
        verdict = verdicts[place]
        if submission.reference is not None and isinstance(verdict, submit_dossiers.Taken):
            since = place if verdict.is_new else -1
            here.setdefault((submission.agency, submission.reference), (since, verdict.code))
    referred = {
        (line.agency, line.reference) for line in lines if isinstance(line, ReferredMove)
    } - here.keys()
    found = await transaction.dossiers.find_references(referred) if referred else {}
    moves = {}
    for place, line in enumerate(lines):
        if isinstance(line, MoveRequest):
            moves[place] = line
        elif isinstance(line, ReferredMove):
            pair = (line.agency, line.reference)
            if pair in found:
                moves[place] = replace(line.request, code=found[pair].code)
            elif pair not in here:
                verdicts[place] = UnknownError("dossier", f"{line.agency} {line.reference}")
            elif here[pair][0] > place:
                verdicts[place] = RefusedError(
                    "reference", line.reference, "it is submitted only on a later line"
                )
            else:
                moves[place] = replace(line.request, code=here[pair][1])
    return moves
