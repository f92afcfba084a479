"""FORWARD: one stem per field, one backbone per group of fields, everything fused, one head. Any mixture of columns
fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ..core import registry
from ..core.batch import SAID, Batch, Features, Signal
from ..core.config import Config
from ..core.errors import UserError, nearest
from ..core.schema import Schema
from ..data.fields import Field, input_fields
from .fusion import AddContext

# features per table column, token, atom; other stems bring their own channels
STEM_WIDTH = {"set": 16, "words": 128, "graph": 64}
TABLE_MEMBERS = 16
# with fewer rows of these kinds the small network goes further
SMALL = {"words": 8_000, "path": 1_000_000, "state": 1_000_000, "scene": 1_000_000}
# from so many rows on, what changes in the pictures is enough: no dropout
PLENTY = {"picture": 2_000, "state": 0, "scene": 0}


@dataclass
class Architecture:
    """What was built and why, in words, for the report."""

    encoders: list[dict[str, str]] = field(default_factory=list)
    backbones: set[str] = field(default_factory=set)
    fields: tuple[Field, ...] = ()  # what is read


class ColumnsModel(nn.Module):
    """Batch → output (B, K, outputs), or what the task's head makes of a map. Pure: no targets, no loss, no randomness
    in eval mode."""

    def __init__(self, schema: Schema, config: Config, task: Any, example: Batch, *, rows: int) -> None:
        super().__init__()
        self.groups: list[list[Field]] = group_fields(input_fields(schema))
        self.stems, self.backbones = nn.ModuleDict(), nn.ModuleDict()
        self.plan = Architecture(fields=input_fields(schema))
        widths: list[tuple[Any, int]] = []
        for index, group in enumerate(self.groups):
            widths.append(self.add_encoder(index, group, config, task, example, rows))
        members = max(count for _, count in widths)
        total = sum(width for width, _ in widths)
        self.fuse: nn.Module = nn.Identity()
        if len(widths) > 1:
            self.fuse = nn.Sequential(nn.LayerNorm(total), nn.Linear(total, 256), nn.ReLU(), nn.Dropout(0.2))
            total = 256
        head = registry.get("heads", task.head)
        self.mapped: int | None = None  # the group whose map the head reads
        maps = tuple(features.map for features in read_once(self, example))
        pattern = Features(
            torch.empty(1, members, total),
            parts=tuple(torch.empty(1, count, width) for width, count in widths),
            maps=maps,
        )
        if head.maps:
            self.mapped = next((i for i, one in enumerate(maps) if one is not None and one.layout in head.maps), None)
            if self.mapped is None:
                raise UserError(
                    "No column gives what this task reads.",
                    f"It needs a map: {' or '.join(head.maps)}.",
                    "Is the input column of the right kind?",
                )
            pattern = Features(pattern.pooled, maps[self.mapped], pattern.parts, maps=maps)
        others = sum(width for i, (width, _) in enumerate(widths) if i != self.mapped)
        self.add_context = (
            AddContext(pattern.map, others) if pattern.map is not None and head.uses_context and others else None
        )
        self.head = head(pattern, task.output_size(schema.target))
        if task.tie_weights and self.mapped is not None:
            self.head.tie(self.stems[key(self.groups[self.mapped][0])])

    def add_encoder(
        self, index: int, group: list[Field], config: Config, task: Any, example: Batch, rows: int
    ) -> tuple[Any, int]:
        """Stems and backbone of one group of columns: (width of its features, ensemble members)."""
        kind = registry.get("modalities", group[0].modality).signal_type
        name, size, why = choose_family(group, config, rows, task.backbones)
        backbone = registry.get("backbones", name)
        layout = agree(backbone, group[0].modality, name)
        for one in group:
            modality = registry.get("modalities", one.modality)
            self.stems[key(one)] = modality.stem(one.states, STEM_WIDTH.get(kind, 0), layout)
        members = (config.model.ensemble_size or TABLE_MEMBERS) if kind in ("set", "vector") and name == "mlp" else 1
        with torch.no_grad():
            signal = typical(
                self.signal(group, example),
                registry.get("modalities", group[0].modality).typical_length(group[0].states[0]),
            )
        self.backbones[str(index)] = backbone.build(
            signal, without_dropout(config, kind, rows), kind=kind, size=size, members=members
        )
        self.plan.backbones.add(name)
        named = ", ".join(c.name for f in group for c in f.columns)
        self.plan.encoders.append({"columns": named, "backbone": name, "size": size, "why": why})
        return self.backbones[str(index)].width, members

    def signal(self, group: list[Field], batch: Batch) -> Signal:
        """The group's stems side by side; table columns become one sequence (B, columns, D)."""
        signals = [self.stems[key(one)](batch[one.name], batch.get(one.name + "_mask")) for one in group]
        return signals[0] if len(signals) == 1 else Signal(torch.cat([s.data for s in signals], 1), "sequence")

    def features(self, batch: Batch) -> list[Features]:
        return [self.backbones[str(i)](self.signal(group, batch)) for i, group in enumerate(self.groups)]

    def forward(self, batch: Batch) -> Tensor:
        return self.head(self.gathered(batch))

    def gathered(self, batch: Batch) -> Features:
        """All that the head reads."""
        features = self.features(batch)
        parts = pooled = [one.pooled for one in features]
        if len(pooled) > 1:
            members = max(p.shape[1] for p in pooled)
            pooled = [torch.cat([p.expand(-1, members, -1).float() for p in pooled], 2)]
        read = batch.get(self.groups[self.mapped or 0][0].name)
        return Features(
            self.fuse(pooled[0]),
            self.map(features),
            tuple(parts),
            batch.get(SAID),
            read,
            tuple(one.map for one in features),
        )

    def map(self, features: list[Features]) -> Signal | None:
        """What the head reads of places: the map of one group, and what all others say of the whole row."""
        if (found := None if self.mapped is None else features[self.mapped].map) is None or self.add_context is None:
            return found
        return self.add_context.added(found, [one.pooled for i, one in enumerate(features) if i != self.mapped])


