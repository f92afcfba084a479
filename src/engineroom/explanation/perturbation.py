"""One row with parts masked: a mask says how much of each part of it the network may see. Every explanation is a way of
moving that mask.

The mask hangs behind the stems, where every kind of column has become vectors: a picture's tiles, a text's tokens,
stretches of a series, tiles of time and frequency of a sound, a table's columns. A veiled part has the vectors that an
absent value would give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..core import registry
from ..core.batch import Batch, Signal
from ..core.schema import Schema
from ..data.fields import Field, input_fields
from ..networks.multi_column import key

TILES = 8  # along the shorter side of a grid
WIDEST = 16  # tiles along the longer one
STRETCHES = 32  # of a long sequence whose steps have no names
NAMED = 256  # steps with names that are parts of their own
ROWS = 256  # veiled copies a call
# of a Signal, along which it is cut into parts
AXES = {"vector": (), "sequence": (1,), "graph": (1,), "grid": (2, 3), "clip": (1,)}


@dataclass(frozen=True)
class Part:
    """A piece of a row: `name` for people; its `column` and its `place` (tile row and column, step from and to)."""

    column: str
    name: str
    place: tuple[int, ...]


@dataclass(frozen=True)
class Cut:
    """How one field is cut: `where` (axes of the signal) holds each place's part among all the row's; `signal` is the
    first network's view."""

    field: Field
    where: Tensor
    signal: Signal
    names: tuple[str, ...]
    shape: tuple[int, ...]  # tiles or steps


class MaskedRow:
    """`parts` (P) of one row, `ask(masks)` for the answers to the row as masks (n, P) leave it."""

    def __init__(
        self, network: nn.Module, task: Any, schema: Schema, batch: Batch, *, whole: Tensor | None = None
    ) -> None:
        self.network, self.task, self.target, self.row = network, task, schema.target, batch
        fields = {key(one): one for one in input_fields(schema)}
        places = [name.split(".") for name, _ in network.named_modules()]
        self.stems = {".".join(p): fields[p[-1]] for p in places if len(p) > 1 and p[-2] == "stems"}
        modules = dict(network.named_modules())
        self.base: dict[nn.Module, Tensor] = {}
        with torch.no_grad():
            seen: dict[str, Signal] = {}
            for name, one in self.stems.items():
                mask = batch.get(one.name + "_mask")
                absent = registry.get("modalities", one.modality).reference(batch[one.name], one.states)
                self.base[modules[name]] = modules[name](absent, mask).data
                if one.name not in seen:
                    seen[one.name] = modules[name](batch[one.name], mask)
            self.whole = network(batch) if whole is None else whole
        self.parts: list[Part] = []
        self.cuts = {name: self._cut(name, signal) for name, signal in seen.items()}

    def _cut(self, name: str, signal: Signal) -> Cut:
        one = next(field for field in self.stems.values() if field.name == name)
        length = int(signal.mask.sum()) if signal.mask is not None else 0
        named = (
            [c.name for c in one.columns]
            if one.is_scalar
            else registry.get("modalities", one.modality).token_names(self.row[name][0], one.states[0])
        )
        shape, index = divide(signal, length, bool(named))
        first, label = len(self.parts), one.columns[0].name
        for place in np.ndindex(*shape):
            if one.is_scalar and len(named) == shape[0]:
                self.parts.append(Part(named[place[0]], named[place[0]], place))
            else:
                said = named[place[0]] if named and place[0] < len(named) else spot(signal, shape, place, length)
                self.parts.append(Part(label, said, place))
        return Cut(one, index + first, signal, tuple(named), shape)

    def ask(self, masks: Tensor) -> Tensor:
        """(n, P) of 0..1 → (n,) what the task's `lean` says; 1 = the part as it is, 0 = absent."""
        return torch.cat([self._ask(masks[start : start + ROWS]) for start in range(0, len(masks), ROWS)])

    def _ask(self, masks: Tensor) -> Tensor:
        n = len(masks)
        fields = {name: tensor.repeat(n, *[1] * (tensor.ndim - 1)) for name, tensor in self.row.fields.items()}
        modules = dict(self.network.named_modules())
        hooks = [
            modules[name].register_forward_hook(self._hook(one, masks, fields[one.name]))
            for name, one in self.stems.items()
        ]
        try:
            return self.task.score_outputs(
                self.network(Batch(fields, np.repeat(self.row.rows, n))), self.whole, self.target
            )
        finally:
            for hook in hooks:
                hook.remove()

    def _hook(self, one: Field, masks: Tensor, own: Tensor) -> Any:
        cut = self.cuts[one.name]

        def hang(module: nn.Module, given: tuple[Any, ...], signal: Signal) -> Signal:
            seen = masks[:, cut.where]
            if given[0] is not own:  # the network also looks at the mirror image: the mask is mirrored with it
                seen = seen.flip(-1)
            shape = [1] * signal.data.ndim
            shape[0] = len(masks)
            for axis in AXES[signal.layout]:
                shape[axis] = signal.data.shape[axis]
            base = self.base[module]
            return Signal(base + seen.reshape(shape) * (signal.data - base), signal.layout, signal.mask, signal.edges)

        return hang


def divide(signal: Signal, length: int, named: bool) -> tuple[tuple[int, ...], Tensor]:
    """(how many parts along each axis, the part of every place). Padding goes with the last part."""
    sizes = [signal.data.shape[axis] for axis in AXES[signal.layout]]
    if not sizes:
        return (1,), torch.zeros((), dtype=torch.long)
    if len(sizes) == 2:
        short = min(TILES, *sizes)
        counts = [min(size, WIDEST, max(1, round(short * size / min(sizes)))) for size in sizes]
        rows, columns = (torch.arange(size) * count // size for size, count in zip(sizes, counts, strict=True))
        return tuple(counts), rows[:, None] * counts[1] + columns
    real = length or sizes[0]
    count = min(real, NAMED if named else STRETCHES)
    return (count,), (torch.arange(sizes[0]).clamp_max(real - 1) * count // real).long()


def spot(signal: Signal, shape: Sequence[int], place: Sequence[int], length: int) -> str:
    """Where a part lies, for one that has no name."""
    if signal.layout == "grid":
        return f"tile {place[0] + 1}, {place[1] + 1}"
    if signal.layout == "vector":
        return "all of it"
    steps = length or signal.data.shape[AXES[signal.layout][0]]
    begin, end = (-(-k * steps // shape[0]) for k in (place[0], place[0] + 1))
    word = {"clip": "frame", "graph": "node"}.get(signal.layout, "step")
    return f"{word} {begin + 1}" if end - begin <= 1 else f"{word}s {begin + 1} to {end}"
