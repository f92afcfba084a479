"""JSON and columnar files, and tables that already live in Python."""

from __future__ import annotations

import gzip
import json
import math

import numpy as np
import polars as pl
import pytest

from engineroom.core.config import LimitsConfig
from engineroom.core.errors import DataError, UserError
from engineroom.data.loading import open_table

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
ROWS = [
    {
        "id": 1,
        "who": {"name": "Ann", "more": {"x": 1}},
        "wave": [1, 2.5],
        "tags": ["a", "b"],
        "xy": [[1, 2], [3, 4]],
        "ok": True,
    },
    {"id": 2.5, "who": {"name": "Bob"}, "wave": [3], "tags": [], "xy": [[1], [2]], "ok": None, "late": "x"},
]


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "t.json", "t.jsonl.gz"])
def test_json(tmp_path, name):
    text = json.dumps(ROWS) if name == "t.json" else "\n".join(map(json.dumps, ROWS)) + "\n"
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    frame = open_table(tmp_path / name).frame
    assert frame["id"].to_list() == [1.0, 2.5] and frame["who.name"].to_list() == ["Ann", "Bob"]
    assert frame["who.more"].to_list() == ['{"x": 1}', None] and frame["late"].to_list() == [None, "x"]
    assert frame.schema["wave"] == pl.List(pl.Float64) and frame.schema["tags"] == pl.List(pl.String)
    assert frame.schema["xy"] == pl.List(pl.List(pl.Float64)) and frame.schema["ok"] == pl.Boolean


def test_json_in_other_shapes(tmp_path):
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"x": [1, 2], "y": ["a", "b"]}))
    assert open_table(path).frame.rows() == [(1, "a"), (2, "b")]
    path.write_text(json.dumps({"version": 1, "rows": [{"x": 1}, {"x": "mixed"}]}))
    assert open_table(path).frame["x"].to_list() == ["1", "mixed"]
    path.write_text('{"x": 1}\n{"x": 2}\n')
    assert open_table(path).frame["x"].to_list() == [1, 2]


def test_broken_lines_are_named_and_bounded(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text("".join(f'{{"x": {i}}}\n' for i in range(60)) + "{broken\n[1]\n")
    table = open_table(path)
    assert len(table) == 60 and any("line 61 (broken JSON" in n and "line 62 (a list" in n for n in table.notes)
    with pytest.raises(DataError, match="line 61"):
        open_table(path, limits=LimitsConfig(max_damaged=0.01))


@pytest.mark.parametrize("text", ["", "[]", "[1, 2]", '{"a": 1}', '[{"a": 1}', "[" * 100_000, "[{}]"])
def test_json_that_holds_no_rows(tmp_path, text):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(DataError):
        open_table(tmp_path / "t.json")


@pytest.mark.parametrize("form", ["parquet", "arrow", "feather"])
def test_columnar_files(tmp_path, form):
    media = [{"bytes": PNG, "path": "a.png"}, {"bytes": PNG, "path": None}]
    frame = pl.DataFrame(
        {"x": [1, 2], "c": pl.Series(["a", "b"], dtype=pl.Categorical), "image": media, "w": [[1, 2], [3]]}
    )
    path = tmp_path / f"t.{form}"
    frame.write_parquet(path) if form == "parquet" else frame.write_ipc(path)
    table = open_table(path)
    assert table.frame.schema == {"x": pl.Int64, "c": pl.String, "image": pl.Binary, "w": pl.List(pl.Float64)}
    assert table.hints["image"]["modality"] == "image" and table.frame["image"][0] == PNG
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match="damaged"):
        open_table(path)
    path.write_bytes(b"hello")
    with pytest.raises(DataError, match="neither parquet nor arrow"):
        open_table(path)


def test_media_named_by_a_columnar_file(tmp_path):
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips/a.wav").write_bytes(b"x")
    pl.DataFrame(
        {"audio": [{"bytes": None, "path": "a.wav"}], "y": [1]},
        schema_overrides={"audio": pl.Struct({"bytes": pl.Binary, "path": pl.String})},
    ).write_parquet(tmp_path / "t.parquet")
    table = open_table(tmp_path / "t.parquet")
    assert (
        table.frame["audio"].to_list() == [str(tmp_path / "clips/a.wav")]
        and table.hints["audio"]["modality"] == "audio"
    )


