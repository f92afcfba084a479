"""The report as one page that needs nothing else: no network, no script but its own. It knows kinds of exhibits and no
task."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..core.files import write_atomic
from ..core.panels import Section
from .charts.bars import MOST_PANEL
from .charts.canvas import alike, number
from .charts.charts import CHARTS, draw
from .charts.heatmaps import MOST_HALF, describe_confusions

HERE = Path(__file__).parent
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")  # all but tab and line ends
LABELS = {
    "deep": "deep model",
    "baseline": "classical model",
    "blend": "blend of both",
    "either": "no clear winner",
    "dummy": "neither",
}
WORDS = {
    "intervals": "The dot is the score, the whisker its interval. Where whiskers overlap, chance may explain the "
    "difference; a triangle is a score beyond the axis."
}


def write_report(report: dict[str, Any], directory: Path) -> None:
    """report.html and report.json in `directory`; a crash leaves each of them old or new, never cut in two."""
    plain = strict(report)
    page = render_html(plain)
    write_atomic(directory / "report.json", json.dumps(plain, ensure_ascii=False, allow_nan=False))
    write_atomic(directory / "report.html", page)


def a_page(
    title: str, *, task: str, target: str, verdict: Mapping[str, Any], sections: Sequence[Section]
) -> dict[str, Any]:
    """A page that is no run's report (a comparison, an explanation, a lesson), as `render_html` takes it."""
    return {
        "format": 1,
        "title": title,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("engineroom"),
        "task": task,
        "target": target,
        "verdict": dict(verdict),
        "tiles": [],
        "sections": [section.to_json() for section in sections],
    }


def render_html(report: dict[str, Any]) -> str:
    """The page; the same report gives the same bytes."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": number, "digest": digest, "heading": heading}
    functions: dict[str, Any] = {
        "arrange": arrange,
        "chart": chart,
        "tabulate": tabulate,
        "span": span,
        "charts": tuple(CHARTS),
        "labels": LABELS,
        "words": WORDS,
        "pairs": pairs,
    }
    return environment.get_template("report.html").render(
        report=strict(report), css=(HERE / "report.css").read_text("utf-8"), **functions
    )


def chart(exhibit: Mapping[str, Any]) -> str:
    return draw(exhibit["kind"], exhibit["data"], exhibit["title"])


def pairs(data: Mapping[str, Any]) -> str:
    """What stands beside a matrix that has the line to itself."""
    return describe_confusions(data, most=6) if len(data["rows"]) > 2 else ""


def heading(name: Any) -> Any:
    """A column's name that may break after an underscore and keeps a unit on its line."""
    from markupsafe import Markup, escape

    start, space, unit = str(name).rpartition(" ")
    text = f"{start}\u00a0{unit}" if space and len(unit) <= 4 else str(name)
    return escape(text).replace("_", Markup("_<wbr>"))


def digest(script: str) -> str:
    """What the page's policy lets run: this script and no other, whatever a text in the data says."""
    return base64.b64encode(hashlib.sha256(str(script).encode()).digest()).decode()


def arrange(exhibits: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Each exhibit with its width: charts go two abreast, one left over gets its words beside it, all else takes the
    line."""
    waiting = False
    for i, exhibit in enumerate(exhibits):
        if not is_half(exhibit):
            waiting = False
            yield exhibit, "full"
        elif waiting or (i + 1 < len(exhibits) and is_half(exhibits[i + 1])):
            waiting = not waiting
            yield exhibit, "half"
        else:
            yield exhibit, "lone"


def is_half(exhibit: Mapping[str, Any]) -> bool:
    """Does the chart read well at half the page's width, beside another?"""
    if exhibit["kind"] == "matrix":
        return max(len(exhibit["data"]["rows"]), len(exhibit["data"]["columns"])) <= MOST_HALF
    if exhibit["kind"] == "bars":
        return len(exhibit["data"]["labels"]) <= MOST_PANEL
    return exhibit["kind"] in CHARTS


def tabulate(data: Mapping[str, Any]) -> dict[str, Any]:
    """A table's columns and cells as text: numbers of a column share their decimals and stand to the right, but names
    of rows do not."""
    columns = []
    for place, name in enumerate(data["columns"]):
        values = [row[place] if place < len(row) else None for row in data["rows"]]
        known = [sort_key(v) for v in values if v is not None and v != ""]
        numeric = bool(known) and all(key is not None for key in known)
        columns.append({"name": name, "numeric": numeric, "right": numeric and place > 0, "cells": cells(values)})
    rows = [[column["cells"][i] for column in columns] for i in range(len(data["rows"]))]
    return {"columns": columns, "rows": rows, "best": data.get("best")}


def cells(values: Sequence[Any]) -> list[dict[str, Any]]:
    """Text and sort key of each value of a column."""
    return [{"text": text, "key": sort_key(value)} for text, value in zip(alike(values), values, strict=True)]


def sort_key(value: Any) -> float | None:
    """The number in a cell: a number, or a text such as 1,234 or 5.1%."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    found = re.fullmatch(r"([-+]?\d[\d,]*(?:\.\d+)?) ?%?", value) if isinstance(value, str) else None
    return float(found[1].replace(",", "")) if found else None


def span(tile: Mapping[str, Any]) -> dict[str, Any]:
    """A tile's value, low, high and others with as many decimals as the interval is worth: two figures of its width."""
    value, low, high = tile["value"], tile.get("low"), tile.get("high")
    others = tile.get("others", ())
    if value is None or low is None or high is None or not 1e-6 < abs(high - low) < 1e6:
        said = {"value": number(value), "low": number(low), "high": number(high)}
        return {**said, "others": [(one["who"], number(one["value"])) for one in others]}
    places = max(0, 1 - math.floor(math.log10(abs(high - low))))
    said = {name: f"{v:,.{places}f}" for name, v in (("value", value), ("low", low), ("high", high))}
    return {
        **said,
        "others": [(one["who"], number(v) if (v := one["value"]) is None else f"{v:,.{places}f}") for one in others],
    }


def strict(value: Any) -> Any:
    """Plain JSON without NaN, infinity, half characters or control codes: none of them may cost the report, or steer a
    terminal."""
    if isinstance(value, Mapping):
        return {str(k): strict(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(v) for v in value]
    if hasattr(value, "tolist"):
        return strict(value.tolist())
    if isinstance(value, str):
        return CONTROL.sub("\ufffd", value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
