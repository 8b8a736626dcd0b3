"""The overlays as kustomize renders them."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

OVERLAYS = ("one-node", "province", "nation")
FOLDER = Path(__file__).parents[1]


@cache
def rendered(overlay: str) -> tuple[dict[str, Any], ...]:
    """Every object of an overlay; skips the test where there is neither kubectl nor kustomize."""
    place = str(FOLDER / "overlays" / overlay)
    if program := shutil.which("kustomize"):
        command = [program, "build", place]
    elif program := shutil.which("kubectl"):
        command = [program, "kustomize", place]
    else:
        pytest.skip("neither kustomize nor kubectl is here to render the manifests")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(overlay: str, kind: str) -> dict[str, dict[str, Any]]:
    """The overlay's objects of one kind, by name."""
    return {each["metadata"]["name"]: each for each in rendered(overlay) if each["kind"] == kind}
