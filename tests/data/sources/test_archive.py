"""Archives: what they may hold, and what hostile ones try."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engineroom.core.config import LimitsConfig
from engineroom.core.errors import DataError
from engineroom.data.loading import open_table

CSV = b"x,y\n1,a\n2,b\n"


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tarred(path, files, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("d.zip", ""),
        ("d.tar", "w"),
        ("d.tar.gz", "w:gz"),
        ("d.tgz", "w:gz"),
        ("d.tar.bz2", "w:bz2"),
        ("d.tar.xz", "w:xz"),
    ],
)
def test_every_kind_of_archive(tmp_path, name, mode):
    files = {"top/train.csv": CSV, "top/test.csv": CSV, "__MACOSX/._x": b"", "top/.DS_Store": b""}
    path = tarred(tmp_path / name, files, mode) if mode else zipped(tmp_path / name, files)
    table = open_table(path, cache=tmp_path / "cache")
    assert table.name == "d" and table.frame["split"].to_list() == ["train", "train", "test", "test"]
    assert open_table(path).frame.equals(table.frame)  # without a cache, too


def test_archived_class_folders_survive_as_long_as_the_cache(tmp_path):
    path = zipped(tmp_path / "pets.zip", {"pets/cat/1.png": b"x", "pets/dog/1.png": b"y"})
    table = open_table(path, cache=tmp_path / "cache")
    assert table.frame["label"].to_list() == ["cat", "dog"]
    assert all(str(tmp_path / "cache") in cell for cell in table.frame["image"])


def test_one_table_alone(tmp_path):
    assert open_table(zipped(tmp_path / "only.zip", {"t.csv": CSV})).frame["x"].to_list() == [1, 2]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    trick=st.sampled_from(["../{}", "a/../../{}", "/{}", "a/b/../../../{}", "..\\{}", "C:\\{}", "C:/{}", "./../{}"]),
    name=st.sampled_from(["evil.csv", "x/evil.csv", ".evil"]),
    kind=st.sampled_from(["zip", "tar.gz"]),
)
def test_names_that_leave_the_folder_are_refused(tmp_path, trick, name, kind):
    path = tmp_path / f"bad.{kind}"
    files = {"t.csv": CSV, trick.format(name): CSV}
    (zipped if kind == "zip" else tarred)(path, files)
    with pytest.raises(DataError, match="outside its folder"):
        open_table(path, cache=tmp_path / "deep" / "cache")
    assert not list(tmp_path.rglob("*evil*"))


def test_links_and_devices_are_left_out(tmp_path):
    path = tmp_path / "links.tar"
    (tmp_path / "secret.csv").write_bytes(CSV)
    with tarfile.open(path, "w") as archive:
        for name, kind in (("a.csv", tarfile.SYMTYPE), ("b.csv", tarfile.LNKTYPE), ("c.csv", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, str(tmp_path / "secret.csv")
            archive.addfile(info)
    with pytest.raises(DataError, match="no data that can be read"):
        open_table(path)
    link = zipfile.ZipInfo("l.csv")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as archive:
        archive.writestr(link, str(tmp_path / "secret.csv"))
        archive.writestr("t.csv", CSV)
    assert len(open_table(tmp_path / "links.zip")) == 2


def test_bounds(tmp_path):
    path = zipped(tmp_path / "bomb.zip", {"t.csv": CSV + b"3,c\n" * 100_000})
    with pytest.raises(DataError, match="bytes unpacked"):
        open_table(path, limits=LimitsConfig(archive_bytes=10_000))
    path = zipped(tmp_path / "many.zip", {f"c/{i}.png": b"x" for i in range(20)})
    with pytest.raises(DataError, match="more than 10 files"):
        open_table(path, limits=LimitsConfig(archive_files=10), cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())  # nothing half done is left


def test_damaged_encrypted_and_nested(tmp_path):
    path = tmp_path / "cut.zip"
    path.write_bytes(zipped(tmp_path / "whole.zip", {"t.csv": CSV}).read_bytes()[:60])
    with pytest.raises(DataError, match="cannot be unpacked"):
        open_table(path)
    (tmp_path / "cut.tar.gz").write_bytes(tarred(tmp_path / "w.tar.gz", {"t.csv": CSV * 999}).read_bytes()[:100])
    with pytest.raises(DataError, match="cannot be unpacked"):
        open_table(tmp_path / "cut.tar.gz")
    data = bytearray((tmp_path / "whole.zip").read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag for encryption
    (tmp_path / "locked.zip").write_bytes(bytes(data))
    with pytest.raises(DataError, match="encrypted"):
        open_table(tmp_path / "locked.zip")
    inner = zipped(tmp_path / "inner.zip", {"t.csv": CSV}).read_bytes()
    with pytest.raises(DataError, match="another archive"):
        open_table(zipped(tmp_path / "outer.zip", {"inner.zip": inner}))


@pytest.mark.parametrize("absolute", [True, False])
def test_a_table_may_not_name_files_outside_its_archive(tmp_path, absolute):
    (tmp_path / "private.jpg").write_bytes(b"x")
    name = str(tmp_path / "private.jpg") if absolute else "../../private.jpg"
    path = zipped(tmp_path / "spy.zip", {"t.csv": f"file,y\n{name},1\n", "b.txt": b""})
    with pytest.raises(DataError, match="outside the archive"):
        open_table(path, cache=tmp_path / "cache")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/t.csv").write_text(f"file,y\n{tmp_path / 'private.jpg'},1\n")
    assert open_table(tmp_path / "own/t.csv").frame["file"][0] == str(tmp_path / "private.jpg")
