"""Recordings of any length and of two speakers: a long one is heard in stretches that overlap, and read between its
pauses; two channels are two rows."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ..core.table import Table
from ..heads.token_classifier import padded
from ..modalities.audio._audio_decoding import open_sound
from ..modalities.text.transcript import BLANK

BRINGS = 4  # frames of 10 ms that are one moment of the answer
LONG, MARGIN = 3_000, 200  # frames of a stretch; of them heard before and after for the company alone
PAUSE, SURE = 12, 0.9  # moments in a row at which nothing is said, by so much: there a long answer may be cut
# correlation of two channels, above which both hear the same; loudness of a channel in which somebody speaks
ALIKE, HEARD = (0.5, 1e-3)
LISTENED = 60.0  # seconds by which that is judged


def heard(network: Any, wave: Tensor, hop: int) -> Tensor:
    """wave (T,) in int16 scale, as long as it likes → (moments, C) logits, asked stretch by stretch with a MARGIN on
    both sides."""
    from ..core.batch import Batch

    step, frames, kept = LONG - 2 * MARGIN, 1 + len(wave) // hop, []
    for start in range(0, frames, step):
        begin, end = max(0, start - MARGIN), start + step + MARGIN
        piece = wave[begin * hop : end * hop][None]
        fields = {"column:speech": piece, "column:speech_mask": torch.ones(piece.shape, dtype=torch.bool)}
        output = network(Batch(fields, np.arange(1)))[0, 0]
        kept.append(output[(start - begin) // BRINGS :][: step // BRINGS if end < frames else None])
        if end >= frames:
            break
    return torch.cat(kept)


def side_by_side(rows: list[Tensor]) -> Tensor:
    """(moments, C) each → (B, 1, most moments, C), PADDED behind the end."""
    out = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    real = torch.arange(out.shape[1]) < torch.tensor([len(row) for row in rows])[:, None]
    return padded(out, real)[:, None]


def parts_of(logp: np.ndarray) -> list[tuple[int, int]]:
    """(T, C) → from and to of its parts: one, or where it is long, cut in the middle of its pauses."""
    if len(logp) <= LONG // BRINGS:
        return [(0, len(logp))]
    silent = np.concatenate([[False], logp[:, BLANK] > np.log(SURE), [False]])
    begins, ends = np.flatnonzero(silent[1:] & ~silent[:-1]), np.flatnonzero(silent[:-1] & ~silent[1:])
    cuts = [
        0,
        *(
            (a + b) // 2
            for a, b in zip(begins.tolist(), ends.tolist(), strict=True)
            if b - a >= PAUSE and a > 0 and b < len(logp)
        ),
        len(logp),
    ]
    return list(pairwise(cuts))


def turns(table: Table, audio: str) -> Table:
    """A recording whose two channels hear different people becomes two rows, {source, channel}; where there is none,
    the table as it is."""
    cells = table.frame[audio].to_list()
    two = [isinstance(cell, str) and apart(cell) for cell in cells]
    if not any(two):
        return table
    rows = [(row, channel) for row, split in enumerate(two) for channel in ((1, 2) if split else (0,))]
    frame = table.frame[[row for row, _ in rows]]
    values = pl.Series(
        audio,
        [{"source": cells[row], "channel": channel} for row, channel in rows],
        dtype=pl.Struct({"source": pl.String, "channel": pl.Int64}),
    )
    return Table(frame.with_columns(values), table.name, table.hints, table.notes, table.skipped)


def apart(path: str) -> bool:
    """Whether two channels hold different speakers. An unreadable file counts as one recording: the reader reports
    it."""
    try:
        with open_sound(path) as file:
            if file.channels != 2:
                return False
            wave = file.read(int(LISTENED * file.samplerate), dtype="float32")
    except (OSError, RuntimeError, ValueError):
        return False
    spread = wave.std(0) if len(wave) else np.zeros(2)
    return bool(spread.min() > HEARD and np.corrcoef(wave.T)[0, 1] < ALIKE)


def speakers(values: pl.Series) -> tuple[list[str], list[int]]:
    """Cells of recordings → (their names, the channel each row is of; 0 = all)."""
    if isinstance(values.dtype, pl.Struct):
        return values.struct.field("source").to_list(), values.struct.field("channel").to_list()
    return values.cast(pl.String).to_list(), [0] * len(values)
