"""COLLECT: one environment in use: numbers in, numbers out, whatever its spaces, and every fault told with the
episode's seed and step.

An episode is its seed and its actions: stored, they replay it, to render it or to go on after a crash.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from ..core.errors import DataError, UserError
from ._make import allowed, full_name, gymnasium, make, split_name
from ._pixel_observations import laid_out
from ._spaces import describe_actions, seen

LONGEST = 1_000  # steps after which an episode is cut where the environment sets no limit of its own
MOST_SEED = 2**31 - 1
Facts = Mapping[str, Any]


def describe(text: str) -> dict[str, Any]:
    """The facts of an environment a user names, as plain JSON: name, arguments, longest, observation, action."""
    name, arguments = split_name(full_name(text))
    allowed.add(name)
    longest = arguments.pop("longest", None)
    if longest is not None and (not isinstance(longest, int) or longest < 1):
        raise UserError(f"An episode cannot be cut after {longest!r} steps.", "", f"Example: {name}?longest=200")
    env, own = make(name, arguments, pictures=False)
    facts = {
        "name": name,
        "arguments": arguments,
        "limited": bool(longest or own),
        "longest": int(longest or own or LONGEST),
        "observation": seen(env, name),
        "action": describe_actions(env, name),
        "gymnasium": gymnasium().__version__,
    }
    env.close()
    try:
        json.dumps(facts, allow_nan=False)
    except (TypeError, ValueError):
        raise UserError(
            f"The arguments of {name} cannot be kept.",
            "A model remembers them as plain numbers and words.",
            "Use numbers and words.",
        ) from None
    return facts


def count(facts: Facts) -> int:
    """How many actions there are to choose from, or how many numbers an action is."""
    return len(facts["action"]["names"])


class World:
    """`reset(seed)` and `step(action)` of one environment: observations (D,) float32, or pictures (C, H, W) uint8 or
    float32; actions: a number of 0 …, or (A,) from -1 to 1."""

    def __init__(self, facts: Facts, *, pictures: bool = False) -> None:
        self.facts, self.name, self.longest = facts, facts["name"], facts["longest"]
        # pygame draws into memory; without these it looks for a screen and a loudspeaker. With "dummy" alone
        # highway-env draws nothing
        if pictures:
            for key, value in (
                ("SDL_VIDEODRIVER", "offscreen,dummy"),
                ("SDL_AUDIODRIVER", "dummy"),
                ("PYGAME_HIDE_SUPPORT_PROMPT", "1"),
            ):
                os.environ.setdefault(key, value)
        self.env, _ = make(self.name, dict(facts["arguments"]), pictures=pictures)
        spaces = gymnasium().spaces
        self.space, self.flatten = self.env.observation_space, spaces.utils.flatten
        self.plain, self.layout = isinstance(self.space, spaces.Box), facts["observation"].get("picture")
        act = facts["action"]
        self.discrete, self.shape = act["kind"] == "discrete", tuple(act["shape"])
        self.sizes, self.start = act.get("sizes", [1]), act.get("start", 0)
        low, high = (np.array(act.get(key, [0.0]), np.float64) for key in ("low", "high"))
        self.middle, self.reach = (high + low) / 2, (high - low) / 2
        self.seed, self.steps = -1, 0

    def reset(self, seed: int) -> np.ndarray:
        self.seed, self.steps = int(seed), 0
        try:
            observation, _ = self.env.reset(seed=self.seed)
        except Exception as error:
            raise self.fault(error) from error
        return self.read(observation)

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool]:
        """(observation, reward, ended by itself, cut by the clock)."""
        self.steps += 1
        try:
            observation, reward, ended, cut, _ = self.env.step(self.given(action))
        except Exception as error:
            raise self.fault(error) from error
        reward = float(reward)
        if reward - reward != 0:  # neither infinite nor no number
            raise self.odd(f"a reward of {reward}")
        return self.read(observation), reward, bool(ended), bool(cut) or self.steps >= self.longest

    def given(self, action: Any) -> Any:
        """The action as the environment wants it."""
        if not self.discrete:
            return (self.middle + self.reach * np.clip(action, -1, 1)).astype(np.float32).reshape(self.shape)
        if len(self.sizes) == 1 and not self.shape:
            return int(action) + self.start
        return np.array(np.unravel_index(int(action), self.sizes), np.int64).reshape(self.shape)

    def read(self, observation: Any) -> np.ndarray:
        try:
            out = laid_out(observation, self.layout) if self.layout else self.row(observation)
        except Exception as error:
            raise self.fault(error) from error
        total = float(out.sum())
        if total - total != 0:
            raise self.odd("an observation that holds numbers that are none (NaN or infinite)")
        if out.size != self.facts["observation"]["size"]:
            raise self.odd(f"an observation of {out.size} numbers instead of {self.facts['observation']['size']}")
        return out

    def row(self, observation: Any) -> np.ndarray:
        """Whatever it is made of as numbers side by side (D,)."""
        return np.asarray(observation if self.plain else self.flatten(self.space, observation), np.float32).reshape(-1)

    def picture(self) -> np.ndarray | None:
        """(H, W, 3) uint8 of what there is to see now, where the environment draws."""
        try:
            drawn = self.env.render()
        except NotImplementedError:
            return None
        except Exception as error:
            raise self.fault(error) from error
        drawn = None if drawn is None else np.asarray(drawn)
        return (
            drawn if drawn is not None and drawn.ndim == 3 and drawn.shape[2] == 3 and drawn.dtype == np.uint8 else None
        )

    def where(self) -> str:
        return f"In the episode of seed {self.seed}, {f'step {self.steps}' if self.steps else 'at its beginning'}."

    def fault(self, error: Exception) -> UserError:
        return DataError(
            f"The environment {self.name} failed: {type(error).__name__}: {str(error)[:200]}",
            self.where(),
            "Mend the environment.",
        )

    def odd(self, what: str) -> UserError:
        return DataError(f"The environment {self.name} gave {what}.", self.where(), "Mend the environment.")


@cache
def _pool(key: str) -> list[World]:
    return []


def worlds(facts: Facts, number: int) -> list[World]:
    """`number` environments of a kind, kept for the next time: only for episodes that are played to their end."""
    pool = _pool(json.dumps(facts, sort_keys=True))
    while len(pool) < number:
        pool.append(World(facts))
    return pool[:number]
