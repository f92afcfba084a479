"""Scores are what a person computes: the primary metric of every task from `predict`'s output and the test file alone,
by the field's reference."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as reference

import engineroom as er
from engineroom.core import registry
from engineroom.core.errors import DataError

HOW: dict[str, Any] = {
    "show": "quiet",
    "train__threads": 1,
    "train__precision": "fp32",
    "model__size": "small",
    "model__ensemble_size": 1,
}
RNG = np.random.default_rng(0)

# Tasks whose answers cannot be set beside a test file row by row, and why; what is nearest is tested where the task is.
REASONS = {
    "language_modeling": "a corpus is rated token by token: the answer is how likely the text was, which no file "
    "holds (nearest: below)",
    "chat": "as language, whose scores it inherits",
    "music": "as language: nats a frame, rated by the network itself",
    "drawing": "as language: nats a point, rated by the network itself",
    "reinforcement_learning": "graded is what an episode brings, which no file holds (nearest: the mean return that "
    "`predict` writes, below)",
    "image_generation": "no row of the file is the answer: made and real pictures are compared as two crowds",
    "image_diffusion": "as generation",
    "video_diffusion": "as generation",
    "tabular_diffusion": "as generation: made and real rows are compared as two crowds",
    "tabular_gan": "as synthetic",
    "contrastive_pretraining": "asks a row for itself, by two views drawn by chance",
    "masked_pretraining": "asks for parts that the model itself hides; a file has no such cells",
    "text_to_speech": "frames are compared after alignment in time (mel cepstral distortion); `predict` writes the "
    "sound made of them",
    "vocoder": "the question is the recording's own frames; its distances are tested with known sounds in "
    "tests/tasks/test_vocoding.py",
}
HERE = (
    "classification",
    "regression",
    "multilabel",
    "multitask",
    "cost_sensitive",
    "anomaly_detection",
    "forecasting",
    "token_classification",
    "recommendation",
    "metric_learning",
    "cross_modal_retrieval",
    "text2text_generation",
    "document_extraction",
)
# tests/contracts/test_media_scores.py
MEDIA = ("object_detection", "segmentation", "image_restoration", "speech_enhancement", "speech_recognition")


def test_every_task_is_compared_or_says_why_not() -> None:
    assert sorted([*HERE, *MEDIA, *REASONS]) == sorted(registry.names("tasks"))


def table(rows: int = 240) -> pl.DataFrame:
    x, z = RNG.normal(size=rows), RNG.choice(["u", "v", "w"], rows)
    return pl.DataFrame({"x": x, "z": z, "noise": RNG.normal(size=rows)})


def test_classification(here) -> None:
    frame = table().with_columns(
        y=pl.Series(np.where(RNG.random(240) < 0.5, "a", np.where(RNG.random(240) < 0.7, "b", "c")))
    )
    model = er.train(frame[:180], target="y", steps=12, **HOW)
    test = frame[180:].with_columns(y=pl.when(pl.int_range(60) < 6).then(pl.lit("new")).otherwise("y").alias("y"))
    found, out, truth = model.evaluate(test), model.predict(test.drop("y")), test["y"]
    assert found["rows"] == 60 and found["unknown_classes"] == {"new": 6}
    assert found["metrics"]["accuracy"] == pytest.approx(reference.accuracy_score(truth, out["prediction"]))
    assert found["metrics"]["f1_macro"] == pytest.approx(reference.f1_score(truth, out["prediction"], average="macro"))
    p = out.select("probability_a", "probability_b", "probability_c").with_columns(new=0.0).to_numpy()
    assert found["metrics"]["log_loss"] == pytest.approx(
        reference.log_loss(truth, p, labels=["a", "b", "c", "new"]), rel=1e-3
    )
    with np.errstate(all="ignore"):
        assert found["metrics"]["balanced_accuracy"] == pytest.approx(
            reference.recall_score(truth, out["prediction"], average="macro")
        )


def test_regression_with_values_far_from_the_rest(here) -> None:
    frame = table().with_columns(y=pl.col("x") * 3 + 100)
    frame = frame.with_columns(
        y=pl.when(pl.int_range(240) % 60 == 7).then(1e6).otherwise("y"), part=pl.Series(["train"] * 180 + ["test"] * 60)
    )
    model = er.train(frame, target="y", steps=12, columns={"part": {"role": "split"}}, task="regression", **HOW)
    test = frame[180:]
    found, said = model.evaluate(frame), model.predict(test.drop("y"))["prediction"]
    assert found["rows"] == 60 and "marks as test" in found["notes"][0], "a split that the run knows is respected"
    rmse = reference.root_mean_squared_error(test["y"], said)
    assert found["metrics"]["rmse"] == pytest.approx(rmse) == model.metrics["rmse"] and rmse > 1e5
    assert found["metrics"]["mae"] == pytest.approx(reference.mean_absolute_error(test["y"], said))
    baseline = model.baseline.predict(test)
    assert found["baseline"]["rmse"] == pytest.approx(reference.root_mean_squared_error(test["y"], baseline))


def test_multilabel(here) -> None:
    from sklearn.preprocessing import MultiLabelBinarizer

    frame = table()
    sets = [["p"] * (x > 0) + ["q"] * (z == "u") for x, z in frame.select("x", "z").rows()]
    frame = frame.with_columns(y=pl.Series(sets, dtype=pl.List(pl.String)))
    model = er.train(frame[:180], target="y", steps=40, **HOW)
    truth = [[*row, "new"] if i < 5 else row for i, row in enumerate(sets[180:])]
    test = frame[180:].with_columns(y=pl.Series(truth, dtype=pl.List(pl.String)))
    said = [cell.split("|") if cell else [] for cell in model.predict(test.drop("y"))["prediction"]]
    both = MultiLabelBinarizer().fit(truth + said)
    score = reference.f1_score(both.transform(truth), both.transform(said), average="micro", zero_division=0)
    assert model.evaluate(test)["metrics"]["f1_micro"] == pytest.approx(score) and model.evaluate(test)[
        "unknown_classes"
    ] == {"new": 5}


def test_screening(here) -> None:
    frame = table().with_columns(q1=(pl.col("x") > 0).cast(pl.Int64), q2=(pl.col("noise") > 0.5).cast(pl.Int64))
    frame = frame.with_columns(q2=pl.when(pl.int_range(240) % 3 > 0).then("q2"))
    model = er.train(frame[:180], target="q1,q2", task="multitask", steps=12, **HOW)
    test = frame[180:]
    out, areas = model.predict(test.drop("q1", "q2")), []
    for name in ("q1", "q2"):
        asked = test[name].is_not_null().to_numpy()
        areas.append(reference.roc_auc_score(test[name].filter(asked), out[f"probability_{name}"].to_numpy()[asked]))
    assert model.evaluate(test)["metrics"]["roc_auc"] == pytest.approx(np.mean(areas), rel=1e-6)


def test_decision(here) -> None:
    frame = table().with_columns(
        y=pl.Series(np.where(table()["x"].to_numpy() + RNG.normal(size=240) > 1.2, "ill", "well"))
    )
    model = er.train(
        frame[:180], target="y", recipe="cost_sensitive", options={"false_negative_cost": 7}, steps=12, **HOW
    )
    test, out = frame[180:], model.predict(frame[180:].drop("y"))
    missed, alarmed = ((test["y"] == a) & (out["prediction"] == b) for a, b in (("ill", "well"), ("well", "ill")))
    found = model.evaluate(test)
    assert (
        found["metrics"]["cost"] == pytest.approx((7 * missed.sum() + alarmed.sum()) / 60)
        and found["positive_class"] == "ill"
    )
    assert found["metrics"]["average_precision"] == pytest.approx(
        reference.average_precision_score(test["y"] == "ill", out["risk"])
    )


def test_anomaly(here) -> None:
    frame = (
        table(400)
        .with_columns(w=pl.col("noise") * 1.0)
        .with_columns(w=pl.Series(RNG.normal(size=400)) * 0.1 + pl.col("x"))
    )
    odd = np.arange(400) % 10 == 0
    frame = frame.with_columns(
        w=pl.when(pl.Series(odd)).then(-pl.col("w")).otherwise("w"), state=pl.Series(np.where(odd, "odd", "normal"))
    )
    model = er.train(frame[:300], target="state", recipe="anomaly_detection", steps=15, **HOW)
    test = frame[300:].filter(pl.Series(odd[300:]) | (pl.int_range(100) % 7 == 0))
    out, found = model.predict(test.drop("state")), model.evaluate(test)
    assert found["rows"] == test.height, "no row is set aside, left out or made up"
    assert found["metrics"]["roc_auc"] == pytest.approx(
        reference.roc_auc_score(test["state"] == "odd", out["score"]), abs=1e-6
    )
    assert found["metrics"]["f1"] == pytest.approx(
        reference.f1_score(test["state"] == "odd", out["alarm"], zero_division=0)
    )


def test_tagging(here) -> None:
    from seqeval.metrics import f1_score

    rows = []
    for _ in range(160):
        name = "".join(RNG.choice(list("abdeg"), 4))
        rows.append(
            {"words": ["go", "to", name + "ville", "now"], "tags": ["O", "O", "B-place", "O"]}
            if RNG.random() < 0.6
            else {"words": ["ask", name], "tags": ["O", "B-who"]}
        )
    frame = pl.DataFrame(rows)
    model = er.train(frame[:120], target="tags", task="token_classification", steps=25, **HOW)
    test = frame[120:].with_columns(
        tags=pl.when(pl.int_range(40) < 3).then(pl.lit(["O", "B-new", "I-new", "O"])).otherwise("tags")
    )
    test = test.filter(test["words"].list.len() == test["tags"].list.len())
    said = [cell.split(" ") for cell in model.predict(test.drop("tags"))["prediction"]]
    assert model.evaluate(test)["metrics"]["f1"] == pytest.approx(f1_score(test["tags"].to_list(), said))


def test_recommendation(here) -> None:
    events = [(f"u{u}", f"i{(u * 7 + s * s) % 30}", s) for u in range(90) for s in range(6)]
    frame = pl.DataFrame(events, schema=["user", "item", "time"], orient="row").unique(
        ["user", "item"], keep="first", maintain_order=True
    )
    model = er.train(frame, task="recommendation", steps=12, **HOW)
    last = frame.sort("user", "time").group_by("user", maintain_order=True).last()
    out = model.predict(frame.join(last, ["user", "item", "time"], how="anti"))
    rank = last.join(out.select("user", "item", "rank"), ["user", "item"], how="left")["rank"].to_numpy()
    ndcg = np.nan_to_num(1 / np.log2(rank.astype(float) + 1)).mean()
    found = model.evaluate(frame)["metrics"]
    assert found["ndcg"] == pytest.approx(ndcg, rel=1e-5) and 0 < found["coverage"] <= 1
    assert found["coverage"] == pytest.approx(out["item"].n_unique() / frame["item"].n_unique())


def test_embedding_and_its_pairs(here) -> None:
    centre = RNG.normal(0, 2, (20, 4))
    frame = pl.DataFrame(
        {f"x{i}": centre.repeat(8, 0)[:, i] + RNG.normal(size=160) for i in range(4)}
        | {"thing": [f"t{k}" for k in range(20) for _ in range(8)]}
    )
    model = er.train(frame, target="thing", recipe="metric_learning", steps=12, **HOW)
    test = frame[:64]
    e, names = model.predict(test.drop("thing")).to_numpy(), test["thing"].to_numpy()
    above = np.triu_indices(64, 1)
    pairs, same = (e @ e.T)[above], (names[:, None] == names[None])[above]
    false, true, _ = reference.roc_curve(same, pairs, drop_intermediate=False)
    gap = np.interp(0, (false - (1 - true)), false)
    found = model.evaluate(test)["metrics"]
    assert found["eer"] == pytest.approx(gap, abs=1e-3) and found["roc_auc"] == pytest.approx(
        reference.roc_auc_score(same, pairs), abs=1e-4
    )


def test_matching(here) -> None:
    pace = RNG.integers(1, 6, 150)
    waves = [(np.sin(p * np.linspace(0, 6, 30)) + RNG.normal(0, 0.1, 30)).tolist() for p in pace]
    frame = pl.DataFrame(
        {
            "wave": waves,
            "words": [f"pace {'one two three four five six'.split()[p]} number {i}" for i, p in enumerate(pace)],
        }
    )
    model = er.train(
        frame, target="wave", task="cross_modal_retrieval", steps=10, columns={"words": {"modality": "text"}}, **HOW
    )
    test = frame[110:]
    out, found = model.predict(test), model.evaluate(test)["metrics"]
    sides = [out.select(c for c in out.columns if c.startswith(side)).to_numpy() for side in ("embedding_", "found_")]
    similarity = sides[0] @ sides[1].T
    rank = (similarity >= np.diag(similarity)[:, None]).sum(1)
    assert found["mrr"] == pytest.approx((1 / rank).mean(), rel=1e-4)


def test_rewriting(here) -> None:
    import sacrebleu

    words = {"ak": "one", "bel": "Two!", "cor": "thrée", "dun": "four,"}
    texts = [list(RNG.choice(list(words), RNG.integers(2, 6))) for _ in range(160)]
    frame = pl.DataFrame(
        {"read": [" ".join(t) for t in texts], "written": ["  " + " ".join(words[w] for w in t) for t in texts]}
    )
    model = er.train(frame[:120], target="written", recipe="translation", steps=60, train__lr=0.003, **HOW)
    said = model.predict(frame[120:].drop("written"))["prediction"].to_list()
    truth = [text.strip() for text in frame["written"][120:]]
    found = model.evaluate(frame[120:])["metrics"]
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(said, [truth]).score) and found[
        "chrf"
    ] == pytest.approx(sacrebleu.corpus_chrf(said, [truth]).score)


def test_documents(here) -> None:
    from engineroom.recipes._data.receipts import receipts

    frame = receipts(40)
    model = er.train(frame[:30], target="fields", recipe="document_extraction", steps=20, **HOW)
    test = frame[30:]
    out = model.predict(test.drop("fields"))
    hits = said = true = 0
    for answer, cell in zip(out.iter_rows(named=True), test["fields"], strict=True):
        fields = json.loads(cell) if isinstance(cell, str) else cell
        given = {name: answer[name] for name in ("company", "date", "address", "total") if answer[name]}
        hits += sum(
            " ".join(given.get(name, "").casefold().split()) == " ".join(str(value).casefold().split())
            for name, value in fields.items()
            if value and name in given
        )
        said, true = said + len(given), true + sum(bool(value) for value in fields.values())
    assert model.evaluate(test)["metrics"]["f1"] == pytest.approx(2 * hits / (said + true), abs=1e-6)


def test_forecasting_windows_are_graded_against_the_series(here) -> None:
    t = np.arange(300)
    load = np.sin(2 * np.pi * t / 12) * 10 + 50 + RNG.normal(size=300)
    load[285] = 5_000.0  # far outside all that was seen: the error must show it
    frame = pl.DataFrame({"time": t, "load": load})
    model = er.train(frame, target="load", recipe="forecasting", options={"horizon": 4}, steps=12, **HOW)
    graded = model.graded(frame)
    rows = graded.frame[graded.rows]
    said = model.task.to_frame(model.answers(rows)[0], model.schema.target, rows)
    step = next(name for name in ("step", "time") if name in said.columns)
    truth = np.array([load[int(round(at))] for at in said[step].cast(pl.Float64)])
    deviation = np.repeat(rows["_deviation"].to_numpy(), 4)
    found = model.evaluate(frame)["metrics"]
    assert (
        found["mse"] == pytest.approx((((said["mean"].to_numpy() - truth) / deviation) ** 2).mean(), rel=1e-3)
        and found["mse"] > 100
    )


def test_language_is_rated_alike_by_predict_and_evaluate(here) -> None:
    text = "the cat sat on the mat and the dog ran to the log " * 60
    model = er.train(
        pl.DataFrame({"words": [text]}), recipe="language_modeling", steps=6, options={"context": 32}, **HOW
    )
    assert set(model.evaluate(pl.DataFrame({"words": [text]}))["metrics"]) >= {"bits_per_byte", "perplexity"}


def test_labels_of_another_spelling_are_matched_and_strangers_refused(here) -> None:
    frame = table().with_columns(y=pl.Series(np.where(RNG.random(240) < 0.5, "yes", "no")))
    model = er.train(frame[:180], target="y", steps=4, **HOW)
    plain = model.evaluate(frame[180:])
    for spelt in ({"yes": "YES", "no": "No "}, {"yes": "True", "no": "False"}, {"yes": "1", "no": "0"}):
        again = model.evaluate(frame[180:].with_columns(pl.col("y").replace(spelt)))
        assert again["metrics"] == plain["metrics"] and "another spelling" in again["notes"][0]
    flags = model.evaluate(frame[180:].with_columns(pl.col("y") == "yes"))
    assert flags["metrics"] == plain["metrics"]
    with pytest.raises(DataError, match="is known to the model"):
        model.evaluate(frame[180:].with_columns(y=pl.lit("maybe")))
