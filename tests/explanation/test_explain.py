"""A planted cause is found: in a picture a patch, in a text a word, in a series a stretch, in a table a column. And a
false explainer is caught."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from conftest import command
from engineroom.core import registry
from engineroom.core.errors import UserError
from engineroom.data.fields import input_fields
from engineroom.explanation.faithfulness import rank_correlation, verdict, walk
from engineroom.explanation.partial_dependence import grid
from engineroom.explanation.perturbation import MaskedRow
from engineroom.explanation.report import explain, untrained

RNG = np.random.default_rng(0)
QUIET = {"show": "quiet", "train__threads": 1, "train__precision": "fp32"}


def pictures(n: int) -> tuple[pl.DataFrame, np.ndarray]:
    """Noise of 16 × 16 pixels; class "spot" has one bright spot of 4 × 4 at a random place of the 4 × 4 grid; the
    spot's place (n,), -1 = none."""
    x = RNG.integers(60, 120, (n, 16, 16), dtype=np.uint8)
    y, place = RNG.integers(0, 2, n), RNG.integers(0, 16, n)
    for i in np.flatnonzero(y):
        r, c = divmod(int(place[i]), 4)
        x[i, 4 * r : 4 * r + 4, 4 * c : 4 * c + 4] = 250
    return pl.DataFrame({"photo": pl.Series(x), "y": np.where(y, "spot", "plain")}), np.where(y, place, -1)


def texts(n: int) -> pl.DataFrame:
    """Ten common words in any order; class "yes" where `magic` is among them, else `other` stands in its place."""
    common = np.array("the a house tree river goes with under old green slowly many".split())
    y = RNG.integers(0, 2, n)
    rows = []
    for own in y:
        row = RNG.choice(common, 9).tolist()
        row.insert(int(RNG.integers(0, 10)), "magic" if own else "other")
        rows.append(" ".join(row))
    return pl.DataFrame({"text": rows, "y": np.where(y, "yes", "no")})


def series(n: int) -> tuple[pl.DataFrame, np.ndarray]:
    """64 steps of noise; class "bump" has a bump of 8 steps from `start` on."""
    x, y, start = RNG.normal(0, 0.3, (n, 64)), RNG.integers(0, 2, n), RNG.integers(0, 56, n)
    for i in np.flatnonzero(y):
        x[i, start[i] : start[i] + 8] += 4
    return pl.DataFrame({"wave": pl.Series(x.tolist()), "y": np.where(y, "bump", "flat")}), np.where(y, start, -1)


def table(n: int) -> pl.DataFrame:
    """price follows `cause` alone."""
    cause = RNG.choice([-2.0, 2.0], n) + 0.3 * RNG.normal(size=n)
    noise = {f"noise_{i}": RNG.normal(size=n) for i in range(4)}
    return pl.DataFrame(
        {**noise, "cause": cause, "kind": RNG.choice(list("abc"), n), "price": 10 * cause + RNG.normal(size=n)}
    )


def train(data: pl.DataFrame, target: str, root, **settings):
    return er.train(data, target=target, run=str(root), **QUIET, **settings)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("explain")


@pytest.fixture(scope="module")
def photo_model(root):
    return train(pictures(500)[0], "y", root / "photo", steps=240, model={"size": "small"})


@pytest.fixture(scope="module")
def table_model(root):
    return train(table(500), "price", root / "table", steps=150)


def found(model, frame: pl.DataFrame, name: str) -> list[tuple[MaskedRow, np.ndarray]]:
    data, kept = model.encoded(model.open(frame))
    out = []
    for row in kept:
        masked_row = MaskedRow(model.network, model.task, model.schema, data.batch(np.array([row])))
        out.append((masked_row, registry.get("explanation/methods", name).attribute(masked_row)))
    return out


