"""COLLECT: what the folders of a data set say: which split a file belongs to, whether it is an image or a mask, and
what is left.

One description for all sources that read folders. Names are cut into words (`seg_train`, `TrainImages`, `train2017`,
`trainannot`), and words of splits and of roles are taken away; what remains tells classes, cameras or sequences apart.
A doubled folder (`training_set/training_set`) and a folder that holds everything say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ._files import SPLITS, walk

DEEPEST = 4  # levels of folders at which splits are looked for
MASK_WORDS = {
    "mask", "masks", "label", "labels", "labelid", "labelids", "annot", "annots", "annotation", "annotations",
    "annotated", "ann", "anns", "seg", "segmentation", "segmentations", "segmented", "segment", "segments",
    "groundtruth", "gt", "manual", "target", "targets", "truth", "matting",
}  # fmt: skip
IMAGE_WORDS = {
    "image", "images", "img", "imgs", "picture", "pictures", "pic", "pics", "photo", "photos", "input",
    "inputs", "frame", "frames", "jpeg", "jpegs", "jpg", "jpgs", "png", "pngs", "rgb", "x",
}  # fmt: skip
NEUTRAL = {
    "set", "sets", "data", "dataset", "datasets", "split", "splits", "folder", "files", "part", "subset",
    "samples", "examples", "ground", "y", "hq", "new", "final", "raw", "orig", "original", "the",
}  # fmt: skip
GLUED = re.compile(
    r"(train|training|test|testing|val|valid|validation)(annots?|masks?|images?|imgs?|labels?|gt|sets?|data|x|y)?\d*$"
)


@dataclass(frozen=True)
class Place:
    """A file and what its folders say of it: `inner` is what is left of them without splits, `rest` without roles and
    wrappers too."""

    path: Path
    folders: tuple[str, ...]  # between the data folder and the file, as they are
    split: str | None = None  # train, val, test
    role: str | None = None  # image, mask
    inner: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """What one folder name says."""

    split: str | None
    role: str | None
    left: tuple[str, ...]  # its other words


def words_of(name: str) -> list[str]:
    """The words of a name in lower case: TrainImages → train, images; seg_train2017 → seg, train."""
    parts = re.split(r"[^A-Za-z0-9]+", re.sub(r"([a-z0-9]|[A-Z]{2,})([A-Z][a-z])", r"\1 \2", name))
    found: list[str] = []
    for part in (part.lower() for part in parts if part):
        glued = GLUED.match(part)
        found += [one for one in glued.groups() if one] if glued else [part]
    return found


def read_name(name: str) -> Said:
    """The split and the role that a folder's name speaks of."""
    words = words_of(name)
    splits = {SPLITS[word] for word in words if word in SPLITS}
    together = set(words) | {"".join(pair) for pair in pairwise(words)}
    role = (
        "mask"
        if together & MASK_WORDS or "segmentation" in name.lower()
        else "image"
        if together & IMAGE_WORDS or "img" in name.lower()
        else None
    )
    known = {*SPLITS, *MASK_WORDS, *IMAGE_WORDS, *NEUTRAL}
    return Said(splits.pop() if len(splits) == 1 else None, role, tuple(word for word in words if word not in known))


def splits_among(names: Iterable[str], whole: bool, deeper: Callable[[str], bool]) -> dict[str, str]:
    """{name: split} of the folders of one level; {} where they are no splits: train, plane and car are three kinds of
    vehicle.

    A split's name holds no other words than its sisters' (seg_train, seg_test). `whole`: every file lies below this
    level;
    `deeper`: are all files of that folder in folders of its own?
    """
    said = {name: read_name(name) for name in names}
    found = {name: one for name, one in said.items() if one.split}
    if any(len({one.left for one in found.values() if one.role == role}) > 1 for role in (None, "image", "mask")):
        found = {name: one for name, one in found.items() if not one.left}
    kinds = {one.split for one in found.values()}
    others = [one for name, one in said.items() if name not in found]
    partners = all(one.role for one in others)
    train = [name for name, one in found.items() if one.split == "train"]
    alone = len(found) == len(said) and whole
    if len(kinds) > 1 or (alone and kinds) or (train and (partners or all(deeper(name) for name in train))):
        return {name: str(one.split) for name, one in found.items()}
    return {}


