"""What a policy's numbers mean: scores of actions to choose from, or middles and log spreads of actions that are
numbers."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ..core.batch import Batch


def best(said: np.ndarray, *, discrete: bool) -> np.ndarray:
    """(B, O) → the action without chance: (B,) or (B, A)."""
    return said.argmax(1) if discrete else said[:, : said.shape[1] // 2]


def drawn(said: np.ndarray, generator: np.random.Generator, *, discrete: bool) -> np.ndarray:
    """(B, O) → actions by chance: (B,) int64 or (B, A) float32."""
    if discrete:
        # Gumbel 1954
        return (said - np.log(-np.log(generator.random(said.shape, np.float32) + 1e-20) + 1e-20)).argmax(1)
    middle, spread = np.split(said, 2, 1)
    return (middle + np.exp(spread) * generator.standard_normal(middle.shape, np.float32)).astype(np.float32)


def log_chance(said: Tensor, action: Tensor) -> Tensor:
    """(B, O) and the actions taken → log of how likely they were (B,)."""
    if action.ndim == 1:
        return said.log_softmax(1).gather(1, action[:, None])[:, 0]
    middle, spread = said.chunk(2, 1)
    return (-0.5 * ((action - middle) / spread.exp()).square() - spread - 0.5 * math.log(2 * math.pi)).sum(1)


def doubt(said: Tensor, *, discrete: bool) -> Tensor:
    """(B, O) → entropy (B,) in nats."""
    if discrete:
        logs = said.log_softmax(1)
        return -(logs.exp() * logs).sum(1)
    spread = said.chunk(2, 1)[1]
    return (spread + 0.5 * (1 + math.log(2 * math.pi))).sum(1)


def asked(network: torch.nn.Module, name: str, observations: np.ndarray) -> np.ndarray:
    """Observations (B, …) → what the network says (B, O), its members averaged, on whichever device it lives."""
    device = next(network.parameters()).device
    with torch.inference_mode():
        out = network(Batch({name: torch.from_numpy(observations).to(device)}, np.arange(len(observations))))
    return out.mean(1).float().cpu().numpy()
