"""Class maps to look at and to keep: laid over their picture, as PNGs in its size, and what a report says of their
classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np
import polars as pl

from ...core.batch import RowResults
from ...core.errors import UserError
from ...core.files import disk_error
from ...core.panels import Panel
from ...core.schema import Schema
from ...metrics import segmentation as metrics
from ...modalities.vision._masks import codes_of, mask_size, read_mask, resized, write_mask
from ...modalities.vision.image import cells
from .thumbnails import abreast, cell, colour, image, picture_column, rgb, shown_picture

COVER = 0.55  # how much of the colour hides the picture


def packed(mask: np.ndarray) -> bytes:
    """(H, W) uint8 → a PNG: records of answers stay small."""
    return write_mask(mask, list(range(256)))


def unpacked(data: bytes) -> np.ndarray:
    return read_mask(data, pixels=1 << 30).astype(np.uint8)


def drawn(
    frame: pl.DataFrame, row: int, schema: Schema, mask: np.ndarray, table: np.ndarray, names: Sequence[str]
) -> str:
    """The picture under the answer, beside it the picture under the true mask where there is one; a legend of the
    classes in either."""
    picture = shown_picture(frame, row, schema)
    figures = [("answer", image(painted(picture, mask, len(names)), "the picture with the answer over it"))]
    there = set(np.unique(mask).tolist())
    true = truth(frame, row, schema, table)
    if true is not None:
        figures.append(("truth", image(painted(picture, true, len(names)), "the picture with the true mask over it")))
        there |= set(np.unique(true).tolist())
    shown = [k for k in sorted(there) if k < len(names) and (len(names) > 2 or k)]
    return abreast(figures, [(names[k], colour(k)) for k in shown])


def truth(frame: pl.DataFrame, row: int, schema: Schema, table: np.ndarray) -> np.ndarray | None:
    """(H, W) class numbers of a row's true mask, or None where there is none that can be read."""
    target = schema.target
    if target.name not in frame.columns or frame[target.name][row] is None:
        return None
    try:
        mask = read_mask(cell(frame, row, target.name), pixels=target.state["pixels"])
    except (OSError, ValueError, SyntaxError):
        return None
    return table[codes_of(mask, np.array(target.state["numbers"]), soft=bool(target.state.get("soft")))]


def painted(picture: np.ndarray, mask: np.ndarray, classes: int) -> np.ndarray:
    """(H, W, 3) with every class in its colour; what does not count, and the first of two classes, stays as it is."""
    codes = resized(mask, *picture.shape[:2])
    paint = np.array([rgb(colour(k)) for k in range(classes)], np.float32)
    inside = (codes < classes) & ((codes > 0) | (classes > 2))
    over = (1 - COVER) * picture + COVER * paint[np.minimum(codes, classes - 1)]
    return np.where(inside[..., None], over, picture).astype(np.uint8)


def save_masks(masks: np.ndarray, frame: pl.DataFrame, schema: Schema, folder: Path, numbers: list[int]) -> None:
    """One PNG a row, in the size of its picture, named after the picture's file (rows of no file by their number)."""
    column = picture_column(schema)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, mask, one in zip(
            file_names(frame[column.name], frame), masks, cells(frame[column.name]), strict=True
        ):
            height, width = mask_size(one, pixels=column.state.get("pixels", 64_000_000))
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(write_mask(resized(mask, height, width), numbers))
    except FileExistsError:
        raise UserError(
            f"{folder} is a file, not a folder.", "Masks are written one file a picture.", "Name another folder."
        ) from None
    except OSError as error:
        raise disk_error(error, folder) from error


