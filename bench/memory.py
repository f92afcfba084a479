"""Does memory stay flat while the data grow? Trains on 1×, 10× and 100× rows of a table and of a picture folder.

    python bench/memory.py

Prints peaks, in MB, sampled from outside: of all resident memory while training goes on (from the first step to the
last), and of anonymous memory (what cannot be dropped and read again from disk) over the whole process, encoding,
baseline and report included. Mapped files count as resident while the machine has room for them. All runs take batches
of 32 rows: the default grows with the rows (16 to 64 pictures), and with it what a step needs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

STEPS = "150"
# larger batches need more room whatever the number of rows
SAME = ("--set", "train.batch_size=32", "--set", "train.threads=2")


def peak(command: list[str], cwd: str, run: str) -> str:
    """The peaks in words, of the command that writes the run directory `run`."""
    process = subprocess.Popen([*command, "--run", run], cwd=cwd)
    diary = Path(cwd) / run / "events.jsonl"
    anonymous = resident = 0.0
    while process.poll() is None:
        try:
            status = dict(
                line.split(":", 1)
                for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
                if ":" in line
            )
            anonymous = max(anonymous, int(status["RssAnon"].split()[0]) / 1024)
            if training(diary):
                resident = max(resident, int(status["VmRSS"].split()[0]) / 1024)
        except (FileNotFoundError, KeyError, ProcessLookupError):
            pass
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"{command} failed")
    return f"{resident:6.0f} MB while training, {anonymous:6.0f} MB anonymous at most"


def training(diary: Path) -> bool:
    """Has the first step been taken, and not yet the last?"""
    events = diary.read_text() if diary.exists() else ""
    return '"started"' in events and '"stopped"' not in events


def table(path: Path, rows: int) -> None:
    with open(path, "w") as file:
        for start in range(0, rows, 100_000):
            n = min(100_000, rows - start)
            rng = np.random.default_rng(start)
            x = rng.normal(size=(n, 8)).round(4)
            frame = pl.DataFrame(
                {f"x{i}": x[:, i] for i in range(8)}
                | {"kind": rng.choice(list("abcdef"), n), "y": (x[:, 0] + x[:, 1] ** 2).round(3)}
            )
            file.write(frame.write_csv(include_header=start == 0))


def pictures(folder: Path, count: int) -> None:
    from PIL import Image

    rng = np.random.default_rng(0)
    for i in range(count):
        label = "ab"[i % 2]
        (folder / label).mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 120, (32, 32, 3), dtype=np.uint8)
        pixels[:, :, i % 2] += 100
        Image.fromarray(pixels).save(folder / label / f"{i}.jpg")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000, help="rows at 1×")
    parser.add_argument("--pictures", type=int, default=300, help="pictures at 1×")
    args = parser.parse_args()
    engineroom = [str(Path(sys.executable).with_name("engineroom")), "train"]
    with tempfile.TemporaryDirectory() as folder:
        for times in (1, 10, 100):
            table(Path(folder) / "t.csv", times * args.rows)
            words = peak(
                [*engineroom, "t.csv", "--target", "y", "--steps", STEPS, "--quiet", *SAME], folder, f"t{times}"
            )
            print(f"table, {times * args.rows:>9,} rows: {words}", flush=True)
        for times in (1, 10, 100):
            pictures(Path(folder) / f"p{times}", times * args.pictures)
            words = peak([*engineroom, f"p{times}", "--steps", STEPS, "--quiet", *SAME], folder, f"i{times}")
            print(f"pictures, {times * args.pictures:>6,} files: {words}", flush=True)


if __name__ == "__main__":
    main()
