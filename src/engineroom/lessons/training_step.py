"""The five beats of the textbook on four rows, every number shown, every gradient checked by hand."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Batch
from ..core.events import Backpropped, Collected, Event, Forwarded, Measured, Repeated
from ..core.panels import Panel
from ..engine.loop import learn
from ._base import Board, Lesson, lines, pupil, table

FLATS = ((0.5, 2.0), (0.8, 3.0), (1.0, 3.0), (1.4, 5.0))  # area in 100 m², rooms
PRICES = (2.1, 3.0, 3.9, 5.6)  # in 100,000
NUDGE = 1e-6
CLOSE = 1e-5  # relative difference between backprop and finite differences, in float64


def run(board: Board, *, hidden: int, lr: float, steps: int, seed: int) -> None:
    torch.manual_seed(seed)
    layers = [nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, 1)] if hidden else [nn.Linear(2, 1)]
    network = nn.Sequential(*layers).double()
    batch = Batch(
        {"x": torch.tensor(FLATS, dtype=torch.float64), "target": torch.tensor(PRICES, dtype=torch.float64)},
        torch.arange(4).numpy(),
    )
    player = pupil(network, squared, lr=lr, adam=False)
    count = sum(p.numel() for p in network.parameters())
    words = (
        f"Four flats and a network of {count} weights. The loop below is engine/loop.py, the one that trains "
        "everything here, one beat at a time."
    )
    board.step("What happens", words, table("At the start", ["weight", "value"], named(network)))
    worst, losses = 0.0, []
    for event in learn(((step, batch) for step in range(1, steps + 1)), [player]):
        if isinstance(event, Measured):
            losses.append(float(event.losses.total.detach()))
        if event.step == 1:
            worst = max(worst, show(board, event, network, batch, lr))
    curve = lines("Loss", "step", "mean squared error", {"loss": (range(1, steps + 1), losses)}, log_y=losses[-1] > 0)
    board.step(
        "And again",
        f"{steps} times the same five beats.",
        curve,
        table("What it says now", ["area", "rooms", "price", "said"], answers(network, batch)),
    )
    board.check(
        "Backprop gives the gradients that finite differences give",
        worst < CLOSE,
        f"largest relative difference {worst:.1e}",
    )
    board.check("Repeating lowers the loss", losses[-1] < 0.5 * losses[0], f"{losses[0]:.4g} → {losses[-1]:.4g}")


def squared(output: Tensor, batch: Batch) -> Tensor:
    return F.mse_loss(output[:, 0], batch["target"])


def show(board: Board, event: Event, network: nn.Sequential, batch: Batch, lr: float) -> float:
    """One beat in numbers; how far the gradients are from finite differences (0 at other beats)."""
    if isinstance(event, Collected):
        taken = [[*x, y] for x, y in zip(FLATS, PRICES, strict=True)]
        board.step(
            "1 · Collect",
            "A batch: the inputs (area in 100 m², rooms) and the answers (price in 100,000).",
            table("The batch", ["area", "rooms", "price"], taken),
        )
    elif isinstance(event, Forwarded):
        board.step(
            "2 · Forward",
            "Inputs go through the layers; every layer's numbers are here.",
            *layer_tables(network, batch["x"]),
        )
    elif isinstance(event, Measured):
        said = network(batch["x"]).detach()[:, 0].tolist()
        wrong = [[s, y, s - y, (s - y) ** 2] for s, y in zip(said, PRICES, strict=True)]
        total = float(event.losses.total.detach())
        board.step(
            "3 · Measure",
            f"The loss is the mean of the squares: {total:.6f}.",
            table("How wrong", ["said", "price", "difference", "square"], wrong),
        )
    elif isinstance(event, Backpropped):
        rows, worst = compare(network, batch)
        words = (
            "Backprop walks back through the layers and says for every weight how the loss moves with it. To check "
            "it, each weight is nudged by "
            f"±{NUDGE:g} and the loss measured again: (loss⁺ − loss⁻) ÷ {2 * NUDGE:g}."
        )
        board.step("4 · Backprop", words, table("Gradients", ["weight", "backprop", "by nudging", "difference"], rows))
        return worst
    elif isinstance(event, Repeated):
        now = squared(network(batch["x"]), batch).item()
        words = (
            f"Every weight takes a step against its gradient: w ← w − {lr:g} · gradient. The loss is now "
            f"{now:.6f}. "
            "Then the next batch is collected."
        )
        board.step("5 · Repeat", words, table("After the step", ["weight", "value"], named(network)))
    return 0.0


def layer_tables(network: nn.Sequential, x: Tensor) -> list[Panel]:
    """What comes out of every layer, a row a flat."""
    out = []
    for number, layer in enumerate(network, 1):
        x = layer(x)
        columns = [f"{k + 1}" for k in range(x.shape[1])]
        out.append(
            table(
                f"After layer {number}: {type(layer).__name__}",
                ["flat", *columns],
                [[i + 1, *row] for i, row in enumerate(x.tolist())],
            )
        )
    return out


def named(network: nn.Module) -> list[list[object]]:
    return [[f"{name}{list(place)}", value] for name, place, value in each(network)]


def each(network: nn.Module) -> list[tuple[str, tuple[int, ...], float]]:
    """(tensor's name, place, value) of every weight."""
    out = []
    for name, parameter in network.named_parameters():
        for flat, value in enumerate(parameter.detach().flatten().tolist()):
            out.append((name, tuple(int(k) for k in torch.unravel_index(torch.tensor(flat), parameter.shape)), value))
    return out


def compare(network: nn.Module, batch: Batch) -> tuple[list[list[object]], float]:
    """(a line for each weight: gradient, finite difference, how far apart; the largest of these, relative)."""
    rows: list[list[object]] = []
    worst = 0.0
    weights = dict(network.named_parameters())
    for name, place, _ in each(network):
        gradient = weights[name].grad
        assert gradient is not None
        own, nudged = float(gradient[place]), nudge(network, weights[name], place, batch)
        apart = abs(own - nudged) / max(abs(own), abs(nudged), 1e-3)
        worst = max(worst, apart)
        rows.append([f"{name}{list(place)}", own, nudged, f"{apart:.1e}"])
    return rows, worst


def nudge(network: nn.Module, weight: Tensor, place: tuple[int, ...], batch: Batch) -> float:
    """The loss's slope by central differences."""
    with torch.no_grad():
        kept = float(weight[place])
        weight[place] = kept + NUDGE
        above = squared(network(batch["x"]), batch).item()
        weight[place] = kept - NUDGE
        below = squared(network(batch["x"]), batch).item()
        weight[place] = kept
    return (above - below) / (2 * NUDGE)


def answers(network: nn.Module, batch: Batch) -> list[list[float]]:
    said = network(batch["x"]).detach()[:, 0].tolist()
    return [[*x, y, s] for x, y, s in zip(FLATS, PRICES, said, strict=True)]


LESSON = Lesson(
    title="Collect, forward, measure, backprop, repeat",
    year="1847–1986",
    story="All of training is five beats. Here they are on four rows, with every number, and every gradient is "
    "checked against a nudge by hand.",
    settings={
        "hidden": (2, "units between input and output; 0 = a straight line"),
        "lr": (0.05, "how large a step; try 2"),
        "steps": (200, "how often"),
        "seed": (0, "where the weights begin"),
    },
    run=run,
    change="--set lr=2",
)
