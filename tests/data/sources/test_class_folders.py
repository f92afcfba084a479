"""Folders: class folders, names that carry labels, tables that name files, tables of several splits."""

from __future__ import annotations

import polars as pl
import pytest

from engineroom.core.config import LimitsConfig
from engineroom.core.errors import DataError
from engineroom.data.loading import open_table


def place(root, *names, data=b"x"):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def split_rows(table, column="split"):
    return dict(table.frame[column].value_counts().iter_rows())


def test_a_folder_for_each_class(tmp_path):
    place(
        tmp_path, "cat/1.jpg", "cat/2.JPG", "dog/10.png", "dog/9.png", "dog/.hidden.png", "dog/Thumbs.db", "README.md"
    )
    (tmp_path / "emu").mkdir()
    table = open_table(tmp_path)
    assert table.frame.columns == ["image", "label"] and table.frame["label"].to_list() == ["cat", "cat", "dog", "dog"]
    assert table.frame["image"][2] == str(tmp_path / "dog/9.png")  # natural order
    assert table.hints["label"]["role"] == "target" and table.hints["image"]["modality"] == "image"
    assert any("Empty class folders: emu" in note for note in table.notes)


@pytest.mark.parametrize(("train", "test", "val"), [("train", "test", "val"), ("Training", "testing", "validation")])
def test_class_folders_with_splits(tmp_path, train, test, val):
    place(tmp_path, f"{test}/a/1.wav", f"{train}/a/1.wav", f"{train}/b/1.wav", f"{val}/b/1.wav", "extra/a/1.wav")
    table = open_table(tmp_path)
    assert table.frame["split"].to_list() == ["train", "train", "val", "test"]
    assert table.hints["split"]["role"] == "split" and table.hints["audio"]["modality"] == "audio"
    assert any("extra" in note for note in table.notes)


def test_splits_below_the_classes_and_wrapping_folders(tmp_path):
    place(tmp_path / "a", "cat/train/1.png", "cat/test/1.png", "dog/train/1.png", "dog/test/2.png")
    assert split_rows(open_table(tmp_path / "a")) == {"train": 2, "test": 2}
    assert open_table(tmp_path / "a").frame["label"].unique().sort().to_list() == ["cat", "dog"]
    place(tmp_path / "b", "images/cat/s1/1.png", "images/cat/s2/1.png", "images/dog/s1/1.png")
    assert open_table(tmp_path / "b").frame["label"].to_list() == ["cat", "cat", "dog"]


def test_text_folders_are_read_and_bounded(tmp_path):
    place(tmp_path, "pos/1.txt", "pos/2.txt", data="sehr schön".encode())
    place(tmp_path, "neg/1.txt", data="très mauvais".encode("latin-1"))
    table = open_table(tmp_path, limits=LimitsConfig(characters=6))
    assert table.frame["text"].to_list() == ["très m", "sehr s", "sehr s"] and table.hints["text"]["modality"] == "text"


def test_empty_files_are_skipped_within_limits(tmp_path):
    place(tmp_path, *[f"a/{i}.png" for i in range(30)], *[f"b/{i}.png" for i in range(30)])
    place(tmp_path, "b/empty.png", data=b"")
    table = open_table(tmp_path)
    assert len(table) == 60 and table.skipped == (("b/empty.png", "empty file"),)
    with pytest.raises(DataError, match="are empty"):
        open_table(tmp_path, limits=LimitsConfig(max_damaged=0.001))


def test_pictures_beside_their_masks_are_no_classes(tmp_path):
    place(tmp_path, "images/1.png", "masks/1.png")
    assert open_table(tmp_path).hints["mask"]["modality"] == "mask"


def test_names_that_carry_labels(tmp_path):
    place(
        tmp_path,
        *[f"train/{d}_{who}_{i}.flac" for d in range(3) for who in ("ann", "bob") for i in range(3)],
        "test/0_ann_9.flac",
        "test/1_bob_9.flac",
    )
    table = open_table(tmp_path)
    assert table.frame.columns == ["audio", "part1", "part2", "part3", "split"] and split_rows(table) == {
        "train": 18,
        "test": 2,
    }
    assert {table.hints[f"part{i}"]["role"] for i in (1, 2, 3)} == {"ignore"}
    assert any("part2 has 2 distinct values (ann, bob)" in n and "--target part1" in n for n in table.notes)
    aimed = open_table(tmp_path, target="part2")
    assert aimed.hints["part2"]["role"] == "target" and aimed.hints["part1"]["role"] == "ignore"


def test_flat_folders_with_dashes_and_with_nothing_in_their_names(tmp_path):
    place(tmp_path / "a", "cat-1.jpg", "dog-2.jpg")
    assert open_table(tmp_path / "a").frame["part1"].to_list() == ["cat", "dog"]
    place(tmp_path / "b", "one.jpg", "two_three.jpg")
    table = open_table(tmp_path / "b")
    assert table.frame.columns == ["image"] and any("no labels" in note for note in table.notes)


@pytest.mark.parametrize("home", ["", "photos/", "train/", "images/sub/"])
def test_a_table_that_names_pictures(tmp_path, home):
    place(tmp_path, f"{home}a.jpg", f"{home}b.jpg")
    (tmp_path / "train.csv").write_text("file,y\na.jpg,1.5\nb.jpg,2\n")
    for where in (tmp_path, tmp_path / "train.csv"):
        table = open_table(where)
        assert table.frame["file"].to_list() == [str(tmp_path / home / "a.jpg"), str(tmp_path / home / "b.jpg")]
        assert table.hints["file"]["modality"] == "image" and table.name == tmp_path.name


