"""FORWARD, the other way: log-mel frames → sound. The phases that frames lack are found by going to and fro (Griffin & Lim 1984; fast: Perraudin et al. 2013)."""

from __future__ import annotations

import numpy as np
import torch

from .spectrogram import LogMel

ROUNDS, MOMENTUM = 32, 0.99
PEAK = 0.8


def griffin_lim(mel: np.ndarray, rate: int, *, rounds: int = ROUNDS) -> np.ndarray:
    """(T, mels) natural logarithm of power → (samples,) float32 from −1 to 1. The first phases are drawn from a fixed seed."""
    frames = LogMel(rate, mels=mel.shape[1])
    size, hop, window, filters = frames.size, frames.hop, frames.window, frames.filters
    power = torch.from_numpy(np.exp(mel.T).astype(np.float32))
    magnitude = bands_to_bins(filters, power).sqrt()
    phase = torch.exp(2j * torch.pi * torch.rand(magnitude.shape, generator=torch.Generator().manual_seed(0)))
    before = torch.zeros_like(phase)
    length = hop * (mel.shape[0] - 1)
    if length < size:
        return np.zeros(max(length, 1), np.float32)
    for _ in range(rounds):
        wave = torch.istft(magnitude * phase, size, hop, window=window, length=length)
        found = torch.stft(wave, size, hop, window=window, return_complex=True)
        ahead = found + MOMENTUM * (found - before)
        before, phase = found, ahead / ahead.abs().clamp_min(1e-8)
    wave = torch.istft(magnitude * phase, size, hop, window=window, length=length)
    out: np.ndarray = (wave * (PEAK / wave.abs().max().clamp_min(1e-6))).numpy()
    return out


def bands_to_bins(filters: torch.Tensor, power: torch.Tensor, rounds: int = 40) -> torch.Tensor:
    """filters (mels, bins), power (mels, T) → (bins, T), none below 0: steps that only multiply (Lee & Seung 2001)."""
    bins = filters.T @ power / filters.sum(0)[:, None].clamp_min(1e-6)
    upper = filters.T @ power
    for _ in range(rounds):
        bins = bins * upper / (filters.T @ (filters @ bins)).clamp_min(1e-12)
    return bins
