"""Sample reports that look like real ones: two classes with texts, 151 classes with pictures and sounds, a number, several labels."""

from __future__ import annotations

import base64
import io
from types import SimpleNamespace
from typing import Any

import numpy as np

from engineroom.modalities.audio import waveform
from engineroom.tasks import _classes
from engineroom.tasks.multilabel import TASK as MULTILABEL
from engineroom.tasks.regression import TASK as REGRESSION

YAML = "data: shared/houses.csv\ntarget: price\nseed: 0\nmodel:\n  name: auto\n  width: 128\ntrain:\n  minutes: 10\n  batch_size: 256\n  lr: 0.002\n"
WORDS = {"deep": "transformer 6 × 192, 3 networks side by side", "rival": "gradient boosting, 400 trees", "trivial": "the commonest answer"}


def exhibit(kind: str, title: str, data: dict[str, Any], words: str = "") -> dict[str, Any]:
    return {"kind": kind, "title": title, "data": data, "words": words}


def report(
    verdict: dict[str, Any], *, title: str, task: str, target: str, scores: dict[str, list[float]], answers: list[dict]
) -> dict[str, Any]:
    """A whole report around `answers`, the exhibits of its middle section; scores: name → [deep, rival, trivial]."""
    tiles = [
        {"label": n, "value": v[0], "low": v[0] * 0.984, "high": v[0] * 1.013, "hint": "test split, 95 % bootstrap interval"}
        for n, v in scores.items()
    ]
    return {
        "format": 1,
        "title": title,
        "created": "2026-11-24T12:00:00+00:00",
        "version": "0.1.0",
        "task": task,
        "target": target,
        "path": f"runs/{title}/bundle/report.html",
        "verdict": verdict,
        "tiles": tiles,
        "sections": [
            {"title": "Deep or classical", "words": "", "exhibits": versus(scores, verdict["use"])},
            {"title": "What it gets right and wrong", "words": "", "exhibits": answers},
            {"title": "Data", "words": "", "exhibits": data_exhibits(target)},
            {"title": "How it learned", "words": "", "exhibits": training()},
            {"title": "The model and what it cost", "words": "", "exhibits": costs()},
            {"title": "Reproduce it", "words": "", "exhibits": again()},
        ],
        "reproduce": f"engineroom train shared/{title}.csv --target {target} --steps 1650 --set train.precision=bf16 --seed 0",
    }


def versus(scores: dict[str, list[float]], use: str) -> list[dict]:
    names = list(scores)
    rows = [
        [model, WORDS[model], *(scores[n][i] for n in names), seconds, rate, size]
        for i, (model, seconds, rate, size) in enumerate(
            (("deep", 161.2, 2914, 12.53), ("rival", 14.3, 81250, 3.1), ("trivial", 0.0, 4.2e6, 0.001))
        )
    ]
    head = names[0]
    dots = [
        {"name": model, "value": scores[head][i], "low": scores[head][i] * 0.985, "high": scores[head][i] * 1.012}
        for i, model in enumerate(WORDS)
    ]
    best = {"deep": 0, "rival": 1, "trivial": 2}.get(use)
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
        exhibit("notes", "Checked before training", {"items": notes}),
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
    rows = [["deep", 161.2, 2914, 12.53, 1.343], ["rival", 14.3, 81250, 3.1, 0.119], ["trivial", 0.0, 4200000, 0.001, 0.0]]
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


def graded(names: list[str], rows: int, skill: float, seed: int) -> dict[str, np.ndarray]:
    """Records of a classifier that is right about `skill` of the time."""
    rng = np.random.default_rng(seed)
    truth = np.sort(rng.integers(0, len(names), rows))
    logits = rng.normal(0, 1, (rows, len(names)))
    logits[np.arange(rows), truth] += skill
    logits[np.arange(rows), (truth * 7 + 3) % len(names)] += skill * 0.4 * (rng.random(rows) < 0.3)
    p = np.exp(1.3 * logits)
    p /= p.sum(1, keepdims=True)
    return {"truth": truth, "said": p.argmax(1), "probability": p}


def classes(names: list[str], rows: int, skill: float) -> list[dict]:
    deep, rival = graded(names, rows, skill, 0), graded(names, rows, skill * 0.9, 1)
    found = [
        *_classes.confusion(deep, names),
        _classes.calibration(deep, rival),
        *_classes.curves(deep, rival, names),
        _classes.per_class(deep, names),
    ]
    return [e.to_json() for e in found]


def picture(seed: int) -> str:
    """A picture as a modality shows it."""
    from PIL import Image

    y, x = np.mgrid[0:120, 0:160] / 40.0
    wave = np.stack([np.sin(x * (1 + seed % 3) + k + seed) * np.cos(y + k * seed) for k in range(3)], -1)
    buffer = io.BytesIO()
    Image.fromarray((127 + 120 * wave).astype(np.uint8)).save(buffer, "JPEG", quality=70)
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}">'


def sound(seed: int) -> str:
    t = np.linspace(0, 1, 8000)
    wave = np.sin(t * 900 * (1 + seed)) * np.exp(-3 * t) * np.sin(t * 9) ** 2
    return f'{waveform(wave)}<audio controls preload="none" src="data:audio/ogg;base64,T2dnUw=="></audio><small>{seed}_jackson_{seed}.wav</small>'


def gallery(items: list[tuple[str, str, str]], tone: str = "bad") -> dict:
    cards = [{"title": t, "subtitle": s, "tone": tone, "html": h} for t, s, h in items]
    return exhibit(
        "gallery", "Worst mistakes", {"items": cards}, "The surest errors first: look for wrong labels, odd inputs, missing context."
    )


