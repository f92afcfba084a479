"""COLLECT: polygons and run-length masks of COCO, YOLO, Label Studio or CVAT files as masks: a class for every
pixel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ...core import registry
from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._box_table import NAMED, Annotated, add_splits, apply_orientation
from ._files import SPLIT_ORDER, absolute, run_name
from ._polygons import draw_mask

READERS = ("coco_json", "yolo_txt", "label_studio", "cvat_xml")


@dataclass(frozen=True)
class OutlineMasks:
    """Reads for segmentation what the sources of boxes read for detection."""

    tasks = ("segmentation",)

    def detect(self, path: Path) -> float:
        return 0.3 if any(registry.get("data/sources", name).detect(path) > 0 for name in READERS) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        readers = [registry.get("data/sources", name) for name in READERS]
        found = max(readers, key=lambda reader: reader.detect(path)).annotated(path, limits)
        found.check(limits)
        boxes = [row.name for row in found.rows for thing in row.things if not thing.outlines and thing.rle is None]
        things = sum(len(row.things) for row in found.rows)
        if len(boxes) == things:
            raise DataError(
                f"The {things:,} annotated things are boxes without outlines.",
                "Segmentation learns from outlines (polygons) or masks.",
                "Boxes are for --recipe object_detection; or draw outlines.",
            )
        if boxes:
            first = ", ".join(list(dict.fromkeys(boxes))[:NAMED])
            found.notes.append(
                f"{len(boxes):,} of {things:,} things are boxes among outlines and are filled as rectangles ({first})."
            )
        kinds = {thing.kind for row in found.rows for thing in row.things}
        named = sorted(found.categories, key=lambda name: found.categories[name])
        numbers = {name: k for k, name in enumerate([*named, *sorted(kinds - set(named))], 1)}
        rows, notes = apply_orientation(found.rows, limits.pixels)
        rows = sorted(rows, key=lambda row: SPLIT_ORDER.index(row.split) if row.split else 0)
        return self._table(rows, numbers, [*found.notes, *notes], found.skipped, run_name(path), limits)

    def _table(
        self,
        rows: list[Annotated],
        numbers: dict[str, int],
        notes: list[str],
        skipped: list[tuple[str, str]],
        name: str,
        limits: LimitsConfig,
    ) -> Table:
        kept: list[Annotated] = []
        masks: list[bytes] = []
        for row in rows:
            try:
                masks.append(draw_mask(row, numbers, limits.pixels))
                kept.append(row)
            except (ValueError, OSError, SyntaxError) as error:
                skipped.append((row.name, str(error)))
        notes = [note for note in notes if "for detection" not in note]
        if len(kept) < len(rows):
            notes.append(f"{len(rows) - len(kept):,} pictures whose outlines cannot be drawn were left out.")
        columns = {
            "image": pl.Series([str(absolute(row.picture)) for row in kept], dtype=pl.String),
            "mask": pl.Series(masks, dtype=pl.Binary),
        }
        names = {"0": "background", **{str(number): kind for kind, number in numbers.items()}}
        hints: dict[str, dict[str, Any]] = {
            "image": {"modality": "image", "role": "input", "why": "the pictures that the outlines belong to"},
            "mask": {"modality": "mask", "role": "target", "why": "outlines drawn as masks", "facts": {"names": names}},
        }
        hints |= add_splits(columns, [row.split for row in kept])
        notes.append(
            "Outlines were drawn as masks: "
            f"{', '.join(f'{number} {kind}' for number, kind in list(names.items())[:12])}."
        )
        return Table(pl.DataFrame(columns), name, hints, tuple(notes), tuple(skipped))


SOURCE = OutlineMasks()
