"""The spread of a point forecast: what it missed by on rows it did not learn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def residual_quantiles(errors: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """errors (N, H), NaN for unknown → (H, Q): the errors' quantiles at each step; 0 where nothing is known."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a step that is nowhere known
        return np.nan_to_num(np.nanquantile(errors, levels, axis=0).T).astype(np.float32)
