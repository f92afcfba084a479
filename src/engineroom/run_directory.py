"""The run directory: the truth while training. Made once, locked while in use, safe against a crash at any instant."""

from __future__ import annotations

import itertools
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .core.config import Config, make_config, read_yaml, write_yaml
from .core.errors import BundleError, UserError
from .core.files import disk_error, lock_file, settle_directory, write_atomic, write_json

if TYPE_CHECKING:
    from filelock import BaseFileLock


class RunDirectory:
    """Paths of one run, and the lock that keeps two processes out of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_path, self.events, self.checkpoints = (
            path / "config.yaml",
            path / "events.jsonl",
            path / "checkpoints",
        )
        self.bundle, self.cache, self.prepared = path / "bundle", path / "cache", path / "prepared.json"
        self.sketches = path / "sketches"
        self._lock: BaseFileLock | None = None

    @classmethod
    def create(cls, config: Config, name: str) -> RunDirectory:
        """A new directory: --run DIR, or runs/<data-name>-<n>. Never one that already holds a run."""
        if config.run:
            run = cls(Path(config.run))
            if run.config_path.exists():
                raise UserError(
                    f"{run.path} already holds a run.",
                    "Nothing there was touched.",
                    f"Continue it with --resume {run.path}, or name another directory with --run DIR.",
                )
        else:
            run = cls(free_path(name))
        try:
            run.checkpoints.mkdir(parents=True, exist_ok=True)
            run.cache.mkdir(exist_ok=True)
        except OSError as error:
            raise disk_error(error, run.path) from error
        run.lock()
        return run

    @classmethod
    def reopen(cls, path: str | Path) -> tuple[RunDirectory, Config]:
        """An existing run and its configuration."""
        run = cls(Path(path))
        if not run.config_path.exists():
            raise BundleError(
                f"{run.path} holds no run to continue.", "There is no config.yaml in it.", "List runs: engineroom runs"
            )
        run.lock()
        settle_directory(run.bundle)
        return run, make_config(read_yaml(run.config_path))

    def lock(self) -> None:
        try:
            self._lock = lock_file(self.path / ".lock")
        except BlockingIOError:
            raise BundleError(
                f"{self.path} is in use by another process.",
                "Two trainers must not write into one run.",
                "Wait for it, stop it, or name another directory with --run DIR.",
            ) from None
        except OSError as error:
            raise disk_error(error, self.path) from error

    def release(self) -> None:
        if self._lock:
            self._lock.release()
            self._lock = None

    def write_config(self, config: Config) -> None:
        write_atomic(self.config_path, write_yaml(config))

    def write_prepared(self, facts: dict[str, Any]) -> None:
        write_json(self.prepared, facts)

    def read_prepared(self) -> dict[str, Any] | None:
        try:
            return json.loads(self.prepared.read_text("utf-8"))
        except (OSError, ValueError):
            return None

    @property
    def finished(self) -> bool:
        return (self.bundle / "report.json").exists()


def free_path(name: str) -> Path:
    """The next runs/<name>-<n> that does not exist."""
    clean = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60] or "run"
    return next(p for p in (Path("runs") / f"{clean}-{n}" for n in itertools.count(1)) if not p.exists())


def list_runs(root: str | Path = "runs") -> list[dict[str, Any]]:
    """All runs under `root`, newest first: name, state, task, headline score, when."""
    found = []
    for config in Path(root).glob("*/config.yaml"):
        run = RunDirectory(config.parent)
        facts: dict[str, Any] = {
            "run": str(run.path),
            "state": "unfinished",
            "changed": os.path.getmtime(config.parent),
        }
        manifest = run.bundle / "bundle.json"
        if manifest.exists():
            try:
                read = json.loads(manifest.read_text("utf-8"))
                facts |= {
                    "task": read["task"],
                    "target": read["target"],
                    "metrics": read.get("metrics", {}),
                    "verdict": read.get("verdict", {}).get("use"),
                    "state": "finished" if run.finished else "unfinished",
                    "created": read["provenance"].get("created"),
                }
            except (OSError, ValueError, KeyError):
                facts["state"] = "damaged"
        found.append(facts)
    return sorted(found, key=lambda facts: -facts["changed"])
