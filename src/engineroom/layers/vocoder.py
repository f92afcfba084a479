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
    length = frames.hop * (mel.shape[0] - 1)
    if length < frames.size:
        return np.zeros(max(length, 1), np.float32)
    magnitude, phase = guessed(torch.from_numpy(mel)[None], frames, rounds)
    wave = torch.istft(magnitude * phase, frames.size, frames.hop, window=frames.window, length=length)[0]
    out: np.ndarray = (wave * (PEAK / wave.abs().max().clamp_min(1e-6))).numpy()
    return out


def guessed(mel: torch.Tensor, frames: LogMel, rounds: int, sharp: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, T, mels) → magnitudes (B, bins, T), and phases that agree with one another after so many `rounds`, as complex numbers of size 1. Needs a window of sound."""
    size, hop, window = frames.size, frames.hop, frames.window
    B, T, M = mel.shape
    power = bands_to_bins(frames.filters, mel.float().exp().permute(2, 0, 1).reshape(M, B * T), sharp)
    magnitude = power.view(-1, B, T).transpose(0, 1).sqrt()
    drawn = torch.rand(magnitude.shape[1:], generator=torch.Generator().manual_seed(0)).to(mel.device)
    phase = torch.exp(2j * torch.pi * drawn).expand(B, -1, -1)
    before = torch.zeros_like(phase)
    for _ in range(rounds):
        wave = torch.istft(magnitude * phase, size, hop, window=window, length=hop * (T - 1))
        found = torch.stft(wave, size, hop, window=window, return_complex=True)
        ahead = found + MOMENTUM * (found - before)
        before, phase = found, ahead / ahead.abs().clamp_min(1e-8)
    return magnitude, phase


def standing(count: int, frames: LogMel, device: torch.device | str = "cpu") -> torch.Tensor:
    """(bins, count) complex numbers of size 1 that turn each band back by as much as its own frequency turns from frame to frame: a steady tone then stands
    nearly still, wherever in a recording it sounds."""
    turns = torch.arange(frames.size // 2 + 1, device=device)[:, None] * (torch.arange(count, device=device) * frames.hop % frames.size)
    return torch.exp(-2j * torch.pi * (turns % frames.size) / frames.size)


def bands_to_bins(filters: torch.Tensor, power: torch.Tensor, rounds: int = 40) -> torch.Tensor:
    """filters (mels, bins), power (mels, T) → (bins, T), none below 0: steps that only multiply (Lee & Seung 2001)."""
    bins = filters.T @ power / filters.sum(0)[:, None].clamp_min(1e-6)
    upper = filters.T @ power
    for _ in range(rounds):
        bins = bins * upper / (filters.T @ (filters @ bins)).clamp_min(1e-12)
    return bins
