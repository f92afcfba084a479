"""One answer a row, in the same order, with the name of its file; nothing is lost, overwritten or passed over in
silence."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

import engineroom as er
from engineroom.cli import main
from engineroom.core.errors import UserError
from engineroom.rendering.vision.mask_overlay import file_names


def pictures(folder: Path, names: list[str]) -> Path:
    rng = np.random.default_rng(0)
    for i, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((rng.random((16, 16)) * 60 + 120 * (i % 2)).astype(np.uint8)).save(folder / name)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[str, Path]:
    root = pictures(tmp_path_factory.mktemp("answers"), [f"{i}.png" for i in range(40)])
    (root / "t.csv").write_text("photo,label\n" + "".join(f"{i}.png,{'ab'[i % 2]}\n" for i in range(40)))
    run = root / "run"
    er.train(
        root / "t.csv", target="label", steps=1, run=str(run), show="quiet", train__threads=1, train__precision="fp32"
    )
    return str(run), root


def verb(monkeypatch, capsys, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["engineroom", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr()
    return int(stopped.value.code or 0), said.out, said.err


def test_missing_files_and_empty_cells_keep_their_rows(trained, tmp_path: Path, monkeypatch, capsys) -> None:
    run, root = trained
    names = [f"{i}.png" for i in range(12)]
    names[3], names[7] = "gone.png", ""
    (root / "new.csv").write_text("id,photo\n" + "".join(f"p{i},{name}\n" for i, name in enumerate(names)))
    code, _, err = verb(monkeypatch, capsys, "predict", run, str(root / "new.csv"), "-o", str(tmp_path / "out.csv"))
    out = pl.read_csv(tmp_path / "out.csv")
    assert code == 0 and out.height == 12 and out["prediction"].is_null().to_list() == [i in (3, 7) for i in range(12)]
    assert out["file"].to_list() == [name or None for name in names]
    assert "row 3 (gone.png)" in err and "row 7" in err
    _, text, _ = verb(
        monkeypatch, capsys, "predict", run, str(root / "new.csv"), "-o", str(tmp_path / "out.csv"), "--json"
    )
    assert [(one["row"], one["file"]) for one in json.loads(text)["unanswered"]] == [(3, "gone.png"), (7, None)]
    assert er.predict(run, root / "new.csv").height == 12


def test_folder_answers_name_their_files(trained, tmp_path: Path) -> None:
    run, _ = trained
    pictures(tmp_path, ["img_9.jpg", "img_10.JPG", "sub/a b#1 é.png", "x.jfif"])
    (tmp_path / "broken.png").write_bytes(b"no picture")
    model = er.load(run)
    out = model.predict(tmp_path)  # the model's column is called photo, the folder's image
    assert out.columns[0] == "file" and out["file"].to_list() == [
        "broken.png",
        "img_9.jpg",
        "img_10.JPG",
        "x.jfif",
        "sub/a b#1 é.png",
    ]
    assert out["prediction"].is_null().to_list() == [True, False, False, False, False] and list(model.damaged) == [0]
    assert model.predict(tmp_path / "img_9.jpg")["file"].to_list() == ["img_9.jpg"]
    assert "file" not in model.predict(pl.DataFrame({"photo": [str(tmp_path / "img_9.jpg")]})).columns


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/d/1.jpg", "/d/2.jpg"], ["1.png", "2.png"]),
        (["/d/1.jpg", "/d/1.png", "/d/2.png"], ["1.jpg.png", "1.png.png", "2.png"]),
        (["/d/a/1.jpg", "/d/b/1.jpg"], ["a/1.png", "b/1.png"]),
        (["/d/a/1.jpg", "/d/a/1.png", "/d/b/1.png"], ["a/1.jpg.png", "a/1.png.png", "b/1.png"]),
        (["/d/1.jpg", "/d/1.jpg"], ["1.jpg.png", "1.jpg_2.png"]),
        (["/d/A.jpg", "/d/a.jpg"], ["A.jpg.png", "a.jpg_2.png"]),
    ],
)
def test_every_row_has_a_file_of_its_own(paths: list[str], names: list[str]) -> None:
    assert file_names(pl.Series(paths)) == names


def test_rows_of_no_file_are_numbered_as_they_came() -> None:
    frame = pl.DataFrame({"_row": [0, 2, 5]})
    assert file_names(pl.Series([b"1", b"2", b"3"]), frame) == ["00000.png", "00002.png", "00005.png"]


def test_samples_of_rows(tmp_path: Path, monkeypatch, capsys) -> None:
    rng = np.random.default_rng(0)
    table = pl.DataFrame({"a": rng.normal(0, 1, 120), "kind": rng.choice(["x", "y"], 120)})
    run = str(tmp_path / "run")
    er.train(
        table,
        recipe="tabular_diffusion",
        options={"condition_on": "kind"},
        steps=1,
        run=run,
        show="quiet",
        train__threads=1,
        train__precision="fp32",
    )
    made = er.generate(run, count=6, conditions={"kind": "y"})
    assert made.height == 6 and made["kind"].to_list() == ["y"] * 6
    assert made.equals(er.generate(run, count=6, conditions={"kind": "y"})) and not made["a"].equals(
        er.generate(run, count=6, conditions={"kind": "y"}, seed=1)["a"]
    )
    assert er.generate(run, count=4)["kind"].to_list() == ["x", "y", "x", "y"]
    for wrong in ({"kind": "z"}, {"sort": "x"}):
        with pytest.raises(UserError, match="knows no|no condition"):
            er.generate(run, conditions=wrong)
    code, _, _ = verb(
        monkeypatch, capsys, "generate", run, "-o", str(tmp_path / "made.csv"), "--count", "3", "--set", "kind=x"
    )
    assert code == 0 and pl.read_csv(tmp_path / "made.csv")["kind"].to_list() == ["x"] * 3


def test_what_makes_nothing_says_what_does(trained, monkeypatch, capsys) -> None:
    code, _, err = verb(monkeypatch, capsys, "generate", trained[0])
    assert code == 2 and "does not make anything" in err and "engineroom predict" in err
