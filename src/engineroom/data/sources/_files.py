"""COLLECT: what a folder holds. Kinds of files by their ending, names that mean a split, names for runs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ...modalities._file_extensions import AUDIO_ENDINGS, IMAGE_ENDINGS, VIDEO_ENDINGS

IMAGE, VIDEO, AUDIO = (frozenset(endings) for endings in (IMAGE_ENDINGS, VIDEO_ENDINGS, AUDIO_ENDINGS))
ANIMATED, SAMPLE = frozenset({".gif", ".webp", ".apng"}), 24  # pictures that may move; files looked at
MEDIA = {"image": IMAGE, "audio": AUDIO, "video": VIDEO}
TEXT = frozenset({".txt", ".text", ".md"})
DELIMITED = frozenset({".csv", ".tsv", ".tab", ".data"})
TABLE = DELIMITED | {
    ".jsonl",
    ".ndjson",
    ".json",
    ".parquet",
    ".arrow",
    ".feather",
    ".ipc",
    ".xlsx",
    ".xls",
    ".ods",
    ".ts",
    ".conll",
    ".iob",
    ".iob2",
    ".bio",
}
PACKED = frozenset({".gz", ".zst"})  # one packed file; archives of many files are the archive source's

SPLITS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
}
SPLIT_ORDER = ("train", "val", "test")
GENERIC = {"data", "table", "labels", "dataset"}
SIDE_NAMES = re.compile(
    r"(readme|licen[cs]e|copying|notice|changelog|citation)[^.]*(\.(md|txt|rst|html|pdf|cff|bib))?$", re.I
)
LEFTOVERS = {"thumbs.db", "desktop.ini", "__macosx", "lost+found"}  # of desktop programs


def is_visible(name: str, *, folder: bool = False) -> bool:
    """Hidden files, read-me files and what desktop programs leave behind are no data."""
    hidden = name.startswith((".", "~$")) or name.lower() in LEFTOVERS
    return not hidden and (folder or not SIDE_NAMES.match(name))


def walk(folder: Path, *, depth: int = 6, at_most: int | None = None) -> Iterator[Path]:
    """All visible files under `folder` in natural order. Links to folders are followed, but never back into a folder
    that holds them."""
    count = 0
    for root, folders, files in os.walk(folder, followlinks=True):
        place = Path(root)
        deep = len(place.relative_to(folder).parts)
        folders[:] = sorted(
            (f for f in folders if is_visible(f, folder=True) and deep < depth and not leads_back(place / f)),
            key=natural,
        )
        for name in sorted(filter(is_visible, files), key=natural):
            yield place / name
            count += 1
            if at_most is not None and count >= at_most:
                return


def leads_back(folder: Path) -> bool:
    """Is this a link to a folder that it lies in itself? Following it would never end."""
    if not folder.is_symlink():
        return False
    target = os.path.realpath(folder)
    return any(os.path.realpath(above) == target for above in folder.parents)


def visible(folder: Path) -> tuple[list[Path], list[Path]]:
    """(subfolders, files) directly inside `folder`, in natural order."""
    inside = sorted(folder.iterdir(), key=lambda path: natural(path.name))
    folders = [path for path in inside if path.is_dir() and is_visible(path.name, folder=True) and not leads_back(path)]
    return folders, [path for path in inside if path.is_file() and is_visible(path.name)]


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts img_9 before img_10."""
    parts = re.split(r"(\d{1,18})", name)
    return [(0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts]


def absolute(path: Path | str) -> Path:
    """Absolute and without `..`; links are kept, for the names of what they point to may say nothing."""
    return Path(os.path.abspath(path))


def ending(path: Path | str) -> str:
    """The format's ending in lower case: `.csv` for a.CSV and for a.csv.gz."""
    suffixes = [s.lower() for s in Path(path).suffixes]
    if suffixes and suffixes[-1] in PACKED:
        return suffixes[-2] if len(suffixes) > 1 else suffixes[-1]
    return suffixes[-1] if suffixes else ""


def stem(path: Path) -> str:
    """The name without its format's ending: `train` for train.csv.gz."""
    name = path.name
    for suffix in (*PACKED, ending(path)):
        if suffix and name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name or path.name


def media_kind(endings: Iterable[str]) -> str | None:
    """ "image", "audio", "video" or "text": the commonest kind among these file endings."""
    counts = {"image": 0, "audio": 0, "video": 0, "text": 0}
    for suffix in endings:
        for kind, known in {**MEDIA, "text": TEXT}.items():
            counts[kind] += suffix in known
    best = max(counts, key=lambda kind: counts[kind])
    return best if counts[best] else None


def kind_of_files(files: Sequence[Path]) -> str | None:
    """The commonest kind among files; pictures that move (animated GIF, WebP) are videos where most of them do."""
    kind = media_kind(file.suffix.lower() for file in files)
    moving = [file for file in files if file.suffix.lower() in ANIMATED]
    if kind != "image" or len(moving) <= len([file for file in files if file.suffix.lower() in IMAGE]) / 2:
        return kind
    sample = moving[:: max(1, len(moving) // SAMPLE)]
    return "video" if sum(map(is_animated, sample)) > len(sample) / 2 else kind


def is_animated(file: Path) -> bool:
    """Does a picture hold several frames?"""
    from PIL import Image

    try:
        with Image.open(file) as image:
            return getattr(image, "n_frames", 1) > 1
    except (OSError, ValueError, SyntaxError):
        return False


def split_of(name: str) -> str | None:
    """The split that a folder's or file's name speaks of: `X_TRAIN`, `train_20percent`, `dev`; else None."""
    tokens = re.split(r"[^a-z0-9]+", name.lower())
    found = {SPLITS[token] for token in tokens if token in SPLITS}
    if name.lower().startswith("t10k"):
        return "test"
    return found.pop() if len(found) == 1 else None


def without_split(name: str) -> str:
    """The name with its split word removed, so that A_TRAIN and A_TEST are seen to belong together."""
    tokens = [token for token in re.split(r"[^A-Za-z0-9]+", name) if token and token.lower() not in SPLITS]
    return "_".join(tokens)


def run_name(path: Path) -> str:
    """A clean name for runs: the parent folder's for generic names (train.csv, train/), else the path's own."""
    path = absolute(path)
    if path.is_dir():
        base = path.parent.name if path.name.lower() in SPLITS else path.name
    else:
        base = without_split(stem(path)) if split_of(stem(path)) else stem(path)
        base = path.parent.name if not base[:1].isalpha() or base.lower() in GENERIC else base
    return re.sub(r"[^A-Za-z0-9._-]+", "_", base).strip("._-") or "data"
