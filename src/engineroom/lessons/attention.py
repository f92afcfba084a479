"""2017: a word looks at the words it needs, however far away. Measured on "school … bus", and against an LSTM of equal
compute.

The task is associative recall, where the two differ: an LSTM must keep everything that might be asked (Arora et al.
2023). Where one word alone tells, an LSTM learns as fast or faster; that was tried first.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Batch
from ..core.errors import UserError
from ..core.panels import Panel
from ..core.seeds import torch_generator
from ..layers.attention import SelfAttention, sine_positions
from ._base import Board, Lesson, lines, pupil, study, table

KINDS, COLOURS = ("school", "city", "night", "tour"), ("yellow", "red", "black", "green")
# one word each: what the sentence says of one kind
NAMED = [f"{colour}-{kind}" for kind in KINDS for colour in COLOURS]
QUERIES = [f"{kind}-bus" for kind in KINDS]
FILLERS = [
    "the",
    "a",
    "old",
    "slow",
    "small",
    "late",
    "every",
    "big",
    "near",
    "from",
    "this",
    "some",
    "over",
    "that",
    "one",
    "past",
]
WORDS = [*NAMED, *QUERIES, *FILLERS]
BATCH, TEST, WIDTH = 32, 400, 32
RATES = (3e-3, 1e-2)  # of learning; each network takes the one that serves it better on sentences set aside


class Looker(nn.Module):
    """(B, T) words → (B, colours): vectors and places, one round of the package's attention, and what the last word
    then says."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.table = nn.Embedding(len(WORDS), WIDTH)
        self.attention = SelfAttention(WIDTH, heads=1)
        self.says = nn.Linear(WIDTH, len(COLOURS))
        self.register_buffer("places", 0.3 * sine_positions(length, WIDTH))

    def vectors(self, x: Tensor) -> Tensor:
        return self.table(x) + self.places

    def forward(self, x: Tensor) -> Tensor:
        vectors = self.vectors(x)
        return self.says((vectors + self.attention(vectors))[:, -1])

    def looks(self, x: Tensor) -> Tensor:
        """(B, T): how much the last word attends to each word, by the same numbers that `forward` uses."""
        q, k, _ = self.attention.qkv(self.vectors(x)).chunk(3, -1)
        return (q[:, -1:] @ k.transpose(1, 2) / WIDTH**0.5).softmax(-1)[:, 0]


class Reader(nn.Module):
    """(B, T) words → (B, colours): an LSTM that reads to the end."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(len(WORDS), width)
        self.cells = nn.LSTM(width, width, batch_first=True)
        self.says = nn.Linear(width, len(COLOURS))

    def forward(self, x: Tensor) -> Tensor:
        return self.says(self.cells(self.table(x))[0][:, -1])


def run(board: Board, *, length: int, steps: int, seed: int) -> None:
    if length < len(KINDS) + 2:
        raise UserError(f"{length} words hold no such sentence.", "", f"At least {len(KINDS) + 2} are needed.")
    width = equal_width(length)
    words = (
        f"Sentences of {length} words. Each says of school, city, night and tour which colour it has today "
        "(yellow-school, red-city, …), among words that say "
        "nothing; at the end stands school-bus or one of the others, and the question is its colour. So the last word "
        "must look back at the right one."
    )
    cost = [["attention", WIDTH, f"{attention_cost(length):,}"], ["LSTM", width, f"{lstm_cost(length, width):,}"]]
    board.step("School … bus", words, table("Equal compute", ["network", "width", "multiplications a sentence"], cost))
    makers: dict[str, Callable[[], nn.Module]] = {"attention": lambda: Looker(length), "LSTM": lambda: Reader(width)}
    networks, curves, right = {}, {}, {}
    for name, make in makers.items():
        networks[name], losses = best(make, length, steps, seed)
        curves[name] = (range(1, steps + 1, 5), losses[::5])
        right[name] = asked(networks[name], length, seed, "bus asked")
    summary = [[name, 100 * share] for name, share in right.items()]
    board.step(
        "Learning",
        f"{steps} batches of {BATCH} for each.",
        table("Right, %", ["network", f"of {TEST} new sentences"], summary),
        lines("Loss", "step", "cross entropy", curves),
    )
    looker = networks["attention"]
    assert isinstance(looker, Looker)
    share, top = looked(board, looker, length, seed)
    board.check(
        "The bus attends to the word that says its colour",
        top > 0.7,
        f"looked at most in {top:.0%} of sentences (chance: {1 / length:.0%}), with {share:.0%} of the attention",
    )
    board.check(
        "At equal compute attention learns this sooner than an LSTM",
        right["attention"] > right["LSTM"],
        f"right: {right['attention']:.0%} against {right['LSTM']:.0%}",
    )


def best(make: Callable[[], nn.Module], length: int, steps: int, seed: int) -> tuple[nn.Module, list[float]]:
    """(the network at the better of RATES, the loss of every step)."""
    tried = []
    for rate in RATES:
        torch.manual_seed(seed)
        network = make()
        losses = study(pupil(network, wrong, lr=rate, clip=1.0), batches(length, steps, seed))
        tried.append((asked(network, length, seed, "bus aside"), network, losses))
    _, network, losses = max(tried, key=lambda one: one[0])
    return network, losses


def attention_cost(length: int) -> int:
    """Multiplications a sentence: queries, keys, values and output; scores and mixtures."""
    return length * 4 * WIDTH**2 + 2 * length**2 * WIDTH


def lstm_cost(length: int, width: int) -> int:
    return length * 8 * width**2


def equal_width(length: int) -> int:
    """The LSTM's width at which it costs as much as attention, or a little more."""
    return next(width for width in range(4, 400) if lstm_cost(length, width) >= attention_cost(length))


