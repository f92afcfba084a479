"""What a careful colleague would have said is said, and nothing is said about clean data."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import real_data
from engineroom.core.config import LimitsConfig, SplitConfig, make_config
from engineroom.core.panels import Finding
from engineroom.core.schema import Column, Schema
from engineroom.core.table import Table
from engineroom.data.checks import check
from engineroom.data.loading import open_table
from engineroom.data.schema_inference import infer_schema
from engineroom.data.splits import Split, split_rows

N = 400
RNG = np.random.default_rng(0)
KINDS = {"words": "category", "text": "text", "day": "datetime", "part": "category"}


def findings(
    frame: pl.DataFrame, task: str = "classes", *, rows: tuple[int, int] | None = None, **more
) -> list[Finding]:
    """Columns called words*, text*, day* are of that kind, others numbers; y is the target. `rows`: sizes of train and
    val, else a split."""
    kind = {"classes": "category", "number": "number", "labels": "multilabel"}[task]
    columns = [Column(n, KINDS.get(n.rstrip("0123456789"), "number")) for n in frame.columns if n != "y"]
    schema = Schema((*columns, Column("y", kind, "target")))
    table = Table(frame, **more)
    if rows is None:
        return check(table, schema, split_rows(table, schema, SplitConfig(), seed=0, task=task), task=task)
    a, b = rows
    split = Split(np.arange(a), np.arange(a, a + b), np.arange(a + b, len(frame)), "random", "", "")
    return check(table, schema, split, task=task)


def base(**columns) -> pl.DataFrame:
    return pl.DataFrame({"x": RNG.normal(size=N), "x2": RNG.normal(size=N), "y": RNG.choice(["a", "b"], N), **columns})


def one(found: list[Finding], words: str) -> Finding:
    hits = [f for f in found if words in f.what]
    assert len(hits) == 1, [f.what for f in found]
    return hits[0]


def test_clean_data_are_passed_without_a_word() -> None:
    assert findings(base()) == []
    assert findings(base().with_columns(y=pl.col("x") + pl.col("x2")), "number") == []
    labels = [["p"] if i % 2 else ["p", "q"] for i in range(N)]
    assert findings(base(y=pl.Series(labels)), "labels") == []


@pytest.mark.parametrize("how", ["copy", "codes", "words", "day", "cuts"])
def test_a_column_that_tells_the_class_is_left_out(how: str) -> None:
    frame = base()
    a = frame["y"] == "a"
    days = pl.Series([f"2024-0{1 + int(v)}-{1 + i % 28:02}" for i, v in enumerate(a)]).str.to_date()
    names = pl.Series([f"{'k' if v else 'm'}{i % 8}" for i, v in enumerate(a)])
    column = {
        "copy": ("words", frame["y"]), "codes": ("z", a.cast(pl.Int64) * 7), "words": ("words", names), "day": ("day", days),
        "cuts": ("z", a.cast(pl.Float64) + pl.Series(RNG.uniform(0, 0.9, N))),
    }[how]  # fmt: skip
    found = one(findings(frame.with_columns(column[1].alias(column[0]))), "alone tells the target 'y'")
    assert (
        found.action == "ignore"
        and found.columns == (column[0],)
        and "role=input" in found.fix
        and found.level == "warning"
    )


def test_a_column_that_nearly_tells_the_class_is_only_mentioned() -> None:
    y = RNG.integers(0, 2, 6000)
    flip = np.arange(6000) % 300 == 0
    found = one(
        findings(pl.DataFrame({"x": RNG.normal(size=6000), "z": y ^ flip, "y": y.astype(str)})), "alone explains"
    )
    assert found.action == "" and "role=ignore" in found.fix


@pytest.mark.parametrize("bend", [lambda y: 2 * y + 3, np.log, lambda y: y**3, lambda y: -y])
def test_a_copy_of_the_number_in_other_units_is_left_out(bend) -> None:
    y = RNG.lognormal(3, 1, N)
    frame = base(y=y, z=bend(y))
    assert one(findings(frame, "number"), "alone tells").columns == ("z",)
    noisy = base(y=y, z=y + RNG.normal(0, 0.3 * y.std(), N))
    assert not any("alone" in f.what for f in findings(noisy, "number"))


def test_words_can_tell_a_number_too() -> None:
    kinds = RNG.integers(0, 12, N)
    frame = base(y=kinds * 3.5 + 1, words=[f"kind {k}" for k in kinds])
    assert one(findings(frame, "number"), "alone tells").columns == ("words",)


def test_chance_does_not_pass_for_a_leak() -> None:
    ids = [f"row{i}" for i in range(N)]
    rare = pl.DataFrame(
        {"x": RNG.normal(size=N), "words": RNG.choice(["p", "q"], N), "words2": ids, "y": ["a"] * (N - 12) + ["b"] * 12}
    )
    assert not any("alone" in f.what for f in findings(rare))
    few = pl.DataFrame({"x": [*range(15), *range(100, 115)], "x2": RNG.normal(size=30), "y": ["a"] * 15 + ["b"] * 15})
    assert all(f.action == "" for f in findings(few))


def test_the_only_column_is_never_left_out_on_suspicion() -> None:
    y = RNG.choice(["a", "b"], N)
    found = one(
        findings(pl.DataFrame({"z": np.where(y == "a", 1.0, 2.0) + RNG.uniform(0, 0.5, N), "y": y})), "alone tells"
    )
    assert found.action == "" and found.level == "warning" and "no other column" in found.fix


def test_columns_that_hold_nothing_are_left_out() -> None:
    found = findings(
        base(empty=pl.Series([None] * N, dtype=pl.Float64), nan=[float("nan")] * N, same=[3] * N, words=["only"] * N)
    )
    for name, words in (
        ("empty", "is empty"),
        ("nan", "is empty"),
        ("same", "is always 3"),
        ("words", "is always only"),
    ):
        assert one(found, f"Column {name!r} {words}").action == "ignore"


def test_missing_and_infinite_values() -> None:
    gaps = pl.Series([None if i % 4 == 0 else float(v) for i, v in enumerate(RNG.normal(size=N))])
    found = findings(
        base(a=gaps, b=gaps.fill_null(float("nan")), c=pl.Series(RNG.normal(size=N)).scatter([0, 5], float("inf"))),
        rows=(300, 40),
    )
    assert (
        one(found, "'a' is missing in 25%")
        and one(found, "'b' is missing in 25%")
        and one(found, "'c' holds 2 infinite")
    )
    many = one(findings(base(**{f"x{i}": gaps for i in range(3, 15)})), "Values are missing in 12 columns")
    assert "x3 2" in many.what and many.what.count("%") == 8


def test_a_constant_with_gaps_is_kept() -> None:
    half = [1 if i % 2 else None for i in range(N)]
    assert not any(f.action for f in findings(base(flag=half)))


def test_classes_that_cannot_be_learnt() -> None:
    assert one(findings(base(y=["a"] * N)), "one class only: a").level == "error"
    names = one(findings(base(y=[f"name{i}" for i in range(N)])), "classes in")
    assert names.level == "error" and "regression" in names.fix
    found = findings(base(y=["a"] * 370 + ["b"] * 26 + ["c"] * 4))
    assert (
        one(found, "unbalanced: a has 266 rows").level == "warning"
        and "c" in one(found, "fewer than 5 training rows").what
    )
    assert not findings(base(y=["a"] * 200 + ["b"] * 200))


def test_targets_that_look_like_something_else() -> None:
    assert "classification" in one(findings(base(y=RNG.integers(0, 4, N)), "number"), "4 values only").fix
    assert "regression" in one(findings(base(y=RNG.integers(0, 28, N))), "28 different numbers").fix
    assert not any("different numbers" in f.what for f in findings(base(y=[str(v) for v in RNG.integers(0, 28, N)])))


def test_numbers_that_cannot_be_learnt() -> None:
    assert one(findings(base(y=[2.5] * N), "number"), "always 2.5").level == "error"
    y = pl.Series(RNG.normal(size=N)).scatter([3, 4], float("inf"))
    assert one(findings(base(y=y), "number"), "2 row(s) have an infinite target")
    assert (
        "999"
        in one(
            findings(base(y=pl.Series(RNG.normal(size=N)).scatter([3], 99999.0)), "number", rows=(300, 50)),
            "far from all",
        ).what
    )


def test_rare_labels_and_none_at_all() -> None:
    labels = [["p"] if i % 2 else ["p", "q"] for i in range(N - 3)] + [["odd"]] * 3
    assert "odd" in one(findings(base(y=pl.Series(labels)), "labels"), "fewer than 5 training rows").what
    assert one(findings(base(y=pl.Series([[]] * N, dtype=pl.List(pl.String))), "labels"), "no labels").level == "error"


def test_far_numbers_and_long_texts() -> None:
    found = findings(base(age=pl.Series(RNG.uniform(0, 90, N)).scatter([7], -99999.0)), rows=(300, 50))
    assert "-99999" in one(found, "'age' holds 1 value(s) far").what
    assert findings(base(skewed=RNG.lognormal(0, 2, N), zeros=[5.0, 1.0] + [0.0] * (N - 2)), rows=(390, 5)) == []
    texts = [f"some words {i} and more" for i in range(N)]
    texts[5] = "long " * 3000
    assert "15,000" in one(findings(base(text=texts), rows=(300, 50)), "far longer").what


def test_values_the_training_rows_never_saw() -> None:
    parts = ["north"] * 150 + ["south"] * 150 + ["east"] * 100
    found = one(
        findings(base(words=parts, code=[len(p) for p in parts]), rows=(270, 30)),
        "'words' takes values in the test rows",
    )
    assert found.action == "ignore"
    mixed = [f"v{i % 7}" for i in range(300)] + [f"v{i % 10}" for i in range(100)]
    note = one(findings(base(words=mixed), rows=(270, 30)), "takes a value that training never saw")
    assert note.level == "note" and note.action == "" and "30%" in note.what


def test_many_categories() -> None:
    n = 20_001
    frame = pl.DataFrame(
        {"x": RNG.normal(size=n), "words": [f"v{i}" for i in range(n)], "y": RNG.choice(["a", "b"], n)}
    )
    assert "role=id" in one(findings(frame, rows=(15_000, 2000)), "15,000 categories").fix


def test_skipped_files_are_named_and_counted() -> None:
    skipped = tuple((f"bad{i}.png", "torn") for i in range(8))
    found = one(findings(base(), skipped=skipped), "8 file(s) or row(s) were left out")
    assert "bad4.png" in found.why and "bad5.png" not in found.why and found.level == "warning"


def test_twins_are_told_gently_where_they_may_be_chance() -> None:
    frame = base()
    doubled = pl.concat([frame, frame[:40]])
    found = one(findings(doubled), "80 rows have another row with the same values")
    assert "different cases" in found.why and "one side" in found.why
    texts = [f"text number {i} of this kind is here" for i in range(40)]
    texts = [t + " " + chr(97 + i % 26) + chr(97 + i // 26) for i, t in enumerate(texts)] * 2
    assert "twin" in one(findings(pl.DataFrame({"text": texts, "y": ["a", "b"] * 40})), "80 rows have an equal").what


def test_errors_come_first_and_test_rows_are_not_judged() -> None:
    found = findings(base(y=["a"] * N, same=[1] * N), skipped=(("f", "torn"),))
    assert [f.level for f in found] == sorted((f.level for f in found), key=["error", "warning", "note"].index)
    late = base(z=[1.0] * 300 + [1e9] * 100)
    assert not any("far" in f.what for f in findings(late, rows=(270, 30)))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_whatever_the_column_holds_the_checks_come_to_an_end(data) -> None:
    cell = st.one_of(st.none(), st.floats(), st.integers(-(2**40), 2**40).map(float))
    n = data.draw(st.integers(24, 60))
    frame = pl.DataFrame(
        {
            "x": pl.Series(data.draw(st.lists(cell, min_size=n, max_size=n)), dtype=pl.Float64),
            "words": pl.Series(
                data.draw(st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=n, max_size=n)), dtype=pl.String
            ),
            "y": ["a", "b"] * (n // 2) + ["a"] * (n % 2),
        }
    )
    for found in findings(frame):
        assert found.level in ("note", "warning", "error") and found.what.endswith((".", "…"))
    numbers = frame.with_columns(y=pl.Series(np.arange(n, dtype=float)))
    assert isinstance(findings(numbers, "number"), list)


@pytest.mark.real
def test_the_path_of_indoor_movement_gives_the_answer_away() -> None:
    table = open_table(real_data("indoor_movement"), limits=LimitsConfig())
    schema = infer_schema(table, make_config({}))
    found = check(table, schema, split_rows(table, schema, SplitConfig(), seed=0, task="classes"), task="classes")
    assert {f.columns for f in found if f.action == "ignore"} == {("group",), ("path",)}


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "target"), [("diamonds", "price"), ("adult", "income"), ("california_housing", "median_house_value")]
)
def test_honest_real_columns_are_kept(name: str, target: str) -> None:
    config = make_config({"target": target})
    table = open_table(real_data(name), target=target, limits=LimitsConfig())
    schema = infer_schema(table, config)
    kind = {"category": "classes", "number": "number"}[schema.target.modality]
    assert not any(
        f.action for f in check(table, schema, split_rows(table, schema, SplitConfig(), seed=0, task=kind), task=kind)
    )
