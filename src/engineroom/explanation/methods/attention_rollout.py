"""Attention rolled out through the blocks (Abnar & Zuidema 2020) as an explanation, so that it has to pass the same
tests as the others.

It does not know what is asked: what it shows is where the network reads, whatever the answer. Often it fails.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from ...layers.attention import SelfAttention
from ..perturbation import MaskedRow
from ..views.attention import looks, rollout


class Rollout:
    words = (
        "Attention rollout: how much of a place reaches the end when attention is followed through all blocks. It "
        "never goes below 0 and does not know the question."
    )

    def fits(self, masked_row: MaskedRow) -> bool:
        cuts = list(masked_row.cuts.values())
        return (
            len(cuts) == 1
            and any(isinstance(module, SelfAttention) for module in masked_row.network.modules())
            and cuts[0].signal.layout in ("sequence", "grid")
        )

    def attribute(self, masked_row: MaskedRow) -> np.ndarray:
        (cut,) = masked_row.cuts.values()
        flow = rollout(looks(masked_row.network, masked_row.row))[0]
        size = list(cut.where.shape)
        if len(size) == 2:  # patches in rows and columns
            rows = max(1, round((len(flow) * size[0] / size[1]) ** 0.5))
            heat = F.interpolate(flow[: rows * (len(flow) // rows)].view(1, 1, rows, -1), size=size, mode="nearest")[
                0, 0
            ]
        else:
            heat = F.interpolate(flow[None, None], size=size, mode="nearest")[0, 0] if len(flow) != size[0] else flow
        where = cut.where.flatten()
        sums = torch.zeros(len(masked_row.parts)).index_add(0, where, heat.flatten())
        return (sums / torch.bincount(where, minlength=len(masked_row.parts)).clamp_min(1)).double().numpy()


METHOD = Rollout()
