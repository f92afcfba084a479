"""The Statlog protocol: ten folds of all 1,000 German credit applicants, each judged by models that never saw it. Cost
a row: a miss 5, a false alarm 1.

python bench/structured/german_folds.py ../shared/data/german_credit
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

import engineroom as er

FOLDS = 10


def main(folder: str) -> None:
    rows = pl.concat([pl.read_csv(Path(folder) / f"{part}.csv") for part in ("train", "test")])
    place = np.random.RandomState(0).permutation(rows.height) % FOLDS
    costs: dict[str, list[float]] = {"deep": [], "baseline": []}
    for fold in range(FOLDS):
        with tempfile.TemporaryDirectory() as where:
            where = Path(where)
            rows.filter(place != fold).write_csv(where / "train.csv")
            rows.filter(place == fold).write_csv(where / "test.csv")
            model = er.train(
                str(where / "train.csv"),
                test=str(where / "test.csv"),
                target="risk",
                recipe="cost_sensitive",
                options={"positive": "bad", "false_negative_cost": 5},
                run=str(where / "run"),
                show="quiet",
            )
            costs["deep"].append(model.deep_metrics["cost"])
            costs["baseline"].append(model.manifest["baseline"]["metrics"]["cost"])
            print(
                f"fold {fold}: " + ", ".join(f"{name} {values[-1]:.3f}" for name, values in costs.items()),
                model.baseline.words,
                flush=True,
            )
    for name, values in costs.items():
        print(f"{name}: {np.mean(values):.3f} ± {np.std(values) / FOLDS**0.5:.3f} a row over {rows.height} applicants")


if __name__ == "__main__":
    main(*sys.argv[1:])
