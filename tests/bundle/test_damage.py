"""A damaged or hostile bundle gives one clear error and runs nothing."""

from __future__ import annotations

import json
import random
import shutil
import struct
import zipfile
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

import engineroom as er
from conftest import command, house_table
from engineroom.core.errors import BundleError
from engineroom.core.files import blake_file


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("good")
    er.train(
        house_table(),
        target="sold",
        steps=30,
        run=str(root / "run"),
        show="quiet",
        train__threads=1,
        train__precision="fp32",
    )
    return root / "run" / "bundle"


@pytest.fixture
def bundle(good: Path, tmp_path: Path) -> Path:
    shutil.copytree(good, tmp_path / "bundle")
    return tmp_path / "bundle"


def rehash(bundle: Path, change=None) -> None:
    """What a forger would do: change the manifest and make the hashes fit."""
    manifest = json.loads((bundle / "bundle.json").read_text())
    if change:
        change(manifest)
    for name in manifest["files"]:
        if (bundle / name).is_file():
            manifest["files"][name] = blake_file(bundle / name)
    (bundle / "bundle.json").write_text(json.dumps(manifest))


def refused(bundle: Path) -> str:
    with pytest.raises(BundleError) as caught:
        er.load(str(bundle))
    return str(caught.value)


def test_the_good_one_loads_and_holds_no_pickle(bundle: Path) -> None:
    model = er.load(str(bundle))
    assert model.predict(house_table(20)).height == 20
    names = {p.name for p in bundle.iterdir()}
    assert names == {
        "bundle.json",
        "weights.safetensors",
        "golden.json",
        "golden.safetensors",
        "report.html",
        "report.json",
        "records.parquet",
        "card.md",
        "baseline.skops",
    }
    assert not any(p.read_bytes()[:2] in (b"\x80\x04", b"\x80\x05", b"\x80\x02") for p in bundle.iterdir())


@pytest.mark.parametrize("name", ["weights.safetensors", "golden.safetensors", "bundle.json", "baseline.skops"])
def test_truncated(bundle: Path, name: str) -> None:
    path = bundle / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "damaged" in refused(bundle)


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bit(bundle: Path, seed: int) -> None:
    rng = random.Random(seed)
    path = bundle / rng.choice(["weights.safetensors", "golden.safetensors", "report.json", "baseline.skops"])
    raw = bytearray(path.read_bytes())
    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    path.write_bytes(bytes(raw))
    assert "hash" in refused(bundle)


def test_missing_file(bundle: Path) -> None:
    (bundle / "weights.safetensors").unlink()
    assert "missing" in refused(bundle)


def test_weights_that_answer_otherwise(bundle: Path) -> None:
    weights = load_file(bundle / "weights.safetensors")
    save_file(
        {name: tensor * 1.5 if tensor.is_floating_point() else tensor for name, tensor in weights.items()},
        bundle / "weights.safetensors",
    )
    rehash(bundle)
    assert "otherwise" in refused(bundle)


def test_weights_of_another_network_are_of_another_version(bundle: Path) -> None:
    weights = load_file(bundle / "weights.safetensors")
    save_file(
        {name.replace("stems", "roots"): tensor for name, tensor in weights.items()}, bundle / "weights.safetensors"
    )
    rehash(bundle)
    said = refused(bundle)
    assert "another version and must be trained anew" in said and er.__version__ in said and "roots" in said


def test_a_description_of_another_version_says_so(bundle: Path) -> None:
    rehash(bundle, lambda m: m["schema"][0].update(state={"scales of old": [1.0]}))
    assert "trained anew" in refused(bundle)


def test_absurd_shapes_in_the_header(bundle: Path) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2**40, 2**20], "data_offsets": [0, 8]}}).encode()
    (bundle / "weights.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 8)
    rehash(bundle)
    assert "damaged" in refused(bundle)


def test_absurd_header_length(bundle: Path) -> None:
    (bundle / "golden.safetensors").write_bytes(struct.pack("<Q", 2**62) + b"{}")
    rehash(bundle)
    assert "damaged" in refused(bundle)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "a/b", "a\0b", ""])
def test_path_tricks(bundle: Path, name: str) -> None:
    rehash(bundle, lambda m: m["files"].update({name: "00"}))
    assert "outside" in refused(bundle)


def test_a_link_is_no_file(bundle: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    (bundle / "card.md").rename(target)
    (bundle / "card.md").symlink_to(target)
    assert "missing" in refused(bundle)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(format=99),
        lambda m: m.pop("schema"),
        lambda m: m.update(task="os.system"),
        lambda m: m.update(task="../../evil"),
        lambda m: m["model"].update(networks=10**9),
        lambda m: m["schema"][0]["state"].update(edges=[10**12]),
        lambda m: m["schema"][0].update(modality="no such"),
        lambda m: m.update(schema="text"),
        lambda m: m["config"]["model"].update(name="subprocess"),
        lambda m: m["schema"].pop(0),
    ],
)
def test_forged_manifest(bundle: Path, change) -> None:
    rehash(bundle, change)
    refused(bundle)


def test_a_baseline_of_unknown_types_is_not_built(bundle: Path) -> None:
    from engineroom.baselines._estimator import load

    with pytest.raises(BundleError):
        load(b"PK\x03\x04 nonsense")
    (bundle / "baseline.skops").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    rehash(bundle)
    with pytest.raises(BundleError):
        er.evaluate(str(bundle), house_table(50))


@pytest.mark.parametrize("change", [{"classes": 3}, {"kind": "number"}, {"schema": []}], ids=str)
def test_a_baseline_of_another_question_is_refused(bundle: Path, change: dict) -> None:
    with zipfile.ZipFile(bundle / "baseline.skops") as old:
        stored = {name: old.read(name) for name in old.namelist()}
    stored["baseline.json"] = json.dumps(json.loads(stored["baseline.json"]) | change).encode()
    with zipfile.ZipFile(bundle / "baseline.skops", "w") as new:
        for name, data in stored.items():
            new.writestr(name, data)
    rehash(bundle)
    with pytest.raises(BundleError, match="another question|damaged"):
        er.evaluate(str(bundle), house_table(50))


def test_the_command_says_it_in_three_lines(bundle: Path, tmp_path: Path) -> None:
    (bundle / "weights.safetensors").write_bytes(b"")
    house_table(5).write_csv(tmp_path / "new.csv")
    done = command("predict", bundle, tmp_path / "new.csv", check=4)
    assert len(done.stderr.strip().splitlines()) <= 3
    command("predict", tmp_path / "nowhere", tmp_path / "new.csv", check=4)
