"""Classical methods that are fitted to a single history, by statsmodels (extra `series`)."""

from __future__ import annotations

import warnings
from importlib.util import find_spec

import numpy as np

LONGEST = 1_000  # steps of a history that are fitted


def has_statsmodels() -> bool:
    return find_spec("statsmodels") is not None


def theta(x: np.ndarray, season: int, steps: int) -> np.ndarray:
    """(T,) → (H,): the Theta method (Assimakopoulos & Nikolopoulos 2000), deseasonalised by additive means."""
    from statsmodels.tsa.forecasting.theta import ThetaModel

    x = x[-LONGEST:]
    seasonal = 1 < season <= len(x) // 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit cut short is still judged as it is
        try:
            model = ThetaModel(
                x, period=season if seasonal else 2, deseasonalize=seasonal, use_test=False, method="additive"
            )
            said = np.asarray(model.fit(disp=False).forecast(steps), float)
        except (ValueError, ZeroDivisionError, np.linalg.LinAlgError):
            return last_season(x, season, steps)  # what is left where a fit fails
    return said if np.isfinite(said).all() else last_season(x, season, steps)


def ets(x: np.ndarray, season: int, steps: int) -> np.ndarray:
    """(T,) → (H,): exponential smoothing with a damped additive trend and additive seasons (Holt 1957, Winters
    1960)."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    x = x[-LONGEST:]
    seasonal = 1 < season <= len(x) // 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            more = {"seasonal": "add", "seasonal_periods": season} if seasonal else {}
            model = ExponentialSmoothing(
                x,
                trend="add",
                damped_trend=True,
                initialization_method="heuristic" if len(x) >= 10 + 2 * (season // 2) else "estimated",
                **more,
            )
            said = np.asarray(model.fit().forecast(steps), float)
        except (ValueError, ZeroDivisionError, np.linalg.LinAlgError):
            return last_season(x, season, steps)
    return said if np.isfinite(said).all() else last_season(x, season, steps)


def last_season(x: np.ndarray, season: int, steps: int) -> np.ndarray:
    """(…, T) → (…, H): the last season again and again (seasonal naive forecast)."""
    season = min(season, x.shape[-1])
    return np.concatenate([x[..., -season:]] * -(-steps // season), -1)[..., :steps]
