"""The dashboards, one module each; `python -m deploy.monitoring` writes them as JSON."""

from deploy.monitoring.dashboards.closing import CLOSING
from deploy.monitoring.dashboards.dossier import DOSSIER
from deploy.monitoring.dashboards.overview import OVERVIEW
from deploy.monitoring.dashboards.service import SERVICE

DASHBOARDS = (OVERVIEW, SERVICE, DOSSIER, CLOSING)
