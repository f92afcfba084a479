"""What a lesson is, and the board it is told on: spoken step by step at the terminal, kept as a page, ended by checks
that can fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..core import registry
from ..core.batch import Batch, Losses
from ..core.errors import UserError, nearest
from ..core.events import Learner, Measured
from ..core.files import write_atomic
from ..core.panels import Panel, Section, spoken
from ..core.seeds import seed_everything
from ..engine.loop import learn
from ..report.html_report import a_page, render_html, strict

Say = Callable[[str], None]


@dataclass(frozen=True)
class Lesson:
    """`settings` are {name: (default, what it does)}; `run(board, **settings)` tells the lesson."""

    title: str
    year: str
    story: str
    settings: Mapping[str, tuple[Any, str]]
    run: Callable[..., None]
    change: str  # what the reader might try: "--set hidden=0"


@dataclass
class Board:
    """Where a lesson is told: `say` hears every line at once; sections and checks are kept for the page."""

    say: Say = lambda text: None
    sections: list[Section] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)

    def step(self, title: str, words: str = "", *exhibits: Panel) -> None:
        """A chapter: said in words, with what there is to see."""
        self.sections.append(Section(title, exhibits, words))
        self.say(f"\n## {title}")
        if words:
            self.say(words)
        for exhibit in exhibits:
            spoken_text = tell(exhibit)
            if spoken_text:
                self.say(spoken_text)

    def check(self, claim: str, passed: bool, found: str) -> None:
        """A claim that this run confirms or refutes; `found` are the numbers."""
        self.checks.append({"claim": claim, "passed": bool(passed), "found": found})
        self.say(f"\n{'✓' if passed else '✗'} {claim}  [{found}]")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], words: str = "") -> Panel:
    return Panel("table", title, {"columns": list(columns), "rows": [list(row) for row in rows], "best": None}, words)


def lines(
    title: str,
    x: str,
    y: str,
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    words: str = "",
    **more: Any,
) -> Panel:
    drawn = [{"name": name, "x": list(a), "y": list(b)} for name, (a, b) in series.items()]
    return Panel("lines", title, {"x": x, "y": y, "series": drawn, **more}, words)


def tell(exhibit: Panel) -> str:
    """An exhibit as plain text for the terminal: tables and code in full, a chart by its ends."""
    if exhibit.kind == "table":
        rows = [exhibit.data["columns"], *([said(cell) for cell in row] for row in exhibit.data["rows"])]
        widths = [max(len(str(row[k])) for row in rows) for k in range(len(rows[0]))]
        return "\n".join(
            f"  {exhibit.title}"
            if k < 0
            else "  " + "  ".join(str(c).rjust(w) for c, w in zip(rows[k], widths, strict=True))
            for k in range(-1, len(rows))
        )
    if exhibit.kind == "code":
        return "\n".join("  " + line for line in exhibit.data["text"].splitlines())
    if exhibit.kind == "lines":
        ends = [
            f"{one['name']}: {said(one['y'][0])} → {said(one['y'][-1])}" for one in exhibit.data["series"] if one["y"]
        ]
        return f"  {exhibit.title} ({exhibit.data['y']} over {exhibit.data['x']}): " + "; ".join(ends)
    return ""


def said(value: Any) -> str:
    return spoken(value) if isinstance(value, float) else str(value)


def list_lessons() -> list[dict[str, str]]:
    """All lessons, oldest idea first."""
    found = [
        {
            "name": name,
            "title": one.title,
            "year": one.year,
            "story": one.story,
            "change": one.change,
            "settings": told_settings(one),
        }
        for name, one in registry.every("lessons").items()
    ]
    return sorted(found, key=lambda facts: (facts["year"], facts["name"]))


def told_settings(one: Lesson) -> str:
    return "; ".join(f"{name}={default}: {words}" for name, (default, words) in one.settings.items())


def give(name: str, *, page: str | Path | None, say: Say | None, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Run a lesson: {"name", "title", "seconds", "settings", "checks", "passed", "page"}."""
    one = registry.get("lessons", name)
    settings = {key: default for key, (default, _) in one.settings.items()}
    for key, value in changes.items():
        if key not in settings:
            raise UserError(
                f"The lesson {name} has no setting {key!r}.", "", nearest(key, settings, label="Its settings")
            )
        settings[key] = as_kind(key, value, type(settings[key]))
    board = Board(say or (lambda text: None))
    board.say(f"# {one.title} ({one.year})\n{one.story}")
    seed_everything(int(settings.get("seed", 0)))
    begun = time.perf_counter()
    one.run(board, **settings)
    result = {
        "name": name,
        "title": one.title,
        "seconds": round(time.perf_counter() - begun, 2),
        "settings": settings,
        "checks": board.checks,
        "passed": all(check["passed"] for check in board.checks),
        "page": None if page is None else str(page),
    }
    board.say(f"\nChange it and run it again: engineroom lesson {name} {one.change}")
    if page is not None:
        write_atomic(Path(page), render_html(report(one, name, board, result)))
    return strict(result)


def as_kind(key: str, value: Any, kind: type) -> Any:
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise UserError(f"{key} cannot be {value!r}.", f"It is a {kind.__name__}.") from None


def report(one: Lesson, name: str, board: Board, result: dict[str, Any]) -> dict[str, Any]:
    """What the renderer of reports takes: the checks first, the story after."""
    rows = [[check["claim"], "holds" if check["passed"] else "does not hold", check["found"]] for check in board.checks]
    command = f"engineroom lesson {name} {one.change}"
    last = Section(
        "Your turn",
        (
            Panel("code", "Reproduce with one change", {"text": command, "language": "bash"}, told_settings(one)),
            table("What this run found", ["claim", "here", "numbers"], rows),
        ),
    )
    held = sum(check["passed"] for check in board.checks)
    chosen = ", ".join(f"{key}={value}" for key, value in result["settings"].items())
    verdict = {
        "use": f"lesson · {one.year}",
        "sentence": f"{one.title}: {one.story}",
        "why": [
            *(f"{'✓' if c['passed'] else '✗'} {c['claim']} ({c['found']})" for c in board.checks),
            f"{held} of {len(rows)} claims hold with {chosen}; {result['seconds']:.1f} s.",
        ],
    }
    return a_page(one.title, task="lesson", target=name, verdict=verdict, sections=(*board.sections, last))


def study(player: Learner, batches: Any) -> list[float]:
    """Run the package's own loop over (step, batch) pairs; the loss of every step."""
    return [float(event.losses.total.detach()) for event in learn(batches, [player]) if isinstance(event, Measured)]


def pupil(
    network: torch.nn.Module,
    loss: Callable[[torch.Tensor, Batch], torch.Tensor],
    *,
    lr: float,
    adam: bool = True,
    clip: float = 0.0,
) -> Learner:
    """A network as a player of the loop: reads the field "x", is judged by `loss(output, batch)`."""
    kind = torch.optim.AdamW if adam else torch.optim.SGD
    return Learner(
        "pupil",
        kind(network.parameters(), lr=lr),
        lambda batch: network(batch["x"]),
        lambda out, batch: Losses(loss(out, batch)),
        clip=clip,
    )
