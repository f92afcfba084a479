"""Writes a bundle beside the old one and swaps it in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from ..core.files import blake_file, replace_directory
from .format import FORMAT


def write_bundle(
    directory: Path,
    *,
    manifest: dict[str, Any],
    weights: dict[str, Tensor],
    golden: dict[str, Tensor],
    baseline: bytes | None = None,
    more: Callable[[Path], None] | None = None,
) -> None:
    """Fill `directory` atomically. `more(aside)` adds files (report, records); all are hashed into bundle.json."""

    def fill(aside: Path) -> None:
        save_file(
            {name: tensor.detach().contiguous().clone() for name, tensor in weights.items()},
            aside / "weights.safetensors",
        )
        save_file(golden, aside / "golden.safetensors")
        (aside / "golden.json").write_text(
            json.dumps(
                {
                    "what": "five encoded inputs and their outputs; loading re-runs them",
                    "shapes": {name: list(tensor.shape) for name, tensor in golden.items()},
                }
            )
        )
        if baseline is not None:
            (aside / "baseline.skops").write_bytes(baseline)
        if more:
            more(aside)
        seal(aside, manifest)

    replace_directory(directory, fill)


def seal(aside: Path, manifest: dict[str, Any]) -> dict[str, str]:
    """Write bundle.json over all that lies in `aside`; the hashes of its files."""
    files = {path.name: blake_file(path) for path in sorted(aside.iterdir()) if path.is_file()}
    (aside / "bundle.json").write_text(
        json.dumps({"format": FORMAT, **manifest, "files": files}, ensure_ascii=False, allow_nan=False)
    )
    return files
