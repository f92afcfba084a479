"""COLLECT: the encoded data set. Every column is decoded once; afterwards a batch is a slice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from ..core import registry
from ..core.batch import Batch
from ..core.protocols import Ragged
from ..core.schema import Schema
from ..core.seeds import numpy_generator, torch_generator
from ..layers.augment import cutmix
from .column_store import Fixed, RaggedStore, Writer
from .fields import Field, input_fields
from .schema_inference import followed_input

# rows encoded at a time
CHUNK = {"image": 512, "video": 64, "generated_clip": 64, "mask": 512, "audio": 256, "series": 4096, "molecule": 4096}
TABLE_CHUNK = 65_536
Progress = Callable[[int, int], None]


@dataclass
class Dataset:
    """Encoded columns of all rows, and which rows are for what. `damaged` names rows that could not be read."""

    schema: Schema
    rows: int
    stores: dict[str, Fixed | RaggedStore]
    damaged: dict[int, str] = field(default_factory=dict)
    splits: dict[str, np.ndarray] = field(default_factory=dict)
    fold: np.ndarray | None = None  # (N,) int8: which ensemble member must not learn the row; -1 = none

    def batch(self, rows: np.ndarray, step: int = -1) -> Batch:
        """Rows as tensors; the target, where there is one, as "target"."""
        fields: dict[str, torch.Tensor] = {}
        for one in self.fields:
            modality = registry.get("modalities", one.modality)
            for suffix, tensor in modality.collate(self.stores[one.name].take(rows), one.states[0]).items():
                fields[one.name + suffix] = tensor
        if "target" in self.stores:
            target = self.schema.target
            for suffix, tensor in (
                registry.get("modalities", target.modality)
                .collate(self.stores["target"].take(rows), target.state)
                .items()
            ):
                fields["target" + suffix] = tensor
        if self.fold is not None:
            fields["_fold"] = torch.from_numpy(self.fold[rows])
        return Batch(fields, rows, step)

    def __post_init__(self) -> None:
        self.fields: tuple[Field, ...] = input_fields(self.schema)

    def augmented(self, rows: np.ndarray, step: int, seed: int) -> Batch:
        """A training batch: like `batch`, with each modality's changes drawn from (seed, step)."""
        batch = self.batch(rows, step)
        fields = dict(batch.fields)
        answers, followed = registry.get("modalities", self.schema.target.modality), followed_input(self.schema)
        for one in self.fields:
            modality = registry.get("modalities", one.modality)
            generator = torch_generator(seed, "augment", step, one.name)
            own = {s: fields[one.name + s] for s in ("", "_mask") if one.name + s in fields}
            if followed is not None and followed.name == one.columns[0].name:  # a mask or a box moves with its picture
                said = {s: fields["target" + s] for s in ("", "_mask") if "target" + s in fields}
                own, said = answers.augment_pair(own, said, one.states[0], self.schema.target.state, generator)
                fields |= {"target" + suffix: tensor for suffix, tensor in said.items()}
            else:
                own = modality.augment(own, one.states[0], generator)
            if one.states[0].get(
                "opposites"
            ):  # half of the pictures are mirrored, and their answers take the other sign
                turn = torch.rand(len(rows), generator=generator) < 0.5
                own[""] = torch.where(turn[:, None, None, None], own[""].flip(-1), own[""])
                fields["target"] = torch.where(
                    turn, answers.opposite(fields["target"], self.schema.target.state), fields["target"]
                )
            fields |= {one.name + suffix: tensor for suffix, tensor in own.items()}
        return Batch(fields, rows, step)

    def mixed(self, batch: Batch, seed: int) -> Batch:
        """Every other batch of pictures is mixed with itself: "_partner" (B,) and "_share" (B,) say how."""
        if batch.step % 2:
            return batch
        fields = dict(batch.fields)
        name = self.fields[0].name
        fields[name], fields["_partner"], fields["_share"] = cutmix(
            fields[name], torch_generator(seed, "mix", batch.step)
        )
        return Batch(fields, batch.rows, batch.step)

    def __len__(self) -> int:
        return self.rows


