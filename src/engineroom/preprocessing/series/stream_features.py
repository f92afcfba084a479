"""LOSS: rows in time, each with what the past was: in order, series by series, never across a gap, measured by each
series' own beginning."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ...core.errors import DataError, nearest
from ...core.table import Table
from ..tabular.pseudo_anomalies import disturb_series, moving
from .series_columns import find_time

GAP = 10.0  # usual steps; a longer silence ends a stretch
FEW = 0.01  # share of the moments that may run backwards or occur twice
FAR = 0.1  # of the whole time: a single jump back by more is another series, not a clock put back
MOST = 5_000  # rows of a series of which a share is taken
TRIES = 8  # times that series are disturbed to get the rows that are wanted
JUDGES = 0.2  # of a series' beginning: its last part validates
FARTHEST = 1e3  # standard deviations
STRETCH = "_stretch"


@dataclass(frozen=True)
class Stream:
    """Rows in time with their past: `table`, `parts` (N,) train, val or test by their place in a series ("" where
    nothing says so), `notes`."""

    table: Table
    parts: np.ndarray
    notes: list[str]
    plain: pl.DataFrame  # as `table`, but without the past
    numbers: list[str]
    stretch: np.ndarray  # (N,) rows of one number follow each other without a gap
    window: int

    def made_up(self, rows: np.ndarray, count: int, rng: np.random.Generator) -> pl.DataFrame:
        """`count` rows that never were, at places where `rows` (N,) says so: the series is disturbed, then its past is
        read."""
        pieces: list[pl.DataFrame] = []
        for _ in range(TRIES):
            values, inside = self.plain.select(self.numbers).to_numpy().astype(np.float64), np.zeros(len(rows), bool)
            for number in np.unique(self.stretch[rows]):
                own = np.flatnonzero(self.stretch == number)
                values[own], inside[own] = disturb_series(values[own], self.window, rng)
            changed = self.plain.with_columns(
                pl.Series(name, values[:, i]).fill_nan(None) for i, name in enumerate(self.numbers)
            )
            pieces.append(past(changed, self.numbers, self.window, self.stretch).filter(pl.Series(inside & rows)))
            if sum(len(piece) for piece in pieces) >= count:
                break
        found = pl.concat(pieces)
        return found[np.sort(rng.permutation(found.height)[:count])]


def past(frame: pl.DataFrame, numbers: list[str], window: int, stretch: np.ndarray) -> pl.DataFrame:
    return moving(frame.with_columns(pl.Series(STRETCH, stretch)), numbers, window, STRETCH).drop(STRETCH)


def streamed(table: Table, task: Any, taken: set[str | None]) -> Stream:
    """Rows with the past of every number.

    Raises DataError for a column that is not there, for times that cannot be read, and where many run backwards or
    occur twice within a series.
    """
    frame = table.frame
    for name in (task.series, task.time):
        if name and name not in frame.columns:
            raise DataError(f"There is no column {name!r}.", "", nearest(name, frame.columns, label="Columns"))
    series = frame[task.series].cast(pl.String).fill_null("").to_numpy() if task.series else np.full(frame.height, "")
    clock, used = find_time(frame.drop([name for name in taken if name], strict=False), task.time)
    stretch, notes = stretches(series, clock, used)
    numbers = [
        n
        for n in frame.columns
        if frame[n].dtype.is_numeric() and n not in taken and n != task.series and n not in used
    ]
    if not numbers:
        raise DataError("No column holds numbers whose past could be read.", "", "Leave options.window out.")
    parts = np.full(frame.height, "", object)
    place = begins(series, task.probation) if task.probation else np.zeros(frame.height)
    if task.probation:
        parts = np.where(place > 1, "test", np.where(place > 1 - JUDGES, "val", "train")).astype(object)
    frame = (
        by_past(frame, numbers, series, place) if task.rolling_baseline else by_beginning(frame, numbers, series, place)
    )
    gone = [name for name in (task.series, *used) if name and name in frame.columns]
    plain, hints = frame.drop(gone), {n: h for n, h in table.hints.items() if n not in gone}
    rows = replace(table, frame=past(plain, numbers, task.window, stretch), hints=hints)
    inputs = plain.drop([name for name in taken if name], strict=False)
    return Stream(rows, parts, notes, inputs, numbers, stretch, task.window)


def stretches(series: np.ndarray, clock: np.ndarray | None, used: tuple[str, ...]) -> tuple[np.ndarray, list[str]]:
    """((N,) numbers of stretches without a gap, notes)."""
    names, code = np.unique(series, return_inverse=True)
    if clock is None:
        return code.astype(np.int64), ["No column of times was found: rows follow each other as they stand."] if len(
            names
        ) < 2 else []
    word = " ".join(used)
    if not np.isfinite(clock).all():
        row = int(np.flatnonzero(~np.isfinite(clock))[0])
        raise DataError(
            f"Row {row} has no time.", f"Column {word} cannot be read there.", "Repair or remove such rows."
        )
    begun, gaps, notes = np.zeros(len(series), bool), 0, list[str]()
    for number in range(len(names)):
        rows = np.flatnonzero(code == number)
        step = np.diff(clock[rows])
        where = f" of {names[number]}" if names[number] else ""
        for bad, what in (
            (step < 0, f"is earlier in {word} than the row before it"),
            (step == 0, f"has the same {word} as the row before it"),
        ):
            if not bad.any():
                continue
            said = f"Row {int(rows[1:][bad][0])}{where} {what}, and so do {int(bad.sum()) - 1} others."
            if bad.mean() > FEW or step.min() < -FAR * np.ptp(clock[rows]):
                fix = (
                    "Sort the rows, one a moment; if several series are mixed, name their column: --set "
                    "options.series=NAME"
                )
                raise DataError(said, "The past of a row is the rows before it.", fix)
            notes.append(f"{said} Rows were taken in the order they stand.")
        wide = step > GAP * np.median(step[step > 0]) if (step > 0).any() else np.zeros(len(step), bool)
        begun[rows[1:][wide]] = True
        gaps += int(wide.sum())
    stretch = np.zeros(len(series), np.int64)
    for number in range(len(names)):
        rows = np.flatnonzero(code == number)
        stretch[rows] = np.cumsum(begun[rows])
    stretch = np.unique(np.stack([code.astype(np.int64), stretch], 1), axis=0, return_inverse=True)[1].ravel()
    notes += [f"{gaps} gap(s) of more than {GAP:g} usual steps: after each the past begins anew."] if gaps else []
    return stretch, notes[:5]


def begins(series: np.ndarray, settle: float) -> np.ndarray:
    """(N,) how far a row lies in its series, in lengths of the beginning that is taken for ordinary: up to 1 inside
    it."""
    place, size = np.zeros(len(series)), np.ones(len(series))
    for name in np.unique(series):
        rows = np.flatnonzero(series == name)
        size[rows] = max(2.0, settle * min(MOST, len(rows)) if settle < 1 else settle)
        place[rows] = np.arange(1, len(rows) + 1)
    return place / size


def by_beginning(frame: pl.DataFrame, numbers: list[str], series: np.ndarray, place: np.ndarray) -> pl.DataFrame:
    """Numbers counted in standard deviations from the mean of their series' beginning."""
    columns = []
    for name in numbers:
        x = frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
        for one in np.unique(series):
            rows = series == one
            first = x[rows & (place <= 1) & np.isfinite(x)]
            mean, spread = (float(first.mean()), float(first.std())) if len(first) > 1 else (0.0, 1.0)
            x[rows] = (x[rows] - mean) / (spread if spread > 1e-9 * max(1.0, abs(mean)) else 1.0)
        columns.append(pl.Series(name, x).fill_nan(None))
    return frame.with_columns(columns)


def by_past(frame: pl.DataFrame, numbers: list[str], series: np.ndarray, place: np.ndarray) -> pl.DataFrame:
    """Numbers counted in standard deviations from the mean of the rows before, as many as the series' beginning has: a
    new level becomes ordinary."""
    columns = []
    for name in numbers:
        x = frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
        for one in np.unique(series):
            rows = np.flatnonzero(series == one)
            span = max(2, int((place[rows] <= 1).sum()))
            values = pl.Series(x[rows]).fill_nan(None)
            mean, spread = (
                f(span, min_samples=2).shift(1).fill_null(strategy="backward").to_numpy()
                for f in (values.rolling_mean, values.rolling_std)
            )
            least = 1e-3 * float(np.nanstd(x[rows][place[rows] <= 1]) or 1.0)
            x[rows] = np.clip((x[rows] - mean) / np.maximum(spread, max(least, 1e-12)), -FARTHEST, FARTHEST)
        columns.append(pl.Series(name, x).fill_nan(None))
    return frame.with_columns(columns)
