"""Documents: lines become words in reading order, values are found among them and read out again, answers are graded
word for word."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import engineroom as er
from engineroom.baselines._estimator import load
from engineroom.core import registry
from engineroom.core.errors import DataError
from engineroom.core.table import Table
from engineroom.metrics.document_extraction import scores
from engineroom.modalities.text._document_layout import words_on
from engineroom.preprocessing.text.document_labels import mark, pages, values_of
from engineroom.recipes._data.receipts import receipts
from engineroom.tasks._base import make_task

NAMES = ("shop", "total")
LABELS = ("O", "B-shop", "I-shop", "B-total", "I-total")


def line(text: str, x: float, y: float, *, width: float = 100.0) -> dict:
    return {"text": text, "box": [x, y, x + width, y + 10]}


def page(*lines: dict) -> str:
    return json.dumps({"width": 400, "height": 400, "lines": list(lines)})


def test_words_come_row_by_row_and_amounts_leave_their_currency() -> None:
    words, facts, boxes = words_on(
        page(
            line("9.50", 300, 52),
            line("TOTAL", 10, 50),
            line("The Tea Room", 10, 0),
            line("DATE:1/2/24 RM12.00 a:", 10, 100),
        )
    )
    assert words == ["The", "Tea", "Room", "TOTAL", "9.50", "DATE:", "1/2/24", "RM", "12.00", "a:"]
    assert facts[:, 4].tolist() == [1, 0, 0, 1, 1, 1, 0, 0, 0, 0] and facts[:, 5].tolist() == [
        0,
        0,
        1,
        1,
        1,
        0,
        0,
        0,
        0,
        1,
    ]
    assert facts[:, 6].tolist() == [1, 1, 1, 1, 1, 1, 0, 1, 0, 1]  # no space stands before what was cut off
    assert facts[4, 7] == 1 and facts[:, 8].tolist() == [0, 0, 0, 0, 792, 0, 0, 0, 1000, 0]
    assert facts[:, :4].min() == 0 and facts[:, :4].max() == 1000
    assert np.allclose(boxes[4], [0.75, 0.13, 1.0, 0.155])


@pytest.mark.parametrize(
    ("cell", "word"),
    [
        ("{", "no JSON"),
        ("[]", "a page is"),
        ('{"lines": []}', "nothing written"),
        ('{"lines": [{"text": "a", "box": [1, 2]}]}', "a box of 4 numbers"),
    ],
)
def test_a_page_that_is_none_is_told(cell: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        words_on(cell)
    with pytest.raises(DataError, match="None of the pages"):
        pages(Table(pl.DataFrame({"page": [cell]})), None, page="page", inference=True)


def test_values_are_marked_wherever_they_stand_and_in_other_letters_too() -> None:
    words = ["TEO", "HENG", "STATIONERY", "&", "BOOKS", "No", "1.2", "Mill", "Lane", "9.50", "9.50", "950"]
    fields = {"shop": "TED HENG STATIONERY & BOOKS", "address": "NO. 1.2, MILL LANE", "total": "9.50", "date": "1/1/24"}
    tags = mark(words, [1] * 12, [1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1], fields)
    assert tags == ["B-shop", *["I-shop"] * 4, "B-address", *["I-address"] * 3, "B-total", "B-total", "O"]


def test_what_stands_twice_is_surer_and_what_every_page_has_is_guessed() -> None:
    p = np.array([[0.1, 0.9, 0, 0, 0], [0.3, 0, 0, 0.7, 0], [0.4, 0, 0, 0.6, 0], [0.4, 0, 0, 0.6, 0]])
    words = [" A", " 5.00", " 6.00", " 6.00"]
    found = values_of(p, ["B-shop", "B-total", "B-total", "B-total"], words, NAMES, [False, False])
    assert [one[0] for one in found] == ["A", "6.00"] and found[1][1] == pytest.approx(0.84) and len(found[1][2]) == 2
    unsaid = np.array([[0.6, 0.4, 0, 0, 0], [0.6, 0, 0.4, 0, 0], [1, 0, 0, 0, 0]])
    assert values_of(unsaid, ["O"] * 3, [" A", "-B", " c"], NAMES, [True, False])[0][0] == "A-B"
    assert values_of(unsaid, ["O"] * 3, [" A", "-B", " c"], NAMES, [False, True])[0][0] == ""


def test_scores_by_hand() -> None:
    table = lambda *rows: np.array(rows, float)
    records = {
        "right": table([1, 0], [1, 1]),
        "found": table([1, 1], [1, 1]),
        "real": table([1, 1], [1, 1]),
        "strange": np.array([0.0, 1.0]),
        "loss": np.ones(2),
        "correct": np.full(2, 3.0),
        "tokens": np.full(2, 4.0),
    }
    found = scores(records, NAMES)
    assert (
        found["precision"] == 0.75
        and found["recall"] == 0.6
        and found["f1"] == pytest.approx(2 / 3)
        and found["exact"] == 0.0
    )
    assert (
        found["f1_shop"] == 1.0
        and found["f1_total"] == 0.5
        and found["log_loss"] == 0.25
        and found["word_accuracy"] == 0.75
    )
    assert np.isnan(scores({name: values[:0] for name, values in records.items()}, NAMES)["f1"])


def cells(count: int = 30) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for i in range(count):
        shop, total = f"{rng.choice(['Tea', 'LabelStore', 'Fish'])} House", f"{rng.integers(100, 900) / 100:.2f}"
        lines = [
            line(shop, 10, 0),
            line("bread", 10, 40),
            line("1.00", 300, 41),
            line("TOTAL", 10, 80),
            line(total, 300, 80),
        ]
        rows.append(
            {"page": page(*lines), "fields": None if i == 3 else json.dumps({"shop": shop.upper(), "total": total})}
        )
    return pl.DataFrame(rows)


def test_truth_holds_what_is_judged_and_nothing_else_is_told_to_the_network() -> None:
    task = make_task("document_extraction", {})
    table = task.build_samples(Table(cells()), "fields", inference=False)
    values = table.frame["fields"]
    assert values[3] is None and not any("stand nowhere" in note for note in table.notes)
    modality = registry.get("modalities", "document_fields")
    state = modality.fit(values, limits=None)
    assert state["values"] == list(LABELS) and state["given"] == [1.0, 1.0]
    codes = modality.encode(values, state, {})
    target = type("Column", (), {"state": state})
    truth = task.to_targets(codes, target)
    assert truth[0]["fields"]["shop"].endswith("HOUSE") and truth[0]["tags"].tolist() == [1, 2, 0, 0, 0, 3]
    assert modality.collate(codes, state)[""].shape == (30, 6)
    assert "fields" not in task.build_samples(Table(cells().drop("fields")), "fields", inference=True).frame.columns


def test_strange_fields_are_refused_and_lost_values_named() -> None:
    task = make_task("document_extraction", {})
    with pytest.raises(DataError, match="holds no fields"):
        task.build_samples(Table(cells().with_columns(fields=pl.lit("[1]"))), "fields", inference=False)
    with pytest.raises(DataError, match="no column 'page'"):
        task.build_samples(Table(cells().rename({"page": "pages"})), "fields", inference=False)
    lost = cells().with_columns(fields=pl.lit('{"shop": "Nowhere to be seen"}'))
    assert any(
        "30 of 30 values stand nowhere" in note
        for note in task.build_samples(Table(lost), "fields", inference=False).notes
    )


def test_pages_are_read_from_their_bundle(here, tmp_path) -> None:
    frame = receipts(60)
    model = er.train(
        frame,
        target="fields",
        recipe="document_extraction",
        steps=60,
        show="quiet",
        train__threads=1,
        train__precision="fp32",
        model__ensemble_size=1,
        model__size="small",
    )
    assert model.deep_metrics["f1"] > 0.5 and model.manifest["baseline"]["metrics"]["f1"] > 0.5
    assert model.manifest["metrics"]["f1_total"] <= 1.0
    loaded = er.load(str(model.path))
    out = loaded.predict(frame.drop("fields", "image"))
    assert (
        out.columns == [*(n := ["company", "date", "address", "total"]), *(f"{one}_probability" for one in n)]
        and out.height == 60
    )
    assert loaded.save(frame, tmp_path / "fields.jsonl") == 60
    first = json.loads((tmp_path / "fields.jsonl").read_text().splitlines()[0])
    assert set(first) <= {"address", "company", "date", "total"}
    assert loaded.evaluate(frame)["deep"]["f1"] > 0.5
    report = (
        model.path / "bundle" / "report.html" if (model.path / "bundle").exists() else model.report_path
    ).read_text()
    assert "the page and the fields found on it" in report
    baseline = load((model.report_path.parent / "baseline.skops").read_bytes())
    table = loaded.task.build_samples(Table(frame), "fields", inference=True)
    assert all(np.allclose(p.sum(1), 1, atol=1e-4) for p in baseline.predict(table.frame)["probability"])
