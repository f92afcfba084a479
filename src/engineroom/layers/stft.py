"""FORWARD: sound in short frames and back, so that nothing waits for what comes later: a frame ends where its newest
samples do.

Windows are roots of Hann's and overlap by half: cutting and adding up again gives the sound itself, one window late at
most.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Signal

SECONDS = 0.032  # of a window
MIDDLE, SPREAD = -6.0, 4.0  # of the logarithm of a frame's power, as speech usually has it


def window_size(rate: int) -> int:
    """Samples of a window: a power of two near SECONDS."""
    return 1 << round(rate * SECONDS - 1).bit_length()


class Frames(nn.Module):
    """(B, T) samples ↔ (B, N, size // 2 + 1) complex; N = ⌈T / hop⌉ + 1 frames."""

    window: Tensor

    def __init__(self, rate: int) -> None:
        super().__init__()
        self.size = window_size(rate)
        self.hop = self.size // 2
        self.register_buffer("window", torch.hann_window(self.size).sqrt(), persistent=False)

    def cut(self, wave: Tensor) -> Tensor:
        """(B, T) → (B, N, size): frame n ends with sample (n + 1) · hop."""
        tail = -wave.shape[1] % self.hop
        return F.pad(wave, (self.hop, tail + self.hop)).unfold(1, self.size, self.hop)

    def spectrum(self, frames: Tensor) -> Tensor:
        return torch.fft.rfft(frames.float() * self.window)

    def joined(self, spectrum: Tensor) -> Tensor:
        """(B, N, bins) → (B, (N + 1) · hop): the frames added up where they overlap."""
        parts = torch.fft.irfft(spectrum, self.size) * self.window
        first, second = parts[..., : self.hop], parts[..., self.hop :]
        return (F.pad(first, (0, 0, 0, 1)) + F.pad(second, (0, 0, 1, 0))).flatten(1)

    def wave(self, spectrum: Tensor, samples: int) -> Tensor:
        """(B, N, bins) → (B, samples)."""
        return self.joined(spectrum)[:, self.hop : self.hop + samples]


class LogFrames(Frames):
    """Sound (B, T) in int16 scale, or frames of it (B, N, size) → sequence Signal (B, N, bins): the logarithm of their
    power."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        with torch.autocast("cuda" if x.is_cuda else "cpu", enabled=False):  # spectra span 80 dB: too much for bf16
            found = self.spectrum((self.cut(x.float()) if x.ndim == 2 else x.float()) / 32768)
            power = found.real.square() + found.imag.square()
            return Signal((torch.log(power + 1e-7) - MIDDLE) / SPREAD, "sequence")
