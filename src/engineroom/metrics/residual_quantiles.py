"""The spread of a point forecast: what it missed by on rows it did not learn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FEW = 20  # rows


def residual_quantiles(errors: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """errors (N, H), NaN for unknown → (H, Q): the errors' quantiles at each step; 0 where nothing is known.

    Few rows say too little of each step by itself: then all steps are taken together.
    """
    import warnings

    if len(errors) < FEW:
        errors = np.broadcast_to(errors.reshape(-1, 1), (errors.size, errors.shape[1]))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a step that is nowhere known
        return np.nan_to_num(np.nanquantile(errors, levels, axis=0).T).astype(np.float32)
