"""Is our classical baseline as good as what a person writes by hand? Each real set: our baseline against scikit-learn's
defaults, on the same rows.

    python bench/baselines.py [NAME …] [--out FILE]

By hand: tables by HistGradientBoosting (categories as pandas categories), texts by TfidfVectorizer and
LogisticRegression, pictures by LogisticRegression on 32 × 32 pixels, sounds by LogisticRegression on the mean and
deviation of log-mel bands, series by RandomForest on their values. No network is trained. Both learn the training rows
proper; ours chooses on the validation rows, and scores are of the test rows. A difference counts as clear where the 95
% interval of a paired bootstrap over test rows leaves out 0.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from engineroom.collect import pick_task
from engineroom.core import registry
from engineroom.core.config import make_config
from engineroom.data.checks import check
from engineroom.data.loading import open_table
from engineroom.data.schema_inference import apply_findings, fit_schema, infer_schema
from engineroom.data.splits import split_rows
from engineroom.evaluation.fit_baseline import fit_baselines, usable
from engineroom.metrics.bootstrap import paired_difference
from engineroom.tasks._base import make_task

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
# name: (path, target or None)
SETS: dict[str, tuple[str, str | None]] = {
    "adult": ("adult", "income"),
    "california_housing": ("california_housing", "median_house_value"),
    "diamonds": ("diamonds", "price"),
    "credit_default": ("credit_default", "default_next_month"),
    "bank_marketing": ("bank_marketing", "y"),
    "german_credit": ("german_credit", "risk"),
    "mammography_imbalanced": ("mammography_imbalanced", "label"),
    "titanic": ("titanic", "survived"),
    "weight_lifting_har": ("weight_lifting_har", "classe"),
    "sms_spam": ("sms_spam", "label"),
    "ag_news": ("ag_news", "label"),
    "sst2": ("sst2", "label"),
    "hate_speech_tweets": ("hate_speech_tweets", "label"),
    "clinc_oos": ("clinc_oos", "label"),
    "GunPoint": ("ucr/GunPoint", None),
    "ItalyPowerDemand": ("ucr/ItalyPowerDemand", None),
    "ECG200": ("ucr/ECG200", None),
    "BasicMotions": ("ucr/BasicMotions", None),
    "JapaneseVowels": ("ucr/JapaneseVowels", None),
    "indoor_movement": ("indoor_movement", "target"),
    "fsdd_spoken_digits": ("fsdd_spoken_digits", "part1"),
    "sign_language_digits": ("sign_language_digits", None),
    "clothing": ("clothing", None),
    "chest_xray": ("chest_xray", None),
    "gtsrb": ("gtsrb", None),
    "mnist": ("mnist", None),
    "cifar10": ("cifar10", None),
    "driving_steering": ("driving_steering", "steering"),
}
SIDE = 32


def compare(name: str) -> dict[str, Any]:
    """{name, score, ours, hand, difference and its interval, words, seconds of both}."""
    path, target = SETS[name]
    config = make_config({"data": str(DATA / path), **({"target": target} if target else {})})
    table = open_table(config.data, target=config.target, limits=config.limits)
    schema = infer_schema(table, config)
    task = make_task(pick_task(schema, config), {})
    split = split_rows(table, schema, config.split, seed=0, task=task.output_type)
    schema = apply_findings(schema, check(table, schema, split, task=task.output_type), config)
    schema = fit_schema(schema, table, split.train, config.limits)
    task = task.for_target(schema.target)
    values = table.frame[schema.target.name]
    codes = registry.get("modalities", schema.target.modality).encode(values, schema.target.state, {})
    truth = task.decode_targets(values, codes, schema.target)
    splits = {part: getattr(split, part) for part in ("train", "val", "test")}
    truths = {part: truth[rows] for part, rows in splits.items()}
    ours = fit_baselines(table.frame, schema, splits, truths, task, seed=0).baseline
    begun = time.perf_counter()
    train, y = usable(
        splits["train"], truths["train"], task.output_size(schema.target) if task.output_type == "classes" else 0
    )
    said = by_hand(table.frame, schema, train, y, splits["test"], task)
    seconds = time.perf_counter() - begun
    hand = task.score_rows(task.from_baseline(said), truths["test"])
    score = "rmse" if task.output_type == "number" else "accuracy"
    value, low, high, _ = paired_difference(task.compute_metrics, ours.records, hand, score, seed=0)
    found = {
        "name": name,
        "score": score,
        "ours": ours.scores[score],
        "hand": task.compute_metrics(hand)[score],
        "value": value,
        "low": low,
        "high": high,
    }
    return found | {"words": ours.words, "seconds": ours.seconds, "theirs": seconds}


def by_hand(
    frame: pl.DataFrame, schema: Any, train: np.ndarray, y: np.ndarray, test: np.ndarray, task: Any
) -> np.ndarray:
    """(N, C) probabilities or (N,) values for the test rows, by scikit-learn's defaults."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    number = task.output_type == "number"
    linear = Ridge() if number else LogisticRegression(max_iter=300)
    kinds = {column.modality for column in schema.inputs}
    if kinds <= {"number", "category", "datetime"}:
        x = table_of(frame, schema)
        model = (
            HistGradientBoostingRegressor(categorical_features="from_dtype")
            if number
            else HistGradientBoostingClassifier(categorical_features="from_dtype")
        )
        pick = lambda rows: x.iloc[rows]
    else:
        column = next(c for c in schema.inputs if c.modality not in ("number", "category", "datetime"))
        if column.modality == "text":
            texts = np.array(
                [
                    " \n ".join(map(str, row))
                    for row in frame.select(c.name for c in schema.inputs if c.modality == "text").fill_null("").rows()
                ],
                object,
            )
            model, pick = make_pipeline(TfidfVectorizer(), linear), lambda rows: texts[rows]
        else:
            x = features(frame[column.name], column)
            model = (
                RandomForestClassifier(random_state=0)
                if column.modality == "series" and not number
                else make_pipeline(StandardScaler(), linear)
            )
            pick = lambda rows: x[rows]
    model.fit(pick(train), y)
    if number:
        return model.predict(pick(test))
    out = np.zeros((len(test), task.output_size(schema.target)))
    out[:, model.classes_] = model.predict_proba(pick(test))
    return out


