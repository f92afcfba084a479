"""LOSS: rows that never were, to learn the ordinary from: columns torn from their rows, values drawn too wide
(Steinwart et al. 2005; Sipple 2020)."""

from __future__ import annotations

import numpy as np
import polars as pl

# of made-up rows: all columns torn apart; some taken from other rows; some drawn from a wider range
SHARES = (0.2, 0.3, 0.5)
# how many of its columns such a row exchanges; what is drawn wide may be odd throughout
SOME = ((0.05, 0.5), (0.05, 0.5), (0.05, 1.0))
WORDY = 2.0  # words a cell: from here on cells are texts
SMALL, LARGE = 1.0, 10.0  # standard deviations by which a stretch of a series is disturbed
LATE = 6  # the latest of the rows of the past: this part of them
TAIL = 0.01  # the wider range begins at these quantiles, in half of the draws


def made_up(frame: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """`count` rows like those of `frame`, each column by itself plausible, or nearly."""
    base = rng.integers(0, frame.height, count)
    kind = rng.choice(3, count, p=SHARES)
    least, most = np.array(SOME)[kind].T
    share = rng.uniform(least, most)
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
    """Numbers from a range three times as wide, or any value that occurs, the rare as often as the common; words
    likewise."""
    if values.dtype.is_nested() or values.dtype.is_temporal() or values.dtype == pl.Binary:
        return values.gather(rng.integers(0, len(values), count))
    known = values.drop_nulls()
    different = (known if len(known) else values).unique(maintain_order=True)
    picked = different.gather(rng.integers(0, len(different), count))
    if values.dtype == pl.String and len(known) and float(known.head(1_000).str.count_matches(r"\S+").mean()) >= WORDY:  # type: ignore[arg-type]
        return disturb_text(picked, known, rng)
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


def disturb_text(texts: pl.Series, known: pl.Series, rng: np.random.Generator) -> pl.Series:
    """Texts with some words exchanged for others, the rare as often as the common, or for words that nobody has heard
    of; some change places."""
    words = sorted({word for text in known.head(20_000) for word in text.split()})
    out = []
    for text in texts:
        parts = text.split()
        share = rng.choice([0.15, 0.4, 1.0])
        for place in np.flatnonzero(rng.random(len(parts)) < share):
            word = words[int(rng.integers(len(words)))]
            parts[place] = word if rng.random() < 0.5 else "".join(rng.permutation(list(word)))
        out.append(" ".join(rng.permutation(parts) if parts and rng.random() < 0.2 else parts))
    return pl.Series(out, dtype=pl.String)


def moving(frame: pl.DataFrame, names: list[str], span: int, series: str) -> pl.DataFrame:
    """What the last `span` rows did: of each number its mean over them and over the latest of them, its spread, how far
    the row stands from the mean and from the row before; the past alone."""
    groups = [series] if series else []
    around = []
    for name in names:
        value = pl.col(name).cast(pl.Float64)
        mean, spread = value.rolling_mean(span, min_samples=1), value.rolling_std(span, min_samples=2).fill_null(0.0)
        recent, step = value.rolling_mean(max(2, span // LATE), min_samples=1), value.diff().fill_null(0.0)
        parts = {"mean": mean, "recent": recent, "spread": spread, "jump": value - mean, "step": step}
        around += [(one.over(groups) if groups else one).alias(f"{name} {word}") for word, one in parts.items()]
    return frame.with_columns(around)


def disturb_series(x: np.ndarray, span: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Series (T, C), about standardised, NaN for gaps → (the same with stretches that never were, (T,) where).

    A stretch of some channels is lifted, drifts away, trembles, stands still, swings wider or comes from another time
    (after Carmona et al. 2022).
    """
    T, C = x.shape
    out, inside, place = x.copy(), np.zeros(T, bool), int(rng.integers(0, span + 1))
    while place < T:
        length = min(T - place, int(np.ceil(np.exp(rng.uniform(0, np.log(3 * span))))))
        rows = slice(place, place + length)
        channels = np.flatnonzero(rng.random(C) < rng.choice([1 / C, 0.5, 1.0]))
        channels = channels if len(channels) else rng.integers(0, C, 1)
        sign = rng.choice([-1.0, 1.0], len(channels))
        size = sign * np.exp(rng.uniform(np.log(SMALL), np.log(LARGE), len(channels)))
        own = x[rows][:, channels]
        kind = rng.choice(6, p=[0.3, 0.15, 0.15, 0.1, 0.1, 0.2])
        if kind == 0:
            own = own + size
        elif kind == 1:
            own = own + size * np.linspace(0, 1, length)[:, None]
        elif kind == 2:
            own = own + size * rng.normal(0, 1, own.shape)
        elif kind == 3:
            own = np.repeat(own[:1], length, 0)
        elif kind == 4:
            own = own[0] + (own - own[0]) * np.abs(size)
        else:
            begin = int(rng.integers(0, T - length + 1))
            own = x[begin : begin + length][:, channels]
        out[rows, channels] = own
        inside[rows] = True
        place += length + int(rng.integers(span // 2, 2 * span))
    return out, inside
