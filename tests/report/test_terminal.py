"""The summary at the terminal: a screenful, verdict first, whatever the width and whatever the data say."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from engineroom.report.terminal import print_summary
from report.samples import SAMPLES


def summary(report: dict, width: int = 60) -> list[str]:
    console = Console(record=True, width=width, no_color=True, highlight=False, file=io.StringIO())
    print_summary(report, console)
    return console.export_text().strip("\n").split("\n")


@pytest.mark.parametrize("name", list(SAMPLES))
def test_it_fits_a_narrow_screen(name: str) -> None:
    lines = summary(SAMPLES[name]())
    assert max(map(len, lines)) <= 60 and len(lines) < 40
    assert lines[0].startswith("Use ") and lines[-1] == f"report: {SAMPLES[name]()['path']}"


def test_it_tells_score_models_and_warnings_in_this_order() -> None:
    text = "\n".join(summary(SAMPLES["binary"](), 100))
    parts = [
        "Use the deep model",
        "accuracy 0.931, 0.916 to 0.943",
        "› deep",
        "error: 3 pictures",
        "warning: 12 test rows",
        "report:",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places) and "looks like a row number" not in text, "notes are for the page"


def test_markup_in_names_stays_text() -> None:
    report = SAMPLES["binary"]()
    report["verdict"] |= {"sentence": "Use [bold]it[/nothing]", "why": ["[/red]"]}
    report["path"] = "runs/[x]/report.html"
    report["tiles"][0] |= {"label": "[red]", "value": None, "low": None}
    report["sections"][0]["exhibits"][0]["data"]["columns"][2] = "[/b]"
    text = "\n".join(summary(report))
    assert all(part in text for part in ("[bold]it[/nothing]", "[/red]", "runs/[x]/report.html", "[red] –", "[/b]"))


def test_many_warnings_are_counted() -> None:
    report = SAMPLES["binary"]()
    report["sections"][2]["exhibits"][1]["data"]["items"] = [
        {"level": "warning", "what": f"w{i}", "why": "", "fix": ""} for i in range(9)
    ]
    text = "\n".join(summary(report))
    assert "w4" in text and "w5" not in text and "… and 4 more in the report" in text


def test_a_bare_report_is_still_told() -> None:
    bare = {"verdict": {"use": "other", "sentence": "Well.", "why": []}, "tiles": [], "sections": []}
    assert summary(bare) == ["Well."]


def test_hostile_names_do_not_steer_the_terminal() -> None:
    report = SAMPLES["binary"]()
    report["verdict"]["sentence"] = "Use \x1b[2J\x1b]0;title\x07 it"
    report["sections"][2]["exhibits"][1]["data"]["items"][0]["what"] = "column \x9b31m"
    file = io.StringIO()
    print_summary(report, Console(file=file, width=60, force_terminal=True, color_system=None))
    assert (
        not set(file.getvalue()) & set("\x07\x9b")
        and "\x1b[2J" not in file.getvalue()
        and "\x1b]" not in file.getvalue()
    )


def test_scores_of_one_row_share_their_decimals() -> None:
    assert any(line.split() == ["auc", "0.978", "0.941", "0.500"] for line in summary(SAMPLES["binary"](), 80))
