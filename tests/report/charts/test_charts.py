"""Charts: whatever the data, an SVG that is small, the same every time, free of the page's names and ready for light and dark."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from engineroom.report.charts.canvas import breadth, compact, short
from engineroom.report.charts.charts import CHARTS, draw, window

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '<script>alert("x")</script> & $x^2$ \x00\x1b\n日本語 \ud800'
MANY = [f"{i} {EVIL}" for i in range(151)]
RNG = np.random.default_rng(0)
BIG = {
    "lines": {"x": EVIL, "y": "v", "series": [{"name": EVIL, "x": list(range(20_000)), "y": RNG.normal(size=20_000).tolist()} for _ in range(20)]},
    "bars": {"labels": MANY, "y": EVIL, "series": [{"name": n, "values": RNG.integers(0, 99, 151).tolist()} for n in "abc"]},
    "histogram": {"x": EVIL, "edges": list(range(201)), "series": [{"name": n, "counts": RNG.integers(0, 99, 200).tolist()} for n in "ab"]},
    "scatter": {"x": EVIL, "y": EVIL, "points": RNG.normal(size=(50_000, 2)).tolist(), "diagonal": True},
    "matrix": {"rows": MANY, "columns": MANY, "values": RNG.integers(0, 9, (151, 151)).tolist(), "x": EVIL, "y": EVIL, "share": "rows"},
    "intervals": {"metric": EVIL, "rows": [{"name": n, "value": 0.5, "low": 0.4, "high": 0.6} for n in MANY]},
}  # fmt: skip
ODD = [None, float("nan"), float("inf"), -1e308, 1e308, 0.0, 5e-324, 2.0]
STRANGE = {
    "lines": {"x": "", "y": "", "log_x": True, "log_y": True, "diagonal": True, "marks": [{"x": None, "label": "m"}, {"x": 1, "label": EVIL}],
              "series": [{"name": "a", "x": ODD, "y": ODD[::-1], "low": ODD, "high": ODD}, {"name": "b", "x": [1, 2, 3], "y": [1]}, {"name": "c", "x": [], "y": []}]},
    "bars": {"labels": [EVIL] * 8, "y": "", "series": [{"name": "a", "values": ODD, "low": ODD, "high": ODD}, {"name": "b", "values": [1, 2, 3, None, 5, 6, 7, 8]}]},
    "histogram": {"x": "", "edges": [1, 1, 1], "series": [{"name": "a", "counts": [None, 3]}, {"name": "b", "counts": [0, 0]}, {"name": "c", "counts": [1]}]},
    "scatter": {"x": "", "y": "", "points": [[a, b] for a in ODD for b in ODD]},
    "matrix": {"rows": ["a", EVIL], "columns": ["a", EVIL], "values": [[0, None], [float("nan"), 3]], "x": "", "y": ""},
    "intervals": {"metric": "", "rows": [{"name": EVIL, "value": v, "low": None} for v in ODD]},
}  # fmt: skip
EMPTY = {
    "lines": {"series": [{"name": "a", "x": [1], "y": [None]}]},
    "bars": {"labels": ["a"], "series": [{"name": "a", "values": [float("nan")]}]},
    "histogram": {"edges": [0, None], "series": [{"name": "a", "counts": [1]}]},
    "scatter": {"points": [[None, 1]]},
    "matrix": {"rows": [], "columns": [], "values": []},
    "intervals": {"metric": "m", "rows": []},
}


def shapes(drawn: str) -> ElementTree.Element:
    """All SVGs as one tree: each must be well-formed."""
    return ElementTree.fromstring(f"<all>{''.join(re.findall(r'<svg.*?</svg>', drawn, re.DOTALL))}</all>")


def texts(drawn: str) -> list[str]:
    """What is written in a chart, without what only the pointer shows."""
    return ["".join([t.text or "", *(inner.tail or "" for inner in t)]) for t in shapes(drawn).iter(f"{SVG}text")]


def tips(drawn: str) -> list[str]:
    return [t.text or "" for t in shapes(drawn).iter(f"{SVG}title")]


@pytest.mark.parametrize("kind", list(CHARTS))
def test_much_hostile_data_makes_a_small_harmless_chart(kind: str) -> None:
    drawn = draw(kind, BIG[kind], EVIL)
    assert len(drawn) < 60_000 and "<script" not in drawn and "\x00" not in drawn
    shapes(drawn)
    assert draw(kind, BIG[kind], EVIL) == drawn


@pytest.mark.parametrize("kind", list(CHARTS))
def test_odd_numbers_are_left_out_and_the_rest_is_drawn(kind: str) -> None:
    drawn = draw(kind, STRANGE[kind], EVIL)
    shapes(drawn)
    assert "nan" not in drawn and "inf" not in re.sub(r'aria-label="[^"]*"', "", drawn)


@pytest.mark.parametrize("kind", list(CHARTS))
def test_nothing_to_draw_is_said(kind: str) -> None:
    assert draw(kind, EMPTY[kind], "t") == '<p class="empty">Nothing to draw: no numbers came in.</p>'


@pytest.mark.parametrize("kind", list(CHARTS))
def test_a_chart_leaves_page_and_user_alone(kind: str) -> None:
    before = dict(mpl.rcParams)
    drawn = draw(kind, BIG[kind], "t")
    assert dict(mpl.rcParams) == before
    assert "<style" not in drawn and not re.search(r'id="(figure|axes|text|patch)', drawn)
    assert "font-family" not in drawn and "DejaVu" not in drawn


@pytest.mark.parametrize("kind", list(CHARTS))
def test_colours_are_the_page_s_own(kind: str) -> None:
    drawn = draw(kind, BIG[kind], "t")
    assert "var(--" in drawn and set(re.findall(r"#[0-9a-f]{6}\b", drawn)) <= {"#000000"}


def test_many_bars_show_the_largest() -> None:
    drawn = draw(
        "bars",
        {"labels": [f"n{i}" for i in range(100)], "series": [{"name": "a", "values": list(range(100))}], "y": ""},
        "t",
    )
    assert "The 30 largest of 100." in drawn and {"n99", "n70"} <= set(texts(drawn)) and "n69" not in texts(drawn)


def test_many_classes_become_a_picture_and_their_worst_pairs() -> None:
    values = np.eye(60) * 9
    values[3, 5] = 7
    names = [f"n{i}" for i in range(60)]
    drawn = draw("matrix", {"rows": names, "columns": names, "values": values.tolist(), "x": "said", "y": "true"}, "t")
    assert (
        "data:image/png;base64" in drawn
        and "<b>n3</b> taken for <b>n5</b> <span>7×</span>" in drawn
        and "n3" not in texts(drawn)
    )
    few = draw(
        "matrix", {"rows": names[:4], "columns": names[:4], "values": values[:4, :4].tolist(), "x": "", "y": ""}, "t"
    )
    assert "data:image" not in few and {"n3", "9"} <= set(texts(few))


def test_a_diagonal_makes_both_axes_alike() -> None:
    line = {"x": "x", "y": "y", "series": [{"name": "a", "x": [0.2, 0.4], "y": [0.8, 0.9]}]}
    plain, square = draw("lines", line, "t"), draw("lines", {**line, "diagonal": True}, "t")
    assert "0.9" in texts(plain) and plain != square
    ticks = [t for t in texts(square) if t not in "xy"]
    assert len(ticks) - len(set(ticks)) >= 3, "the same ticks on both axes"


def test_cells_carry_numbers_up_to_thirty_classes() -> None:
    for size, picture in ((30, False), (31, True)):
        names = [f"n{i}" for i in range(size)]
        values = (np.eye(size) * 12_345 + 1170).tolist()
        drawn = draw("matrix", {"rows": names, "columns": names, "values": values, "x": "", "y": ""}, "t")
        assert ("data:image/png" in drawn) is picture and ("n29" in texts(drawn)) is not picture
        assert ({"1170", "13.5k"} <= set(texts(drawn))) is not picture


def test_a_name_that_was_cut_is_whole_under_the_pointer() -> None:
    names = [f"{'long ' * 9}{i} <b>" for i in range(3)] + ["short"]
    drawn = draw(
        "bars", {"labels": names, "series": [{"name": n, "values": [1, 2, 3, 4]} for n in names[:2]], "y": ""}, "t"
    )
    assert tips(drawn) == names[:3], "each its own, though all are cut to the same"
    assert f'title="{"long " * 9}1 &lt;b&gt;"' in drawn, "in the legend, too"
    square = draw("matrix", {"rows": names, "columns": names, "values": np.eye(4).tolist(), "x": "", "y": ""}, "t")
    assert tips(square) == names[:3] * 2


def test_few_bars_tell_their_numbers() -> None:
    few = {
        "labels": ["p", "q"],
        "y": "",
        "series": [{"name": "a", "values": [0.98765, -0.25]}, {"name": "b", "values": [None, 0.5]}],
    }
    assert {"0.988", "−0.250", "0.500"} <= set(texts(draw("bars", few, "t")))
    counts = {"labels": ["p", "q"], "y": "", "series": [{"name": "a", "values": [12_345, 7]}]}
    assert {"12,345", "7"} <= set(texts(draw("bars", counts, "t")))
    many = {
        "labels": [f"l{i}" for i in range(12)],
        "y": "",
        "series": [{"name": n, "values": [12_345] * 12} for n in "abc"],
    }
    assert "12,345" not in texts(draw("bars", many, "t")), "where they would touch they are left out"


def test_many_bars_stand_in_two_panels_of_one_scale() -> None:
    data = {
        "labels": [f"n{i}" for i in range(20)],
        "series": [{"name": "a", "values": [1000 - 50 * i for i in range(20)]}],
        "y": "rows",
    }
    drawn = draw("bars", data, "t")
    assert drawn.count("<svg role") == 2 and texts(drawn).count("1,000") >= 2, "the ticks of the larger in both"


def test_the_users_own_style_does_not_show() -> None:
    for kind in CHARTS:
        plain = draw(kind, BIG[kind], "t")
        with mpl.rc_context(
            {
                "axes.grid": True,
                "xtick.labelsize": 30,
                "patch.linewidth": 9,
                "lines.linewidth": 9,
                "axes.facecolor": "red",
            }
        ):
            assert draw(kind, BIG[kind], "t") == plain


def test_words_that_look_like_markup_of_ours_stay_as_they_are() -> None:
    names = ["#010203", 'id="m1"', "url(#p1)", "font-family: x;"]
    drawn = draw("bars", {"labels": names, "series": [{"name": "a", "values": [1, 2, 3, 4]}], "y": ""}, "t")
    assert set(names) <= set(texts(drawn)) and tips(drawn) == []


def test_points_near_one_corner_keep_readable_axes() -> None:
    line = {"x": "said", "y": "true", "diagonal": True, "series": [{"name": "a", "x": [0.99998, 1.0], "y": [1.0, 1.0]}]}
    assert max(map(len, texts(draw("lines", line, "t")))) <= 5, "0.985, not 0.999985"


def test_intervals_bands_dashes_and_marks_are_drawn() -> None:
    series = {"name": "a", "x": [1, 2], "y": [1, 2]}
    plain = draw("lines", {"x": "", "y": "", "series": [series]}, "t")
    for more in ({"low": [0, 1], "high": [2, 3]}, {"dashed": True}):
        assert draw("lines", {"x": "", "y": "", "series": [series | more]}, "t") != plain
    assert "best" in texts(
        draw("lines", {"x": "", "y": "", "series": [series], "marks": [{"x": 2, "label": "best"}]}, "t")
    )
    bar = {"name": "a", "values": [1, 2]}
    whisked = {"labels": ["p", "q"], "y": "", "series": [bar | {"low": [0, 1], "high": [2, 3]}]}
    assert draw("bars", whisked, "t") != draw("bars", {"labels": ["p", "q"], "y": "", "series": [bar]}, "t")


def test_a_legend_where_there_is_something_to_tell_apart() -> None:
    one = {"name": "first", "x": [1, 2], "y": [1, 2]}
    assert "legend" not in draw("lines", {"x": "", "y": "", "series": [one]}, "t")
    two = draw("lines", {"x": "", "y": "", "series": [one, one | {"name": "<b>", "dashed": True}]}, "t")
    assert '<li class="c1">first</li>' in two and '<li class="c2 dashed">&lt;b&gt;</li>' in two


def test_names_are_cut_to_columns_and_numbers_to_a_few_characters() -> None:
    assert (
        short("a\n b\x00  c") == "a b c"
        and short("abcdef", 4) == "abc…"
        and short("日本語", 4) == "日…"
        and short("") == ""
    )
    assert breadth("日本a") == 5
    assert [compact(v) for v in (0, 1200, 25_000, -1.5e6, 3e9, 1e-5, 0.1 + 0.2, 1e20)] == ["0", "1,200", "25k", "−1.5M", "3G", "1e−05", "0.3", "1e+20"]  # fmt: skip


def test_a_model_far_off_leaves_the_axis_to_those_that_are_compared() -> None:
    near, far = np.array([[0.95, 0.98], [0.97, 0.99]]), np.array([[0.08, 0.12]])
    low, high = window(np.concatenate([near, far]))
    assert 0.9 < low < 0.95 and 0.99 < high < 1.0
    assert window(np.concatenate([near, far + 0.86])) == window(near) == window(near[:1]) == (-np.inf, np.inf)
    rows = [
        {"name": n, "value": v, "low": v - 0.01, "high": v + 0.01}
        for n, v in (("deep", 0.97), ("baseline", 0.98), ("dummy", 0.1))
    ]
    svg = draw("intervals", {"metric": "accuracy", "rows": rows}, "t")
    assert ">0.98" in svg and ">0.25<" not in svg and ">0.10" in svg
