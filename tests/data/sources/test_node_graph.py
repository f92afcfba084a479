"""A graph of rows: what lies around a node helps to say what it is; broken graphs are told in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import engineroom as er
from conftest import real_data
from engineroom.core import registry
from engineroom.core.errors import DataError
from engineroom.data.loading import open_table


def two_circles(folder: Path, *, nodes: int = 200, edges: int = 900) -> Path:
    """Two groups that know their own; each node has one feature out of thirty that tells nothing by itself."""
    rng = np.random.default_rng(0)
    group = np.arange(nodes) % 2
    ends = rng.integers(0, nodes, (20 * edges, 2))
    same = group[ends[:, 0]] == group[ends[:, 1]]
    ends = np.concatenate([ends[same][: edges * 9 // 10], ends[~same][: edges // 10]])
    hint = np.where(rng.random(nodes) < 0.3, group, rng.integers(2, 30, nodes))
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({"node": np.arange(nodes), "circle": ["red" if g else "blue" for g in group]}).write_csv(
        folder / "nodes.csv"
    )
    pl.DataFrame({"source": ends[:, 0], "target": ends[:, 1]}).write_csv(folder / "edges.csv")
    pl.DataFrame({"node": np.arange(nodes), "word": hint}).write_csv(folder / "features_sparse.csv")
    return folder


def test_neighbours_tell(here: Path) -> None:
    table = open_table(two_circles(here / "graph"))
    around = table.frame["neighbourhood"].to_numpy()
    assert around.shape == (200, 30) and np.allclose(np.linalg.norm(around, axis=1), 1, atol=1e-5)
    model = er.train("graph", target="circle", steps=150, show="quiet", train__threads=1, train__precision="fp32")
    assert (
        model.deep_metrics["accuracy"] > 0.9
        and model.schema["neighbourhood"].modality == "vector"
        and model.schema["node"].role == "id"
    )
    assert er.load(str(model.path)).predict("graph").height == 200


def test_without_features_who_is_near_counts(tmp_path: Path) -> None:
    two_circles(tmp_path / "g")
    (tmp_path / "g" / "features_sparse.csv").unlink()
    table = open_table(tmp_path / "g")
    assert table.frame["neighbourhood"].to_numpy().shape == (200, 200) and any(
        "no features" in note for note in table.notes
    )


def test_edges_to_nowhere_are_counted_and_nodes_named_twice_refused(tmp_path: Path) -> None:
    two_circles(tmp_path / "g")
    with (tmp_path / "g" / "edges.csv").open("a") as file:
        file.write("5,9999\n")
    assert any("1 of 901 edges" in note for note in open_table(tmp_path / "g").notes)
    with (tmp_path / "g" / "nodes.csv").open("a") as file:
        file.write("5,red\n")
    with pytest.raises(DataError, match="twice"):
        open_table(tmp_path / "g")


def test_cora_as_it_lies() -> None:
    table = open_table(real_data("cora"), target="label")
    assert table.frame.height == 2708 and table.frame["neighbourhood"].dtype.shape == (1432,)


def test_vectors_of_another_length_are_damaged() -> None:
    vector = registry.get("modalities", "vector")
    values = pl.Series([[1.0, 2.0], [3.0], None, [float("nan"), 1.0]])
    damaged: dict[int, str] = {}
    out = vector.encode(values, {"width": 2, "scale": 1.0}, damaged)
    assert list(damaged) == [1] and np.isfinite(out).all() and out[2].tolist() == [0, 0]


def test_ends_are_compared_as_numbers_and_lost_edges_are_an_error(tmp_path) -> None:
    import polars as pl
    import pytest

    from engineroom.core.errors import DataError
    from engineroom.data.loading import open_table

    pl.DataFrame({"node": [f"{i:04d}" for i in range(12)], "topic": ["a", "b"] * 6}).write_csv(tmp_path / "nodes.csv")
    edges = [(i, (i + 1) % 12) for i in range(12)]
    (tmp_path / "edges.csv").write_text(
        ",from_node,to_node\n" + "".join(f"{row},{a},{b}.0\n" for row, (a, b) in enumerate(edges))
    )
    table = open_table(tmp_path, target="topic")
    assert any("12 edges join 12 nodes" in note for note in table.notes) and not any(
        "not there" in note for note in table.notes
    )
    (tmp_path / "edges.csv").write_text("source,target\n" + "".join(f"n{a},n{b}\n" for a, b in edges))
    with pytest.raises(DataError, match="12 of 12 edges"):
        open_table(tmp_path, target="topic")
