"""The network of a bundle: built as the manifest describes it, then filled with the stored weights; every shape is
compared before a byte is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from ..core import registry
from ..core.batch import Batch
from ..core.config import Config
from ..core.schema import Schema
from ..data.fields import input_fields
from ..networks.multi_column import assemble, mirrored
from .format import damaged, read_tensors, tensor_shapes, version_error


def check_example(directory: Path, schema: Schema, example: Batch) -> None:
    """The stored inputs have the shapes that the fitted states promise."""
    for one in input_fields(schema):
        modality = registry.get("modalities", one.modality)
        if example.get(one.name) is None or not modality.validate_example(one.states[0], example[one.name]):
            raise damaged(directory, f"the stored inputs do not fit column {one.columns[0].name!r}")


def build(directory: Path, schema: Schema, config: Config, task, example: Batch, manifest: dict[str, Any]) -> nn.Module:
    """The network as described, before its weights. The file must hold as many networks as the description claims."""
    rows, networks = int(manifest["model"]["rows"]), int(manifest["model"]["networks"])
    if networks > 1 and not any(
        f"members.{networks - 1}." in name for name in tensor_shapes(directory, "weights.safetensors")
    ):
        raise ValueError(f"{networks} networks are claimed")
    return mirrored(assemble(schema, config, task, example, rows=rows, networks=networks), schema, task)


def fill(network: nn.Module, directory: Path, manifest: dict[str, Any]) -> None:
    """Load the weights; names and shapes are compared before a byte is read."""
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = tensor_shapes(directory, "weights.safetensors")
    if wanted != found:
        odd = sorted(set(wanted.items()) ^ set(found.items()))[:2]
        raise version_error(directory, manifest, f"the weights do not fit the network that is built here ({odd})")
    network.load_state_dict(read_tensors(directory, "weights.safetensors"), assign=True)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    network.eval()
