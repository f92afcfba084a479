"""A target: the recording without its noise. In training speech and noise of a batch are mixed anew by (seed, step):
data are never used up."""

from __future__ import annotations

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.protocols import Ragged, State
from .._base import each_cell
from ._noise_mixing import Sounds, as_int16, at_level, loudness, mixed, ragged

PIECE = 2.0  # seconds of the stretches that teach
LOW, HIGH = -6.0, 15.0  # dB of clean sound above the noise, in training
QUIET = 26.0  # dB that a stretch may be below the loudest
PAUSE = 0.3  # seconds between recordings that are joined, at most


class Clean(Sounds):
    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """(T, 2) int16 each: clean, and with its noise."""
        return ragged(
            each_cell(values.to_list(), lambda cell: mixed(cell, state["rate"]), damaged, np.zeros((0, 2), np.int16)),
            (2,),
        )

    def augment_pair(
        self,
        own: dict[str, Tensor],
        said: dict[str, Tensor],
        state: State,
        target_state: State,
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Stretches (B, PIECE · rate) with noise, and (B, …, 2) clean and noisy: speech of one row, noise of another,
        at a level of their own."""
        rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
        lengths = said["_mask"].sum(1).tolist()
        rows = [said[""][row, :length].numpy().astype(np.float32) / 32768 for row, length in enumerate(lengths)]
        samples = int(PIECE * state["rate"])
        pairs = np.stack([remixed(rows, row, samples, int(PAUSE * state["rate"]), rng) for row in range(len(rows))])
        both = torch.from_numpy(pairs)
        mask = torch.ones(both.shape[:2], dtype=torch.bool)
        return {"": both[..., 1], "_mask": mask}, {"": both, "_mask": mask}

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 3 and tensor.shape[2] == 2


def remixed(rows: list[np.ndarray], row: int, samples: int, pause: int, rng: np.random.Generator) -> np.ndarray:
    """(samples, 2) int16."""
    parts: list[np.ndarray] = []
    held, at = 0, row
    while held < samples:
        one = sounding(rows[at][:, 0])
        start = int(rng.integers(max(1, len(one) - samples + 1)))
        parts += [one[start : start + samples], np.zeros(int(rng.integers(pause + 1)) + 1, np.float32)]
        held, at = held + len(parts[-2]) + len(parts[-1]), int(rng.integers(len(rows)))
    clean = np.concatenate(parts)[:samples]
    other = rows[int(rng.integers(len(rows)))]
    noise = other[:, 1] - other[:, 0]
    noise = np.tile(noise, -(-(samples + 1) // max(1, len(noise)))) if len(noise) <= samples else noise
    start = int(rng.integers(len(noise) - samples))
    pair = at_level(clean, noise[start : start + samples], float(rng.uniform(LOW, HIGH)), loudness(clean))
    return (as_int16(*pair) * 10 ** (-rng.uniform(0, QUIET) / 20)).astype(np.int16)


def sounding(wave: np.ndarray) -> np.ndarray:
    """Without the silence that was put before and after it."""
    found = np.flatnonzero(np.abs(wave) > 1e-4)
    return wave[found[0] : found[-1] + 1] if len(found) else wave[:1]


MODALITY = Clean()
