"""Text tables: every way they are written, and every way they are broken."""

from __future__ import annotations

import csv
import gzip
import io
import sys

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engineroom.core.config import LimitsConfig
from engineroom.core.errors import DataError
from engineroom.data.loading import open_table
from engineroom.data.sources._text_tables import memory_map
from engineroom.data.sources._text_tables.dialect import MISSING


@pytest.fixture
def write(tmp_path):
    def written(text, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return written


ROWS = "age,city,price\n31,Köln,1.5\n45,Łódź,2\n,Zürich,?\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.txt", "t.data"])
def test_every_delimiter_under_every_ending(write, delimiter, name):
    frame = open_table(write(ROWS.replace(",", delimiter), name)).frame
    assert frame.schema == {"age": pl.Int64, "city": pl.String, "price": pl.Float64}
    assert frame.rows() == [(31, "Köln", 1.5), (45, "Łódź", 2.0), (None, "Zürich", None)]


def test_columns_of_blanks(write):
    frame = open_table(write("x   y  kind\n1   2.5  a\n 10 3    b\n-1\t4  a\n", "t.txt")).frame
    assert frame.rows() == [(1, 2.5, "a"), (10, 3.0, "b"), (-1, 4.0, "a")]


def test_decimal_comma(write):
    frame = open_table(write("name;x\na;1,5\nb;-2,25\nc;3\n")).frame
    assert frame["x"].to_list() == [1.5, -2.25, 3.0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_encodings(write, encoding):
    assert open_table(write(ROWS, encoding=encoding)).frame["city"].to_list() == ["Köln", "Łódź", "Zürich"]


def test_western_european_is_read_with_a_note(write):
    table = open_table(write("name,x\nCafé,1\nKöln,2\n", encoding="cp1252"))
    assert table.frame["name"].to_list() == ["Café", "Köln"]
    assert any("not UTF-8" in note for note in table.notes)


def test_a_few_broken_letters_are_no_other_encoding(write):
    table = open_table(write(b"name,x\n" + "Łódź Zürich Kraków,1\n".encode() * 50 + b"\xff,2\n"))
    assert table.frame["name"][0] == "Łódź Zürich Kraków" and table.frame["name"][-1] == "\ufffd"
    assert any("not UTF-8" in note for note in table.notes)


@pytest.mark.parametrize("packer", [gzip.compress, None])
def test_packed_tables(tmp_path, packer):
    if packer is None:
        (tmp_path / "plain.csv").write_text(ROWS, "utf-8")
        path = tmp_path / "t.csv.zst"
        try:
            pl.scan_csv(tmp_path / "plain.csv").sink_csv(path, compression="zstd")
        except TypeError:
            pytest.skip("this polars cannot write zstd")
    else:
        path = tmp_path / "t.csv.gz"
        path.write_bytes(packer(ROWS.encode()))
    table = open_table(path)
    assert table.name == "t" and table.frame["age"].to_list() == [31, 45, None]


def test_damaged_and_oversized_gzip(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(ROWS.encode() * 1000)[:-30])
    with pytest.raises(DataError, match="damaged"):
        open_table(path)
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 100_000))
    with pytest.raises(DataError, match="unpacks to more"):
        open_table(path, limits=LimitsConfig(archive_bytes=1000))


def test_blank_after_each_delimiter(write):
    frame = open_table(write('a, b, c\n1, ?, "x, y"\n2, 5, z\n3, 6, w\n')).frame
    assert frame.rows() == [(1, None, "x, y"), (2, 5, "z"), (3, 6, "w")]


def test_ragged_rows_are_named_and_skipped(write):
    good = "".join(f"{i},{i}\n" for i in range(98))
    path = write("a,b\n" + good + "1,2,3\n4\n")
    table = open_table(path)
    assert len(table) == 98
    assert any("line 100 (3 fields)" in note and "line 101 (1 fields)" in note for note in table.notes)
    assert [place for place, _ in table.skipped] == ["table.csv, line 100", "table.csv, line 101"]
    with pytest.raises(DataError, match=r"line 100 \(3 fields\)"):
        open_table(path, limits=LimitsConfig(max_damaged=0.01))


