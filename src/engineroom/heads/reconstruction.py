"""What was hidden of a row, told from what is left: cells by the features of the whole row, steps and pixels place by
place. Left behind afterwards, as every head is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..layers.ensemble import MemberLinear
from ..modalities.masking._masked_regions import placed

WIDTH = 128  # between a place of a map and what is told of it


class Rebuild(nn.Module):
    """Features → (B, K, W): `outputs` says of each field that is told its group of columns, its form and its shape;
    their vectors side by side."""

    maps: tuple[str, ...] = ()
    uses_context = False

    def __init__(self, example: Features, outputs: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.groups = [one["group"] for one in outputs]
        self.parts = nn.ModuleList(
            FORMS[form_of(one, example)](example, one["group"], tuple(one["shape"])) for one in outputs
        )

    def forward(self, features: Features) -> Tensor:
        members = features.pooled.shape[1]
        return torch.cat([part(features).float().expand(-1, members, -1) for part in self.parts], 2)


class Cells(nn.Module):
    """The pooled features → (B, K, W): what has no place, and what a backbone tells no places of."""

    def __init__(self, example: Features, group: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        members, width = example.pooled.shape[1:]
        room = int(torch.Size(shape).numel())
        self.first, self.second = MemberLinear(members, width, width), MemberLinear(members, width, room)

    def forward(self, features: Features) -> Tensor:
        return self.second(F.relu(self.first(features.pooled)))


class Places(nn.Module):
    """A map's places, each with what all columns say together, → (B, 1, W)."""

    axes: int
    channels: int

    def __init__(self, example: Features, group: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.group, self.shape = group, shape
        self.even = self.found(example).mask is None  # where rows are ragged, nothing may be sized by an example
        self.channels = shape[1] if self.axes == 1 else shape[0]
        x = self.laid(example)
        self.finer = self.fineness(x)
        self.whole = nn.Linear(example.pooled.shape[2], x.shape[-1])
        nn.init.zeros_(self.whole.weight)  # at first every place speaks for itself
        self.first = nn.Linear(x.shape[-1], WIDTH)
        self.second = nn.Linear(WIDTH, self.channels * self.finer**self.axes)

    def fineness(self, x: Tensor) -> int:
        """How many places of what is told one place of the map stands for, along each axis."""
        raise NotImplementedError

    def laid(self, features: Features) -> Tensor:
        """The map as (B, …, D), an axis each."""
        raise NotImplementedError

    def found(self, features: Features) -> Signal:
        found = features.maps[self.group]
        assert found is not None
        return found

    def decode(self, features: Features) -> Tensor:
        """(B, …, D) → (B, …, channels · finer ^ axes)."""
        x = self.laid(features)
        whole = self.whole(features.pooled.float().mean(1))
        return self.second(F.gelu(self.first(x.float() + whole.view(len(x), *[1] * self.axes, -1))))


class InTime(Places):
    """steps (L, C): a map (B, T, D) with any number of places."""

    axes = 1

    def fineness(self, x: Tensor) -> int:
        return -(-self.shape[0] // x.shape[1]) if self.even else 1

    def laid(self, features: Features) -> Tensor:
        return self.found(features).data

    def forward(self, features: Features) -> Tensor:
        x, mask = self.decode(features), self.found(features).mask
        x = x.unflatten(2, (self.finer, self.channels)).flatten(1, 2)
        return placed(x, None if mask is None else mask.repeat_interleave(self.finer, 1), self.shape[0]).flatten(1)[
            :, None
        ]


class OnPlane(Places):
    """plane (C, H, W): a map (B, D, h, w), or its places one after the other (B, h · w, D)."""

    axes = 2

    def fineness(self, x: Tensor) -> int:
        return max(-(-self.shape[1] // x.shape[1]), -(-self.shape[2] // x.shape[2]))

    def laid(self, features: Features) -> Tensor:
        """(B, h, w, D)."""
        found = self.found(features)
        if found.layout == "grid":
            return found.data.permute(0, 2, 3, 1)
        return found.data.unflatten(1, sides(found.data.shape[1], self.shape))

    def forward(self, features: Features) -> Tensor:
        x = F.pixel_shuffle(self.decode(features).permute(0, 3, 1, 2), self.finer)
        if x.shape[2:] != self.shape[1:]:
            x = F.interpolate(x, self.shape[1:], mode="bilinear", align_corners=False)
        return x.flatten(1)[:, None]


FORMS: dict[str, type[nn.Module]] = {"vector": Cells, "steps": InTime, "plane": OnPlane}


def form_of(one: Mapping[str, Any], example: Features) -> str:
    """How a field is told: place by place where its backbone says where things are."""
    found = example.maps[one["group"]]
    if found is None or (
        one["form"] == "plane"
        and found.layout == "sequence"
        and not all(sides(found.data.shape[1], tuple(one["shape"])))
    ):
        return "vector"
    return one["form"]


def sides(count: int, shape: tuple[int, ...]) -> tuple[int, int]:
    """How so many places lie on a plane (C, H, W) when they are squares; (0, 0) when they do not."""
    high = max(1, round((count * shape[1] / shape[2]) ** 0.5))
    return (high, count // high) if count % high == 0 else (0, 0)


HEAD = Rebuild
