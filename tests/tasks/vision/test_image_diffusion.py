"""Pictures out of noise: what is asked for comes, the same chance gives the same picture, and the arithmetic of noise
adds up."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from conftest import command, made_as_asked, squares
from engineroom.core.batch import Batch
from engineroom.core.errors import UserError
from engineroom.core.registry import get
from engineroom.core.seeds import torch_generator
from engineroom.data.dataset import encode_table
from engineroom.data.fields import Field
from engineroom.modalities.noise.image_noise import deeper
from engineroom.objectives.diffusion import drop_conditions, noisy, parted, shares, velocity


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    run = tmp_path_factory.mktemp("diffusion") / "run"
    return er.train(
        squares(),
        target="picture",
        recipe="image_diffusion",
        steps=130,
        run=str(run),
        show="quiet",
        train={"threads": 1, "precision": "fp32"},
        options={"steps": 12},
    )


@pytest.mark.slow
def test_it_makes_what_is_asked_for(model, tmp_path: Path) -> None:
    made_as_asked(model)
    assert model.save(pl.DataFrame({"side": ["left", "right"]}), tmp_path / "made") == 2


@pytest.mark.slow
def test_what_was_examined_is_what_was_kept(model) -> None:
    found = model.evaluate(squares())
    assert found["metrics"]["as_asked"] > 0.9 and found["metrics"]["frechet"] < found["baseline"]["frechet"] + 3


@pytest.mark.slow
def test_the_report_shows_what_it_makes(model) -> None:
    page = (model.path / "report.html").read_text("utf-8")
    for words in (
        "Samples",
        "Samples during training",
        "Memorisation check: distance to the nearest training example",
        "Beside it",
        "image/gif",
    ):
        assert words in page, words


def test_picture_and_noise_follow_from_what_the_network_says() -> None:
    x, noise = torch.rand(5, 3, 4, 4) * 2 - 1, torch.randn(5, 3, 4, 4)
    amount = torch.linspace(0, 1, 5).view(5, 1, 1, 1)
    seen, v, (a, b) = noisy(x, noise, amount), velocity(x, noise, amount), shares(amount)
    assert torch.allclose(a * seen - b * v, x, atol=1e-6) and torch.allclose(b * seen + a * v, noise, atol=1e-6)
    assert torch.equal(seen[0], x[0]) and torch.allclose(seen[4], noise[4], atol=1e-6)


def test_training_knows_much_and_little_noise_in_every_batch() -> None:
    modality = get("modalities", "image_noise")
    state = modality.fit_with_hints(pl.Series([1, 2]), limits=None, facts={"channels": 3, "side": 16})
    fields = modality.collate(modality.encode(pl.Series(range(8)), state, {}), state)
    assert (
        fields[""].shape == (8, 4, 16, 16)
        and bool((fields[""][:, -1] == 1).all())
        and modality.validate_example(state, fields[""])
    )
    noise, amount = parted(modality.augment(fields, state, torch_generator(0, "x"))[""])
    assert sorted((8 * amount.flatten()).long().tolist()) == list(range(8)) and abs(float(noise.std()) - 1) < 0.05
    assert not modality.validate_example({"channels": 3, "side": 4096}, fields[""])


def test_what_is_asked_for_can_be_left_unsaid() -> None:
    batch = Batch({"kinds": torch.tensor([[1, 2], [3, 1]]), "sizes": torch.tensor([[0.5], [1.5]])}, np.arange(2))
    fields = (Field("kinds", "category", ()), Field("sizes", "number", ()))
    found = drop_conditions(batch, fields, torch.tensor([True, False]))
    assert found["kinds"].tolist() == [[0, 0], [3, 1]] and found["sizes"][0].isnan().all() and found["sizes"][1] == 1.5


def test_colours_without_kinds_by_the_command_line(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "photos").mkdir()
    for i, one in enumerate(squares(60)["picture"].to_numpy()):
        Image.fromarray(np.stack([one, one // 2, 255 - one], -1)).save(tmp_path / "photos" / f"{i}.png")
    command(
        "train",
        "photos",
        "--recipe",
        "image_diffusion",
        "--steps",
        4,
        "--set",
        "options.steps=3",
        "--run",
        "r",
        "--quiet",
        cwd=tmp_path,
    )
    (tmp_path / "wishes.csv").write_text("noise\n1\n2\n3\n")
    command("predict", "r", "wishes.csv", "-o", "made", cwd=tmp_path)
    assert len(list((tmp_path / "made").glob("*.png"))) == 3


def test_options_out_of_bounds_are_refused() -> None:
    with pytest.raises(UserError, match="out of bounds"):
        er.train(squares(60), target="picture", recipe="image_diffusion", options={"steps": 0}, show="quiet")


@pytest.mark.slow
def test_it_makes_pictures_wherever_the_network_is(model) -> None:
    """A device without numbers refuses, as any other would, what lies elsewhere."""
    data = encode_table(pl.DataFrame({"side": ["left", "right"], "noise": [0, 1]}), model.schema, target=False)
    network = copy.deepcopy(model.network).to("meta")
    made = model.task.drawn(network, data.batch(np.arange(2)).to(torch.device("meta")))
    assert made.device.type == "meta" and made.shape[:2] == (2, 1)


def test_deeper_noise_is_so_many_times_as_strong() -> None:
    amount = torch.linspace(0, 1, 9)
    assert torch.allclose(deeper(amount, 1.0), amount, atol=1e-6)
    (a, b), (far, deep) = shares(amount[1:-1]), shares(deeper(amount, 3.0)[1:-1])
    assert torch.allclose(deep / far, 3 * b / a, rtol=1e-3)
    assert float(deeper(amount, 3.0)[0]) == 0 and abs(float(deeper(amount, 3.0)[-1]) - 1) < 1e-6


def test_frames_are_learnt_and_made_under_deeper_noise() -> None:
    task = get("tasks", "video_diffusion")
    assert task.depth == 0.75 * task.frames and get("tasks", "image_diffusion").depth == 1
    modality = get("modalities", "image_noise")
    state = modality.fit_with_hints(pl.Series([1, 2]), limits=None, facts={"channels": 1, "side": 4, "depth": 3.0})
    fields = modality.collate(modality.encode(pl.Series(range(64)), state, {}), state)
    amount = parted(modality.augment(fields, state, torch_generator(0, "x"))[""])[1].flatten()
    assert abs(float((amount > 0.5).float().mean()) - 0.795) < 0.03  # 1 - atan(1 / 3) · 2 / π
