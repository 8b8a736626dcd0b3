"""A wire to a server that can be cut: `python -m deploy.local.wire PORT TARGET_PORT`.

SIGUSR1 cuts it: every connection breaks and new ones are refused. SIGUSR2 mends it. So faults can
be tried on a broker that would forget everything if it were stopped.
"""

import asyncio
import signal
import sys

from deploy.local.loopback import HOST

CHUNK_BYTES = 256 * 1024


class Wire:
    """Carries bytes both ways between `port` and `target`."""

    def __init__(self, port: int, target: int) -> None:
        self._port = port
        self._target = target
        self._server: asyncio.Server | None = None
        self._carrying: set[asyncio.Task[None]] = set()

    async def mend(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, HOST, self._port)

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._carrying:
            task.cancel()

    async def _carry(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        outs = [near_out]
        try:
            far, far_out = await asyncio.open_connection(HOST, self._target)
            outs.append(far_out)
            async with asyncio.TaskGroup() as both:
                both.create_task(_copy(near, far_out))
                both.create_task(_copy(far, near_out))
        except* (ConnectionError, _Ended):
            pass  # One side hung up: so does the other, below.
        finally:
            self._carrying.discard(task)
            for out in outs:
                out.transport.abort()


class _Ended(Exception):  # noqa: N818
    """A side has nothing more to say."""


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    raise _Ended


async def serve(port: int, target: int) -> None:
    """Carry until the process ends, obeying the two signals."""
    wire = Wire(port, target)
    await wire.mend()
    orders: asyncio.Queue[signal.Signals] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for order in (signal.SIGUSR1, signal.SIGUSR2):
        loop.add_signal_handler(order, orders.put_nowait, order)
    while True:
        await (wire.cut() if await orders.get() == signal.SIGUSR1 else wire.mend())


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))
