"""COLLECT: what can be seen of an environment and what can be done in it, as plain JSON, with names for people."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.errors import DataError
from ._make import gymnasium
from ._pixel_observations import layout_of

MOST_ACTIONS, MOST_NUMBERS = 1_024, 4_096
CARS = tuple(
    f"{who} {what}"
    for who in ("own", "car 1", "car 2", "car 3", "car 4")
    for what in ("there", "x", "y", "speed x", "speed y")
)
DRIVE = ("lane left", "stay", "lane right", "faster", "slower")
NAMES = {
    "CartPole": (("cart position", "cart speed", "pole angle", "pole speed"), ("push left", "push right")),
    "Pendulum": (("cos angle", "sin angle", "speed"), ("torque",)),
    "LunarLander": (
        ("x", "height", "speed x", "speed y", "angle", "turning", "left leg down", "right leg down"),
        ("nothing", "fire left", "fire main", "fire right"),
    ),
    "MountainCarContinuous": (("position", "speed"), ("force",)),
    "MountainCar": (("position", "speed"), ("push left", "nothing", "push right")),
    "Acrobot": (("cos 1", "sin 1", "cos 2", "sin 2", "speed 1", "speed 2"), ("torque -1", "nothing", "torque +1")),
    "lane-keeping": (
        tuple(
            f"{what} {of}"
            for of, whats in (
                ("changes by", ("y", "heading", "slip", "turning")),
                ("of the lane", ("y", "heading", "slip", "turning")),
                ("of the car", ("y", "heading", "slip", "turning")),
            )
            for what in whats
        ),
        ("steering",),
    ),
    "highway": (CARS, DRIVE),
    "merge": (CARS, DRIVE),
    "roundabout": (CARS, DRIVE),
}


def seen(env: Any, name: str) -> dict[str, Any]:
    """{"size", "names"} of an observation laid out as one row of numbers; with "picture", how it is to be read, where
    it is one."""
    space = env.observation_space
    layout = layout_of(space) if isinstance(space, gymnasium().spaces.Box) else None
    if layout is not None:
        return {"size": layout["channels"] * layout["height"] * layout["width"], "names": [], "picture": layout}
    try:
        size = int(gymnasium().spaces.flatdim(space))
    except (NotImplementedError, ValueError, TypeError, AttributeError):
        fix = "Boxes, discrete spaces and tuples or dictionaries of them can."
        raise DataError(f"Observations of {name} cannot be read.", f"Its space is {str(space)[:200]}.", fix) from None
    if size > MOST_NUMBERS:
        why = f"At most {MOST_NUMBERS:,} are read at once, except as a picture."
        raise DataError(f"An observation of {name} holds {size:,} numbers.", why, "Make it smaller by a wrapper.")
    words = getattr(env.unwrapped, "observation_names", None) or known_names(name, 0)
    named = [str(word) for word in words] if words and len(words) == size else spelled(space)
    return {"size": size, "names": named}


def spelled(space: Any, before: str = "number") -> list[str]:
    """A name for each number of a space as it is laid out in a row: keys of dictionaries, rows and columns of
    tables."""
    spaces = gymnasium().spaces
    if isinstance(space, spaces.Dict):
        return [one for key, part in space.spaces.items() for one in spelled(part, str(key))]
    if isinstance(space, spaces.Tuple):
        return [one for k, part in enumerate(space.spaces, 1) for one in spelled(part, f"{before} {k}:")]
    size = int(spaces.flatdim(space))
    if isinstance(space, spaces.Box) and sum(side > 1 for side in space.shape) > 1:
        return [f"{before} {', '.join(str(k + 1) for k in place)}" for place in np.ndindex(*space.shape)]
    return [f"{before} {k + 1}" for k in range(size)] if size > 1 or before == "number" else [before]


def describe_actions(env: Any, name: str) -> dict[str, Any]:
    """What can be done: {"kind": "discrete", "sizes", "start", "names"} or {"kind": "continuous", "low", "high",
    "shape", "names"}."""
    spaces, space = gymnasium().spaces, env.action_space
    words = getattr(env.unwrapped, "action_names", None) or known_names(name, 1)
    if isinstance(space, spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary):
        if isinstance(space, spaces.Discrete):
            sizes, start = [int(space.n)], int(space.start)
        else:
            sizes, start = (
                (
                    [int(n) for n in np.ravel(space.nvec)]
                    if isinstance(space, spaces.MultiDiscrete)
                    else [2] * int(np.prod(space.shape))
                ),
                0,
            )
        count = math.prod(sizes)
        if count > MOST_ACTIONS:
            raise DataError(
                f"{name} has {count:,} different actions.",
                f"At most {MOST_ACTIONS:,} are told apart.",
                "Let one part act at a time.",
            )
        named = [str(w) for w in words] if words and len(words) == count else [f"action {k}" for k in range(count)]
        return {"kind": "discrete", "sizes": sizes, "start": start, "names": named, "shape": list(space.shape)}
    if isinstance(space, spaces.Box):
        low, high = (
            np.where(np.isfinite(b), b, s).ravel().astype(float) for b, s in ((space.low, -1.0), (space.high, 1.0))
        )
        named = (
            [str(w) for w in words]
            if words and len(words) == len(low)
            else [f"action {k + 1}" for k in range(len(low))]
        )
        return {
            "kind": "continuous",
            "low": low.tolist(),
            "high": high.tolist(),
            "shape": list(space.shape),
            "names": named,
        }
    raise DataError(
        f"Actions of {name} cannot be given.",
        f"Its space is {str(space)[:200]}.",
        "Discrete actions and boxes of numbers can.",
    )


def known_names(name: str, which: int) -> tuple[str, ...]:
    plain = name.rpartition(":")[2]
    return next((words[which] for prefix, words in NAMES.items() if plain.startswith(prefix + "-")), ())