def test_the_planted_patch_is_found(photo_model) -> None:
    frame, places = pictures(60)
    spots = np.flatnonzero(places >= 0)[:20]
    for name in ("occlusion", "integrated_gradients"):
        hits = []
        for (masked_row, numbers), place in zip(found(photo_model, frame[spots], name), places[spots], strict=True):
            tile = masked_row.parts[int(numbers.argmax())].place  # of 8 × 8 tiles of two pixels
            hits.append(divmod(int(place), 4) == (tile[0] // 2, tile[1] // 2))
        assert np.mean(hits) >= 0.95, name


def test_gradcam_finds_the_patch_as_far_as_its_coarse_map_can(photo_model) -> None:
    frame, places = pictures(60)
    spots = np.flatnonzero(places >= 0)[:20]
    far = []
    for (masked_row, numbers), place in zip(found(photo_model, frame[spots], "gradcam"), places[spots], strict=True):
        weight = np.maximum(numbers, 0)
        # in patches of 4 × 4
        middle = (
            sum(w * (np.array(part.place) + 0.5) for w, part in zip(weight, masked_row.parts, strict=True))
            / weight.sum()
            / 2
        )
        far.append(np.abs(middle - np.array(divmod(int(place), 4)) - 0.5).max())
    assert np.mean(far) < 0.8, far  # a map drawn by chance is 1.2 patches off


def test_the_planted_word_is_found(root) -> None:
    model = train(texts(600), "y", root / "text", steps=100)
    for name in ("occlusion", "integrated_gradients"):
        first = [
            masked_row.parts[int(numbers.argmax())].name
            for masked_row, numbers in found(model, texts(60).filter(pl.col("y") == "yes").head(20), name)
        ]
        assert np.mean([word == "magic" for word in first]) >= 0.95, (name, first)
    result = explain(model, texts(6), rows=2, page=root / "text.html")
    assert result["rows"][0]["parts"][0]["column"] == "text" and "magic" in (root / "text.html").read_text(
        "utf-8"
    ) + "magic" * (result["rows"][0]["answer"] == "no")


def test_the_planted_stretch_is_found(root) -> None:
    model = train(
        series(300)[0], "y", root / "series", steps=80, model={"name": "cnn", "size": "small", "ensemble_size": 1}
    )
    frame, starts = series(60)
    bumps = np.flatnonzero(starts >= 0)[:20]
    hits = []
    for (masked_row, numbers), start in zip(
        found(model, frame[bumps], "integrated_gradients"), starts[bumps], strict=True
    ):
        step = 2 * masked_row.parts[int(numbers.argmax())].place[0]  # stretches of two steps
        hits.append(start - 2 <= step <= start + 8)
    assert np.mean(hits) >= 0.95


def test_the_planted_column_is_found_by_every_method(table_model) -> None:
    for name in ("integrated_gradients", "occlusion", "shapley"):
        rows = found(table_model, table(40).drop("price"), name)
        assert (
            np.mean([masked_row.parts[int(np.abs(numbers).argmax())].name == "cause" for masked_row, numbers in rows])
            >= 0.95
        ), name


@pytest.mark.parametrize("name", ["integrated_gradients", "shapley"])
def test_the_parts_make_the_whole_change(table_model, name: str) -> None:
    for masked_row, numbers in found(table_model, table(5).drop("price"), name):
        ends = masked_row.ask(torch.stack([torch.zeros(len(masked_row.parts)), torch.ones(len(masked_row.parts))]))
        assert numbers.sum() == pytest.approx(float(ends[1] - ends[0]), rel=0.05, abs=0.05)


def test_an_open_veil_changes_nothing(photo_model) -> None:
    """Also under the mirror image that the network may look at beside the picture."""
    data, kept = photo_model.encoded(photo_model.open(pictures(3)[0].drop("y")))
    batch = data.batch(kept[:1])
    masked_row = MaskedRow(photo_model.network, photo_model.task, photo_model.schema, batch)
    with torch.no_grad():
        own = photo_model.task.score_outputs(photo_model.network(batch), masked_row.whole, photo_model.schema.target)
        assert float(masked_row.ask(torch.ones(2, len(masked_row.parts)))[1]) == pytest.approx(float(own[0]), abs=1e-4)


def test_a_true_explainer_passes_and_false_ones_fail(photo_model) -> None:
    """An edge finder knows nothing of what was learnt: the fresh network shows it the same. Random numbers order
    nothing."""
    frame, places = pictures(60)
    fresh = untrained(photo_model)
    data, kept = photo_model.encoded(photo_model.open(frame[np.flatnonzero(places >= 0)[:12]]))
    walks, likeness = [], {"integrated_gradients": [], "edges": [], "random": []}
    for row in kept.tolist():
        batch = data.batch(np.array([row]))
        masked_row = MaskedRow(photo_model.network, photo_model.task, photo_model.schema, batch)
        other = MaskedRow(fresh, photo_model.task, photo_model.schema, batch, whole=masked_row.whole)
        edges = np.array(
            [
                float(
                    masked_row.cuts["column:photo"].signal.data[0, 0][masked_row.cuts["column:photo"].where == k].std()
                )
                for k in range(len(masked_row.parts))
            ]
        )
        own = {
            "integrated_gradients": registry.get("explanation/methods", "integrated_gradients").attribute(masked_row),
            "edges": edges,
            "random": RNG.normal(size=len(edges)),
        }
        theirs = {
            "integrated_gradients": registry.get("explanation/methods", "integrated_gradients").attribute(other),
            "edges": edges,
            "random": RNG.normal(size=len(edges)),
        }
        walks.append(walk(masked_row, own, row))
        for name in own:
            likeness[name].append(rank_correlation(own[name], theirs[name]))
    assert verdict(walks, likeness, "integrated_gradients")["passes"], verdict(walks, likeness, "integrated_gradients")
    assert "fresh weights" in verdict(walks, likeness, "edges")["words"]
    assert (
        "random order" in verdict(walks, likeness, "random")["words"]
        and not verdict(walks, likeness, "random")["passes"]
    )
    assert verdict(walks[:2], likeness, "integrated_gradients")["passes"] is None


def test_the_page_the_json_and_the_clock(photo_model, root) -> None:
    result = explain(photo_model, pictures(12)[0].drop("y"), rows=3, page=root / "photo.html")
    assert result["seconds_a_row"] < 1 and len(result["rows"]) == 3 and len(result["rows"][0]["parts"]) == 64
    page = (root / "photo.html").read_text("utf-8")
    assert (
        "Faithfulness: can the explanations be believed?" in page
        and "data:image/png" in page
        and '="http' not in page.replace('="http://www.w3.org', "")
    )
    assert set(result["methods"]) == {"gradcam", "integrated_gradients", "occlusion"}, (
        "64 tiles are too many for sampled orders"
    )


def test_the_command_line(table_model, root) -> None:
    table(12).drop("price").write_csv(root / "new.csv")
    done = command("explain", table_model.path, "new.csv", "--rows", 2, "--method", "shapley", "--json", cwd=root)
    result = json.loads(done.stdout)
    assert list(result["methods"]) == ["shapley"] and (root / "explain.html").exists()
    by_cause = next(one for one in result["dependence"] if one["column"] == "cause")
    assert result["dependence"][0]["column"] == "cause" and by_cause["mean"][-1] - by_cause["mean"][0] > 20, (
        "ten a unit"
    )


def test_what_cannot_be_asked_is_said(table_model) -> None:
    with pytest.raises(UserError, match="no explainer"):
        explain(table_model, table(3), methods=("shaply",))
    with pytest.raises(UserError, match="0 rows"):
        explain(table_model, table(3), rows=0)
    column = table_model.schema["kind"]
    assert set(grid(column, pl.Series(["a"]))) == {"a", "b", "c"}


def test_verbs_stay_verbs_beside_folders_of_their_name() -> None:
    er.recipes()
    assert callable(er.recipes) and callable(er.explain) and callable(er.compare) and er.recipes()


def test_rollout_shows_where_a_transformer_reads_and_its_heads_add_up(root) -> None:
    from engineroom.explanation.views.attention import looks, rollout

    model = train(
        texts(200),
        "y",
        root / "attention_rollout",
        steps=20,
        model={"name": "transformer", "size": "small", "ensemble_size": 1},
    )
    data, _ = model.encoded(model.open(texts(4)))
    weights = looks(model.network, data.batch(np.array([0])))
    assert len(weights) == 2  # the small Transformer's blocks
    assert torch.allclose(weights[0].sum(-1), torch.ones(weights[0].shape[:-1]), atol=1e-5)
    assert rollout(weights).sum().item() == pytest.approx(1.0, abs=1e-5)
    masked_row, numbers = found(model, texts(2), "attention_rollout")[0]
    assert len(numbers) == len(masked_row.parts) and (numbers >= 0).all()


def test_an_explainer_that_does_not_fit_is_refused_with_those_that_do(photo_model) -> None:
    with pytest.raises(UserError, match="attention_rollout") as caught:
        explain(photo_model, pictures(6)[0], methods=("attention_rollout",))
    assert "gradcam" in caught.value.fix


def test_filters_are_made_and_found_by_depth(photo_model, root) -> None:
    from engineroom.explanation.views.feature_visualization import VIEW, ascend, convolutions, heard

    frame, _ = pictures(40)
    data, kept = photo_model.encoded(photo_model.open(frame))
    exhibits = VIEW.look(photo_model, data, kept)
    assert VIEW.fits(photo_model) and len(exhibits) == 4 and "Layer 1 of" in exhibits[0].title
    assert all("data:image/png" in item["html"] for one in exhibits for item in one.data["items"])
    name = input_fields(photo_model.schema)[0].name
    batch, layer = data.batch(kept), convolutions(photo_model.network)[2]
    filters = torch.tensor([0, 1, 2])
    made = ascend(photo_model.network, batch, name, layer, filters)
    fields = {**{key: value[:1].repeat(3, *[1] * (value.ndim - 1)) for key, value in batch.fields.items()}, name: made}
    maps = heard(photo_model.network, type(batch)(fields, np.zeros(3, int)), layer)[:3]
    middle = maps[torch.arange(3), filters, maps.shape[2] // 2, maps.shape[3] // 2]
    usual = heard(photo_model.network, batch, layer)[:, filters, maps.shape[2] // 2, maps.shape[3] // 2]
    assert (middle > usual.amax(0)).all(), "what was made must excite the filter more than any given picture does"


def test_an_lstm_opened_gives_the_states_that_torch_gives(root) -> None:
    from engineroom.explanation.views.lstm_gates import VIEW, opened

    model = train(texts(150), "y", root / "gates", steps=10, model={"name": "rnn", "size": "small", "ensemble_size": 1})
    data, kept = model.encoded(model.open(texts(3)))
    batch = data.batch(kept[:1])
    gates = opened(model.network, batch)
    lstm = next(module for module in model.network.modules() if isinstance(module, torch.nn.LSTM))
    seen: list = []
    hook = lstm.register_forward_hook(lambda module, given, output: seen.append(output))
    model.network(batch)
    hook.remove()
    last = seen[0][1][1][0, 0]  # the forward direction's last cell
    assert np.allclose(gates["cell"][-1], last.detach().float().numpy(), atol=1e-4)
    assert all((0 <= gates[name]).all() and (gates[name] <= 1).all() for name in ("input", "forget", "output"))
    assert VIEW.fits(model) and [one.kind for one in VIEW.look(model, data, kept)] == ["lines", "matrix"]


def test_what_would_have_to_change_is_the_cause_and_is_so(root) -> None:
    from engineroom.explanation.counterfactuals import otherwise

    rng = np.random.default_rng(5)
    cause = rng.choice([-1.0, 1.0], 600)
    # now and then otherwise: a perfect column would be left out as a leak
    up = np.where(rng.random(600) < 0.06, -cause, cause) > 0
    frame = pl.DataFrame(
        {
            "noise": rng.normal(size=600),
            "cause": cause + 0.1 * rng.normal(size=600),
            "kind": rng.choice(list("abc"), 600),
            "y": np.where(up, "up", "down"),
        }
    )
    model = train(frame, "y", root / "otherwise", steps=100)
    found = otherwise(model, frame.drop("y"), np.arange(12))
    assert all(one["other"] and one["other"] != one["answer"] for one in found)
    assert np.mean([len(one["changes"]) == 1 and one["changes"][0].startswith("cause = ") for one in found]) >= 0.9
    words = train(texts(500), "y", root / "words", steps=100)
    rows = texts(40).filter(pl.col("y") == "yes").head(8)
    assert (
        np.mean([any("magic" in change for change in one["changes"]) for one in otherwise(words, rows, np.arange(8))])
        >= 0.75
    )
    assert (
        otherwise(train(table(200), "price", root / "number", steps=20), table(20), np.arange(2)) == []
    )  # a number has no "other answer"


@pytest.mark.parametrize("name", ["forecasting", "token_classification", "document_extraction", "recommendation"])
def test_structured_answers_are_explained_too(name: str, root) -> None:
    recipe = registry.get("recipes", name)
    data = recipe.demo()
    model = er.train(
        data, target=recipe.target, recipe=name, steps=2, run=str(root / name), limits={"max_damaged": 1.0}, **QUIET
    )
    result = explain(
        model,
        data[:8] if name in ("token_classification", "document_extraction") else data,
        rows=1,
        methods=("integrated_gradients",),
        page=root / f"{name}.html",
    )
    parts = result["rows"][0]["parts"]
    assert (
        parts
        and all(np.isfinite(part["integrated_gradients"]) for part in parts)
        and any(part["integrated_gradients"] for part in parts)
    )
    assert "Faithfulness: can the explanations be believed?" in (root / f"{name}.html").read_text("utf-8")


def test_what_explanations_of_structured_answers_move() -> None:
    """The choices of the whole row, kept, weakened and lost; of a map only the things count, not the ground."""
    from engineroom.tasks._explained_score import stays, things_stay

    whole = torch.zeros(1, 1, 6, 3)
    whole[..., 0] = 2.0
    whole[0, 0, 4] = torch.tensor([0.0, 3.0, 0.0])
    weaker, lost = whole.clone(), whole.clone()
    weaker[0, 0, 4, 1], lost[0, 0, 4] = 1.0, torch.tensor([3.0, 0.0, 0.0])
    ground = whole.clone()
    ground[0, 0, 0] = torch.tensor([0.0, 0.0, 3.0])  # another answer where nothing was found
    kept, less, gone, elsewhere = things_stay(torch.cat([whole, weaker, lost, ground]), whole).tolist()
    assert kept > less > 0 > gone or kept > less > gone
    assert elsewhere == kept and stays(ground, whole) < stays(whole, whole)
    task = registry.get("tasks", "object_detection")
    heat = torch.zeros(1, 1, 1 + 4, 3, 3)
    heat[0, 0, 0, 1, 2] = 4.0
    bound = type(task)(values=("cell",))
    assert (
        bound.score_outputs(heat, heat, None).item() == 4.0 and bound.score_outputs(0 * heat, heat, None).item() == 0.0
    )
    face = torch.randn(2, 1, 8)
    assert registry.get("tasks", "metric_learning").score_outputs(face, face[:1], None)[0].item() == pytest.approx(
        1.0, abs=1e-6
    )


def test_every_kind_of_answer_has_a_number_that_an_explanation_moves() -> None:
    from engineroom.tasks._base import BaseTask

    assert not [
        name for name, task in registry.every("tasks").items() if type(task).score_outputs is BaseTask.score_outputs
    ]
