"""The page: complete in itself, safe against hostile data, the same bytes for the same input, fit for every reader."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from html.parser import HTMLParser

import pytest

from engineroom.core.errors import UserError
from engineroom.core.panels import KINDS
from engineroom.report.html_report import arrange, number, render_html, span, strict, tabulate, write_report
from report.samples import SAMPLES, exhibit

EVIL = '<script>alert("x")</script><img src=http://x.y/z onerror=alert(1)>'
VOID = {"meta", "link", "img", "br", "wbr", "input"}
SOURCES = ("src", "href", "action", "xlink:href", "poster", "srcset")


class Reader(HTMLParser):
    """Tags with their attributes, the text outside script and style, and whether every tag is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]


def poisoned(value):
    """The same report with every word made hostile; kinds, levels, and the producer's own HTML stay."""
    if isinstance(value, dict):
        kept = ("kind", "use", "html", "tone", "level", "created")
        return {k: v if k in kept else poisoned(v) for k, v in value.items()}
    if isinstance(value, list):
        return [poisoned(v) for v in value]
    return EVIL if isinstance(value, str) else value


@pytest.mark.parametrize("name", list(SAMPLES))
def test_the_page_is_whole_and_asks_the_network_for_nothing(name: str) -> None:
    report = SAMPLES[name]()
    html = render_html(report)
    page = Reader(html)
    assert page.open == [] and len(html) < 400_000
    for tag, attributes in page.tags:
        for source in SOURCES:
            value = attributes.get(source) or "#"
            assert value.startswith(("#", "data:")), (tag, value)
    assert not re.search(r"url\((?!#)|@import", html)
    for section in report["sections"]:
        assert section["title"] in page.text
        assert all(e["title"] in page.text for e in section["exhibits"])


@pytest.mark.parametrize("name", list(SAMPLES))
def test_hostile_words_are_words(name: str) -> None:
    report = poisoned(SAMPLES[name]())
    page = Reader(render_html(report))
    assert page.open == [] and len(page.all("script")) == 1 and EVIL in page.text
    assert not any(attribute.startswith("on") for _, attributes in page.tags for attribute in attributes)
    assert all(attributes["src"].startswith("data:") for attributes in page.all("img"))


def test_the_policy_lets_our_script_run_and_no_other() -> None:
    html = render_html(SAMPLES["binary"]())
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert (
        f"script-src 'sha256-{digest}'" in policy[1]
        and policy[1].startswith("default-src 'none'")
        and "form-action 'none'" in policy[1]
    )


@pytest.mark.parametrize("name", list(SAMPLES))
def test_readers_of_every_kind_find_their_way(name: str) -> None:
    page = Reader(render_html(SAMPLES[name]()))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in page.all("a")} <= set(ids), "every link leads somewhere"
    assert page.all("html")[0]["lang"] == "en" and page.all("main") and page.all("nav")[0]["aria-label"]
    assert all("alt" in attributes for attributes in page.all("img"))
    assert all(a.get("aria-label") for a in page.all("svg")) and all(a["scope"] == "col" for a in page.all("th"))
    assert [tag for tag, _ in page.tags].count("h1") == 1


def test_every_kind_of_exhibit_is_shown() -> None:
    shown = {e["kind"] for make in SAMPLES.values() for s in make()["sections"] for e in s["exhibits"]}
    assert shown == set(KINDS)


def test_same_input_same_bytes() -> None:
    assert render_html(SAMPLES["many_classes"]()) == render_html(SAMPLES["many_classes"]())


def test_json_is_strict_and_survives_half_characters(tmp_path) -> None:
    report = SAMPLES["binary"]()
    report["tiles"][0] |= {"high": math.nan, "low": -math.inf, "hint": "half \ud800"}
    write_report(report, tmp_path)
    read = json.loads((tmp_path / "report.json").read_text("utf-8"), parse_constant=pytest.fail)
    assert (
        read["tiles"][0]["high"] is None
        and read["tiles"][0]["low"] is None
        and read["sections"] == strict(report["sections"])
    )
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_control_codes_reach_neither_page_nor_json(tmp_path) -> None:
    report = SAMPLES["binary"]()
    report["verdict"]["sentence"] = "Use \x1b[2J\x00\x9b it\tnow"
    write_report(report, tmp_path)
    assert (
        json.loads((tmp_path / "report.json").read_text("utf-8"))["verdict"]["sentence"]
        == "Use \ufffd[2J\ufffd\ufffd it\tnow"
    )
    assert not re.search(r"[\x00\x1b\x9b]", (tmp_path / "report.html").read_text("utf-8"))


