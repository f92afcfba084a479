"""Texts in return for texts: a cipher is learnt, written, judged and drawn; whatever is wrong with data or options is
said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from conftest import command
from engineroom.core.arrays import objects
from engineroom.core.errors import DataError, UserError
from engineroom.core.registry import get
from engineroom.core.table import Table
from engineroom.decoding.beam_search import search
from engineroom.rendering.text.attention_matrix import by_word, drawing, words_of
from engineroom.tasks._base import make_task
from engineroom.tasks.text.text2text_generation import BLOCK

RNG = np.random.default_rng(0)
CIPHER = {"ak": "one", "bel": "two", "cor": "three", "dun": "four", "es": "five", "fil": "six"}
FAST = {
    "train": {"threads": 1, "precision": "fp32", "lr": 0.003, "batch_size": 32},
    "model": {"size": "small", "dropout": 0.0},
}


def cipher(rows: int = 300) -> pl.DataFrame:
    texts = [list(RNG.choice(list(CIPHER), RNG.integers(1, 5))) for _ in range(rows)]
    return pl.DataFrame(
        {"read": [" ".join(text) for text in texts], "written": [" ".join(CIPHER[w] for w in text) for text in texts]}
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("rewriting")
    cipher().write_csv(root / "t.tsv", separator="\t")
    er.train(
        str(root / "t.tsv"),
        target="written",
        recipe="translation",
        steps=450,
        run=str(root / "r"),
        show="quiet",
        **FAST,
    )
    return root


def reframed(frame: pl.DataFrame, target: str | None = "written", **options) -> Table:
    return make_task("text2text_generation", options).build_samples(Table(frame), target, inference=False)


def test_a_cipher_is_learnt_and_written(trained) -> None:
    model = er.load(str(trained / "r"))
    assert model.metrics["bleu"] > 90 and model.metrics["exact"] > 0.8 and "log_loss" in model.metrics
    out = model.predict(pl.DataFrame({"read": ["ak bel cor", "fil es"]}))
    assert out["prediction"].to_list() == ["one two three", "six five"] and (out["log_probability"] <= 0).all()
    assert er.generate(str(trained / "r"), prompt="dun ak") == "four one"
    assert er.generate(str(trained / "r"), prompt="dun ak", temperature=0.1, seed=3) == er.generate(
        str(trained / "r"), prompt="dun ak", temperature=0.1, seed=3
    )
    assert model.evaluate(cipher(40))["metrics"]["bleu"] > 90


def test_the_command_line_writes_a_text_a_line(trained) -> None:
    (trained / "q.txt").write_text("ak bel\n\ncor dun es\nfil fil\n")
    done = command("predict", "r", "q.txt", "-o", "out.txt", cwd=trained)
    assert done.returncode == 0, done.stderr
    assert (trained / "out.txt").read_text().split("\n")[0] == "one two"
    done = command("generate", "r", "--prompt", "cor", "--json", cwd=trained)
    assert json.loads(done.stdout) == {"prompt": "cor", "text": "three"}
    assert "no text" in command("generate", "r", "--prompt", " ", cwd=trained, check=2).stderr


def test_the_report_shows_what_it_looked_at(trained) -> None:
    page = json.loads((trained / "r" / "bundle" / "report.json").read_text())
    exhibits = {one["title"]: one for section in page["sections"] for one in section["exhibits"]}
    assert "<svg" in exhibits["Predictions, drawn"]["data"]["items"][0]["html"] and "BLEU by length" in exhibits
    assert exhibits["Texts beside their references"]["data"]["columns"] == [
        "read",
        "reference",
        "deep model",
        "classical model",
    ]


def test_a_row_is_answered_alike_whatever_stands_beside_it(trained) -> None:
    model = er.load(str(trained / "r"))
    rows = ["ak", "bel cor dun es fil ak bel cor", "es"]
    together = model.predict(pl.DataFrame({"read": rows}))["prediction"].to_list()
    assert together == [model.predict(pl.DataFrame({"read": [row]}))["prediction"][0] for row in rows]


def test_what_is_said_can_be_explained(trained) -> None:
    found = er.explain(str(trained / "r"), pl.DataFrame({"read": ["ak bel cor"]}), rows=1)
    assert found


def test_the_beam_is_an_option_of_the_answer(trained) -> None:
    model = er.load(str(trained / "r"))
    with torch.inference_mode():
        data, kept = model.encoded(pl.DataFrame({"read": ["ak bel zz qq", "es qq ak zz"]}))
        features = model.network.gathered(data.batch(kept))
        one, many = (search(model.network.head, features, beam=beam, longest=30)[1] for beam in (1, 8))
    assert all(b >= a - 1e-5 for a, b in zip(one, many, strict=True))
    assert model.task.beam == 4 and model.task.for_validation().beam == 1


def test_options_change_what_is_learnt() -> None:
    table = reframed(cipher(40), vocabulary=256, share_vocabulary=True, max_length=16)
    assert table.hints["read"]["facts"] == {"most": 256, "longest": 16} and table.hints["written"]["facts"]["shared"]
    assert (
        make_task("text2text_generation", {"decoder": "lstm"}).head == "lstm_decoder"
        and make_task("text2text_generation", {}).head == "transformer_decoder"
    )
    summary, translation = (
        make_task("text2text_generation", {"mode": "summary"}),
        make_task("text2text_generation", {"mode": "translation"}),
    )
    assert (
        make_task("text2text_generation", {"copy_mechanism": True, "share_vocabulary": True}).head
        == "pointer_generator"
    )
    assert (summary.primary_metric, summary.baseline) == ("rouge_l", "extractive_summary") and (
        translation.primary_metric,
        translation.baseline,
    ) == ("bleu", "ibm_model1")
    frame = cipher(40).with_columns(other=pl.lit("longer text than all others, again and again"))
    assert "other" in reframed(frame).hints and "read" in reframed(frame, source="read").hints


@pytest.mark.parametrize(
    ("options", "words"),
    [
        *(
            ({"decoder": "lstn"}, "lstm"),
            ({"mode": "sumary"}, "summary"),
            ({"beam": 0}, "beam"),
            ({"vocabulary": 3}, "vocabulary"),
        ),
        *(({"source": "rea"}, "read"), ({"copy_mechanism": True}, "share")),
    ],
)
def test_options_that_make_no_sense_are_told(options, words) -> None:
    with pytest.raises(UserError) as error:
        reframed(cipher(30), **options)
    assert words in f"{error.value.why} {error.value.fix}"


def test_columns_that_are_not_there_are_told() -> None:
    with pytest.raises(DataError, match="writtn"):
        reframed(cipher(30), "writtn")
    with pytest.raises(UserError, match="Which text"):
        reframed(cipher(30), None)
    with pytest.raises(DataError, match="no column of text"):
        reframed(pl.DataFrame({"n": [1, 2], "written": ["a", "b"]}))


def test_a_column_called_split_is_kept() -> None:
    table = reframed(cipher(4).with_columns(split=pl.Series(["train", "train", "val", "test"])))
    assert table.hints["split"]["role"] == "split" and table.frame["split"].to_list()[3] == "test"


def test_several_references_are_several_rows() -> None:
    table = reframed(pl.DataFrame({"read": ["a b c", "d e f"], "written1": ["x", "y"], "written2": ["z", None]}))
    assert (
        sorted(table.frame.rows()) == [("a b c", "x"), ("a b c", "z"), ("d e f", "y")]
        and "row of its own" in table.notes[0]
    )


def test_texts_too_few_or_empty_are_named_not_learnt(here) -> None:
    frame = cipher(60).with_columns(
        pl.when(pl.int_range(60) < 9).then(pl.lit("   ")).otherwise("written").alias("written")
    )
    with pytest.raises(DataError, match="9 of 60 rows") as error:
        er.train(frame, target="written", recipe="translation", steps=2, show="quiet", **FAST)
    assert "is empty" in error.value.why


def test_rows_of_about_one_length_stand_together() -> None:
    lengths = RNG.integers(1, 60, 1000)
    truth = lambda rows: objects([np.zeros(lengths[row]) for row in rows])
    order = get("tasks", "text2text_generation").epoch_order(np.arange(1000), truth, np.random.default_rng(0))
    assert sorted(order) == list(range(1000))
    spread = [np.ptp(lengths[order[start : start + 64]]) for start in range(0, 1000 // BLOCK * BLOCK, 64)]
    assert np.mean(spread) < 8 and not np.array_equal(
        order, get("tasks", "text2text_generation").epoch_order(np.arange(1000), truth, np.random.default_rng(1))
    )


def test_the_drawing_is_by_words_and_safe() -> None:
    looks = np.array([[0.2, 0.8, 0.0], [0.4, 0.6, 0.0], [0.0, 0.0, 1.0]])
    assert by_word(looks, np.array([0, 0, 1]), np.array([0, 0, 1])).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert "<script>" not in drawing(np.ones((1, 1)), ["<script>"], ["<script>"])
    state = get("modalities", "target_text").fit(pl.Series(["Ein Hund läuft. Größe"] * 9), limits=None)
    codes = get("modalities", "target_text").encode(pl.Series(["Ein Hund läuft."]), state, {}).flat - 1
    assert words_of(codes, state)[0] == ["Ein", "Hund", "läuft", "."]


def test_a_summary_is_watched_by_what_it_is_judged_by(here) -> None:
    model = er.train(cipher(120), target="written", recipe="summarization", steps=2, show="quiet", run="r", **FAST)
    result = [json.loads(line) for line in Path("r/events.jsonl").read_text().splitlines()]
    assert (
        model.task.primary_metric
        == "rouge_l"
        == next(iter(next(line for line in result if line["event"] == "validated")["scores"]))
    )


def test_lstms_learn_too_and_stop_where_they_were(here) -> None:
    settings = {
        "options": {"decoder": "lstm"},
        "model": {"name": "rnn", "size": "small"},
        "train": {**FAST["train"], "checkpoint_seconds": 0},
    }
    model = er.train(cipher(120), target="written", recipe="translation", steps=40, show="quiet", **settings)
    records = model.manifest["model"]
    assert records["backbones"] == ["rnn"] and model.metrics["log_loss"] < 2.5
