"""Average precision after COCO's rules: cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engineroom.metrics import detection as metrics
from engineroom.modalities.vision._boxes import overlaps, suppressed

A, B = [0.0, 0.0, 0.2, 0.2], [0.5, 0.5, 0.9, 0.9]


def said(*rows: list[float]) -> np.ndarray:
    return np.array(rows, float).reshape(-1, 6)


def true(*rows: list[float]) -> np.ndarray:
    return np.array(rows, float).reshape(-1, 5)


def test_overlap_by_hand() -> None:
    assert overlaps(np.array([A]), np.array([[0.1, 0.0, 0.3, 0.2], B, A]))[0] == pytest.approx([1 / 3, 0, 1])


def test_perfect_answers_and_none() -> None:
    rows = [metrics.match(said([*A, 0.9, 0], [*B, 0.8, 1]), true([*A, 0], [*B, 1]))]
    scores = metrics.scores(rows, np.array([[1, 1]]), np.array([0.5]))
    assert scores["map_50"] == scores["map"] == scores["f1"] == 1 and scores["map_gap"] == 0
    nothing = metrics.scores([metrics.match(said(), true([*A, 0]))], np.array([[1, 0]]), np.array([0.5]))
    assert nothing["map_50"] == 0 and nothing["recall"] == 0


def test_a_case_by_hand() -> None:
    """Two true boxes; answers by score: right, wrong, right. Recall 1/2 at precision 1, recall 1 at precision 2/3: 51
    recalls of 1, 50 of 2/3."""
    rows = [metrics.match(said([*A, 0.9, 0], [0.3, 0, 0.4, 0.1, 0.8, 0], [*B, 0.7, 0]), true([*A, 0], [*B, 0]))]
    assert rows[0][:, 2].tolist() == [1, 0, 1]
    found = metrics.average_precision(rows, np.array([2, 0]))
    assert found[0, 0] == pytest.approx((51 * 1 + 50 * 2 / 3) / 101) and np.isnan(found[1]).all()
    given = metrics.scores(rows, np.array([[2, 0]]), np.array([0.75]))
    assert given["precision"] == 0.5 and given["recall"] == 0.5


def test_overlap_decides_at_each_threshold() -> None:
    """IoU 0.72: right at 0.5 … 0.7, wrong from 0.75 on."""
    rows = [metrics.match(said([0.5, 0.5, 0.9, 0.788, 0.9, 0]), true([*B, 0]))]
    assert rows[0][0, 2:].tolist() == [1] * 5 + [0] * 5
    assert metrics.scores(rows, np.array([[1]]), np.array([0.0]))["map"] == pytest.approx(0.5)


def test_a_true_box_is_found_once_and_by_its_own_class() -> None:
    rows = metrics.match(said([*A, 0.9, 0], [*A, 0.8, 0], [*A, 0.95, 1]), true([*A, 0]))
    assert rows[:, :3].tolist() == [[0.95, 1, 0], [0.9, 0, 1], [0.8, 0, 0]]


def test_scores_are_taken_over_all_rows_together() -> None:
    """A wrong answer in one row, surer than the right one of another, costs precision there."""
    rows = [metrics.match(said([*A, 0.6, 0]), true([*A, 0])), metrics.match(said([*A, 0.9, 0]), true())]
    assert metrics.average_precision(rows, np.array([1]))[0, 0] == pytest.approx(0.5)


def test_what_is_said_twice_is_kept_once() -> None:
    near = [0.0, 0.0, 0.21, 0.2]
    kept = suppressed(said([*A, 0.5, 0], [*near, 0.9, 0], [*A, 0.7, 1], [*B, 0.6, 0]), most=0.5)
    assert kept[:, 4].tolist() == [0.9, 0.7, 0.6]
    assert len(suppressed(said([*A, 0.5, 0], [*near, 0.9, 0]), most=0.99)) == 2


def test_a_hundred_answers_count_for_each_class_as_pycocotools_has_it() -> None:
    """300 answers over three classes a picture; the limit is one picture's and class's."""
    import contextlib
    import io

    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    rng = np.random.default_rng(0)
    truth, said = [], []
    for _ in range(6):
        corner = rng.uniform(0, 80, (150, 2))
        size = rng.uniform(5, 20, (150, 2))
        boxes = np.concatenate([corner, corner + size], 1)
        kinds = rng.integers(0, 3, 150)
        truth.append(np.c_[boxes[:60], kinds[:60]])
        moved = np.concatenate([boxes, boxes]) + rng.normal(0, 1.0, (300, 4))
        said.append(np.c_[moved, rng.random(300).round(4), np.tile(kinds, 2)])
    images = [{"id": i, "width": 100, "height": 100} for i in range(6)]
    annotations, answers = [], []
    for i, (true, own) in enumerate(zip(truth, said, strict=True)):
        for x1, y1, x2, y2, k in true:
            box = [x1, y1, x2 - x1, y2 - y1]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": i,
                    "category_id": int(k),
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                }
            )
        for x1, y1, x2, y2, score, k in own:
            answers.append({"image_id": i, "category_id": int(k), "bbox": [x1, y1, x2 - x1, y2 - y1], "score": score})
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {"images": images, "annotations": annotations, "categories": [{"id": k} for k in range(3)]}
        coco.createIndex()
        judged = COCOeval(coco, coco.loadRes(answers), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    totals = np.array([[(true[:, 4] == k).sum() for k in range(3)] for true in truth])
    found = metrics.scores(
        [metrics.match(own, true) for own, true in zip(said, truth, strict=True)], totals, np.zeros(6)
    )
    assert found["map"] == pytest.approx(judged.stats[0], abs=1e-6)
    assert found["map_50"] == pytest.approx(judged.stats[1], abs=1e-6)
