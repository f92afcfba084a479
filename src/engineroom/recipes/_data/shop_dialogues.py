"""Conversations at the counter of a shop, generated: what there is, what it costs, when it is open; a reply must repeat
what was asked for."""

from __future__ import annotations

from typing import Any

GOODS = {
    "shoes": (60, "pair"),
    "lamps": (35, "piece"),
    "apples": (3, "kilo"),
    "books": (15, "piece"),
    "chairs": (80, "piece"),
    "scarves": (20, "piece"),
    "knives": (25, "piece"),
    "bread": (4, "loaf"),
}
COLOURS = ("red", "green", "blue", "black", "white")
HELLO = {
    "Hello!": ("Hello! What can I do for you?", "Good day! How can I help you?"),
    "Good morning!": ("Good morning! What are you looking for?",),
    "Hi there!": ("Hi! Can I help you?",),
}
MOOD = {
    "How are you?": ("Very well, thank you. And you?", "Fine, it is a busy day."),
    "Nice weather today.": ("Yes, at last the sun is out.", "It is, and it shall stay so."),
}
HOURS = {
    "When do you open?": "We open at nine in the morning.",
    "When do you close?": "We close at six in the evening.",
    "Are you open on Sunday?": "No, on Sunday we are closed.",
    "Can I pay by card?": "Of course, cards are welcome.",
    "Where are you?": "We are in Mill Street, beside the bridge.",
}
BYE = {
    "Thank you. Goodbye!": ("Thank you for coming. Goodbye!", "Goodbye, see you soon!"),
    "That is all.": ("Thank you. Have a nice day!",),
}


def counter(count: int = 3_000) -> Any:
    """A table with one column of turns; prices follow from the goods, and what is not sold is refused."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(0)

    def one_of(values: Any) -> str:
        return str(values[int(rng.integers(len(values)))])

    rows = []
    for _ in range(count):
        turns: list[str] = []
        for known in (HELLO, MOOD):
            if rng.random() < 0.5:
                said = one_of(list(known))
                turns += [said, one_of(known[said])]
        for _ in range(int(rng.integers(1, 4))):
            turns += (
                wanted(rng, one_of) if rng.random() < 0.7 else list(list(HOURS.items())[int(rng.integers(len(HOURS)))])
            )
        if rng.random() < 0.6:
            said = one_of(list(BYE))
            turns += [said, one_of(BYE[said])]
        rows.append(turns)
    return pl.DataFrame({"turns": rows, "next": [len(row) for row in rows]})


def wanted(rng: Any, one_of: Any) -> list[str]:
    """A question after goods and its answer."""
    goods, colour = one_of(list(GOODS)), one_of(COLOURS)
    price, measure = GOODS[goods]
    kind = int(rng.integers(3))
    if kind == 0:
        return [f"How much are the {goods}?", f"The {goods} are {price} euros a {measure}."]
    if kind == 1:
        there = colour != "white"
        return [
            f"Do you have {colour} {goods}?",
            f"Yes, we have {colour} {goods}." if there else f"I am sorry, we have no white {goods}.",
        ]
    many = int(rng.integers(2, 6))
    return [
        f"I take {many} of the {colour} {goods}.",
        f"{many} of the {colour} {goods}, that makes {many * price} euros.",
    ]
