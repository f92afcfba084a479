"""Long texts in a line: on diaries of machines and their headlines, which are generated."""

from __future__ import annotations

from ._base import Recipe
from ._data.parallel_sentences import diaries

RECIPE = Recipe(
    title="Summarise texts",
    story="A Transformer reads a text and another writes its summary, in words of its own or copied from the text (a "
    "pointer). Thousands of pairs are needed before that "
    "beats the first sentences, which the classical baseline takes (or those nearest to the whole, TF-IDF). Further "
    "references may stand in columns "
    "summary1, summary2 beside --target summary. The demo is generated: diaries of a shift among whose lines one "
    "fault must be found, and its headline.",
    data="a table with a column of texts and one of summaries, which --target names",
    answers="CSV: the summary and its log probability; -o out.txt: one a line",
    target="headline",
    demo=diaries,
    settings={
        "task": "text2text_generation",
        "options": {"mode": "summary", "share_vocabulary": True, "copy_mechanism": True},
        "model": {"dropout": 0.15},
    },
    minutes=2.0,
    expect="ROUGE-L 0.70 in two minutes, few headlines to the letter; the nearest sentence has 0.43",
)
