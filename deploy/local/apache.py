"""Apache Kafka 4 in KRaft mode, from Maven Central with Java 17: the engine users run."""

import os
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

from deploy.local.brokers import speaks_kafka
from deploy.local.children import CHECKOUT, Child, ChildError
from deploy.local.loopback import HOST, free_port

POM = Path(__file__).parents[1] / "kafka" / "pom.xml"
CLUSTER_ID = "dGhhbnRoaWVuLWxvY2FsMA"
"""Any 16 bytes in base64: here the name of this stack."""

SERVER_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=BROKER://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=BROKER://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=BROKER
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
"""


class ApacheKafka:
    """A single node whose data lies in `directory`: stop it and start it, and it remembers."""

    keeps_data = True
    keeps_places = True

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.bootstrap_servers = f"{HOST}:{self.port}"
        self._controller_port = free_port()
        self._directory = directory / "kafka"
        self._child: Child | None = None

    @property
    def service_environment(self) -> dict[str, str]:
        return {}

    def begin(self) -> None:
        libraries = fetched_libraries()
        properties = self._write_properties()
        if not (self._directory / "data" / "meta.properties").exists():
            self._format(libraries, properties)
        heap = ("-Xms256m", "-Xmx768m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20")
        self._child = Child(
            "Apache Kafka",
            [*_java(libraries), *heap, "kafka.Kafka", properties],
            self._directory / "kafka.log",
        )

    def wait_until_ready(self) -> None:
        if self._child is None:
            raise RuntimeError("the broker has not been started: begin() comes first")
        self._child.wait_until(lambda: speaks_kafka(self.port), patience_seconds=60)

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None

    def cut(self) -> None:
        """Its data lies on disk: it is simply stopped."""
        self.stop()

    def mend(self) -> None:
        self.begin()

    def _write_properties(self) -> Path:
        self._directory.mkdir(parents=True, exist_ok=True)
        properties = self._directory / "server.properties"
        properties.write_text(
            SERVER_PROPERTIES.format(
                host=HOST,
                port=self.port,
                controller_port=self._controller_port,
                data=self._directory / "data",
            )
        )
        return properties

    def _format(self, libraries: Path, properties: Path) -> None:
        """KRaft asks for its storage to be formatted once, with the cluster's id."""
        _run(
            [
                *(*_java(libraries), "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool"),
                *("format", "--cluster-id", CLUSTER_ID, "--config", properties),
            ]
        )


def fetched_libraries() -> Path:
    """The folder with Kafka's jars, filled by Maven the first time. Raises `ChildError`."""
    libraries = _cache() / f"kafka-{kafka_version()}" / "libs"
    if not libraries.exists():
        if shutil.which("mvn") is None:
            raise ChildError(
                "KAFKA=apache needs Maven (mvn) and Java 17: neither comes with a wheel"
            )
        unfinished = libraries.with_name(f"libs.{os.getpid()}")
        copy = ("dependency:copy-dependencies", "-DincludeScope=runtime")
        _run(["mvn", "-q", "-B", "-f", POM, *copy, f"-DoutputDirectory={unfinished}"])
        unfinished.rename(libraries)
    return libraries


def kafka_version() -> str:
    """As deploy/kafka/pom.xml says."""
    maven = "{http://maven.apache.org/POM/4.0.0}"
    for dependency in ElementTree.parse(POM).iter(f"{maven}dependency"):
        if dependency.findtext(f"{maven}artifactId") == "kafka_2.13":
            return dependency.findtext(f"{maven}version", "")
    raise LookupError(f"{POM} names no kafka_2.13")


def _cache() -> Path:
    return CHECKOUT / ".local"


def _java(libraries: Path) -> list[str]:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else "java"
    return [java, "-cp", f"{libraries}/*", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]


def _run(command: list[str | Path]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise ChildError(f"{command[0]} is not there; KAFKA=apache needs it") from error
    except subprocess.CalledProcessError as error:
        raise ChildError(f"{command[0]} failed:\n{error.stdout}{error.stderr}") from error
