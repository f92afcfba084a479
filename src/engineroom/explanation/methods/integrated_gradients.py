"""Integrated gradients (Sundararajan, Taly & Yan 2017) along the straight line from nothing to the row, summed within
each part.

The mask is what is differentiated: where all of it moves from 0 to 1 the row's vectors move from the absent row's to
their own, so the gradient by a part's mask is the sum of the method's over that part. Whatever the kind of column, the
code is this.
"""

from __future__ import annotations

import numpy as np
import torch

from ..perturbation import MaskedRow

STEPS = 24  # points on the line; the parts' sum then misses the answer's change by a few per cent at most (tests)

MOST = 4096  # parts that can be weighed in reasonable time


class Gradients:
    words = (
        "Integrated gradients: what the part adds while the row appears out of nothing. The parts together make "
        "the "
        "whole change."
    )

    def fits(self, masked_row: MaskedRow) -> bool:
        return len(masked_row.parts) <= MOST

    def attribute(self, masked_row: MaskedRow) -> np.ndarray:
        """(P,), summing to answer of the whole − answer of nothing."""
        along = (torch.arange(STEPS) + 0.5) / STEPS
        masks = along[:, None].repeat(1, len(masked_row.parts)).requires_grad_()
        (gradient,) = torch.autograd.grad(masked_row.ask(masks).sum(), masks)
        return gradient.mean(0).double().numpy()


METHOD = Gradients()
