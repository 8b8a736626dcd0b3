"""Enters a stack of stand-ins, prints its processes, and waits to be ended."""

import asyncio
import signal
import sys
from pathlib import Path

from deploy.local.stack import Stack, run

STANDINS = "deploy.local.tests.standins"


async def main() -> None:
    async with Stack("ended", parent=Path(sys.argv[1]), package=STANDINS, is_durable=False):
        print("up", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    # A shell lets its background jobs ignore Ctrl-C, and so would the test that runs in one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run(main())
