"""How long until something happens, from a cold process with warm files.

    python bench/startup.py

Goals: `engineroom --help` under 0.25 s, `import engineroom` under 0.05 s over bare Python, `predict` of one row under 2
s. Medians of seven runs as whole processes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl


def seconds(*command: str, cwd: str | None = None, runs: int = 7) -> float:
    """Median wall time; the first run warms the files and does not count."""
    times = []
    for _ in range(runs + 1):
        begun = time.perf_counter()
        subprocess.run(command, cwd=cwd, check=True, capture_output=True)
        times.append(time.perf_counter() - begun)
    return statistics.median(times[1:])


def main() -> None:
    engineroom = str(Path(sys.executable).with_name("engineroom"))
    bare = seconds(sys.executable, "-c", "pass")
    print(f"bare python: {bare:.3f} s")
    print(
        f"import engineroom: {seconds(sys.executable, '-c', 'import engineroom') - bare:.3f} s over bare python; goal "
        "< 0.05"
    )
    print(f"engineroom --help: {seconds(engineroom, '--help'):.3f} s; goal < 0.25")
    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.default_rng(0)
        table = pl.DataFrame(
            {"x": rng.normal(size=300), "kind": rng.choice(["a", "b"], 300), "y": rng.normal(size=300)}
        )
        table.write_csv(os.path.join(folder, "t.csv"))
        table.head(1).drop("y").write_csv(os.path.join(folder, "one.csv"))
        subprocess.run(
            [engineroom, "train", "t.csv", "--target", "y", "--run", "r", "--steps", "30", "--quiet"],
            cwd=folder,
            check=True,
        )
        print(f"predict of one row: {seconds(engineroom, 'predict', 'r', 'one.csv', cwd=folder):.3f} s; goal < 2")


if __name__ == "__main__":
    main()