def draw(length: int, rows: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """((rows, length) words, (rows,) colours, (rows,) where the telling word stands)."""
    K, C = len(KINDS), len(COLOURS)
    x = torch.randint(len(NAMED) + K, len(WORDS), (rows, length), generator=generator)
    colours = torch.randint(C, (rows, K), generator=generator)
    places = torch.rand(rows, length - 1, generator=generator).argsort(1)[:, :K]  # K different ones in each sentence
    x.scatter_(1, places, torch.arange(K) * C + colours)
    asked_for, each = torch.randint(K, (rows,), generator=generator), torch.arange(rows)
    x[:, -1] = len(NAMED) + asked_for
    return x, colours[each, asked_for], places[each, asked_for]


def batches(length: int, steps: int, seed: int) -> Iterator[tuple[int, Batch]]:
    for step in range(1, steps + 1):
        x, y, _ = draw(length, BATCH, torch_generator(seed, "bus", step))
        yield step, Batch({"x": x, "target": y}, torch.arange(BATCH).numpy(), step)


def wrong(output: Tensor, batch: Batch) -> Tensor:
    return F.cross_entropy(output, batch["target"])


def asked(network: nn.Module, length: int, seed: int, which: str) -> float:
    """Share right on TEST new sentences."""
    x, y, _ = draw(length, TEST, torch_generator(seed, which))
    with torch.no_grad():
        return float((network(x).argmax(1) == y).float().mean())


def looked(board: Board, looker: Looker, length: int, seed: int) -> tuple[float, float]:
    """(mean attention of "bus" on the telling word, how often it is the highest); shows four sentences."""
    x, _, where = draw(length, TEST, torch_generator(seed, "bus asked"))
    with torch.no_grad():
        weights = looker.looks(x)
    items = []
    for row in range(4):
        marked = " ".join(
            f'<span style="background:rgba(214,64,40,{float(w):.2f});padding:0 '
            f'2px;border-radius:3px">{html.escape(WORDS[int(word)])}</span>'
            for word, w in zip(x[row], weights[row], strict=True)
        )
        summary = f"{WORDS[int(x[row, where[row]])]}: {float(weights[row, where[row]]):.0%} of the attention"
        items.append(
            {
                "title": f"sentence {row + 1}",
                "subtitle": summary,
                "tone": "",
                "html": f'<p style="line-height:1.9">{marked}</p>',
            }
        )
    board.step(
        "Where “bus” looks",
        "The redder, the more the last word (the bus) attends to it. Where it looks at no named word, it answers by "
        "what it did not find: one colour needs no word.",
        Panel("gallery", "Attention", {"items": items, "wide": True}),
    )
    own = weights[torch.arange(TEST), where]
    return float(own.mean()), float((weights.argmax(1) == where).float().mean())


LESSON = Lesson(
    title="Attention",
    year="2017",
    story="A word looks straight at the words it needs, however far away (Vaswani et al. 2017): the school-bus finds "
    "yellow-school, and an LSTM of equal compute lags behind.",
    settings={
        "length": (30, "words a sentence; at least 6"),
        "steps": (200, "batches learnt from"),
        "seed": (0, "where the weights begin"),
    },
    run=run,
    change="--set steps=1000",
)
