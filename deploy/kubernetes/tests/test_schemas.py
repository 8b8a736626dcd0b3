"""Every object has the shape its schema asks: Kubernetes' own, and KEDA's from its Go module."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from deploy.kubernetes.tests.rendered import OVERLAYS, rendered

KUBERNETES = "1.34"
KEDA = "github.com/kedacore/keda/v2@v2.21.0"
DEFINED_ELSEWHERE = ("keda.sh/", "kafka.strimzi.io/", "postgresql.cnpg.io/")

pytestmark = pytest.mark.parametrize("overlay", OVERLAYS)


def test_kubernetes_own_kinds_are_as_its_schemas_ask(overlay: str) -> None:
    own = [e for e in rendered(overlay) if not e["apiVersion"].startswith(DEFINED_ELSEWHERE)]
    assert {"Deployment", "Job", "NetworkPolicy"} <= {each["kind"] for each in own}
    for each in own:
        kubernetes_validate.validate(each, KUBERNETES, strict=True)


@cache
def keda_schemas() -> dict[str, Any]:
    """KEDA's, by kind; skips the test where Go or its module proxy is not to be had."""
    if (go := shutil.which("go")) is None:
        pytest.skip("no Go here to fetch KEDA's schemas with")
    try:
        # fmt: off
        done = subprocess.run(
            [go, "mod", "download", "-json", KEDA],
            cwd="/", capture_output=True, text=True, check=False, timeout=100,
        )
        # fmt: on
    except subprocess.TimeoutExpired:
        pytest.skip("KEDA's schemas did not come in time")
    if done.returncode != 0:
        pytest.skip(f"KEDA's schemas cannot be fetched: {done.stdout[-300:]}")
    files = (Path(json.loads(done.stdout)["Dir"]) / "config" / "crd" / "bases").glob("keda.sh_*")
    found = [yaml.safe_load(file.read_text()) for file in files]
    return {
        each["spec"]["names"]["kind"]: closed(
            each["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        )
        for each in found
    }


def closed(schema: Any) -> Any:
    """The schema, refusing fields it does not name: the API server would drop them in silence."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    is_open = schema.get("x-kubernetes-preserve-unknown-fields", False)
    if isinstance(schema.get("properties"), dict) and schema["properties"] and not is_open:
        inner.setdefault("additionalProperties", False)
    if schema.get("format") == "int32":
        inner.pop("format")
    return inner


def test_scaling_is_as_keda_asks(overlay: str) -> None:
    schemas = keda_schemas()
    ours = [e for e in rendered(overlay) if e["apiVersion"].startswith("keda.sh/")]
    assert len(ours) == 4
    for each in ours:
        schema = schemas[each["kind"]]
        # The metadata of an object are Kubernetes' to check.
        jsonschema.validate({**each, "metadata": {}}, {**schema, "additionalProperties": True})
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(
                {**each, "metadata": {}, "spec": {**each["spec"], "nonsense": 1}}, schema
            )
