"""COLLECT: what an environment is like for someone who does anything at all: the scale of what is seen and of what is
to be won."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._environment import Facts, World, count
from ._rollout import Act, play

EPISODES, STEPS = 16, 4_000  # played, and steps of them that are looked at
DISCOUNT = 0.99
BYTES = 64_000_000  # of observations kept: of large ones a few worlds are looked at


def at_random(facts: Facts, seeds: Sequence[int] | np.ndarray) -> Act:
    """A random policy, reproducible by its seed."""
    draws = [np.random.default_rng([23, abs(int(seed))]) for seed in seeds]
    number, discrete = count(facts), facts["action"]["kind"] == "discrete"

    def act(observations: np.ndarray, worlds: Sequence[World], places: np.ndarray) -> np.ndarray:
        if discrete:
            return np.array([draws[k].integers(number) for k in places])
        return np.stack([draws[k].uniform(-1, 1, number) for k in places]).astype(np.float32)

    return act


def play_randomly(facts: Facts, seeds: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(observations (M, …), discounted sums of what still came (M,)) of some episodes played at random."""
    seeds = np.asarray(seeds)[:EPISODES]
    chance = at_random(facts, seeds)
    seen: list[np.ndarray] = []
    rewards: list[list[float]] = []

    def act(observations: np.ndarray, worlds: Sequence[World], places: np.ndarray) -> np.ndarray:
        seen.append(observations[: max(1, BYTES // (facts["longest"] * observations[0].nbytes))])
        return chance(observations, worlds, places)

    played = play(facts, seeds, act)
    world = World(facts)
    for seed, actions in zip(seeds, played["actions"], strict=True):  # once more, for the rewards one by one
        world.reset(int(seed))
        rewards.append([world.step(action)[1] for action in actions])
        if sum(map(len, rewards)) > STEPS:
            break
    world.env.close()
    sums: list[float] = []
    for one in rewards:
        ahead, back = 0.0, []
        for reward in reversed(one):
            ahead = reward + DISCOUNT * ahead
            back.append(ahead)
        sums += back
    observations = np.concatenate(seen)
    return observations[np.unique(np.linspace(0, len(observations) - 1, STEPS).astype(int))], np.array(sums)
