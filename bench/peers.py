"""The same split and the same wall time for us and for what people would otherwise use: plain PyTorch, Keras, LightGBM.

    bench/peers.sh && .bench-env/bin/python bench/peers.py [--minutes 2] [cifar10 sms_spam adult]

cifar10: a hand-written residual net in PyTorch in the fastai manner (one-cycle AdamW, label smoothing, flips, crops,
cutout, bf16 with channels last where it is faster) and the Keras CNN of its tutorials. sms_spam: Keras'
TextVectorization-like bag + dense net (tokens by scikit-learn), LightGBM on TF-IDF.
adult: Keras with embeddings, LightGBM. All get the training rows and the same minutes; the test rows grade them once.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")
import numpy as np
import polars as pl
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def engineroom(name: str, target: str | None, minutes: float, score: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            str(Path(sys.executable).with_name("engineroom")),
            "train",
            str(DATA / name),
            "--run",
            f"{folder}/r",
            "--quiet",
            "--minutes",
            str(minutes),
        ]
        subprocess.run(command + (["--target", target] if target else []), check=True)
        return json.loads(Path(f"{folder}/r/bundle/bundle.json").read_text())["metrics"][score]


def pictures() -> tuple[np.ndarray, ...]:
    from PIL import Image

    out = []
    for part in ("train", "test"):
        files = sorted((DATA / "cifar10" / part).glob("*/*.jpg"))
        names = sorted({f.parent.name for f in files})
        out += [
            np.stack([np.asarray(Image.open(f).convert("RGB")) for f in files]),
            np.array([names.index(f.parent.name) for f in files]),
        ]
    return tuple(out)


def torch_cifar(minutes: float) -> float:
    """Hand-written: ResNet-9-like, one-cycle, label smoothing, flips, crops, cutout; it plans its epochs from a timed
    step, as we do."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    x, y, xt, yt = pictures()
    torch.manual_seed(0)

    def conv(a: int, b: int, pool: bool = False) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(a, b, 3, padding=1, bias=False),
            nn.BatchNorm2d(b),
            nn.ReLU(),
            *([nn.MaxPool2d(2)] if pool else []),
        )

    class Residual(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.inner = nn.Sequential(conv(width, width), conv(width, width))

        def forward(self, x):
            return x + self.inner(x)

    model = nn.Sequential(
        conv(3, 32),
        conv(32, 64, True),
        Residual(64),
        conv(64, 128, True),
        conv(128, 256, True),
        Residual(256),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(256, 10),
    )
    model = model.to(memory_format=torch.channels_last)
    mean, std = x.mean((0, 1, 2)) / 255, x.std((0, 1, 2)) / 255
    to = lambda a: (
        torch.from_numpy(((a / 255 - mean) / std).astype(np.float32))
        .permute(0, 3, 1, 2)
        .contiguous(memory_format=torch.channels_last)
    )
    X, XT, Y = to(x), to(xt), torch.from_numpy(y)

    def augment(b):
        flip = torch.rand(len(b)) < 0.5
        b = torch.where(flip[:, None, None, None], b.flip(3), b)
        b = F.pad(b, (4, 4, 4, 4), mode="reflect")
        i, j = torch.randint(0, 9, (2,)).tolist()
        b = b[:, :, i : i + 32, j : j + 32].clone()
        i, j = torch.randint(0, 24, (2,)).tolist()
        b[:, :, i : i + 8, j : j + 8] = 0
        return b

    def step(rows, autocast: bool):
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss = F.cross_entropy(model(augment(X[rows])).float(), Y[rows], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()

    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
    pace = {}
    for autocast in (False, True):
        step(torch.arange(64), autocast)
        begun = time.perf_counter()
        for _ in range(3):
            step(torch.arange(64), autocast)
        pace[autocast] = (time.perf_counter() - begun) / 3
    autocast = pace[True] < pace[False]
    steps = int(0.93 * 60 * minutes / pace[autocast])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    begun = time.perf_counter()
    for _ in range(steps):
        step(torch.randint(0, len(X), (64,)), autocast)
        optimizer.step()
        schedule.step()
        if time.perf_counter() - begun > 60 * minutes:
            break
    model.eval()
    with torch.no_grad():
        said = torch.cat([model(XT[i : i + 250]).argmax(1) for i in range(0, len(XT), 250)])
    return accuracy_score(yt, said)


class Deadline:
    """A Keras callback that stops at the deadline."""

    def __new__(cls, minutes: float):
        import keras

        class Stop(keras.callbacks.Callback):
            def on_train_begin(self, logs=None):
                self.begun = time.perf_counter()

            def on_train_batch_end(self, batch, logs=None):
                if time.perf_counter() - self.begun > 60 * minutes:
                    self.model.stop_training = True

        return Stop()


def keras_fit(model, x, y, minutes: float, loss: str):
    import keras

    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss, metrics=["accuracy"])
    best = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
    model.fit(x, y, validation_split=0.1, epochs=10_000, batch_size=64, verbose=0, callbacks=[best, Deadline(minutes)])
    return model


def keras_cifar(minutes: float) -> float:
    import keras
    from keras import layers

    x, y, xt, yt = pictures()
    order = np.random.default_rng(0).permutation(len(x))
    blocks = []
    for width in (32, 64, 128):
        blocks += [
            layers.Conv2D(width, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.Conv2D(width, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
        ]
    model = keras.Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.Rescaling(1 / 255),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.1, 0.1),
            *blocks,
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    keras_fit(model, x[order].astype("float32"), y[order], minutes, "sparse_categorical_crossentropy")
    return accuracy_score(yt, model.predict(xt.astype("float32"), verbose=0).argmax(1))


def spam() -> tuple:
    train, test = (pl.read_csv(DATA / "sms_spam" / f"{part}.csv") for part in ("train", "test"))
    return (
        train["text"].to_list(),
        (train["label"] == "spam").to_numpy().astype(int),
        test["text"].to_list(),
        (test["label"] == "spam").to_numpy().astype(int),
    )


def keras_spam(minutes: float) -> float:
    import keras
    from keras import layers
    from sklearn.feature_extraction.text import CountVectorizer

    x, y, xt, yt = spam()
    words = CountVectorizer(max_features=10_000, token_pattern=r"\S+").fit(x)
    tokens = lambda texts: keras.utils.pad_sequences(
        [[words.vocabulary_[w] + 1 for w in words.build_analyzer()(t) if w in words.vocabulary_][:60] for t in texts],
        60,
    )
    model = keras.Sequential(
        [
            layers.Input((60,)),
            layers.Embedding(10_001, 64),
            layers.GlobalAveragePooling1D(),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    keras_fit(model, tokens(x), y, minutes, "binary_crossentropy")
    return f1_score(yt, model.predict(tokens(xt), verbose=0).ravel() > 0.5)


def lightgbm_spam(minutes: float) -> float:
    import lightgbm
    from sklearn.feature_extraction.text import TfidfVectorizer

    x, y, xt, yt = spam()
    words = TfidfVectorizer(ngram_range=(1, 2), max_features=20_000).fit(x)
    return f1_score(
        yt,
        lightgbm.LGBMClassifier(verbose=-1)
        .fit(words.transform(x).astype(np.float32), y)
        .predict(words.transform(xt).astype(np.float32)),
    )


def census() -> tuple:
    train, test = (pl.read_csv(DATA / "adult" / f"{part}.csv") for part in ("train", "test"))
    y, yt = ((part["income"].str.strip_chars() == ">50K").to_numpy().astype(int) for part in (train, test))
    return train.drop("income"), y, test.drop("income"), yt


def lightgbm_adult(minutes: float) -> float:
    import lightgbm
    from pandas.api.types import is_numeric_dtype

    x, y, xt, yt = census()
    a, b = (part.to_pandas() for part in (x, xt))
    for name in a.columns:
        if not is_numeric_dtype(a[name]):
            values = sorted(set(a[name].dropna()))
            a[name], b[name] = (
                part[name].map({v: i for i, v in enumerate(values)}).astype("category") for part in (a, b)
            )
    return roc_auc_score(yt, lightgbm.LGBMClassifier(verbose=-1).fit(a, y).predict_proba(b)[:, 1])


def keras_adult(minutes: float) -> float:
    import keras
    from keras import layers

    x, y, xt, yt = census()
    numbers = [c for c in x.columns if x[c].dtype.is_numeric()]
    mean, std = x.select(numbers).to_numpy().mean(0), x.select(numbers).to_numpy().std(0)
    inputs, parts, feed, feed_test = (
        [layers.Input((len(numbers),))],
        [],
        [(x.select(numbers).to_numpy() - mean) / std],
        [(xt.select(numbers).to_numpy() - mean) / std],
    )
    parts.append(inputs[0])
    for name in [c for c in x.columns if c not in numbers]:
        values = {v: i + 1 for i, v in enumerate(sorted(set(x[name].drop_nulls())))}
        inputs.append(layers.Input((1,)))
        parts.append(layers.Flatten()(layers.Embedding(len(values) + 1, 8)(inputs[-1])))
        feed.append(np.array([values.get(v, 0) for v in x[name]])[:, None])
        feed_test.append(np.array([values.get(v, 0) for v in xt[name]])[:, None])
    hidden = layers.Concatenate()(parts)
    for _ in range(2):
        hidden = layers.Dropout(0.2)(layers.Dense(128, activation="relu")(hidden))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    keras_fit(model, feed, y, minutes, "binary_crossentropy")
    return roc_auc_score(yt, model.predict(feed_test, verbose=0).ravel())


JOBS: dict[str, tuple[str, dict[str, Callable[[float], float]]]] = {
    "cifar10": (
        "accuracy",
        {
            "plain PyTorch": torch_cifar,
            "Keras": keras_cifar,
            "Engine Room": lambda m: engineroom("cifar10", None, m, "accuracy"),
        },
    ),
    "sms_spam": (
        "f1",
        {
            "Keras": keras_spam,
            "LightGBM on TF-IDF": lightgbm_spam,
            "Engine Room": lambda m: engineroom("sms_spam", "label", m, "f1"),
        },
    ),
    "adult": (
        "roc_auc",
        {
            "Keras": keras_adult,
            "LightGBM": lightgbm_adult,
            "Engine Room": lambda m: engineroom("adult", "income", m, "roc_auc"),
        },
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(JOBS))
    parser.add_argument("--minutes", type=float, default=2.0)
    args = parser.parse_args()
    print(
        f"| set | score | who | figure | seconds (limit {60 * args.minutes:.0f} s of training) "
        "|\n|---|---|---|---|---|",
        flush=True,
    )
    for name in args.names:
        score, jobs = JOBS[name]
        for who, job in jobs.items():
            begun = time.perf_counter()
            value = job(args.minutes)
            print(f"| {name} | {score} | {who} | {value:.4f} | {time.perf_counter() - begun:.0f} |", flush=True)


if __name__ == "__main__":
    main()
