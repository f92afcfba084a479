"""The sections that every sample report shares: scores side by side, data, training, cost, how to run it again."""

from __future__ import annotations

from typing import Any

import numpy as np

YAML = "data: shared/houses.csv\ntarget: price\nseed: 0\nmodel:\n  name: auto\n  width: 128\ntrain:\n  minutes: 10\n  batch_size: 256\n  lr: 0.002\n"
WORDS = {
    "deep": "transformer 6 × 192, 3 networks side by side",
    "baseline": "gradient boosting, 400 trees",
    "dummy": "the commonest answer",
}


def exhibit(kind: str, title: str, data: dict[str, Any], words: str = "") -> dict[str, Any]:
    return {"kind": kind, "title": title, "data": data, "words": words}


def versus(scores: dict[str, list[float]], use: str) -> list[dict]:
    names = list(scores)
    rows = [
        [model, WORDS[model], *(scores[n][i] for n in names), seconds, rate, size]
        for i, (model, seconds, rate, size) in enumerate(
            (("deep", 161.2, 2914, 12.53), ("baseline", 14.3, 81250, 3.1), ("dummy", 0.0, 4.2e6, 0.001))
        )
    ]
    head = names[0]
    dots = [
        {"name": model, "value": scores[head][i], "low": scores[head][i] * 0.985, "high": scores[head][i] * 1.012}
        for i, model in enumerate(WORDS)
    ]
    best = {"deep": 0, "baseline": 1, "dummy": 2}.get(use)
    columns = ["model", "what it is", *names, "training s", "rows/s", "MB"]
    said = "The same rows for training, validation and test; the test rows were looked at once."
    return [
        exhibit("table", "Side by side", {"columns": columns, "rows": rows, "best": best}, said),
        exhibit("intervals", f"{head} with 95 % intervals", {"metric": head, "rows": dots}),
    ]


def data_exhibits(target: str) -> list[dict]:
    notes = [
        {
            "level": "warning",
            "what": "12 test rows are also in the training rows.",
            "why": "They would flatter the score.",
            "fix": "They were taken out.",
        },
        {
            "level": "note",
            "what": "The column `id` looks like a row number.",
            "why": "Every value occurs once.",
            "fix": "It was left out; --role id=input brings it back.",
        },
        {
            "level": "error",
            "what": "3 pictures cannot be read.",
            "why": "The files end early.",
            "fix": "Copy them again: a.png, b.png, c.png",
        },
    ]
    columns = [
        ["photo", "image", "input", "0.0%", "64 × 64 pixels, 3 channel(s)", "decodes as PNG"],
        ["description", "text", "input", "2.1%", "8,192 tokens known, up to 128 a text", "long, mostly different texts"],
        ["rooms", "number", "input", "0.4%", "1 … 14", "numbers"],
        [target, "category", "target", "0.0%", "2 different: no, yes", "named as the target"],
    ]  # fmt: skip
    return [
        exhibit("facts", "Rows", {"items": [["train", "6,920", "rows"], ["val", "872", "rows"], ["test", "1,821", "rows"]]}, "Seeded split, 80 : 10 : 10, equal texts kept together."),
        exhibit("notes", "Data checks", {"items": notes}),
        exhibit("table", "Columns", {"columns": ["column", "kind", "role", "missing", "values", "why"], "rows": columns, "best": None}),
        exhibit("bars", f"How often each {target}", {"labels": ["no", "yes"], "series": [{"name": n, "values": v} for n, v in (("train", [3310, 3610]), ("val", [428, 444]), ("test", [912, 909]))], "y": "rows"}),
    ]  # fmt: skip


def training() -> list[dict]:
    rng = np.random.default_rng(3)
    steps = np.arange(10, 1660, 10)
    loss = 0.7 * np.exp(-steps / 500) + 0.12 + rng.normal(0, 0.02, len(steps))
    judged = np.arange(75, 1660, 75)
    accuracy = 0.93 - 0.4 * np.exp(-judged / 300) + rng.normal(0, 0.004, len(judged))
    best = int(judged[accuracy.argmax()])
    facts = [
        ["steps", "1,650", "batches of 256"],
        ["time", "161 s", "training, validation included"],
        ["speed", "2,914/s", "samples learned from"],
        ["ended", "no better for 8 looks", ""],
    ]
    return [
        exhibit("facts", "The run", {"items": facts}),
        exhibit("lines", "Loss", {"x": "step", "y": "loss", "series": [{"name": "training loss", "x": steps.tolist(), "y": loss.tolist()}]}, "How wrong the model is on the batches it learns from, changed pictures and dropped words included."),
        exhibit("lines", "Validation accuracy", {"x": "step", "y": "accuracy", "series": [{"name": "validation accuracy", "x": judged.tolist(), "y": accuracy.tolist()}], "marks": [{"x": best, "label": "best"}]}, "On rows it never learns from."),
    ]  # fmt: skip


def costs() -> list[dict]:
    encoders = [
        ["photo", "cnn", "ResNet, 8 blocks, 64–256 channels", "pictures of 64 pixels, 6,920 of them"],
        ["description", "transformer", "6 × 192, 4 heads", "texts with word order"],
    ]
    rows = [
        ["deep", 161.2, 2914, 12.53, 1.343],
        ["baseline", 14.3, 81250, 3.1, 0.119],
        ["dummy", 0.0, 4200000, 0.001, 0.0],
    ]
    size = [
        ["parameters", "3,101,442", "learned numbers"],
        ["size", "12.53 MB", "weights"],
        ["arithmetic", "bf16", "chosen by a timed probe"],
    ]
    return [
        exhibit("table", "One encoder a column", {"columns": ["columns", "family", "size", "why"], "rows": encoders, "best": None}),
        exhibit("facts", "Size", {"items": size}),
        exhibit("table", "Cost", {"columns": ["model", "training s", "rows/s", "MB", "Wh (estimate)"], "rows": rows, "best": None}, "Energy is an estimate: 30 W (15 W a core, 2 cores) for the whole training time."),
    ]  # fmt: skip


def again() -> list[dict]:
    facts = [
        ["created", "2026-11-24T12:00:00+00:00", ""],
        ["data", "shared/houses.csv", ""],
        ["data fingerprint", "9f86d081884c7d659a2feaa0c55ad015", ""],
        ["seed", "0", ""],
        ["machine", "x86_64, 2 cores", ""],
    ]
    command = "engineroom train shared/houses.csv --target price --steps 1650 --set train.precision=bf16 --set train.threads=2 --seed 0 --test shared/houses-test.csv"
    return [
        exhibit("code", "The same run", {"text": command, "language": "shell"}, "Same data, same seed, same machine: the same weights, bit for bit."),
        exhibit("facts", "Fingerprints", {"items": facts}),
        exhibit("code", "Every setting", {"text": YAML, "language": "yaml"}),
        exhibit("code", "Versions", {"text": "torch 2.9.0\nnumpy 2.3.1\npolars 1.35.0", "language": "text"}),
    ]  # fmt: skip
