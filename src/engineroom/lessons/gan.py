"""Generative adversarial network (2014): a generator (maker) and a discriminator (critic) learn from each other."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ..core.batch import Batch, Losses
from ..core.events import Learner, Measured
from ..core.panels import Panel
from ..core.seeds import torch_generator
from ..engine.loop import learn
from ._base import Board, Lesson, lines, table

SPREAD = 0.1  # deviation of each heap
CHANCE = 4  # numbers of chance a point
BATCH, SHOWN = 256, 400
NEAR = 4.0  # deviations within which a point belongs to a heap
LEAST = 0.25  # of its fair share that a heap must get to count as found


def run(board: Board, *, heaps: int, steps: int, steep: float, critic_every: int, seed: int) -> None:
    torch.manual_seed(seed)
    maker = nn.Sequential(nn.Linear(CHANCE, 96), nn.ReLU(), nn.Linear(96, 96), nn.ReLU(), nn.Linear(96, 2))
    critic = nn.Sequential(nn.Linear(2, 96), nn.LeakyReLU(0.2), nn.Linear(96, 96), nn.LeakyReLU(0.2), nn.Linear(96, 1))
    players = cast(maker, critic, steep, critic_every)
    board.step(
        "The game",
        f"Real points lie in {heaps} heaps on a circle. The maker turns chance into points. The critic learns to give "
        "real points high scores and made ones low; the maker learns to be given high "
        "scores. Nobody tells the maker where the heaps are: all it ever hears is the slope of the critic's score "
        "(Goodfellow et al. 2014).",
    )
    first_steps(board, players, heaps, seed)
    stages: list[tuple[int, Tensor]] = []
    losses: dict[str, list[float]] = {"critic": [], "maker": []}
    done = 0
    for mark in sorted({0, *(round(steps * share) for share in (0.1, 0.3, 1.0))}):
        for player, values in play(players, heaps, done, mark, seed).items():
            losses[player] += values
        done = mark
        stages.append((mark, generate_points(maker, seed)))
    real = sample_real(heaps, SHOWN, torch_generator(seed, "shown"))
    for mark, points in stages:
        board.step(f"After {mark:,} steps", describe_points(points, heaps), cloud(f"Step {mark:,}", real, points))
    show_losses(board, losses)
    start, end = stages[0][1], stages[-1][1]
    board.check(
        "Made points come to lie in the heaps",
        inside(end, heaps) > max(0.7, 2 * inside(start, heaps)),
        f"{inside(start, heaps):.0%} at first, {inside(end, heaps):.0%} at last",
    )
    board.check("Every heap is found", found(end, heaps) == heaps, f"{found(end, heaps)} of {heaps}")
    late = float(np.mean(losses["critic"][-len(losses["critic"]) // 10 :]))
    board.check(
        "In the end the critic can hardly tell",
        late > 1.1,
        f"its loss is {late:.2f}; tossing a coin costs {2 * math.log(2):.2f}",
    )


def show_losses(board: Board, losses: dict[str, list[float]]) -> None:
    """Both curves, at no more than about 200 points."""
    every = max(1, len(losses["critic"]) // 200)
    grid = list(range(1, len(losses["critic"]) + 1))[::every]
    curves = {player: (grid, losses[player][::every]) for player in ("critic", "maker")}
    board.step(
        "What the two hear",
        f"The critic's loss climbs towards 2 ln 2 = {2 * math.log(2):.3f}, where it can do no better than toss a "
        "coin. Neither curve says by itself how good the points are.",
        lines("Losses", "step", "loss", curves),
    )


def cast(maker: nn.Module, critic: nn.Module, steep: float, critic_every: int) -> tuple[Learner, Learner]:
    """Two players of the package's own loop; each moves its own weights only."""

    def compare(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        points = batch["x"].clone().requires_grad_()
        real = critic(points)[:, 0]
        (slope,) = torch.autograd.grad(real.sum(), points, create_graph=True)
        return real, critic(maker(batch["chance"]).detach())[:, 0], slope.square().sum(1)

    def tell_apart(output: tuple[Tensor, Tensor, Tensor], batch: Batch) -> Losses:
        game = softplus(-output[0]).mean() + softplus(output[1]).mean()
        return Losses(game + steep / 2 * output[2].mean(), {"game": game.detach()})

    def convince(output: Tensor, batch: Batch) -> Losses:
        game = softplus(-output[:, 0]).mean()
        return Losses(game, {"game": game.detach()})

    adam = [
        torch.optim.AdamW(one.parameters(), lr=2e-3, betas=(0.0, 0.99), weight_decay=0.0) for one in (critic, maker)
    ]
    return (
        Learner("critic", adam[0], compare, tell_apart, every=critic_every),
        Learner("maker", adam[1], lambda batch: critic(maker(batch["chance"])), convince),
    )


def first_steps(board: Board, players: tuple[Learner, Learner], heaps: int, seed: int) -> None:
    """Two steps with every number shown."""
    rows = []
    for event in learn(batches(heaps, -2, 0, seed), players):
        if isinstance(event, Measured):
            parts = event.losses.parts["game"]
            rows.append(
                [
                    event.step + 2,
                    event.player,
                    float(parts),
                    "real points up, made points down" if event.player == "critic" else "what I made, up",
                ]
            )
    words = (
        "One step of the loop is two turns on one batch. In each, only the weights of the one whose turn it is "
        "move: "
        "asking the critic does not teach the critic."
    )
    board.step("Turn by turn", words, table("The first turns", ["step", "whose turn", "loss", "what it wants"], rows))


def play(players: tuple[Learner, Learner], heaps: int, done: int, upto: int, seed: int) -> dict[str, list[float]]:
    """Losses of the steps after `done` up to `upto`, by player."""
    heard: dict[str, list[float]] = {"critic": [], "maker": []}
    for event in learn(batches(heaps, done, upto, seed), players):
        if isinstance(event, Measured):
            heard[event.player].append(float(event.losses.parts["game"]))
    return heard


def batches(heaps: int, done: int, upto: int, seed: int):
    for step in range(done + 1, upto + 1):
        generator = torch_generator(seed, "adversaries", step)
        yield (
            step,
            Batch(
                {"x": sample_real(heaps, BATCH, generator), "chance": torch.randn(BATCH, CHANCE, generator=generator)},
                np.arange(BATCH),
            ),
        )


def centres(heaps: int) -> Tensor:
    """(heaps, 2) on a circle of radius 2."""
    angle = 2 * math.pi * torch.arange(heaps) / heaps
    return 2 * torch.stack([angle.cos(), angle.sin()], 1)


def sample_real(heaps: int, count: int, generator: torch.Generator) -> Tensor:
    return centres(heaps)[torch.randint(0, heaps, (count,), generator=generator)] + SPREAD * torch.randn(
        count, 2, generator=generator
    )


def generate_points(maker: nn.Module, seed: int) -> Tensor:
    """(SHOWN, 2) made of the same chance each time."""
    with torch.no_grad():
        return maker(torch.randn(SHOWN, CHANCE, generator=torch_generator(seed, "drawn")))


def home(points: Tensor, heaps: int) -> tuple[Tensor, Tensor]:
    """(nearest heap of each point, whether it lies in it)."""
    gap, which = torch.cdist(points, centres(heaps)).min(1)
    return which, gap < NEAR * SPREAD


def inside(points: Tensor, heaps: int) -> float:
    return float(home(points, heaps)[1].float().mean())


def found(points: Tensor, heaps: int) -> int:
    which, near = home(points, heaps)
    counts = torch.bincount(which[near], minlength=heaps)
    return int((counts >= LEAST * len(points) / heaps).sum())


def describe_points(points: Tensor, heaps: int) -> str:
    return (
        f"{inside(points, heaps):.0%} of the made points lie in a heap; {found(points, heaps)} of {heaps} heaps "
        "get "
        "their share."
    )


def cloud(title: str, real: Tensor, made: Tensor) -> Panel:
    series = [{"name": name, "points": points.tolist()} for name, points in (("real", real), ("made", made))]
    return Panel("scatter", title, {"x": "x", "y": "y", "series": series})


LESSON = Lesson(
    title="Adversaries",
    year="2014",
    story="A maker and a critic that learn from each other: points come to lie where real ones do, although nobody "
    "shows the maker a real one.",
    settings={
        "heaps": (8, "heaps of real points"),
        "steps": (2500, "turns of each player"),
        "steep": (0.5, "how strongly the critic is kept from being steep (R1); 0 = not at all"),
        "critic_every": (1, "the critic learns in every n-th step only"),
        "seed": (0, "where randomness begins"),
    },
    run=run,
    change="--set critic_every=50",
)
