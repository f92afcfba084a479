"""COLLECT by acting: a stretch of every world's episodes, what the critic thinks of it, and several passes over that
(for policy gradients).

Advantages are estimated over all horizons at once (generalised advantage estimation, Schulman et al. 2016). An episode
that the clock cut is valued by what could still have come; one that ended by itself is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..core.batch import Batch
from ..core.seeds import numpy_generator
from ..data.dataset import BatchSampler
from ._action_distribution import asked, drawn, log_chance
from ._experience import TRIAL, WORLDS, Gather, timed

LENGTH = 128  # steps of every world in a rollout
PASSES = 6  # over each rollout
SMOOTH = 0.95  # λ: how far beyond the next step an advantage looks


class Rollouts(Gather):
    def __init__(self, batches: BatchSampler, cast: nn.ModuleDict, task: Any) -> None:
        super().__init__(batches, cast, task)
        self.length, self.turn = LENGTH, -1
        self.batch_size = min(self.batch_size, WORLDS * TRIAL)
        self.arrays: dict[str, np.ndarray] = {}

    @property
    def minibatches(self) -> int:
        """Steps of learning a pass."""
        return WORLDS * self.length // self.batch_size

    def batch_of(self, step: int, total: int) -> Batch:
        turn, place = divmod(step - 1, self.minibatches * PASSES)
        if turn != self.turn:
            self.turn, self.arrays = turn, self.gather(turn)
        one, place = divmod(place, self.minibatches)
        order = numpy_generator(self.seed, "pass", turn, one).permutation(WORLDS * self.length)
        return self.as_batch(self.arrays, order[place * self.batch_size : (place + 1) * self.batch_size], step)

    def trial(self) -> float:
        usual = self.minibatches * PASSES
        self.length = TRIAL
        return timed(lambda: self.gather(0)) * LENGTH / TRIAL / usual

    def gather(self, turn: int) -> dict[str, np.ndarray]:
        """Act for `length` steps by the policy as it is now, chance included: arrays over all steps of all worlds (T ·
        N, …)."""
        generator = numpy_generator(self.seed, "act", turn)
        seen, actions, rewards, ended, over = (list[np.ndarray]() for _ in range(5))
        cuts: list[tuple[int, int, np.ndarray]] = []
        for t in range(self.length):
            seen.append(self.actors.seen)
            actions.append(drawn(asked(self.model, self.name, self.actors.seen), generator, discrete=self.discrete))
            reward, end, done, after = self.actors.step(actions[-1])
            cuts += [(t, int(k), after[k]) for k in np.flatnonzero(done & ~end)]
            for kept, one in ((rewards, reward / self.scale), (ended, end), (over, done)):
                kept.append(one)
        flat, flat_actions = np.concatenate(seen), np.concatenate(actions)
        worth = asked(self.cast["critic"], self.name, flat)[:, 0].reshape(self.length, -1)
        ahead = np.concatenate([worth[1:], asked(self.cast["critic"], self.name, self.actors.seen).T])
        if cuts:
            last = asked(self.cast["critic"], self.name, np.stack([after for _, _, after in cuts]))[:, 0]
            for (t, k, _), value in zip(cuts, last, strict=True):
                ahead[t, k] = value
        gain = advantages(np.stack(rewards), worth, ahead, np.stack(ended), np.stack(over), self.discount)
        said = torch.from_numpy(asked(self.model, self.name, flat))
        return {
            "seen": flat,
            "action": flat_actions,
            "chance": log_chance(said, torch.from_numpy(flat_actions)).numpy(),
            "gain": ((gain - gain.mean()) / (gain.std() + 1e-6)).ravel().astype(np.float32),
            "worth": (gain + worth).ravel().astype(np.float32),
        }

    def tensors(self) -> dict[str, Tensor]:
        own = {f"rollout.{name}": torch.from_numpy(array) for name, array in self.arrays.items()}
        return super().tensors() | own | {"turn": torch.tensor([self.turn])}

    def take(self, tensors: dict[str, Tensor]) -> None:
        super().take(tensors)
        self.turn = int(tensors["turn"])
        self.arrays = {name[8:]: tensor.numpy() for name, tensor in tensors.items() if name.startswith("rollout.")}


def advantages(
    rewards: np.ndarray, worth: np.ndarray, ahead: np.ndarray, ended: np.ndarray, over: np.ndarray, discount: float
) -> np.ndarray:
    """How much better each action was than expected (T, N), from rewards, what the critic thought before and after
    each, and where episodes ended or were over."""
    surprise = rewards + discount * ahead * ~ended - worth
    out, later = np.zeros_like(surprise), np.zeros(surprise.shape[1])
    for t in reversed(range(len(surprise))):
        later = surprise[t] + discount * SMOOTH * ~over[t] * later
        out[t] = later
    return out
