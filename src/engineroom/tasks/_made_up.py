"""LOSS: rows that never were, to learn the ordinary from: columns torn from their rows, values drawn too wide (Steinwart et al. 2005; Sipple 2020)."""

from __future__ import annotations

import numpy as np
import polars as pl

SHARES = (0.25, 0.4, 0.35)  # of made-up rows: all columns torn apart; some taken from other rows; some drawn from a wider range
SOME = (0.05, 0.5)  # how many of its columns such a row exchanges
TAIL = 0.01  # the wider range begins at these quantiles, in half of the draws


def made_up(frame: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """`count` rows like those of `frame`, each column by itself plausible, or nearly."""
    base = rng.integers(0, frame.height, count)
    kind = rng.choice(3, count, p=SHARES)
    share = rng.uniform(*SOME, count)
    taken = rng.random((count, frame.width)) < share[:, None]
    none = ~taken.any(1)
    taken[none, rng.integers(0, frame.width, int(none.sum()))] = True
    taken[kind == 0] = True
    columns = []
    for place, name in enumerate(frame.columns):
        values = frame[name]
        rows = np.where(taken[:, place], rng.integers(0, frame.height, count), base)
        column = values.gather(rows)
        wide = taken[:, place] & (kind == 2)
        columns.append(replaced(column, wide, drawn(values, int(wide.sum()), rng)))
    return pl.DataFrame(columns)


def replaced(column: pl.Series, where: np.ndarray, other: pl.Series) -> pl.Series:
    """The column with the places `where` (N,) exchanged for `other`, one after another."""
    source = np.arange(len(column))
    source[where] = len(column) + np.arange(int(where.sum()))
    return pl.concat([column, other.cast(column.dtype)]).gather(source).alias(column.name)


def drawn(values: pl.Series, count: int, rng: np.random.Generator) -> pl.Series:
    """Numbers from a range three times as wide, or any value that occurs, the rare as often as the common; words likewise."""
    if values.dtype.is_nested() or values.dtype.is_temporal() or values.dtype == pl.Binary:
        return values.gather(rng.integers(0, len(values), count))
    known = values.drop_nulls()
    different = (known if len(known) else values).unique(maintain_order=True)
    picked = different.gather(rng.integers(0, len(different), count))
    if not values.dtype.is_numeric() or not len(known):
        return picked
    x = known.cast(pl.Float64).to_numpy()
    x = x[np.isfinite(x)]
    if not len(x):
        return picked
    edges = np.where(rng.random((count, 1)) < 0.5, np.quantile(x, [TAIL, 1 - TAIL]), [x.min(), x.max()])
    low, high = edges[:, 0], edges[:, 1]
    spread = np.where(high > low, high - low, 1.0)
    uniform = rng.uniform(low - spread, high + spread)
    if values.dtype.is_integer():
        uniform = np.clip(np.round(uniform), 0 if x.min() >= 0 else -(2**31), 2**31 - 1)
    from_range = rng.random(count) < 0.5
    return pl.Series(np.where(from_range, uniform, picked.cast(pl.Float64).to_numpy()))


def moving(frame: pl.DataFrame, names: list[str], span: int, series: str) -> pl.DataFrame:
    """What the last `span` rows did: of each number its mean, its spread and how far the row stands from the mean; the past alone."""
    groups = [series] if series else []
    around = []
    for name in names:
        value = pl.col(name).cast(pl.Float64)
        mean, spread = value.rolling_mean(span, min_samples=1), value.rolling_std(span, min_samples=2).fill_null(0.0)
        parts = {"mean": mean, "spread": spread, "jump": value - mean}
        around += [(one.over(groups) if groups else one).alias(f"{name} {word}") for word, one in parts.items()]
    return frame.with_columns(around)
