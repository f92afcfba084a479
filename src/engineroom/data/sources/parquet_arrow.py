"""COLLECT: parquet and arrow (feather, ipc) files: columns with their types already known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._cache import head
from ._cells import normalised
from ._files import ending, run_name
from ._media_columns import with_media

ARROW = frozenset({".arrow", ".feather", ".ipc"})


@dataclass(frozen=True)
class Columnar:
    """Reads by the file's first bytes, whatever its ending says."""

    def detect(self, path: Path) -> float:
        if not path.is_file():
            return 0.0
        known = ending(path) in ARROW | {".parquet", ".pq"}
        return 0.95 if _form(path) else 0.4 if known else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        readers = {"parquet": pl.read_parquet, "arrow": pl.read_ipc, "stream": pl.read_ipc_stream}
        form = _form(path)
        if form is None:
            raise DataError(
                f"{path.name} is neither parquet nor arrow.",
                "Its first bytes are of neither form.",
                "Is it empty, or was the download cut off?",
            )
        try:
            frame = readers[form](path)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
            raise DataError(
                f"{path.name} is damaged.", str(error).partition("\n")[0][:200], "Write or download it again."
            ) from None
        if not frame.height:
            raise DataError(f"{path.name} has no rows.", "There is nothing to learn from.")
        frame, hints = normalised(frame)
        return with_media(Table(frame, run_name(path), hints), path, limits=limits)


def _form(path: Path) -> str | None:
    start = head(path, 8)
    if start[:4] == b"PAR1":
        return "parquet"
    if start[:6] == b"ARROW1":
        return "arrow"
    return "stream" if ending(path) in ARROW and start[:4] == b"\xff\xff\xff\xff" else None


SOURCE = Columnar()
