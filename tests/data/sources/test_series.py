"""Series: .ts files, the UCR text form, long form; and IDX pixels."""

from __future__ import annotations

import gzip
import math
import struct

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engineroom.core.errors import DataError
from engineroom.data.loading import open_table

HEADER = "#made by hand\n@problemName toy\n@timeStamps false\n@univariate true\n@classLabel true a b\n@data\n"


def ts(path, body, header=HEADER):
    path.write_text(header + body)
    return path


def test_one_channel_with_missing_values(tmp_path):
    table = open_table(ts(tmp_path / "Toy_TRAIN.ts", "1,?,3:a\n4,5:b\n"))
    first, second = table.frame["series"].to_list()
    assert table.frame["series"].dtype == pl.List(pl.Float64) and math.isnan(first[1]) and second == [4.0, 5.0]
    assert (
        table.frame["label"].to_list() == ["a", "b"]
        and table.hints["label"]["role"] == "target"
        and table.name == "Toy"
    )


def test_several_channels_of_unequal_length_and_both_splits(tmp_path):
    ts(tmp_path / "X_TRAIN.ts", "1,2:3,4:a\n5:6:b\n")
    ts(tmp_path / "X_TEST.ts", "7,8:9,10:b\n")
    frame = open_table(tmp_path).frame
    assert frame["series"].to_list() == [[[1, 2], [3, 4]], [[5], [6]], [[7, 8], [9, 10]]]
    assert frame["split"].to_list() == ["train", "train", "test"]
    assert "split" not in open_table(tmp_path / "X_TRAIN.ts").frame.columns


def test_regression_and_no_label(tmp_path):
    header = HEADER.replace("@classLabel true a b", "@targetLabel true")
    table = open_table(ts(tmp_path / "r.ts", "1,2:0.5\n3,4:-2\n", header))
    assert table.frame["label"].to_list() == [0.5, -2.0] and table.hints["label"]["modality"] == "number"
    table = open_table(ts(tmp_path / "n.ts", "1,2\n3,4\n", HEADER.replace("true a b", "false")))
    assert table.frame.columns == ["series"]


@pytest.mark.parametrize(
    ("header", "body", "what"),
    [
        (HEADER.replace("@timeStamps false", "@timeStamps true"), "(0,1),(1,2):a\n", "time stamps"),
        (HEADER, "(0,1),(1,2):a\n", "time stamps"),
        (HEADER.replace("@data\n", ""), "", "no line @data"),
        (HEADER.replace("@data\n", ""), "1,2:a\n", "data before @data"),
        (HEADER, "", "no series"),
        (HEADER, "1,2\n", "no label"),
        (HEADER, "1,x:a\n", "could not convert"),
        (HEADER, "1,2:a\n1:2:b\n", "2 dimensions instead of 1"),
    ],
)
def test_ts_files_that_cannot_be_used(tmp_path, header, body, what):
    with pytest.raises(DataError, match=what):
        open_table(ts(tmp_path / "bad.ts", body, header))


VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 3).flatmap(lambda c: st.lists(st.lists(VALUES, min_size=c, max_size=c), min_size=1, max_size=4)))
def test_series_come_back_as_they_were_written(tmp_path, rows):
    lines = [":".join(",".join(map(repr, channel)) for channel in row) + ":k\n" for row in rows]
    got = open_table(ts(tmp_path / "any.ts", "".join(lines))).frame["series"].to_list()
    assert got == ([row[0] for row in rows] if len(rows[0]) == 1 else rows)


@pytest.mark.parametrize("separator", ["  ", ",", "\t"])
@pytest.mark.parametrize("ending", [".txt", ".tsv"])
def test_ucr_text(tmp_path, separator, ending):
    x = np.random.default_rng(0).normal(size=(12, 25)).round(3)
    for part in ("TRAIN", "TEST"):
        lines = [separator.join(map(str, [float(i % 3 - 1), *row])) for i, row in enumerate(x)]
        (tmp_path / f"Toy_{part}{ending}").write_text("\n".join(lines) + "\n")
    table = open_table(tmp_path)
    assert table.frame.columns == ["series", "label", "split"] and len(table) == 24
    assert table.frame["series"][0].to_list() == list(x[0]) and table.frame["label"][:3].to_list() == ["-1", "0", "1"]
    assert any("UCR text form" in note for note in table.notes)


def test_a_table_of_numbers_is_no_ucr_file(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("\n".join(" ".join(map(str, [i / 7, *range(30)])) for i in range(40)))
    assert open_table(path).frame.width == 31
    path.write_text("\n".join(f"{i % 2} {i} {i + 1}" for i in range(40)))
    assert open_table(path).frame.width == 3


def long_form(folder, labels):
    rows = [f"{key},{t},{key + t},{key * t}" for key in (1, 2, 3) for t in (2, 0, 1)]
    (folder / "signals.csv").write_text("seq,t,a,b\n" + "\n".join(rows))
    for name, text in labels.items():
        (folder / name).write_text(text)
    return folder


def test_long_form(tmp_path):
    table = open_table(long_form(tmp_path, {"labels.csv": "seq,target\n2,x\n1,y\n3,x\n"}))
    assert table.frame["series"].to_list()[0] == [[2, 3, 4], [0, 2, 4]]  # ordered by t, channel-major
    assert table.frame["seq"].to_list() == [2, 1, 3] and table.hints["seq"]["role"] == "id"
    assert any("ordered by t" in note for note in table.notes)


def test_long_form_with_splits_and_without_labels_for_all(tmp_path):
    table = open_table(long_form(tmp_path, {"train_labels.csv": "seq,y\n1,0\n", "test_labels.csv": "seq,y\n3,1\n"}))
    assert table.frame["split"].to_list() == ["train", "test"] and any("no label" in note for note in table.notes)
    (tmp_path / "test_labels.csv").write_text("seq,y\n9,1\n")
    with pytest.raises(DataError, match="have no signals: seq 9"):
        open_table(tmp_path)


def idx(path, array):
    data = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.mark.parametrize(("suffix", "test"), [("", "t10k"), (".gz", "test")])
def test_idx(tmp_path, suffix, test):
    x = np.random.default_rng(0).integers(0, 256, (6, 4, 5))
    for part, rows in (("train", slice(0, 4)), (test, slice(4, 6))):
        idx(tmp_path / f"{part}-images-idx3-ubyte{suffix}", x[rows])
        idx(tmp_path / f"{part}-labels-idx1-ubyte{suffix}", np.arange(6)[rows])
    table = open_table(tmp_path)
    assert table.frame["image"].dtype == pl.Array(pl.UInt8, (4, 5)) and (table.frame["image"].to_numpy() == x).all()
    assert (
        table.frame["label"].to_list() == list(range(6))
        and table.frame["split"].to_list() == ["train"] * 4 + ["test"] * 2
    )
    assert len(open_table(tmp_path / f"train-images-idx3-ubyte{suffix}")) == 4


def test_idx_that_is_damaged(tmp_path):
    images, labels = tmp_path / "train-images-idx3-ubyte", tmp_path / "train-labels-idx1-ubyte"
    idx(images, np.zeros((3, 2, 2)))
    with pytest.raises(DataError, match="no labels file"):
        open_table(images)
    idx(labels, np.zeros(2))
    with pytest.raises(DataError, match="3 images"):
        open_table(images)
    # promises more than there is: nothing is allocated
    images.write_bytes(struct.pack(">HBB3I", 0, 8, 3, 2**31, 2**31, 2**31))
    with pytest.raises(DataError, match="damaged"):
        open_table(images)
