"""From one language into another: on sentences of an invented tongue, which are generated."""

from __future__ import annotations

from ._base import Recipe
from ._data.parallel_sentences import phrases

RECIPE = Recipe(
    title="Translate texts",
    story="A Transformer reads a sentence and another writes it in the other language, piece by piece (--set "
    "options.decoder=lstm --model rnn: LSTMs with attention); "
    "the likeliest sentence is sought with --set options.beam=4 beginnings. Then `engineroom generate RUN --prompt "
    "TEXT` translates. The demo is generated: English "
    "beside an invented tongue with another order of words, agreement and endings.",
    data="a table with a column for each language and --target naming the one to write, or two files line by line: "
    "train.en, train.de",
    answers="CSV: the translation and its log probability; -o out.txt: one a line",
    target="invented",
    demo=phrases,
    settings={"task": "text2text_generation", "options": {"mode": "translation"}, "model": {"dropout": 0.15}},
    minutes=2.0,
    expect="BLEU 82 in two minutes; word by word 0.2: the tongue has another order and endings",
)
