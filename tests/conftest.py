"""Shared by all tests: small data with a known answer, the command line as a user runs it, the real data where they
are."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
REAL_DATA_DEMANDED = os.environ.get("ENGINEROOM_REAL_DATA") == "1"  # set by .ci/run
torch.set_num_threads(1)


WHOLE_REPORTS = ("report/", "rendering/", "recipes/", "real/", "evaluation/", "metrics/", "cli/", "comparison/")
WHOLE_REPORTS += ("labeling/", "learning_curves/")
FEW_DRAWS = 60
EYE_STEPS = 120


def whole_report() -> bool:
    """Does the test that runs now look at reports? Then they have their charts and all bootstrap draws."""
    running = os.environ.get("PYTEST_CURRENT_TEST", "")
    return running.startswith(tuple(f"tests/{folder}" for folder in WHOLE_REPORTS))


@pytest.fixture(scope="session", autouse=True)
def plain_reports() -> Iterator[None]:
    """Charts and 300 bootstrap draws are more than half of a small training: where no test looks at them, reports have
    empty charts and FEW_DRAWS draws. `.ci/demos` writes the whole report of every recipe. The pictures of tests are
    told apart by a feature extractor of EYE_STEPS steps."""
    from engineroom.evaluation import evaluate
    from engineroom.rendering.vision import train_feature_extractor
    from engineroom.report import html_report

    chart, resample = html_report.chart, evaluate.resample_scores
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html_report, "chart", lambda panel: chart(panel) if whole_report() else "<svg></svg>")
        patch.setattr(
            evaluate,
            "resample_scores",
            lambda *args, **how: resample(*args, **how, **({} if whole_report() else {"n": FEW_DRAWS})),
        )
        patch.setattr(train_feature_extractor, "STEPS", EYE_STEPS)
        yield


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def real_data(name: str) -> Path:
    """A real data set; without it the test is skipped, but with ENGINEROOM_REAL_DATA=1 it must be there."""
    path = DATA / name
    if not path.exists():
        if REAL_DATA_DEMANDED:
            pytest.fail(f"{path} is missing")
        pytest.skip(f"the real data set {name} is not at hand")
    return path


def house_table(rows: int = 300, seed: int = 0) -> pl.DataFrame:
    """price = 3·area + 20·(city is Bern) + a little noise; sold = price over its middle."""
    rng = np.random.default_rng(seed)
    area = rng.uniform(20, 120, rows)
    city = rng.choice(["Bern", "Chur", "Genf"], rows)
    price = 3 * area + 20 * (city == "Bern") + rng.normal(0, 2, rows)
    return pl.DataFrame(
        {"area": area.round(2), "city": city, "price": price.round(2), "sold": np.where(price > 220, "yes", "no")}
    )


def spoken_table(folder: Path, rows: int = 30) -> pl.DataFrame:
    """Sentences of few letters, each a tone of its own, as WAV files of 8 kHz."""
    import soundfile

    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abc "), 6)).strip() or "abc" for _ in range(rows)]
    for row, text in enumerate(texts):
        tones = [
            0.3 * np.sin(2 * np.pi * (300 + 200 * "abc ".index(letter)) * np.arange(640) / 8_000) * (letter != " ")
            for letter in text
        ]
        soundfile.write(
            folder / f"{row:02d}.wav", np.concatenate(tones) + 0.001 * rng.normal(size=640 * len(text)), 8_000
        )
    return pl.DataFrame({"recording": [str(folder / f"{row:02d}.wav") for row in range(rows)], "text": texts})


def shape_pictures(folder: Path, per_class: int = 24, side: int = 16) -> Path:
    """A folder per class: bright squares on the left, or on the right."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for label in ("left", "right"):
        (folder / label).mkdir(parents=True)
        for i in range(per_class):
            pixels = rng.integers(0, 60, (side, side, 3), dtype=np.uint8)
            start = 1 if label == "left" else side // 2
            top = int(rng.integers(0, side // 2))
            pixels[top : top + side // 2, start : start + side // 2 - 1] += 160
            Image.fromarray(pixels).save(folder / label / f"{i}.png")
    return folder


def command(
    *arguments: object,
    cwd: Path | None = None,
    check: int | None = 0,
    env: dict | None = None,
    given: str | None = None,
    own_process: bool = False,
) -> subprocess.CompletedProcess:
    """Run `engineroom …`; `check` is the exit code that must come out, `given` what is typed.

    The verbs run in this process (a new one costs three seconds of imports a call), with the working directory, the
    arguments and both streams of their own; what needs another environment, a keyboard or `own_process` gets a new one.
    """
    words = [str(argument) for argument in arguments]
    done = (
        in_a_process(words, cwd, env, given) if env or given is not None or own_process else in_this_process(words, cwd)
    )
    assert "Traceback" not in done.stderr, done.stderr
    if check is not None:
        assert done.returncode == check, (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done


def in_a_process(
    words: list[str], cwd: Path | None, env: dict | None, given: str | None
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "engineroom", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        input=given,
        env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100", **(env or {})},
    )


def in_this_process(words: list[str], cwd: Path | None) -> subprocess.CompletedProcess:
    from engineroom.cli import main

    out, err, threads, code = io.StringIO(), io.StringIO(), torch.get_num_threads(), 0
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["engineroom", *words])
        patch.setenv("COLUMNS", "100")
        if cwd is not None:
            patch.chdir(cwd)
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        except BaseException:  # what a user would see as a traceback
            traceback.print_exc()
            code = 1
        finally:
            torch.set_num_threads(threads)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def squares(n: int = 160) -> pl.DataFrame:
    """16 × 16: a bright square that lies left or right, anywhere in height."""
    rng, x = np.random.default_rng(0), np.zeros((n, 16, 16), np.uint8)
    for i in range(n):
        row, column = rng.integers(0, 11), rng.integers(0, 3) + 8 * (i % 2)
        x[i, row : row + 5, column : column + 5] = 230
    return pl.DataFrame({"picture": pl.Series(x), "side": ["left", "right"] * (n // 2)})


def made_as_asked(model) -> None:
    """A maker of `squares`: each lies on the side that was asked for, no two are one, and a row that asks again gets
    the same."""
    frame = model.open(pl.DataFrame({"side": ["left"] * 20 + ["right"] * 20}))
    answers, kept = model.answers(frame)
    pictures = answers["picture"][:, 0].astype(float)
    assert len(kept) == 40 and pictures.shape == (40, 16, 16)
    left, right = pictures[:, :, :8].mean((1, 2)), pictures[:, :, 8:].mean((1, 2))
    assert (left[:20] > right[:20]).mean() > 0.75 and (right[20:] > left[20:]).mean() > 0.75
    assert pictures[:20].std(0).max() > 20, "not one picture twenty times"
    again, _ = model.answers(frame)
    assert np.array_equal(again["picture"], answers["picture"]), "the same row, the same picture"


CATCH = '''
import gymnasium
import numpy as np

class Catch(gymnasium.Env):
    """A ball falls; the paddle below must stand in its column at the end. `given` is how a picture is handed out, `fault` what goes wrong in the third one."""
    longest = 30
    action_names = ("left", "stay", "right")
    metadata = {"render_modes": ["rgb_array"]}
    def __init__(self, side=6, given="last", fault="", render_mode=None):
        self.side, self.given, self.fault, self.render_mode = side, given, fault, render_mode
        shape = {"last": (side, side, 3), "first": (3, side, side), "floats": (side, side, 3), "pair": (2, side, side, 3)}[given]
        self.observation_space = gymnasium.spaces.Box(0, 255 if given != "floats" else 1, shape, np.float32 if given == "floats" else np.uint8)
        self.action_space = gymnasium.spaces.Discrete(3)
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.row, self.ball, self.paddle = 0, int(self.np_random.integers(self.side)), int(self.np_random.integers(self.side))
        self.before = np.zeros((self.side, self.side, 3), np.uint8)
        return self.look(), {}
    def pixels(self):
        out = np.zeros((self.side, self.side, 3), np.uint8)
        out[self.row, self.ball] = 255, 200, 0
        out[-1, self.paddle] = 0, 120, 255
        return out
    def look(self):
        now, before = self.pixels(), self.before
        self.before = now
        if self.row == 2 and self.fault == "shape":
            return now[:-1]
        if self.row == 2 and self.fault == "nan":
            return np.full(now.shape, np.nan)
        given = {"last": now, "first": now.transpose(2, 0, 1), "floats": (now / 255).astype(np.float32), "pair": np.stack([before, now])}
        return given[self.given]
    def step(self, action):
        self.paddle = int(np.clip(self.paddle + action - 1, 0, self.side - 1))
        self.row += 1
        over = self.row == self.side - 1
        return self.look(), (1.0 if self.ball == self.paddle else -1.0) if over else 0.0, over, False, {}
    def render(self):
        return self.pixels().repeat(12, 0).repeat(12, 1)
'''


@pytest.fixture
def catch(tmp_path) -> str:
    """The name of a small environment whose observations are pictures and whose best policy always brings 1 (from where
    the ball can be reached)."""
    (tmp_path / "catch.py").write_text(CATCH)
    return f"{tmp_path / 'catch.py'}:Catch"
