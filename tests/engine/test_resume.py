"""kill -9 at any step, then --resume: the same weights, bit for bit, as a run that nobody disturbed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import engineroom as er
from conftest import command, house_table, shape_pictures, spoken_table
from engineroom.core.events import Repeated
from engineroom.engine.callbacks.history import read_history

STEPS = 60
SHORT = 10  # steps of the runs in this process
FAST = [
    "--set",
    "train.checkpoint_seconds=0",
    "--set",
    "train.precision=fp32",
    "--set",
    "train.threads=1",
    "--steps",
    STEPS,
    "--quiet",
]


def start(cwd: Path, *arguments: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "engineroom", *map(str, arguments)], cwd=cwd, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )


def kill_at(process: subprocess.Popen, events: Path, step: int) -> None:
    """kill -9 once the diary has reached `step` (or the process has ended by itself)."""
    for _ in range(6000):
        if process.poll() is not None:
            return
        if events.exists() and any(line.get("step", 0) >= step for line in read_history(events)):
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()


def weights(run: Path) -> bytes:
    return (run / "bundle" / "weights.safetensors").read_bytes()


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, torch.Tensor]]:
    """The weights at the end of every run of this process; the evaluation there is left out."""
    found: list[dict[str, torch.Tensor]] = []
    monkeypatch.setattr(
        "engineroom.run.finish", lambda ready, networks, *rest: found.append(networks["model"].state_dict())
    )
    return found


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_resume_after_a_kill_is_bit_identical(tmp_path: Path) -> None:
    house_table().write_csv(tmp_path / "houses.csv")
    data = ["houses.csv", "--target", "price"]
    command("train", *data, "--run", "whole", *FAST, cwd=tmp_path)
    process = start(tmp_path, "train", *data, "--run", "torn", *FAST)
    rng = random.Random("table")
    for _ in range(2):
        kill_at(process, tmp_path / "torn" / "events.jsonl", rng.randrange(5, STEPS - 5))
        process = start(tmp_path, "train", "--resume", "torn", "--quiet")
    assert process.wait() == 0
    assert weights(tmp_path / "torn") == weights(tmp_path / "whole")


class Torn(Exception):
    """The run ends here, without a goodbye."""


class TearAt:
    events = (Repeated,)

    def __init__(self, step: int) -> None:
        self.step = step

    def __call__(self, event: Repeated) -> None:
        if event.step == self.step:
            raise Torn


IN_PROCESS = {
    "images": {},
    "rows by two learners": {"recipe": "tabular_gan", "target": "sold", "options": {"condition_on": "city"}},
    "two learners": {"recipe": "image_generation", "options": {"image_size": 16}},
    "adversarial finetuning": {"recipe": "image_restoration", "options": {"adversarial": "gan"}},
    "diffusion": {"recipe": "image_diffusion", "options": {"image_size": 16, "steps": 2}},
    "contrastive": {"recipe": "contrastive_pretraining"},
    "masked": {"recipe": "masked_pretraining"},
    "ppo": {"recipe": "reinforcement_learning", "options": {"method": "ppo"}},
    "dqn": {"recipe": "reinforcement_learning", "options": {"method": "dqn"}},
    "speech": {"recipe": "text_to_speech", "target": "recording"},
}


@pytest.mark.parametrize("kind", IN_PROCESS)
def test_resume_is_bit_identical(tmp_path: Path, ends: list, kind: str) -> None:
    """A run that was torn twice ends with the weights of one that was not."""
    if kind in ("ppo", "dqn"):
        data: object = "CartPole-v1"
    elif kind == "speech":
        data = spoken_table(tmp_path / "said")
    elif kind == "rows by two learners":
        data = house_table()
    else:
        data = str(shape_pictures(tmp_path / "pictures"))
    train = {"checkpoint_seconds": 0, "precision": "fp32", "threads": 1, "patience": 1_000}
    how = {"steps": SHORT, "show": "quiet", "train": train, **IN_PROCESS[kind]}
    er.train(data, run=str(tmp_path / "whole"), **how)
    rng = random.Random(kind)
    first, second = sorted(rng.sample(range(3, SHORT - 2), 2))
    with pytest.raises(Torn):
        er.train(data, run=str(tmp_path / "torn"), watchers=(TearAt(first),), **how)
    with pytest.raises(Torn):
        er.train(resume=str(tmp_path / "torn"), show="quiet", watchers=(TearAt(second),))
    er.train(resume=str(tmp_path / "torn"), show="quiet")
    assert same(*ends)


def test_same_seed_same_weights_and_another_seed_others(tmp_path: Path, ends: list) -> None:
    for run, seed in (("a", 1), ("b", 1), ("c", 2)):
        train = {"precision": "fp32", "threads": 1}
        er.train(
            house_table(), target="sold", run=str(tmp_path / run), seed=seed, steps=SHORT, show="quiet", train=train
        )
    assert same(ends[0], ends[1]) and not same(ends[0], ends[2])


def test_interrupt_keeps_the_best_and_can_be_read(tmp_path: Path) -> None:
    house_table(2000).write_csv(tmp_path / "houses.csv")
    process = start(tmp_path, "train", "houses.csv", "--target", "price", "--run", "r", "--steps", 100_000, "--quiet")
    events = tmp_path / "r" / "events.jsonl"
    for _ in range(3000):
        if events.exists() and any(line["event"] == "step" and line["step"] > 30 for line in read_history(events)):
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 130
    assert (tmp_path / "r" / "bundle" / "report.html").exists()
    command("predict", "r", "houses.csv", "-o", "out.csv", cwd=tmp_path)


def test_a_run_in_use_is_left_alone(tmp_path: Path) -> None:
    house_table(2000).write_csv(tmp_path / "houses.csv")
    process = start(tmp_path, "train", "houses.csv", "--target", "price", "--run", "r", "--steps", 100_000, "--quiet")
    for _ in range(3000):
        if (tmp_path / "r" / "events.jsonl").exists():
            break
        time.sleep(0.02)
    done = command("train", "--resume", "r", cwd=tmp_path, check=4)
    assert "in use" in done.stderr
    process.kill()
    process.wait()


def test_a_run_that_was_killed_can_already_predict(tmp_path: Path) -> None:
    """The bundle is renewed while training goes on; it says that it is unfinished, and resuming still goes to the
    end."""
    house_table().write_csv(tmp_path / "houses.csv")
    process = start(tmp_path, "train", "houses.csv", "--target", "price", "--run", "r", *FAST)
    for _ in range(6000):
        if (tmp_path / "r" / "bundle" / "bundle.json").exists():
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    command("predict", "r", "houses.csv", "-o", "out.csv", cwd=tmp_path)
    assert (tmp_path / "out.csv").read_text().count("\n") == 301
    listed = command("runs", ".", cwd=tmp_path)
    assert "unfinished" in listed.stdout
    command("train", "--resume", "r", "--quiet", cwd=tmp_path)
    assert (tmp_path / "r" / "bundle" / "report.html").exists()
