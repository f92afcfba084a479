"""Go on from what another run has learnt: its words for the columns, and its weights wherever name and shape agree
(finetuning)."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from ..core import registry
from ..core.config import Config
from ..core.errors import UserError
from ..core.schema import Schema
from ..data.schema_inference import followed_input
from .format import bundle_directory, read_manifest, read_tensors

MEMBER = re.compile(r"^members\.\d+\.")


def inherit_model(config: Config) -> Config:
    """What the user leaves open about the network is as it was there: other sizes could take nothing over."""
    encoders = read_manifest(bundle_directory(str(config.start)))["model"]["encoders"]
    there = {"name": {one["backbone"] for one in encoders}, "size": {one["size"] for one in encoders}}
    known = {
        key: values.pop() for key, values in there.items() if len(values) == 1 and getattr(config.model, key) == "auto"
    }
    return config.model_copy(update={"model": config.model.model_copy(update=known)})


def inherit_states(schema: Schema, path: str) -> Schema:
    """Input columns of the same name and kind keep the state that the earlier run fitted: its alphabet, its scales.

    Raises UserError where no column is shared: then nothing learnt there would mean the same here.
    """
    earlier = Schema.from_json(read_manifest(bundle_directory(path))["schema"])
    known = {(column.name, column.modality): column.state for column in earlier.inputs}
    shared = [column for column in schema.inputs if (column.name, column.modality) in known]
    if not shared:
        there, here = (", ".join(f"{c.name} ({c.modality})" for c in one.inputs[:8]) for one in (earlier, schema))
        raise UserError(
            f"The run {path} shares no input column with these data.",
            f"There: {there}. Here: {here}.",
            "Leave --from out, or rename the column.",
        )
    for column in shared:
        schema = schema.with_column(replace(column, state=known[column.name, column.modality]))
    followed = followed_input(schema)
    if followed is not None:
        target = schema.target
        state = registry.get("modalities", target.modality).link_to_input(dict(target.state), followed.state)
        schema = schema.with_column(replace(target, state=state))
    return schema


def inherit_weights(model: nn.Module, path: str) -> tuple[int, int]:
    """Copy every weight whose name and shape agree: (how many numbers were taken, how many there are). Raises UserError
    where none is."""
    directory = bundle_directory(Path(path))
    found = {bare(name): tensor for name, tensor in read_tensors(directory, "weights.safetensors").items()}
    own = model.state_dict()
    same = [name for name, tensor in own.items() if bare(name) in found and found[bare(name)].shape == tensor.shape]
    if not same:
        raise UserError(
            f"No weight of {path} fits this network.",
            "Names or shapes differ.",
            "Use the same --model, size and context, or leave --from out.",
        )
    with torch.no_grad():
        for name in same:
            own[name].copy_(found[bare(name)])
    return sum(own[name].numel() for name in same), sum(tensor.numel() for tensor in own.values())


def bare(name: str) -> str:
    """A weight's name within one network: whether its mirror image is looked at too, and whether several stand side by
    side, is left out."""
    return MEMBER.sub("", name.removeprefix("inner."))
