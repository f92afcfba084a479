"""Anomaly figures: NSL-KDD per family of attacks, SKAB with the past of each sensor, mammograms as a check.

    python bench/structured/anomaly.py nsl_kdd|skab|mammography --data DIR --run DIR [--steps N]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import polars as pl

import engineroom as er

TRAINED = 400  # rows of each SKAB experiment that teach, as its authors do
SPAN = 30  # rows of the past, seconds


def nsl_kdd(data: Path, run: str, steps: int) -> dict:
    """Ordinary connections of the 20 % file teach; all of KDDTest+ is judged."""
    parts = {name: pl.read_csv(data / "nsl_kdd" / file) for name, file in (("train", "train_20percent.csv.gz"), ("test", "test.csv.gz"))}
    folder = written({name: part.drop("difficulty", "attack") for name, part in parts.items()})
    model = er.train(folder, target="label", recipe="anomaly", options={"normal": "normal"}, run=run, **settings(steps))
    words = (data / "nsl_kdd" / "attack_types.txt").read_text().replace("\r", "\n").split("\n")
    family = dict(line.split(",", 1) for line in words if "," in line)
    out = model.predict(parts["test"]).with_columns(family=parts["test"]["attack"].replace_strict(family, default="unseen"))
    return {name: (len(group), round(float(group["alarm"].mean()), 3)) for (name,), group in out.group_by("family")}


def skab(data: Path, run: str, steps: int) -> dict:
    """The first rows of every experiment teach, the rest is judged; sensors are standardised by the rows that teach."""
    rows: dict[str, list[pl.DataFrame]] = {"train": [], "test": []}
    for path in sorted((data / "skab").glob("valve1/*.csv")) + sorted((data / "skab").glob("other/*.csv")):
        frame = pl.read_csv(path, separator=";").drop("datetime", "changepoint")
        numbers = [name for name in frame.columns if name != "anomaly"]
        first = frame[:TRAINED]
        frame = frame.with_columns([(pl.col(n) - float(first[n].mean())) / max(1e-6, float(first[n].std())) for n in numbers])
        state = pl.when(pl.col("anomaly") > 0).then(pl.lit("fault")).otherwise(pl.lit("normal"))
        frame = frame.with_columns(state=state, experiment=pl.lit(path.parent.name + path.stem)).drop("anomaly")
        rows["train"].append(frame[:TRAINED])
        rows["test"].append(frame[TRAINED:])
    folder = written({name: pl.concat(parts) for name, parts in rows.items()})
    options = {"normal": "normal", "window": SPAN, "series": "experiment", "alarms": 0.02}
    model = er.train(folder, target="state", recipe="anomaly", options=options, run=run, **settings(steps))
    return dict(model.metrics)


def mammography(data: Path, run: str, steps: int) -> dict:
    folder = data / "mammography_imbalanced"
    return dict(er.train(str(folder), target="label", recipe="anomaly", run=run, **settings(steps)).metrics)


def written(parts: dict[str, pl.DataFrame]) -> str:
    """A folder with a table for each part."""
    folder = Path(tempfile.mkdtemp())
    for name, part in parts.items():
        part.write_csv(folder / f"{name}.csv")
    return str(folder)


def settings(steps: int) -> dict:
    return {"steps": steps, "show": "quiet", "train__threads": 1}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=("nsl_kdd", "skab", "mammography"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--steps", type=int, default=3000)
    asked = parser.parse_args()
    print({"nsl_kdd": nsl_kdd, "skab": skab, "mammography": mammography}[asked.name](asked.data, asked.run, asked.steps))
    trained = er.load(asked.run)
    print("deep ", {k: round(v, 4) for k, v in trained.metrics.items()})
    print("rival", {k: round(v, 4) for k, v in trained.manifest["rival"]["metrics"].items()}, trained.manifest["rival"]["words"])
