"""Take something away and ask again (Zeiler & Fergus 2014): plain to say, true to the model, blind to what parts only
do together.

Where parts are mere tiles or stretches, a window of two along each axis slides over them, and a part's number is the
mean over the windows that cover it: half a thing taken away leaves an edge, which is a thing of its own to a network.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import torch

from ..perturbation import Cut, MaskedRow

MOST = 1024  # parts that can be weighed in reasonable time


class Occlusion:
    words = "How far the answer falls when this part, and with tiles and stretches its neighbours, are taken away."

    def fits(self, masked_row: MaskedRow) -> bool:
        return len(masked_row.parts) <= MOST

    def attribute(self, masked_row: MaskedRow) -> np.ndarray:
        """(P,) answer of the whole − answer without the part, in the mean over windows."""
        P = len(masked_row.parts)
        hidden = np.concatenate([windows(cut, P) for cut in masked_row.cuts.values()])
        with torch.no_grad():
            answers = masked_row.ask(torch.from_numpy(1 - np.concatenate([np.zeros((1, P)), hidden])).float()).numpy()
        return (answers[0] - answers[1:]) @ hidden / hidden.sum(0)


def windows(cut: Cut, parts: int) -> np.ndarray:
    """(windows, P) 0/1: one for each part that has a name of its own, else one for each place of a window of two along
    every axis."""
    own = np.unique(cut.where.numpy()).reshape(cut.shape)
    reach = 0 if cut.names else 1
    out = []
    for corner in product(*(range(-reach, size) for size in cut.shape)):
        window = np.zeros(parts)
        window[own[tuple(slice(max(0, k), k + 1 + reach) for k in corner)].ravel()] = 1
        out.append(window)
    return np.stack(out)


METHOD = Occlusion()