def read_places(root: Path, files: Sequence[Path]) -> list[Place]:
    """What the folders between `root` and each file say of it."""
    parts = [file.relative_to(root).parts[:-1] for file in files]
    splits: list[dict[str, str]] = []
    for level in range(DEEPEST):
        inside = [one for one in parts if len(one) > level]
        names = {one[level] for one in inside}

        def deeper(name: str, inside: list[tuple[str, ...]] = inside, level: int = level) -> bool:
            return all(len(one) > level + 1 for one in inside if one[level] == name)

        splits.append(splits_among(names, len(inside) == len(parts), deeper))
    lone = [
        len({one[level] for one in parts if len(one) > level}) == 1 and all(len(one) > level for one in parts)
        for level in range(DEEPEST)
    ]
    return [place_of(file, folders, splits, lone) for file, folders in zip(files, parts, strict=True)]


def place_of(file: Path, folders: tuple[str, ...], splits: Sequence[dict[str, str]], lone: Sequence[bool]) -> Place:
    split, role = None, None
    inner, rest = [], []
    for level, name in enumerate(folders):
        said = read_name(name)
        own = splits[level].get(name) if level < DEEPEST else None
        own = own or (said.split if split == said.split and not said.left else None)  # training_set/training_set
        split = split or own
        wrapper = level < DEEPEST and lone[level]
        if said.role and not wrapper:
            role = role or said.role
        if not own:
            inner.append(name)
            rest += [name] if not wrapper and not said.role else []
    return Place(file, folders, split, role, tuple(inner), tuple(rest))


def places_below(root: Path, endings: frozenset[str], *, at_most: int | None = None) -> list[Place]:
    """The files with these endings below a folder, and what their folders say."""
    return read_places(root, [file for file in walk(root, at_most=at_most) if file.suffix.lower() in endings])


def listed_splits(root: Path, *kinds: str) -> dict[str, str]:
    """{a picture's name: split} from lists as Pascal VOC has them (ImageSets/Segmentation/train.txt); the first of
    `kinds` that is there."""
    for kind in kinds:
        found: dict[str, str] = {}
        for word in ("trainval", "train", "val", "test"):
            for file in sorted(
                [*root.glob(f"ImageSets/{kind}/{word}.txt"), *root.glob(f"*/ImageSets/{kind}/{word}.txt")]
            ):
                lines = [line.split()[0] for line in file.read_text("utf-8", "replace").splitlines() if line.split()]
                found |= dict.fromkeys(lines, "train" if word == "trainval" else word)
        if found:
            return found
    return {}


def pair_places(
    places: Sequence[Place],
    others: Sequence[Place],
    spell: Callable[[str], Iterable[str]],
    own: Callable[[str], Iterable[str]],
) -> list[Place | None]:
    """For each of `places` the one of `others` that belongs to it, or None: the same name (in one of its spellings) in
    the same split and the same folders. Only a name that is there once may lie in other folders: a wrong partner is
    worse than none."""
    by_name: dict[str, list[tuple[int, Place]]] = {}
    for other in others:
        for rank, key in enumerate(spell(other.path.stem)):
            by_name.setdefault(key, []).append((rank, other))
    counts: dict[str, int] = {}
    for place in places:
        counts[place.path.stem] = counts.get(place.path.stem, 0) + 1
    return [partner_of(place, by_name, own, alone=counts[place.path.stem] == 1) for place in places]


def partner_of(
    place: Place, by_name: dict[str, list[tuple[int, Place]]], own: Callable[[str], Iterable[str]], *, alone: bool
) -> Place | None:
    for key in own(place.path.stem):
        found = [
            (rank, one)
            for rank, one in by_name.get(key, [])
            if one.path != place.path and not (one.split and place.split and one.split != place.split)
        ]
        near = [(rank, one) for rank, one in found if one.rest == place.rest]
        found = near or (found if alone and len({one.path for _, one in found}) == 1 else [])
        if found:
            return min(found, key=lambda pair: pair[0])[1]
    return None
