"""Tables for summaries from little data: dialogsum with all references, and a first school without a summary of it.

    python bench/summaries.py --data DATA OUT     # OUT/dialogsum.csv, OUT/before.csv

The first school is news whose titles are to be written (ag_news), and stretches of the training dialogues whose most
telling sentences are (Pegasus: Zhang et al. 2020); half of the time these are left where they stand, so that copying
pays.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import polars as pl

from engineroom.baselines.text._tokenise import sentences
from engineroom.metrics.text_generation import rouge

STRETCHES = 6  # of a dialogue
FEW, MANY, LONG = 4, 20, 8  # sentences of a stretch, at least and at most; from how many on two are to be written
LEAST_WORDS = 4  # to be written
COLUMNS = ["dialogue", "summary", "summary1", "summary2", "summary3", "split"]
SIGNS = {"\\": " ", "#39;": "'", "&lt;": " ", "&gt;": " "}


def dialogues(folder: Path) -> pl.DataFrame:
    """One row a dialogue: three summaries to learn from, one to be judged by."""
    lines = [
        (part, json.loads(line))
        for part in ("train", "test")
        for line in (folder / f"{part}.jsonl").read_text("utf-8").splitlines()
    ]
    return pl.DataFrame(
        [{**{name: one.get(name) for name in COLUMNS}, "split": part} for part, one in lines], infer_schema_length=None
    )


def gaps(text: str, chance: random.Random) -> list[tuple[str, str]]:
    """(a stretch, its most telling sentences): those that share most words with the rest, with some luck."""
    lines, found = sentences(text), []
    for _ in range(STRETCHES):
        count = min(len(lines), chance.randint(FEW, MANY))
        first = chance.randint(0, len(lines) - count)
        part = lines[first : first + count]
        near = [
            -rouge(one, " ".join(part[:k] + part[k + 1 :]))[0] * chance.uniform(0.5, 1) for k, one in enumerate(part)
        ]
        chosen = sorted(sorted(range(count), key=near.__getitem__)[: 1 + (count > LONG)])
        stays = chance.random() < 0.5
        said = " ".join(part[k] for k in chosen)
        if count >= FEW - 1 and len(said.split()) >= LEAST_WORDS:
            found.append(("\n".join(one for k, one in enumerate(part) if stays or k not in chosen), said))
    return found


def tidy(text: str) -> str:
    for sign, instead in SIGNS.items():
        text = text.replace(sign, instead)
    return text.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    table, chance = dialogues(asked.data / "dialogsum"), random.Random(0)
    table.write_csv(asked.out / "dialogsum.csv")
    news = pl.read_csv(asked.data / "ag_news" / "train.csv")
    rows = [(tidy(text), tidy(title)) for title, text in news.select("title", "description").iter_rows()]
    rows += [pair for text in table.filter(pl.col("split") == "train")["dialogue"] for pair in gaps(text, chance)]
    chance.shuffle(rows)
    pl.DataFrame(rows, schema=COLUMNS[:2], orient="row").unique(maintain_order=True).write_csv(asked.out / "before.csv")


if __name__ == "__main__":
    main()
