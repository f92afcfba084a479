"""Sound → log-mel picture, on tensors. Source: Davis & Mermelstein 1980; masking in training: Park et al. 2019
(SpecAugment)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ..core.batch import Layout, Signal


class LogMel(nn.Module):
    """(B, T) samples in int16 scale → grid Signal (B, 1, mels, frames), or sequence Signal (B, frames, mels)."""

    filters: Tensor
    window: Tensor

    def __init__(
        self,
        rate: int,
        *,
        layout: Layout = "grid",
        mels: int = 64,
        width: int = 0,
        loudness: Sequence[float] | None = None,
    ) -> None:
        """`loudness`: mean and deviation of `overall` over the training rows. Every recording is brought to mean 0 and
        deviation 1, so that what sounds alike looks alike; with `loudness` a second channel (or one more feature) tells
        how loud it was."""
        super().__init__()
        self.layout, self.loudness = layout, tuple(loudness) if loudness else None
        self.hop = max(1, rate // 100)  # 10 ms
        self.size = 2 ** int(np.ceil(np.log2(rate * 0.025)))  # a window of at least 25 ms
        self.register_buffer("window", torch.hann_window(self.size))
        self.register_buffer("filters", torch.from_numpy(mel_filters(rate, self.size, mels)))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        mel = self.mel(x)
        loud = overall(mel)
        mel = (mel - mel.mean((1, 2), keepdim=True)) / (mel.std((1, 2), keepdim=True) + 1e-3)
        if self.training:
            mel = hide_bands(hide_bands(mel, 1, 0.2), 2, 0.15)
        if self.loudness is not None:
            level = ((loud - self.loudness[0]) / self.loudness[1])[:, None, None]
            if self.layout == "sequence":
                return Signal(torch.cat([mel, level.expand(-1, 1, mel.shape[2])], 1).transpose(1, 2), "sequence")
            return Signal(torch.stack([mel, level.expand_as(mel)], 1), "grid")
        if self.layout == "sequence":
            return Signal(mel.transpose(1, 2), "sequence")
        return Signal(mel[:, None], "grid")

    def mel(self, x: Tensor) -> Tensor:
        """(B, T) samples in int16 scale → (B, mels, frames): the logarithm of the power in every band."""
        device = "cuda" if x.is_cuda else "cpu"
        with torch.autocast(device, enabled=False):  # spectra span 80 dB: too much for bf16
            spectrum = torch.stft(
                x.float() / 32768, self.size, self.hop, window=self.window, center=True, return_complex=True
            )
            power = spectrum.real.square() + spectrum.imag.square()
            return torch.log(torch.einsum("mf,bft->bmt", self.filters, power) + 1e-6)


def overall(mel: Tensor) -> Tensor:
    """(B, mels, frames) → (B,): the logarithm of the mean power, of which silence before and after takes little."""
    return torch.logsumexp(mel.flatten(1), 1) - float(np.log(mel.shape[1] * mel.shape[2]))


def hide_bands(x: Tensor, axis: int, share: float) -> Tensor:
    """Set one random band along `axis` of each example (B, M, T) to the mean, 0."""
    size = x.shape[axis]
    width = torch.rand(len(x), 1, device=x.device) * share * size
    start = torch.rand(len(x), 1, device=x.device) * (size - width)
    place = torch.arange(size, device=x.device)
    band = (place >= start) & (place < start + width)
    return x.masked_fill(band[:, :, None] if axis == 1 else band[:, None, :], 0.0)


def mel_filters(rate: int, size: int, mels: int) -> np.ndarray:
    """(mels, size // 2 + 1) triangular filters, evenly spaced on the mel scale from 40 Hz to half the rate."""

    def mel(hz):
        return 2595 * np.log10(1 + np.asarray(hz, float) / 700)

    points = 700 * (10 ** (np.linspace(mel(40), mel(rate / 2), mels + 2) / 2595) - 1)
    frequency = np.linspace(0, rate / 2, size // 2 + 1)
    left, centre, right = points[:-2, None], points[1:-1, None], points[2:, None]
    rise, fall = (frequency - left) / (centre - left), (right - frequency) / (right - centre)
    filters = np.maximum(0, np.minimum(rise, fall))
    narrow = filters.sum(1) == 0  # a filter between two frequency bins takes the nearest
    filters[narrow, np.abs(frequency - centre[narrow]).argmin(1)] = 1
    return (filters / filters.sum(1, keepdims=True)).astype(np.float32)
