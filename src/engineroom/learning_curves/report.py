"""Learning curves of the deep model and the baseline: scores by the number of training rows, the crossing, a page."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..api import to_layer, with_recipe
from ..core.files import write_atomic
from ..core.panels import Panel, Section, spoken
from ..metrics.bootstrap import bounds, resamples, take
from ..report.html_report import a_page, render_html, strict
from .power_law import advise, crossing, fit, nice
from .train_sizes import SizePoint, grow

DRAWS, SECONDS = 300, 20.0
LABELS = {"deep": "deep model", "baseline": "classical model"}


def scale(
    data: Any,
    *,
    target: str | None = None,
    minutes: float = 5.0,
    sizes: int = 5,
    page: str | Path | None = None,
    say: Callable[[str], None] = lambda text: None,
    settings: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """{"metric", "rows", "deep", "baseline", "lead", "crossing", "laws", "advice", "seconds", "page"} of both on
    growing parts of `data`."""
    layer = to_layer(settings or {}) | ({"target": target} if target else {})
    path = isinstance(data, str) or hasattr(data, "__fspath__")
    config = with_recipe({}, layer | ({"data": str(data)} if path else {}))
    points = grow(config, None if path else data, minutes=minutes, sizes=sizes, say=say)
    result = measure(points, config.seed) | {"page": None if page is None else str(page)}
    if page is not None:
        name = Path(str(data)).stem if path else "table"
        write_atomic(Path(page), render_html(report(result, name, points, config.target or "")))
    return strict(result)


def measure(points: list[SizePoint], seed: int = 0) -> dict[str, Any]:
    """Scores with intervals, the lead and the crossing, all from the same resampled test rows."""
    task, rows = points[0].task, np.array([point.rows for point in points])
    metric, sign = task.primary_metric, 1.0 if task.higher_is_better else -1.0

    def scores(picked: np.ndarray | None) -> np.ndarray:
        sides = [
            (p.deep, p.baseline) if picked is None else (take(p.deep, picked), take(p.baseline, picked)) for p in points
        ]
        return np.array(
            [[p.task.compute_metrics(one)[metric] for one in pair] for p, pair in zip(points, sides, strict=True)]
        )

    whole = scores(None)  # (sizes, 2)
    resampled = np.array([scores(picked) for picked in resamples(len(points[0].deep["truth"]), DRAWS, seed, SECONDS)])
    lead, leads = sign * (whole[:, 0] - whole[:, 1]), sign * (resampled[..., 0] - resampled[..., 1])
    low, high = np.nanquantile(leads, [0.025, 0.975], axis=0)
    crossings = np.array([crossing(rows, one) for one in leads])
    cross = {
        "value": crossing(rows, lead),
        "low": float(np.sort(crossings)[int(0.025 * len(crossings))]),
        "high": float(np.sort(crossings)[int(0.975 * len(crossings))]),
    }
    ahead = {"value": float(lead[-1]), "low": float(low[-1]), "high": float(high[-1])}
    laws = {name: fit(rows, -sign * whole[:, k]) for k, name in enumerate(("deep", "baseline"))}
    return {
        "metric": metric,
        "rows": rows.tolist(),
        **{name: with_bounds(whole[:, k], resampled[..., k]) for k, name in enumerate(("deep", "baseline"))},
        "lead": {"value": lead.tolist(), "low": low.tolist(), "high": high.tolist()},
        "crossing": {name: None if not math.isfinite(value) else value for name, value in cross.items()},
        "laws": {
            name: None if law is None else {"floor": law.floor, "scale": law.scale, "power": law.power}
            for name, law in laws.items()
        },
        "doubled": {name: None if law is None else float(-sign * law.at(2 * rows[-1])) for name, law in laws.items()},
        "advice": advise(int(rows[-1]), ahead, cross),
        "seconds": [round(point.seconds, 1) for point in points],
    }


def with_bounds(values: np.ndarray, resampled: np.ndarray) -> dict[str, list[float]]:
    ends = [bounds(resampled[:, k]) for k in range(resampled.shape[1])]
    return {"value": values.tolist(), "low": [e[0] for e in ends], "high": [e[1] for e in ends]}


def report(result: dict[str, Any], name: str, points: list[SizePoint], target: str) -> dict[str, Any]:
    """What the renderer of reports takes."""
    section = Section(
        "The curves",
        (*curve_panels(result), summary_table(result)),
        f"Each part holds the one before it; all are judged on the same {len(points[0].deep['truth']):,} test "
        "rows, which nobody learnt from.",
    )
    laws = [
        f"{LABELS[key].capitalize()}: with twice the rows {result['metric']} of about {spoken(value)}, if its curve "
        "goes on so."
        for key, value in result["doubled"].items()
        if value is not None
    ]
    verdict = {**result["advice"], "why": [describe_crossing(result), *laws]}
    return a_page(
        f"{name}: how much is more worth?", task="learning curves", target=target, verdict=verdict, sections=[section]
    )


def curve_panels(result: dict[str, Any]) -> list[Panel]:
    """Scores of both by the number of training rows, and their difference."""
    metric, rows = result["metric"], result["rows"]
    series = [
        {"name": label, "x": rows, "y": result[key]["value"], "low": result[key]["low"], "high": result[key]["high"]}
        for key, label in LABELS.items()
    ]
    difference = {"y" if key == "value" else key: values for key, values in result["lead"].items()}
    lead = [{"name": "lead of the deep model", "x": rows, **difference}]
    crossed = result["crossing"]["value"]
    marks = [{"x": crossed, "label": "crossing"}] if crossed and crossed <= rows[-1] else []
    return [
        Panel(
            "lines",
            f"{metric} by rows to learn from",
            {"x": "rows", "y": metric, "series": series, "log_x": True, "marks": marks},
            "The bands are 95 % intervals over test rows.",
        ),
        Panel(
            "lines",
            "Difference: deep model minus baseline",
            {"x": "rows", "y": f"{metric}, better above 0", "series": lead, "log_x": True},
            "Deep minus classical on the same test rows: above 0 the deep model is ahead.",
        ),
    ]


def summary_table(result: dict[str, Any]) -> Panel:
    columns = {
        "rows": result["rows"],
        "deep": result["deep"]["value"],
        "classical": result["baseline"]["value"],
        "lead": result["lead"]["value"],
        "from": result["lead"]["low"],
        "to": result["lead"]["high"],
        "seconds": result["seconds"],
    }
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return Panel("table", "Summary statistics", {"columns": list(columns), "rows": rows, "best": None})


def describe_crossing(result: dict[str, Any]) -> str:
    """The crossing in words."""
    value, low, high = (result["crossing"][key] for key in ("value", "low", "high"))
    if value is None:
        return "The curves do not cross within reach of these data."
    ends = [("beyond reach" if end is None else nice(end)) for end in (low, high)]
    return (
        f"The curves cross at about {nice(value)} rows (95 % interval {ends[0]} to {ends[1]}; 0 = before the first "
        "size)."
    )
