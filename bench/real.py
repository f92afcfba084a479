"""Every real data set through the command line with nothing but its path and target; the figures land in a Markdown
table.

    python bench/real.py [NAME …] [--runs DIR] [--out FILE]

The same defaults serve all sets. `deep` and `baseline` are graded by the same code on the same test rows; `seconds` is
the whole command, from start to report.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import polars as pl

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
# name: (path, target or None, score, goal or None)
SETS: dict[str, tuple[str, str | None, str, float | None]] = {
    "adult": ("adult", "income", "roc_auc", 0.915),
    "california_housing": ("california_housing", "median_house_value", "rmse", 50_000),
    "diamonds": ("diamonds", "price", "r2", 0.98),
    "credit_default": ("credit_default", "default_next_month", "roc_auc", 0.77),
    "cifar10": ("cifar10", None, "accuracy", 0.76),
    "mnist": ("mnist", None, "accuracy", 0.985),
    "gtsrb": ("gtsrb", None, "accuracy", 0.95),
    "sign_language_digits": ("sign_language_digits", None, "accuracy", 0.95),
    "clothing": ("clothing", None, "accuracy", None),
    "chest_xray": ("chest_xray", None, "accuracy", None),
    "sms_spam": ("sms_spam", "label", "f1", 0.95),
    "ag_news": ("ag_news", "label", "accuracy", 0.86),
    "sst2": ("sst2", "label", "accuracy", 0.79),
    "hate_speech_tweets": ("hate_speech_tweets", "label", "f1_macro", None),
    "clinc_oos": ("clinc_oos", "label", "accuracy in scope", 0.88),
    "fsdd_spoken_digits": ("fsdd_spoken_digits", "part1", "accuracy", 0.97),
    "GunPoint": ("ucr/GunPoint", None, "accuracy", 0.98),
    "ItalyPowerDemand": ("ucr/ItalyPowerDemand", None, "accuracy", 0.96),
    "ECG200": ("ucr/ECG200", None, "accuracy", 0.88),
    "BasicMotions": ("ucr/BasicMotions", None, "accuracy", 1.0),
    "JapaneseVowels": ("ucr/JapaneseVowels", None, "accuracy", 0.97),
    "indoor_movement": ("indoor_movement", "target", "accuracy", 0.85),
    "driving_steering": ("driving_steering", "steering", "rmse", None),
}


def run(name: str, runs: Path) -> dict:
    """Train one set; {name, score, deep, baseline, dummy, seconds, goal, use}."""
    path, target, score, goal = SETS[name]
    where = runs / name
    shutil.rmtree(where, ignore_errors=True)
    command = [
        "engineroom",
        "train",
        str(DATA / path),
        "--run",
        str(where),
        "--quiet",
        *(["--target", target] if target else []),
    ]
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    if done.returncode:
        return {"name": name, "score": score, "error": done.stderr.strip().splitlines()[-3:], "seconds": round(seconds)}
    report = json.loads((where / "bundle" / "report.json").read_text())
    rows = table(report)
    deep, baseline, dummy = (figure(rows, model, score, where) for model in ("deep", "baseline", "dummy"))
    return {
        "name": name,
        "score": score,
        "deep": deep,
        "baseline": baseline,
        "dummy": dummy,
        "goal": goal,
        "seconds": round(seconds),
        "use": report["verdict"]["use"],
    }


def table(report: dict) -> dict[str, dict[str, float]]:
    found = next(e["data"] for s in report["sections"] for e in s["exhibits"] if e["title"] == "Side by side")
    return {row[0]: dict(zip(found["columns"], row, strict=True)) for row in found["rows"]}


def figure(rows: dict, model: str, score: str, where: Path) -> float | None:
    """The score of one model; in-scope accuracy is asked of the bundle on the test rows that have a class."""
    if score in rows[model]:
        return rows[model][score]
    if score == "accuracy in scope":
        return in_scope(where).get(model)
    manifest = json.loads((where / "bundle" / "bundle.json").read_text())
    found = {"answer": manifest["metrics"]} | {name: manifest[name]["metrics"] for name in ("deep", "baseline")}
    return found.get(model, {}).get(score)


@cache
def in_scope(where: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        pl.read_csv(DATA / "clinc_oos" / "test.csv").filter(pl.col("label") != "oos").write_csv(f"{folder}/known.csv")
        done = subprocess.run(
            ["engineroom", "evaluate", str(where), f"{folder}/known.csv", "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
    found = json.loads(done.stdout)
    return {"deep": round(found["deep"]["accuracy"], 4), "baseline": round(found["baseline"]["accuracy"], 4)}


def line(r: dict) -> str:
    if "error" in r:
        return f"| {r['name']} | failed: {' '.join(r['error'])} | | | | | {r['seconds']} |"
    shown = [
        f"{v:,.4g}" if v is not None and abs(v) < 1000 else f"{v:,.0f}" if v is not None else "–"
        for v in (r["deep"], r["baseline"], r["dummy"])
    ]
    met = (
        ""
        if r["goal"] is None
        else (" ✓" if (r["deep"] <= r["goal"] if r["score"] == "rmse" else r["deep"] >= r["goal"]) else " ✗")
    )
    goal = "–" if r["goal"] is None else f"{r['goal']:,g}"
    return f"| {r['name']} | {r['score']} | {shown[0]}{met} | {goal} | {shown[1]} | {shown[2]} | {r['seconds']} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(SETS))
    parser.add_argument("--runs", type=Path, default=Path("runs") / "bench")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    lines = ["| set | score | deep | goal | baseline | dummy | seconds |", "|---|---|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    for name in args.names:
        lines.append(line(run(name, args.runs)))
        print(lines[-1], flush=True)
    if args.out:
        args.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
