"""Scores of pictures and sounds are what a person computes from the files that `predict -o` writes and the test's own
files."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from sklearn import metrics as reference

import engineroom as er
from conftest import spoken_table

HOW: dict[str, Any] = {
    "show": "quiet",
    "train__threads": 1,
    "train__precision": "fp32",
    "model__size": "small",
    "model__ensemble_size": 1,
}


def test_detection_is_scored_as_pycocotools_does_unknown_classes_included(here) -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    rng = np.random.default_rng(0)
    pictures, cells = rng.normal(60, 10, (70, 48, 48)), []
    for row, picture in enumerate(pictures):
        side, y, x = int(rng.choice([7, 12])), int(rng.integers(0, 34)), int(rng.integers(0, 34))
        picture[y : y + side, x : x + side] += 120
        name = "star" if 60 <= row < 63 else "big" if side == 12 else "small"
        cells.append(
            json.dumps(
                {
                    "width": 48,
                    "height": 48,
                    "boxes": [{"class": name, "x1": x, "y1": y, "x2": x + side, "y2": y + side}],
                }
            )
        )
    frame = pl.DataFrame({"image": pl.Series(pictures.clip(0, 255).astype(np.uint8)), "boxes": cells})
    model = er.train(frame[:50], target="boxes", recipe="object_detection", steps=30, seed=1, **HOW)
    test = frame[50:]
    model.save(test.drop("boxes"), here / "answers.json")
    answers = json.loads((here / "answers.json").read_text())
    names = [one["name"] for one in answers["categories"]] + ["star"]
    truth: dict[str, Any] = {
        "images": answers["images"],
        "categories": [{"id": k, "name": name} for k, name in enumerate(names, 1)],
        "annotations": [],
    }
    for row, cell in enumerate(test["boxes"], 1):
        for one in json.loads(cell)["boxes"]:
            w, h = one["x2"] - one["x1"], one["y2"] - one["y1"]
            facts = {"id": len(truth["annotations"]) + 1, "image_id": row, "category_id": names.index(one["class"]) + 1}
            truth["annotations"].append({**facts, "bbox": [one["x1"], one["y1"], w, h], "area": w * h, "iscrowd": 0})
    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        known.dataset = truth
        known.createIndex()
        judge = COCOeval(known, known.loadRes(answers["annotations"]), "bbox")
        judge.evaluate(), judge.accumulate(), judge.summarize()
    found = model.evaluate(test)
    assert found["metrics"]["map_50"] == pytest.approx(judge.stats[1], abs=2e-3) and found["unknown_classes"] == {
        "star": 3
    }
    assert found["metrics"]["map"] == pytest.approx(
        judge.stats[0], abs=2e-2
    )  # corners are written to a hundredth of a pixel


def test_masks_are_compared_at_their_own_size(here) -> None:
    rng = np.random.default_rng(0)
    (here / "images").mkdir(), (here / "masks").mkdir()
    row, column = np.mgrid[:60, :90]
    for i in range(40):
        y, x, r = rng.uniform(15, 45), rng.uniform(15, 75), rng.uniform(6, 14)
        mask = np.hypot(row - y, column - x) < r
        Image.fromarray((60 + 90 * mask + rng.normal(0, 20, mask.shape)).clip(0, 255).astype(np.uint8)).save(
            here / "images" / f"p{i:02d}.png"
        )
        Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(here / "masks" / f"p{i:02d}.png")
    frame = pl.DataFrame(
        {
            "image": [str(here / "images" / f"p{i:02d}.png") for i in range(40)],
            "mask": [str(here / "masks" / f"p{i:02d}.png") for i in range(40)],
        }
    )
    how = {
        "target": "mask",
        "recipe": "segmentation",
        "columns": {"mask": {"modality": "mask"}},
        "limits": {"image_size": 32},
    }
    model = er.train(frame[:30], steps=25, **how, **HOW)
    model.save(frame[30:].drop("mask"), here / "answers")
    read = lambda folder: np.concatenate(
        [np.asarray(Image.open(here / folder / f"p{i:02d}.png")).ravel() for i in range(30, 40)]
    )
    said, true = read("answers"), read("masks")
    assert len(said) == 10 * 60 * 90
    found = model.evaluate(frame[30:])["metrics"]
    assert found["mean_iou"] == pytest.approx(reference.jaccard_score(true > 0, said > 0, average="macro"), abs=1e-6)
    assert found["iou"] == pytest.approx(reference.jaccard_score(true > 0, said > 0), abs=1e-6)
    assert found["pixel_accuracy"] == pytest.approx((true == said).mean(), abs=1e-6)


def test_restoration_has_the_psnr_of_its_pictures(here) -> None:
    from skimage.metrics import peak_signal_noise_ratio

    rng = np.random.default_rng(0)
    pictures = np.stack([np.kron(rng.integers(0, 255, (6, 6, 3)), np.ones((8, 8, 1))) for _ in range(24)]).astype(
        np.uint8
    )
    model = er.train(
        pl.DataFrame({"picture": pl.Series(pictures)}),
        target="picture",
        recipe="image_restoration",
        options={"degradation": "noise"},
        steps=4,
        **HOW,
    )
    graded = model.graded(pl.DataFrame({"picture": pl.Series(pictures)}))
    said = model.answers(graded.frame[graded.rows])[0]["picture"]
    each = [
        peak_signal_noise_ratio(true, one, data_range=255)
        for true, one in zip(pictures[graded.rows] if len(graded.rows) == 24 else graded.truth, said, strict=True)
    ]
    assert model.task.compute_metrics(graded.records)["psnr"] == pytest.approx(np.mean(each), abs=0.05)


def test_denoising_has_the_ratio_of_its_sounds(here) -> None:
    from engineroom.recipes._data.synthetic_voices import voices

    frame = voices().head(12)
    model = er.train(
        frame,
        target="clean",
        task="speech_enhancement",
        steps=4,
        show="quiet",
        train__threads=1,
        train__precision="fp32",
        model__size="small",
    )
    graded = model.graded(frame)
    each = []
    for said, pair in zip(model.answers(graded.frame[graded.rows])[0]["wave"], graded.truth, strict=True):
        true = pair[:, 0].astype(float) - pair[:, 0].mean()
        said = said.astype(float) - said.mean()
        part = (said @ true) / (true @ true) * true
        each.append(10 * np.log10((part @ part) / ((said - part) @ (said - part))))
    assert model.task.compute_metrics(graded.records)["si_sdr"] == pytest.approx(np.mean(each), abs=0.05)


def test_transcription_has_the_word_errors_of_jiwer(here) -> None:
    import jiwer

    frame = spoken_table(here / "sounds", 40)
    model = er.train(
        frame[:30], target="text", recipe="speech_recognition", steps=25, options={"units": "characters"}, **HOW
    )
    test = frame[30:].with_columns(
        text=pl.when(pl.int_range(10) == 3).then(pl.lit("Quite, another WORD!")).otherwise("text")
    )
    said = model.predict(test.drop("text"))["prediction"].to_list()
    truth = ["quite another word" if i == 3 else " ".join(text.lower().split()) for i, text in enumerate(test["text"])]
    found = model.evaluate(test)["metrics"]
    assert found["wer"] == pytest.approx(jiwer.wer(truth, said)) and found["cer"] == pytest.approx(
        jiwer.cer(truth, said)
    )
