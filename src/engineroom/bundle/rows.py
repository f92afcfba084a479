"""One answer for each row of a file: rows that could not be read keep their place, those without any input have no
answer."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ..core import registry
from ..core.config import Config, FormatConfig
from ..core.schema import Schema

NAMING = ("series", "channel", "user")  # columns of answers that say whose they are


def for_new_files(config: Config) -> Config:
    """The configuration without what was said of the training file's layout: another file may begin on another line."""
    layout = FormatConfig(encoding=config.limits.format.encoding)  # harmless: what is plainly Unicode is read so
    return config.model_copy(update={"limits": config.limits.model_copy(update={"format": layout})})


def with_gaps(frame: pl.DataFrame, gaps: Sequence[tuple[int, str]]) -> pl.DataFrame:
    """The frame with a row of nulls at each place where the source has a row that it could not read."""
    if not gaps:
        return frame
    missing = {place for place, _ in gaps}
    count = frame.height + len(missing)
    rows = iter(range(frame.height))
    order = [None if place in missing else next(rows) for place in range(count)]
    return frame.select(pl.all().gather(pl.Series(order, dtype=pl.UInt32)))


def empty_rows(frame: pl.DataFrame, schema: Schema) -> list[int]:
    """Rows of which no input is filled in: there is nothing to answer from."""
    read = [column.name for column in schema.inputs if not registry.get("modalities", column.modality).is_noise]
    if not read:
        return []
    return frame.select(pl.all_horizontal([pl.col(name).is_null() for name in read]).arg_true()).to_series().to_list()


def with_names(out: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Answers in which rows without one still say whose they are: the series, the channel, the user of `frame`'s row
    `_row`."""
    if "_row" not in out.columns:
        return out
    names = [
        name
        for name in NAMING
        if name in out.columns and name in frame.columns and out.schema[name] == frame.schema[name]
    ]
    return out.with_columns(pl.coalesce(name, frame[name].gather(out["_row"])).alias(name) for name in names)