def test_tables_and_folders_for_each_split(tmp_path):
    place(tmp_path, "train/a.jpg", "train/b.jpg", "test/a.jpg")
    (tmp_path / "train.csv").write_text("file,y\na.jpg,1\nb.jpg,2\n")
    (tmp_path / "test.csv").write_text("file,y\na.jpg,1\n")
    frame = open_table(tmp_path).frame
    assert frame["file"].to_list() == [str(tmp_path / name) for name in ("train/a.jpg", "train/b.jpg", "test/a.jpg")]
    assert frame["split"].to_list() == ["train", "train", "test"]


def test_tables_inside_split_folders(tmp_path):
    place(tmp_path, "train/a.wav", "test/b.wav")
    (tmp_path / "train/list.csv").write_text("file,y\na.wav,1\n")
    (tmp_path / "test/list.csv").write_text("file,y\nb.wav,2\n")
    table = open_table(tmp_path)
    assert table.frame["file"].to_list() == [str(tmp_path / "train/a.wav"), str(tmp_path / "test/b.wav")]
    assert split_rows(table) == {"train": 1, "test": 1}


def test_missing_files_are_named_and_bounded(tmp_path):
    place(tmp_path, *[f"{i}.jpg" for i in range(39)])
    (tmp_path / "list.csv").write_text("file,y\n" + "".join(f"{i}.jpg,{i}\n" for i in range(40)))
    table = open_table(tmp_path / "list.csv")
    assert len(table) == 39 and table.skipped[0][0] == "39.jpg" and any("1 of 40" in note for note in table.notes)
    with pytest.raises(DataError, match=r"1 of 40 files named in column 'file'.*39\.jpg"):
        open_table(tmp_path / "list.csv", limits=LimitsConfig(max_damaged=0.01))


def test_names_of_files_that_are_nowhere_are_ignored_aloud(tmp_path):
    (tmp_path / "t.csv").write_text("file,y\na.jpg,1\nb.jpg,2\n")
    table = open_table(tmp_path / "t.csv")
    assert table.hints["file"]["role"] == "ignore" and any("a.jpg" in note for note in table.notes)


def test_a_url_is_no_file(tmp_path):
    (tmp_path / "t.csv").write_text("link,y\nhttp://x.org/a.jpg,1\nhttp://x.org/b.jpg,2\n")
    assert open_table(tmp_path / "t.csv").hints == {}


def test_every_part_is_read_as_the_training_part_is(tmp_path):
    (tmp_path / "train.csv").write_text("a,b,c,y\n1,2,x,0\n2,3,y,1\n")
    (tmp_path / "dev.csv").write_text("a,b,c,y\n1.5,,3,1\n")
    (tmp_path / "test.csv").write_text("y,a,b,c,extra\n0,3,seven,z,1\n")
    (tmp_path / "domains.json").write_text("{}")
    table = open_table(tmp_path)
    assert table.frame.schema["a"] == pl.Float64 and table.frame["b"].to_list() == [2, 3, None, None]
    assert table.unreadable == {"b": 1} and any("“seven” (row 3)" in note for note in table.notes)
    assert table.frame["c"].to_list() == ["x", "y", "3", "z"] and table.frame["split"].to_list() == [
        "train",
        "train",
        "val",
        "test",
    ]
    assert any("extra" in note for note in table.notes)


def test_a_column_called_split_is_not_overwritten(tmp_path):
    (tmp_path / "train.csv").write_text("split,y\nbanana,0\n")
    (tmp_path / "test.csv").write_text("split,y\npea,1\n")
    table = open_table(tmp_path)
    assert table.frame["split"].to_list() == ["banana", "pea"] and table.hints["split_"]["role"] == "split"


def test_several_data_sets_in_one_folder(tmp_path):
    for name in ("a_train", "a_test", "b_train", "b_test"):
        (tmp_path / f"{name}.csv").write_text("x,y\n1,2\n")
    with pytest.raises(DataError, match="holds 2 tables") as caught:
        open_table(tmp_path)
    assert "--test" in caught.value.fix
    place(tmp_path / "two", "orders.csv", "prices.csv", data=b"x,y\n1,2\n")
    with pytest.raises(DataError, match=r"orders\.csv, prices\.csv"):
        open_table(tmp_path / "two")


def test_folders_with_nothing_usable(tmp_path):
    with pytest.raises(DataError) as caught:
        open_table(tmp_path)
    assert "nothing" in caught.value.why and "Supported" in caught.value.fix
    place(tmp_path, "a.xyz", "sub/b.xyz")
    with pytest.raises(DataError) as caught:
        open_table(tmp_path)
    assert "the folder itself (1 .xyz, such as a.xyz), sub/ (1 .xyz, such as b.xyz)" in caught.value.why


def test_classes_may_be_called_like_side_files(tmp_path):
    place(tmp_path, "license/1.png", "notice/1.png", "notice/README.png", "plain/LICENSE.txt", "plain/1.png")
    assert open_table(tmp_path).frame["label"].to_list() == ["license", "notice", "notice", "plain"]
