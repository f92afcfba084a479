"""Who is this, and what is like it? Rows that were enrolled are kept in the bundle as embeddings alone; one matrix
product searches them, part by part.

Exact search, whatever the number of rows: even a million are searched sooner than a graph over them (HNSW, Malkov &
Yashunin 2018) is built or read (bench/gallery.py). Nothing of a picture but its embedding is kept.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from safetensors.torch import save_file

from ..core.errors import DataError, UserError, nearest
from ..core.files import replace_directory
from ..modalities.tabular.category import to_strings
from .answered import with_files
from .format import damaged, read_tensors
from .model import Model
from .write import seal

VECTORS, NAMES = "gallery.safetensors", "gallery.json"
ASKED, KNOWN = 256, 65_536  # rows of a part: no product is larger than 64 MB


class Gallery:
    """The enrolled rows of a model: `names`, the enrolment each belongs to, and `vectors` (N, D) of length 1."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.names: list[str] = []
        self.turns: list[int] = []
        self.vectors = np.zeros((0, 0), np.float32)
        if (model.path / NAMES).exists():
            self._read()

    def _read(self) -> None:
        path = self.model.path
        if any(name not in self.model.manifest["files"] for name in (VECTORS, NAMES)):
            raise damaged(path, "its gallery is not in its list of files")
        try:
            kept = json.loads((path / NAMES).read_text("utf-8"))
            self.names, self.turns = [str(name) for name in kept["names"]], [int(turn) for turn in kept["turns"]]
            self.vectors = read_tensors(path, VECTORS)["vectors"].float().numpy()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise damaged(path, f"its gallery cannot be read ({error})") from None
        if self.vectors.ndim != 2 or not len(self.names) == len(self.turns) == len(self.vectors):
            raise damaged(path, "its gallery does not fit together")

    def enrol(self, data: Any, *, name: str | None = None) -> int:
        """Add rows under `name`, or each under the name its target column gives, else under its file's name; how many
        were added."""
        frame = self.model.open(data)
        vectors, kept = embed(self.model, frame, "found")
        said = [name] * frame.height if name else row_names(self.model, frame)
        names = [said[row] for row in kept]
        turn = max(self.turns, default=0) + 1
        self.vectors = np.concatenate([self.vectors.reshape(-1, vectors.shape[1]), vectors])
        self.names, self.turns = self.names + names, self.turns + [turn] * len(names)
        self._write()
        return len(names)

    def forget(self, name: str | None = None) -> int:
        """Take back the last enrolment, or all rows of `name`; how many are gone."""
        if not self.names:
            raise UserError(
                "Nobody is enrolled.", "", f"Enrol somebody: engineroom enrol {self.model.path.parent} PHOTOS"
            )
        self._must_know(name)
        last = max(self.turns)
        keep = [(n != name) if name is not None else (t != last) for n, t in zip(self.names, self.turns, strict=True)]
        gone = len(keep) - sum(keep)
        self.names = [n for n, k in zip(self.names, keep, strict=True) if k]
        self.turns = [t for t, k in zip(self.turns, keep, strict=True) if k]
        self.vectors = self.vectors[keep]
        self._write()
        return gone

    def search(self, data: Any, *, top: int = 5) -> pl.DataFrame:
        """The `top` enrolled rows most like each row: row, rank, name, similarity (-1 to 1), best first."""
        vectors, kept = self._asked(self.model.open(data))
        similarity, place = most_alike(vectors, self.vectors, top)
        out = {
            "row": np.repeat(kept, place.shape[1]),
            "rank": np.tile(np.arange(1, place.shape[1] + 1), len(kept)),
            "name": [self.names[k] for k in place.ravel()],
            "similarity": similarity.ravel(),
        }
        return with_files(pl.DataFrame({"_row": out["row"], **out}), self.model.files).drop("_row")

    def verify(self, data: Any, *, name: str | None = None) -> pl.DataFrame:
        """Is each row somebody enrolled (or `name`)? row, name, similarity, accepted; the threshold was set on
        validation pairs."""
        self._must_know(name)
        vectors, kept = self._asked(self.model.open(data))
        theirs = np.flatnonzero([name is None or n == name for n in self.names])
        similarity, place = most_alike(vectors, self.vectors[theirs], 1)
        names, best = [self.names[k] for k in theirs[place[:, 0]]], similarity[:, 0]
        out = pl.DataFrame(
            {"_row": kept, "row": kept, "name": names, "similarity": best, "accepted": best >= self.threshold}
        )
        return with_files(out, self.model.files).drop("_row")

    def _must_know(self, name: str | None) -> None:
        if name is not None and name not in self.names:
            raise UserError(f"{name!r} is not enrolled.", "", nearest(name, set(self.names), label="Enrolled"))

    @property
    def threshold(self) -> float:
        return float(self.model.manifest["calibration"].get("threshold", 1.0))

    def _asked(self, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """((rows kept, D), row numbers kept) of rows that can be looked for."""
        vectors, kept = embed(self.model, frame)
        if not self.names:
            raise UserError(
                "Nobody is enrolled.",
                "There is nothing to search in.",
                f"First: engineroom enrol {self.model.path.parent} DATA",
            )
        if vectors.shape[1] != self.vectors.shape[1]:
            raise damaged(self.model.path, "its gallery holds embeddings of another width")
        return vectors, kept

    def _write(self) -> None:
        """The bundle again, with this gallery in it, swapped in whole."""
        old, manifest = self.model.path, self.model.manifest

        def fill(aside: Path) -> None:
            for file in old.iterdir():
                if file.name not in ("bundle.json", VECTORS, NAMES):
                    shutil.copy2(file, aside / file.name)
            save_file({"vectors": torch.from_numpy(np.ascontiguousarray(self.vectors))}, aside / VECTORS)
            (aside / NAMES).write_text(
                json.dumps({"names": self.names, "turns": self.turns}, ensure_ascii=False), "utf-8"
            )
            manifest["files"] = seal(aside, manifest)

        replace_directory(old, fill)


def most_alike(asked: np.ndarray, known: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    """asked (Q, D), known (N, D) → (similarities (Q, k), places among the known (Q, k)), best first; k = at most
    `top`."""
    found = [one_part(asked[i : i + ASKED], known, min(top, len(known))) for i in range(0, max(1, len(asked)), ASKED)]
    similarity, place = (np.concatenate(each) for each in zip(*found, strict=True))
    return similarity, place


def one_part(asked: np.ndarray, known: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    similarity, place = np.zeros((len(asked), 0), np.float32), np.zeros((len(asked), 0), np.int64)
    for begin in range(0, len(known), KNOWN):
        more = asked @ known[begin : begin + KNOWN].T
        best = np.argpartition(-more, min(top, more.shape[1]) - 1, axis=1)[:, :top]
        similarity = np.concatenate([similarity, np.take_along_axis(more, best, 1)], 1)
        place = np.concatenate([place, best + begin], 1)
        order = np.lexsort((place, -similarity), axis=1)[:, :top]
        similarity, place = np.take_along_axis(similarity, order, 1), np.take_along_axis(place, order, 1)
    return similarity, place


def embed(model: Model, frame: pl.DataFrame, side: str = "embedding") -> tuple[np.ndarray, np.ndarray]:
    """((rows kept, D) float32, row numbers kept); models of two sides have a `found` side beside the one that asks."""
    answers, kept = model.answers(frame)
    if "embedding" not in answers:
        fix = "Train one that does: engineroom train DATA --recipe metric_learning"
        raise UserError(f"The model answers with a {model.manifest['task']}, not with a likeness.", "", fix)
    return answers.get(side, answers["embedding"]).astype(np.float32), kept


def row_names(model: Model, frame: pl.DataFrame) -> list[str]:
    """What each row is called: its target where there is one, else its file, else its number."""
    target = model.schema.target.name
    if target in frame.columns and frame[target].null_count() == 0:
        return to_strings(frame[target]).to_list()
    first = frame[model.schema.inputs[0].name]
    if first.dtype == pl.String:
        return [Path(value).stem if value else f"row {row}" for row, value in enumerate(first)]
    if not frame.height:
        raise DataError("There are no rows to enrol.")
    return [f"row {row}" for row in range(frame.height)]
