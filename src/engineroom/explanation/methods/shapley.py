"""Shapley values (Shapley 1953) by sampled orders, each walked both ways (Štrumbelj & Kononenko 2014; Mitchell et al.
2022).

What two columns only do together is shared between them, which occlusion misses. Dear in the number of parts, so for
tables.
"""

from __future__ import annotations

import numpy as np
import torch

from ...core.seeds import numpy_generator
from ..perturbation import MaskedRow

ORDERS = 12  # each is walked forwards and backwards

MOST = 32  # parts that can be weighed in reasonable time


class Shapley:
    words = (
        "Shapley values: what the part adds on average, whichever others are there already. The parts together "
        "make "
        "the whole change."
    )

    def fits(self, masked_row: MaskedRow) -> bool:
        return len(masked_row.parts) <= MOST

    def attribute(self, masked_row: MaskedRow) -> np.ndarray:
        """(P,), summing to answer of the whole − answer of nothing."""
        P, generator = len(masked_row.parts), numpy_generator(0, "shapley", len(masked_row.parts))
        orders = [order for _ in range(ORDERS) for order in twice(generator.permutation(P))]
        # row k: the first k of the order
        stages = np.stack([np.tril(np.ones((P + 1, P)), -1)[:, np.argsort(order)] for order in orders])
        with torch.no_grad():
            answers = (
                masked_row.ask(torch.from_numpy(stages.reshape(-1, P)).float()).reshape(len(orders), P + 1).numpy()
            )
        out = np.zeros(P)
        for order, gains in zip(orders, np.diff(answers, axis=1), strict=True):
            out[order] += gains / len(orders)
        return out


def twice(order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return order, order[::-1]


METHOD = Shapley()
