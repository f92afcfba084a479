"""COLLECT: one cut through the rows: the latest, or whole groups, or every class in its share with twins kept
together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..core import registry
from ..core.errors import DataError
from ..core.seeds import numpy_generator
from ..core.table import Table
from ..modalities.tabular.category import to_strings
from ..modalities.tabular.datetime import to_timestamps
from ..modalities.tabular.number import to_floats
from .duplicates import first_seen
from .frame_sequences import stretches

TRIES = 20  # random picks of groups, of which the one nearest to the wished size and class shares is kept


@dataclass(frozen=True)
class Splitter:
    """What a cut depends on: how, by which column, the target (N,) as text or numbers, the twins, the seed."""

    table: Table
    by: str
    column: str
    y: np.ndarray
    clusters: np.ndarray
    seed: int
    modality: str = "category"  # of the column

    @cached_property
    def groups(self) -> np.ndarray:
        """(N,) the group of each row: what the column says, or the coarser likeness that its modality knows."""
        values = self.table.frame[self.column]
        modality = registry.get("modalities", self.modality)
        return to_strings(modality.group_ids(values)).fill_null("").to_numpy()

    def cut(self, rows: np.ndarray, share: float, name: str) -> tuple[np.ndarray, np.ndarray]:
        """(the rest, the part called `name`). Whole groups move together, else whole clusters of twins."""
        if share == 0 or len(rows) < 2:
            return rows, rows[:0]
        if self.by == "time":
            return cut_latest(rows, share, times(self.table, self.column)[rows])
        generator = numpy_generator(self.seed, "split", name)
        strata = np.zeros(len(rows), int) if self.by == "random" else bins(self.y[rows])
        if self.by == "group":
            unit = first_seen(self.groups[rows])
            picked = pick_groups(unit, strata, share, generator)
        elif self.by == "stretches":
            picked = pick_groups(first_seen(stretches(rows, len(self.table))), strata, share, generator)
        else:
            picked = pick_clusters(first_seen(self.clusters[rows]), strata, share, generator)
        return rows[~picked], rows[picked]


def bins(y: np.ndarray) -> np.ndarray:
    """(N,) stratum of each row: its class, or its tenth of the numbers. Seen from these rows alone: no other row has a
    say."""
    if y.dtype.kind == "f":
        return np.searchsorted(np.unique(np.quantile(y, np.linspace(0, 1, 11)[1:-1])), y)
    return np.unique(y.astype(str), return_inverse=True)[1]


def times(table: Table, column: str) -> np.ndarray:
    """(N,) seconds or whatever the numbers count; -inf where no time is known."""
    values = table.frame[column]
    when = to_floats(values if values.dtype.is_numeric() else to_timestamps(values))
    if not np.isfinite(when).any():
        raise DataError(
            f"Column {column!r} holds no times.", "", "Choose another --set split.column, or split.by=random."
        )
    return np.where(np.isnan(when), -np.inf, when)


def cut_latest(rows: np.ndarray, share: float, when: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The part is the latest share; rows of one moment are not torn apart unless there is only one moment."""
    order = np.argsort(when, kind="stable")
    cut = min(len(rows) - 1, max(1, round(len(rows) * (1 - share))))
    edges = [np.searchsorted(when[order], when[order][cut], side=side) for side in ("left", "right")]
    cut = min((e for e in edges if 0 < e < len(rows)), key=lambda e: abs(e - cut), default=cut)
    return np.sort(rows[order[:cut]]), np.sort(rows[order[cut:]])


def pick_clusters(unit: np.ndarray, strata: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    """(N,) bool: from every stratum its share of rows, whole units at a time; the last unit of a class is never
    taken."""
    first, sizes = np.unique(unit, return_index=True)[1], np.bincount(unit)
    stratum, picked = strata[first], np.zeros(len(first), bool)
    # one random start for all strata: each is rounded up or down, their sum is right within one row
    due = generator.random()
    for value in np.unique(stratum):
        units = np.flatnonzero(stratum == value)
        units = units[generator.permutation(len(units))]
        due += share * sizes[units].sum()
        count = int(due) if int(due) or len(units) < 4 else 1
        due -= int(due)
        picked[fill(units[:-1], sizes, count)] = True
    if not picked.any() and len(first) > 1:
        spare = np.flatnonzero(np.bincount(stratum)[stratum] > 1)
        picked[generator.choice(spare if len(spare) else len(first))] = True
    for value in np.setdiff1d(strata, strata[~picked[unit]]):  # twins of different classes can take a whole class along
        if picked.sum() > 1:
            picked[unit[strata == value][0]] = False
    return picked[unit]


def fill(units: np.ndarray, sizes: np.ndarray, count: int) -> np.ndarray:
    """Units in their order, as long as each brings the number of rows nearer to `count`."""
    if len(units) and sizes[units].max() == 1:
        return units[:count]
    taken, total = [], 0
    for unit in units:
        if 2 * (count - total) > sizes[unit]:
            taken.append(unit)
            total += sizes[unit]
    return np.array(taken, np.int64)


def pick_groups(unit: np.ndarray, strata: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    """(N,) bool: of some random picks of whole groups the one with the wished size and most even classes; no class is
    all taken."""
    sizes, shares = np.bincount(unit), np.bincount(strata) / len(strata)
    best, least = np.zeros(len(unit), bool), np.inf
    for _ in range(TRIES if len(sizes) > 1 else 0):
        order = generator.permutation(len(sizes))
        taken = fill(order[:-1], sizes, max(1, round(share * len(unit))))
        picked = np.isin(unit, taken if len(taken) else order[np.argmin(sizes[order])])
        found, left = (np.bincount(strata[side], minlength=len(shares)) for side in (picked, ~picked))
        cost = (
            abs(picked.mean() - share) / share
            + np.abs(found / found.sum() - shares).sum()
            + 10 * ((left == 0) & (shares > 0)).sum()
        )
        if cost < least:
            best, least = picked, cost
    return best
