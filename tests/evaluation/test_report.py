"""The page: complete in itself, safe against hostile data, the same bytes for the same input; charts survive anything."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

from engineroom.core.exhibits import KINDS, Exhibit, Section
from engineroom.evaluation.charts import CHARTS, draw
from engineroom.evaluation.render import number, render_html, write_report
from engineroom.evaluation.terminal import print_summary

EVIL = '<script>alert("x")</script>'
CLASSES = [f"class {i} {EVIL}" for i in range(151)]
SAMPLES = {
    "facts": {"items": [["rows", "1,000", EVIL]]},
    "notes": {"items": [{"level": "warning", "what": EVIL, "why": "because", "fix": "mend it"}]},
    "table": {"columns": ["model", EVIL], "rows": [["deep", 0.93], ["rival", None]], "best": 0},
    "lines": {
        "x": "step",
        "y": "loss",
        "series": [{"name": EVIL, "x": [1, 2, 3], "y": [3.0, float("nan"), 1.0]}],
        "marks": [{"x": 2, "label": "best"}],
        "diagonal": True,
    },
    "bars": {"labels": CLASSES, "series": [{"name": "train", "values": list(range(151))}], "y": "rows"},
    "histogram": {"x": "price", "edges": [0, 1, 2], "series": [{"name": "deep", "counts": [3, 4]}]},
    "scatter": {"x": "true", "y": "said", "points": [[i, i + 0.5] for i in range(20_000)], "diagonal": True},
    "matrix": {
        "rows": CLASSES,
        "columns": CLASSES,
        "values": [[int(i == j) * 5 + int(j == i + 1) for j in range(151)] for i in range(151)],
        "x": "said",
        "y": "true",
        "share": "rows",
    },
    "intervals": {"metric": "accuracy", "rows": [{"name": "deep", "value": 0.9, "low": 0.8, "high": 0.95}]},
    "gallery": {"items": [{"title": EVIL, "subtitle": EVIL, "tone": "bad", "html": "<p>safe</p>"}]},
    "code": {"text": f"engineroom train {EVIL}", "language": "shell"},
}


def sample() -> dict:
    sections = [
        Section("Deep or classical", (Exhibit("table", "Side by side", SAMPLES["table"]),)),
        Section("All", tuple(Exhibit(k, EVIL, d, EVIL) for k, d in SAMPLES.items())),
    ]
    return {
        "format": 1,
        "title": EVIL,
        "created": "2026-01-01T00:00:00+00:00",
        "version": "0",
        "task": "classification",
        "target": EVIL,
        "path": "runs/x/report.html",
        "verdict": {"use": "deep", "sentence": f"Use the deep model {EVIL}", "why": [EVIL]},
        "tiles": [{"label": "accuracy", "value": 0.9, "low": 0.8, "high": float("nan"), "hint": EVIL}],
        "sections": [s.to_json() for s in sections],
        "reproduce": "engineroom train x",
    }


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))


def test_every_kind_of_exhibit_has_a_sample() -> None:
    assert set(SAMPLES) == set(KINDS)


def test_the_page_is_whole_safe_and_asks_the_network_for_nothing() -> None:
    html = render_html(sample())
    reader = Reader()
    reader.feed(html)
    assert [tag for tag, _ in reader.tags].count("script") == 1, "our own, and none that came with the data"
    for tag, attributes in reader.tags:
        for name in ("src", "href", "action"):
            value = attributes.get(name) or ""
            assert value.startswith(("#", "data:")) or not value, (tag, value)
    assert "default-src 'none'" in html and not re.search(r"url\(\s*['\"]?http", html)
    assert all(section["title"] in html for section in sample()["sections"])


def test_same_input_same_bytes() -> None:
    assert render_html(sample()) == render_html(sample())


def test_json_is_strict(tmp_path) -> None:
    write_report(sample(), tmp_path)
    text = (tmp_path / "report.json").read_text()
    assert "NaN" not in text and json.loads(text)["tiles"][0]["high"] is None


@pytest.mark.parametrize("kind", list(CHARTS))
def test_charts_survive_nothing_and_stay_small(kind: str) -> None:
    assert "<svg" in draw(kind, SAMPLES[kind], "title") and len(draw(kind, SAMPLES[kind], "t")) < 150_000
    empty = {
        "lines": {"series": []},
        "bars": {"labels": [], "series": []},
        "histogram": {"edges": [], "series": []},
        "scatter": {"points": []},
        "matrix": {"values": [], "rows": [], "columns": []},
        "intervals": {"metric": "m", "rows": [{"name": "a", "value": None}]},
    }[kind]
    assert "Nothing to draw" in draw(kind, empty, "title")


def test_numbers_as_people_read_them() -> None:
    assert [number(v) for v in (None, 0.93456, 12345.6, 3, "x")] == ["–", "0.9346", "12,346", "3", "x"]
    assert number(math.pi) == "3.142"


def test_the_terminal_tells_the_verdict_first_even_when_narrow() -> None:
    console = Console(record=True, width=60, no_color=True, highlight=False)
    print_summary(sample(), console)
    text = console.export_text()
    assert text.strip().startswith("Use the deep model") and "runs/x/report.html" in text and "mind:" in text
