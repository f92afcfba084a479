"""Sample reports that look like real ones: two classes with texts, 151 classes with pictures and sounds, a number,
several labels."""

from __future__ import annotations

import base64
import io
from types import SimpleNamespace
from typing import Any

import numpy as np

from engineroom.modalities.audio.audio import waveform
from engineroom.rendering import classification
from engineroom.tasks.general.multilabel import TASK as MULTILABEL
from engineroom.tasks.general.regression import TASK as REGRESSION

from .parts import again, costs, data_exhibits, exhibit, training, versus


def report(
    verdict: dict[str, Any], *, title: str, task: str, target: str, scores: dict[str, list[float]], answers: list[dict]
) -> dict[str, Any]:
    """A whole report around `answers`, the exhibits of its middle section; scores: name → [deep, baseline, dummy]."""
    tiles = [
        {
            "label": n,
            "value": v[0],
            "low": v[0] * 0.984,
            "high": v[0] * 1.013,
            "hint": "test split, 95 % bootstrap interval",
        }
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
            {"title": "Errors: what is right and what is wrong", "words": "", "exhibits": answers},
            {"title": "Data", "words": "", "exhibits": data_exhibits(target)},
            {"title": "Training: loss and validation curves", "words": "", "exhibits": training()},
            {"title": "The model and what it cost", "words": "", "exhibits": costs()},
            {"title": "Reproduce it", "words": "", "exhibits": again()},
        ],
        "reproduce": f"engineroom train shared/{title}.csv --target {target} --steps 1650 --set train.precision=bf16 "
        "--seed 0",
    }


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
    deep, baseline = graded(names, rows, skill, 0), graded(names, rows, skill * 0.9, 1)
    found = [
        *classification.confusion(deep, names),
        classification.calibration(deep, baseline),
        *classification.curves(deep, baseline, names),
        classification.per_class(deep, names),
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
    return (
        f'{waveform(wave)}<audio controls preload="none" '
        f'src="data:audio/ogg;base64,T2dnUw=="></audio><small>{seed}_jackson_{seed}.wav</small>'
    )


def gallery(items: list[tuple[str, str, str]], tone: str = "bad") -> dict:
    cards = [{"title": t, "subtitle": s, "tone": tone, "html": h} for t, s, h in items]
    return exhibit(
        "gallery",
        "Worst mistakes",
        {"items": cards},
        "Most confident errors first: look for wrong labels, odd inputs, missing context.",
    )


def binary() -> dict[str, Any]:
    why = [
        "accuracy 0.931 against 0.872: 0.059 better, 95 % interval 0.041 to 0.077 (paired bootstrap over 1,821 test "
        "rows).",
        "It took 161 s to train against 14 s, and answers 2,914 rows a second against 81,250.",
    ]
    texts = [
        "the film is a mess from start to finish , but what a mess !",
        "it 's hard to know whether to recommend this film because for every thing it does right there 's at least "
        "one and occasionally two things it gets ever so wrong .",
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
    # fmt: skip
    return report(
        verdict,
        title="reviews",
        task="classification",
        target="positive",
        scores=scores,
        answers=[*classes(["no", "yes"], 1821, 2.4), gallery(items)],
    )


def many_classes() -> dict[str, Any]:
    names = [f"intent_{i:03d}" for i in range(147)] + [
        "Überweisung größerer Beträge ins europäische Ausland",
        "日本語のとても長いクラス名です",
        "oos",
        "<b>bold</b>",
    ]
    items = [
        (
            f"said {names[i * 9]} (0.9{9 - i % 9})",
            f"row {412 + 31 * i} · is {names[i * 9 + 1]}",
            picture(i) if i % 2 else sound(i),
        )
        for i in range(10)
    ]
    verdict = {
        "use": "baseline",
        "sentence": "Use logistic regression: the deep model is no better here, and slower.",
        "why": ["accuracy 0.871 against 0.893: 0.022 worse, 95 % interval 0.012 to 0.031."],
        "difference": {},
    }
    middle = classes(names, 4500, 4.2)
    # fmt: skip
    result = report(
        verdict,
        title="intents",
        task="classification",
        target="intent",
        scores={"accuracy": [0.871, 0.893, 0.0067], "log_loss": [0.5, 0.41, 5.02], "top_5": [0.964, 0.971, 0.0335]},
        answers=[*middle, gallery(items)],
    )
    rng = np.random.default_rng(5)
    # fmt: skip
    result["sections"][2]["exhibits"][3]["data"] = {
        "labels": names,
        "series": [
            {"name": "train", "values": rng.integers(80, 120, 151).tolist()},
            {"name": "test", "values": [30] * 151},
        ],
        "y": "rows",
    }
    return result


def regression() -> dict[str, Any]:
    rng = np.random.default_rng(2)
    truth = np.exp(rng.normal(12.1, 0.5, 2000))
    records = {"truth": truth, "said": truth * np.exp(rng.normal(0, 0.18, 2000))}
    records |= {"low": records["said"] * 0.72, "high": records["said"] * 1.36, "loss": np.abs(records["said"] - truth)}
    target: Any = SimpleNamespace(name="price", state={})
    middle = [
        e.to_json()
        for e in REGRESSION.panels(records, records | {"said": truth * np.exp(rng.normal(0.05, 0.25, 2000))}, target)
    ]
    items = [
        (*REGRESSION.error_caption(records, int(i), target), f"<p><b>rooms</b> {i % 9} · <b>area</b> 18{i}.5</p>")
        for i in REGRESSION.rank_errors(records)[:6]
    ]
    verdict = {
        "use": "either",
        "sentence": "Use either: on these test rows the two cannot be told apart.",
        "why": ["rmse 42,310 against 42,880: the interval of the difference holds 0."],
        "difference": {},
    }
    # fmt: skip
    return report(
        verdict,
        title="houses",
        task="regression",
        target="price",
        scores={
            "rmse": [42310.4, 42880.9, 115020.0],
            "mae": [29120.1, 29811.0, 84111.0],
            "r2": [0.864, 0.861, -0.0002],
        },
        answers=[*middle, gallery(items)],
    )


def multilabel() -> dict[str, Any]:
    rng = np.random.default_rng(4)
    names = ["happy", "calm", "angry", "sad", "amazed", "quiet"]
    truth = (rng.random((300, 6)) < 0.3).astype(int)
    records = {"truth": truth, "said": np.where(rng.random((300, 6)) < 0.15, 1 - truth, truth), "loss": rng.random(300)}
    target: Any = SimpleNamespace(name="mood", state={"values": names})
    middle = [e.to_json() for e in MULTILABEL.panels(records, records, target)]
    items = [
        (*MULTILABEL.error_caption(records, int(i), target), sound(int(i) % 7))
        for i in MULTILABEL.rank_errors(records)[:6]
    ]
    verdict = {
        "use": "dummy",
        "sentence": "Use neither: both are no better than always saying the commonest labels.",
        "why": ["Look at the target, or bring more rows."],
        "difference": {},
    }
    # fmt: skip
    return report(
        verdict,
        title="emotions",
        task="multilabel",
        target="mood",
        scores={"f1_micro": [0.41, 0.405, 0.42], "hamming_loss": [0.29, 0.3, 0.28]},
        answers=[*middle, gallery(items)],
    )


SAMPLES = {"binary": binary, "many_classes": many_classes, "regression": regression, "multilabel": multilabel}
