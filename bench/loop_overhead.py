"""Our loop against a hand-written PyTorch loop: same model, same batches, same optimizer, both in one process, in
turns.

    python bench/loop_overhead.py

Prints the ratio of the medians of alternating rounds; the goal is ≤ 1.03 on an MLP of 3 × 256 at batch 256 (the worst
case for any overhead) and ≤ 1.01 on a CNN. The hand-written loop does what ours does (forward, loss, zero_grad,
backward, clip, step, a falling rate), and ours runs with the watchers a real run has.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from engineroom.core.batch import Batch, Losses
from engineroom.core.events import Learner
from engineroom.engine.callbacks.guards import Interrupt, TerminateOnNaN, TimeBudget
from engineroom.engine.callbacks.history import History
from engineroom.engine.dispatch import follow
from engineroom.engine.loop import learn
from engineroom.engine.schedule import Schedule


def mlp() -> tuple[nn.Module, torch.Tensor]:
    return nn.Sequential(
        nn.Linear(256, 256),
        nn.ReLU(),
        nn.Linear(256, 256),
        nn.ReLU(),
        nn.Linear(256, 256),
        nn.ReLU(),
        nn.Linear(256, 10),
    ), torch.randn(256, 256)


def cnn() -> tuple[nn.Module, torch.Tensor]:
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 32), (32, 64), (64, 64)):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 16, 10)), torch.randn(64, 3, 32, 32)


def optimizer(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)


def by_hand(model: nn.Module, batches: list[tuple[torch.Tensor, torch.Tensor]]) -> float:
    adam, schedule = optimizer(model), Schedule(len(batches) + 1)
    schedule.apply(adam, 0)
    parameters = list(model.parameters())
    start = time.perf_counter()
    for step, (x, y) in enumerate(batches, 1):
        loss = F.cross_entropy(model(x), y)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        adam.step()
        schedule.apply(adam, step)
        if step % 10 == 0 and not torch.isfinite(loss):
            raise RuntimeError
    return time.perf_counter() - start


def by_engine(model: nn.Module, batches: list[tuple[torch.Tensor, torch.Tensor]]) -> float:
    adam, schedule = optimizer(model), Schedule(len(batches) + 1)
    schedule.apply(adam, 0)
    player = Learner(
        "model",
        adam,
        lambda batch: model(batch["x"]),
        lambda output, batch: Losses(F.cross_entropy(output, batch["y"])),
        clip=1.0,
        after=lambda step: schedule.apply(adam, step),
    )
    rows = np.arange(len(batches[0][0]))
    ready = [(i, Batch({"x": x, "y": y}, rows)) for i, (x, y) in enumerate(batches, 1)]
    with tempfile.TemporaryDirectory() as folder, Interrupt() as interrupt:
        begun = time.perf_counter()
        history = History(
            Path(folder) / "events.jsonl",
            elapsed=lambda: time.perf_counter() - begun,
            total=lambda: len(batches),
            rate=lambda: adam.param_groups[0]["lr"],
        )
        watchers = [
            TerminateOnNaN(),
            history,
            TimeBudget(schedule, 1e9, lambda: time.perf_counter() - begun),
            interrupt,
        ]
        start = time.perf_counter()
        follow(learn(ready, [player]), watchers)
        return time.perf_counter() - start


def ratio(make, steps: int, rounds: int) -> tuple[float, float]:
    """(ours / by hand, seconds a step by hand), medians over alternating rounds."""
    torch.manual_seed(0)
    model, x = make()
    batches = [(x, torch.randint(0, 10, (len(x),))) for _ in range(steps)]
    by_hand(copy.deepcopy(model), batches[:20])
    pairs = [(by_engine(copy.deepcopy(model), batches), by_hand(copy.deepcopy(model), batches)) for _ in range(rounds)]
    return statistics.median(a / b for a, b in pairs), statistics.median(b for _, b in pairs) / steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)  # a second thread adds noise, not overhead
    for name, make, steps, goal in (("MLP 3×256, batch 256", mlp, 300, 1.03), ("CNN, batch 64", cnn, 60, 1.01)):
        value, seconds = ratio(make, steps, rounds)
        print(f"{name}: {value:.4f} × by hand ({1000 * seconds:.2f} ms a step); goal ≤ {goal}")


if __name__ == "__main__":
    main()
