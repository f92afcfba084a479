"""COLLECT by acting: several worlds side by side whose episodes go on from one batch to the next.

Nothing of a world can be stored, but an episode is its seed and its actions: after a crash each is played again up to
where it was.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..core.errors import BundleError
from ..core.seeds import numpy_generator
from ..environments._environment import Facts, World


class Actors:
    """`seen` (N, …) is what every world shows now; `step` moves them all and begins a new episode wherever one is
    over."""

    def __init__(self, facts: Facts, seeds: np.ndarray, number: int, seed: int) -> None:
        """`seeds` of training episodes; which of them comes next is a pure function of (`seed`, world, how many
        before)."""
        self.facts, self.seeds, self.seed = facts, seeds, seed
        self.discrete = facts["action"]["kind"] == "discrete"
        self.worlds = [World(facts) for _ in range(number)]
        self.begun = np.full(number, -1)
        self.taken: list[list[np.ndarray]] = [[] for _ in range(number)]
        self.seen = np.stack([self.begin(k) for k in range(number)])

    def begin(self, k: int) -> np.ndarray:
        self.begun[k] += 1
        self.taken[k] = []
        return self.worlds[k].reset(self.seed_of(k))

    def seed_of(self, k: int) -> int:
        return int(self.seeds[numpy_generator(self.seed, "episode", k, int(self.begun[k])).integers(len(self.seeds))])

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(rewards (N,), ended by themselves (N,), over for whatever reason (N,), what was seen after the action,
        before a new episode (N, …))."""
        number = len(self.worlds)
        rewards, ended, over = np.zeros(number, np.float32), np.zeros(number, bool), np.zeros(number, bool)
        after = np.empty_like(self.seen)
        self.seen = np.empty_like(self.seen)
        for k, action in enumerate(actions):
            after[k], rewards[k], ended[k], cut = self.worlds[k].step(action)
            self.taken[k].append(action)
            over[k] = ended[k] or cut
            self.seen[k] = self.begin(k) if over[k] else after[k]
        return rewards, ended, over, after

    def tensors(self) -> dict[str, Tensor]:
        """Which episode each world is in and what was done in it so far."""
        lengths = np.array([len(one) for one in self.taken])
        flat = [np.asarray(action) for one in self.taken for action in one]
        width = 1 if self.discrete else len(self.facts["action"]["names"])
        actions = np.stack(flat).reshape(-1, width) if flat else np.zeros((0, width))
        return {
            "begun": torch.from_numpy(self.begun.copy()),
            "lengths": torch.from_numpy(lengths),
            "actions": torch.from_numpy(actions.astype(np.int64 if self.discrete else np.float32)),
            "seen": torch.from_numpy(self.seen.copy()),
        }

    def take(self, tensors: dict[str, Tensor]) -> None:
        """Play every episode again up to where it was. Raises BundleError where that leads elsewhere."""
        actions, place = tensors["actions"].numpy(), 0
        for k, length in enumerate(tensors["lengths"].tolist()):
            self.begun[k] = int(tensors["begun"][k]) - 1
            self.seen[k] = self.begin(k)
            for action in actions[place : place + length]:
                action = action[0] if self.discrete else action
                self.seen[k] = self.worlds[k].step(action)[0]
                self.taken[k].append(action)
            place += length
        if not np.array_equal(self.seen, tensors["seen"].numpy()):
            what = f"The environment {self.facts['name']} does not do the same again after the same seed and actions."
            raise BundleError(
                what, "A run in it cannot be continued.", "Draw its chance from self.np_random alone, or train anew."
            )
