"""Learn to talk from conversations, best after a language has been learnt from other text. Then it replies in the
terminal."""

from __future__ import annotations

from ._base import Recipe
from ._data.shop_dialogues import counter

RECIPE = Recipe(
    title="Talk with a model of conversations",
    story="A generative Transformer (GPT) reads conversations turn by turn; `engineroom chat RUN` talks with it. Few "
    "conversations teach little language: learn it from other text "
    "first (`engineroom train books.txt --recipe language_modeling --set options.tokenizer=pieces --run runs/words`) "
    "and go on from there with --from runs/words.",
    data="a table with a column of turns (lists of texts, or lines that begin with a name and a colon), or two "
    "columns such as question and answer",
    answers="chat, generate: a reply; CSV: bits a byte of each text",
    target="next",
    demo=counter,
    settings={"task": "chat", "split": {"test": 0.1}, "options": {"tokenizer": "pieces", "vocabulary": 512}},
    minutes=1.5,
    expect="0.125 bits a byte where a 6-gram has 0.175; prices and refusals right, the colour of the goods now and "
    "then not",
)
