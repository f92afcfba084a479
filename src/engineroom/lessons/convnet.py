"""2012: features that are learnt overtake features made by hand, once there is enough to learn from. The curve is
trained on the spot."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..backbones.cnn import GridNet
from ..baselines.vision._hog import hog
from ..core.batch import Batch, Signal
from ..core.seeds import numpy_generator
from ._base import Board, Lesson, lines, pupil, study, table

SIDE, BATCH = 16, 32
TEST = 597


class Eye(nn.Module):
    """(B, 1, H, W) pixels 0..1 → (B, 10): the package's own convolutional net and a linear layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = GridNet(1, SIDE, width, 1, 0.1)
        self.says = nn.Linear(self.body.width, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.says(self.body(Signal(x, "grid")).pooled[:, 0])


def run(board: Board, *, sizes: str, steps: int, width: int, seed: int) -> None:
    counts = [int(size) for size in sizes.split(",")]
    pixels, y = pictures()
    order = numpy_generator(seed, "convnet").permutation(len(y))
    test, pool = order[:TEST], order[TEST:]
    eyes: dict[str, Callable[..., np.ndarray]] = {
        "learnt features (convolutional net)": learnt,
        "hand-made features (HOG)": handmade,
        "no features (pixels)": plain,
    }
    found: dict[str, list[float]] = {name: [] for name in eyes}
    for count in counts:
        rows = pool[:count]
        for name, eye in eyes.items():
            found[name].append(100 * (1 - float((eye(pixels, y, rows, test, steps, width, seed) == y[test]).mean())))
    table_rows = [[count, *(found[name][k] for name in eyes)] for k, count in enumerate(counts)]
    words = (
        "Handwritten digits. One eye was made by people: histograms of edge directions, and a linear classifier on "
        "them (Dalal & Triggs 2005). The other learns its "
        "filters from the pictures (LeCun et al. 1989; Krizhevsky et al. 2012). Both see the same pictures; both are "
        "asked about the same "
        f"{TEST} they never saw."
    )
    board.step(
        "The race",
        words,
        table("Wrong, %", ["pictures learnt from", *eyes], table_rows),
        lines(
            "Errors by how much there is to learn from",
            "pictures",
            "wrong, %",
            {name: (counts, values) for name, values in found.items()},
            log_x=True,
        ),
    )
    deep, hand = found["learnt features (convolutional net)"], found["hand-made features (HOG)"]
    board.check(
        "With few pictures the hand-made features are ahead",
        hand[0] < deep[0],
        f"{counts[0]} pictures: {hand[0]:.1f} % wrong against {deep[0]:.1f} %",
    )
    board.check(
        "With many the learnt ones are",
        deep[-1] < hand[-1],
        f"{counts[-1]} pictures: {deep[-1]:.1f} % wrong against {hand[-1]:.1f} %",
    )


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """((N, 1, SIDE, SIDE) uint8, (N,) digits): scikit-learn's, each pixel doubled."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return (data.images * (255 / 16)).astype(np.uint8).repeat(2, 1).repeat(2, 2)[:, None], data.target


def learnt(
    pixels: np.ndarray, y: np.ndarray, rows: np.ndarray, test: np.ndarray, steps: int, width: int, seed: int
) -> np.ndarray:
    """Answers of a convolutional net trained on `rows` by the package's loop."""
    torch.manual_seed(seed)
    network = Eye(width)
    x, target = torch.from_numpy(pixels).float() / 255, torch.from_numpy(y)
    study(
        pupil(network, lambda out, batch: F.cross_entropy(out, batch["target"]), lr=2e-3),
        batches(x, target, rows, steps, seed),
    )
    network.eval()
    with torch.no_grad():
        return network(x[test]).argmax(1).numpy()


def batches(x: Tensor, y: Tensor, rows: np.ndarray, steps: int, seed: int) -> Iterator[tuple[int, Batch]]:
    """Random rows, moved by up to two pixels: a digit stays what it is."""
    generator = numpy_generator(seed, "shift")
    for step in range(1, steps + 1):
        picked = generator.choice(rows, min(BATCH, len(rows)), replace=False)
        move = generator.integers(-2, 3, 2)
        yield step, Batch({"x": torch.roll(x[picked], tuple(move.tolist()), (2, 3)), "target": y[picked]}, picked, step)


def handmade(pixels: np.ndarray, y: np.ndarray, rows: np.ndarray, test: np.ndarray, *_: int) -> np.ndarray:
    return linear(hog(pixels), y, rows, test)


def plain(pixels: np.ndarray, y: np.ndarray, rows: np.ndarray, test: np.ndarray, *_: int) -> np.ndarray:
    return linear(pixels.reshape(len(pixels), -1) / 255, y, rows, test)


def linear(x: np.ndarray, y: np.ndarray, rows: np.ndarray, test: np.ndarray) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10, max_iter=300).fit(x[rows], y[rows]).predict(x[test])


LESSON = Lesson(
    title="Features that are learnt",
    year="2012",
    story="Hand-made features win while pictures are few; a convolutional net that learns its own overtakes them as "
    "pictures grow.",
    settings={
        "sizes": ("40,120,400,1200", "how many pictures to learn from, in turn"),
        "steps": (250, "batches the net learns from at each size"),
        "width": (16, "filters of its first stage"),
        "seed": (0, "which pictures, and where the weights begin"),
    },
    run=run,
    change="--set steps=40",
)
