"""COLLECT: drawings as the pen made them: stroke-3 (.npz of offsets, sketch-rnn) or Quick, Draw! (.ndjson). One row a
drawing, spelt as text (modalities/symbolic/_stroke_encoding.py)."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ...modalities.symbolic._stroke_encoding import fitted, from_offsets, whole
from ._cache import head
from ._concat_splits import split_name
from ._files import absolute, ending, run_name, split_of, walk

MOST_BYTES = 512 * 2**20
NOTE = "These are drawings. To learn to draw such, say --recipe drawing."
Row = tuple[str, str | None, str | None]  # text, kind, part


class Strokes:
    """Reads X_points (N, 3) with X_lengths for every part X, and lines {"word": …, "drawing": [[[x…], [y…]], …]}; a
    file or a folder with one."""

    def detect(self, path: Path) -> float:
        return 0.95 if found(path) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        file = found(path)
        assert file is not None
        rows, skipped = (from_npz if ending(file) == ".npz" else from_lines)(file)
        if not rows:
            raise DataError(
                f"{file} holds no drawings that can be read.",
                "; ".join(why for _, why in skipped[:3]),
                "Bring stroke-3 (.npz) or Quick, Draw! (.ndjson).",
            )
        frame = pl.DataFrame(rows, schema={"drawing": pl.String, "word": pl.String, "part": pl.String}, orient="row")
        hints: dict[str, dict[str, Any]] = {
            "drawing": {"modality": "text", "role": "input", "why": "strokes, point by point"}
        }
        if frame["word"].null_count() == frame.height:
            frame = frame.drop("word")
        if frame["part"].null_count() or "train" not in frame["part"].to_list():
            return Table(frame.drop("part"), run_name(absolute(path)), hints, (NOTE,), tuple(skipped))
        column = split_name(frame.columns)
        hints[column] = {"modality": "category", "role": "split", "why": "as the data give it"}
        return Table(frame.rename({"part": column}), run_name(absolute(path)), hints, (NOTE,), tuple(skipped))


def found(path: Path) -> Path | None:
    """The file itself, or the only one of its kind in a folder."""
    if path.is_dir():
        files = [one for one in walk(path, at_most=20) if one.suffix.lower() in (".npz", ".ndjson")]
        return found(files[0]) if len(files) == 1 else None
    if ending(path) == ".ndjson":
        return path if b'"drawing"' in head(path, 65_536) else None
    if ending(path) != ".npz" or not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
    return (
        path
        if any(name.endswith("_points.npy") and name.replace("_points", "_lengths") in names for name in names)
        else None
    )


def from_npz(path: Path) -> tuple[list[Row], list[tuple[str, str]]]:
    with zipfile.ZipFile(path) as archive:
        if sum(one.file_size for one in archive.infolist()) > MOST_BYTES:
            raise DataError(f"{path} holds more than {MOST_BYTES >> 20} MiB.", "", "Cut it into several files.")
    rows: list[Row] = []
    skipped: list[tuple[str, str]] = []
    try:
        with np.load(path, allow_pickle=False) as data:
            for name in (one for one in data.files if one.endswith("_points")):
                part, points, ends = (
                    name.removesuffix("_points"),
                    data[name],
                    np.cumsum(data[name.replace("_points", "_lengths")]),
                )
                if points.ndim != 2 or points.shape[1] != 3 or (len(ends) and ends[-1] != len(points)):
                    why = f"Its shape is {points.shape}; the lengths add up to {int(ends[-1]) if len(ends) else 0}."
                    raise DataError(
                        f"{name} in {path.name} is no stroke-3.", why, "It is (N, 3): right, down, is the pen lifted."
                    )
                for number, (a, b) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
                    if b > a:
                        rows.append((whole(from_offsets(points[a:b])), None, split_of(part)))
                    else:
                        skipped.append((f"{part}-{number}", "has no points"))
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} cannot be read.",
            str(error)[:160],
            "It is an .npz of X_points (N, 3) and X_lengths, without pickled objects.",
        ) from None
    return rows, skipped


def from_lines(path: Path) -> tuple[list[Row], list[tuple[str, str]]]:
    rows: list[Row] = []
    skipped: list[tuple[str, str]] = []
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                one = json.loads(line)
                strokes = fitted([list(zip(x, y, strict=True)) for x, y, *_ in one["drawing"]])
                if not strokes:
                    raise ValueError("has no points")
                rows.append((whole(strokes), one.get("word"), None))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                skipped.append((f"line {number}", f"line {number}: {error}"))
    return rows, skipped


SOURCE = Strokes()
