"""Molecules: recognised by their grammar alone, read atom by atom, the same in every spelling, split by scaffold, drawn
harmlessly."""

from __future__ import annotations

import sys
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
import torch

pytest.importorskip("rdkit")

import engineroom as er
from conftest import real_data
from engineroom.core import registry
from engineroom.core.config import Config, LimitsConfig, SplitConfig
from engineroom.core.errors import UserError
from engineroom.core.protocols import Ragged
from engineroom.core.schema import Column, Schema
from engineroom.core.table import Table
from engineroom.data.duplicates import find_clusters
from engineroom.data.splits import split_rows
from engineroom.modalities.science import _rdkit as chem
from engineroom.modalities.science.molecule import closes

MOLECULE = registry.get("modalities", "molecule")
DRUGS = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O",
    "[Na+].[Cl-]",
    "C1CC1/C=C/Br",
    "N#N",
]
NOT_MOLECULES = {
    "names": ["Tetradecane", "Butethal", "Fenfuram", "Amigdalin", "citral"],
    "words of the same letters": ["ICON", "COIN", "BISON", "SPOON", "noon", "boss", "COP", "Cocoon", "SCOOP"],
    "part numbers": ["C1-200", "B12", "P53", "N22", "C3PO", "S1P1", "F10", "B52-C", "O2"],
    "places of a log": ["bn263/bn263", "cn25/cn25", "bn10/bn10", "cn684/cn684", "bn364/bn364", "cn665/cn665"],
    "sums": ["C6H12O6", "CO2", "C2H5OH", "NaCl", "H2O2", "C12H22O11"],
    "proteins": ["MKVLAAGIVG", "SPICNNPOSIF", "GATTACA", "ACGTACGT"],
    "phones": ["(555) 123", "(555) 124", "(212) 555"],
    "expressions": ["a=b+c", "x[0]=1", "f(x)=y", "n=(n+1)"],
    "sentences": ["a lovely thing", "no", "Bob is in (C)"],
}


@pytest.mark.parametrize("kind", NOT_MOLECULES)
def test_what_is_no_molecule_is_not_claimed(kind: str) -> None:
    assert MOLECULE.detect(pl.Series("x", NOT_MOLECULES[kind] * 5)) == 0.0


def test_molecules_are_claimed_before_identifiers_without_chemistry(monkeypatch) -> None:
    monkeypatch.setattr(chem, "chemistry", lambda: pytest.fail("the grammar is enough"))
    values = pl.Series("x", [f"{'C' * i}{drug}" for i in range(1, 8) for drug in DRUGS[:3]])
    claims = {name: one.detect(values) for name, one in registry.every("modalities").items()}
    assert max(claims, key=claims.get) == "molecule"
    assert (
        MOLECULE.detect(pl.Series("x", [1, 2])) == 0.0
        and MOLECULE.detect(pl.Series("x", [None], dtype=pl.String)) == 0.0
    )


@pytest.mark.parametrize("name", ["esol", "bbbp", "lipophilicity", "tox21"])
def test_real_columns_are_claimed_and_their_names_are_not(name: str) -> None:
    frame = pl.read_csv(real_data("moleculenet") / f"{name}_train.csv", infer_schema_length=None)
    claimed = [column for column in frame.columns if MOLECULE.detect(frame[column]) > 0.9]
    assert claimed == ["smiles"]


def test_rings_and_branches_must_close() -> None:
    assert all(closes(text) for text in DRUGS)
    assert not any(closes(text) for text in ["C1CC", "C(C", "C)C(", "C1C1", "c", "C12CC12"])


def test_every_bond_is_seen_from_both_ends() -> None:
    bad: dict[int, str] = {}
    rows = MOLECULE.encode(pl.Series("x", [*DRUGS, None]), {}, bad)
    assert not bad and rows.lengths.tolist() == [13, 14, 15, 2, 6, 2, 0] and rows.flat.dtype == np.int16
    codes = rows.flat[:, : len(chem.CODES)]
    assert (codes > 0).all() and (codes < np.array(list(chem.CODES.values()))).all()
    start = 0
    for count in rows.lengths:
        edges = rows.flat[start : start + count, len(chem.CODES) + len(chem.NUMBERS) :].reshape(
            count, chem.NEIGHBOURS, 2
        )
        bonds = {(here, int(there) - 1, int(code)) for here in range(count) for there, code in edges[here] if there}
        assert {(b, a, code) for a, b, code in bonds} == bonds and all(0 < code < chem.BONDS for _, _, code in bonds)
        start += count


