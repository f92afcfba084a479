"""A vocoder of another run, carried along: its network goes into the target's state, so that a bundle that speaks is
whole wherever it is taken."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from ...core.batch import Batch
from ...core.config import Config
from ...core.errors import UserError
from ...core.protocols import State
from ...core.schema import Schema
from ...modalities.audio.mel_frames import beside_guess
from ...modalities.audio.mel_target import MELS
from ...networks.multi_column import assemble
from .._base import make_task

MEMORY = 4  # vocoders kept in memory


def with_vocoder(schema: Schema, run: str) -> Schema:
    """The schema with the vocoder of a run (or bundle) in the target's state. Raises UserError where it is none, or of
    another rate."""
    path = Path(run) / "bundle" if (Path(run) / "bundle").is_dir() else Path(run)
    try:
        manifest = json.loads((path / "bundle.json").read_text("utf-8"))
        weights = load_file(path / "weights.safetensors")
    except (OSError, ValueError) as error:
        raise UserError(
            f"{run} is no run that can be read.",
            str(error)[:200],
            "Train a vocoder: engineroom train recordings/ --recipe vocoder",
        ) from None
    if manifest.get("task") != "vocoder":
        raise UserError(
            f"{run} answers {manifest.get('task')}, it is no vocoder.",
            "",
            "Train one: engineroom train recordings/ --recipe vocoder",
        )
    target = schema.target
    rate = int(Schema.from_json(manifest["schema"]).target.state["rate"])
    if rate != target.state["rate"]:
        raise UserError(
            f"The vocoder {run} makes {rate:,} Hz, these recordings hold {target.state['rate']:,} Hz.",
            "",
            "Train a vocoder on recordings of that rate.",
        )
    said = {
        "schema": manifest["schema"],
        "size": manifest["config"]["model"]["size"],
        "weights": packed(weights),
        "of": Path(run).name,
    }
    return schema.with_column(replace(target, state={**target.state, "vocoder": said}))


def packed(weights: dict[str, Any]) -> str:
    flat = torch.cat([weights[name].flatten().float() for name in sorted(weights)]).numpy().astype("<f2")
    return base64.b64encode(flat.tobytes()).decode()


@lru_cache(maxsize=MEMORY)
def stored_vocoder(schema: str, size: str, weights: str) -> tuple[nn.Module, str, int]:
    """(the network, its input field, its rate) of a stored state."""
    known = Schema.from_json(json.loads(schema))
    rate, name = int(known.target.state["rate"]), f"column:{known.inputs[0].name}"
    config = Config.model_validate({"model": {"size": size}})
    example = asked(np.zeros((9, MELS), np.float32), rate, name)
    network = assemble(known, config, make_task("vocoder", {}).for_target(known.target), example, rows=1, networks=1)
    own = network.state_dict()
    flat = torch.from_numpy(np.frombuffer(base64.b64decode(weights), "<f2").astype(np.float32))
    parts = flat.split([own[one].numel() for one in sorted(own)])
    network.load_state_dict({one: part.view(own[one].shape) for one, part in zip(sorted(own), parts, strict=True)})
    return network.eval(), name, rate


def asked(mel: np.ndarray, rate: int, name: str) -> Batch:
    """(T, MELS) natural logarithms of power → a batch of one row."""
    fields = {
        name: torch.from_numpy(beside_guess(mel, rate))[None],
        f"{name}_mask": torch.ones(1, len(mel), dtype=torch.bool),
    }
    return Batch(fields, np.arange(1))


def voiced(mel: np.ndarray, state: State) -> np.ndarray:
    """(T, MELS) natural logarithms of power → (samples,) float32, by the vocoder in a target's state."""
    said = state["vocoder"]
    network, name, rate = stored_vocoder(json.dumps(said["schema"], sort_keys=True), said["size"], said["weights"])
    with torch.inference_mode():
        wave = network(asked(mel, rate, name))[0, 0].float()
    found: np.ndarray = (wave * (0.8 / wave.abs().max().clamp_min(1e-6))).numpy()
    return found
