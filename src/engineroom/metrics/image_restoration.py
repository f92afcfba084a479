"""How near is a picture to what it was? As the literature counts: on the luminance Y of MATLAB's rgb2ycbcr, without the
border."""

from __future__ import annotations

import numpy as np

LUMINANCE = np.array([65.481, 128.553, 24.966]) / 255
MOST = 100.0  # dB: two equal pictures


def luminance(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 → (H, W) from 16 to 235."""
    return 16 + picture.astype(np.float64) @ LUMINANCE


def shaved(picture: np.ndarray, border: int) -> np.ndarray:
    inside = picture[border : picture.shape[0] - border or None, border : picture.shape[1] - border or None]
    return inside if border and inside.size else picture


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Two (H, W, …) of 0..255 → dB."""
    error = float(np.mean((a.astype(np.float64) - b) ** 2))
    return min(MOST, 10 * np.log10(255**2 / max(error, 1e-12)))


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity of two (H, W), Gaussian windows of 11 × 11 (Wang et al. 2004)."""
    from scipy.ndimage import gaussian_filter

    def smooth(x: np.ndarray) -> np.ndarray:
        return gaussian_filter(x, 1.5, truncate=3.5)

    first, second = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = smooth(a), smooth(b)
    var_a, var_b, both = smooth(a * a) - mean_a**2, smooth(b * b) - mean_b**2, smooth(a * b) - mean_a * mean_b
    each = (
        (2 * mean_a * mean_b + first)
        * (2 * both + second)
        / ((mean_a**2 + mean_b**2 + first) * (var_a + var_b + second))
    )
    return float(shaved(each, 5).mean())


def compared(said: np.ndarray, true: np.ndarray, border: int, colour: bool) -> tuple[float, float]:
    """(PSNR, SSIM) of two (H, W, 3) uint8; PSNR over all colours where `colour`, else of the light alone."""
    said, true = shaved(said, border), shaved(true, border)
    a, b = luminance(said), luminance(true)
    return (psnr(said, true) if colour else psnr(a, b)), ssim(a, b)


def scores(records: dict[str, np.ndarray]) -> dict[str, float]:
    """Means over pictures; `rmse` is what the mean PSNR stands for, in levels of 255. `texture` and `detail` as in
    metrics/perceptual.py. `blend`: the geometric mean of being wrong and of looking wrong: a tenth less of the one is
    worth a tenth more of the other."""
    mean = float(np.mean(records["psnr"]))
    wrong, looks = 255 * 10 ** (-mean / 20), mean_of(records["texture"])
    blend = float(np.sqrt(wrong * looks))
    return {
        "psnr": mean,
        "ssim": float(np.mean(records["ssim"])),
        "texture": looks,
        "detail": mean_of(records["detail"]),
        "rmse": wrong,
        "blend": blend,
    }


def mean_of(values: np.ndarray) -> float:
    """Of those that are known: a picture of a few pixels has no texture."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
