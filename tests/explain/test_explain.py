"""A planted cause is found: in a picture a patch, in a text a word, in a series a stretch, in a table a column. And a false explainer is caught."""

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
from engineroom.explain.dependence import grid
from engineroom.explain.faithful import rank_correlation, verdict, walk
from engineroom.explain.page import explain, untrained
from engineroom.explain.veil import Veil

RNG = np.random.default_rng(0)
QUIET = {"show": "quiet", "train__threads": 1}
METHODS = registry.names("explain/methods")


def pictures(n: int) -> tuple[pl.DataFrame, np.ndarray]:
    """Noise of 16 × 16 pixels; class "spot" has one bright spot of 4 × 4 at a random place of the 4 × 4 grid; the spot's place (n,), -1 = none."""
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
    return pl.DataFrame({**noise, "cause": cause, "kind": RNG.choice(list("abc"), n), "price": 10 * cause + RNG.normal(size=n)})


def train(data: pl.DataFrame, target: str, root, **settings):
    return er.train(data, target=target, run=str(root), **QUIET, **settings)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("explain")


@pytest.fixture(scope="module")
def photo_model(root):
    return train(pictures(500)[0], "y", root / "photo", steps=120, model={"size": "small"})


@pytest.fixture(scope="module")
def table_model(root):
    return train(table(500), "price", root / "table", steps=150)


def found(model, frame: pl.DataFrame, name: str) -> list[tuple[Veil, np.ndarray]]:
    data, kept = model.encoded(model.open(frame))
    out = []
    for row in kept:
        veil = Veil(model.network, model.task, model.schema, data.batch(np.array([row])))
        out.append((veil, registry.get("explain/methods", name).attribute(veil)))
    return out


