"""LOSS: what labels say of rows that an alarm is about: which are ordinary, of what kind the others are, which part of
the data each is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ...core.errors import DataError, nearest
from ...core.table import Table
from ...modalities.tabular.anomaly_label import ANOMALY, NORMAL

# names of the normal class, as people write it
ORDINARY = ("normal", "ok", "good", "benign", "ordinary", "free", "none", "no", "false", "0", "0.0", "-")
TARGET = "anomaly"  # the target's name where no column holds labels
LEAST, FEW = 20, 5  # ordinary rows to learn from; ordinary rows of the validation by which the alarm can be set
MOST_KINDS = 40  # of anomalies that are told apart in a report
NAMES = [NORMAL, ANOMALY]


@dataclass(frozen=True)
class Judged:
    """What labels say of the rows: `odd` (N,) which are no ordinary ones, `kinds` (N,) their classes in words, `parts`
    (N,) train, val, test or "" for rows that are left out, `taught` (T,) odd rows that are known and teach, all of it
    in `words`."""

    odd: np.ndarray
    kinds: np.ndarray
    parts: np.ndarray
    taught: np.ndarray
    words: str
    normal: str = ""  # the class of ordinary rows

    def labels(self) -> np.ndarray:
        """(N,) what the target says: normal, anomaly, or the kind of anomaly where several are told apart."""
        return np.where(self.odd, np.where(np.isin(self.kinds, self.known()), self.kinds, ANOMALY), NORMAL).astype(
            object
        )

    def known(self) -> list[str]:
        """The kinds of anomaly in the test, the commonest first; none where there is only one."""
        found, counts = np.unique(self.kinds[self.odd & (self.parts == "test")].astype(str), return_counts=True)
        kinds = [str(kind) for kind in found[np.argsort(-counts, kind="stable")] if kind not in NAMES]
        return kinds[:MOST_KINDS] if len(kinds) > 1 else []


def given(values: pl.Series, odd: np.ndarray) -> np.ndarray:
    """(N,) the parts that the source gives; anomalies that do not test are left out (""). A validation of ordinary rows
    is set aside if there is none."""
    parts = values.cast(pl.String).fill_null("").to_numpy().astype(object).copy()
    parts[odd & (parts != "test")] = ""
    if not (parts == "val").any():
        train = np.flatnonzero(parts == "train")
        parts[train[np.random.default_rng(0).random(len(train)) < 0.15]] = "val"
    return parts


def marked(table: Table, target: str | None, *, inference: bool) -> tuple[str, str | None]:
    """(the column that says who learns or "", the column of labels or None): as the user or the source names them."""
    split, hinted = (
        next((name for name, hint in table.hints.items() if hint.get("role") == role), None)
        for role in ("split", "target")
    )
    target = target or hinted
    if not inference and target and target not in table.frame.columns:
        raise DataError(
            f"There is no column {target!r} of labels.", "", nearest(target, table.frame.columns, label="Columns")
        )
    return split or "", target


def hints(table: Table, target: str, modality: str, kinds: list[str], split: str, **facts: Any) -> dict[str, Any]:
    """What the new table says of its columns: the target, and who learns from which row."""
    known = {one: hint for one, hint in table.hints.items() if one not in (split, target)}
    facts |= {"values": [*NAMES, *kinds]}
    return known | {
        target: {"role": "target", "modality": modality, "why": "ordinary or not", "facts": facts},
        "split": {"role": "split", "modality": "category", "why": "only ordinary rows teach"},
    }
