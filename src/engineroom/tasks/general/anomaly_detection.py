"""LOSS: is this row out of the ordinary? Learnt from ordinary rows alone, or with a few known anomalies; other labels
only judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import polars as pl

from ...core.errors import DataError
from ...core.schema import Column
from ...core.table import Table
from ...modalities.tabular.anomaly_label import ANOMALY
from ...preprocessing.series.stream_features import streamed
from ...preprocessing.tabular.anomaly_labels import LEAST, TARGET, Judged, hints, marked
from ...preprocessing.tabular.pseudo_anomalies import made_up
from ._anomaly import Alarm
from ._defects import Flaws, picture_column

MOST_MADE, TIMES = 60_000, 2  # made-up rows; to an ordinary one, in training
KNOWN = 0.2  # known anomalies, repeated, to a made-up row
# rows of the source, how many → rows that never were
Maker = Callable[[np.ndarray, int, np.random.Generator], pl.DataFrame]
JUDGED = 0.2  # made-up rows to an ordinary one where there is no real anomaly to judge by


@dataclass(frozen=True)
class Anomaly(Alarm):
    """A network learns to tell the ordinary rows from made-up ones, whose columns do not belong together; what it takes
    for made up is out of the ordinary. Pictures are another question of the same name: see `Flaws`."""

    other_target_modalities = ("defect_label",)

    def for_column(self, target: Column) -> Alarm:
        """The question as the target puts it: rows of a table, or pictures with a map of what is odd."""
        return self.of_pictures() if target.modality == "defect_label" else self

    def of_pictures(self) -> Flaws:
        return Flaws(**{one.name: getattr(self, one.name) for one in fields(Flaws)})

    def for_target(self, target: Column) -> Alarm:
        task = self.for_column(target)
        return super().for_target(target) if task is self else task.for_target(target)

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        """Ordinary rows and made-up ones to learn and validate by; the test holds ordinary rows and what is really
        odd."""
        self.check()
        split, target = marked(table, target, inference=inference)
        if picture_column(table, {target, split}):
            return self.of_pictures().build_samples(table, target, inference=inference)
        stream = streamed(table, self, {target, split}) if self.window else None
        table = stream.table if stream else table
        if inference:
            return table
        judged = self.judged(table.frame, target, split)
        if stream and self.probation:
            judged = replace(judged, parts=np.where(judged.odd & (stream.parts != "test"), "", stream.parts))
        table = replace(table, notes=(*table.notes, *(stream.notes if stream else ())))
        return self.framed(table, target, split, judged, stream.made_up if stream else None)

    def framed(self, table: Table, target: str | None, split: str, judged: Judged, make: Maker | None) -> Table:
        inputs = table.frame.drop([name for name in (target, split) if name])
        name, rng, words = target or TARGET, np.random.default_rng(0), judged.words
        labels = pl.Series(name, judged.labels().astype(str))
        kept = pl.Series(judged.parts != "")
        pieces = [inputs.with_columns(labels, pl.Series("split", judged.parts.astype(str))).filter(kept)]
        ordinary = {
            part: inputs.filter(pl.Series((judged.parts == part) & ~judged.odd)) for part in ("train", "val", "test")
        }
        if ordinary["train"].height < LEAST or ordinary["val"].height < LEAST or not ordinary["test"].height:
            raise DataError(
                "There are too few ordinary rows to learn from.",
                words,
                "Name the class of ordinary rows: --set options.normal=CLASS",
            )
        if inputs.width < 2:
            raise DataError(
                "One column alone has no order to break.",
                "What is odd shows in how columns go together.",
                "Bring more columns, or --set options.window=20 for a series.",
            )
        fresh = {part: min(MOST_MADE, TIMES * ordinary[part].height) for part in ("train", "val")}
        if not (judged.odd & (judged.parts == "test")).any():
            fresh["test"] = max(1, int(JUDGED * ordinary["test"].height))
            words += (
                " No real anomaly stands in the test: it is judged by made-up rows, and the scores say no more "
                "than "
                "that."
            )
        for part, count in fresh.items():
            made = (
                make((judged.parts == part) & ~judged.odd, count, rng) if make else made_up(ordinary[part], count, rng)
            )
            pieces.append(as_odd(made, name, part))
        if len(judged.taught):
            times = max(1, round(KNOWN * fresh["train"] / len(judged.taught)))
            pieces.append(as_odd(inputs[np.tile(judged.taught, times)], name, "train"))
        words += (
            f" {fresh['train']:,} made-up rows stand beside {ordinary['train'].height:,} ordinary ones to learn from."
        )
        said: dict[str, Any] = hints(table, name, "anomaly_label", judged.known(), split, normal=judged.normal)
        return Table(pl.concat(pieces), table.name, said, (*table.notes, words), table.skipped)


def as_odd(rows: pl.DataFrame, target: str, part: str) -> pl.DataFrame:
    return rows.with_columns(pl.lit(ANOMALY).alias(target), pl.lit(part).alias("split"))


TASK = Anomaly()
