"""1986: with a hidden layer and the chain rule, XOR is learnt; and the same lines read handwriting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Batch
from ..core.seeds import numpy_generator
from ._base import Board, Lesson, lines, pupil, study, table

STARTS, XOR_STEPS = 5, 600
BATCH, EPOCHS = 32, 25


def run(board: Board, *, hidden: int, width: int, seed: int) -> None:
    """`hidden` units for XOR, `width` for digits."""
    learnt = [xor(hidden, seed + start) for start in range(STARTS)]
    rows = [[start + 1, losses[0], losses[-1], " ".join(said)] for start, (losses, said) in enumerate(learnt)]
    right = sum(said == ["0", "1", "1", "0"] for _, said in learnt)
    words = (
        f"Two inputs, {hidden} hidden units, one output, and the gradient of every weight by the chain rule "
        "(Rumelhart, Hinton & Williams 1986)."
    )
    curves = {f"start {k + 1}": (range(1, XOR_STEPS + 1, 5), losses[::5]) for k, (losses, _) in enumerate(learnt)}
    starts = table(
        "Five random starts",
        ["start", "loss at first", "loss at last", "says for 00 01 10 11"],
        rows,
        "XOR is 0 1 1 0.",
    )
    board.step("XOR", words, starts, lines("Loss", "step", "cross entropy", curves))
    shallow, deep = (digits(size, seed) for size in (0, width))
    rows = [["none", shallow[2], 100 * shallow[1]], [f"{width} units", deep[2], 100 * deep[1]]]
    board.step(
        "Handwriting",
        "The 1,797 digits of scikit-learn, 8 × 8 pixels; two thirds to learn from, one third never seen. The same "
        "loop, with and without a hidden layer.",
        table("On the third never seen", ["hidden layer", "weights", "right, %"], rows),
        lines(
            "Loss while learning",
            "step",
            "cross entropy",
            {name: smooth(losses) for name, losses in (("no hidden layer", shallow[0]), ("hidden layer", deep[0]))},
        ),
    )
    board.check(
        "A hidden layer learns XOR", right >= STARTS - 1, f"{right} of {STARTS} starts are right on all four rows"
    )
    board.check(
        "A hidden layer reads digits better than none", deep[1] > shallow[1], f"{deep[1]:.1%} against {shallow[1]:.1%}"
    )


def layers(inputs: int, hidden: int, outputs: int, bend: type[nn.Module]) -> nn.Sequential:
    return (
        nn.Sequential(nn.Linear(inputs, hidden), bend(), nn.Linear(hidden, outputs))
        if hidden
        else nn.Sequential(nn.Linear(inputs, outputs))
    )


def xor(hidden: int, seed: int) -> tuple[list[float], list[str]]:
    """(the loss of every step, what it says for the four rows)."""
    torch.manual_seed(seed)
    network = layers(2, hidden, 1, nn.Tanh)
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    batch = Batch({"x": x, "target": torch.tensor([0.0, 1.0, 1.0, 0.0])}, np.arange(4))
    player = pupil(network, lambda out, b: F.binary_cross_entropy_with_logits(out[:, 0], b["target"]), lr=0.03)
    losses = study(player, ((step, batch) for step in range(1, XOR_STEPS + 1)))
    with torch.no_grad():
        return losses, [str(int(score > 0)) for score in network(x)[:, 0].tolist()]


def digits(hidden: int, seed: int) -> tuple[list[float], float, int]:
    """(the loss of every step, share right on rows never seen, weights)."""
    from sklearn.datasets import load_digits

    data = load_digits()
    x, y = torch.from_numpy(data.data / 16).float(), torch.from_numpy(data.target)
    order = numpy_generator(seed, "digits").permutation(len(x))
    train, test = order[: len(x) * 2 // 3], order[len(x) * 2 // 3 :]
    torch.manual_seed(seed)
    network = layers(64, hidden, 10, nn.ReLU)
    losses = study(pupil(network, classes, lr=3e-3), batches(x, y, train, seed))
    with torch.no_grad():
        right = float((network(x[test]).argmax(1) == y[test]).float().mean())
    return losses, right, sum(p.numel() for p in network.parameters())


def classes(output: Tensor, batch: Batch) -> Tensor:
    return F.cross_entropy(output, batch["target"])


def batches(x: Tensor, y: Tensor, rows: np.ndarray, seed: int) -> Iterator[tuple[int, Batch]]:
    step = 0
    for epoch in range(EPOCHS):
        order = numpy_generator(seed, "epoch", epoch).permutation(rows)
        for start in range(0, len(order) - BATCH + 1, BATCH):
            step += 1
            picked = order[start : start + BATCH]
            yield step, Batch({"x": x[picked], "target": y[picked]}, picked, step)


def smooth(losses: list[float], over: int = 20) -> tuple[list[int], list[float]]:
    """(steps, means of so many losses): a batch's loss jumps."""
    parts = [losses[start : start + over] for start in range(0, len(losses), over)]
    return [start * over + over for start in range(len(parts))], [sum(part) / len(part) for part in parts]


LESSON = Lesson(
    title="Backpropagation",
    year="1986",
    story="A hidden layer learns XOR, which no single unit can, and the same few lines read handwriting.",
    settings={
        "hidden": (4, "hidden units for XOR; 0 = none, the perceptron again"),
        "width": (64, "hidden units for digits"),
        "seed": (0, "where the weights begin"),
    },
    run=run,
    change="--set hidden=0",
)
