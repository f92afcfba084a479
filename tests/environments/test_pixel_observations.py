"""Observations that are pictures: told from numbers by their space, laid out as channels first whatever their order,
small and still bytes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("gymnasium")

from gymnasium.spaces import Box

from engineroom.core.errors import UserError
from engineroom.environments._environment import World, describe
from engineroom.environments._pixel_observations import LARGEST, laid_out, layout_of, shown
from engineroom.environments._random_baseline import at_random, play_randomly
from engineroom.environments._rollout import again, play


def pixels(*shape: int, dtype=np.uint8) -> Box:
    return Box(0, 255, shape, dtype)


@pytest.mark.parametrize(
    ("space", "size"),
    [
        (pixels(84, 84, 3), (3, 84, 84)),
        (pixels(4, 84, 84), (4, 84, 84)),
        (Box(0, 1, (10, 10, 4), np.float32), (4, 10, 10)),
        (pixels(210, 160, 3), (3, 70, 53)),
        (pixels(12, 12), (1, 12, 12)),
        (pixels(4, 96, 96, 3), (12, 96, 96)),
        (Box(-np.inf, np.inf, (4, 11, 11), np.float32), (4, 11, 11)),
        (pixels(5, 5, dtype=np.float32), None),
        (pixels(20), None),
        (Box(0, 1, (3, 3, 10), np.float32), None),
        (pixels(64, 64, 64), None),
    ],
)
def test_pictures_are_known_by_their_space(space: Box, size) -> None:
    layout = layout_of(space)
    assert (layout and (layout["channels"], layout["height"], layout["width"])) == size
    if layout:
        assert max(size[1:]) <= LARGEST and laid_out(np.zeros(space.shape, space.dtype), layout).shape == size


def test_layouts_have_known_answers() -> None:
    picture = np.arange(5 * 6 * 3, dtype=np.uint8).reshape(5, 6, 3)
    out = laid_out(picture, layout_of(pixels(5, 6, 3)))
    assert out.dtype == np.uint8 and np.array_equal(out, picture.transpose(2, 0, 1))
    assert np.array_equal(laid_out(out, layout_of(pixels(3, 5, 6))), out)
    two = laid_out(np.stack([picture, picture + 1]), layout_of(pixels(2, 5, 6, 3)))
    assert np.array_equal(two, np.concatenate([out, out + 1]))
    wide = np.zeros((200, 100, 1), np.uint8)
    wide[:3, :3] = 90
    small = laid_out(wide, layout_of(pixels(200, 100, 1)))
    assert small.shape == (1, 66, 33) and small[0, 0, 0] == 90 and small.sum() == 90, "squares become their mean"
    with pytest.raises(ValueError, match="4 × 6 × 3 instead of 5 × 6 × 3"):
        laid_out(picture[:4], layout_of(pixels(5, 6, 3)))


def test_what_people_see_of_it() -> None:
    grid = np.zeros((4, 5, 6), np.float32)
    grid[-1, 0, 0] = 0.5
    assert shown(grid).shape == (5, 6, 3) and shown(grid)[0, 0].tolist() == [255] * 3 and shown(grid).sum() == 765
    colours = np.full((3, 5, 6), 40, np.uint8)
    assert (shown(colours) == 40).all()


@pytest.mark.parametrize("given", ["last", "first", "floats", "pair"])
def test_an_episode_in_pictures(catch: str, given: str) -> None:
    facts, seeds = describe(f"{catch}?given={given}"), np.arange(4)
    world = World(facts)
    start = world.reset(3)
    assert start.shape == ((6 if given == "pair" else 3), 6, 6) and start.dtype == (
        np.float32 if given == "floats" else np.uint8
    )
    assert start[-3, 0].max() == (1.0 if given == "floats" else 255)
    played = play(facts, seeds, at_random(facts, seeds))
    assert (played["steps"] == 5).all() and set(played["return"]) <= {-1.0, 1.0}
    seen, frames = again(facts, 3, played["actions"][3], every=1)
    assert seen.shape == (5, *start.shape) and frames[0].shape == (72, 72, 3)
    looked, _ = play_randomly(facts, seeds)
    assert looked.shape[1:] == start.shape


@pytest.mark.parametrize(
    ("fault", "given", "words"), [("shape", "last", "5 × 6 × 3 instead of 6 × 6 × 3"), ("nan", "floats", "NaN")]
)
def test_wrong_pictures_are_told(catch: str, fault: str, given: str, words: str) -> None:
    facts = describe(f"{catch}?fault={fault}&given={given}")
    with pytest.raises(UserError, match=words) as found:
        play(facts, [9], at_random(facts, [9]))
    assert "seed 9" in found.value.why and "step 2" in found.value.why
