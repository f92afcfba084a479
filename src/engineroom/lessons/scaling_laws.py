"""2017–2020: more data and more width help by a law so regular that it can be extrapolated (Hestness et al. 2017;
Kaplan et al. 2020)."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..core.batch import Batch
from ..core.seeds import numpy_generator
from ..learning_curves.power_law import PowerLaw, fit
from ._base import Board, Lesson, lines, pupil, study, table

TEST, JUDGES, BATCH = 397, 200, 32
WIDTHS = (1, 2, 4, 8, 16, 32)


def run(board: Board, *, sizes: str, width: int, steps: int, seed: int) -> None:
    counts = np.array([int(size) for size in sizes.split(",")])
    x, y, order = pictures(seed)
    by_rows = np.array([measure(x, y, order, int(count), width, steps, seed) for count in counts])
    law = fit(counts[:-1], by_rows[:-1])
    words = (
        f"A net of {width} hidden units reads scikit-learn's digits. The loss on {TEST} pictures never seen, for "
        "more "
        "and more pictures to learn from."
    )
    table_rows = [[int(count), loss] for count, loss in zip(counts, by_rows, strict=True)]
    drawn = {"measured": (counts.tolist(), by_rows.tolist())}
    if law is not None:
        drawn["law, fitted without the last"] = (counts.tolist(), law.at(counts).tolist())
    board.step(
        "More data",
        words,
        table("Loss", ["pictures", "on unseen ones"], table_rows),
        lines("Loss by data", "pictures", "cross entropy", drawn, log_x=True, log_y=True),
    )
    widths = np.array(WIDTHS)
    by_width = np.array([measure(x, y, order, int(counts[-1]), int(w), steps, seed) for w in widths])
    table_rows = [[int(w), loss] for w, loss in zip(widths, by_width, strict=True)]
    curve = lines(
        "Loss by width",
        "hidden units",
        "cross entropy",
        {"measured": (WIDTHS, by_width.tolist())},
        log_x=True,
        log_y=True,
    )
    board.step(
        "More width",
        f"All {counts[-1]} pictures, more and more hidden units.",
        table("Loss", ["hidden units", "on unseen ones"], table_rows),
        curve,
    )
    predict(board, law, counts, by_rows)
    board.check(
        "More width, lower loss, at every width",
        bool((np.diff(by_width) < 0).all()),
        " → ".join(f"{loss:.3f}" for loss in by_width),
    )


def predict(board: Board, law: PowerLaw | None, counts: np.ndarray, losses: np.ndarray) -> None:
    """Fit all sizes but the largest, and say the largest before looking."""
    if law is None:
        board.check("The law predicts the largest size", False, "three sizes and one to predict are needed")
        return
    said = float(law.at(counts[-1]))
    words = (
        f"Fitted to all sizes but the last: loss ≈ {law}. For {counts[-1]} pictures it predicts {said:.3f}; "
        "measured: "
        f"{losses[-1]:.3f}."
    )
    board.step("Predict", words)
    board.check(
        "More data, lower loss, at every size",
        bool((np.diff(losses) < 0).all()),
        " → ".join(f"{loss:.3f}" for loss in losses),
    )
    off = abs(said - losses[-1]) / losses[-1]
    board.check(
        "A power law predicts the largest size within a quarter",
        off < 0.25,
        f"said {said:.3f}, measured {losses[-1]:.3f}: {off:.0%} off",
    )


def pictures(seed: int) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
    from sklearn.datasets import load_digits

    data = load_digits()
    order = numpy_generator(seed, "lesson scale").permutation(len(data.target))
    return torch.from_numpy(data.data / 16).float(), torch.from_numpy(data.target), order


def measure(
    x: torch.Tensor, y: torch.Tensor, order: np.ndarray, count: int, width: int, steps: int, seed: int
) -> float:
    """Train on `count` pictures; the loss on TEST unseen ones where it was best on JUDGES others, as one would stop."""
    test, judges, pool = np.split(order, [TEST, TEST + JUDGES])
    pool = pool[:count]
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))
    generator = numpy_generator(seed, "lesson scale", count)
    player = pupil(network, lambda out, batch: F.cross_entropy(out, batch["target"]), lr=5e-3)
    best, found = float("inf"), float("nan")
    for _ in range(10):
        rows = [generator.choice(pool, min(BATCH, count), replace=False) for _ in range(steps // 10)]
        study(player, ((k + 1, Batch({"x": x[r], "target": y[r]}, r)) for k, r in enumerate(rows)))
        with torch.no_grad():
            judged = float(F.cross_entropy(network(x[judges]), y[judges]))
            if judged < best:
                best, found = judged, float(F.cross_entropy(network(x[test]), y[test]))
    return found


LESSON = Lesson(
    title="Scale",
    year="2020",
    story="More data and more width lower the loss by a power law, regular enough to predict a size that was not yet "
    "tried.",
    settings={
        "sizes": ("40,80,160,320,640,1200", "pictures to learn from, in turn; the last is predicted"),
        "width": (64, "hidden units while data grow"),
        "steps": (400, "batches at each point"),
        "seed": (0, "which pictures, and where the weights begin"),
    },
    run=run,
    change="--set width=2",
)
