"""COLLECT: Python objects become columns: series, label sets, nested objects, media held as bytes or paths."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

import polars as pl

from ...core.errors import DataError
from ...core.schema import unique_names
from ._files import media_kind

Hints = dict[str, dict[str, Any]]
AUDIO_MAGIC = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"FORM", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")
IMAGE_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"P5", b"P6")


def frame_of(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[pl.DataFrame, Hints]:
    """Rows of objects as a frame, one level of nested objects flattened to `outer.inner`. Absent keys are null."""
    flat = [_flat(row) for row in rows]
    names = list(dict.fromkeys(key for row in flat for key in row))
    if not names:
        raise DataError(f"{name} holds rows without columns.", "There is nothing to learn from.")
    columns = [column(key, [row.get(key) for row in flat]) for key in names]
    return normalised(pl.DataFrame(columns))


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping) and not _is_media(value):
            out |= {f"{key}.{inner}": _plain(v) for inner, v in value.items()}
        else:
            out[str(key)] = value
    return out


def _plain(value: Any) -> Any:
    """What is nested deeper than one level is kept as JSON text."""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, Mapping) else value


def _is_media(value: Mapping[str, Any]) -> bool:
    return set(value) == {"bytes", "path"}


def column(name: str, values: Sequence[Any]) -> pl.Series:
    """One column; mixed kinds of cells become text, as they would in a file."""
    present = [value for value in values if value is not None]
    kinds = {_kind(value) for value in present}
    if kinds <= {"number"}:
        return _numbers(name, values)
    if kinds <= {"list", "tuple"}:
        return _lists(name, [None if value is None else list(value) for value in values])
    if len(kinds) > 1 or kinds & {"other"}:
        return pl.Series(name, [None if value is None else _text(value) for value in values], dtype=pl.String)
    return pl.Series(name, values, strict=False)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, Real | Decimal):
        return "number"
    if isinstance(value, Mapping):
        return "media" if _is_media(value) else "other"
    known: dict[type, str] = {str: "text", bytes: "bytes", list: "list", tuple: "tuple"}
    return known.get(
        type(value), "native" if hasattr(value, "isoformat") or hasattr(value, "total_seconds") else "other"
    )


def _text(value: Any) -> str:
    """Objects of JSON as JSON, any other (a period, an interval, a UUID) as it writes itself."""
    return (
        json.dumps(value, ensure_ascii=False, default=str)
        if isinstance(value, dict | list | tuple | bool | float | int)
        else str(value)
    )


def _numbers(name: str, values: Sequence[Any]) -> pl.Series:
    whole = all(value is None or isinstance(value, int) for value in values)
    if whole and all(value is None or abs(value) < 2**63 for value in values):
        return pl.Series(name, values, dtype=pl.Int64)
    return pl.Series(name, [None if value is None else float(value) for value in values], dtype=pl.Float64)


def _lists(name: str, values: list[list[Any] | None]) -> pl.Series:
    """Numbers → series (T,); lists of numbers → channel-major (C, T); anything else → a set of words."""
    cells = [cell for value in values if value for cell in value if cell is not None]
    if cells and all(_kind(cell) in {"number", "bool"} for cell in cells):
        return pl.Series(
            name,
            [None if v is None else [None if c is None else float(c) for c in v] for v in values],
            dtype=pl.List(pl.Float64),
        )
    if cells and all(isinstance(c, list | tuple) and all(x is None or _kind(x) == "number" for x in c) for c in cells):
        rows = [None if v is None else [[None if x is None else float(x) for x in c or ()] for c in v] for v in values]
        return pl.Series(name, rows, dtype=pl.List(pl.List(pl.Float64)))
    words = [None if v is None else [_text(c) for c in v if c is not None] for v in values]
    return pl.Series(name, words, dtype=pl.List(pl.String))


def normalised(frame: pl.DataFrame) -> tuple[pl.DataFrame, Hints]:
    """The cells every later step knows: no categoricals, decimals or structs; media {bytes, path} as bytes or paths."""
    hints: Hints = {}
    columns: list[pl.Series] = []
    for series in frame.iter_columns():
        if isinstance(series.dtype, pl.Struct):
            made, hint = _struct(series)
            columns += made
            hints |= hint
            continue
        columns.append(_simple(series))
        if series.dtype == pl.Binary:
            kind = _media_bytes(series)
            unknown = {
                "modality": "identifier",
                "role": "ignore",
                "why": "holds bytes that are neither pictures nor sounds",
            }
            hints[series.name] = {"modality": kind, "why": f"holds encoded {kind} files"} if kind else unknown
    names = [series.name for series in columns]
    own = unique_names(names)
    return pl.DataFrame([series.alias(name) for series, name in zip(columns, own, strict=True)]), hints


def _simple(series: pl.Series) -> pl.Series:
    kind = series.dtype
    if kind in (pl.Categorical, pl.Enum):
        return series.cast(pl.String)
    if isinstance(kind, pl.Decimal):
        return series.cast(pl.Float64)
    if kind == pl.Object:
        return column(series.name, series.to_list())
    if isinstance(kind, pl.List):
        return series.cast(_list_type(kind))
    if isinstance(kind, pl.Array) and not _is_pixels(kind):
        return series.cast(_list_type(kind))
    return series


def _list_type(kind: pl.DataType) -> pl.DataType:
    """Lists of numbers as lists of Float64, at any depth."""
    inner = getattr(kind, "inner", None)
    if inner is not None:
        return pl.List(_list_type(inner))
    return pl.Float64() if kind.is_numeric() or kind == pl.Boolean else pl.String() if kind != pl.Null else pl.Null()


def _is_pixels(kind: pl.Array) -> bool:
    return kind.shape[0] > 1 and len(kind.shape) in {2, 3, 4} and _innermost(kind) == pl.UInt8


def _innermost(kind: Any) -> Any:
    while hasattr(kind, "inner"):
        kind = kind.inner
    return kind


def _struct(series: pl.Series) -> tuple[list[pl.Series], Hints]:
    """A struct's fields as columns of their own, or the one media column that {bytes, path} stands for."""
    fields = {field.name: series.struct.field(field.name) for field in series.dtype.fields}  # type: ignore[attr-defined]
    if set(fields) != {"bytes", "path"}:
        made, _ = normalised(pl.DataFrame([inner.alias(f"{series.name}.{name}") for name, inner in fields.items()]))
        return list(made.iter_columns()), {}
    data, path = fields["bytes"], fields["path"]
    cells = data if data.dtype == pl.Binary and data.null_count() < len(data) else path.cast(pl.String)
    endings = [
        ("." + value.rsplit(".", 1)[-1]).lower() for value in path.cast(pl.String).drop_nulls().head(50).to_list()
    ]
    kind = _media_bytes(cells) or media_kind(endings) or "image"
    return [cells.alias(series.name)], {series.name: {"modality": kind, "why": f"holds {kind} files"}}


def _media_bytes(series: pl.Series) -> str | None:
    """ "image" or "audio" by the first bytes of the first cells."""
    if series.dtype != pl.Binary:
        return None
    starts = [value[:12] for value in series.drop_nulls().head(20).to_list()]
    webp = [start.startswith(b"RIFF") and start[8:] == b"WEBP" for start in starts]
    if starts and all(w or start.startswith(IMAGE_MAGIC) for w, start in zip(webp, starts, strict=True)):
        return "image"
    return "audio" if starts and all(start.startswith(AUDIO_MAGIC) for start in starts) else None
