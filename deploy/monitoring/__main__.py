"""`python -m deploy.monitoring`: writes the dashboards that Grafana reads."""

import json
from pathlib import Path

from deploy.monitoring.dashboards import DASHBOARDS
from deploy.monitoring.grafana import Dashboard, to_json

FOLDER = Path(__file__).parent / "grafana" / "dashboards"


def written(dashboard: Dashboard) -> str:
    """The file's text."""
    return json.dumps(to_json(dashboard), ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for dashboard in DASHBOARDS:
        (FOLDER / f"{dashboard.uid}.json").write_text(written(dashboard))


if __name__ == "__main__":
    main()
