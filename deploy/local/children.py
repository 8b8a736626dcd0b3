"""Operating-system processes of the local stack: none outlives the process that started it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
LAUNCHER = Path(__file__).with_name("launch.py")
LOG_TAIL_LINES = 15


class ChildError(RuntimeError):
    """A child ended or stayed silent; the message carries the end of its log."""


class Child:
    """One process with its log file.

    It has a process group of its own, so that Ctrl-C reaches only the parent, which then stops its
    children in order. Start children from the main thread: Linux ties `death_signal` to the
    thread that started them.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        account: str = "",
        stop_signal: signal.Signals = signal.SIGTERM,
        death_signal: signal.Signals = signal.SIGKILL,
        directory: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._stop_signal = stop_signal
        launch = (sys.executable, "-I", "-S", LAUNCHER, str(int(death_signal)), str(os.getpid()))
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            self._process = subprocess.Popen(
                [*launch, account, *command],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                cwd=directory,
                process_group=0,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def must_run(self) -> None:
        """Raises `ChildError` when the process has ended."""
        if not self.is_running:
            raise self.failure(f"ended with code {self._process.returncode}")

    def failure(self, what: str) -> ChildError:
        """An error that names the child, what happened and the end of its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return ChildError("\n".join((f"{self.name} {what}; {self.log} ends:", *lines)))

    def send(self, order: signal.Signals) -> None:
        """Send a signal. Raises `ChildError` when nobody is there to get it."""
        self.must_run()
        self._process.send_signal(order)

    def ask_to_stop(self) -> None:
        """Send the stop signal; several children can be asked before any is waited for."""
        if self.is_running:
            self._process.send_signal(self._stop_signal)

    def stop(self, patience_seconds: float = 20.0) -> None:
        """Stop in good order, or kill when patience ends. Returns when the process is gone."""
        self.ask_to_stop()
        try:
            self._process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it and whatever it started, without a chance to tidy up."""
        if self.is_running:
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def wait(self) -> int:
        """Block until it ends by itself; its exit code."""
        return self._process.wait()

    def wait_until(self, is_ready: Callable[[], bool], patience_seconds: float = 30.0) -> None:
        """Block until `is_ready()`. Raises `ChildError` when the child ends or patience does."""
        give_up_at = time.monotonic() + patience_seconds
        while not is_ready():
            self.must_run()
            if time.monotonic() > give_up_at:
                raise self.failure(f"was not ready after {patience_seconds:.0f} s")
            time.sleep(0.005)


async def stop_all(children: Sequence[Child], patience_seconds: float = 20.0) -> None:
    """Ask all at once, then wait for each."""
    for child in children:
        child.ask_to_stop()
    await asyncio.gather(*(asyncio.to_thread(child.stop, patience_seconds) for child in children))
