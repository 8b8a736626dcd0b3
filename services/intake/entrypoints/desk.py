"""The desk behind every route: what intake's requests are carried to."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from services.intake.domain.codes import Era
from services.intake.domain.forms import FormRules
from services.intake.domain.pledges import Floor
from services.intake.domain.promises import Promise
from services.intake.domain.reckoned import Sentence
from services.intake.entrypoints.group_commit import GroupCommit
from services.intake.entrypoints.problems import problem_of
from services.intake.usecases import import_bulk, move_dossiers, submit_dossiers
from services.intake.usecases.await_appointments import WaitingRoom
from services.intake.usecases.directory import Directory
from services.intake.usecases.move_dossiers import Moved
from services.intake.usecases.ports import (
    Appointments,
    MoveRequest,
    Submission,
    Transaction,
    Transactions,
)
from services.intake.usecases.submit_dossiers import Taken
from services.intake.usecases.transact import transact
from shared.clock import Clock
from shared.gate import Gate
from shared.slip_secrets import SlipSecrets

Result = TypeVar("Result")


class Desk:
    """Intake's use cases, wired: transactions, what is kept in memory, the rules in force."""

    def __init__(
        self,
        transactions: Transactions,
        appointments: Appointments,
        directory: Directory,
        waiting_room: WaitingRoom,
        eras: Sequence[Era],
        floors: Sequence[Floor],
        forms: FormRules,
        clock: Clock,
        public_base_url: str,
        secrets: SlipSecrets,
        gate: Gate,
        sentences: Mapping[str, Sentence],
        rating_base_url: str = "",
    ) -> None:
        """`rating_base_url` begins the pages where dossiers are rated; empty: citizens are not led there."""
        self.appointments = appointments
        self.waiting_room = waiting_room
        self.directory = directory
        self.eras = eras
        self.floors = floors
        self.forms = forms
        self.clock = clock
        self.public_base_url = public_base_url.rstrip("/")
        self.secrets = secrets
        self.gate = gate
        self.sentences = sentences
        self.rating_base_url = rating_base_url.rstrip("/")
        self._transactions = transactions
        self._submissions = GroupCommit(self._submit_all)
        self._moves = GroupCommit(self._move_all)

    async def submit(self, submission: Submission) -> Taken:
        """Take one dossier; it shares its transaction with whoever comes at the same moment.

        Raises `Problem`.
        """
        return await self._settled(self._submissions.ask(submission))

    async def move(self, request: MoveRequest) -> Moved:
        """Move one dossier. Raises `Problem`."""
        return await self._settled(self._moves.ask(request))

    async def import_lines(
        self, lines: Sequence[import_bulk.Line]
    ) -> Sequence[import_bulk.Verdict]:
        """Take a chunk of a log in one transaction. Raises `Problem` when the chunk is not kept."""
        return await self.transact(
            lambda transaction: import_bulk.import_bulk(
                lines, transaction, self.directory, self.eras
            )
        )

    async def promise(self, code: str) -> Promise | None:
        """What is promised of a dossier by now."""
        return (await self.appointments.read([code])).get(code)

    async def transact(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Do `work` in a transaction of its own. Raises `Problem`."""
        try:
            return await transact(self._transactions, work)
        except Exception as error:
            raise problem_of(error) from error

    async def _settled(self, asking: Awaitable[Result | Exception]) -> Result:
        try:
            verdict = await asking
        except Exception as error:
            raise problem_of(error) from error
        if isinstance(verdict, Exception):
            raise problem_of(verdict)
        return verdict

    async def _submit_all(
        self, submissions: Sequence[Submission]
    ) -> Sequence[submit_dossiers.Verdict]:
        return await transact(
            self._transactions,
            lambda transaction: submit_dossiers.submit_dossiers(
                submissions, transaction, self.directory, self.eras
            ),
        )

    async def _move_all(self, requests: Sequence[MoveRequest]) -> Sequence[move_dossiers.Verdict]:
        return await transact(
            self._transactions,
            lambda transaction: move_dossiers.move_dossiers(requests, transaction, self.directory),
        )
