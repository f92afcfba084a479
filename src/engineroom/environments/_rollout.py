"""Rollouts of whole episodes in parallel: the policy is queried once a step for all episodes that still run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ._environment import Facts, World, worlds

# (observations (B, …), their worlds, their places in the call) → actions (B,) or (B, A)
Act = Callable[[np.ndarray, Sequence[World], np.ndarray], np.ndarray]


def play(facts: Facts, seeds: Sequence[int] | np.ndarray, act: Act) -> dict[str, np.ndarray]:
    """One entry an episode: "return" and "steps" (N,), "ended" (N,) by itself, not by the clock, "actions" (N,) of
    arrays (T,) or (T, A)."""
    number = len(seeds)
    all_worlds = worlds(facts, number)
    observations = [world.reset(int(seed)) for world, seed in zip(all_worlds, seeds, strict=True)]
    total, ended = np.zeros(number), np.zeros(number, bool)
    taken: list[list[np.ndarray]] = [[] for _ in range(number)]
    live: np.ndarray = np.arange(number)
    while len(live):
        actions = act(np.stack([observations[k] for k in live]), [all_worlds[k] for k in live], live)
        going = []
        for k, action in zip(live, actions, strict=True):
            observations[k], reward, done, cut = all_worlds[k].step(action)
            taken[k].append(action)
            total[k] += reward
            ended[k] = done
            if not (done or cut):
                going.append(k)
        live = np.array(going, int)
    kept = np.empty(number, object)
    for place, actions_of in enumerate(taken):
        kept[place] = np.array(actions_of, np.int16 if facts["action"]["kind"] == "discrete" else np.float32)
    return {"return": total, "steps": np.array([len(one) for one in taken], float), "ended": ended, "actions": kept}


def again(facts: Facts, seed: int, actions: np.ndarray, *, every: int = 0) -> tuple[np.ndarray, list[np.ndarray]]:
    """An episode once more: (what was observed before each action (T, …), a picture every `every` steps and of the end;
    0 = none)."""
    world = World(facts, pictures=bool(every))
    observed = [world.reset(seed)]
    frames = [world.picture()] if every else []
    for step, action in enumerate(actions, 1):
        observed.append(world.step(action)[0])
        if every and (step % every == 0 or step == len(actions)):
            frames.append(world.picture())
    world.env.close()
    return np.stack(observed[: max(1, len(actions))]), [frame for frame in frames if frame is not None]
