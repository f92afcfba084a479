"""COLLECT by acting: a memory of what was done and what came of it, from which batches are drawn by chance (experience
replay, Lin 1992)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..core.batch import Batch
from ..core.seeds import numpy_generator
from ..data.dataset import BatchSampler
from ._action_distribution import asked
from ._experience import TRIAL, WORLDS, Gather, timed

# steps remembered at most, and room for what was seen in them: pictures stay the bytes they are
MOST, BYTES = (100_000, 256_000_000)
FIRST = 64  # steps of every world at random before the first batch
AHEAD = 3  # rewards that are seen, not guessed (n-step returns, Sutton 1988)
# chance of an action at random in the end, and the share of the run in which it falls to that
LEAST, EXPLORE = (0.05, 0.3)


class Replay(Gather):
    """Every step of learning, or every so many (`updates_per_step`), moves all worlds by one action. Arrays are (T, N,
    …), written round and round."""

    def __init__(self, batches: BatchSampler, cast: nn.ModuleDict, task: Any) -> None:
        super().__init__(batches, cast, task)
        # steps of every world so far; steps of learning for each
        self.done, self.updates_per_step = (0, task.updates_per_step)
        self.room = max(FIRST, min(MOST, BYTES // (2 * self.actors.seen[0].nbytes)) // WORLDS)
        self.arrays = self.empty()

    def empty(self) -> dict[str, np.ndarray]:
        seen, shape = self.actors.seen, (self.room, WORLDS)
        kinds = {"action": np.int64, "reward": np.float32, "ended": np.bool_, "over": np.bool_}
        return {name: np.zeros(shape, kind) for name, kind in kinds.items()} | {
            name: np.zeros((*shape, *seen.shape[1:]), seen.dtype) for name in ("seen", "after")
        }

    def trial(self) -> float:
        self.room, self.done = TRIAL, 0
        self.arrays = self.empty()

        def work() -> None:
            for t in range(TRIAL):
                self.act(float(t % 2))

        return timed(work) / TRIAL / self.updates_per_step

    def act(self, curious: float) -> None:
        """One action in every world, remembered."""
        generator = numpy_generator(self.seed, "act", self.done)
        seen, place = self.actors.seen, self.done % self.room
        action = asked(self.model, self.name, seen).argmax(1)
        chance = generator.random(WORLDS) < curious
        action = np.where(chance, generator.integers(len(self.facts["action"]["names"]), size=WORLDS), action)
        reward, ended, over, after = self.actors.step(action)
        for name, value in (
            ("seen", seen),
            ("after", after),
            ("action", action),
            ("reward", reward / self.scale),
            ("ended", ended),
            ("over", over),
        ):
            self.arrays[name][place] = value
        self.done += 1

    def batch_of(self, step: int, total: int) -> Batch:
        while self.done < min(FIRST, self.room):
            self.act(1.0)
        if (step - 1) % self.updates_per_step == 0:
            self.act(max(LEAST, 1 - (1 - LEAST) * step / max(1.0, EXPLORE * total)))
        return self.sample(numpy_generator(self.seed, "replay", step), step)

    def sample(self, generator: np.random.Generator, step: int) -> Batch:
        """Moments by chance: what was seen, the action, the rewards of up to AHEAD steps, what was seen then, and what
        that still counts."""
        filled = min(self.done, self.room)
        age = generator.integers(filled, size=self.batch_size)  # 0 = the newest
        k = generator.integers(WORLDS, size=self.batch_size)
        first = (self.done - 1 - age) % self.room
        reward, counts, going = np.zeros(len(k), np.float32), np.ones(len(k), np.float32), np.ones(len(k), bool)
        last, open_end = first.copy(), np.ones(len(k), bool)
        for n in range(AHEAD):
            going &= n <= age
            t = (first + n) % self.room
            reward += np.where(going, counts * self.arrays["reward"][t, k], 0)
            counts = np.where(going, counts * self.discount, counts).astype(np.float32)
            last = np.where(going, t, last)
            open_end = np.where(going, ~self.arrays["ended"][t, k], open_end)
            going = going & ~self.arrays["over"][t, k]
        fields = {
            self.name: self.arrays["seen"][first, k],
            "action": self.arrays["action"][first, k],
            "reward": reward,
            "after": self.arrays["after"][last, k],
            "counts": (counts * open_end).astype(np.float32),
        }
        return Batch({name: torch.from_numpy(array) for name, array in fields.items()}, first, step)

    def tensors(self) -> dict[str, Tensor]:
        kept = {
            f"memory.{name}": torch.from_numpy(array[: min(self.done, self.room)].copy())
            for name, array in self.arrays.items()
        }
        return super().tensors() | kept | {"done": torch.tensor([self.done])}

    def take(self, tensors: dict[str, Tensor]) -> None:
        super().take(tensors)
        self.done = int(tensors["done"])
        for name, array in self.arrays.items():
            kept = tensors[f"memory.{name}"].numpy()
            array[: len(kept)] = kept
