"""One process of one service: started, asked whether it is ready, stopped or killed."""

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from deploy.local.children import CHECKOUT, Child
from deploy.local.loopback import HOST, free_port

READY_SECONDS = 60.0
STOP_SECONDS = 45.0
"""Longer than the services' own draining, which ends with tasks cancelled."""


class Replica:
    """A service's process number `number`; it keeps its port between starts.

    `is_named`: Kafka knows it by its number, and keeps its partitions for it when it dies and comes
    back. `checkout` holds the code it runs.
    """

    def __init__(
        self,
        service: str,
        number: int,
        module: str,
        logs: Path,
        environment: Mapping[str, str],
        *,
        is_named: bool = True,
        checkout: Path = CHECKOUT,
    ) -> None:
        self.service = service
        self.number = number
        self.port = free_port()
        self._module = module
        self._checkout = checkout
        self.log = logs / (f"{service}.log" if number == 0 else f"{service}-{number}.log")
        self.environment = {
            **environment,
            "HTTP_HOST": HOST,
            "HTTP_PORT": str(self.port),
            "PUBLIC_BASE_URL": self.url,
            "INSTANCE_ID": str(number) if is_named else "",
        }
        self._child: Child | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.is_running

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.is_running else None

    def begin(self, overrides: Mapping[str, str] | None = None) -> None:
        """Start the process; `overrides` hold for this start only. From the main thread only."""
        if self.is_running:
            raise RuntimeError(f"{self.service} {self.number} runs already")
        self._child = Child(
            f"{self.service} {self.number}",
            [sys.executable, "-m", self._module, "serve"],
            self.log,
            environment={**os.environ, **self.environment, **(overrides or {})},
            directory=self._checkout,
        )

    async def wait_until_ready(self) -> None:
        """Return when /health/ready says yes. Raises `ChildError` with the log's end."""
        child = self._started()
        give_up_at = time.monotonic() + READY_SECONDS
        said = "nothing"
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            while time.monotonic() < give_up_at:
                child.must_run()
                try:
                    answer = await client.get(f"{self.url}/health/ready")
                except httpx.TransportError:
                    pass  # It does not listen yet; whether it still runs is asked above.
                else:
                    if answer.is_success:
                        return
                    said = answer.text
                await asyncio.sleep(0.05)
        raise child.failure(f"was not ready after {READY_SECONDS:.0f} s (it said {said})")

    def ask_to_stop(self) -> None:
        if self._child is not None:
            self._child.ask_to_stop()

    async def stop(self) -> None:
        """Let it drain; kill it when it takes too long."""
        if self._child is not None:
            await asyncio.to_thread(self._child.stop, STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL: no draining, no good-bye."""
        self._started().kill()

    def _started(self) -> Child:
        if self._child is None:
            raise RuntimeError(f"{self.service} {self.number} has not been started")
        return self._child