def test_polars_eager_and_lazy():
    frame = pl.DataFrame({"x": [1, 2], "s": [{"a": 1}, {"a": 2}], "d": pl.Series([1, 2], dtype=pl.Decimal(10, 2))})
    for data in (frame, frame.lazy()):
        assert open_table(data).frame.schema == {"x": pl.Int64, "s.a": pl.Int64, "d": pl.Float64}


def test_pandas():
    pd = pytest.importorskip("pandas")
    data = pd.DataFrame(
        {
            "n": [1.5, float("nan")],
            "t": ["a", None],
            "m": [1, "x"],
            "c": pd.Categorical(["u", "v"]),
            7: [True, False],
            "when": pd.to_datetime(["2024-01-01", "2024-01-02"]),
        }
    )
    frame = open_table(data).frame
    assert frame.columns == ["n", "t", "m", "c", "7", "when"] and frame["n"].to_list() == [1.5, None]
    assert (
        frame["m"].to_list() == ["1", "x"] and frame.schema["c"] == pl.String and frame["7"].to_list() == [True, False]
    )
    assert open_table(data.rename_axis("key")).frame.columns[0] == "key"
    assert len(set(open_table(pd.DataFrame([[1, 2]], columns=["a", "a"])).frame.columns)) == 2


def test_pandas_without_pyarrow_names_what_to_install(monkeypatch):
    pd = pytest.importorskip("pandas")
    data = pd.DataFrame({"x": [1.5, 2.5]})
    monkeypatch.setattr(pl, "from_pandas", lambda *_, **__: __import__("no_such_library"))
    with pytest.raises(UserError) as caught:
        open_table(data)
    assert ".[arrow]" in caught.value.fix


def test_pyarrow():
    pa = pytest.importorskip("pyarrow")
    assert open_table(pa.table({"x": [1, 2], "c": pa.array(["a", "b"]).dictionary_encode()})).frame.rows() == [
        (1, "a"),
        (2, "b"),
    ]


def test_hugging_face_datasets():
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    data = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    assert open_table(data).frame["label"].to_list() == ["yes", "no"]
    table = open_table(datasets.DatasetDict({"train": data, "validation": data, "unsupervised": data}))
    assert table.frame["split"].to_list() == ["train", "train", "val", "val"]


def test_dictionary_of_columns():
    x = np.random.default_rng(0).integers(0, 256, (3, 4, 5)).astype(np.uint8)
    frame = open_table(
        {"image": x, "wave": np.ones((3, 7)), "multi": np.ones((3, 2, 7)), "y": [0, 1, None], "s": ["a", "b", "c"]}
    ).frame
    assert frame.schema["image"] == pl.Array(pl.UInt8, (4, 5)) and (frame["image"].to_numpy() == x).all()
    assert frame.schema["wave"] == pl.List(pl.Float64) and frame.schema["multi"] == pl.List(pl.List(pl.Float64))
    assert frame["y"].to_list() == [0, 1, None]


def test_list_of_dictionaries_keeps_nan_and_big_numbers():
    frame = open_table([{"x": math.nan, "big": 2**70}, {"x": 1, "b": 1}]).frame
    assert math.isnan(frame["x"][0]) and frame["big"].to_list() == [float(2**70), None]


@pytest.mark.parametrize("data", [3.5, object(), [], [1, 2], b"abc"])
def test_things_that_are_no_table(data):
    with pytest.raises(UserError, match="is no table"):
        open_table(data)


def test_python_tables_that_cannot_be_used():
    with pytest.raises(DataError, match="different lengths"):
        open_table({"a": [1], "b": [1, 2]})
    with pytest.raises(DataError, match="no rows"):
        open_table({"a": []})
    with pytest.raises(DataError, match="single int"):
        open_table({"a": 1})
