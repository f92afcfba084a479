"""Find what a text names: people and places, the slots of a command, the parts of an address; or label every step of a
sequence."""

from __future__ import annotations

from ._base import Recipe

ITEMS = (
    "pizza margherita",
    "green tea",
    "lentil soup",
    "apple pie",
    "black coffee",
    "pad thai",
    "veggie burger",
    "tomato salad",
)
CITIES = ("Bern", "Zürich", "New York", "Leeds", "Genova", "St. Gallen", "Lyon")
STREETS = ("Lindenweg", "Oak Street", "Rue du Lac", "Bahnhofstrasse", "Mill Lane", "Via Roma", "Seeweg", "High Street")
LINES = """{n:number} {item:item} to {street:street} {n:house} , {city:city}
please bring {n:number} {item:item} at {hour:time}
cancel my {item:item} for {hour:time}
where is my {item:item} ?
do you deliver to {street:street} in {city:city} at {hour:time} ?"""


def orders():
    """1,500 orders made from templates: tokens and IOB labels."""
    import numpy as np
    import polars as pl

    rng, rows = np.random.default_rng(0), []
    for line in rng.choice(LINES.replace("\n", "|").split("|"), 1500):
        tokens, tags = list[str](), list[str]()
        for part in line.split():
            kind, _, label = part.strip("{}").partition(":")
            made = {
                "item": rng.choice(ITEMS),
                "street": rng.choice(STREETS),
                "city": rng.choice(CITIES),
                "n": rng.integers(1, 99),
                "hour": f"{rng.integers(7, 22)}:30",
            }
            tokens += (words := str(made[kind]).split() if label else [part])
            tags += [f"{'I' if i else 'B'}-{label}" if label else "O" for i in range(len(words))]
        rows.append({"tokens": " ".join(tokens), "tags": " ".join(tags)})
    return pl.DataFrame(rows)


RECIPE = Recipe(
    title="Label every token",
    story="Marks the spans of a text (names, slots of a command, parts of an address), or labels every step of a "
    "sequence (residues). "
    "--set options.sequence_label=intent learns a label of the whole row beside them, options.loss_mask=COLUMN says "
    "which labels are scored.",
    data="CoNLL files; JSONL or CSV of tokens and labels: lists, or text of as many words (or letters). Labels: "
    "B-name I-name O, or plain ones",
    answers="CSV: labels joined by spaces; -o spans.jsonl: tokens and spans",
    target="tags",
    demo=orders,
    settings={"task": "token_classification"},
    expect="F1 1.0 of both in half a minute: templates are easy",
)
