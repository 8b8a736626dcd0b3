"""Enters a stack of stand-ins, prints its processes, and waits to be ended."""

import asyncio
import sys
from pathlib import Path

from deploy.local.stack import Stack, run

STANDINS = "deploy.local.tests.standins"


async def main() -> None:
    async with Stack("ended", parent=Path(sys.argv[1]), package=STANDINS, is_durable=False):
        print("up", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    run(main())
