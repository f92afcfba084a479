"""Damage of any kind ends in words for the user: no source lets another exception out."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engineroom.core.errors import UserError
from engineroom.core.table import Table
from engineroom.data.loading import open_table

CSV = b'a,b,c\n1,"x, y",2.5\n3,z,NA\n4,"say ""hi""",7\n'
TS = b"@timeStamps false\n@classLabel true a b\n@data\n1,2:3,4:a\n5,?:7,8:b\n"
JSON = b'[{"a": 1, "b": {"c": [1, 2]}}, {"a": "x", "b": {"c": [3]}}]'


def packed(kind):
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("t.csv", CSV)
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            info = tarfile.TarInfo("t.csv")
            info.size = len(CSV)
            archive.addfile(info, io.BytesIO(CSV))
    return buffer.getvalue()


def columnar(write):
    buffer = io.BytesIO()
    write(pl.DataFrame({"x": [1, 2], "s": ["a", "b"], "l": [[1.0], [2.0, 3.0]]}), buffer)
    return buffer.getvalue()


WHOLE = {
    "t.csv": CSV, "t.tsv": CSV.replace(b",", b"\t"), "t.txt": b"1 2 3\n4 5 6\n", "t.csv.gz": gzip.compress(CSV),
    "t.jsonl": b'{"a": 1}\n{"a": [1, 2]}\n', "t.json": JSON, "t.ts": TS, "t.csv.zst": b"\x28\xb5\x2f\xfd" + CSV,
    "t.zip": packed("zip"), "t.tar.gz": packed("tar"),
    "t.parquet": columnar(pl.DataFrame.write_parquet), "t.arrow": columnar(pl.DataFrame.write_ipc),
    "train-images-idx3-ubyte": struct.pack(">HBB3I", 0, 8, 3, 2, 2, 2) + bytes(8),
}  # fmt: skip


def survives(path):
    try:
        table = open_table(path)
    except UserError as error:
        assert error.what
    else:
        assert isinstance(table, Table) and len(table) > 0


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_random_bytes_under_every_ending(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    survives(tmp_path / name)


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), put=st.binary(max_size=8), cut=st.booleans())
def test_whole_files_with_bytes_exchanged_or_cut_off(tmp_path, name, place, put, cut):
    data = WHOLE[name]
    at = int(place * len(data))
    (tmp_path / name).write_bytes(data[:at] + put + (b"" if cut else data[at + len(put) :]))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(struct.pack(">HBB1I", 0, 8, 1, 2) + bytes(2))
    survives(tmp_path / name)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["a", "b", "a.b", "bytes", "path", ""]), JSON_VALUES, max_size=4), max_size=4
    )
)
def test_any_objects_at_all(rows):
    try:
        assert len(open_table(rows)) == len(rows)
    except UserError as error:
        assert error.what