def encode_table(
    frame: pl.DataFrame,
    schema: Schema,
    directory: Path | None = None,
    *,
    target: bool = True,
    progress: Progress | None = None,
) -> Dataset:
    """Encode every input column (and the target) of `frame` by the schema's fitted states, chunk by chunk.

    With a `directory` the result is memory-mapped there, so memory does not grow with the rows.
    """
    fields = list(input_fields(schema))
    writers = {one.name: Writer(directory, f"field{i}", frame.height) for i, one in enumerate(fields)}
    if target:
        fields.append(Field("target", schema.target.modality, (schema.target,)))
        writers["target"] = Writer(directory, "target", frame.height)
    damaged: dict[int, str] = {}
    chunk = min([CHUNK.get(one.modality, TABLE_CHUNK) for one in fields], default=TABLE_CHUNK)
    for start in range(0, frame.height, chunk):
        part = frame.slice(start, chunk)
        for one in fields:
            encoded, bad = encode_field(part, one)
            writers[one.name].add(encoded)
            damaged |= {start + row: f"{column}: {reason}" for row, (column, reason) in bad.items()}
        damaged |= {start + row: reason for row, reason in empty_rows(part, schema).items()}
        if target:
            damaged |= {
                start + row: f"{schema.target.name}: {reason}" for row, reason in strangers(part, schema).items()
            }
        if progress:
            progress(min(frame.height, start + chunk), frame.height)
    if not frame.height:
        for one in fields:
            writers[one.name].add(encode_field(frame, one)[0])
    return Dataset(schema, frame.height, {name: writer.finish() for name, writer in writers.items()}, damaged)


def empty_rows(part: pl.DataFrame, schema: Schema) -> dict[int, str]:
    """{row: why}: rows without anything to look at. A number may be missing and mean something; no picture at all is no
    question."""
    names = [column.name for column in schema.inputs if not registry.get("modalities", column.modality).is_noise]
    if not names or not all(registry.get("modalities", schema[name].modality).needs_value for name in names):
        return {}
    empty = part.select(pl.all_horizontal(is_empty(part[name], name) for name in names)).to_series()
    what = f"{' and '.join(names)}: the cell is empty" if len(names) == 1 else f"{' and '.join(names)} are empty"
    return {row: what for row in np.flatnonzero(empty.to_numpy()).tolist()}


def is_empty(values: pl.Series, name: str) -> pl.Expr:
    """Which cells hold nothing."""
    return (
        pl.col(name).is_null() | (pl.col(name).str.strip_chars() == "")
        if values.dtype == pl.String
        else pl.col(name).is_null()
    )


def strangers(part: pl.DataFrame, schema: Schema) -> dict[int, str]:
    """{row: why}: targets that do not belong to the input that they follow."""
    found: dict[int, str] = {}
    followed = followed_input(schema)
    if followed is not None:
        target = schema.target
        registry.get("modalities", target.modality).validate_pair(
            part[target.name], part[followed.name], target.state, found
        )
    return found


def encode_field(part: pl.DataFrame, one: Field) -> tuple[np.ndarray | Ragged, dict[int, tuple[str, str]]]:
    """Encode a chunk of one field; blocks are stacked to (N, columns, …)."""
    modality = registry.get("modalities", one.modality)
    arrays: list[Any] = []
    damaged: dict[int, tuple[str, str]] = {}
    for column in one.columns:
        bad: dict[int, str] = {}
        arrays.append(modality.encode(part[column.name], column.state, bad))
        damaged |= {row: (column.name, reason) for row, reason in bad.items()}
    if modality.is_scalar and one.name != "target":
        return np.stack(arrays, 1), damaged
    return arrays[0], damaged


@dataclass
class BatchSampler:
    """Training batches, a pure function of (seed, step): a resumed run goes on with the very next one."""

    data: Dataset
    batch_size: int
    seed: int
    augment: bool = True
    mix: bool = False  # for classes of single pictures
    # the rows of an epoch as a task wants them; None = shuffled
    order: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None
    costs: float = 0.0  # seconds a batch takes beyond what the probe sees: reading a store takes none

    def __post_init__(self) -> None:
        self.rows = self.data.splits["train"]
        self.batch_size = min(self.batch_size, len(self.rows))
        self.per_epoch = max(1, len(self.rows) // self.batch_size)
        self._order: tuple[int, np.ndarray] | None = None

    def rows_of(self, step: int) -> np.ndarray:
        """The rows of a step (1-based); each epoch has its own order and drops the incomplete last batch."""
        epoch, place = divmod(step - 1, self.per_epoch)
        if self._order is None or self._order[0] != epoch:
            generator = numpy_generator(self.seed, "epoch", epoch)
            self._order = (epoch, self.order(self.rows, generator) if self.order else generator.permutation(self.rows))
        return np.sort(self._order[1][place * self.batch_size : (place + 1) * self.batch_size])

    def batch(self, step: int) -> Batch:
        rows = self.rows_of(step)
        if not self.augment:
            return self.data.batch(rows, step)
        batch = self.data.augmented(rows, step, self.seed)
        return self.data.mixed(batch, self.seed) if self.mix else batch

    def __call__(self, first: int, stop: Callable[[], int]) -> Iterator[tuple[int, Batch]]:
        """(step, batch) from step `first` on, until `stop()` steps."""
        step = first
        while step <= stop():
            yield step, self.batch(step)
            step += 1

    def tensors(self) -> dict[str, torch.Tensor]:
        """What a checkpoint must hold of where batches come from: nothing, they are a function of (seed, step)."""
        return {}

    def take(self, tensors: dict[str, torch.Tensor]) -> None:
        """Go on from what `tensors` held."""
