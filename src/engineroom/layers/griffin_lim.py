"""FORWARD, the other way: log-mel frames → sound. The phases that frames lack are found by going to and fro (Griffin &
Lim 1984; fast: Perraudin et al. 2013)."""

from __future__ import annotations

import numpy as np
import torch

from .mel_spectrogram import LogMel

ROUNDS, MOMENTUM = 32, 0.99
PEAK = 0.8


def griffin_lim(mel: np.ndarray, rate: int, *, rounds: int = ROUNDS) -> np.ndarray:
    """(T, mels) natural logarithm of power → (samples,) float32 from −1 to 1. The first phases are drawn from a fixed
    seed."""
    wave = guessed(mel, rate, rounds)
    out: np.ndarray = wave * (PEAK / max(1e-6, float(np.abs(wave).max(initial=0.0))))
    return out


def guessed(mel: np.ndarray, rate: int, rounds: int = ROUNDS) -> np.ndarray:
    """(T, mels) → ((T − 1) · hop,) float32, as loud as the frames say; nothing but silence where there is less than a
    window of sound."""
    frames = LogMel(rate, mels=mel.shape[1])
    size, hop, window, filters = frames.size, frames.hop, frames.window, frames.filters
    length = hop * (mel.shape[0] - 1)
    if length < size:
        return np.zeros(max(length, 1), np.float32)
    power = torch.from_numpy(np.exp(mel.T).astype(np.float32))
    magnitude = bands_to_bins(filters, power).sqrt()
    phase = torch.exp(2j * torch.pi * torch.rand(magnitude.shape, generator=torch.Generator().manual_seed(0)))
    before = torch.zeros_like(phase)
    for _ in range(rounds):
        wave = torch.istft(magnitude * phase, size, hop, window=window, length=length)
        found = torch.stft(wave, size, hop, window=window, return_complex=True)
        ahead = found + MOMENTUM * (found - before)
        before, phase = found, ahead / ahead.abs().clamp_min(1e-8)
    out: np.ndarray = torch.istft(magnitude * phase, size, hop, window=window, length=length).numpy()
    return out


def standing(count: int, frames: LogMel, device: torch.device | str = "cpu") -> torch.Tensor:
    """(bins, count) complex numbers of size 1 that turn each band back by as much as its own frequency turns from frame
    to frame: a steady tone then stands nearly still, wherever in a recording it sounds."""
    turns = torch.arange(frames.size // 2 + 1, device=device)[:, None] * (
        torch.arange(count, device=device) * frames.hop % frames.size
    )
    return torch.exp(-2j * torch.pi * (turns % frames.size) / frames.size)


def bands_to_bins(filters: torch.Tensor, power: torch.Tensor, rounds: int = 40) -> torch.Tensor:
    """filters (mels, bins), power (mels, T) → (bins, T), none below 0: steps that only multiply (Lee & Seung 2001)."""
    bins = filters.T @ power / filters.sum(0)[:, None].clamp_min(1e-6)
    upper = filters.T @ power
    for _ in range(rounds):
        bins = bins * upper / (filters.T @ (filters @ bins)).clamp_min(1e-12)
    return bins
