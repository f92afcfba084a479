"""Splits: every row has one place, classes keep their share, twins and groups stay together, and the seed alone
decides."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.core.config import SplitConfig
from engineroom.core.errors import DataError, UserError
from engineroom.core.schema import Column, Schema
from engineroom.core.table import Table
from engineroom.data.duplicates import find_clusters
from engineroom.data.splits import Split, split_rows

DEFAULT = SplitConfig()


def schema_of(frame: pl.DataFrame, **roles: str) -> Schema:
    """Column y is the target; words are categories, everything else numbers."""
    kinds = {pl.String: "category", pl.List(pl.String): "multilabel", pl.Date: "datetime"}
    return Schema(
        tuple(
            Column(n, kinds.get(frame[n].dtype, "number"), roles.get(n, "target" if n == "y" else "input"))
            for n in frame.columns
        )
    )


def split(
    frame: pl.DataFrame, config: SplitConfig = DEFAULT, *, seed: int = 0, task: str = "classes", **roles: str
) -> Split:
    return split_rows(Table(frame), schema_of(frame, **roles), config, seed=seed, task=task)


def parts(found: Split) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return found.train, found.val, found.test


@st.composite
def tables(draw) -> tuple[pl.DataFrame, int]:
    rows, levels, classes = draw(st.integers(30, 200)), draw(st.integers(3, 400)), draw(st.integers(2, 6))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    y = np.minimum(rng.geometric(0.5, rows), classes)
    return pl.DataFrame({"x": rng.integers(0, levels, rows), "y": [f"c{v}" for v in y]}), draw(st.integers(0, 99))


@settings(max_examples=80, deadline=None)
@given(tables())
def test_every_row_has_one_place_and_twins_share_it(pair) -> None:
    frame, seed = pair
    found = split(frame, seed=seed)
    assert sorted(np.concatenate(parts(found))) == list(range(len(frame)))
    for part in parts(found):
        assert part.dtype == np.int64 and (np.diff(part) > 0).all()
    values = [set(frame["x"].gather(part)) for part in parts(found)]
    whole = set(frame["y"]) == set(frame["y"].gather(found.train))
    assert whole, "every class is learnt"
    straddling = values[0] & (values[1] | values[2]) | values[1] & values[2]
    assert found.straddling == int(frame["x"].gather(found.train).is_in(list(values[1] | values[2])).sum())
    if not any("Equal rows are so common" in note for note in found.notes):
        assert len(straddling) <= frame["y"].n_unique(), "only to keep a class that twins would have taken along"


@settings(max_examples=25, deadline=None)
@given(tables())
def test_the_seed_alone_decides(pair) -> None:
    frame, seed = pair
    one, same, other = split(frame, seed=seed), split(frame, seed=seed), split(frame, seed=seed + 1)
    assert one.hash == same.hash and all((a == b).all() for a, b in zip(parts(one), parts(same), strict=True))
    assert other.hash != one.hash or all((a == b).all() for a, b in zip(parts(one), parts(other), strict=True))


def test_the_order_of_equal_keys_is_that_of_the_rows() -> None:
    """Cluster numbers come from row order, not from hash values, which may differ between versions and machines."""
    frame = pl.DataFrame({"x": [5, 3, 5, 9, 3], "y": list("ababa")})
    assert find_clusters(Table(frame), schema_of(frame)).tolist() == [0, 1, 0, 2, 1]


def test_classes_keep_their_share() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"x": np.arange(2000), "y": rng.choice(["a", "b", "c"], 2000, p=[0.7, 0.25, 0.05])})
    found = split(frame)
    for part, share in zip(parts(found), (0.72, 0.08, 0.2), strict=True):
        assert len(part) == pytest.approx(share * 2000, rel=0.03)
        for name, true in (("a", 0.7), ("b", 0.25), ("c", 0.05)):
            assert (frame["y"].gather(part) == name).mean() == pytest.approx(true, abs=0.02)


def test_numbers_keep_their_range() -> None:
    frame = pl.DataFrame({"x": np.arange(500), "y": np.random.default_rng(0).exponential(size=500)})
    found = split(frame, task="number")
    for part in parts(found):
        assert frame["y"].gather(part).quantile(0.5) == pytest.approx(frame["y"].quantile(0.5), rel=0.3)
    assert "range of the target" in found.words


def test_rare_classes_are_learnt() -> None:
    frame = pl.DataFrame({"x": np.arange(103), "y": ["a"] * 60 + ["b"] * 40 + ["once", "uno", "un"]})
    for seed in range(10):
        assert {100, 101, 102} <= set(split(frame, seed=seed).train)


@pytest.mark.parametrize("rows", [4, 6, 10, 15])
def test_tiny_tables_have_all_parts_and_every_class_is_learnt(rows: int) -> None:
    frame = pl.DataFrame({"x": np.arange(rows), "y": ["a", "b"] * (rows // 2) + ["a"] * (rows % 2)})
    for seed in range(20):
        found = split(frame, seed=seed)
        assert min(map(len, parts(found))) >= 1
        if rows >= 6:
            assert set(frame["y"].gather(found.train)) == {"a", "b"}


def test_label_sets_are_split_by_their_rarest_label() -> None:
    labels = [["common", f"own{i}"] if i % 2 else ["common"] for i in range(80)] + [["common", "rare"]] * 10
    found = split(pl.DataFrame({"x": np.arange(90), "y": labels}), task="labels")
    rare = [int((part >= 80).sum()) for part in parts(found)]
    assert min(rare) >= 1 and sum(rare) == 10 and len(found.test) >= 9


def test_rows_without_a_target_are_left_out_and_counted() -> None:
    frame = pl.DataFrame({"x": np.arange(50), "y": [None, "", *["a", "b"] * 24]})
    found = split(frame)
    assert not {0, 1} & set(np.concatenate(parts(found))) and any(
        "2 row(s) without a target" in note for note in found.notes
    )
    numbers = pl.DataFrame({"x": np.arange(50), "y": [None, float("nan"), float("inf"), *range(47)]}, strict=False)
    assert sum(map(len, parts(split(numbers, task="number")))) == 47


def given_frame(rows: int = 120, tests: int = 30) -> pl.DataFrame:
    parts = ["train"] * (rows - tests) + ["test"] * tests
    return pl.DataFrame({"x": np.arange(rows), "part": parts, "y": ["a", "b", "b"] * (rows // 3)})


def test_given_test_rows_stay_as_they_are_and_decide_nothing() -> None:
    frame = given_frame()
    found = split(frame, part="split")
    assert found.test.tolist() == list(range(90, 120)) and found.by == "column" and 7 <= len(found.val) <= 11
    changed = frame.with_columns(
        y=pl.when(pl.col("part") == "test").then(pl.lit("a")).otherwise("y"),
        x=pl.when(pl.col("part") == "test").then(pl.col("x") * 7).otherwise("x"),
    )
    assert (split(changed, part="split").val == found.val).all()
    numbers = frame.with_columns(y=pl.col("x").cast(pl.Float64).sin())
    shifted = numbers.with_columns(y=pl.when(pl.col("part") == "test").then(1e9).otherwise("y"))
    one, two = (split(f, part="split", task="number") for f in (numbers, shifted))
    assert (one.val == two.val).all() and (one.train == two.train).all()


def test_training_rows_that_stand_in_the_given_test_are_left_out_if_few() -> None:
    frame = given_frame().with_columns(x=pl.when(pl.col("x") < 5).then(pl.col("x") + 90).otherwise("x"))
    found = split(frame, part="split")
    assert found.dropped == 5 and found.straddling == 0 and not set(range(5)) & {*found.train, *found.val}
    assert len(found.test) == 30 and any("5 row(s) to learn from" in note for note in found.notes)
    many = given_frame().with_columns(x=pl.col("x") % 25)
    found = split(many, part="split")
    assert (
        found.dropped == 0
        and found.straddling == len(found.train)
        and any("may flatter" in note for note in found.notes)
    )


def test_given_parts_of_every_spelling_and_rows_of_no_part() -> None:
    words = ["Training"] * 40 + ["dev"] * 8 + ["TEST"] * 10 + ["extra", None]
    frame = pl.DataFrame({"x": np.arange(60), "part": words, "y": ["a", "b"] * 30})
    found = split(frame, part="split")
    assert [len(part) for part in parts(found)] == [40, 8, 10]
    assert any("2 row(s) whose part is none of train" in note for note in found.notes)
    with pytest.raises(DataError, match="names no training rows"):
        split(frame.with_columns(part=pl.lit("fold1")), part="split")


def test_without_a_given_test_part_rows_are_set_aside() -> None:
    frame = pl.DataFrame({"x": np.arange(60), "part": ["train"] * 50 + ["val"] * 10, "y": ["a", "b"] * 30})
    found = split(frame, part="split")
    assert found.val.tolist() == list(range(50, 60)) and len(found.test) == 10
    assert found.words == "Validation rows as given by part. 10 training rows were set aside to test."


def test_groups_stay_together_and_sizes_are_counted_in_rows() -> None:
    sizes = [40, 5, 30, 5, 5, 30, 25, 20, 20, 20]
    groups = [f"g{i}" for i, size in enumerate(sizes) for _ in range(size)]
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"x": np.arange(200), "who": groups, "y": rng.choice(["a", "b"], 200)})
    for seed in range(10):
        found = split(frame, seed=seed, who="group")
        seen = [set(frame["who"].gather(part)) for part in parts(found)]
        assert found.by == "group" and not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])
        assert len(found.test) == pytest.approx(40, abs=15) and len(found.val) == pytest.approx(16, abs=12)


def test_groups_of_one_class_each_do_not_take_a_class_away() -> None:
    groups = [f"{name}{i // 5}" for name in "abc" for i in range(20)]
    frame = pl.DataFrame({"x": np.arange(60), "who": groups, "y": [g[0] for g in groups]})
    for seed in range(20):
        assert set(frame["y"].gather(split(frame, seed=seed, who="group").train)) == {"a", "b", "c"}


def test_twins_in_different_groups_are_left_out_of_training() -> None:
    frame = pl.DataFrame({"x": [*range(99), 0], "who": [f"g{i // 10}" for i in range(100)], "y": ["a", "b"] * 50})
    for seed in range(20):
        found = split(frame, seed=seed, who="group")
        assert found.straddling == 0 and found.dropped <= 1


def test_validation_rows_honour_groups_beside_a_given_test() -> None:
    frame = given_frame().with_columns(who=pl.Series([f"g{i // 9}" for i in range(120)]))
    found = split(frame, part="split", who="group")
    assert (
        not set(frame["who"].gather(found.train)) & set(frame["who"].gather(found.val))
        and "whole groups of who" in found.words
    )


def days(count: int) -> list[date]:
    return [date(2024, 1, 1) + timedelta(days=i) for i in range(count)]


def test_the_latest_rows_are_the_test() -> None:
    order = np.random.default_rng(0).permutation(100)
    frame = pl.DataFrame({"x": np.arange(100), "day": [days(100)[i] for i in order], "y": ["a", "b"] * 50})
    for found in (split(frame, day="time"), split(frame, SplitConfig(by="time", column="day"))):
        latest = [frame["day"].gather(part) for part in parts(found)]
        assert latest[0].max() < latest[1].min() and latest[1].max() < latest[2].min()
        assert [len(part) for part in parts(found)] == [72, 8, 20] and "latest" in found.words


def test_rows_of_one_day_stay_together_and_rows_without_a_day_are_old() -> None:
    when = [*[d for d in days(10) for _ in range(10)], None, None]
    frame = pl.DataFrame({"x": np.arange(102), "day": when, "y": ["a", "b"] * 51})
    found = split(frame, SplitConfig(test=0.25), day="time")
    seen = [set(frame["day"].gather(part)) for part in parts(found)]
    assert not (seen[0] & seen[1] or seen[1] & seen[2]) and {100, 101} <= set(found.train)
    assert any("no time in day" in note for note in found.notes)
    one = split(frame.with_columns(day=pl.lit(date(2024, 1, 1))), day="time")
    assert min(map(len, parts(one))) >= 1
    with pytest.raises(DataError, match="holds no times"):
        split(frame.with_columns(day=pl.lit("soon")), SplitConfig(by="time", column="day"))


def test_one_cluster_of_nearly_all_rows_is_learnt_from() -> None:
    frame = pl.DataFrame({"x": ["spam!"] * 90 + [f"text {i}" for i in range(30)], "y": ["a", "b"] * 60})
    schema = Schema((Column("x", "text"), Column("y", "category", "target")))
    found = split_rows(Table(frame), schema, DEFAULT, seed=0, task="classes")
    assert set(range(90)) <= set(found.train) and min(map(len, parts(found))) >= 1 and found.straddling == 0


def test_where_all_rows_are_of_a_few_kinds_equal_rows_are_parted() -> None:
    few = pl.DataFrame({"x": [0, 1, 2] * 40, "y": ["a", "b"] * 60})
    common = pl.DataFrame({"x": [*range(60), *[7] * 60], "y": ["a", "b"] * 60})
    for frame in (few, common):
        found = split(frame)
        assert [len(part) for part in parts(found)] == [pytest.approx(n, abs=3) for n in (86, 10, 24)]
        assert found.straddling > 0.4 * len(found.train) and any(
            "Equal rows are so common" in note for note in found.notes
        )


@pytest.mark.parametrize(
    ("config", "error"),
    [
        (SplitConfig(by="group"), UserError),
        (SplitConfig(by="time"), UserError),
        (SplitConfig(column="x"), UserError),
        (SplitConfig(by="stratified", column="x"), UserError),
        (SplitConfig(by="group", column="nowhere"), DataError),
        (SplitConfig(test=0), DataError),
    ],
)
def test_settings_that_cannot_be_met(config: SplitConfig, error: type[UserError]) -> None:
    with pytest.raises(error):
        split(pl.DataFrame({"x": np.arange(40), "y": ["a", "b"] * 20}), config)


def test_every_setting_changes_the_split() -> None:
    frame = pl.DataFrame({"x": np.arange(200), "who": [i // 10 for i in range(200)], "y": ["a", "b"] * 100})
    seen = {
        split(frame, config).hash
        for config in (
            DEFAULT,
            SplitConfig(by="random"),
            SplitConfig(by="group", column="who"),
            SplitConfig(by="time", column="x"),
            SplitConfig(test=0.3),
            SplitConfig(val=0.3),
        )
    }
    assert len(seen) == 6
    text = pl.DataFrame({"x": [f"Word number {i // 2}{'!' * (i % 2)}" for i in range(200)], "y": ["a", "b"] * 100})
    schema = Schema((Column("x", "text"), Column("y", "category", "target")))
    near, exact = (
        split_rows(Table(text), schema, SplitConfig(near_duplicates=n), seed=0, task="classes") for n in (True, False)
    )
    assert near.hash != exact.hash and near.duplicates == 200 and exact.duplicates == 0


def test_targets_without_numbers_and_too_few_rows() -> None:
    with pytest.raises(DataError, match="holds no numbers"):
        split(pl.DataFrame({"x": [1, 2, 3], "y": ["a", "b", "c"]}), task="number")
    with pytest.raises(DataError, match="No rows are left"):
        split(pl.DataFrame({"x": [1, 2], "y": ["a", "b"]}))


def test_a_large_table_is_split_in_no_time() -> None:
    import time

    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {f"x{i}": rng.normal(size=50_000).round(3) for i in range(10)} | {"y": rng.choice(["a", "b"], 50_000)}
    )
    begun = time.process_time()
    split(frame)
    assert time.process_time() - begun < 3
