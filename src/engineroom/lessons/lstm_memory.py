"""1991–1997: why a plain recurrent net forgets, measured; and why an LSTM does not."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Batch
from ..core.seeds import torch_generator
from ._base import Board, Lesson, lines, pupil, study, table

SYMBOLS, BATCH, TEST = 4, 32, 400
CELLS = {"RNN": nn.RNN, "LSTM": nn.LSTM}


class Reader(nn.Module):
    """(B, T, SYMBOLS) → (B, SYMBOLS): a recurrent cell of `width`, and what it says after the last step."""

    def __init__(self, kind: str, width: int) -> None:
        super().__init__()
        self.cells = CELLS[kind](SYMBOLS, width, batch_first=True)
        if kind == "LSTM":  # it remembers unless it learns to forget (Gers et al. 2000; Jozefowicz et al. 2015)
            nn.init.constant_(self.cells.bias_ih_l0[width : 2 * width], 3.0)
        self.says = nn.Linear(width, SYMBOLS)

    def forward(self, x: Tensor) -> Tensor:
        return self.says(self.cells(x)[0][:, -1])


def run(board: Board, *, gap: int, width: int, steps: int, seed: int) -> None:
    words = (
        f"A sequence of {gap + 1} symbols; the answer is the first one, asked for at the end. Everything between is "
        "noise. To learn it, the gradient must come "
        f"back over {gap} steps, multiplied at each by how the state moves with the state before it."
    )
    board.step("Remember the first symbol", words)
    flows, shares, curves = {}, {}, {}
    for kind in CELLS:
        torch.manual_seed(seed)
        network = Reader(kind, width)
        flows[kind] = flow(network, gap, seed)
        losses = study(pupil(network, wrong, lr=5e-3, clip=1.0), batches(gap, steps, seed))
        curves[kind] = (range(1, steps + 1, 5), losses[::5])
        shares[kind] = right(network, gap, seed)
    back = list(range(gap, -1, -max(1, gap // 30)))
    reach = {kind: (back, [flows[kind][gap - k] for k in back]) for kind in CELLS}
    words = (
        "How strongly the answer's loss pulls at the input of each step, before any learning; a straight fall on "
        "this "
        "scale is a fall by a factor a step."
    )
    table_rows = [
        [kind, f"{flows[kind][-1]:.1e}", f"{flows[kind][0]:.1e}", f"{ratio(flows[kind]):.1e}"] for kind in CELLS
    ]
    board.step(
        "The gradient on its way back (Hochreiter 1991; Bengio et al. 1994)",
        words,
        table("Size of the gradient", ["cell", "at the last step", "at the first", "first ÷ last"], table_rows),
        lines("Gradient by step", "steps back from the end", "gradient norm", reach, log_y=True),
    )
    board.step(
        "Learning",
        f"{steps} batches of {BATCH}; guessing is right {1 / SYMBOLS:.0%} of the time.",
        lines("Loss", "step", "cross entropy", curves),
    )
    rows = [[kind, 100 * shares[kind]] for kind in CELLS]
    board.step("Asked on new sequences", "", table("Right, %", ["cell", f"of {TEST}"], rows))
    found = ", ".join(f"{kind} {ratio(flows[kind]):.1e}" for kind in CELLS)
    board.check(
        "The RNN's gradient vanishes on its way; the LSTM's much less",
        ratio(flows["RNN"]) < 0.01 * ratio(flows["LSTM"]),
        f"first ÷ last: {found}",
    )
    board.check(
        "So the LSTM learns to remember, and the RNN does not",
        shares["LSTM"] > 0.9 > shares["RNN"],
        f"right: RNN {shares['RNN']:.0%}, LSTM {shares['LSTM']:.0%}",
    )


def draw(gap: int, rows: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """((rows, gap + 1, SYMBOLS) one-hot, (rows,) the first symbol)."""
    symbols = torch.randint(SYMBOLS, (rows, gap + 1), generator=generator)
    return F.one_hot(symbols, SYMBOLS).float(), symbols[:, 0]


def batches(gap: int, steps: int, seed: int) -> Iterator[tuple[int, Batch]]:
    for step in range(1, steps + 1):
        x, y = draw(gap, BATCH, torch_generator(seed, "copy", step))
        yield step, Batch({"x": x, "target": y}, torch.arange(BATCH).numpy(), step)


def wrong(output: Tensor, batch: Batch) -> Tensor:
    return F.cross_entropy(output, batch["target"])


def flow(network: nn.Module, gap: int, seed: int) -> list[float]:
    """(gap + 1) norms of the loss's gradient by the input of each step, the mean over a batch."""
    x, y = draw(gap, BATCH, torch_generator(seed, "flow"))
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(F.cross_entropy(network(x), y), x)
    return gradient.norm(dim=2).mean(0).clamp_min(1e-30).tolist()


def ratio(norms: list[float]) -> float:
    return norms[0] / norms[-1]


def right(network: nn.Module, gap: int, seed: int) -> float:
    x, y = draw(gap, TEST, torch_generator(seed, "asked"))
    with torch.no_grad():
        return float((network(x).argmax(1) == y).float().mean())


LESSON = Lesson(
    title="Memory",
    year="1997",
    story="A plain recurrent net cannot learn from what lies far back, because the gradient vanishes on its way; an "
    "LSTM keeps it. Both are measured here.",
    settings={
        "gap": (40, "steps between the symbol and the question; try 3"),
        "width": (32, "units of each cell"),
        "steps": (300, "batches learnt from"),
        "seed": (0, "where the weights begin"),
    },
    run=run,
    change="--set gap=3",
)
