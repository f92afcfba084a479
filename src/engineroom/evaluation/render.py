"""The report as one page that needs nothing else: no network, no scripts but a few lines of its own."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from .charts import CHARTS, draw

HERE = Path(__file__).parent


def write_report(report: dict[str, Any], directory: Path) -> None:
    """report.html and report.json in `directory`."""
    plain = strict(report)
    (directory / "report.json").write_text(json.dumps(plain, ensure_ascii=False, allow_nan=False), "utf-8")
    (directory / "report.html").write_text(render_html(plain), "utf-8")


def render_html(report: dict[str, Any]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = number
    environment.globals["chart"] = lambda exhibit: draw(exhibit["kind"], exhibit["data"], exhibit["title"])
    environment.globals["charts"] = tuple(CHARTS)
    return environment.get_template("report.html").render(report=strict(report), css=(HERE / "report.css").read_text("utf-8"))


def number(value: Any) -> str:
    """Numbers as people read them; anything else as it is."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int) or (float(value).is_integer() and abs(value) >= 1000):
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def strict(value: Any) -> Any:
    """Plain JSON without NaN or infinity."""
    if isinstance(value, dict):
        return {str(k): strict(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
