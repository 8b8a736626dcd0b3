"""Kafka, its topics and users, and the database, as Strimzi and CloudNativePG are asked for them.

Strimzi's and CloudNativePG's own schemas are in no package that runs here (the first's generator
needs Java 21): the fields used are listed and compared instead.
"""

from importlib import import_module
from typing import Any

import pytest

from deploy.kubernetes.tests.rendered import FOLDER, OVERLAYS, of_kind
from deploy.local.postgres import ROLES, SERVICES
from services.feedback.usecases.news_heard import NEWS
from shared.events import deadlines
from shared.events.catalogue import EVENTS
from shared.topics import listed_topics

SAYS = {
    "intake": {"agencies", "procedures", "dossiers"},
    "deadline": {"deadlines"},
    "feedback": {"feedback"},
}
READS_AGAIN = {"feedback": {event.TOPIC for event in NEWS}, "deadline": {deadlines.TOPIC}}
"""What is rebuilt from the topics: `rebuild-scores`, `replay`."""
REPLICAS = {"one-node": 1, "province": 3, "nation": 3}

pytestmark = pytest.mark.parametrize("overlay", OVERLAYS)


def test_the_topics_are_those_of_the_list(overlay: str) -> None:
    asked = {
        name: (topic["spec"]["partitions"], topic["spec"]["replicas"], as_text(topic["spec"]))
        for name, topic in of_kind(overlay, "KafkaTopic").items()
    }
    replicas = REPLICAS[overlay]
    listed = {
        topic.name: (topic.partitions, replicas, topic.settings(replicas))
        for topic in listed_topics(with_local=False)
    }
    assert asked == listed


def as_text(spec: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in spec["config"].items()}


def rights(user: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    assert user["spec"]["authentication"] == {"type": "scram-sha-512"}
    assert user["spec"]["authorization"]["type"] == "simple"
    found: dict[tuple[str, str], set[str]] = {}
    for acl in user["spec"]["authorization"]["acls"]:
        assert acl.keys() == {"resource", "operations"}
        assert acl["resource"].keys() == {"type", "name"}, "no patterns: names are named"
        key = (acl["resource"]["type"], acl["resource"]["name"])
        found.setdefault(key, set()).update(acl["operations"])
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_say_and_hear_its_topics_and_no_other(overlay: str, service: str) -> None:
    assert {f"thanthien.{name}.v1" for says in SAYS.values() for name in says} == {
        event.TOPIC for event in EVENTS.values()
    }
    hears = import_module(f"services.{service}.entrypoints.subscribers").TOPICS
    # Readiness and doctor compare how every topic is set.
    expected = {
        ("topic", topic.name): {"Describe", "DescribeConfigs"}
        for topic in listed_topics(with_local=False)
    }
    expected["group", service] = {"Read"}
    for topic in {*hears, *READS_AGAIN.get(service, ())}:
        expected["topic", topic].add("Read")
    for name in SAYS[service]:
        expected["topic", f"thanthien.{name}.v1"].add("Write")
    assert rights(of_kind(overlay, "KafkaUser")[service]) == expected


def test_autoscaling_sees_positions_and_no_event(overlay: str) -> None:
    users = of_kind(overlay, "KafkaUser")
    assert users.keys() == {*SERVICES, "autoscaling"}
    assert all(operations == {"Describe"} for operations in rights(users["autoscaling"]).values())


def test_kafka_is_spoken_to_over_tls_by_name_and_keeps_a_copy(overlay: str) -> None:
    kafka = of_kind(overlay, "Kafka")["thanthien"]["spec"]["kafka"]
    told = of_kind(overlay, "ConfigMap")["settings"]["data"]["KAFKA_REPLICAS"]
    assert told == str(REPLICAS[overlay])
    assert [listener["tls"] for listener in kafka["listeners"]] == [True]
    assert kafka["listeners"][0]["authentication"] == {"type": "scram-sha-512"}
    assert kafka["authorization"] == {"type": "simple"}
    assert kafka["config"]["auto.create.topics.enable"] is False
    brokers = of_kind(overlay, "KafkaNodePool")["brokers"]["spec"]["replicas"]
    assert brokers == kafka["config"]["default.replication.factor"] == REPLICAS[overlay]
    assert kafka["config"]["min.insync.replicas"] == max(1, brokers - 1)


def test_the_database_has_one_role_per_service_made_by_the_list(overlay: str) -> None:
    spec = of_kind(overlay, "Cluster")["database"]["spec"]
    roles = {role["name"]: role for role in spec["managed"]["roles"]}
    assert roles.keys() == set(ROLES)
    for name, role in roles.items():
        assert role["passwordSecret"] == {"name": f"{name}-database"}
        assert not {"superuser", "createdb", "createrole", "replication"} & role.keys()
    scripts = of_kind(overlay, "ConfigMap")["database-roles"]["data"]
    assert scripts["roles.sql"] == (FOLDER.parent / "postgres" / "roles.sql").read_text()
    reference = {"name": "database-roles", "key": "roles.sql"}
    initial = spec["bootstrap"]["initdb"]
    assert initial["postInitApplicationSQLRefs"] == {"configMapRefs": [reference]}
    assert ("synchronous" in spec["postgresql"]) == (spec["instances"] > 1)
