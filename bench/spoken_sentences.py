"""Does a recogniser that learnt from a synthesiser understand a person? Sentences of news and dialogues spoken by
espeak-ng in many voices; tried on ljspeech_mini.

python bench/spoken_sentences.py DATA OUT      then: engineroom train OUT/sentences.csv --recipe speech_recognition
--target text --set options.units=characters --run RUN engineroom evaluate RUN OUT/person.csv         # real speech: a
reader nobody and nothing like whom was in training
"""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parent))
from spoken_words import speak

VOICES = [
    f"{accent}+{kind}"
    for accent in ("en-us", "en-gb", "en-gb-scotland", "en-029", "en-gb-x-rp")
    for kind in ("m1", "m2", "m3", "m4", "m7", "f1", "f2", "f3", "f4")
]
KEPT = ("+m2", "+f3")  # kinds of voice by which the test is spoken, and nothing else
COUNTS = {"train": 3_000, "test": 120}
WORDS = (4, 11)  # of a sentence


def sentences(data: Path) -> list[str]:
    """Short ones of letters alone, each once."""
    news = pl.read_csv(data / "ag_news" / "train.csv")["description"].drop_nulls().to_list()
    talks = [
        json.loads(line)["dialogue"] for line in (data / "dialogsum" / "train.jsonl").read_text("utf-8").splitlines()
    ]
    parts = [
        re.sub(r"#Person\d#:", " ", part).strip()
        for text in [*news, *talks]
        for part in re.split(r"[.!?;,:()\"\n]|--| - ", text)
    ]
    return sorted(
        {
            part.lower()
            for part in parts
            if re.fullmatch(r"[A-Za-z' ]+", part) and WORDS[0] <= len(part.split()) <= WORDS[1]
        }
    )


def main(data: Path, out: Path) -> None:
    rng = np.random.default_rng(0)
    texts = rng.permutation(sentences(data)).tolist()
    rows = []
    for part, count in COUNTS.items():
        (out / part).mkdir(parents=True, exist_ok=True)
        voices = [voice for voice in VOICES if voice.endswith(KEPT) == (part == "test")]
        for k in range(count):
            text, path = texts.pop(), out / part / f"{k:05d}.flac"
            speak(
                text,
                path,
                voice=voices[k % len(voices)],
                speed=int(rng.integers(120, 190)),
                pitch=int(rng.integers(25, 75)),
            )
            rows.append((str(path), text, part))
    write(out / "sentences.csv", [("recording", "text", "split"), *rows])
    person = [
        (str(path.parent / row["file"]), row["text_normalised"])
        for path in sorted((data / "ljspeech_mini").glob("*/transcripts.csv"))
        for row in pl.read_csv(path).to_dicts()
    ]
    write(out / "person.csv", [("recording", "text"), *person])


def write(path: Path, rows: list[tuple[str, ...]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
