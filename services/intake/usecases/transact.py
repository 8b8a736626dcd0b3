"""One transaction, begun again when somebody else was quicker."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from services.intake.usecases.ports import TakenMeanwhileError, Transaction, Transactions

Result = TypeVar("Result")

TRIES = 5


async def transact(
    transactions: Transactions, work: Callable[[Transaction], Awaitable[Result]]
) -> Result:
    """Do `work` in a transaction and commit it.

    A key, a reference or a revision taken meanwhile is found by the next try, and answered like any
    that was taken before. Raises what `work` raises; nothing is kept then.
    """
    for attempt in range(1, TRIES + 1):
        try:
            async with transactions.begin() as transaction:
                return await work(transaction)
        except TakenMeanwhileError:
            if attempt == TRIES:
                raise
    raise AssertionError("unreachable")
