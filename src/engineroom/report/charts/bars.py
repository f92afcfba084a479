"""Bars, drawn: standing while their names fit, lying beyond, in two panels where they are many; with numbers where
there is room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .canvas import (
    HEIGHT,
    INK,
    MOST_SERIES,
    SERIES,
    WIDTH,
    NothingToDraw,
    breadth,
    column,
    figure,
    finish,
    label,
    legend,
    short,
)

MOST_BARS, MOST_STANDING, MOST_PANEL = 30, 12, 16  # in all; upright; in one panel
# columns of names, of numbers that fit beside each other below and above standing bars
NAMES_WIDE, NUMBERS_WIDE = (44, 46)
NAME = 20  # columns of one name
HUGE, TINY = 1e9, 1e-4  # beyond them a number is told by its power of ten


def bars(data: Mapping[str, Any]) -> str:
    labels, series = list(data["labels"]), data["series"][:MOST_SERIES]
    values = (
        np.stack([column(one["values"][: len(labels)]) for one in series]) if series and labels else np.empty((0, 0))
    )
    if not np.isfinite(values).any():
        raise NothingToDraw
    order = np.arange(len(labels))
    if len(labels) > MOST_BARS:
        order = np.argsort(-np.nansum(values, 0), kind="stable")[:MOST_BARS]
    lying = len(order) > MOST_STANDING or sum(breadth(short(labels[i], NAME)) + 2 for i in order) > NAMES_WIDE
    ends = np.stack([whiskers(one, own) for one, own in zip(series, values, strict=True)])
    said = numbers(values[:, order], lying=lying)
    panels = []
    for part in np.array_split(np.arange(len(order)), 2 if len(order) > MOST_PANEL else 1):
        names, own = [labels[i] for i in order[part]], [row[part[0] : part[-1] + 1] for row in said]
        panels.append((*panel(names, values[:, order[part]], ends[:, :, order[part]], said=own, lying=lying), names))
    drawn = "".join(
        finish(fig, [(name, NAME) for name in names])
        for fig, _, names in one_scale(panels, str(data.get("y", "")), lying=lying)
    )
    rest = f'<p class="aside">The {MOST_BARS} largest of {len(labels):,}.</p>' if len(labels) > MOST_BARS else ""
    return (
        legend([(one["name"], i, False) for i, one in enumerate(series)])
        + (f'<div class="panels">{drawn}</div>' if len(panels) > 1 else drawn)
        + rest
    )


def one_scale(panels: list[tuple[Any, Any, list[Any]]], unit: str, *, lying: bool) -> list[tuple[Any, Any, list[Any]]]:
    """The same panels with named axes; bars of one length mean one number in all of them."""
    limits = np.array([ax.get_xlim() for _, ax, _ in panels])
    for _, ax, _ in panels:
        label(ax, unit if lying else "", "" if lying else unit, grid="x" if lying else "y")
        ax.set_xlim(limits.min(), limits.max())
    return panels


def panel(
    names: list[Any], values: np.ndarray, ends: np.ndarray, *, said: list[list[str]], lying: bool
) -> tuple[Any, Any]:
    """(figure, axes) with bars of (series, bars) values, whiskers of (series, 2, bars) ends, and what is `said` at
    each."""
    count, size = values.shape
    fig, ax = figure(WIDTH, max(1.6, (0.11 + 0.1 * count) * size + 0.6) if lying else HEIGHT)
    place, thick = np.arange(size), 0.78 / count
    for i, own in enumerate(values):
        shift = place + (i - (count - 1) / 2) * thick
        bar(ax, shift, np.nan_to_num(own), thick * 0.86, colour=SERIES[i % len(SERIES)], lying=lying)
        draw_whiskers(ax, shift, ends[i], lying=lying)
        if said:
            say(ax, shift, own, ends[i], said[i], lying=lying)
    if (values < 0).any() and said:
        ax.margins(**{"x" if lying else "y": 0.14})  # numbers stand below the lowest bar, too
    shown = [short(name, NAME) for name in names]
    if lying:
        ax.set_yticks(place, shown)
        ax.set_ylim(size - 0.4, -0.6)
    else:
        ax.set_xticks(place, shown)
    return fig, ax


def bar(ax: Any, place: np.ndarray, values: np.ndarray, thick: float, *, colour: str, lying: bool) -> None:
    if lying:
        ax.barh(place, values, thick, color=colour)
    else:
        ax.bar(place, values, thick, color=colour)


def whiskers(one: Mapping[str, Any], values: np.ndarray) -> np.ndarray:
    """(2, bars) lower and upper end of each bar's interval, NaN where there is none."""
    ends = np.full((2, len(values)), np.nan)
    if one.get("low") and one.get("high"):
        low, high = column(one["low"]), column(one["high"])
        size = min(len(values), len(low), len(high))
        ends[:, :size] = np.minimum(low[:size], values[:size]), np.maximum(high[:size], values[:size])
    return ends


def draw_whiskers(ax: Any, place: np.ndarray, ends: np.ndarray, *, lying: bool) -> None:
    known = np.isfinite(ends).all(0)
    if known.any():
        (ax.hlines if lying else ax.vlines)(place[known], *ends[:, known], colors=INK, linewidth=1.2)


def numbers(values: np.ndarray, *, lying: bool) -> list[list[str]]:
    """The numbers of (series, bars) as text, or nothing where they would touch each other."""
    most = np.nanmax(np.abs(values))
    # the largest tells three figures
    places = int(np.clip(2 - np.floor(np.log10(most)), 0, 6)) if TINY < most < HUGE else None
    if (values == np.round(values)).all() and most < HUGE:
        places = 0
    said = [
        [(f"{v:.2g}" if places is None else f"{v:,.{places}f}").replace("-", "−") for v in row]
        for row in values.tolist()
    ]
    wide = max(len(text) for row in said for text in row) + 1
    fits = len(said) == 1 if lying else values.size * wide <= NUMBERS_WIDE
    return said if fits else []


def say(ax: Any, place: np.ndarray, values: np.ndarray, ends: np.ndarray, said: list[str], *, lying: bool) -> None:
    """Each number just beyond the end of its bar, or of its whisker."""
    for i in np.flatnonzero(np.isfinite(values)):
        down = values[i] < 0
        end, aside = np.fmin(values[i], ends[0, i]) if down else np.fmax(values[i], ends[1, i]), -4 if down else 4
        look: dict[str, Any] = {
            "xy": (place[i], end),
            "xytext": (0, aside),
            "ha": "center",
            "va": "top" if down else "bottom",
        }
        if lying:
            look = {
                "xy": (end, place[i]),
                "xytext": (aside, 0),
                "ha": "right" if down else "left",
                "va": "center_baseline",
            }
        ax.annotate(said[i], textcoords="offset points", fontsize=9.5, color=INK, **look)