def table_of(frame: pl.DataFrame, schema: Any) -> Any:
    """A pandas frame as a person would make it: texts as categories, dates as days."""
    out = frame.select(c.name for c in schema.inputs).to_pandas()
    for column in schema.inputs:
        if column.modality == "number":
            out[column.name] = registry.get("modalities", "number").decode(frame[column.name], column.state)
        elif out[column.name].dtype == object or str(out[column.name].dtype) in ("str", "string"):
            out[column.name] = (
                out[column.name].astype("category")
                if out[column.name].nunique() <= 250
                else out[column.name].astype("category").cat.codes
            )
    return out


def features(values: pl.Series, column: Any) -> np.ndarray:
    """(N, F) of pictures, sounds or series, nothing but numbers side by side."""
    if column.modality == "image":
        from engineroom.modalities.vision.image import cells, decode

        return np.stack([small(decode(cell, pixels=64_000_000)) for cell in cells(values)])
    if column.modality == "audio":
        import torch

        from engineroom.modalities.audio.audio import decode as hear
        from engineroom.modalities.audio.mel_frames import LogMel

        frames = LogMel(8_000, mels=40)
        rows = [
            frames.mel(32768 * torch.from_numpy(hear(cell, rate=8_000, seconds=20.0))[None])[0].numpy()
            for cell in values.to_list()
        ]
        return np.stack([np.concatenate([row.mean(1), row.std(1)]) for row in rows])
    rows = [np.nan_to_num(np.atleast_2d(np.array(cell, float))) for cell in values.to_list()]
    longest = max(row.shape[1] for row in rows)
    return np.stack([np.pad(row, ((0, 0), (0, longest - row.shape[1]))).ravel() for row in rows])


def small(picture: np.ndarray) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.fromarray(picture.squeeze()).convert("RGB").resize((SIDE, SIDE)), np.float32).ravel() / 255


def line(r: dict[str, Any]) -> str:
    if "error" in r:
        return f"| {r['name']} | failed: {r['error']} | | | | | |"
    show = lambda v: f"{v:,.0f}" if abs(v) > 1000 else f"{v:.4f}"
    better = (r["low"] > 0, r["high"] < 0) if r["score"] == "accuracy" else (r["high"] < 0, r["low"] > 0)
    word = "ours" if better[0] else "by hand" if better[1] else "–"
    return (
        f"| {r['name']} | {r['score']} | {show(r['ours'])} | {show(r['hand'])} | {show(r['low'])} … "
        f"{show(r['high'])} "
        f"| {word} | {r['words']} ({r['seconds']:.0f} s, by hand {r['theirs']:.0f} s) |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(SETS))
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    lines = [
        "| set | score | ours | by hand | difference, 95 % | clearly better | ours is |",
        "|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines))
    for name in args.names:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = compare(name)
        except Exception as error:  # one set must not keep the others back
            found = {"name": name, "error": f"{type(error).__name__}: {str(error)[:120]}"}
        lines.append(line(found))
        print(lines[-1], flush=True)
    if args.out:
        args.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
