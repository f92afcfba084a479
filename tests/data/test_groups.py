"""Rows of one patient share one answer: found before the split, kept together, said. Columns that only predict well are
left alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engineroom.core.config import Config
from engineroom.core.table import Table
from engineroom.data.groups import find_groups, group_by_identifier, straddling
from engineroom.data.schema_inference import infer_schema
from engineroom.data.splits import split_rows


def patients(name="patient_id", each=10, count=80, numeric=False, target="class"):
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(count), each)
    # the same for all rows of a patient, and of no use for others
    marker = rng.normal(size=count)[who] + 0.05 * rng.normal(size=len(who))
    answer = rng.integers(0, 2, count)[who]
    values = [int(w) for w in who] if numeric else [f"P{w:03d}" for w in who]
    y = (
        pl.Series("ill", [["no", "yes"][a] for a in answer])
        if target == "class"
        else pl.Series("ill", rng.normal(size=count)[who])
    )
    return pl.DataFrame([pl.Series(name, values), pl.Series("marker", marker), y])


def prepared(frame, **settings):
    table = Table(frame)
    config = Config.model_validate({"target": "ill", **settings})
    schema = infer_schema(table, config)
    task = "number" if schema.target.modality == "number" else "classes"
    groups = find_groups(frame, schema, task)
    schema, findings = group_by_identifier(schema, groups, config)
    return table, config, schema, task, groups, findings


@pytest.mark.parametrize("name", ["patient_id", "PatientID", "subject", "Speaker Nr", "case", "x"])
@pytest.mark.parametrize("target", ["class", "number"])
def test_groups_are_kept_together_and_said(name, target):
    table, config, schema, task, groups, findings = prepared(patients(name, target=target))
    assert [one.column for one in groups] == [name]
    assert groups[0].count == 80 and groups[0].rows == 10
    assert schema[name].role == "group"
    assert (
        "repeats" in findings[0].what
        and findings[0].level == "warning"
        and f"columns.{name}.role=input" in findings[0].fix
    )
    split = split_rows(table, schema, config.split, seed=0, task=task)
    assert split.by == "group"
    sides = [set(table.frame[name].gather(part)) for part in (split.train, split.val, split.test)]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]


def test_whole_numbers_count_where_their_name_says_so():
    assert prepared(patients("patient_id", numeric=True))[4]
    assert not prepared(patients("dose", numeric=True))[4]


def test_the_users_word_stands():
    *_, schema, _task, groups, findings = prepared(patients(), columns={"patient_id": {"role": "input"}})
    assert groups and schema["patient_id"].role == "input" and "split.by=group" in findings[0].fix
    *_, schema, _task, groups, findings = prepared(patients(), split={"by": "random"})
    assert schema["patient_id"].role == "input" and findings


def test_a_user_with_many_answers_is_no_group():
    rng = np.random.default_rng(0)
    frame = patients().with_columns(pl.Series("ill", rng.choice(["no", "yes"], 800)))
    assert not prepared(frame)[4]


def test_most_rows_having_one_answer_says_nothing():
    frame = patients().with_columns(pl.Series("ill", ["yes"] * 5 + ["no"] * 795))
    assert not prepared(frame)[4]


def test_categories_that_predict_well_are_no_groups():
    rng = np.random.default_rng(0)
    city = rng.choice([f"city {chr(97 + i)}" for i in range(20)], 800)
    frame = pl.DataFrame(
        {"city": city, "x": rng.normal(size=800), "ill": ["yes" if c < "city k" else "no" for c in city]}
    )
    assert not prepared(frame)[4]


def test_nested_names_are_left_out_with_the_coarsest():
    frame = patients().with_columns(pl.Series("visit_id", [f"V{i // 2}" for i in range(800)]))
    *_, schema, _task, groups, _findings = prepared(frame)
    assert [one.column for one in groups] == ["patient_id", "visit_id"]
    assert schema["patient_id"].role == "group" and schema["visit_id"].role == "id"


def test_a_given_split_through_groups_is_said():
    part = ["test" if i % 10 == 0 else "val" if i % 10 == 1 else "train" for i in range(800)]
    frame = patients().with_columns(pl.Series("part", part))
    table, config, schema, task, groups, findings = prepared(frame, columns={"part": {"role": "split"}})
    split = split_rows(table, schema, config.split, seed=0, task=task)
    assert "split.by=group" in findings[0].fix
    assert "80 of 80 test rows" in next(straddling(groups, frame, split)).what
