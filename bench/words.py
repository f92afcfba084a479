"""English text to learn a language from before few conversations are: news, dialogues to be summarised, captions.

python bench/words.py DATA OUT      # then: engineroom train OUT/words.jsonl --recipe language_modeling --set
options.tokenizer=pieces --run runs/words
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

LINES = 40  # captions of one document


def main(data: Path, out: Path) -> None:
    news = (
        pl.read_csv(data / "ag_news" / "train.csv")
        .select(pl.concat_str(pl.col(pl.String).exclude("label"), separator="\n").alias("text"))["text"]
        .to_list()
    )
    talks = pl.read_ndjson(data / "dialogsum" / "train.jsonl")["dialogue"].to_list()
    captions = [
        line.split("\t")[0] for line in (data / "multi30k_en_de" / "train.tsv").read_text("utf-8").splitlines()[1:]
    ]
    texts = news + talks + ["\n".join(captions[k : k + LINES]) for k in range(0, len(captions), LINES)]
    out.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({"text": texts}).sample(fraction=1.0, shuffle=True, seed=0).write_ndjson(out / "words.jsonl")
    print(f"{len(texts):,} documents, {sum(map(len, texts)):,} characters → {out / 'words.jsonl'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
