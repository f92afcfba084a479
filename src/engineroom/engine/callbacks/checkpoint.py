"""Writes everything a run needs to go on bit for bit: weights, optimizer, random state, schedule, best weights. No
pickle.

A checkpoint is a directory that appears in one rename; the newest two are kept.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ...core.errors import BundleError
from ...core.events import Event, Learner, Repeated
from ...core.files import blake_file, replace_directory

KEEP = 2


class Checkpoint:
    events: tuple[type[Event], ...] = (Repeated,)

    def __init__(
        self,
        directory: Path,
        cast: nn.ModuleDict,
        players: tuple[Learner, ...],
        memory: dict[str, Any],
        *,
        seconds: float,
        facts: Callable[[], dict[str, Any]],
        best: Callable[[], dict[str, Tensor]],
        carries: Any = None,
    ) -> None:
        """`memory` are things with state() and restore(); `facts()` is JSON kept beside them (elapsed seconds);
        `best()` the best weights;
        `carries` something with tensors() and take(tensors): where batches come from, if that has a memory."""
        self.carries = carries
        self.directory, self.cast, self.players, self.memory = directory, cast, players, memory
        self.seconds, self.facts, self.best = seconds, facts, best
        self.last = time.perf_counter()

    def __call__(self, event: Event) -> None:
        if time.perf_counter() - self.last >= self.seconds:
            self.write(event.step)

    def write(self, step: int) -> None:
        """Write the checkpoint of a finished step."""
        self.last = time.perf_counter()
        tensors = {f"cast.{name}": tensor for name, tensor in self.cast.state_dict().items()}
        tensors |= {
            f"carried.{name}": tensor for name, tensor in (self.carries.tensors() if self.carries else {}).items()
        }
        tensors["random"] = torch.get_rng_state()
        tensors |= {f"random.cuda.{i}": state for i, state in enumerate(cuda_states())}
        optimizers = {}
        for player in self.players:
            flat, optimizers[player.name] = flatten(player.optimizer.state_dict())
            tensors |= {f"optimizer.{player.name}.{name}": tensor for name, tensor in flat.items()}
        meta = {
            "step": step,
            "optimizers": optimizers,
            "memory": {name: thing.state() for name, thing in self.memory.items()},
            "facts": self.facts(),
        }

        def fill(aside: Path) -> None:
            save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, aside / "state.safetensors")
            save_file({name: tensor.contiguous() for name, tensor in self.best().items()}, aside / "best.safetensors")
            hashes = {file.name: blake_file(file) for file in aside.iterdir()}
            (aside / "checkpoint.json").write_text(json.dumps({**meta, "hashes": hashes}))

        replace_directory(self.directory / f"step-{step:09d}", fill)
        for old in checkpoints(self.directory)[:-KEEP]:
            shutil.rmtree(old, ignore_errors=True)

    def restore(self) -> dict[str, Any] | None:
        """Go back to the newest whole checkpoint; its JSON, or None where there is none."""
        for path in reversed(checkpoints(self.directory)):
            try:
                meta = json.loads((path / "checkpoint.json").read_text())
                if any(blake_file(path / name) != value for name, value in meta["hashes"].items()):
                    raise BundleError(f"{path} is damaged.")
                tensors = load_file(path / "state.safetensors")
                best = load_file(path / "best.safetensors")
            except (OSError, ValueError, KeyError, BundleError):
                continue  # an older whole one may stand beside it
            self.cast.load_state_dict(
                {name[5:]: tensor for name, tensor in tensors.items() if name.startswith("cast.")}
            )
            for player in self.players:
                prefix = f"optimizer.{player.name}."
                own = {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
                player.optimizer.load_state_dict(unflatten(own, meta["optimizers"][player.name]))
                lay_out(player.optimizer)
            for name, thing in self.memory.items():
                thing.restore(meta["memory"][name], best) if name == "validate" else thing.restore(meta["memory"][name])
            if self.carries:
                self.carries.take({name[8:]: tensor for name, tensor in tensors.items() if name.startswith("carried.")})
            torch.set_rng_state(tensors["random"])
            for index in range(len(cuda_states())):  # dropout on a GPU draws from the GPU's own generator
                torch.cuda.set_rng_state(tensors[f"random.cuda.{index}"], index)
            return meta
        return None


def cuda_states() -> list[Tensor]:
    return torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []


def checkpoints(directory: Path) -> list[Path]:
    """All checkpoints, oldest first."""
    return sorted(path for path in directory.glob("step-*") if re.fullmatch(r"step-\d{9}", path.name))


def lay_out(optimizer: torch.optim.Optimizer) -> None:
    """Moments lie in memory as their weights do: a fused step goes through both in the order of the memory, whatever
    the strides say."""
    for weight, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.shape == weight.shape and value.stride() != weight.stride():
                state[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)


def flatten(state: dict[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """An optimizer's state → tensors by name, and the rest as JSON."""
    tensors = {
        f"{index}.{name}": value
        for index, values in state["state"].items()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }
    rest = {
        str(index): {n: v for n, v in values.items() if not isinstance(v, Tensor)}
        for index, values in state["state"].items()
    }
    return tensors, {"state": rest, "groups": state["param_groups"]}


def unflatten(tensors: dict[str, Tensor], meta: dict[str, Any]) -> dict[str, Any]:
    state: dict[int, dict[str, Any]] = {int(index): dict(values) for index, values in meta["state"].items()}
    for name, tensor in tensors.items():
        index, _, slot = name.partition(".")
        state.setdefault(int(index), {})[slot] = tensor
    groups = [{k: tuple(v) if k == "betas" else v for k, v in group.items()} for group in meta["groups"]]
    return {"state": state, "param_groups": groups}
