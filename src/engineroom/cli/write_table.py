"""Tables to files, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..core.errors import UserError


def write_frame(frame: Any, path: Path) -> None:
    """Write aside, then rename: an interrupted write leaves no half file."""
    from ..core.files import disk_error

    writers = {
        ".csv": frame.write_csv,
        ".tsv": lambda p: frame.write_csv(p, separator="\t"),
        ".jsonl": frame.write_ndjson,
        ".ndjson": frame.write_ndjson,
        ".parquet": frame.write_parquet,
    }
    if path.suffix.lower() not in writers:
        raise UserError(f"{path.name} has an ending that is not known here.", "", f"Use one of {', '.join(writers)}.")
    aside = path.with_name(f".{path.name}.tmp")
    try:
        writers[path.suffix.lower()](aside)
        os.replace(aside, path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise disk_error(error, path) from error
