"""COLLECT: IDX, the form MNIST came in (LeCun, Cortes & Burges 1998): raw pixels in one file, labels in another."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._cache import head, plain_bytes
from ._concat_splits import concat_tables
from ._files import run_name, split_of, visible

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}  # third byte of the file
HINTS = {
    "image": {"modality": "image", "role": "input", "why": "the pixels of an IDX file"},
    "label": {"modality": "category", "role": "target", "why": "the labels file of an IDX pair"},
}


@dataclass(frozen=True)
class Idx:
    """Reads a folder of IDX pairs (train and test or t10k), or one images file with its labels beside it."""

    def detect(self, path: Path) -> float:
        if path.is_file():
            return 1.0 if _is_images(path) else 0.0
        return 1.0 if path.is_dir() and any(_is_images(file) for file in visible(path)[1]) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        if path.is_file():
            return _pair(path, limits=limits, cache=cache)
        parts = [
            (split_of(file.name), _pair(file, limits=limits, cache=cache))
            for file in visible(path)[1]
            if _is_images(file)
        ]
        return concat_tables(parts, run_name(path))


def _is_images(path: Path) -> bool:
    if "idx" not in path.name.lower() and "images" not in path.name.lower():
        return False
    start = head(path, 4)
    return len(start) == 4 and start[:2] == b"\0\0" and start[2] in TYPES and start[3] in {3, 4}


def _pair(images: Path, *, limits: LimitsConfig, cache: Path | None) -> Table:
    """Pixels (N, H, W[, C]) uint8 and the labels (N,) of the file beside them."""
    labels = _labels_of(images)
    pixels = _array(images, limits=limits, cache=cache)
    answers = _array(labels, limits=limits, cache=cache)
    if pixels.dtype != np.uint8:
        raise DataError(f"{images.name} holds {pixels.dtype} values.", "Pixels are read as unsigned bytes.")
    if len(pixels) != len(answers):
        raise DataError(
            f"{images.name} holds {len(pixels):,} images, {labels.name} {len(answers):,} labels.",
            "Every image needs its label.",
            "Take both files from the same download.",
        )
    frame = pl.DataFrame({"image": pl.Series(pixels), "label": pl.Series(answers.astype(np.int64))})
    return Table(frame, run_name(images.parent), HINTS)


def _labels_of(images: Path) -> Path:
    """train-images-idx3-ubyte.gz → train-labels-idx1-ubyte.gz; packed or not."""
    for old, new in (("images", "labels"), ("Images", "Labels")):
        for dimension in ("idx3", "idx4"):
            base = images.name.removesuffix(".gz").replace(old, new).replace(dimension, "idx1")
            for name in (base, f"{base}.gz"):
                if name not in {images.name, images.name.removesuffix(".gz")} and (images.parent / name).is_file():
                    return images.parent / name
    raise DataError(
        f"{images.name} has no labels file beside it.",
        "An IDX pair is ...-images-idx3-ubyte and ...-labels-idx1-ubyte.",
        f"Put the labels file into {images.parent}.",
    )


def _array(path: Path, *, limits: LimitsConfig, cache: Path | None) -> np.ndarray:
    """The array an IDX file holds; its header is checked against its size before anything is allocated."""
    plain = plain_bytes(path, limits=limits, cache=cache)
    data = np.memmap(plain, dtype=np.uint8, mode="r") if plain.stat().st_size else np.zeros(0, np.uint8)
    start = bytes(data[:4])
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES:
        raise DataError(f"{path.name} is no IDX file.", "It does not begin as one does: 0, 0, type, dimensions.")
    end = 4 + 4 * start[3]
    if len(data) < end:
        raise DataError(f"{path.name} is cut off.", "Its header is incomplete.", "Download it again.")
    shape = struct.unpack(f">{start[3]}I", bytes(data[4:end]))
    kind = np.dtype(TYPES[start[2]])
    expected = end + kind.itemsize * int(np.prod(shape, dtype=object) if shape else 1)
    if expected != len(data):
        raise DataError(
            f"{path.name} is damaged.",
            f"Its header promises {expected:,} bytes; it has {len(data):,}.",
            "Download it again.",
        )
    return np.asarray(data[end:].view(kind).reshape(shape)).astype(kind.newbyteorder("="))


SOURCE = Idx()
