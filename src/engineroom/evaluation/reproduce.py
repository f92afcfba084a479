"""How to get the same model again: one command line."""

from __future__ import annotations

import shlex
from typing import Any

from ..core.config import Config


def reproduce_command(config: Config, budget: dict[str, Any]) -> str:
    """The command that gives the same weights: the budget spelt out in steps, the arithmetic as chosen."""
    parts = ["engineroom", "train", config.data, "--steps", str(budget["steps"] - 1)]
    given = flatten(config.model_dump(exclude={"data", "run"}), flatten(Config().model_dump(), {}))
    given |= {"train.precision": budget["precision"], "train.threads": budget["threads"], "seed": config.seed}
    flags = {"target": "--target", "test": "--test", "seed": "--seed", "model.name": "--model"}
    for key, value in given.items():
        if key in flags:
            parts += [flags[key], str(value)]
        elif key not in ("train.minutes", "train.epochs", "train.steps"):
            parts += ["--set", f"{key}={value}"]
    return shlex.join(parts)


def flatten(values: dict[str, Any], default: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings → dotted keys, those that differ from `default`."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        key = prefix + name
        if isinstance(value, dict):
            out |= flatten(value, default, f"{key}.")
        elif (key not in default or default[key] != value) and not (key.startswith("columns.") and value is None):
            out[key] = value
    return out
