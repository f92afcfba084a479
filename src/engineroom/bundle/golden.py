"""What stays: five stored inputs and their outputs. A bundle that answers them otherwise than when it was written is
refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..core.batch import Batch
from ..data.dataset import Dataset
from .format import damaged

GOLDEN_TOLERANCE = 2e-3
GOLDEN_ROWS, GOLDEN_MOST = 5, 1_000_000  # rows, and numbers of output, that are stored


def golden_batch(golden: dict[str, Tensor]) -> tuple[Batch, Tensor]:
    fields = {name.removeprefix("field."): tensor for name, tensor in golden.items() if name.startswith("field.")}
    return Batch(fields, np.arange(len(golden["output"]))), golden["output"]


def check_golden(directory: Path, network: nn.Module, example: Batch, expected: Tensor) -> None:
    try:
        with torch.inference_mode():
            output = network(example)
    except (RuntimeError, IndexError, ValueError) as error:
        raise damaged(directory, f"it cannot answer its own stored inputs ({str(error)[:100]})") from None
    if output.shape != expected.shape or not torch.allclose(
        output, expected, rtol=GOLDEN_TOLERANCE, atol=GOLDEN_TOLERANCE
    ):
        raise damaged(directory, "it answers its stored inputs otherwise than when it was written")


def cut(batch: Batch, rows: int) -> Batch:
    return Batch({name: tensor[:rows] for name, tensor in batch.fields.items()}, batch.rows[:rows])


def make_golden(network: nn.Module, data: Dataset, rows: np.ndarray) -> dict[str, Tensor]:
    """Five encoded inputs and the network's outputs."""
    batch = data.batch(rows[:GOLDEN_ROWS])
    fields = {name: tensor for name, tensor in batch.fields.items() if name not in ("target", "target_mask", "_fold")}
    batch = Batch(fields, batch.rows)
    was = network.training
    network.eval()
    with torch.inference_mode():
        output = network(batch)
        keep = max(1, min(len(output), GOLDEN_MOST // max(1, output[0].numel())))
        if keep < len(output):  # maps are large: fewer of them do
            fields, output = {name: tensor[:keep] for name, tensor in fields.items()}, network(cut(batch, keep))
    network.train(was)
    return {f"field.{name}": tensor.clone().contiguous() for name, tensor in fields.items()} | {
        "output": output.clone().contiguous()
    }
