"""How text tables are written: separators, quotes, comments, titles, encodings. Values are compared with the plain
table's."""

from __future__ import annotations

import csv
import io

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engineroom.core.config import FormatConfig, LimitsConfig
from engineroom.core.errors import DataError, UserError
from engineroom.data.loading import open_table

NAMES = ["nr", "height", "sex", "weight"]


def rows(count=60):
    rng = np.random.default_rng(0)
    return [
        [str(i + 1), str(int(h)), "mw"[i % 2], f"{w:.1f}"]
        for i, (h, w) in enumerate(zip(rng.normal(170, 9, count), rng.normal(70, 9, count)))
    ]


def lines(table, delimiter=","):
    return [delimiter.join(row) for row in [NAMES, *table]]


@pytest.fixture
def write(tmp_path):
    def written(text, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return written


def assert_plain(table, count=60):
    assert table.frame.columns == NAMES
    assert table.frame.height == count
    wanted = rows(count)
    assert table.frame["weight"].to_list() == [float(row[3]) for row in wanted]
    assert table.frame["sex"].to_list() == [row[2] for row in wanted]
    assert table.frame["nr"].dtype == pl.Int64


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_line_that_names_the_delimiter_is_no_row(write, delimiter, quote):
    text = "\n".join([f"{quote}sep={delimiter}{quote}", *lines(rows(), delimiter)])
    table = open_table(write(text))
    assert_plain(table)
    assert any("names the delimiter" in note for note in table.notes)


@pytest.mark.parametrize(
    "above",
    [
        ["Export of clinic A"],
        ["Export of clinic A", "Created: 2024-03-01", ""],
        ["Report,,,", "period: 2024,,,", ",,,"],
        ["one, two"],
        [f"remark {i}" for i in range(30)],
    ],
)
def test_titles_above_the_header_are_no_rows(write, above):
    table = open_table(write("\n".join([*above, *lines(rows())])))
    assert_plain(table)
    assert any("above the header" in note and "--header-row" in note for note in table.notes)


@pytest.mark.parametrize("sign", ["#", "%", "//"])
def test_comments_are_no_rows(write, sign):
    text = lines(rows())
    text.insert(20, f"{sign} calibrated anew")
    table = open_table(write("\n".join([f"{sign} made by logger v2", f"{sign} unit: kg, cm", *text])))
    assert_plain(table)
    assert table.gaps == ()
    assert any("comments" in note for note in table.notes)


def test_a_header_that_begins_with_a_sign_stays_a_header(write):
    table = open_table(write("#chrom,pos\n1,5\n2,6\n3,7\n"))
    assert table.frame.columns == ["#chrom", "pos"]
    assert table.frame.height == 3


@pytest.mark.parametrize("named", [True, False])
def test_a_delimiter_at_the_end_of_each_row_makes_no_column(write, named):
    text = lines(rows())
    table = open_table(write("\n".join([text[0] + "," * named, *(line + "," for line in text[1:])])))
    assert_plain(table)
    assert any("ends in a delimiter" in note for note in table.notes)


def test_row_names_without_a_heading_are_still_row_names(write):
    text = lines(rows())
    table = open_table(write("\n".join([text[0], *(f"p{i},{line}" for i, line in enumerate(text[1:]))])))
    assert table.frame.columns == ["row", *NAMES]
    assert any("row names" in note for note in table.notes)


def test_one_decimal_comma_a_row_is_no_delimiter(write):
    table = open_table(write("\n".join(line.replace(".", ",") for line in lines(rows(), ";"))))
    assert_plain(table)


TEXTS = ["plain", "a, b and c", 'said "hello, you" and left', "it's, well, fine", "", "back\\slash", "line\nbreak, too"]


@pytest.mark.parametrize("style", ["doubled", "backslash", "single"])
def test_every_way_of_quoting(write, style):
    texts = [text.replace("\\", "/") if style == "backslash" else text for text in TEXTS * 10]
    if style == "single":
        texts = [text.replace('"', "").replace("\n", " ") for text in texts]
    out = io.StringIO()
    if style == "doubled":
        writer = csv.writer(out, lineterminator="\n")
    elif style == "backslash":
        writer = csv.writer(out, lineterminator="\n", doublequote=False, escapechar="\\", quoting=csv.QUOTE_NONNUMERIC)
    else:
        writer = csv.writer(out, lineterminator="\n", quotechar="'", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(["text", "a"])
    writer.writerows([[text, i] for i, text in enumerate(texts)])
    frame = open_table(write(out.getvalue())).frame
    assert frame["text"].to_list() == [text or None for text in texts]
    assert frame["a"].to_list() == list(range(len(texts)))


CITIES = {
    "cp1251": ["Москва", "Екатеринбург", "Нижний Новгород"],
    "koi8-r": ["Москва", "Казань", "Омск"],
    "cp1253": ["Αθήνα", "Θεσσαλονίκη", "Πάτρα"],
    "shift_jis": ["東京", "大阪", "名古屋"],
    "gb18030": ["北京", "上海", "广州"],
    "big5": ["臺北", "高雄", "臺中"],
    "euc_kr": ["서울", "부산", "대구"],
    "cp1256": ["القاهرة", "بيروت", "دمشق"],
    "cp1250": ["Łódź", "Kraków", "Świdnica"],
    "cp1252": ["Köln", "München", "Zürich"],
    "utf-16": ["Köln", "東京", "Москва"],
    "utf-16-le": ["Köln", "Bonn", "Ulm"],
    "utf-32": ["Köln", "東京", "Москва"],
}


@pytest.mark.parametrize("encoding", CITIES)
@pytest.mark.parametrize("before", [0, 3000])
def test_every_encoding(write, encoding, before):
    """`before`: so many lines of plain ASCII come first; one late letter decides."""
    cities = ["Rome"] * before + CITIES[encoding] * 20
    text = "city,people\n" + "".join(f"{city},{i}\n" for i, city in enumerate(cities))
    table = open_table(write(text.encode(encoding)))
    assert table.frame["city"].to_list() == cities
    if not encoding.startswith("utf"):
        assert any("--encoding" in note for note in table.notes)


def test_the_encoding_that_was_named_is_used_and_an_unknown_one_refused(write):
    path = write("город,a\nМосква,1\nМосква,2\n".encode("cp1251"))
    limits = LimitsConfig(format=FormatConfig(encoding="cp1252"))
    assert open_table(path, limits=limits).frame.columns[0] == "город".encode("cp1251").decode("cp1252")
    with pytest.raises(UserError, match="no encoding"):
        open_table(path, limits=LimitsConfig(format=FormatConfig(encoding="klingon")))
    limits = LimitsConfig(format=FormatConfig(encoding="cp1252"))
    table = open_table(write("stadt,a\nKöln,1\nUlm,2\n"), limits=limits)
    assert table.frame["stadt"][0] == "Köln"
    assert any("valid UTF-8" in note for note in table.notes)


def test_the_layout_that_was_named_is_used(write):
    text = "junk;1;2\nmore;3\na=b\n1=2\n3=4\n"
    limits = LimitsConfig(format=FormatConfig(delimiter="=", header_row=3))
    assert open_table(write(text), limits=limits).frame.rows() == [(1, 2), (3, 4)]
    limits = LimitsConfig(format=FormatConfig(header_row=0))
    assert open_table(write("a,b\nc,d\n"), limits=limits).frame.rows() == [("a", "b"), ("c", "d")]
    with pytest.raises(UserError, match="one character"):
        open_table(write(text), limits=LimitsConfig(format=FormatConfig(delimiter="ab")))


def test_a_refusal_shows_the_line_that_was_taken_for_the_header(write):
    text = "a,b\n" + "1,2\n" * 10 + "1,2,3\n" * 6
    with pytest.raises(DataError) as caught:
        open_table(write(text))
    assert "Line 1 was taken for the header: 'a,b'" in caught.value.why
    assert "--header-row" in caught.value.fix


def test_rows_that_cannot_be_read_keep_their_place(write):
    text = "a,b\n" + "1,2\n" * 40 + "1,2,3\n" + "\n" + "4,5\n" * 40 + "\n\n"
    table = open_table(write(text))
    assert table.frame.height == 80
    assert [place for place, _ in table.gaps] == [40, 41]
    assert "line 42" in table.gaps[0][1] and "line 43" in table.gaps[1][1]
    assert any("empty line" in note for note in table.notes)


def test_empty_cells_of_a_single_column_are_rows(write):
    table = open_table(write("a\n1\n\n3\n\n5\n6\n7\n8\n"))
    assert [place for place, _ in table.gaps] == [1, 3]


def test_line_ends_written_twice_are_no_rows(write):
    text = "\r\r\n".join(lines(rows())) + "\r\r\n"
    table = open_table(write(text.encode()))
    assert_plain(table)
    assert table.gaps == ()


cell = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12
).filter(lambda text: text.strip() == text and not text.replace("'", "").strip() == "")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(cells=st.lists(cell, min_size=12, max_size=30), delimiter=st.sampled_from([",", ";", "\t", "|"]))
def test_what_the_csv_module_writes_is_read(tmp_path, cells, delimiter):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["text", "number", "third"])
    writer.writerows([[text, i, "x"] for i, text in enumerate(cells)])
    path = tmp_path / "t.csv"
    path.write_text(out.getvalue(), "utf-8", newline="")
    frame = open_table(path).frame
    assert frame.height == len(cells)
    assert frame["number"].to_list() == list(range(len(cells)))
