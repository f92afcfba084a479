"""JSON as pandas and others write it: every orientation holds the same rows."""

from __future__ import annotations

import gzip
import json

import pandas as pd
import pytest
from backports import zstd

from engineroom.data.loading import open_table
from engineroom.data.sources.conll import parse

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"], "c": [0.5, None, 1.5]})


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "table"])
@pytest.mark.parametrize("labels", [None, ["p", "q", "r"]])
def test_every_orientation_of_pandas(tmp_path, orient, labels):
    path = tmp_path / "t.json"
    frame = FRAME if labels is None else FRAME.set_axis(labels)
    if orient == "index" and labels is not None:
        pytest.skip("row labels that are words cannot be told from column names")
    frame.to_json(path, orient=orient)
    read = open_table(path).frame
    assert read.select("a", "b", "c").rows() == [(1, "x", 0.5), (2, "y", None), (3, "z", 1.5)]


def test_rows_without_names(tmp_path):
    path = tmp_path / "t.json"
    FRAME.to_json(path, orient="values")
    assert open_table(path).frame.columns == ["column_1", "column_2", "column_3"]


TEXT = "city,people\n" + "".join(f"Köln {i},{i}\r\n" for i in range(500))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_packed_files_of_every_encoding_are_unpacked_unchanged(tmp_path, encoding, suffix):
    data = TEXT.encode(encoding)
    path = tmp_path / f"t.csv{suffix}"
    path.write_bytes(gzip.compress(data) if suffix == ".gz" else zstd.compress(data))
    frame = open_table(path).frame
    assert frame.height == 500
    assert frame["city"][0] == "Köln 0"


def test_a_packed_binary_file_is_unpacked_unchanged(tmp_path):
    from engineroom.core.config import LimitsConfig
    from engineroom.data.sources._cache import plain_bytes

    data = bytes(range(256)) * 50
    path = tmp_path / "t.bin.zst"
    path.write_bytes(zstd.compress(data))
    assert plain_bytes(path, limits=LimitsConfig(), cache=tmp_path / "c").read_bytes() == data


def test_pandas_lines_and_one_object(tmp_path):
    path = tmp_path / "t.jsonl"
    FRAME.to_json(path, orient="records", lines=True)
    assert open_table(path).frame.height == 3
    (tmp_path / "o.json").write_text(json.dumps({"data": [{"a": 1}, {"a": 2}], "source": "lab"}))
    assert open_table(tmp_path / "o.json").frame["a"].to_list() == [1, 2]


@pytest.mark.parametrize("odd", ["\u2028", "\x85", "\x0c", "\x1c", "\u00a0"])
@pytest.mark.parametrize("delimiter", ["\t", " "])
def test_conll_tokens_may_hold_rare_blanks(odd, delimiter):
    text = f"# sent_id = 1\nA{delimiter}O\nb{odd}c{delimiter}B-X\n\n#begin document (x); part 0\nd{delimiter}O\n\n"
    sentences, skipped = parse(text)
    assert skipped == []
    assert sentences == [(["A", f"b{odd}c"], ["O", "B-X"]), (["d"], ["O"])]