def file_names(values: pl.Series, frame: pl.DataFrame | None = None) -> list[str]:
    """A name of its own for every row, with the ending .png: its file's, below the folder that all have in common where
    names repeat, with the file's ending where 1.jpg lies beside 1.png, numbered where a file is there twice; 00012.png,
    by the row's number, where rows have no file."""
    if values.dtype != pl.String:
        rows = frame["_row"].to_list() if frame is not None and "_row" in frame.columns else range(len(values))
        return [f"{row:05d}.png" for row in rows]
    paths = [PurePath(value) for value in values.to_list()]
    shared = 0
    while all(len(path.parts) > shared + 1 for path in paths) and len({path.parts[shared] for path in paths}) == 1:
        shared += 1
    inside = [PurePath(*path.parts[shared:-1]) for path in paths]
    for names in (
        [path.stem for path in paths],
        [str(folder / path.stem) for folder, path in zip(inside, paths, strict=True)],
        own_endings([str(folder / path.name) for folder, path in zip(inside, paths, strict=True)]),
    ):
        if len({name.casefold() for name in names}) == len(names):
            return [f"{name}.png" for name in names]
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name.casefold()] = seen.get(name.casefold(), 0) + 1
        out.append(f"{name}.png" if seen[name.casefold()] == 1 else f"{name}_{seen[name.casefold()]}.png")
    return out


def own_endings(names: list[str]) -> list[str]:
    """Names without their ending, but for those that would be the same without it."""
    stems = [str(PurePath(name).with_suffix("")) for name in names]
    counts = Counter(one.casefold() for one in stems)
    return [stem if counts[stem.casefold()] == 1 else name for stem, name in zip(stems, names, strict=True)]


def exhibits(records: RowResults, baseline: RowResults, names: list[str]) -> list[Panel]:
    """Overlap per class of both, the deep model's confusion, and for two classes the curves."""
    ours, theirs = (metrics.overlap(one["confusion"].sum(0)) for one in (records, baseline))
    pixels = records["truth"].sum(0) / max(1, records["truth"].sum())
    series = [
        {"name": name, "values": [0.0 if np.isnan(v) else round(float(v), 4) for v in values]}
        for name, values in (("deep", ours), ("classical", theirs))
    ]
    whole = records["confusion"].sum(0)
    found = [
        Panel(
            "bars",
            "Intersection over union by class",
            {"labels": names, "series": series, "y": "IoU"},
            "Pixels in both the answer and the truth, of those in either.",
        ),
        Panel(
            "matrix",
            "Confusion matrix: which class is taken for which",
            {"rows": names, "columns": names, "values": whole.tolist(), "x": "said", "y": "true", "share": "rows"},
            "Pixels of all test rows.",
        ),
        Panel(
            "table",
            "Scores by class",
            class_table(whole, pixels, names, theirs),
            "Of the pixels: how many are of this class, how many so called are (precision), how many of them were "
            "found (recall).",
        ),
    ]
    if "positives" in records:
        found.insert(
            1,
            Panel(
                "lines",
                "ROC curve: found against false alarms",
                curve(records, baseline),
                f"Pixels of {names[1]}, for every threshold of the probability.",
            ),
        )
    return found


def class_table(whole: np.ndarray, pixels: np.ndarray, names: list[str], theirs: np.ndarray) -> dict:
    both, ious, dices = np.diag(whole), metrics.overlap(whole), metrics.dice(whole)
    rows = [
        [
            name,
            f"{pixels[k]:.2%}",
            *(None if np.isnan(v) else round(float(v), 3) for v in (ious[k], theirs[k], dices[k])),
            round(both[k] / max(1, whole[:, k].sum()), 3),
            round(both[k] / max(1, whole[k].sum()), 3),
        ]
        for k, name in enumerate(names)
    ]
    return {
        "columns": ["class", "pixels", "IoU", "IoU classical", "Dice", "precision", "recall"],
        "rows": rows,
        "best": None,
    }


def curve(records: RowResults, baseline: RowResults) -> dict:
    series = []
    for name, one in (("deep", records), ("classical", baseline)):
        hits, alarms = one["positives"].sum(0), one["negatives"].sum(0)
        x, y = (np.concatenate([[0.0], np.cumsum(h[::-1]) / max(1, h.sum())])[::4] for h in (alarms, hits))
        series.append(
            {
                "name": f"{name} (area {metrics.area(hits, alarms):.3f})",
                "x": [*x.round(5).tolist(), 1.0],
                "y": [*y.round(5).tolist(), 1.0],
            }
        )
    return {
        "x": "share of the other pixels called so",
        "y": "share of the pixels found",
        "series": series,
        "diagonal": True,
    }
