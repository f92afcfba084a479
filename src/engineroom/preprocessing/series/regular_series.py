"""LOSS: rows in time → series on an even clock. Finds the time column, sorts, refuses doubles, fills a few gaps with
the last known value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from ...core.errors import DataError, nearest
from ...core.table import Table
from ...modalities.tabular.number import to_floats
from .series_columns import find_channels, find_series, find_time, is_date
from .timestamps import ROWS, after, business_days, check_doubles, format_times, to_months, to_units

DAY = 86_400
MONTH = 27 * DAY  # seconds; longer steps are counted in calendar months
NAMED = 5  # columns with gaps that get a note each
GAPS = 0.1  # share of moments that may be absent and are filled
WIDE, NEXT = "series", "continuation"  # columns of a table with a row a series


@dataclass(frozen=True)
class Line:
    """One series: values (T, C) with NaN for gaps, known (T, F), times (T,) seconds or steps; `parts` (T,) what the
    source says of the split."""

    name: str
    values: np.ndarray
    known: np.ndarray
    times: np.ndarray
    parts: np.ndarray


@dataclass(frozen=True)
class Timeline:
    """Series on one clock. `unit` is seconds, months, weekdays or steps; `step` how many of them lie between
    neighbours."""

    lines: list[Line]
    channels: tuple[str, ...]
    unit: str
    step: float
    notes: list[str] = field(default_factory=list)

    def after(self, time: float, steps: np.ndarray) -> np.ndarray:
        """Times `steps` after `time`: seconds (by the calendar where the clock counts months or business days) or plain
        numbers."""
        return after(time, steps, self.unit, self.step)


def read_timeline(
    table: Table,
    target: str | None,
    *,
    time: str,
    series: str,
    known: tuple[str, ...],
    every: bool,
    clock: tuple[str, float] | None = None,
) -> Timeline:
    """The series of a table in long form (a row a moment) or wide form (a row a series); `clock` is the one of
    training."""
    frame = table.frame
    for name in ("" if time == ROWS else time, series, *known):
        if name and name not in frame.columns:
            raise DataError(f"There is no column {name!r}.", "", nearest(name, frame.columns, label="Columns"))
    if isinstance(frame.schema.get(WIDE), pl.List):
        return read_wide(frame)
    split = table.split or ""
    times, used = find_time(frame, time)
    found = "" if series or times is None else find_series(frame, times, {split, target or "", *used, *known})
    channels = find_channels(frame, target, every, {series or found, split, *used, *known})
    dated = times is not None and is_date(frame, used)
    order = np.arange(len(frame), dtype=float) if times is None else times
    lines, notes = split_lines(
        frame, order, channels, known, series=series or found, split=split, used=used, dated=dated
    )
    notes += (
        [f"{'By your word' if time else 'No column of times was found'}: the rows count in the order they stand."]
        if times is None
        else []
    )
    notes += (
        [f"Column {found} tells the series apart: no moment occurs twice within one of its values."] if found else []
    )
    if clock is None:
        notes += gaps(
            [line.values for line in lines],
            channels,
            "histories hold the last known value there, and such steps are not judged",
        )
        notes += gaps([line.known for line in lines], list(known), "the last known value is taken there")
    return even(Timeline(lines, tuple(channels), "seconds" if dated else "steps", 1.0, notes), clock)


def split_lines(
    frame: pl.DataFrame,
    order: np.ndarray,
    channels: list[str],
    known: tuple[str, ...],
    *,
    series: str,
    split: str,
    used: tuple[str, ...],
    dated: bool,
) -> tuple[list[Line], list[str]]:
    """(one Line a series, sorted by time, notes). Raises DataError where a row has no time, or two rows the same."""
    if not np.isfinite(order).all():
        row = int(np.flatnonzero(~np.isfinite(order))[0])
        raise DataError(
            f"Row {row} has no time.", f"Column {' '.join(used)} cannot be read there.", "Repair or remove such rows."
        )
    values = np.stack([numbers(frame[name]) for name in channels], 1)
    covariates = np.stack([numbers(frame[name]) for name in known], 1) if known else np.zeros((len(frame), 0))
    splits = frame[split].to_numpy() if split else np.full(len(frame), "", object)
    names = frame[series].cast(pl.String).fill_null("").to_numpy() if series else np.full(len(frame), "", object)
    lines, unsorted = [], False
    for name in dict.fromkeys(names):
        rows = np.flatnonzero(names == name)
        unsorted |= bool((np.diff(order[rows]) < 0).any())
        rows = rows[np.argsort(order[rows], kind="stable")]
        check_doubles(order[rows], rows, str(name), series, used, dated=dated)
        lines.append(Line(str(name), values[rows], covariates[rows], order[rows], splits[rows]))
    return lines, ["The rows were not in the order of time and have been sorted."] if unsorted else []


def read_wide(frame: pl.DataFrame) -> Timeline:
    """A row a series, with or without what came next (as the M4 competition hands its data out)."""
    lines = []
    name = next((n for n in frame.columns if n not in (WIDE, NEXT)), "")
    after = frame[NEXT].to_list() if NEXT in frame.columns else [None] * frame.height
    for row, cell in enumerate(frame[WIDE].to_list()):
        more = after[row] or []
        values = np.array([np.nan if v is None else v for v in [*(cell or []), *more]], float)[:, None]
        parts = np.array(["train"] * (len(values) - len(more)) + ["test"] * len(more), object)
        label = str(frame[name][row]) if name else str(row)
        lines.append(Line(label, values, np.zeros((len(values), 0)), np.arange(len(values), dtype=float), parts))
    return Timeline(lines, ("value",), "steps", 1.0)


def numbers(values: pl.Series) -> np.ndarray:
    x = to_floats(values)
    return np.where(np.isfinite(x), x, np.nan)


def gaps(columns: list[np.ndarray], names: list[str], words: str) -> list[str]:
    """A note on every column with values missing: how many, how long the longest gap is, and what is done about it.
    `columns`: (T, C) a series."""
    notes = []
    for place_, name in enumerate(names):
        missing = [~np.isfinite(one[:, place_]) for one in columns]
        if lost := sum(int(one.sum()) for one in missing):
            ends = [np.flatnonzero(np.diff(np.r_[False, one, False])) for one in missing]
            longest = max(int((edge[1::2] - edge[::2]).max(initial=0)) for edge in ends)
            notes.append(
                f"{lost:,} of {sum(map(len, missing)):,} values of {name} are missing, at most {longest:,} in a row: "
                f"{words}."
            )
    more = len(notes) - NAMED
    return notes if more <= 0 else [*notes[:NAMED], f"Values of {more:,} more columns are missing too."]


def even(timeline: Timeline, known: tuple[str, float] | None = None) -> Timeline:
    """The same series with a row for every step of the clock, where few are absent; else the rows count as they
    stand."""
    between = [np.diff(line.times) for line in timeline.lines if len(line.times) > 1]
    if not between and known is None:
        raise DataError(
            "Every series has a single row.", "A forecast needs a past.", "Is options.series the right column?"
        )
    unit, step = known or find_clock(timeline, np.concatenate(between))
    clock = replace(timeline, unit=unit, step=step)
    if known is None and unit.startswith("weekdays"):
        clock.notes.append(f"Only {unit.count('1')} days of the week occur: business days are counted, and forecast.")
    places = [place(line, clock) for line in timeline.lines]
    wanted = sum(
        int(p[-1]) + 1 if p is not None and len(p) else len(line.times)
        for p, line in zip(places, timeline.lines, strict=True)
    )
    there = sum(len(line.times) for line in timeline.lines)
    if any(p is None for p in places) or there < (1 - GAPS) * wanted:
        return replace(
            clock,
            notes=[*clock.notes, "The moments are not evenly spaced: rows count as steps, whatever lies between them."],
        )
    if there < wanted:
        line, first = next(
            (line, p)
            for line, p in zip(timeline.lines, places, strict=True)
            if p is not None and int(p[-1]) + 1 > len(p)
        )
        after = format_times(line.times[[int(np.argmax(np.diff(first) > 1))]], clock.unit)[0]
        clock.notes.append(
            f"{wanted - there:,} absent moment(s) were filled in, the first after {after}: their values count as "
            "missing."
        )
    return replace(
        clock, lines=[spread(line, p, clock) for line, p in zip(timeline.lines, places, strict=True) if p is not None]
    )


def find_clock(timeline: Timeline, between: np.ndarray) -> tuple[str, float]:
    """(unit, how many of them lie between neighbours): months where steps are long and uneven, business days where
    weekends are left out."""
    step, times = float(np.median(between)), [line.times for line in timeline.lines]
    if timeline.unit == "seconds" and step >= MONTH and (len(between) < 3 or len(np.unique(between)) > 1):
        return "months", float(max(1, np.median(np.concatenate([np.diff(to_months(one)) for one in times]))))
    if timeline.unit == "seconds" and step == DAY and (unit := business_days(times)):
        return unit, 1.0
    return timeline.unit, step


def place(line: Line, clock: Timeline) -> np.ndarray | None:
    """(T,) which step each row is, from the first; None where rows lie between steps."""
    times = to_units(line.times, clock.unit)
    steps = (times - times[0]) / clock.step
    whole = np.round(steps).astype(np.int64)
    sound = np.abs(steps - whole).max(initial=0) < 0.05 and (np.diff(whole) > 0).all()
    return whole if sound else None


def spread(line: Line, places: np.ndarray, clock: Timeline) -> Line:
    length = int(places[-1]) + 1
    if length == len(places):
        return line
    # the row at a step, or the last one before it
    source = np.searchsorted(places, np.arange(length), side="right") - 1
    absent = np.ones(length, bool)
    absent[places] = False
    values = line.values[source].copy()
    values[absent] = np.nan
    return Line(
        line.name, values, line.known[source], clock.after(line.times[0], np.arange(length)), line.parts[source]
    )


def forward_filled(values: np.ndarray) -> np.ndarray:
    """(T, C) with each gap filled by the last known value (never by a later one, but for gaps at the very start)."""
    known = np.isfinite(values)
    if not len(values):
        return values
    last = np.maximum.accumulate(np.where(known, np.arange(len(values))[:, None], -1), 0)
    first = np.argmax(known, 0)
    filled = np.take_along_axis(values, np.where(last < 0, first[None], last), 0)
    return np.nan_to_num(filled)
