"""Dashboards as a few words of ours, and as the JSON that Grafana reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["timeseries", "stat", "table", "heatmap", "text", "traces"]
Unit = Literal["short", "s", "ops", "percentunit", "bytes", "none"]

PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
TEMPO = {"type": "tempo", "uid": "tempo"}
"""As deploy/monitoring/grafana/datasources.yaml names them."""

COLUMNS = 24
SCHEMA_VERSION = 41
TAG = "thanthien"


@dataclass(frozen=True, slots=True)
class Query:
    """What Prometheus (or Tempo, for traces) is asked, and how each series is named."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure. `tells` says what it means and when to worry; `words` is a text panel's Markdown."""

    title: str
    tells: str = ""
    queries: Sequence[Query] = ()
    kind: Kind = "timeseries"
    unit: Unit = "short"
    width: int = 8
    height: int = 7
    worry_from: float | None = None
    """From this value on a stat is red."""
    worry_below: float | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a heading, set from left to right."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Variable:
    """What a viewer chooses: of a label's values, or any text where no label is given."""

    name: str
    shown: str
    label: str = ""
    of: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page. Its uid is its address, and its file's name."""

    uid: str
    title: str
    tells: str
    rows: Sequence[Row]
    variables: Sequence[Variable] = ()
    since: str = "now-1h"


def to_json(dashboard: Dashboard) -> dict[str, Any]:
    """The dashboard as Grafana provisions it."""
    return {
        "uid": f"{TAG}-{dashboard.uid}",
        "title": dashboard.title,
        "description": dashboard.tells,
        "tags": [TAG],
        "editable": False,
        "schemaVersion": SCHEMA_VERSION,
        "refresh": "10s",
        "time": {"from": dashboard.since, "to": "now"},
        "timezone": "browser",
        "links": [
            {
                "type": "dashboards",
                "title": "Thân Thiện",
                "tags": [TAG],
                "asDropdown": True,
                "keepTime": True,
                "includeVars": True,
            }
        ],
        "templating": {"list": [_variable(one) for one in dashboard.variables]},
        "panels": list(_placed(dashboard.rows)),
    }


def _placed(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    number, y = 1, 0
    for row in rows:
        place = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "gridPos": place,
            "collapsed": False,
            "panels": [],
        }
        number, y, x, lowest = number + 1, y + 1, 0, y + 1
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                x, y = 0, lowest
            place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": place, **_panel(panel)}
            number, x, lowest = number + 1, x + panel.width, max(lowest, y + panel.height)
        y = lowest


def _panel(panel: Panel) -> dict[str, Any]:
    base = {"title": panel.title, "description": panel.tells}
    if panel.kind == "text":
        options = {"mode": "markdown", "content": panel.words}
        return {**base, "type": "text", "options": options}
    if panel.kind == "traces":
        return {
            **base,
            "type": "table",
            "datasource": TEMPO,
            "targets": [_search(panel.queries[0])],
        }
    return {
        **base,
        "type": panel.kind,
        "datasource": PROMETHEUS,
        "targets": [_target(panel, query, place) for place, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": OPTIONS[panel.kind],
        **({"transformations": TABLE} if panel.kind == "table" else {}),
    }


OPTIONS: dict[str, dict[str, Any]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "colorMode": "background",
        "graphMode": "area",
        "textMode": "value_and_name",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    },
    "table": {"showHeader": True, "footer": {"show": False}},
    "heatmap": {
        "calculate": False,
        "color": {"mode": "scheme", "scheme": "Oranges", "steps": 32},
        "yAxis": {"unit": "s"},
        "tooltip": {"mode": "single"},
    },
}
TABLE = [
    {
        "id": "organize",
        "options": {"excludeByName": {"Time": True}, "renameByName": {"Value": "value"}},
    }
]


def _target(panel: Panel, query: Query, place: int) -> dict[str, Any]:
    is_table, is_heatmap = panel.kind == "table", panel.kind == "heatmap"
    return {
        "refId": chr(ord("A") + place),
        "datasource": PROMETHEUS,
        "expr": query.expr,
        "legendFormat": "{{le}}" if is_heatmap else query.legend,
        "format": "table" if is_table else "heatmap" if is_heatmap else "time_series",
        "instant": is_table,
        "range": not is_table,
    }


def _search(query: Query) -> dict[str, Any]:
    return {
        "refId": "A",
        "datasource": TEMPO,
        "queryType": "traceql",
        "query": query.expr,
        "tableType": "traces",
        "limit": 20,
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "noValue": "–"}
    if panel.kind == "timeseries":
        defaults |= {"min": 0, "custom": {"fillOpacity": 10, "showPoints": "never"}}
    if panel.kind == "stat":
        defaults |= {"thresholds": _thresholds(panel), "color": {"mode": "thresholds"}}
    return defaults


def _thresholds(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.worry_below is not None:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": panel.worry_below}]
    if panel.worry_from is not None:
        steps.append({"color": "red", "value": panel.worry_from})
    return {"mode": "absolute", "steps": steps}


def _variable(variable: Variable) -> dict[str, Any]:
    base = {"name": variable.name, "label": variable.shown}
    if not variable.label:
        shown = {"text": variable.default, "value": variable.default}
        return {**base, "type": "textbox", "query": variable.default, "current": shown}
    query = f"label_values({variable.of}, {variable.label})"
    return {
        **base,
        "type": "query",
        "datasource": PROMETHEUS,
        "query": {"query": query, "refId": "A"},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "current": {"text": variable.default, "value": variable.default},
    }