class Ensemble(nn.Module):
    """K whole networks side by side: (B, K, outputs). With folds, each is trained without one part of the rows and
    judged on it."""

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.plan = together([member.plan for member in members])  # type: ignore[misc]

    def forward(self, batch: Batch) -> Tensor:
        return torch.cat([member(batch).mean(1, keepdim=True) for member in self.members], 1)


def read_once(model: ColumnsModel, example: Batch) -> list[Features]:
    """The features of an example, without leaving a trace in running means."""
    model.eval()
    with torch.no_grad():
        features = model.features(example)
    model.train()
    return features


def assemble(schema: Schema, config: Config, task: Any, example: Batch, *, rows: int, networks: int) -> nn.Module:
    """Batch → output (B, K, …): one network, or several side by side. Training and loading build the same."""
    members = [ColumnsModel(schema, one, task, example, rows=rows) for one in member_configs(schema, config, networks)]
    return Ensemble(members) if networks > 1 else members[0]


def member_configs(schema: Schema, config: Config, networks: int) -> list[Config]:
    """One configuration a network. Families that differ err differently; who asks for a backbone gets that one
    alone."""
    team = registry.get("modalities", schema.inputs[0].modality).ensemble
    if networks == 1 or config.model.name != "auto" or not team:
        return [config] * networks
    names = [team[i % len(team)] for i in range(networks)]
    return [config.model_copy(update={"model": config.model.model_copy(update={"name": name})}) for name in names]


class FlipTTA(nn.Module):
    """Answers for the picture and for its mirror image as twice the members: (B, 2K, outputs). Only where mirroring
    keeps the meaning, or turns its sign: then `turn` turns the second answer back."""

    def __init__(self, inner: nn.Module, name: str, turn: Callable[[Tensor], Tensor] | None = None) -> None:
        super().__init__()
        self.inner, self.name, self.turn = inner, name, turn
        self.plan: Architecture = inner.plan  # type: ignore[assignment]

    def forward(self, batch: Batch) -> Tensor:
        flipped = Batch({**batch.fields, self.name: batch[self.name].flip(-1)}, batch.rows, batch.step)
        other = self.inner(flipped)
        return torch.cat([self.inner(batch), other if self.turn is None else self.turn(other)], 1)


def mirrored(model: nn.Module, schema: Schema, task: Any) -> nn.Module:
    """The model that answers: with its mirror image where the one picture column has that symmetry, or the opposite of
    it."""
    for role, turn in (("symmetries", None), ("opposites", lambda output: task.opposite(output, schema.target))):
        fields = [one for one in input_fields(schema) if "horizontal" in one.states[0].get(role, ())]
        if len(fields) == 1 and not isinstance(model, Ensemble):
            return FlipTTA(model, fields[0].name, turn)
    return model


