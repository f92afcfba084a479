"""Anomaly figures: defects of magnetic tiles and steel, NSL-KDD by family of attacks, SKAB, NAB by its own score, log
lines, mammograms.

python bench/structured/anomaly.py tiles|steel|nsl_kdd|skab|nab|loghub|mammography --data DIR --run DIR [--steps N |
--minutes M] [--labels N]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from nab import nab as nab_score
from nab import probation

import engineroom as er
from engineroom.metrics.classification import roc_auc
from engineroom.modalities.vision._masks import read_mask, resized

TAUGHT = 400  # rows of each SKAB experiment that teach, as its authors do
QUIET = 100  # rows for which an alarm of NAB that was raised is not raised again


def tiles(data: Path, asked: argparse.Namespace) -> dict:
    """Good tiles teach; all test tiles are judged, and the places on those with a defect against their masks."""
    folder = data / "magnetic_tile_defects"
    model = er.train(
        str(folder / "train" / "images"),
        test=str(folder / "test" / "images"),
        recipe="defects",
        options={"normal": "MT_Free"} | labels(asked),
        **settings(asked),
    )
    paths = sorted((folder / "test" / "images").glob("*/*.jpg"))
    frame = model.open(pl.DataFrame({"image": [str(path) for path in paths]}))
    found = {}
    for who, heat in (("deep", model.answers(frame)[0]["heat"]), ("baseline", model.baseline.predict(frame)["heat"])):
        truth, score = [], []
        for path, one in zip(paths, heat, strict=True):
            mask = read_mask(str(folder / "test" / "masks" / path.parent.name / f"{path.stem}.png"), pixels=1 << 24)
            small = resized((mask > 127).astype(np.uint8) * 255, *one.shape) > 127
            truth.append(small.ravel())
            score.append(one.ravel())
        found[f"roc_auc of places, {who}"] = round(
            roc_auc(np.concatenate(truth), np.concatenate(score).astype(np.float64)), 4
        )
    return found


def steel(data: Path, asked: argparse.Namespace) -> dict:
    """There are no good pictures of steel: each kind of surface in turn is taken for ordinary and the five others are
    to be found."""
    folder, found = data / "neu_surface_defects", {}
    for kind in sorted(path.name for path in (folder / "train" / "images").iterdir()):
        more = settings(asked) | {"run": f"{asked.run}-{kind}"}
        model = er.train(
            str(folder / "train" / "images"),
            test=str(folder / "test" / "images"),
            recipe="defects",
            options={"normal": kind},
            **more,
        )
        both = (model.deep_metrics, model.manifest["baseline"]["metrics"])
        found[kind] = [round(one["roc_auc"], 4) for one in both]
    found["mean"] = np.mean(list(found.values()), 0).round(4).tolist()
    return found


def nsl_kdd(data: Path, asked: argparse.Namespace) -> dict:
    """Ordinary connections of the 20 % file teach; all of KDDTest+ is judged, by family of attacks."""
    words = (data / "nsl_kdd" / "attack_types.txt").read_text().replace("\r", "\n").split("\n")
    family = dict(line.split(",", 1) for line in words if "," in line) | {"normal": "normal"}
    parts = {
        name: pl.read_csv(data / "nsl_kdd" / file)
        for name, file in (("train", "train_20percent.csv.gz"), ("test", "test.csv.gz"))
    }
    parts = {
        name: part.with_columns(label=part["attack"].replace_strict(family, default="unseen")).drop(
            "difficulty", "attack"
        )
        for name, part in parts.items()
    }
    er.train(
        written(parts),
        target="label",
        recipe="anomaly_detection",
        options={"normal": "normal"} | labels(asked),
        **settings(asked),
    )
    return {}


def skab(data: Path, asked: argparse.Namespace) -> dict:
    """The first rows of every experiment teach and measure it, the rest is judged: F1 of the rows called odd, over all
    experiments together."""
    frames = []
    for path in sorted((data / "skab").glob("valve1/*.csv")) + sorted((data / "skab").glob("other/*.csv")):
        frame = pl.read_csv(path, separator=";").drop("changepoint")
        state = pl.when(pl.col("anomaly") > 0).then(pl.lit("fault")).otherwise(pl.lit("normal"))
        frames.append(frame.with_columns(state=state, experiment=pl.lit(path.parent.name + path.stem)).drop("anomaly"))
    options = {"normal": "normal", "window": asked.window or 30, "series": "experiment", "probation": TAUGHT}
    er.train(
        written({"all": pl.concat(frames)}) + "/all.csv",
        target="state",
        recipe="anomaly_detection",
        options=options,
        **settings(asked),
    )
    return {}


def nab(data: Path, asked: argparse.Namespace) -> dict:
    """The beginning of every series (its probation) teaches and measures it, the rest is judged by NAB's own score; 30
    of its 58 series are here."""
    labels, frames, windows = json.loads((data / "nab" / "windows.json").read_text()), [], []
    for path in sorted((data / "nab").glob("*/*.csv")):
        name = f"{path.parent.name}/{path.name}"
        frame = pl.read_csv(path)
        moments = frame["timestamp"].str.slice(0, 19).to_list()
        own = [(moments.index(first[:19]), moments.index(last[:19])) for first, last in labels[name]]
        odd = np.zeros(frame.height, bool)
        for first, last in own:
            odd[first : last + 1] = True
        frames.append(
            frame.with_columns(
                pl.col("value").cast(pl.Float64), state=pl.Series(np.where(odd, "fault", "normal")), file=pl.lit(name)
            )
        )
        windows.append(own)
    table = pl.concat(frames)
    options = {
        "normal": "normal",
        "window": asked.window or 50,
        "series": "file",
        "probation": 0.15,
        "rolling_baseline": True,
    }
    model = er.train(
        written({"all": table}) + "/all.csv",
        target="state",
        recipe="anomaly_detection",
        options=options,
        **settings(asked),
    )
    opened = model.open(table.drop("state"))
    said = {"deep": model.answers(opened)[0]["probability"], "baseline": model.baseline.predict(opened)}
    ends = np.cumsum([0] + [frame.height for frame in frames])
    found = {}
    for who, p in said.items():
        score = np.log(np.clip(p[:, 1], 1e-12, 1)) - np.log(np.clip(p[:, 0], 1e-12, 1))
        parts = [once(score[a:b]) for a, b in pairwise(ends)]
        found[who] = nab_score(parts, windows)
    return found


def once(score: np.ndarray) -> np.ndarray:
    """An alarm counts when it is raised, not while it lasts: a row that is no odder than the rows before it says
    nothing."""
    out, begin = np.full(len(score), -np.inf), probation(len(score))
    for row in range(len(score)):
        before = score[max(0, row - QUIET, begin if row > begin else 0) : row]
        if not len(before) or score[row] > before.max():
            out[row] = score[row]
    return out


def loghub(data: Path, asked: argparse.Namespace) -> dict:
    """Lines of BGL, each by itself: ordinary ones teach (seven tenths at random), alerts (a label other than -) are to
    be found, kind by kind."""
    frame = pl.read_csv(data / "loghub_2k" / "BGL_2k.log_structured.csv").select(
        "Type", "Component", "Level", "Content", "Label"
    )
    er.train(
        written({"all": frame}) + "/all.csv",
        target="Label",
        recipe="anomaly_detection",
        options={"normal": "-"} | labels(asked),
        **settings(asked),
    )
    return {}


def mammography(data: Path, asked: argparse.Namespace) -> dict:
    er.train(
        str(data / "mammography_imbalanced"),
        target="label",
        recipe="anomaly_detection",
        options=labels(asked),
        **settings(asked),
    )
    return {}


def labels(asked: argparse.Namespace) -> dict:
    return {"n_labelled_anomalies": asked.labels} if asked.labels else {}


def written(parts: dict[str, pl.DataFrame]) -> str:
    """A folder with a table for each part."""
    folder = Path(tempfile.mkdtemp())
    for name, part in parts.items():
        part.write_csv(folder / f"{name}.csv")
    return str(folder)


def settings(asked: argparse.Namespace) -> dict:
    length = {"minutes": asked.minutes} if asked.minutes else {"steps": asked.steps}
    return length | {"run": asked.run, "show": "quiet", "train__threads": 1}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    known = {
        "tiles": tiles,
        "steel": steel,
        "nsl_kdd": nsl_kdd,
        "skab": skab,
        "nab": nab,
        "loghub": loghub,
        "mammography": mammography,
    }
    parser.add_argument("name", choices=tuple(known))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--labels", type=int, default=0)
    parser.add_argument("--window", type=int, default=0)
    asked = parser.parse_args()
    begun = time.perf_counter()
    for key, value in known[asked.name](asked.data, asked).items():
        print(key, value)
    print(f"{time.perf_counter() - begun:.0f} seconds")
    if (Path(asked.run) / "bundle").exists():
        trained = er.load(asked.run)
        print("deep ", {k: round(v, 4) for k, v in trained.metrics.items()})
        print(
            "baseline",
            {k: round(v, 4) for k, v in trained.manifest["baseline"]["metrics"].items()},
            trained.manifest["baseline"]["words"],
        )
        for section in trained.report()["sections"]:
            for exhibit in section["exhibits"]:
                if exhibit["title"] == "Kind by kind":
                    print(*(exhibit["data"]["columns"], *exhibit["data"]["rows"]), sep="\n")
