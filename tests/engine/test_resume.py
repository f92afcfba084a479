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

from conftest import command, house_table, shape_pictures, spoken_table
from engineroom.engine.callbacks.history import read_history

STEPS = 120
SMALL = ["--set", "options.image_size=16"]
FAST = ["--set", "train.checkpoint_seconds=0", "--set", "train.precision=fp32", "--set", "train.threads=1", "--steps", STEPS, "--quiet"]


def start(cwd: Path, *arguments: object) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", "engineroom", *map(str, arguments)], cwd=cwd, env={**os.environ, "OMP_NUM_THREADS": "1"})


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


@pytest.mark.parametrize("kind", ["table", "pictures", "two players", "finish", "rows by two players", "diffusion", "pretrain", "masked", "acting", "acting from memory", "speech"])
def test_resume_is_bit_identical(tmp_path: Path, kind: str) -> None:
    if kind == "table":
        house_table().write_csv(tmp_path / "houses.csv")
        data = ["houses.csv", "--target", "price"]
    elif kind == "rows by two players":
        house_table().write_csv(tmp_path / "houses.csv")
        data = ["houses.csv", "--target", "sold", "--recipe", "tabular_gan", "--set", "options.condition_on=city"]
    elif kind == "speech":
        spoken_table(tmp_path / "said").write_csv(tmp_path / "said.csv")
        data = ["said.csv", "--target", "recording", "--recipe", "text_to_speech"]
    elif kind.startswith("acting"):
        data = ["CartPole-v1", "--recipe", "reinforcement_learning", "--set", f"options.method={'ppo' if kind == 'acting' else 'dqn'}"]
    else:
        shape_pictures(tmp_path / "pictures")
        asked = {"two players": ["--recipe", "image_generation", *SMALL], "finish": ["--recipe", "image_restoration", "--set", "options.adversarial=gan"], "diffusion": ["--recipe", "image_diffusion", *SMALL, "--set", "options.steps=2"], "pretrain": ["--recipe", "contrastive_pretraining"], "masked": ["--recipe", "masked_pretraining"]}
        data = ["pictures", *asked.get(kind, [])]
    command("train", *data, "--run", "whole", *FAST, cwd=tmp_path)
    process = start(tmp_path, "train", *data, "--run", "torn", *FAST)
    rng = random.Random(kind)
    for _ in range(3):
        kill_at(process, tmp_path / "torn" / "events.jsonl", rng.randrange(5, STEPS - 5))
        process = start(tmp_path, "train", "--resume", "torn", "--quiet")
    assert process.wait() == 0
    assert weights(tmp_path / "torn") == weights(tmp_path / "whole")


def test_same_seed_same_weights_and_another_seed_others(tmp_path: Path) -> None:
    house_table().write_csv(tmp_path / "houses.csv")
    for run, seed in (("a", 1), ("b", 1), ("c", 2)):
        command("train", "houses.csv", "--target", "sold", "--run", run, "--seed", seed, *FAST, cwd=tmp_path)
    assert weights(tmp_path / "a") == weights(tmp_path / "b") != weights(tmp_path / "c")


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
    """The bundle is renewed while training goes on; it says that it is unfinished, and resuming still goes to the end."""
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
