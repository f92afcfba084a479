"""Climate figures: maps as series, a cell a channel. Skill of the next winter's map against the climatology and against
persistence.

python bench/structured/climate.py hgt_djf|sst_ndjfm_anom --data DIR --run DIR [--steps N]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl

import engineroom as er

LAST = 10  # winters that are judged, and as many before them that choose the weights
BACK = 5  # winters looked back on
ABSENT = 1e19  # land, where there is no sea


def table(path: Path) -> pl.DataFrame:
    """A row a winter, a column a cell of the map that is known throughout."""
    with np.load(path) as file:
        name = max(file.files, key=lambda one: file[one].ndim)
        maps = np.asarray(file[name], float)
    cells = maps.reshape(len(maps), -1)
    known = np.flatnonzero((np.abs(cells) < ABSENT).all(0) & (cells.std(0) > 0))
    return pl.DataFrame({f"cell {k}": cells[:, k] for k in known})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=("hgt_djf", "sst_ndjfm_anom"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--steps", type=int, default=1_000)
    args = parser.parse_args()
    frame = table(args.data / "climate_fields" / f"{args.name}.npz")
    winters = frame.height
    options = {
        "all_channels": True,
        "horizon": 1,
        "context": BACK,
        "season": 1,
        "val_from": winters - 2 * LAST,
        "test_from": winters - LAST,
    }
    model = er.train(
        frame, recipe="forecasting", options=options, run=args.run, steps=args.steps, show="quiet", train__threads=1
    )
    rows = next(
        one for section in model.report()["sections"] for one in section["exhibits"] if one["title"] == "Side by side"
    )["data"]
    place = rows["columns"].index("mse")
    persistence = rows["rows"][2][place]
    scores = {
        who: one["mse"]
        for who, one in (("deep", model.deep_metrics), ("baseline", model.manifest["baseline"]["metrics"]))
    }
    found = {who: {"mse": mse, "against persistence": 1 - mse / persistence} for who, mse in scores.items()}
    found["deep"]["against climatology"] = model.deep_metrics["skill"]
    found["baseline"]["against climatology"] = model.manifest["baseline"]["metrics"]["skill"]
    print(
        json.dumps(
            {
                "cells": frame.width,
                "winters": winters,
                "persistence": persistence,
                **found,
                "baseline is": model.manifest["baseline"]["words"],
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
