"""Recordings of speech and of noise → rows of the question: a recording, a noise and how loud it is. What is judged
never taught: neither speech nor noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.errors import DataError
from ...core.table import Table
from ...modalities.audio._noise_mixing import MADE
from ..media_columns import media_column, split_column

NOISY = "noisy"  # what the model reads
LEVELS = (-5.0, 0.0, 5.0, 10.0)  # dB of sound above noise, in what validates and judges
# seconds of a row at least, where it teaches (long stretches of noise) and where it judges
LONG = {True: 3.0, False: 1.0}
LEAST = 6  # recordings
TEST, VAL = 0.2, 0.1  # of the recordings, where the data do not say
TAUGHT = 0.7  # of every recording of noise, from its start, where the data do not say which noise is for the test


def noise_rows(table: Table, audio: str, split: str | None, word: str) -> np.ndarray:
    """(N,) bool: which recordings are noise: those that a column calls so."""
    for name in table.frame.columns:
        if name not in (audio, split) and table.frame[name].dtype == pl.String and (table.frame[name] == word).any():
            return (table.frame[name] == word).fill_null(False).to_numpy()
    return np.zeros(table.frame.height, bool)


def build_noisy_rows(table: Table, target: str | None, word: str, *, inference: bool) -> Table:
    """The source table as mixtures of speech and noise (rows of recordings as they are, at inference)."""
    frame = table.frame
    known = [one for one in (target, NOISY) if one in frame.columns and frame[one].dtype == pl.String]
    audio = media_column(table, known[0] if known else None, "audio", "recordings")
    if inference:
        return Table(
            frame.rename({audio: NOISY}) if audio != NOISY else frame, table.name, {}, table.notes, table.skipped
        )
    split = split_column(table)
    noise = noise_rows(table, audio, split, word)
    clean = np.flatnonzero(~noise & frame[audio].is_not_null().to_numpy())
    if len(clean) < LEAST:
        raise DataError(
            f"{len(clean)} clean recordings are too few to learn from, to validate and to test.",
            "",
            f"Bring at least {LEAST}; dozens are better.",
        )
    splits = read_splits(frame[split].to_list(), clean) if split else sample_splits(len(clean))
    cells, row_splits = mix_rows(frame[audio], clean, splits, list_noises(frame, audio, split, np.flatnonzero(noise)))
    mixtures = pl.DataFrame({NOISY: cells, "split": row_splits}).with_columns(pl.col(NOISY).alias(target or "clean"))
    description = f"{len(clean):,} clean recordings" + (
        f", noise from {int(noise.sum())} recordings." if noise.any() else ", noise made by our own code."
    )
    hints: dict[str, dict[str, Any]] = {
        target or "clean": {"modality": "clean_speech", "role": "target", "why": "the recording without its noise"},
        NOISY: {"modality": "noisy_speech", "role": "input", "why": "the same with noise, mixed by our own code"},
        "split": {
            "role": "split",
            "modality": "category",
            "why": "what judges is never heard in training: neither speech nor noise",
        },
    }
    return Table(mixtures, table.name, hints, (*table.notes, description), table.skipped)


def mix_rows(
    sources: pl.Series, clean: np.ndarray, splits: list[str], noises: dict[str, list[tuple[str, list[float]]]]
) -> tuple[list[dict[str, Any]], list[str]]:
    """(cells, the split of each): one level of noise for a recording that is learned from, every level for others."""
    rng = np.random.default_rng(0)
    cells: list[dict[str, Any]] = []
    row_splits: list[str] = []
    for row, split in zip(clean.tolist(), splits, strict=True):
        for level in (LEVELS[len(cells) % len(LEVELS)],) if split == "train" else LEVELS:
            path, share = noises[split][int(rng.integers(len(noises[split])))]
            cells.append(
                {
                    "source": sources[row],
                    "noise": path,
                    "part": share,
                    "level": level,
                    "least": LONG[split == "train"],
                    "chance": len(cells),
                }
            )
            row_splits.append(split)
    return cells, row_splits


def read_splits(values: list[Any], clean: np.ndarray) -> list[str]:
    """The splits as the data give them; every tenth recording to learn from validates where none is set aside."""
    splits = [
        {"testing": "test", "training": "train", "valid": "val", "validation": "val", "dev": "val"}.get(
            str(values[k]), str(values[k])
        )
        for k in clean
    ]
    training = [k for k, split in enumerate(splits) if split == "train"]
    if "val" not in splits:
        for k in np.random.default_rng(0).permutation(training)[: max(1, round(VAL * len(training)))]:
            splits[int(k)] = "val"
    return splits


def sample_splits(count: int) -> list[str]:
    """A split for each of `count` recordings, at random."""
    splits = np.full(count, "train", object)
    order = np.random.default_rng(0).permutation(count)
    test, val = max(1, round(TEST * count)), max(1, round(VAL * count))
    splits[order[:test]], splits[order[test : test + val]] = "test", "val"
    return splits.tolist()


def list_noises(
    frame: pl.DataFrame, audio: str, split: str | None, rows: np.ndarray
) -> dict[str, list[tuple[str, list[float]]]]:
    """{split: [(recording, [from, to] as shares of it)]}."""
    if not len(rows):
        return {part: [(MADE, [0.0, 1.0])] for part in ("train", "val", "test")}
    paths = [(str(frame[audio][int(k)]), str(frame[split][int(k)]) if split else "") for k in rows]
    judged = [path for path, part in paths if part.startswith("test")]
    taught = [path for path, part in paths if not part.startswith("test")]
    if judged and taught:
        return {
            "train": [(path, [0.0, 1.0]) for path in taught],
            "val": [(path, [0.0, 1.0]) for path in taught],
            "test": [(path, [0.0, 1.0]) for path in judged],
        }
    every = [path for path, _ in paths]
    return {
        part: [(path, [TAUGHT, 1.0] if part == "test" else [0.0, TAUGHT]) for path in every]
        for part in ("train", "val", "test")
    }
