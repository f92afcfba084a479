"""COLLECT: tables that already live in Python: polars, pandas, pyarrow, Hugging Face datasets, dictionaries, lists."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from ...core.errors import DataError, UserError, install_hint
from ...core.schema import unique_names
from ...core.table import Table
from ._cells import Hints, column, frame_of, normalised
from ._concat_splits import concat_tables
from ._files import split_of

ARROW_FIX = install_hint("arrow")


def from_python(data: Any) -> Table:
    """The Table of a Python object; its library is told by its type, so that none is imported that is not in use."""
    library = type(data).__module__.partition(".")[0]
    readers = {"polars": _polars, "pandas": _pandas, "pyarrow": _arrow, "datasets": _hugging_face}
    if library in readers:
        return _checked(readers[library](data))
    if isinstance(data, Mapping):
        return _checked(_columns(data))
    if isinstance(data, list | tuple) and data and all(isinstance(row, Mapping) for row in data):
        return _checked(Table(*_named(frame_of(data, "The list"))))
    raise UserError(
        f"A {type(data).__name__} is no table.",
        "Rows and columns must be told apart.",
        "Give a path, a polars or pandas frame, a pyarrow table, a Hugging Face dataset, a dictionary of columns "
        "or a list of dictionaries.",
    )


def _named(made: tuple[pl.DataFrame, Hints]) -> tuple[pl.DataFrame, str, Hints]:
    return made[0], "data", made[1]


def _checked(table: Table) -> Table:
    if not table.frame.width or not table.frame.height:
        raise DataError("The table has no rows.", "There is nothing to learn from.")
    return table


def _polars(data: Any) -> Table:
    frame = data.collect() if isinstance(data, pl.LazyFrame) else data
    if isinstance(frame, pl.Series):
        frame = frame.to_frame()
    return Table(*_named(normalised(frame)))


def _arrow(data: Any) -> Table:
    names = unique_names(data.schema.names)
    frame = pl.from_arrow(data.rename_columns(names))
    return Table(*_named(normalised(frame if isinstance(frame, pl.DataFrame) else frame.to_frame())))


def _pandas(data: Any) -> Table:
    """A named index is a column; an unnamed one is row numbers. NaN in pandas means missing."""
    if not hasattr(data, "columns"):
        data = data.to_frame()
    if any(name is not None for name in data.index.names):
        data = data.reset_index()
    names = unique_names(" ".join(map(str, name)) if isinstance(name, tuple) else name for name in data.columns)
    columns = [_pandas_column(data.iloc[:, i], name) for i, name in enumerate(names)]
    return Table(*_named(normalised(pl.DataFrame(columns))))


def _pandas_column(values: Any, name: str) -> pl.Series:
    kind = str(values.dtype)
    if kind.startswith(("period", "interval", "complex")) or (kind == "category" and not _plain_categories(values)):
        values = values.astype(object)  # periods and intervals as the text that they are written as
    if values.dtype == object:
        cells = values.tolist()
        return column(name, [None if _is_missing(cell) else cell for cell in cells])
    try:
        return pl.from_pandas(values.to_frame(name), nan_to_null=True).to_series()
    except ImportError:
        raise UserError("pandas tables are read through pyarrow, which is not installed.", "", ARROW_FIX) from None


def _plain_categories(values: Any) -> bool:
    return str(values.cat.categories.dtype) in ("object", "str", "string") or values.cat.categories.dtype.kind in "iufb"


def _is_missing(cell: Any) -> bool:
    return (isinstance(cell, float) and math.isnan(cell)) or type(cell).__name__ in ("NaTType", "NAType")


def _columns(data: Mapping[Any, Any]) -> Table:
    """A dictionary of columns; numpy arrays may have further dimensions (pixels, series)."""
    columns = [_column(str(name), values) for name, values in data.items()]
    lengths = {series.name: len(series) for series in columns}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name}: {length}" for name, length in list(lengths.items())[:10])
        raise DataError(f"The columns have different lengths ({listed}).", "Every row needs a cell in each.")
    return Table(*_named(normalised(pl.DataFrame(columns))))


def _column(name: str, values: Any) -> pl.Series:
    if isinstance(values, pl.Series):
        return values.alias(name)
    if isinstance(values, np.ndarray) or hasattr(values, "__array__"):
        array = np.asarray(values)
        if array.dtype == object or array.dtype.kind in "US":
            return column(name, array.tolist())
        return pl.Series(name, array)
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise DataError(f"Column {name!r} is a single {type(values).__name__}.", "Each column is a list or an array.")
    return column(name, list(values))


def _hugging_face(data: Any) -> Table:
    """A Dataset, or a DatasetDict whose keys are splits; other splits (`unsupervised`) are left out."""
    if not isinstance(data, Mapping):
        return _dataset(data)
    splits = {str(name): part for name, part in data.items()}
    known = [(split_of(name), _dataset(part)) for name, part in splits.items() if split_of(name)]
    if not known:
        raise DataError(
            f"None of the splits {', '.join(splits)} is for training.", "", "Give one of them: data=dataset['NAME']."
        )
    return concat_tables(known, "data")


def _dataset(data: Any) -> Table:
    frame = pl.from_arrow(data.with_format("arrow")[:])
    if not isinstance(frame, pl.DataFrame):
        frame = frame.to_frame()
    made, hints = normalised(frame)
    for name, feature in data.features.items():
        if type(feature).__name__ == "ClassLabel":
            made = made.with_columns(_names_of(made[name], feature.names))
            hints[name] = {"modality": "category", "why": "a ClassLabel of the data set"}
        elif type(feature).__name__ in {"Image", "Audio"} and name in made.columns:
            hints[name] = {"modality": type(feature).__name__.lower(), "why": "a feature of the data set"}
    return Table(made, "data", hints)


def _names_of(codes: pl.Series, names: Sequence[str]) -> pl.Series:
    """Class numbers as names; -1 stands for unlabelled."""
    table = {i: name for i, name in enumerate(names)}
    return codes.cast(pl.Int64).replace_strict(table, default=None, return_dtype=pl.String).alias(codes.name)
