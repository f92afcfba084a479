"""The bundle on disk: written aside and swapped in whole; read with every size, name and hash checked before it is
believed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from ..core.errors import BundleError
from ..core.files import blake_file

FORMAT = 2  # since the field's names: tasks, column types and baselines are stored by theirs
MOST_JSON = 256 * 2**20  # bytes
MOST_COUNT = 10**8  # no honest integer in a column's state is larger
NEEDED = ("format", "task", "target", "schema", "model", "calibration", "provenance", "files")
CORE_FILES = ("weights.safetensors", "golden.safetensors", "golden.json")


def bundle_directory(path: str | Path) -> Path:
    """A run directory or a bundle → the bundle."""
    path = Path(path)
    for candidate in (path, path / "bundle"):
        if (candidate / "bundle.json").is_file():
            return candidate
    if not path.exists():
        raise BundleError(f"There is no run or bundle at {path}.", "", "List them: engineroom runs")
    raise BundleError(
        f"{path} holds no bundle.",
        "Either it is no run, or its training has not come to a first result.",
        f"Continue it: engineroom train --resume {path}",
    )


def read_manifest(directory: Path) -> dict[str, Any]:
    """bundle.json, checked: known format, all parts, plain file names, hashes that agree."""
    path = directory / "bundle.json"
    try:
        if path.stat().st_size > MOST_JSON:
            raise damaged(directory, "bundle.json is absurdly large")
        manifest = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(directory, f"bundle.json cannot be read ({error})") from None
    if not isinstance(manifest, dict) or any(key not in manifest for key in NEEDED):
        raise damaged(
            directory,
            "bundle.json lacks " + ", ".join(k for k in NEEDED if not isinstance(manifest, dict) or k not in manifest),
        )
    if manifest["format"] != FORMAT:
        raise BundleError(
            f"The bundle {directory} has format {manifest['format']!r}; this version reads {FORMAT}.",
            "",
            "Use the version of engineroom that wrote it.",
        )
    check_files(directory, manifest["files"])
    check_numbers(directory, manifest["schema"])
    return manifest


def check_files(directory: Path, files: Any) -> None:
    """Every listed file is a plain name inside the bundle and has the hash it had when it was written."""
    if not isinstance(files, dict) or any(name not in files for name in CORE_FILES):
        raise damaged(directory, "its list of files is not whole")
    for name, value in files.items():
        if (
            not isinstance(name, str)
            or name in ("", ".", "..")
            or "/" in name
            or "\\" in name
            or "\0" in name
            or len(name) > 100
        ):
            raise damaged(directory, f"it names a file {name!r:.60} outside of itself")
        path = directory / name
        if path.is_symlink() or not path.is_file():
            raise damaged(directory, f"{name} is missing")
        if blake_file(path) != value:
            raise damaged(directory, f"{name} is not as it was written (hash differs)")


def check_numbers(directory: Path, value: Any, depth: int = 0) -> None:
    """No integer or nesting in the fitted states that would ask for absurd memory."""
    if depth > 12:
        raise damaged(directory, "its schema is nested absurdly deep")
    if isinstance(value, dict):
        for inner in value.values():
            check_numbers(directory, inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            check_numbers(directory, inner, depth + 1)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if isinstance(value, int) and abs(value) > MOST_COUNT:
            raise damaged(directory, f"its schema holds an absurd number ({value:.3g})")
        if isinstance(value, float) and not math.isfinite(value):
            raise damaged(directory, "its schema holds a number that is none")


def read_tensors(directory: Path, name: str) -> dict[str, Tensor]:
    """A safetensors file; its header must describe exactly the bytes that are there."""
    try:
        return load_file(directory / name)
    except (SafetensorError, OSError, ValueError, RuntimeError, MemoryError) as error:
        raise damaged(directory, f"{name} cannot be read ({str(error)[:120]})") from None


def tensor_shapes(directory: Path, name: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes without loading."""
    try:
        with safe_open(directory / name, framework="pt") as file:
            return {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise damaged(directory, f"{name} cannot be read ({str(error)[:120]})") from None


def version_error(directory: Path, manifest: dict[str, Any], why: str) -> BundleError:
    """Every file has its hash, and yet this code makes nothing of it: other code wrote it. (Forged hashes are refused
    by the same words.)"""
    facts = manifest["provenance"] if isinstance(manifest["provenance"], dict) else {}
    wrote = f"engineroom {manifest.get('version', '?')!s:.20} on {facts.get('created', '?')!s:.10}"
    return BundleError(
        f"The bundle {directory} was made by another version and must be trained anew.",
        f"Its files are as {wrote} wrote them, but {why}.",
        "Train it again with this version (config.yaml in the run directory holds its settings), or use the version "
        "that wrote it.",
    )


def damaged(directory: Path, why: str) -> BundleError:
    return BundleError(
        f"The bundle {directory} is damaged.",
        why[0].upper() + why[1:] + ".",
        "Copy it again, or train it again; nothing of it was run.",
    )