def test_unreadable_molecules_are_named_and_said_why(capfd) -> None:
    bad: dict[int, str] = {}
    rows = MOLECULE.encode(pl.Series("x", ["CCO", "C1CC", "CN(C)(C)(C)C", "hello", "", "C" * 500]), {}, bad)
    assert sorted(bad) == [1, 2, 3, 4, 5] and rows.lengths.tolist() == [3, 0, 0, 0, 0, 0]
    assert "valence" in bad[2] and "500 atoms" in bad[5]
    assert capfd.readouterr() == ("", ""), "RDKit's log is silent"


def test_a_metal_with_many_neighbours_is_read() -> None:
    bad: dict[int, str] = {}
    rows = MOLECULE.encode(pl.Series("x", ["F[U](F)(F)(F)(F)(F)(F)(F)F"]), {}, bad)
    assert not bad and rows.lengths.tolist() == [10]


def answer(smiles: list[str]) -> torch.Tensor:
    torch.manual_seed(0)
    state = MOLECULE.fit(pl.Series(smiles), limits=LimitsConfig())
    fields = MOLECULE.collate(MOLECULE.encode(pl.Series(smiles), state, {}), state)
    signal = MOLECULE.stem([state], 16, "graph")(fields[""], fields["_mask"])
    with torch.no_grad():
        return (
            registry.get("backbones", "gnn")
            .build(signal, Config(), kind="graph", size="small", members=1)
            .eval()(signal)
            .pooled
        )


def test_spelling_and_company_change_nothing() -> None:
    alone = answer(["OCC"])
    assert torch.allclose(alone, answer(["C(O)C"]), atol=1e-4)
    assert torch.allclose(alone[0], answer(["OCC", "CC(C)(C)c1ccccc1S(=O)(=O)N"])[0], atol=1e-4)
    assert not torch.allclose(alone, answer(["NCC"]), atol=1e-2)
    assert torch.isfinite(answer(["[Na+].[Cl-]", "C"])).all()


def test_bonds_alone_are_enough_to_tell() -> None:
    """Same atoms, other bonds: messages carry the bond."""
    first, second = (answer([text]) for text in ("C/C=C/C", "C/C=C\\C"))
    assert not torch.allclose(first, second, atol=1e-3)


def test_gradients_are_the_same_on_every_run() -> None:
    """Two threads that add in the order they come would not be: a resumed run must repeat itself."""

    def gradient() -> torch.Tensor:
        torch.manual_seed(0)
        smiles = [f"{'C' * (i % 30)}c1ccccc1C(=O)N{'C' * (i % 7)}" for i in range(200)]
        state = MOLECULE.fit(pl.Series(smiles), limits=LimitsConfig())
        fields = MOLECULE.collate(MOLECULE.encode(pl.Series(smiles), state, {}), state)
        signal = MOLECULE.stem([state], 64, "graph")(fields[""], fields["_mask"])
        net = registry.get("backbones", "gnn").build(signal, Config(), kind="graph", size="small", members=1)
        net(signal).pooled.sum().backward()
        return net.project.weight.grad

    torch.set_num_threads(2)
    try:
        first = gradient()
        assert all(torch.equal(first, gradient()) for _ in range(3))
    finally:
        torch.set_num_threads(1)


def test_a_forged_state_is_refused() -> None:
    state = MOLECULE.fit(pl.Series(DRUGS), limits=LimitsConfig())
    field = MOLECULE.collate(MOLECULE.encode(pl.Series(DRUGS), state, {}), state)[""]
    assert MOLECULE.validate_example(state, field) and not MOLECULE.validate_example({**state, "bonds": 10**9}, field)


