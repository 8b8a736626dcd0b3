"""What a line of the log says besides its words: the trace, the dossier, and errors without what they quote.

PostgreSQL quotes the row it refuses, and pydantic the value: a line of the log carries neither.
"""

import traceback
from collections.abc import Iterator
from types import TracebackType

import asyncpg
from pydantic import ValidationError
from structlog.typing import EventDict, WrappedLogger

from shared import tracing

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

FROM_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
WHILE_HANDLING = "\nDuring handling of the above exception, another exception occurred:\n\n"


def tell_where(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """A structlog processor: the trace and the dossier of the request under way."""
    here = tracing.here()
    if here is not None:
        line.setdefault("trace_id", here.place.trace)
        if here.subject is not None:
            line.setdefault("subject", here.subject)
    return line


def without_values(exc_info: ExcInfo) -> str:
    """A traceback as Python prints it, without the values an error quotes."""
    return "".join(_lines(exc_info[1])).rstrip("\n")


def _lines(error: BaseException) -> Iterator[str]:
    if error.__cause__ is not None:
        yield from _lines(error.__cause__)
        yield FROM_CAUSE
    elif error.__context__ is not None and not error.__suppress_context__:
        yield from _lines(error.__context__)
        yield WHILE_HANDLING
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__qualname__}: {words_of(error)}\n"
    if isinstance(error, BaseExceptionGroup):
        for number, one in enumerate(error.exceptions, 1):
            yield f"  of the group, {number}:\n"
            yield from _lines(one)


def words_of(error: BaseException) -> str:
    """What an error says, less what it quotes."""
    if isinstance(error, ValidationError):
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        return "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'all of it'}: {fault['type']}"
            for fault in faults
        )
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        # The message alone, not DETAIL or CONTEXT; of what is "invalid" it has the value at its end.
        message = str(error.args[0]) if error.args else ""
        return message.partition(": ")[0] if message.startswith("invalid ") else message
    return str(error)