def binary() -> dict[str, Any]:
    why = [
        "accuracy 0.931 against 0.872: 0.059 better, 95 % interval 0.041 to 0.077 (paired bootstrap over 1,821 test rows).",
        "It took 161 s to train against 14 s, and answers 2,914 rows a second against 81,250.",
    ]
    texts = [
        "the film is a mess from start to finish , but what a mess !",
        "it 's hard to know whether to recommend this film because for every thing it does right there 's at least one and occasionally two things it gets ever so wrong .",
        "not bad .",
    ]
    items = [
        (
            f"said {'yes' if i % 2 else 'no'} (0.9{9 - i})",
            f"row {412 + 31 * i} · is {'no' if i % 2 else 'yes'}",
            f"<p>{texts[i % 3]}</p><p><b>stars</b> {i} · <b>year</b> {1990 + i}</p>",
        )
        for i in range(8)
    ]
    verdict = {
        "use": "deep",
        "sentence": "Use the deep model: it is clearly better than gradient boosting on rows neither has seen.",
        "why": why,
        "difference": {"value": 0.059, "low": 0.041, "high": 0.077},
    }
    scores = {
        "accuracy": [0.931, 0.872, 0.501],
        "log_loss": [0.1893, 0.312, 0.693],
        "f1_macro": [0.9307, 0.8714, 0.333],
        "auc": [0.978, 0.941, 0.5],
        "brier": [0.052, 0.094, 0.25],
    }
    return report(verdict, title="reviews", task="classification", target="positive", scores=scores, answers=[*classes(["no", "yes"], 1821, 2.4), gallery(items)])  # fmt: skip


def many_classes() -> dict[str, Any]:
    names = [f"intent_{i:03d}" for i in range(147)] + [
        "Überweisung größerer Beträge ins europäische Ausland",
        "日本語のとても長いクラス名です",
        "oos",
        "<b>bold</b>",
    ]
    items = [
        (f"said {names[i * 9]} (0.9{9 - i % 9})", f"row {412 + 31 * i} · is {names[i * 9 + 1]}", picture(i) if i % 2 else sound(i))
        for i in range(10)
    ]
    verdict = {
        "use": "rival",
        "sentence": "Use logistic regression: the deep model is no better here, and slower.",
        "why": ["accuracy 0.871 against 0.893: 0.022 worse, 95 % interval 0.012 to 0.031."],
        "difference": {},
    }
    middle = classes(names, 4500, 4.2)
    result = report(verdict, title="intents", task="classification", target="intent", scores={"accuracy": [0.871, 0.893, 0.0067], "log_loss": [0.5, 0.41, 5.02], "top_5": [0.964, 0.971, 0.0335]}, answers=[*middle, gallery(items)])  # fmt: skip
    rng = np.random.default_rng(5)
    result["sections"][2]["exhibits"][3]["data"] = {"labels": names, "series": [{"name": "train", "values": rng.integers(80, 120, 151).tolist()}, {"name": "test", "values": [30] * 151}], "y": "rows"}  # fmt: skip
    return result


def regression() -> dict[str, Any]:
    rng = np.random.default_rng(2)
    truth = np.exp(rng.normal(12.1, 0.5, 2000))
    records = {"truth": truth, "said": truth * np.exp(rng.normal(0, 0.18, 2000))}
    records |= {"low": records["said"] * 0.72, "high": records["said"] * 1.36, "loss": np.abs(records["said"] - truth)}
    target: Any = SimpleNamespace(name="price", state={})
    middle = [e.to_json() for e in REGRESSION.exhibits(records, records | {"said": truth * np.exp(rng.normal(0.05, 0.25, 2000))}, target)]
    items = [
        (*REGRESSION.mistake(records, int(i), target), f"<p><b>rooms</b> {i % 9} · <b>area</b> 18{i}.5</p>")
        for i in REGRESSION.wrong(records)[:6]
    ]
    verdict = {
        "use": "either",
        "sentence": "Use either: on these test rows the two cannot be told apart.",
        "why": ["rmse 42,310 against 42,880: the interval of the difference holds 0."],
        "difference": {},
    }
    return report(verdict, title="houses", task="regression", target="price", scores={"rmse": [42310.4, 42880.9, 115020.0], "mae": [29120.1, 29811.0, 84111.0], "r2": [0.864, 0.861, -0.0002]}, answers=[*middle, gallery(items)])  # fmt: skip


def multilabel() -> dict[str, Any]:
    rng = np.random.default_rng(4)
    names = ["happy", "calm", "angry", "sad", "amazed", "quiet"]
    truth = (rng.random((300, 6)) < 0.3).astype(int)
    records = {"truth": truth, "said": np.where(rng.random((300, 6)) < 0.15, 1 - truth, truth), "loss": rng.random(300)}
    target: Any = SimpleNamespace(name="mood", state={"values": names})
    middle = [e.to_json() for e in MULTILABEL.exhibits(records, records, target)]
    items = [(*MULTILABEL.mistake(records, int(i), target), sound(int(i) % 7)) for i in MULTILABEL.wrong(records)[:6]]
    verdict = {
        "use": "trivial",
        "sentence": "Use neither: both are no better than always saying the commonest labels.",
        "why": ["Look at the target, or bring more rows."],
        "difference": {},
    }
    return report(verdict, title="emotions", task="multilabel", target="mood", scores={"f1_micro": [0.41, 0.405, 0.42], "hamming_loss": [0.29, 0.3, 0.28]}, answers=[*middle, gallery(items)])  # fmt: skip


SAMPLES = {"binary": binary, "many_classes": many_classes, "regression": regression, "multilabel": multilabel}
