"""Language models: nothing looks ahead, a cycle is learnt by heart, the cache changes nothing, a uniform model is as
perplexed as its alphabet is long."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from conftest import command
from engineroom.core.batch import Batch, Signal
from engineroom.core.config import make_config
from engineroom.core.errors import DataError, UserError
from engineroom.core.events import Repeated
from engineroom.core.registry import get
from engineroom.core.schema import Column
from engineroom.core.seeds import torch_generator
from engineroom.core.table import Table
from engineroom.decoding.sampling import draw, write
from engineroom.metrics.language import graded, scores
from engineroom.preprocessing.text.corpus_windows import cut
from engineroom.tasks._base import make_task

CYCLE = "abcdefg " * 700
FAST = {
    "options": {"context": 16},
    "train": {"threads": 1, "precision": "fp32", "lr": 0.004, "batch_size": 8},
    "model": {"size": "small"},
}


def reframed(texts: list[str], *, inference: bool = False, **options) -> Table:
    return make_task("language_modeling", options).build_samples(
        Table(pl.DataFrame({"t": texts})), None, inference=inference
    )


def backbone(name: str, context: int = 8) -> torch.nn.Module:
    torch.manual_seed(0)
    signal = Signal(torch.zeros(1, context, 12), "sequence")
    return get("backbones", name).build(signal, make_config({}), kind="words", size="small", members=1).eval()


@pytest.fixture(scope="module")
def cycle(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("language")
    (root / "cycle.txt").write_text(CYCLE)
    er.train(str(root / "cycle.txt"), recipe="language_modeling", steps=60, run=str(root / "r"), show="quiet", **FAST)
    return root


@pytest.mark.parametrize("name", ["gpt", "lstm"])
@pytest.mark.parametrize("length", [7, 8, 21])
def test_a_later_token_never_changes_an_earlier_answer(name: str, length: int) -> None:
    """Also where a text is longer than one window."""
    model, data = backbone(name), torch.randn(2, length, 12)
    before = model(Signal(data, "sequence")).map.data
    assert before.shape[:2] == (2, length)
    for place in range(length):
        changed = data.clone()
        changed[:, place] += 3
        after = model(Signal(changed, "sequence")).map.data
        assert torch.allclose(before[:, :place], after[:, :place], atol=1e-5)
        assert not torch.allclose(before[:, place], after[:, place], atol=1e-3)


@pytest.mark.parametrize("name", ["gpt", "lstm"])
def test_part_by_part_is_the_same_as_at_once(name: str) -> None:
    model, data = backbone(name), torch.randn(2, 8, 12)
    whole = model(Signal(data, "sequence")).map.data
    memory, parts = None, []
    for begin, end in ((0, 3), (3, 4), (4, 7), (7, 8)):
        features, memory = model.advance(Signal(data[:, begin:end], "sequence"), memory)
        parts.append(features.map.data)
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-5)


def test_the_window_looks_back_and_no_further() -> None:
    model, data = backbone("gpt"), torch.randn(1, 20, 12)
    changed = data.clone()
    changed[:, 0] += 3
    before, after = (model(Signal(x, "sequence")).map.data for x in (data, changed))
    assert not torch.allclose(before[:, 7], after[:, 7], atol=1e-4) and torch.allclose(
        before[:, 8:], after[:, 8:], atol=1e-5
    )
    alone = model(Signal(data[:, 4:12], "sequence")).map.data
    assert torch.allclose(before[:, 8:12], alone[:, 4:], atol=1e-5), (
        "tokens beyond the first window have half a window before them"
    )


def test_a_uniform_model_is_as_perplexed_as_its_alphabet_is_long() -> None:
    target = Column(
        "next", "next_token", "target", {"names": list("?abcd"), "widths": [2, 1, 1, 1, 1], "open": False, "context": 4}
    )
    task = get("tasks", "language_modeling").for_target(target)
    codes = torch.tensor([[1, 2, 3, 4, 1], [4, 3, 2, 0, 0]])
    batch = Batch(
        {
            "column:text": codes,
            "column:text_mask": torch.tensor([[True] * 5, [True] * 3 + [False] * 2]),
            "target": torch.zeros(2),
        },
        np.arange(2),
    )
    output = torch.zeros(2, 1, 5, 5)
    result = scores(task.score_rows(task.postprocess(output, batch, target), np.zeros(2)))
    assert result["perplexity"] == pytest.approx(5) and result["bits_per_byte"] == pytest.approx(np.log2(5))
    assert float(task.loss(output, batch).total) == pytest.approx(np.log(5))
    records = task.score_rows(task.postprocess(output, batch, target), np.zeros(2))
    assert records["tokens"].tolist() == [4, 2] and records["bytes"].tolist() == [4, 2]


def test_scores_by_hand() -> None:
    answers = {
        "nats": np.array([np.array([1.0, 2.0]), np.array([3.0])], object),
        "hits": np.array([np.array([True, False]), np.array([False])], object),
    }
    answers |= {"bytes": np.array([4, 2]), "next": np.array([0, 0])}
    result = scores(graded(answers, np.zeros(2)))
    assert (
        result["log_loss"] == 2
        and result["bits_per_byte"] == pytest.approx(1 / np.log(2))
        and result["accuracy"] == pytest.approx(1 / 3)
    )
    assert result["perplexity"] == pytest.approx(np.e**2) and next(iter(result)) == "bits_per_byte"


def test_a_corpus_is_cut_in_its_order_and_loses_nothing() -> None:
    text = "".join(chr(97 + i % 26) for i in range(10_001))
    assert "".join(cut(text, 300)) == text and min(map(len, cut(text, 300))) >= 150
    rows = reframed([text], context=32).frame
    assert "".join(rows["text"]) == text and rows["place"].to_list() == list(range(len(rows))) and 10 <= len(rows)
    table = reframed(["word " * 1000] * 25, context=16, window_chars=500)
    assert table.hints["document"]["role"] == "group" and table.frame["document"].n_unique() == 25
    assert reframed(["ab", "cd"], inference=True).frame["text"].to_list() == ["ab", "cd"]


def test_bad_corpora_and_options_are_told() -> None:
    with pytest.raises(DataError, match="0 characters"):
        reframed(["", "  "])
    with pytest.raises(DataError, match="at least 2,560"):
        reframed(["too short " * 20])
    with pytest.raises(DataError, match="no column of text"):
        make_task("language_modeling", {}).build_samples(Table(pl.DataFrame({"a": [1, 2]})), None, inference=False)
    for options in ({"tokens": "letters"}, {"context": 2}, {"text": "x"}, {"vocabulary": 10}):
        with pytest.raises(UserError):
            reframed(["word " * 2000], **options)
    assert len(reframed(["x" * 1_000_000]).frame) >= 100, "one line of a megabyte"


def test_drawing_a_token() -> None:
    logits, generator = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05])), torch_generator(0)
    assert draw(logits, temperature=0, top_p=1, generator=generator) == 0
    drawn = [draw(logits, temperature=1, top_p=0.7, generator=generator) for _ in range(400)]
    assert set(drawn) == {0, 1} and 0.55 < drawn.count(0) / 400 < 0.7
    assert set(draw(logits, temperature=1, top_p=1, generator=generator) for _ in range(400)) == {0, 1, 2, 3}


def test_a_cycle_is_learnt_by_heart(cycle: Path) -> None:
    model = er.load(str(cycle / "r"))
    assert model.metrics["log_loss"] < 0.05 and model.metrics["accuracy"] > 0.98
    assert model.manifest["baseline"]["metrics"]["log_loss"] < 0.05
    said: list[str] = []
    text = er.generate(str(cycle / "r"), prompt="abc", tokens=60, temperature=0, say=said.append)
    assert text == ("defg abc" * 8)[:60] and "".join(said) == "abc" + text and len(said) == 61
    assert model.predict(pl.DataFrame({"text": ["abcdefg a", "abcd"]}))["prediction"].to_list() == ["b", "e"]
    result = model.evaluate(str(cycle / "cycle.txt"))
    assert result["metrics"]["log_loss"] < 0.05 and result["baseline"]["log_loss"] < 0.05
    report = (cycle / "r" / "bundle" / "report.html").read_text()
    assert "Samples: what it writes" in report and "How much it helps to know more" in report


def test_the_cache_changes_nothing(cycle: Path) -> None:
    """The same tokens, past the end of the window too."""
    model = er.load(str(cycle / "r"))
    more = {"tokens": 50, "temperature": 6.0, "top_p": 1.0, "seed": 3}
    quick, slow = ("".join(write(model.network, model.schema, "abc", cache=cache, **more)) for cache in (True, False))
    assert quick == slow and len(quick) == 50
    assert quick != "".join(write(model.network, model.schema, "abc", **{**more, "seed": 4}))


def test_the_command_line_writes(cycle: Path) -> None:
    done = command("generate", "r", "--prompt", "abc", "--tokens", 8, "--temperature", 0, cwd=cycle)
    assert done.stdout == "abcdefg abc\n"
    assert command("generate", "r", "--top-p", 0, cwd=cycle, check=2).stderr.startswith("This cannot be written.")


def test_pieces_and_a_recurrent_network(here: Path) -> None:
    text = "".join(np.random.default_rng(0).choice(["the cat sat. ", "a dog ran! ", "thé 🐕 slept; "], 900))
    model = er.train(
        pl.DataFrame({"words": [text]}),
        recipe="language_modeling",
        steps=40,
        run="r",
        show="quiet",
        **{**FAST, "options": {"context": 16, "tokenizer": "pieces", "vocabulary": 300}, "model": {"name": "lstm"}},
    )
    assert model.manifest["model"]["backbones"] == ["lstm"] and 0.2 < model.metrics["bits_per_byte"] < 2.5
    assert len(er.generate("r", prompt="thé", tokens=20)) > 5


def test_resume_is_bit_identical(here: Path) -> None:
    Path("c.txt").write_text(CYCLE)
    more = {"recipe": "language_modeling", "steps": 30, "show": "quiet", **FAST}
    er.train("c.txt", run="whole", **more)

    class Stop:
        """Breaks off after a checkpoint of step 12."""

        events = (Repeated,)

        def __call__(self, event):
            if event.step == 13:
                raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        er.train(
            "c.txt", run="torn", watchers=(Stop(),), **{**more, "train": {**FAST["train"], "checkpoint_seconds": 0}}
        )
    er.train(resume="torn", show="quiet")
    assert Path("torn/bundle/weights.safetensors").read_bytes() == Path("whole/bundle/weights.safetensors").read_bytes()


def test_a_run_begins_where_another_ended(cycle: Path, here: Path) -> None:
    Path("two.txt").write_text("gfedcba " * 100 + CYCLE)
    done = command(
        "train",
        "two.txt",
        "--recipe",
        "language_modeling",
        "--from",
        cycle / "r",
        "--steps",
        1,
        "--run",
        "r",
        "--set",
        "options.context=16",
        "--set",
        "train.threads=1",
        "--set",
        "train.precision=fp32",
        "--json",
    )
    assert '"inherited"' in done.stdout
    model = er.load("r")
    assert model.metrics["log_loss"] < 1.0, "one step would teach nothing by itself"
    assert model.schema["text"].state == er.load(str(cycle / "r")).schema["text"].state
    with pytest.raises(UserError, match="shares no input column"):
        er.train(
            pl.DataFrame({"a": np.arange(60.0), "y": [0, 1] * 30}),
            target="y",
            start=str(cycle / "r"),
            steps=2,
            show="quiet",
        )


def test_an_explanation_looks_at_the_last_window_alone(cycle: Path) -> None:
    """More of the text before it changes nothing but the time it takes."""
    known = CYCLE[:16]
    short, long = (
        er.explain(str(cycle / "r"), pl.DataFrame({"text": [text] * 2}), rows=2, methods=("occlusion",))["rows"][0][
            "parts"
        ]
        for text in (known, CYCLE[:160] + known)
    )
    assert len(short) == len(long) == 16
    assert np.allclose([one["occlusion"] for one in short], [one["occlusion"] for one in long], atol=1e-4)


def test_explain_tells_how_far_it_is(cycle: Path) -> None:
    heard: list[str] = []
    er.explain(
        str(cycle / "r"), pl.DataFrame({"text": [CYCLE[:16]] * 3}), rows=1, methods=("occlusion",), say=heard.append
    )
    assert heard[-1] == "row 3 of 3"