def test_the_planted_patch_is_found(photo_model) -> None:
    frame, places = pictures(60)
    spots = np.flatnonzero(places >= 0)[:20]
    for name in ("occlusion", "gradients"):
        hits = []
        for (veil, numbers), place in zip(found(photo_model, frame[spots], name), places[spots], strict=True):
            tile = veil.parts[int(numbers.argmax())].place  # of 8 × 8 tiles of two pixels
            hits.append(divmod(int(place), 4) == (tile[0] // 2, tile[1] // 2))
        assert np.mean(hits) >= 0.95, name


def test_the_planted_word_is_found(root) -> None:
    model = train(texts(600), "y", root / "text", steps=100)
    for name in ("occlusion", "gradients"):
        first = [veil.parts[int(numbers.argmax())].name for veil, numbers in found(model, texts(60).filter(pl.col("y") == "yes").head(20), name)]
        assert np.mean([word == "magic" for word in first]) >= 0.95, (name, first)
    result = explain(model, texts(6), rows=2, page=root / "text.html")
    assert result["rows"][0]["parts"][0]["column"] == "text" and "magic" in (root / "text.html").read_text("utf-8") + "magic" * (result["rows"][0]["answer"] == "no")


def test_the_planted_stretch_is_found(root) -> None:
    model = train(series(300)[0], "y", root / "series", steps=80, model={"name": "cnn", "size": "small", "members": 1})
    frame, starts = series(60)
    bumps = np.flatnonzero(starts >= 0)[:20]
    hits = []
    for (veil, numbers), start in zip(found(model, frame[bumps], "gradients"), starts[bumps], strict=True):
        step = 2 * veil.parts[int(numbers.argmax())].place[0]  # stretches of two steps
        hits.append(start - 2 <= step <= start + 8)
    assert np.mean(hits) >= 0.95


def test_the_planted_column_is_found_by_every_method(table_model) -> None:
    for name in METHODS:
        rows = found(table_model, table(40).drop("price"), name)
        assert np.mean([veil.parts[int(np.abs(numbers).argmax())].name == "cause" for veil, numbers in rows]) >= 0.95, name


@pytest.mark.parametrize("name", ["gradients", "shapley"])
def test_the_parts_make_the_whole_change(table_model, name: str) -> None:
    for veil, numbers in found(table_model, table(5).drop("price"), name):
        ends = veil.ask(torch.stack([torch.zeros(len(veil.parts)), torch.ones(len(veil.parts))]))
        assert numbers.sum() == pytest.approx(float(ends[1] - ends[0]), rel=0.05, abs=0.05)


def test_an_open_veil_changes_nothing(photo_model) -> None:
    """Also under the mirror image that the network may look at beside the picture."""
    data, kept = photo_model.encoded(photo_model.open(pictures(3)[0].drop("y")))
    batch = data.batch(kept[:1])
    veil = Veil(photo_model.network, photo_model.task, photo_model.schema, batch)
    with torch.no_grad():
        own = photo_model.task.lean(photo_model.network(batch), veil.whole, photo_model.schema.target)
        assert float(veil.ask(torch.ones(2, len(veil.parts)))[1]) == pytest.approx(float(own[0]), abs=1e-4)


def test_a_true_explainer_passes_and_false_ones_fail(photo_model) -> None:
    """An edge finder knows nothing of what was learnt: the fresh network shows it the same. Random numbers order nothing."""
    frame, places = pictures(60)
    fresh = untrained(photo_model)
    data, kept = photo_model.encoded(photo_model.open(frame[np.flatnonzero(places >= 0)[:12]]))
    walks, likeness = [], {"gradients": [], "edges": [], "random": []}
    for row in kept.tolist():
        batch = data.batch(np.array([row]))
        veil = Veil(photo_model.network, photo_model.task, photo_model.schema, batch)
        other = Veil(fresh, photo_model.task, photo_model.schema, batch, whole=veil.whole)
        edges = np.array([float(veil.cuts["column:photo"].signal.data[0, 0][veil.cuts["column:photo"].where == k].std()) for k in range(len(veil.parts))])
        own = {"gradients": registry.get("explain/methods", "gradients").attribute(veil), "edges": edges, "random": RNG.normal(size=len(edges))}
        theirs = {"gradients": registry.get("explain/methods", "gradients").attribute(other), "edges": edges, "random": RNG.normal(size=len(edges))}
        walks.append(walk(veil, own, row))
        for name in own:
            likeness[name].append(rank_correlation(own[name], theirs[name]))
    assert verdict(walks, likeness, "gradients")["passes"], verdict(walks, likeness, "gradients")
    assert "fresh weights" in verdict(walks, likeness, "edges")["words"]
    assert "random order" in verdict(walks, likeness, "random")["words"] and not verdict(walks, likeness, "random")["passes"]
    assert verdict(walks[:2], likeness, "gradients")["passes"] is None


def test_the_page_the_json_and_the_clock(photo_model, root) -> None:
    result = explain(photo_model, pictures(12)[0].drop("y"), rows=3, page=root / "photo.html")
    assert result["seconds_a_row"] < 1 and len(result["rows"]) == 3 and len(result["rows"][0]["parts"]) == 64
    page = (root / "photo.html").read_text("utf-8")
    assert "Can it be believed?" in page and "data:image/png" in page and '="http' not in page.replace('="http://www.w3.org', "")
    assert set(result["methods"]) == {"gradients", "occlusion"}, "64 tiles are too many for sampled orders"


def test_the_command_line(table_model, root) -> None:
    table(12).drop("price").write_csv(root / "new.csv")
    done = command("explain", table_model.path, "new.csv", "--rows", 2, "--method", "shapley", "--json", cwd=root)
    result = json.loads(done.stdout)
    assert list(result["methods"]) == ["shapley"] and (root / "explain.html").exists()
    by_cause = next(one for one in result["dependence"] if one["column"] == "cause")
    assert result["dependence"][0]["column"] == "cause" and by_cause["mean"][-1] - by_cause["mean"][0] > 20, "ten a unit"


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
