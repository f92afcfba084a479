"""Real data through the front door: small sets, short budgets, and a floor that only a working whole can reach."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import command, real_data
from engineroom.core.config import LimitsConfig
from engineroom.data.loading import open_table
from engineroom.tasks._base import make_task

FLOORS = [
    ("ucr/GunPoint", None, "accuracy", 0.9, 120),
    ("titanic", "survived", "accuracy", 0.75, 300),
    ("ucr/BasicMotions", None, "accuracy", 0.9, 120),
]


@pytest.mark.real
@pytest.mark.parametrize(("name", "target", "score", "floor", "steps"), FLOORS, ids=[f[0] for f in FLOORS])
def test_reaches_its_floor(tmp_path: Path, name: str, target: str | None, score: str, floor: float, steps: int) -> None:
    command(
        "train",
        real_data(name),
        *(["--target", target] if target else []),
        "--run",
        "r",
        "--steps",
        steps,
        "--set",
        "model.size=small",
        "--quiet",
        cwd=tmp_path,
    )
    manifest = json.loads((tmp_path / "r" / "bundle" / "bundle.json").read_text())
    assert manifest["deep"]["metrics"][score] >= floor
    assert manifest["baseline"]["metrics"][score] >= floor - 0.05


@pytest.mark.real
def test_a_leak_in_real_data_is_found(tmp_path: Path) -> None:
    done = command(
        "train", real_data("indoor_movement"), "--target", "target", "--run", "r", "--steps", 5, "--json", cwd=tmp_path
    )
    schema = next(json.loads(line) for line in done.stdout.splitlines() if '"schema"' in line)
    roles = {c["name"]: c["role"] for c in schema["columns"]}
    assert roles["path"] == "ignore" and roles["group"] == "ignore" and roles["series"] == "input"


@pytest.mark.real
def test_values_of_real_receipts_are_found_on_their_pages() -> None:
    table = open_table(real_data("sroie_receipts"), target=None, limits=LimitsConfig(), cache=None)
    table = make_task("document_extraction", {}).build_samples(table, None, inference=False)
    lost = next(note for note in table.notes if "stand nowhere" in note)
    assert table.frame.height == 140 and int(lost.split()[0]) <= 5
    unlike = next(note for note in table.notes if "letter by letter" in note)
    assert int(unlike.split()[0]) <= 60
