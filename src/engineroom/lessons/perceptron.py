"""1958: a machine that learns from its mistakes, and what it provably cannot learn."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ..core.batch import Batch
from ..core.errors import UserError
from ._base import Board, Lesson, lines, pupil, study, table

CORNERS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
GATES = {"and": "0001", "or": "0111", "nand": "1110", "nor": "1000", "xor": "0110", "xnor": "1001"}


def run(board: Board, *, easy: str, hard: str, passes: int, seed: int) -> None:
    words = (
        "One unit: the sign of w₁x₁ + w₂x₂ + b. Where it is wrong, the input is added to the weights or taken from "
        "them; where it is right, nothing happens. "
        "That rule is gradient descent on max(0, −y·score) with step 1 (Rosenblatt 1958), so the package's own loop "
        "runs it."
    )
    board.step("The rule", words)
    mistakes = {name: attempt(board, name, passes, seed) for name in (easy, hard)}
    board.step(
        "Passes",
        "Mistakes in each pass over the four rows.",
        lines("Mistakes", "pass", "of 4 rows", {n: (range(1, len(m) + 1), m) for n, m in mistakes.items()}),
    )
    board.step(
        "Is it the rule or the machine?",
        PROOF,
        table(
            "The widest margin a straight line can have",
            ["function", "outputs", "margin"],
            [[n, outputs(n), margin(outputs(n))] for n in (easy, hard)],
        ),
    )
    board.check(
        f"The perceptron learns {easy.upper()}",
        mistakes[easy][-1] == 0,
        f"{mistakes[easy][-1]:.0f} mistakes after {len(mistakes[easy])} passes",
    )
    board.check(
        f"It does not learn {hard.upper()}, however long",
        min(mistakes[hard]) > 0,
        f"never fewer than {min(mistakes[hard]):.0f} mistakes in {passes} passes",
    )
    board.check(
        f"No straight line computes {hard.upper()}",
        margin(outputs(hard)) < 1e-9,
        f"widest margin {margin(outputs(hard)):.3g}; {easy.upper()}'s is {margin(outputs(easy)):.3g}",
    )


PROOF = (
    "XOR wants four things at once: b ≤ 0, w₁ + b > 0, w₂ + b > 0, and w₁ + w₂ + b ≤ 0. The two in the middle add up "
    "to w₁ + w₂ + 2b > 0; the two at the ends to "
    "w₁ + w₂ + 2b ≤ 0. Both cannot hold, so no weights exist, and no rule can find them (Minsky & Papert 1969). The "
    "same as a linear programme, solved exactly: "
    "by how much can the worst of the four rows be on the right side, with weights of at most 1? A margin of 0 means: "
    "not at all."
)


def outputs(name: str) -> str:
    """The truth table as four digits for 00, 01, 10, 11."""
    table_ = GATES.get(name.lower(), name)
    if len(table_) != 4 or set(table_) - {"0", "1"}:
        raise UserError(
            f"There is no function {name!r} of two bits.",
            "",
            f"Known: {', '.join(GATES)}, or four digits such as 0110.",
        )
    return table_


def attempt(board: Board, name: str, passes: int, seed: int) -> list[float]:
    """Train on one function until a pass without a mistake; the mistakes of each pass."""
    torch.manual_seed(seed)
    signs = torch.tensor([1.0 if digit == "1" else -1.0 for digit in outputs(name)])
    unit = nn.Linear(2, 1)
    nn.init.zeros_(unit.weight)
    nn.init.zeros_(unit.bias)
    player = pupil(unit, hinge, lr=1.0, adam=False)
    corners, found, shown = torch.tensor(CORNERS), [], []
    for number in range(passes):
        rows = [
            (4 * number + k + 1, Batch({"x": corners[k : k + 1], "target": signs[k : k + 1]}, np.array([k])))
            for k in range(4)
        ]
        losses = study(player, rows)
        found.append(float(sum(loss > 0 for loss in losses)))
        weights = [round(v, 3) for v in (*unit.weight.detach().flatten().tolist(), float(unit.bias.detach()))]
        shown.append([number + 1, int(found[-1]), *weights])
        if not found[-1]:
            break
    columns = ["pass", "mistakes", "w₁", "w₂", "b"]
    rest = f" (the first 12 of {len(shown)} passes)" if len(shown) > 12 else ""
    board.step(
        name.upper(),
        f"Outputs for 00, 01, 10, 11: {', '.join(outputs(name))}{rest}.",
        table("What it does", columns, shown[:12]),
    )
    return found


def hinge(output: Tensor, batch: Batch) -> Tensor:
    """Rosenblatt's rule as a loss; a score of exactly 0 counts as a mistake, or it would never begin."""
    score = batch["target"] * output[:, 0]
    return torch.where(score <= 0, 1e-12 - score, torch.zeros_like(score)).sum()


def margin(table_: str) -> float:
    """The widest margin m with y·(w·x + b) ≥ m for all four rows and |w|, |b| ≤ 1; 0 = no line separates them."""
    from scipy.optimize import linprog

    y = np.array([1.0 if digit == "1" else -1.0 for digit in table_])
    x = np.concatenate([np.array(CORNERS), np.ones((4, 1))], 1)
    best = linprog(
        [0, 0, 0, -1],
        A_ub=np.concatenate([-y[:, None] * x, np.ones((4, 1))], 1),
        b_ub=np.zeros(4),
        bounds=[(-1, 1)] * 3 + [(0, None)],
    )
    return max(0.0, float(best.x[3])) + 0.0


LESSON = Lesson(
    title="The perceptron",
    year="1958",
    story="One unit that learns from its mistakes. It learns AND, and it can be proved that it never learns XOR.",
    settings={
        "easy": ("and", f"a function it should learn: {', '.join(GATES)} or four digits"),
        "hard": ("xor", "one it should not; try or"),
        "passes": (200, "at most so many passes"),
        "seed": (0, "where randomness begins"),
    },
    run=run,
    change="--set hard=or",
)
