"""COLLECT: documents: a JSON file a page (lines with their boxes, and the fields that are to be read) beside its
scan."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ...modalities.text._document_layout import read_page
from ...modalities.vision._masks import mask_size
from ._concat_splits import concat_tables
from ._files import IMAGE, absolute, run_name, split_of, visible, walk
from ._layout import pair_places, places_below

PEEK = 400  # files looked at to recognise a folder
LARGEST = 10_000_000  # bytes of a page
NAMED = 5


@dataclass(frozen=True)
class PageFolders:
    """Reads `root[/train]/…/x.json` {"lines": [{"text", "box" or "quad"}], "fields": {name: value}} with x.jpg anywhere
    below the same folder."""

    def detect(self, path: Path) -> float:
        if not path.is_dir():
            return 0.0
        first = next((file for file in walk(path, at_most=PEEK) if file.suffix.lower() == ".json"), None)
        return 0.97 if first is not None and is_page(first) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        folders = {split_of(folder.name): folder for folder in visible(path)[0] if split_of(folder.name)}
        parts = folders if "train" in folders else {None: path}
        return concat_tables([(split, part(folder, limits)) for split, folder in parts.items()], run_name(path))


def is_page(file: Path) -> bool:
    try:
        if file.stat().st_size > LARGEST:
            return False
        read_page(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ValueError):
        return False
    return True


def part(folder: Path, limits: LimitsConfig) -> Table:
    files = places_below(folder, frozenset({".json"}))
    scans = pair_places(files, places_below(folder, IMAGE), lambda name: (name,), lambda name: (name,))
    rows: list[dict[str, Any]] = []
    skipped: list[tuple[str, str]] = []
    for file, scan in zip(files, scans, strict=True):
        try:
            rows.append(row_of(file.path, scan.path if scan else None, limits))
        except (OSError, UnicodeDecodeError, ValueError, SyntaxError) as error:
            skipped.append((str(file.path.relative_to(folder)), str(error)[:200]))
    if not rows or len(skipped) > limits.max_damaged * (len(rows) + len(skipped)):
        first = "; ".join(f"{name}: {why}" for name, why in skipped[:NAMED])
        what = f"{len(skipped):,} of {len(rows) + len(skipped):,} pages in {folder.name} cannot be read."
        raise DataError(what, first or "There are none.", "Repair them, or allow more: --set limits.max_damaged=0.2")
    frame = pl.DataFrame(rows, schema={"image": pl.String, "page": pl.String, "fields": pl.String})
    hints = {
        "image": {"modality": "image", "role": "ignore", "why": "the scan, to look at: what is read are its lines"},
        "page": {"modality": "text", "role": "input", "why": "lines and their places"},
        "fields": {"modality": "document_fields", "role": "target", "why": "what is to be read from the page"},
    }
    bare = sum(row["image"] is None for row in rows)
    notes = (f"{bare} page(s) have no scan of the same name: they are read but not shown.",) if bare else ()
    return Table(frame, run_name(folder), hints, notes, tuple(skipped))


def row_of(file: Path, picture: Path | None, limits: LimitsConfig) -> dict[str, Any]:
    """One document; the size of its page is that of the scan where the file does not say it."""
    if file.stat().st_size > LARGEST:
        raise ValueError("it is absurdly large")
    cell = json.loads(file.read_text("utf-8"))
    read_page(cell)
    if picture is not None and not cell.get("width"):
        cell["height"], cell["width"] = mask_size(str(picture), pixels=limits.pixels)
    page = {name: cell[name] for name in ("width", "height", "lines") if name in cell}
    fields = cell.get("fields")
    return {
        "image": None if picture is None else str(absolute(picture)),
        "page": json.dumps(page, ensure_ascii=False),
        "fields": None if fields is None else json.dumps(fields, ensure_ascii=False),
    }


SOURCE = PageFolders()