def test_a_quote_inside_a_field_and_a_quote_never_closed(write):
    assert open_table(write('a,b\n5" pipe,1\nplain,2\n"say ""hi""",3\n')).frame["a"].to_list() == [
        '5" pipe',
        "plain",
        'say "hi"',
    ]
    table = open_table(write('a\tb\n"open,\t1\nx\t2\ny\t3\nz\t4\n', "t.tsv"))
    assert table.frame["a"].to_list() == ['"open,', "x", "y", "z"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends(write, newline):
    text = "a,b\n1,x\n\n2,y\n".replace("\n", newline)
    assert open_table(write(text)).frame.rows() == [(1, "x"), (2, "y")]


def test_no_header(write):
    table = open_table(write("5.1,3.5,0\n4.9,3.0,1\n"))
    assert table.frame.columns == ["column_1", "column_2", "column_3"] and len(table) == 2
    assert any("no header" in note for note in table.notes)
    mixed = open_table(write("39,Private,0\n50,Private,0\n38,Private,1\n"))
    assert len(mixed) == 3 and mixed.frame.columns[0] == "column_1"
    assert open_table(write("0,1,2\n5,6,7\n8,9,9\n")).frame.columns == ["0", "1", "2"]  # numbered columns
    assert open_table(write("country,1990,1991\na,1,2\nb,3,4\n")).frame.columns == ["country", "1990", "1991"]


def test_headings_left_empty_are_numbered(write):
    assert open_table(write(",b\n0,x\n1,y\n")).frame.columns == ["column_1", "b"]
    assert open_table(write("b,c\nr1,1,2\nr2,3,4\n")).frame.columns == ["row", "b", "c"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        ("a,b\n", "no rows"),
        ("a,b\n1\n2\n3\n", "do not have the header's 2 fields"),
        (b"\x00\x01\x02\x03" * 50, "not a text table"),
    ],
)
def test_tables_that_cannot_be_used(write, text, what):
    with pytest.raises(DataError, match=what) as caught:
        open_table(write(text))
    assert caught.value.why


def test_large_tables_are_converted_once_and_mapped(write, tmp_path, monkeypatch):
    monkeypatch.setattr("engineroom.data.sources.delimited.LARGE", 1000)
    path = write("x,word\n" + "".join(f"{i / 7},w{i % 5}\n" for i in range(5000)))
    straight = open_table(path)
    cache = tmp_path / "cache"
    mapped = open_table(path, cache=cache)
    assert mapped.frame.equals(straight.frame) and len(list(cache.glob("*.arrow"))) == 1
    made = next(cache.glob("*.arrow")).stat().st_mtime_ns
    assert open_table(path, cache=cache).frame.equals(straight.frame)
    assert next(cache.glob("*.arrow")).stat().st_mtime_ns == made
    path.write_text("x,word\n" + "1,a\n" * 2000)
    assert len(open_table(path, cache=cache)) == 2000  # a changed file is converted anew


def test_without_pyarrow_large_tables_are_held_in_memory_and_it_is_said(tmp_path, monkeypatch):
    pl.DataFrame({"x": [1, 2]}).write_ipc(tmp_path / "t.arrow", compression="uncompressed")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    frame, notes = memory_map.mapped(tmp_path / "t.arrow")
    assert frame["x"].to_list() == [1, 2] and ".[arrow]" in notes[0]


CELL = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=12
).map(lambda text: text.replace("\r", ""))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8), delimiter=st.sampled_from([",", ";", "\t"]))
def test_what_the_csv_module_writes_comes_back(tmp_path, rows, delimiter):
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["kind", "first one", "second"], *[["word", *row] for row in rows]])
    path = tmp_path / f"t{'.tsv' if delimiter == chr(9) else '.csv'}"
    path.write_text(buffer.getvalue(), "utf-8")
    frame = open_table(path).frame
    assert frame.columns == ["kind", "first one", "second"] and frame.height == len(rows)
    for column, cells in zip(["first one", "second"], zip(*rows, strict=True), strict=True):
        if frame[column].dtype == pl.String:
            expected = [None if cell.strip() in MISSING - {"None"} else cell for cell in cells]
            assert [_bare(cell) for cell in frame[column].to_list()] == [_bare(cell) for cell in expected]


def _bare(cell):
    """Blanks at the ends are not kept where the file pads its delimiters."""
    return None if cell is None or not cell.strip() else cell.strip()


def test_a_quote_open_at_the_end_does_not_swallow_rows_in_silence(write):
    with pytest.raises(DataError, match="from line 4 on"):
        open_table(write('a,b\n1,x\n2,y\n3,"open\n4,z\n5,w\n'))


def test_names_that_polars_would_take_for_patterns(write, tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    path = write("*,^.*$,0\na.png,2,x\na.png,3,y\n")
    frame = open_table(path, test=path).frame
    assert frame.columns == ["*", "^.*$", "0", "split"] and frame.rows()[1][1:] == (3, "y", "train")


def test_names_that_repeat_are_numbered_and_said(write):
    table = open_table(write("a,b,a,,\n1,2,3,4,5\n6,7,8,9,0\n"))
    assert table.frame.columns == ["a", "b", "a_2", "column_4", "column_5"]
    assert any("a → a_2" in note for note in table.notes)


def test_duplicate_empty_and_numeric_names_are_told_apart(write):
    table = open_table(write("a,,a,7,a_2\n1,2,3,4,5\n6,7,8,9,10\n"))
    assert table.frame.columns == ["a", "column_2", "a_3", "7", "a_2"] and table.frame.row(0) == (1, 2, 3, 4, 5)