def test_a_crash_while_writing_leaves_the_old_report(tmp_path, monkeypatch) -> None:
    write_report(SAMPLES["binary"](), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(UserError):
        write_report(SAMPLES["regression"](), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before and set(before) == {
        "report.html",
        "report.json",
    }


def test_a_score_without_interval_shows_none() -> None:
    report = SAMPLES["binary"]()
    for tile in report["tiles"]:
        tile |= {"low": None, "high": math.nan}
    assert " to –" not in render_html(report)


def test_an_empty_gallery_says_so() -> None:
    report = SAMPLES["binary"]() | {
        "sections": [{"title": "s", "words": "", "exhibits": [exhibit("gallery", "g", {"items": []})]}]
    }
    assert "Nothing to show." in render_html(report)


def test_an_empty_report_is_a_page() -> None:
    report = SAMPLES["binary"]() | {"tiles": [], "sections": []}
    assert Reader(render_html(report)).open == []


def test_charts_go_two_abreast_and_the_odd_one_gets_the_line() -> None:
    few = {"rows": ["a"], "columns": ["a"], "values": [[1]]}
    many = {k: [*v * 11] for k, v in few.items()}
    kinds = [
        ("lines", {}),
        ("matrix", few),
        ("lines", {}),
        ("table", {}),
        ("matrix", many),
        ("bars", {"labels": ["x"] * 40}),
        ("scatter", {}),
    ]
    widths = [width for _, width in arrange([exhibit(kind, "", data) for kind, data in kinds])]
    assert widths == ["half", "half", "lone", "full", "full", "full", "lone"]


def test_tables_mark_the_best_and_sort_by_numbers() -> None:
    sheet = tabulate(
        {
            "columns": ["m", "share", "score"],
            "rows": [["a", "1,200", 0.5], ["b", "5.1%", 0.25], ["c", None, None], ["d", "", 1e-9]],
            "best": 1,
        }
    )
    assert [c["numeric"] for c in sheet["columns"]] == [False, True, True]
    assert [c["text"] for c in sheet["columns"][2]["cells"]] == ["0.50", "0.25", "–", "1e-09"]
    assert [c["key"] for c in sheet["columns"][1]["cells"]] == [1200.0, 5.1, None, None]
    named = tabulate({"columns": ["class", "rows"], "rows": [["0", 3], ["1", 4]], "best": None})
    assert [(c["numeric"], c["right"]) for c in named["columns"]] == [(True, False), (True, True)]
    html = render_html(SAMPLES["many_classes"]())
    assert '<tr class="best"><td>baseline</td>' in html and 'data-key="81250.0"' in html


def test_numbers_as_people_read_them() -> None:
    values = (None, 0.93456, 12345.6, 3, "x", True, math.inf, 1234.0, 1e30)
    assert [number(v) for v in values] == ["–", "0.9346", "12,346", "3", "x", "True", "–", "1,234", "1e+30"]
    tile = {"value": 0.93112, "low": 0.9162, "high": 0.9431}
    assert span(tile) == {"value": "0.931", "low": "0.916", "high": "0.943", "others": []}
    assert span({"value": 42310.4, "low": 41000.0, "high": 43000.0})["value"] == "42,310"
    assert span({"value": 1.0, "low": 1.0, "high": 1.0}) == {"value": "1", "low": "1", "high": "1", "others": []}


def variables(scheme: str) -> dict[str, str]:
    css = re.search(r"<style>(.*?)</style>", render_html(SAMPLES["binary"]()), re.DOTALL)[1]
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    )
    return light if scheme == "light" else light | dark


def contrast(one: str, two: str) -> float:
    """WCAG 2.2 contrast ratio of two #rrggbb colours."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        return sum(
            w * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
            for w, c in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
        )

    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(scheme: str) -> None:
    colour = variables(scheme)
    for ground in ("card", "ground"):
        for text in ("ink", "soft", "accent", "good", "warn", "bad"):
            assert contrast(colour[text], colour[ground]) >= 4.5, (text, ground)
    assert all(contrast(colour[f"series-{i}"], colour["card"]) >= 3 for i in range(1, 7)), "lines and bars"
    assert all(contrast(colour["ink"], colour[heat]) >= 4.5 for heat in ("heat-1", "heat-2")), "numbers in cells"
    assert all(contrast(colour["card"], colour[tone]) >= 4.5 for tone in ("series-1", "series-2", "series-4", "bad")), (
        "the badge"
    )
