"""Panels: what a report consists of. A task or a check hands over panels; the renderer knows their kinds and no task.

Kinds and their `data` (all plain JSON):

- facts      {"items": [[label, value, hint], …]}                                  small tiles
- notes      {"items": [{"level": "note"|"warning"|"error", "what", "why", "fix"}, …]}
- table      {"columns": […], "rows": [[…], …], "best": row index or null}
- lines      {"x": label, "y": label, "series": [{"name", "x": […], "y": […], "low"?, "high"?, "dashed"?}], "marks"?:
[{"x", "label"}],
              "diagonal"?: bool, "log_x"?: bool, "log_y"?: bool}
- bars       {"labels": […], "series": [{"name", "values": […], "low"?, "high"?}], "y": label}
- histogram  {"x": label, "edges": [n+1], "series": [{"name", "counts": [n]}]}
- scatter    {"x": label, "y": label, "points": [[x, y], …], "diagonal"?: bool}
- matrix     {"rows": […], "columns": […], "values": [[…]], "x": label, "y": label, "share"?: "rows"}
- intervals  {"metric": label, "rows": [{"name", "value", "low", "high"}]}           dot and whisker, one row a model
- gallery    {"items": [{"title", "subtitle", "tone": "good"|"bad"|"", "html"}], "wide"?: bool}     html comes from a
modality's `show`, already escaped
- code       {"text", "language"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

KINDS = ("facts", "notes", "table", "lines", "bars", "histogram", "scatter", "matrix", "intervals", "gallery", "code")


def spoken(value: float, *, sign: bool = False) -> str:
    """A number as people say it: 45,312 and 0.9318, never 4.531e+04."""
    plus = "+" if sign and value else ""
    return f"{value:{plus},.0f}" if abs(value) >= 1000 else f"{value:{plus}.4g}"


@dataclass(frozen=True)
class Panel:
    """One thing to look at: `kind` picks the renderer, `words` say what to see in it."""

    kind: str
    title: str
    data: Mapping[str, Any]
    words: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"Unknown exhibit kind {self.kind!r}; known: {KINDS}")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Section:
    """A chapter of the report."""

    title: str
    exhibits: tuple[Panel, ...]
    words: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"title": self.title, "words": self.words, "exhibits": [exhibit.to_json() for exhibit in self.exhibits]}


@dataclass(frozen=True)
class Finding:
    """What a check before training found, in plain words."""

    level: str  # note | warning | error
    what: str
    why: str = ""
    fix: str = ""
    columns: tuple[str, ...] = ()
    action: str = ""  # "ignore": leave the columns out unless the user named their role

    def to_json(self) -> dict[str, Any]:
        return {"level": self.level, "what": self.what, "why": self.why, "fix": self.fix}
