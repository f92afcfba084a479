"""A lock keeps others out until it is released, on every platform; what cannot be locked is no lock that is held."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engineroom.core.errors import BundleError
from engineroom.core.files import lock_file
from engineroom.labeling.label_store import LabelStore
from engineroom.run_directory import RunDirectory


def test_one_holder_at_a_time_in_this_process_and_in_another(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    lock = lock_file(path)
    with pytest.raises(BlockingIOError):
        lock_file(path)
    other = f"from engineroom.core.files import lock_file; from pathlib import Path; lock_file(Path({str(path)!r}))"
    assert (
        "BlockingIOError"
        in subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=False).stderr
    )
    lock.release()
    lock_file(path).release()
    assert subprocess.run([sys.executable, "-c", other], check=False).returncode == 0


def test_a_place_that_cannot_be_written_is_not_taken_for_one_in_use(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lock_file(tmp_path / "nowhere" / ".lock")
    with pytest.raises(OSError, match=r"proc|Permission|No such") as caught:
        lock_file(Path("/proc/none.lock"))
    assert not isinstance(caught.value, BlockingIOError)


def test_runs_and_label_files_say_who_holds_them(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    run.lock()
    with pytest.raises(BundleError, match="in use by another process"):
        RunDirectory(tmp_path).lock()
    run.release()
    RunDirectory(tmp_path).lock()
    store = LabelStore(tmp_path / "labels.jsonl", "kind")
    with pytest.raises(BundleError, match="in use by another process"):
        LabelStore(tmp_path / "labels.jsonl", "kind")
    store.close()
    LabelStore(tmp_path / "labels.jsonl", "kind").close()


def test_training_and_labelling_import_without_fcntl() -> None:
    hidden = "import sys; sys.modules['fcntl'] = None; import engineroom.run_directory, engineroom.labeling.label_store"
    assert subprocess.run([sys.executable, "-c", hidden], check=False).returncode == 0
