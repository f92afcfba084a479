"""LOSS: rows in time → series on an even clock. Finds the time column, sorts, refuses doubles, fills a few gaps with
the last known value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from ...core.errors import DataError, nearest
from ...core.table import Table
from ...modalities.tabular.datetime import to_timestamps
from ...modalities.tabular.number import to_floats
from ...parsing.guess_dates import named_like_time
from .timestamps import ROWS, after, business_days, check_doubles, shown, to_months, to_units

DAY = 86_400
MONTH = 27 * DAY  # seconds; longer steps are counted in calendar months
NAMED = 5  # columns with gaps that get a note each
GAPS = 0.1  # share of moments that may be absent and are filled
NAMES = ("time", "date", "datetime", "timestamp", "month", "t", "step", "tick", "year")
CALENDAR = ("year", "month", "day", "hour", "minute")
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
        return wide(frame)
    split = table.split or ""
    when_, used = find_time(frame, time)
    found = "" if series or when_ is None else find_series(frame, when_, {split, target or "", *used, *known})
    series = series or found
    taken = {series, split, *used, *known}
    channels = find_channels(frame, target, every, taken)
    values = np.stack([numbers(frame[name]) for name in channels], 1)
    others = np.stack([numbers(frame[name]) for name in known], 1) if known else np.zeros((len(frame), 0))
    parts = frame[split].to_numpy() if split else np.full(len(frame), "", object)
    names = frame[series].cast(pl.String).fill_null("").to_numpy() if series else np.full(len(frame), "", object)
    order = np.arange(len(frame), dtype=float) if when_ is None else when_
    if not np.isfinite(order).all():
        row = int(np.flatnonzero(~np.isfinite(order))[0])
        raise DataError(
            f"Row {row} has no time.", f"Column {' '.join(used)} cannot be read there.", "Repair or remove such rows."
        )
    lines, unsorted = [], False
    for name in dict.fromkeys(names):
        rows = np.flatnonzero(names == name)
        unsorted |= bool((np.diff(order[rows]) < 0).any())
        rows = rows[np.argsort(order[rows], kind="stable")]
        check_doubles(order[rows], rows, str(name), series, used, dated=when_ is not None and is_date(frame, used))
        lines.append(Line(str(name), values[rows], others[rows], order[rows], parts[rows]))
    notes = ["The rows were not in the order of time and have been sorted."] if unsorted else []
    notes += (
        [f"{'By your word' if time else 'No column of times was found'}: the rows count in the order they stand."]
        if when_ is None
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
    unit = "steps" if when_ is None else "seconds" if is_date(frame, used) else "steps"
    return even(Timeline(lines, tuple(channels), unit, 1.0, notes), clock)


def wide(frame: pl.DataFrame) -> Timeline:
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


def find_time(frame: pl.DataFrame, asked: str) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """((N,) seconds or numbers, the columns they come from); None where the order of the rows is all there is."""
    if asked == ROWS and ROWS not in frame.columns:
        return None, ()
    if asked:
        return when(frame[asked]), (asked,)
    moments = [name for name, kind in frame.schema.items() if kind in (pl.Date, pl.Datetime)]
    clocks = [name for name, kind in frame.schema.items() if kind == pl.Time]
    if moments:
        named = [name for name in moments if named_like_time(name)] or moments
        if frame[named[0]].dtype == pl.Date and len(clocks) == 1:  # a day in one column, the time of day in another
            return when(frame[named[0]]) + when(frame[clocks[0]]), (named[0], clocks[0])
        return when(frame[named[0]]), (named[0],)
    for name in frame.columns:
        if (
            frame[name].dtype == pl.String
            and frame[name].drop_nulls().head(50).str.contains(r"^\s*\d{1,4}[-/.]\d{1,2}").all()
        ):
            read = when(frame[name])
            if np.isfinite(read).mean() > 0.98:
                return read, (name,)
    lower = {name.lower(): name for name in frame.columns}
    if all(part in lower for part in CALENDAR[:3]):
        used = tuple(lower[part] for part in CALENDAR if part in lower)
        parts = [pl.lit(frame[name].cast(pl.Int32, strict=False)) for name in used]
        return when(pl.select(pl.datetime(*parts)).to_series()), used
    name = next((lower[one] for one in NAMES if one in lower and frame[lower[one]].dtype.is_numeric()), "")
    return (to_floats(frame[name]), (name,)) if name else (None, ())


def when(values: pl.Series) -> np.ndarray:
    """(N,) seconds since 1970, or the numbers themselves; NaN where neither."""
    if values.dtype.is_numeric():
        return to_floats(values)
    return to_timestamps(values).cast(pl.Float64).fill_null(np.nan).to_numpy()


def is_date(frame: pl.DataFrame, used: tuple[str, ...]) -> bool:
    return len(used) > 1 or not frame[used[0]].dtype.is_numeric()


def find_series(frame: pl.DataFrame, clock: np.ndarray, taken: set[str]) -> str:
    """Where moments repeat: the one column of words (or of few whole numbers) within whose values none does; "" where
    there is none, or no need of one."""
    if len(np.unique(clock)) == len(clock):
        return ""
    keys = frame.with_columns(pl.Series("", clock))
    words = [name for name in frame.columns if name not in taken and frame[name].dtype in (pl.String, pl.Categorical)]
    numbers_ = [
        name
        for name in frame.columns
        if name not in taken and frame[name].dtype.is_integer() and 1 < frame[name].n_unique() <= len(frame) / 3
    ]
    return next((name for name in [*words, *numbers_] if not keys.select("", name).is_duplicated().any()), "")


def find_channels(frame: pl.DataFrame, target: str | None, every: bool, taken: set[str]) -> list[str]:
    numeric = [name for name in frame.columns if frame[name].dtype.is_numeric() and name not in taken]
    if target and not every:
        if target not in frame.columns:
            raise DataError(
                f"There is no column {target!r} to forecast.", "", nearest(target, frame.columns, label="Columns")
            )
        return [target]
    if not numeric or (not every and len(numeric) > 1):
        what = "Which column should be forecast?" if numeric else "No column holds numbers to forecast."
        raise DataError(
            what,
            f"Numbers: {', '.join(numeric[:20]) or 'none'}.",
            "Say --target COLUMN, or --set options.all_channels=true for all of them.",
        )
    return numeric


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
        after = shown(line.times[[int(np.argmax(np.diff(first) > 1))]], clock.unit)[0]
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