def schema() -> Schema:
    return Schema((Column("smiles", "molecule"), Column("y", "number", "target")))


def test_scaffolds_stay_together_and_the_words_say_so() -> None:
    rings = [
        "c1ccccc1",
        "c1ccncc1",
        "C1CCCC1",
        "C1CCNCC1",
        "c1ccc2ccccc2c1",
        "c1ccoc1",
        "c1ccsc1",
        "C1CCOCC1",
        "c1cnc[nH]1",
        "C1CC1",
    ]
    frame = pl.DataFrame(
        {"smiles": [f"{'C' * (1 + i)}{ring}" for ring in rings for i in range(9)], "y": np.arange(90.0)}
    )
    found = split_rows(Table(frame), schema(), SplitConfig(by="group", column="smiles"), seed=0, task="number")
    scaffolds = MOLECULE.group_ids(frame["smiles"])
    parts = [set(scaffolds.gather(rows)) for rows in (found.train, found.val, found.test)]
    assert all(parts) and not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert found.words == "Rows with the same Bemis-Murcko scaffold of smiles stay together."


def test_columns_without_a_likeness_of_their_own_are_grouped_by_their_values() -> None:
    frame = pl.DataFrame({"who": [f"w{i % 12}" for i in range(120)], "y": np.arange(120.0)})
    kinds = Schema((Column("who", "category"), Column("y", "number", "target")))
    found = split_rows(Table(frame), kinds, SplitConfig(by="group", column="who"), seed=0, task="number")
    assert (
        not set(frame["who"].gather(found.train)) & set(frame["who"].gather(found.test))
        and "same who stay" in found.words
    )


def test_one_molecule_written_twice_is_a_twin() -> None:
    frame = pl.DataFrame({"smiles": ["OCC", "CCO", "CCN", None, "no molecule"], "y": np.arange(5.0)})
    clusters = find_clusters(Table(frame), schema())
    assert clusters[0] == clusters[1] and len(set(clusters[1:])) == 4


def test_drawings_hold_nothing_but_shapes() -> None:
    svg = MOLECULE.to_html(DRUGS[1], {})
    assert {one.tag for one in ElementTree.fromstring(svg).iter()} <= {"svg", *chem.DRAWN} and "path" in svg
    assert (
        "<script" not in MOLECULE.to_html("<script>alert(1)</script>", {}) and MOLECULE.to_html(None, {}) == "<p></p>"
    )
    evil = ElementTree.fromstring(
        '<g onload="x()"><script>1</script><path d="M 0,0" style="fill:url(http://x)" onclick="y()"/></g>'
    )
    assert chem.harmless(evil) == '<g ><path d="M 0,0"></path></g>'


def test_without_rdkit_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "rdkit", None)
    assert MOLECULE.detect(pl.Series("x", DRUGS * 2)) > 0.9
    with pytest.raises(UserError, match=r"'\.\[molecules\]'"):
        MOLECULE.fit(pl.Series(DRUGS), limits=LimitsConfig())


def test_from_smiles_to_bundle(here) -> None:
    """Trained, stored, loaded; a molecule that is none and a missing one have no answer."""
    smiles = [f"{'C' * (1 + i % 20)}{tail}" for i in range(60) for tail in ("C(=O)O", "c1ccccc1", "N")]
    table = pl.DataFrame({"smiles": [*smiles, "C1CC"], "weight": [float(len(s)) for s in smiles] + [0.0]})
    model = er.train(table, target="weight", steps=30, show="quiet", train__threads=1, train__precision="fp32")
    assert model.schema["smiles"].modality == "molecule" and "gnn" in str(model.report())
    again = er.load(str(model.path))
    said = again.predict(pl.DataFrame({"smiles": ["CCO", "C1CC", None]}))["prediction"]
    assert said.is_null().to_list() == [False, True, True]  # neither a broken molecule nor an empty cell has an answer
    assert again.evaluate(table[:50])["baseline"]["rmse"] >= 0
    assert isinstance(MOLECULE.encode(table["smiles"][:2], {}, {}), Ragged)
