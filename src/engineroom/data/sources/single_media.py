"""COLLECT: a single picture, recording or video: a table of one row, to be answered by a model that has been
trained."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.table import Table
from ._files import MEDIA, absolute, kind_of_files


class OneFile:
    def detect(self, path: Path) -> float:
        return 0.6 if path.is_file() and any(path.suffix.lower() in known for known in MEDIA.values()) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        kind = kind_of_files([path]) or "image"
        hints = {kind: {"modality": kind, "role": "input", "why": "the file itself"}}
        return Table(pl.DataFrame({kind: [str(absolute(path))]}), path.stem, hints)


SOURCE = OneFile()
