"""Who is taken for whom, drawn: cells with numbers while names fit, a picture and the commonest mistakes in words
beyond."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import numpy as np

from .canvas import BAD, FAINT, GOOD, HEIGHT, WIDTH, NothingToDraw, breadth, column, compact, figure, finish, short, tip

# rows or columns: at half the page's width; with numbers; in a picture
MOST_HALF, MOST_CELLS, MOST_PIXELS = (10, 30, 300)
NAME, PAIR_NAME = 16, 44  # columns of a name


def matrix(data: Mapping[str, Any]) -> str:
    values = counts(data)
    if not values.size:
        raise NothingToDraw
    most = values.sum(1, keepdims=True) if data.get("share") == "rows" else values.max(keepdims=True)
    share = np.clip(values / np.where(most > 0, most, 1), 0, 1)
    return heat(values, share, data) if max(values.shape) > MOST_CELLS else cells(values, share, data)


def cells(values: np.ndarray, share: np.ndarray, data: Mapping[str, Any]) -> str:
    """A matrix with a number in each cell and a name at each row and column."""
    from matplotlib.patches import Rectangle

    rows, columns = values.shape
    names = [short(c, NAME) for c in data["columns"]]
    wide = max(rows, columns) > MOST_HALF
    turned = max(breadth(name) for name in names) > (96 if wide else 38) / columns
    fig, ax = figure(9.0 if wide else WIDTH, max(HEIGHT, 0.3 * rows + (1.5 if turned else 0.8)))
    room = (920 if wide else 380) / columns  # a cell's width over that of a digit
    for row, place in np.ndindex(rows, columns):
        if values[row, place] <= 0:
            continue
        colour = GOOD if row == place else BAD
        strength = 0.12 + 0.88 * float(share[row, place])
        ax.add_patch(Rectangle((place - 0.48, row - 0.48), 0.96, 0.96, facecolor=colour, alpha=strength, linewidth=0))
        text = format_value(float(values[row, place]))
        size = min(11 if columns <= 7 else 9.5, room / len(text))
        ax.text(place, row, text, ha="center", va="center_baseline", fontsize=size)
    ax.set_xlim(-0.5, columns - 0.5)
    ax.set_ylim(rows - 0.5, -0.5)
    ax.set_xticks(
        range(columns), names, rotation=40 if turned else 0, ha="right" if turned else "center", rotation_mode="anchor"
    )
    ax.set_yticks(range(rows), [short(r, NAME) for r in data["rows"]])
    ax.set_xlabel(short(data.get("x", ""), 40))
    ax.set_ylabel(short(data.get("y", ""), 40))
    ax.spines[:].set_visible(False)
    return finish(fig, [(name, NAME) for name in (*data["columns"], *data["rows"])])


def format_value(value: float) -> str:
    """A count that fits a cell: 804 · 1170 · 12.3k."""
    return f"{value:.4g}" if value < 10_000 else compact(float(f"{value:.3g}"))


def heat(values: np.ndarray, share: np.ndarray, data: Mapping[str, Any]) -> str:
    """A large matrix as a small picture, and the most confused pairs beside it: it cannot carry names."""
    blocks = -(-max(values.shape) // MOST_PIXELS)  # cells a pixel side; the strongest of a block shows
    pixels = np.zeros((-(-values.shape[0] // blocks), -(-values.shape[1] // blocks), 4))
    for row, place in zip(*np.nonzero(values), strict=True):
        spot, strength = pixels[row // blocks, place // blocks], 0.25 + 0.75 * share[row, place]
        if strength > spot[3]:
            spot[:] = (*((0.09, 0.56, 0.51) if row == place else (0.85, 0.42, 0.12)), strength)
    fig, ax = figure(WIDTH, WIDTH * 0.94)
    ax.imshow(pixels, interpolation="none", aspect="auto", extent=(0, values.shape[1], values.shape[0], 0))
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_xlabel(f"{short(data.get('x', ''), 40)} →")
    ax.set_ylabel(f"← {short(data.get('y', ''), 40)}")
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color(FAINT)
    return f'<div class="heat">{finish(fig)}{describe_confusions(data)}</div>'


def describe_confusions(data: Mapping[str, Any], most: int = 12) -> str:
    """The pairs that are mistaken most often, in words."""
    off = counts(data)
    np.fill_diagonal(off, 0)
    items = ""
    for place in np.argsort(-off.ravel(), kind="stable")[:most]:
        row, said = divmod(int(place), off.shape[1])
        if off[row, said] > 0:
            names = [
                f"<b{tip(name, PAIR_NAME)}>{html.escape(short(name, PAIR_NAME))}</b>"
                for name in (data["rows"][row], data["columns"][said])
            ]
            items += f"<li>{names[0]} taken for {names[1]} <span>{compact(off[row, said])}×</span></li>"
    return f'<div class="pairs"><h4>Most often mistaken</h4><ol>{items}</ol></div>' if items else ""


def counts(data: Mapping[str, Any]) -> np.ndarray:
    """(rows, columns) float64 without gaps."""
    return np.stack([np.nan_to_num(column(row)) for row in data["values"]]) if data["values"] else np.zeros((0, 0))
