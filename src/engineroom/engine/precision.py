"""BACKPROP: which arithmetic? A short probe times real steps in fp32 and in bf16 autocast and takes what is clearly
faster.

On a CPU with bf16 units a convolutional net trains about twice as fast; where bf16 is emulated it is ten times slower,
so the name of the CPU decides nothing. The choice is recorded with the run, and a resumed run keeps it.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from ..core.batch import Batch
from ..core.events import Learner, Measured
from .loop import learn

Makes = Callable[[nn.ModuleDict, "Precision"], Sequence[Learner]]  # who learns, given a cast
CLEARLY = 1.2  # bf16 must be faster by this factor: it costs digits
PROBE_SECONDS = 3.0
# a matrix product that takes this many times as long in bf16: the arithmetic is emulated (65 times on AVX2 alone)
EMULATED = 3.0


class Precision:
    """Runs a model under the chosen arithmetic on the chosen device."""

    def __init__(self, name: str = "fp32", device: str = "cpu") -> None:
        self.name, self.device = name, torch.device(device)

    def move(self, batch: Batch) -> Batch:
        if self.device.type == "cpu":
            return batch
        return batch.to(self.device)

    def wrap(self, model: nn.Module) -> Callable[[Batch], Any]:
        if self.name == "fp32":
            return model
        kind = self.device.type

        def forward(batch: Batch) -> Any:
            with torch.autocast(kind, torch.bfloat16):
                return model(batch)

        return forward


def pick_device(asked: str) -> str:
    if asked != "auto":
        return asked
    if torch.cuda.is_available():
        return "cuda"
    return "cpu"


def seconds_per_step(
    cast: nn.ModuleDict,
    make: Makes,
    batch: Batch,
    precision: Precision,
    repeats: int = 3,
    budget: float = PROBE_SECONDS,
) -> float:
    """The best of a few real steps of all players, taken on a copy of the cast."""
    cast = copy.deepcopy(cast).train()
    players = make(cast, precision)
    best, begun = float("inf"), time.perf_counter()
    for attempt in range(repeats + 1):
        start = time.perf_counter()
        measured = [event.losses.total for event in learn([(0, batch)], players) if isinstance(event, Measured)]
        if precision.device.type == "cuda":
            torch.cuda.synchronize()
        if not all(torch.isfinite(total) for total in measured):
            return float("inf")
        if attempt or time.perf_counter() - begun > budget:  # the first step pays for set-up
            best = min(best, time.perf_counter() - start)
        if time.perf_counter() - begun > budget:
            break
    return best


def is_emulated(device: str, size: int = 256) -> bool:
    """Does a matrix product (size, size) take so much longer in bf16 that no network can gain? Milliseconds, where a
    step may take a minute."""
    if device != "cpu":
        return False
    best = {}
    for kind in (torch.float32, torch.bfloat16):
        a = torch.ones(size, size, dtype=kind)
        times = []
        for _ in range(3):
            begun = time.perf_counter()
            a @ a
            times.append(time.perf_counter() - begun)
        best[kind] = min(times)
    return best[torch.bfloat16] > EMULATED * best[torch.float32]


def pick_threads(step: Callable[[], float], asked: int | None) -> tuple[int, float]:
    """(the number of threads that trains fastest, its seconds a step): beside another busy process all cores can be
    several times slower than one."""
    most = asked or os.cpu_count() or 1
    torch.set_num_threads(most)
    many = step()
    if asked or most == 1:
        return most, many
    torch.set_num_threads(1)
    one = step()
    if many > CLEARLY * one:
        return 1, one
    torch.set_num_threads(most)
    return most, many


def probe(
    cast: nn.ModuleDict,
    make: Makes,
    batch: Batch,
    asked: str,
    device: str,
    threads: int | None,
    budget: float = PROBE_SECONDS,
) -> tuple[Precision, dict[str, Any]]:
    """(the precision to use, what was measured: threads, seconds a step by precision). The global random state is left
    as it was.

    `budget`: seconds for each number of threads, twice that for bf16; one step is always taken.
    """
    state = torch.get_rng_state()
    try:
        found: dict[str, float] = {}
        count, found["fp32"] = pick_threads(
            lambda: seconds_per_step(cast, make, batch, Precision("fp32", device), budget=budget), threads
        )
        if asked == "bf16" or (asked == "auto" and not is_emulated(device)):
            try:
                found["bf16"] = seconds_per_step(cast, make, batch, Precision("bf16", device), budget=2 * budget)
            except RuntimeError:  # some CPU kernels know no bf16
                found["bf16"] = float("inf")
        name = "bf16" if asked == "bf16" or ("bf16" in found and found["fp32"] > CLEARLY * found["bf16"]) else "fp32"
        paces = {k: round(v, 5) for k, v in found.items() if v < 1e6}
        return Precision(name, device), {"chosen": name, "threads": count, "seconds_per_step": paces}
    finally:
        torch.set_rng_state(state)
