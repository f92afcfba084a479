"""COLLECT: boxes and outlines as Label Studio exports them: JSON or JSON-MIN, places in percent of the picture's
sides."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ._box_table import SHARES, Annotated, BoxSource, Found, Thing, box_of
from ._files import IMAGE, visible
from ._media_lookup import FileIndex, NameMatcher

PEEK = 1 << 16  # bytes looked at
SIGNS = (b'"rectanglelabels"', b'"polygonlabels"', b'"ellipselabels"')
UPLOADED = re.compile(r"^[0-9a-z]{4,}-", re.I)  # what Label Studio puts before the names of uploaded files
KINDS = ("rectanglelabels", "polygonlabels", "ellipselabels")


@dataclass(frozen=True)
class LabelStudio(BoxSource):
    """Reads an export beside or above its pictures."""

    def detect(self, path: Path) -> float:
        return 0.98 if files_in(path) else 0.0

    def annotated(self, path: Path, limits: LimitsConfig) -> Found:
        root, found = path if path.is_dir() else path.parent, Found()
        tasks = [task for file in files_in(path) for task in read_tasks(file)]
        index = FileIndex(root, IMAGE)
        names = [name for task in tasks for name in file_names(task)[:1]]
        matchers = NameMatcher(index, names), NameMatcher(index, [strip_upload_prefix(name) for name in names])
        left: Counter[str] = Counter()
        unlabelled = 0
        for number, task in enumerate(tasks):
            results = results_of(task)
            if results is None:
                unlabelled += 1
                continue
            add_task(found, task, results, matchers, number, left)
        if unlabelled:
            found.notes.append(f"{unlabelled:,} pictures nobody has annotated yet were left out.")
        if left:
            found.notes.append(
                "Annotations of other kinds were left out: "
                + ", ".join(f"{count} {kind}" for kind, count in left.most_common(5))
                + "."
            )
        return found


def files_in(path: Path) -> list[Path]:
    files = visible(path)[1] if path.is_dir() else [path]
    return [file for file in files if file.suffix.lower() == ".json" and is_export(file)]


def is_export(file: Path) -> bool:
    with file.open("rb") as opened:
        data = opened.read(PEEK)
    return data.lstrip()[:1] == b"[" and any(sign in data for sign in SIGNS)


def read_tasks(file: Path) -> list[dict[str, Any]]:
    try:
        tasks = json.loads(file.read_text("utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"{file.name} is no JSON that can be read.", str(error)[:200], "Export it again, or as COCO or YOLO."
        ) from None
    return [task for task in tasks if isinstance(task, dict)]


def results_of(task: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The annotated regions of a picture, [] where somebody found none, None where nobody has looked."""
    if "annotations" in task or "completions" in task:
        done = [one for one in task.get("annotations") or task.get("completions") or [] if not one.get("was_cancelled")]
        return [result for one in done[:1] for result in one.get("result", [])] if done else None
    lists = [
        value for value in task.values() if isinstance(value, list) and all(isinstance(one, dict) for one in value)
    ]
    return [
        {"type": next((kind for kind in KINDS if kind in one), "other"), "value": one}
        for value in lists
        for one in value
    ]


def file_names(task: dict[str, Any]) -> list[str]:
    """Names under which the picture may lie here, the fullest first."""
    data = task.get("data", task)
    links = [
        value
        for value in data.values()
        if (isinstance(value, str) and Path(value.split("?")[0]).suffix.lower() in IMAGE)
        or "local-files/?d=" in str(value)
    ]
    names = [unquote(str(link).rpartition("?d=")[2] if "?d=" in str(link) else str(link)) for link in links]
    names = [re.sub(r"^[a-z0-9]+://[^/]+/", "", name) for name in names]
    return [*names, *([str(task["file_upload"])] if task.get("file_upload") else [])]


def strip_upload_prefix(name: str) -> str:
    folder, slash, last = name.rpartition("/")
    return folder + slash + UPLOADED.sub("", last)


def add_task(
    found: Found,
    task: dict[str, Any],
    results: list[dict[str, Any]],
    matchers: tuple[NameMatcher, NameMatcher],
    number: int,
    left: Counter[str],
) -> None:
    names = file_names(task)
    called = names[0] if names else f"task {task.get('id', number)}"
    picture = next(
        (
            file
            for name in names
            for matcher, one in zip(matchers, (name, strip_upload_prefix(name)), strict=True)
            if (file := matcher.find(one))
        ),
        None,
    )
    if picture is None:
        found.skipped.append((called, "the picture is not there, or several have its name"))
        return
    things, size = [], SHARES
    try:
        for result in results:
            value = result.get("value", {})
            kind = next((one for one in KINDS if value.get(one)), None)
            if kind is None:
                left[str(result.get("type", "other"))] += 1
                continue
            facts = {**value, **result} if "original_width" in result else value
            size = (
                (float(facts["original_width"]), float(facts["original_height"]))
                if facts.get("original_width")
                else size
            )
            things += [thing_of(kind, value, size, str(label)) for label in value[kind]]
        found.add(Annotated(picture, things, size, None, called, {"file_name": called}))
    except (KeyError, TypeError, ValueError) as error:
        found.skipped.append((called, f"a region of it cannot be read ({error})"))


def thing_of(kind: str, value: dict[str, Any], size: tuple[float, float], label: str) -> Thing:
    """A region in percent → in units of `size`; a turned rectangle becomes the box around it, and an outline."""
    unit = np.array(size) / 100
    if kind == "polygonlabels":
        outline = tuple((np.array(value["points"], float) * unit).ravel().tolist())
        return Thing(label, box_of([outline]), (outline,))
    if kind == "ellipselabels":
        middle, radius = (
            np.array([value["x"], value["y"]], float) * unit,
            np.array([value["radiusX"], value["radiusY"]], float) * unit,
        )
        angle = np.linspace(0, 2 * np.pi, 33)[:-1]
        points = np.stack([np.cos(angle), np.sin(angle)], 1) * radius
        outline = tuple((rotated(points, value) + middle).ravel().tolist())
        return Thing(label, box_of([outline]), (outline,))
    corner, sides = (
        np.array([value["x"], value["y"]], float) * unit,
        np.array([value["width"], value["height"]], float) * unit,
    )
    points = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * sides
    outline = tuple((rotated(points, value) + corner).ravel().tolist())
    return Thing(label, box_of([outline]), (outline,) if value.get("rotation") else ())


def rotated(points: np.ndarray, value: dict[str, Any]) -> np.ndarray:
    angle = np.radians(float(value.get("rotation") or 0))
    return points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


SOURCE = LabelStudio()
