"""A wave out of frames: how each place of a guessed spectrum is to grow and to turn; what comes out is made one sound
(Vocos, Siuzdak 2023)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..core.batch import Features
from ..layers.griffin_lim import standing
from ..layers.mel_spectrogram import LogMel
from ..modalities.audio.mel_frames import MELS

LEAST, MOST = -6.0, 3.0  # logarithms of how much a magnitude may grow


class SoundHead(nn.Module):
    """Map (B, N, D + 2 · bins) → (B, K = 1, (N - 1) · hop) from -1 to 1. Begins with the guess as it is. `outputs` is
    the rate."""

    maps: tuple[str, ...] = ("sequence",)
    uses_context = False

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        assert example.map is not None
        self.frames = LogMel(outputs, mels=MELS)
        self.bins = self.frames.size // 2 + 1
        self.linear = nn.Linear(example.map.data.shape[2] - 2 * self.bins, 2 * self.bins)
        nn.init.normal_(self.linear.weight, std=1e-3)
        nn.init.zeros_(self.linear.bias)

    def forward(self, features: Features) -> Tensor:
        assert features.map is not None
        found, real, imaginary = features.map.data.split([self.linear.in_features, self.bins, self.bins], 2)
        grow, turn = self.linear(found).float().chunk(2, 2)
        guess = torch.complex(real.float(), imaginary.float())
        spectrum = (guess * torch.polar(grow.clamp(LEAST, MOST).exp(), turn)).transpose(1, 2)
        frames = self.frames
        N = spectrum.shape[2]
        spectrum = spectrum * standing(N, frames, spectrum.device).conj()
        least = -(-frames.size // frames.hop) + 1  # frames that hold a window: shorter sounds are followed by silence
        spectrum = nn.functional.pad(spectrum, (0, max(0, least - N)))
        wave = torch.istft(
            spectrum, frames.size, frames.hop, window=frames.window, length=frames.hop * (max(N, least) - 1)
        )
        return wave[:, None, : frames.hop * max(1, N - 1)]


HEAD = SoundHead
