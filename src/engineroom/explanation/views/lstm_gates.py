"""What an LSTM lets in, keeps and lets out, step by step (Hochreiter & Schmidhuber 1997; looked at as in Karpathy,
Johnson & Fei-Fei 2016)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...bundle.model import Model
from ...core.panels import Panel
from ...data.dataset import Dataset
from ..perturbation import MaskedRow

UNITS, STEPS = 16, 40


class Gates:
    title = "What its memory keeps"
    words = (
        "The forward LSTM on the first row shown: how open its gates are on average (0 = shut, 1 = open), and the "
        "cells that change most. A forget gate near 1 keeps, near 0 wipes."
    )

    def fits(self, model: Model) -> bool:
        return any(isinstance(module, nn.LSTM) for module in model.network.modules())

    def look(self, model: Model, data: Dataset, rows: np.ndarray) -> list[Panel]:
        batch = data.batch(rows[:1])
        gates = opened(model.network, batch)
        T = len(gates["forget"])
        steps = list(range(1, T + 1))
        series = [
            {"name": f"{name} gate", "x": steps, "y": gates[name].mean(1).tolist()}
            for name in ("input", "forget", "output")
        ]
        masked_row = MaskedRow(model.network, model.task, model.schema, batch, whole=model.network(batch))
        (cut,) = list(masked_row.cuts.values())[:1]
        names = (
            [f"{k + 1} {name[:12]}" for k, name in enumerate(cut.names)]
            if len(cut.names) == T
            else [str(k) for k in steps]
        )
        shown = min(T, STEPS)
        cell = gates["cell"]
        units = np.argsort(-np.ptp(cell, axis=0))[:UNITS]
        return [
            Panel(
                "lines",
                "Gates over the steps",
                {"x": "step", "y": "how open", "series": series},
                "Means over all units.",
            ),
            Panel(
                "matrix",
                "Cells over the steps",
                {
                    "rows": [f"cell {unit}" for unit in units],
                    "columns": names[:shown],
                    "values": np.abs(cell[:shown, units]).T.round(2).tolist(),
                    "x": "step",
                    "y": "cell",
                    "share": "rows",
                },
                "The units whose state moves most; each row by its own size.",
            ),
        ]


def opened(network: nn.Module, batch: Any) -> dict[str, np.ndarray]:
    """{"input", "forget", "output", "cell"} each (T, units): the first layer's forward direction, recomputed from what
    went in."""
    lstm: Any = next(module for module in network.modules() if isinstance(module, nn.LSTM))
    kept: list[Any] = []
    hook = lstm.register_forward_hook(lambda module, given, output: kept.append(given[0]))
    try:
        with torch.no_grad():
            network(batch)
    finally:
        hook.remove()
    first = kept[0]
    # one row: packed data are its steps in order
    x: Tensor = first.data if isinstance(first, nn.utils.rnn.PackedSequence) else first[0]
    h, c = x.new_zeros(lstm.hidden_size), x.new_zeros(lstm.hidden_size)
    out: dict[str, list[np.ndarray]] = {name: [] for name in ("input", "forget", "output", "cell")}
    with torch.no_grad():
        for step in x:
            i, f, g, o = (lstm.weight_ih_l0 @ step + lstm.bias_ih_l0 + lstm.weight_hh_l0 @ h + lstm.bias_hh_l0).chunk(4)
            i, f, o = torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o)
            c = f * c + i * torch.tanh(g)
            h = o * torch.tanh(c)
            for name, value in zip(out, (i, f, o, c), strict=True):
                out[name].append(value.float().numpy())
    return {name: np.stack(values) for name, values in out.items()}


VIEW = Gates()
