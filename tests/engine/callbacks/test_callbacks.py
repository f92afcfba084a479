"""Watchers: patience ends a settled run gently, the guard notices a loss that is no number, checkpoints come back
whole."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from engineroom.core.batch import Batch, Losses
from engineroom.core.events import Learner, Repeated, Stopped, Validated
from engineroom.engine.callbacks.checkpoint import Checkpoint, checkpoints, flatten, unflatten
from engineroom.engine.callbacks.early_stopping import EarlyStopping, StopAtMetric
from engineroom.engine.callbacks.guards import TerminateOnNaN
from engineroom.engine.callbacks.history import read_history
from engineroom.engine.callbacks.save_best import SaveBest
from engineroom.engine.callbacks.validation import Validate
from engineroom.engine.schedule import Schedule


def test_patience_brings_the_schedule_to_its_end() -> None:
    schedule = Schedule(1000)
    patience = EarlyStopping(schedule, 3)
    assert patience(Validated(100, {}, True)) is None
    answers = [patience(Validated(100 + 10 * i, {}, False)) for i in range(1, 4)]
    assert answers[:2] == [None, None] and answers[2] is not None
    assert schedule.total == 143


def test_until_reads_the_direction_of_the_score() -> None:
    higher, lower = (
        StopAtMetric("accuracy", 0.9, higher_is_better=True),
        StopAtMetric("rmse", 2.0, higher_is_better=False),
    )
    assert higher(Validated(1, {"accuracy": 0.89}, True)) is None
    assert isinstance(higher(Validated(1, {"accuracy": 0.9}, True)), Stopped)
    assert isinstance(lower(Validated(1, {"rmse": 1.9}, True)), Stopped)


def test_a_loss_that_is_no_number_stops_the_run() -> None:
    event = Repeated(10, Batch({}, np.arange(1)), {"model": Losses(torch.tensor(float("nan")))})
    assert "no longer a number" in TerminateOnNaN()(event).reason


def test_validate_keeps_the_best_weights() -> None:
    model, scores = nn.Linear(1, 1), iter([3.0, 1.0, 2.0])
    watch = Validate(model, lambda m: {"loss": next(scores)}, every=1, selects="loss", last=lambda: 3)
    kept = []
    for step in (1, 2, 3):
        nn.init.constant_(model.weight, float(step))
        kept.append(watch(Repeated(step, Batch({}, np.arange(1)), {})).better)
    assert kept == [True, True, False]
    assert watch.best_weights["weight"].item() == 2.0 and model.training


def make(tmp_path, seed: int):
    torch.manual_seed(seed)
    cast = nn.ModuleDict({"model": nn.Linear(3, 2)})
    optimizer = torch.optim.AdamW(cast.parameters(), lr=0.1)
    player = Learner("model", optimizer, lambda b: None, lambda o, b: Losses(torch.zeros(())))
    schedule = Schedule(50)
    watch = Checkpoint(
        tmp_path,
        cast,
        (player,),
        {"schedule": schedule},
        seconds=0,
        facts=lambda: {"elapsed": 1.5},
        best=cast["model"].state_dict,
    )
    return cast, optimizer, watch


def train_a_little(cast, optimizer) -> None:
    for _ in range(3):
        optimizer.zero_grad()
        cast["model"](torch.randn(4, 3)).square().mean().backward()
        optimizer.step()


def test_checkpoint_restores_weights_optimizer_and_randomness(tmp_path) -> None:
    cast, optimizer, watch = make(tmp_path, 0)
    train_a_little(cast, optimizer)
    watch.write(3)
    train_a_little(cast, optimizer)
    other, other_optimizer, other_watch = make(tmp_path, 9)
    assert other_watch.restore()["step"] == 3
    train_a_little(other, other_optimizer)
    assert all(torch.equal(a, b) for a, b in zip(cast.parameters(), other.parameters(), strict=True))


def test_only_two_checkpoints_are_kept_and_a_damaged_one_is_passed_over(tmp_path) -> None:
    cast, optimizer, watch = make(tmp_path, 0)
    for step in (1, 2, 3):
        train_a_little(cast, optimizer)
        watch.write(step)
    assert [p.name for p in checkpoints(tmp_path)] == ["step-000000002", "step-000000003"]
    newest = tmp_path / "step-000000003" / "state.safetensors"
    newest.write_bytes(newest.read_bytes()[:-7])
    assert make(tmp_path, 1)[2].restore()["step"] == 2


@given(st.integers(0, 4), st.floats(1e-5, 1.0))
def test_optimizer_state_survives_as_tensors_and_json(steps: int, lr: float) -> None:
    model = nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    for _ in range(steps):
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
    tensors, meta = flatten(optimizer.state_dict())
    fresh = torch.optim.AdamW(nn.Linear(2, 2).parameters(), lr=7.0)
    fresh.load_state_dict(unflatten(tensors, json.loads(json.dumps(meta))))
    assert fresh.param_groups[0]["lr"] == pytest.approx(lr)
    for a, b in zip(optimizer.state.values(), fresh.state.values(), strict=True):
        assert torch.equal(a["exp_avg"], b["exp_avg"])


def test_history_forgets_what_a_crash_repeated_and_a_torn_line(tmp_path) -> None:
    lines = [{"event": "step", "step": s} for s in (1, 2, 3)] + [
        {"event": "resumed", "step": 1},
        {"event": "step", "step": 2},
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + '\n{"event": "st')
    assert [line["step"] for line in read_history(path)] == [1, 1, 2]


def test_keep_writes_the_newest_better_weights_and_not_too_often() -> None:
    written: list[tuple[dict, int]] = []
    now = SaveBest(lambda scores, step: written.append((scores, step)), seconds=0.0)
    for step, better in ((1, True), (2, False), (3, True)):
        now(Validated(step, {"loss": float(step)}, better))
    assert [step for _, step in written] == [1, 3]
    late = SaveBest(lambda scores, step: written.append((scores, step)), seconds=3600.0)
    late(Validated(4, {}, True))
    assert len(written) == 2


def test_a_picture_network_goes_on_as_if_nothing_had_been(tmp_path) -> None:
    """Its weights lie in memory channel by channel last; a fused step that finds the moments otherwise mixes them
    up."""
    ends = []
    for torn in (False, True):
        torch.manual_seed(0)
        cast = nn.ModuleDict({"model": nn.Conv2d(3, 5, 3).to(memory_format=torch.channels_last)})

        def tools(cast, folder):
            optimizer = torch.optim.AdamW(cast.parameters(), lr=0.1, fused=True)
            player = Learner("model", optimizer, lambda b: None, lambda o, b: Losses(torch.zeros(())))
            return optimizer, Checkpoint(
                folder, cast, (player,), {}, seconds=0, facts=dict, best=cast["model"].state_dict
            )

        optimizer, watch = tools(cast, tmp_path / str(torn))
        for step in range(6):
            if torn and step == 3:
                watch.write(step)
                cast = nn.ModuleDict({"model": nn.Conv2d(3, 5, 3).to(memory_format=torch.channels_last)})
                optimizer, watch = tools(cast, tmp_path / str(torn))
                assert watch.restore()["step"] == 3
            optimizer.zero_grad()
            cast["model"](
                torch.full((2, 3, 5, 5), step + 1.0) * torch.arange(3.0)[:, None, None]
            ).square().mean().backward()
            optimizer.step()
        ends.append(cast["model"].weight.detach().clone())
    assert torch.equal(*ends)
