"""How far a network still says what it said of the whole row: what explanations of structured answers move."""

from __future__ import annotations

import torch
from torch import Tensor

FAITHFUL = 1e-3  # of the signal: from 30 decibels on two answers count as the same


def stays(output: Tensor, whole: Tensor, counts: Tensor | None = None) -> Tensor:
    """(B,) mean log odds of the choices of `whole` (1, K, …, C) in `output` (B, K, …, C), over the places that count
    (1, …), all if None."""
    choice = whole.softmax(-1).mean(1).argmax(-1)  # (1, …)
    p = output.softmax(-1).mean(1)
    own = torch.logit(p.gather(-1, choice.expand(p.shape[:-1])[..., None])[..., 0].double(), 1e-6)
    weight = torch.ones_like(own) if counts is None or not counts.any() else counts.expand(own.shape).double()
    return (own * weight).reshape(len(own), -1).sum(1) / weight.reshape(len(own), -1).sum(1)


def things_stay(output: Tensor, whole: Tensor, real: Tensor | None = None) -> Tensor:
    """`stays` over the `real` places where `whole` says something else than what it says most: the things, not the
    ground; all where there are none."""
    choice = whole.softmax(-1).mean(1).argmax(-1)
    real = torch.ones_like(choice, dtype=torch.bool) if real is None else real
    things = (choice != torch.mode(choice[real]).values) & real if real.any() else real
    return stays(output, whole, things if things.any() else real)


def likeness(output: Tensor, whole: Tensor) -> Tensor:
    """(B,) decibels by which what is made (a picture, a sound; B, K, …) stands above its difference to what is made of
    the whole row (1, K, …)."""
    gap = (output - whole).double().square().flatten(1).mean(1)
    return -10 * torch.log10(gap / whole.double().square().mean().clamp_min(1e-12) + FAITHFUL)
