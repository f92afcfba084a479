"""Molecules and formulas: circular fingerprints (Morgan 1965; Rogers & Hahn 2010) and descriptors beside the plain
columns, then trees."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.schema import Column, Schema
from ...modalities.science import _rdkit as chem
from ...modalities.science.formula import describe
from .._estimator import Baseline, FittedBaseline, pick, several, split_labels, with_care
from .._scalar_features import SCALAR, scalar_features

BITS, RADIUS = 2048, 2
COMMON = 0.005  # share of the rows in which a feature is not 0; rarer ones cost time and teach nothing
DESCRIPTORS = [
    "MolWt",
    "MolLogP",
    "MolMR",
    "TPSA",
    "LabuteASA",
    "NumHDonors",
    "NumHAcceptors",
    "NumRotatableBonds",
    "RingCount",
    "NumAromaticRings",
    "FractionCSP3",
    "NumHeteroatoms",
    "HeavyAtomCount",
    "BalabanJ",
    "BertzCT",
]


class Molecule(Baseline):
    max_rows = 20_000  # rows learnt from, evenly taken

    def fits(self, schema: Schema) -> float:
        kinds = {c.modality for c in schema.inputs}
        return 1.0 if kinds & {"molecule", "formula"} and kinds <= {"molecule", "formula", *SCALAR} else 0.0

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        y, constant = split_labels(y, kind)
        fitted = FittedBaseline("fingerprints", "", kind, classes, schema, {"constant": constant}, {})
        x = everything(frame, schema)
        fitted.facts["kept"] = common(x)
        x, asked, tries = x[:, fitted.facts["kept"]], self.features(val[0], fitted), candidates(kind, seed)
        name, fitted.parts["estimator"] = pick(tries, x, y, (asked, val[1]), kind)
        chemical = any(c.modality == "molecule" for c in schema.inputs)
        fitted.words = (
            f"{'Morgan fingerprints + descriptors' if chemical else 'shares and properties of the elements'} → {name}"
        )
        return fitted

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        return everything(frame, fitted.schema)[:, fitted.facts["kept"]]


def everything(frame: pl.DataFrame, schema: Schema) -> np.ndarray:
    """(N, F): plain columns, then descriptors and fingerprints of every molecule, shares and properties of every
    formula."""
    molecules = [molecule_features(frame, c) for c in schema.inputs if c.modality == "molecule"]
    formulas = [describe(frame[c.name], {}) for c in schema.inputs if c.modality == "formula"]
    return np.concatenate([scalar_features(frame, schema)[0], *molecules, *formulas], 1)


def common(x: np.ndarray) -> list[int]:
    """The features that occur often enough to teach something."""
    return np.flatnonzero((x != 0).sum(0) >= max(2, COMMON * len(x))).tolist()


def candidates(kind: str, seed: int) -> list[tuple[str, Any]]:
    """Boosted trees and a forest: which is better depends on how many molecules there are."""
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        ExtraTreesRegressor,
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )

    boosting, forest = (
        (HistGradientBoostingRegressor, ExtraTreesRegressor)
        if kind == "number"
        else (HistGradientBoostingClassifier, ExtraTreesClassifier)
    )
    return [
        ("gradient-boosted trees", several(boosting(random_state=seed, early_stopping=False), kind)),
        ("extra trees", forest(100, min_samples_leaf=2, max_features=0.2, random_state=seed)),
    ]


def molecule_features(frame: pl.DataFrame, column: Column) -> np.ndarray:
    """(N, DESCRIPTORS + BITS) float32: how often each environment of up to RADIUS bonds occurs; NaN where there is no
    molecule."""
    from rdkit import rdBase
    from rdkit.Chem import Descriptors, rdFingerprintGenerator

    maker = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=BITS)
    rows = np.full((frame.height, len(DESCRIPTORS) + BITS), np.nan, np.float32)
    for index, text in enumerate(frame[column.name].cast(pl.String)):
        try:
            molecule = chem.parse(text or "")
        except ValueError:
            continue
        with rdBase.BlockLogs():
            said = [getattr(Descriptors, name)(molecule) for name in DESCRIPTORS]
        rows[index, : len(said)] = np.clip(np.nan_to_num(said), -1e6, 1e6)
        rows[index, len(said) :] = maker.GetCountFingerprintAsNumPy(molecule)
    return rows


BASELINE = Molecule()