def together(plans: Sequence[Architecture]) -> Architecture:
    """What was built, each kind of encoder once, and all backbones."""
    backbones = {name for plan in plans for name in plan.backbones}
    encoders: list[dict[str, str]] = []
    for one in (encoder for plan in plans for encoder in plan.encoders):
        one = {**one, "why": "several kinds side by side err differently"} if len(backbones) > 1 else one
        if one not in encoders:
            encoders.append(one)
    return Architecture(encoders, backbones, plans[0].fields)


def typical(signal: Signal, steps: int) -> Signal:
    """An empty signal of the usual length: what a network is sized by must not depend on the batch at hand."""
    if not steps:
        return signal
    data = signal.data.new_zeros(len(signal.data), steps, signal.data.shape[2])
    return Signal(data, signal.layout, None if signal.mask is None else torch.ones(data.shape[:2], dtype=torch.bool))


def key(one: Field) -> str:
    """A field's name as a module name (no dots)."""
    return one.name.replace(".", "·") or "_"


def group_fields(fields: tuple[Field, ...]) -> list[list[Field]]:
    """Fields of kind "set" share one backbone; every other field has its own."""
    table = [one for one in fields if registry.get("modalities", one.modality).signal_type == "set"]
    rest = [[one] for one in fields if one not in table]
    return ([table] if table else []) + rest


def choose_family(
    group: list[Field], config: Config, rows: int, prefers: Mapping[str, tuple[str, ...]]
) -> tuple[str, str, str]:
    """(backbone, size, why). A backbone that was asked for is used wherever it makes sense; a task may prefer others
    than the column's usual."""
    modality = registry.get("modalities", group[0].modality)
    backbones = prefers.get(modality.signal_type, modality.backbones)
    asked = config.model.name
    if asked != "auto" and asked not in registry.names("backbones"):
        raise UserError(
            f"There is no model {asked!r}.", "", nearest(asked, ("auto", *registry.names("backbones")), label="Models")
        )
    size = config.model.size if config.model.size != "auto" else modality_size(modality.signal_type, rows)
    if asked in backbones:
        return asked, size, "asked for"
    words = (
        "what this task needs: an answer for every place"
        if modality.signal_type in prefers
        else {
            "set": "a table has no order to exploit: an efficient ensemble of perceptrons over embedded columns",
            "picture": "neighbouring places belong together: convolutions",
            "vector": "its numbers have no order: an efficient ensemble of perceptrons",
            "state": "few numbers that say all: perceptrons",
            "scene": "where things are decides: convolutions whose last map is read place by place",
            "static": "the head is the network",
            "clip": "every frame and what changed since the last, followed in time",
            "graph": "what an atom does depends on its neighbours: messages along bonds",
            "steps": "patterns of several lengths in time: convolutions",
            "path": "what was tells what comes: linear maps of trend and remainder; perceptrons for what is known "
            "besides",
            "words": f"{rows:,} texts: filters over neighbouring words beside their average learn from less than a "
            "Transformer",
        }[modality.signal_type]
    )
    return backbones[0], size, words if asked == "auto" else f"{asked} does not fit this column; {words}"


def modality_size(kind: str, rows: int) -> str:
    return "small" if rows < SMALL.get(kind, 0) else "medium"


def without_dropout(config: Config, kind: str, rows: int) -> Config:
    """Without dropout where there is plenty to learn from and the user has not said otherwise."""
    if config.model.dropout is not None or rows < PLENTY.get(kind, rows + 1):
        return config
    return config.model_copy(update={"model": config.model.model_copy(update={"dropout": 0.0})})


def agree(backbone, modality_name: str, name: str):
    """The first layout of the backbone that the modality offers."""
    offered = registry.get("modalities", modality_name).layouts
    for layout in backbone.takes:
        if layout in offered:
            return layout
    why = f"It takes {', '.join(backbone.takes)}; the column offers {', '.join(offered)}."
    raise UserError(
        f"Model {name!r} cannot read a {modality_name} column.", why, "Leave --model out, or choose one that fits."
    )


def describe(model: Any) -> dict[str, Any]:
    """Size and make-up, plain JSON."""
    size, plan = sum(t.numel() * t.element_size() for t in model.state_dict().values()), model.plan
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "megabytes": round(size / 1e6, 3),
        "encoders": plan.encoders,
        "backbones": sorted(plan.backbones),
    }
