"""A target: the recording itself. In training a stretch of it is taken with its frames, louder or softer, by (seed,
step)."""

from __future__ import annotations

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.protocols import Ragged, State
from ...layers.mel_spectrogram import LogMel
from .._base import each_cell
from ._noise_mixing import Sounds, ragged
from .mel_frames import MELS, SILENCE, heard_in, whole_frames

PIECE = 48  # frames of the stretches that teach
QUIET = 12.0  # dB that a stretch may be softer than its recording


class Wave(Sounds):
    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """(T,) int16 each, T a whole number of hops."""
        frames = LogMel(state["rate"], mels=MELS)
        return ragged(
            each_cell(
                heard_in(values).to_list(), lambda cell: whole_frames(cell, frames), damaged, np.zeros(0, np.int16)
            )
        )

    def augment_pair(
        self,
        own: dict[str, Tensor],
        said: dict[str, Tensor],
        state: State,
        target_state: State,
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Frames (B, PIECE + 1, MELS + hop) anywhere, and the sound between the middles of the first and the last (B,
        PIECE · hop)."""
        hop = LogMel(target_state["rate"], mels=MELS).hop
        frames, waves = [], []
        for row, (mel, wave) in enumerate(zip(own[""], said[""], strict=True)):
            mel, wave = mel[: int(own["_mask"][row].sum())], wave[: int(said["_mask"][row].sum())].float()
            start = int(torch.randint(max(1, len(mel) - PIECE), (1,), generator=generator))
            gain = 10 ** (-QUIET / 20 * float(torch.rand(1, generator=generator)))
            mel, wave = mel[start : start + PIECE + 1].float(), wave[start * hop : (start + PIECE) * hop] * gain
            logs = torch.log((mel[:, :MELS].exp() - np.exp(SILENCE)).clamp_min(0) * gain**2 + np.exp(SILENCE))
            after = (0, 0, 0, PIECE + 1 - len(mel))
            frames.append(torch.cat([F.pad(logs, after, value=SILENCE), F.pad(mel[:, MELS:] * gain, after)], 1))
            waves.append(F.pad(wave, (0, PIECE * hop - len(wave))).to(torch.int16))
        own, said = {"": torch.stack(frames)}, {"": torch.stack(waves)}
        return tuple({**one, "_mask": torch.ones(one[""].shape[:2], dtype=torch.bool)} for one in (own, said))  # type: ignore[return-value]

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 2


MODALITY = Wave()
