"""Is the speech that `synthesis` makes understood? Synthetic throughout: commands of a small grammar, spoken by
espeak-ng (apt-get install espeak-ng).

    python bench/spoken_words.py render OUT [SEED]
    engineroom train OUT/voice.csv --recipe text_to_speech --target recording --run SPEAK          # one voice
    engineroom train OUT/others.csv --recipe speech_recognition --target text --run LISTEN        # other voices, other
    sentences python bench/spoken_words.py judge OUT SPEAK LISTEN

The recogniser never hears the voice that is learnt, and no sentence by which it is judged; the voice never says those
either. SEED decides which sentences are kept for the judgement.
"""

from __future__ import annotations

import csv
import itertools
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

RATE = 16_000
# 0: what is kept for the judgement
COUNTS = {"voice": {"train": 400, "test": 0}, "others": {"train": 1_200, "test": 100}}
OTHERS = [
    f"{accent}+{kind}"
    for accent in ("en-us", "en-gb", "en-gb-scotland")
    for kind in ("m1", "m3", "m4", "m7", "f1", "f2", "f4")
]
VOICE, WAKE = "en-us", "computer "
ROOMS = ["kitchen", "bedroom", "garden", "bathroom"]
NUMBERS = ["two", "three", "five", "ten", "twenty", "thirty"]
CITIES = ["paris", "london", "berlin", "madrid"]
FORMS = [
    "turn {switch} the {device} in the {room}",
    "set the {device} to {colour}",
    "set a timer for {number} minutes",
    "play some {music} in the {room}",
    "what is the weather in {city} {day}",
    "wake me up at {number} {day}",
    "make it {warmth} in the {room}",
    "call my {person} {day}",
]
SLOTS = {
    "switch": ["on", "off"],
    "device": ["light", "lamp", "heater", "fan"],
    "room": ROOMS,
    "colour": ["red", "green", "blue", "white"],
    "number": NUMBERS,
    "music": ["jazz", "rock", "piano"],
    "city": CITIES,
    "day": ["today", "tomorrow"],
    "warmth": ["warmer", "colder"],
    "person": ["mother", "brother", "doctor"],
}


def fillings(form: str) -> list[str]:
    """All sentences of a form."""
    names = re.findall(r"{(\w+)}", form)
    return [
        form.format(**dict(zip(names, words, strict=True)))
        for words in itertools.product(*(SLOTS[name] for name in names))
    ]


def sentences(rng: np.random.Generator) -> tuple[list[list[str]], list[str]]:
    """(what may be said in training, form by form; what is kept for the judgement): a fifth of every form, and no word
    that training never says."""
    every = [fillings(form) for form in FORMS]
    while True:
        kept = [set(rng.permutation(form)[: max(1, len(form) // 5)].tolist()) for form in every]
        taught = [[text for text in form if text not in held] for form, held in zip(every, kept, strict=True)]
        words = {word for form in taught for text in form for word in text.split()}
        if all(word in words for held in kept for text in held for word in text.split()):
            return taught, sorted(set().union(*kept))


def speak(text: str, path: Path, *, voice: str, speed: int = 150, pitch: int = 50) -> None:
    import soundfile
    import soxr

    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        if shutil.which("espeak-ng") is None:
            raise SystemExit("espeak-ng is not installed: apt-get install espeak-ng")
        subprocess.run(
            ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", file.name, text], check=True
        )
        wave, rate = soundfile.read(file.name, dtype="float32")
    soundfile.write(path, soxr.resample(wave, rate, RATE), RATE)


def render(out: Path, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    taught, judged = sentences(rng)
    called = [wake + text for text in judged for wake in ("", WAKE)]
    for name, parts in COUNTS.items():
        (out / name).mkdir(parents=True, exist_ok=True)
        rows = []
        for part, count in parts.items():
            for k in range(count or len(called)):
                text = (
                    called[k]
                    if not count
                    else (WAKE if rng.random() < 0.4 else "") + str(rng.choice(taught[rng.integers(len(taught))]))
                )
                path = out / name / f"{part}{k:04d}.flac"
                chance = (
                    {"voice": VOICE}
                    if name == "voice"
                    else {
                        "voice": OTHERS[k % len(OTHERS)],
                        "speed": int(rng.integers(120, 190)),
                        "pitch": int(rng.integers(30, 70)),
                    }
                )
                speak(text, path, **chance)
                rows.append((str(path), text, part))
        with open(out / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("recording", "text", "split"), *rows])


def judge(out: Path, speaker: str, listener: str) -> None:
    """Words that the recogniser gets: of the voice's own recordings, of the network's speech, of the joined words."""
    import polars as pl
    import soundfile

    import engineroom
    from engineroom.metrics.speech_recognition import edits

    speaks, hears = engineroom.load(speaker), engineroom.load(listener)
    rows = pl.read_csv(out / "voice.csv").filter(pl.col("split") == "test")
    asked = speaks.open(rows.select("text"))
    begun = time.perf_counter()
    waves = [speaks.task.wave(mel) for mel in speaks.answers(asked)[0]["mel"]]
    took = time.perf_counter() - begun
    print(f"real-time factor {took / (sum(map(len, waves)) / speaks.task.state['rate']):.3f}")
    joined = [speaks.task.wave(mel) for mel in speaks.baseline.predict(asked)["mel"]]
    folder = out / "made"
    folder.mkdir(exist_ok=True)
    for name, sounds in {"espeak-ng itself": None, "network": waves, "joined words": joined}.items():
        paths = (
            rows["recording"].to_list()
            if sounds is None
            else [str(folder / f"{name.split()[0]}{k:03d}.wav") for k in range(len(sounds))]
        )
        for path, wave in zip(paths, sounds or [], strict=False):
            soundfile.write(path, wave, speaks.task.state["rate"])
        heard = hears.predict(pl.DataFrame({"recording": paths}))["prediction"].to_list()
        wrong = [edits((a or "").split(), b.split()) for a, b in zip(heard, rows["text"], strict=True)]
        words = sum(len(text.split()) for text in rows["text"])
        print(
            f"{name}: {1 - sum(wrong) / words:.3f} of {words} words understood; {np.mean(np.array(wrong) == 0):.2f} "
            "of the sentences whole"
        )


if __name__ == "__main__":
    render(Path(sys.argv[2]), *map(int, sys.argv[3:])) if sys.argv[1] == "render" else judge(
        Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    )
