"""What RDKit is asked: a molecule's atoms and bonds as numbers, its name in one spelling, its scaffold, its drawing."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import polars as pl

from ...core.errors import missing_extra

MOST_ATOMS = 400  # a larger molecule counts as damaged: it would make every batch it is in as long
NEIGHBOURS = 8
# atomic numbers; all others share a code
ELEMENTS = (1, 3, 5, 6, 7, 8, 9, 11, 14, 15, 16, 17, 19, 20, 33, 34, 35, 50, 53, 80)
# What is known of an atom: how many codes each has, 0 being kept for "no atom".
CODES = {"element": 22, "degree": 8, "charge": 6, "hydrogens": 6, "hybrid": 7, "chiral": 4, "ring": 7, "aromatic": 3}
# An atom's share of each, in hundredths (Wildman & Crippen 1999; Ertl 2000; Gasteiger 1980).
NUMBERS = ("logp", "refractivity", "surface", "charge")
BONDS = 61  # codes of a bond, 0 = none: 5 kinds × conjugated × in a ring × 3 of stereo
WIDTH = len(CODES) + len(NUMBERS) + 2 * NEIGHBOURS  # int16 per atom
DRAWN = {"path", "ellipse", "circle", "rect", "polygon", "polyline", "line", "text", "tspan", "g"}
KEPT = set(
    [
        "d",
        "x",
        "y",
        "cx",
        "cy",
        "rx",
        "ry",
        "r",
        "x1",
        "y1",
        "x2",
        "y2",
        "width",
        "height",
        "points",
        "style",
        "fill",
        "stroke",
        "stroke-width",
        "transform",
        "text-anchor",
        "dx",
        "dy",
    ]
)


def chemistry() -> Any:
    """RDKit, which is an extra."""
    try:
        from rdkit import Chem
    except ImportError:
        instead = "read the column as text: --set columns.NAME.modality=text"
        raise missing_extra("molecules", "RDKit", "Molecules", instead=instead) from None
    return Chem


def parse(text: str) -> Any:
    """SMILES → RDKit's molecule; ValueError says in words what is wrong. RDKit's own log stays silent."""
    Chem = chemistry()
    from rdkit import rdBase

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(text.strip())
        if molecule is None:
            raise ValueError(f"is no molecule: {complaint(text.strip())}")
    if not 0 < molecule.GetNumAtoms() <= MOST_ATOMS:
        raise ValueError(f"has {molecule.GetNumAtoms()} atoms (1 to {MOST_ATOMS} are read)")
    return molecule


def complaint(text: str) -> str:
    """Why RDKit refuses a SMILES."""
    Chem = chemistry()
    rough = Chem.MolFromSmiles(text, sanitize=False)
    problems = Chem.DetectChemistryProblems(rough) if rough is not None else ()
    return problems[0].Message() if problems else "this is not SMILES"


def atom_rows(molecule: Any) -> np.ndarray:
    """(T, WIDTH) int16: codes, numbers in hundredths, and for each neighbour its place + 1 and the bond's code."""
    count = molecule.GetNumAtoms()
    rows = np.zeros((count, WIDTH), np.int16)
    rows[:, : len(CODES)] = [atom_codes(atom) for atom in molecule.GetAtoms()]
    rows[:, len(CODES) : len(CODES) + len(NUMBERS)] = atom_numbers(molecule)
    used = np.full(count, len(CODES) + len(NUMBERS))
    for bond in molecule.GetBonds():
        ends, code = (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()), bond_code(bond)
        for here, there in (ends, ends[::-1]):
            if used[here] < WIDTH:  # metals may have more neighbours than there is room for
                rows[here, used[here] : used[here] + 2] = there + 1, code
                used[here] += 2
    return rows


def atom_codes(atom: Any) -> list[int]:
    """One code for each of CODES, from 1."""
    number = atom.GetAtomicNum()
    ring = next((size for size in (3, 4, 5, 6, 7) if atom.IsInRingSize(size)), 8) if atom.IsInRing() else 2
    return [
        1 + (ELEMENTS.index(number) if number in ELEMENTS else len(ELEMENTS)),
        1 + min(atom.GetDegree(), 6),
        3 + max(-2, min(atom.GetFormalCharge(), 2)),
        1 + min(atom.GetTotalNumHs(), 4),
        1 + {"SP": 1, "SP2": 2, "SP3": 3, "SP3D": 4, "SP3D2": 5}.get(str(atom.GetHybridization()), 0),
        1 + {"CHI_TETRAHEDRAL_CW": 1, "CHI_TETRAHEDRAL_CCW": 2}.get(str(atom.GetChiralTag()), 0),
        min(ring - 1, 6),
        1 + int(atom.GetIsAromatic()),
    ]


def atom_numbers(molecule: Any) -> np.ndarray:
    """(T, 4) hundredths of NUMBERS; partial charges count ten times, for they are small."""
    from rdkit.Chem import rdMolDescriptors, rdPartialCharges

    crippen = np.array(rdMolDescriptors._CalcCrippenContribs(molecule)).reshape(-1, 2) * (1, 0.2)
    surface = np.array(rdMolDescriptors._CalcTPSAContribs(molecule))[:, None] * 0.1
    rdPartialCharges.ComputeGasteigerCharges(molecule)
    charges = np.array([[atom.GetDoubleProp("_GasteigerCharge")] for atom in molecule.GetAtoms()]) * 5
    return np.clip(
        np.nan_to_num(np.concatenate([crippen, surface, charges], 1), posinf=0, neginf=0) * 100, -1000, 1000
    ).round()


def bond_code(bond: Any) -> int:
    """1 … BONDS - 1."""
    kind = {"SINGLE": 0, "DOUBLE": 1, "TRIPLE": 2, "AROMATIC": 3}.get(str(bond.GetBondType()), 4)
    stereo = {"STEREOE": 1, "STEREOTRANS": 1, "STEREOZ": 2, "STEREOCIS": 2}.get(str(bond.GetStereo()), 0)
    return 1 + kind + 5 * bond.GetIsConjugated() + 10 * bond.IsInRing() + 20 * stereo


def each(values: pl.Series, work: Callable[[Any], str]) -> pl.Series:
    """What `work` says of every molecule; a cell that is none stays as it is."""

    def one(text: str | None) -> str | None:
        try:
            return None if text is None else work(parse(text))
        except ValueError:
            return text

    return pl.Series(values.name, [one(text) for text in values.cast(pl.String)], dtype=pl.String)


def canonical(molecule: Any) -> str:
    """One spelling a molecule."""
    return chemistry().MolToSmiles(molecule)


def scaffold(molecule: Any) -> str:
    """Rings and what links them (Bemis & Murcko 1996); molecules without rings share the empty scaffold."""
    from rdkit.Chem.Scaffolds import MurckoScaffold

    return "scaffold " + MurckoScaffold.MurckoScaffoldSmiles(mol=molecule)


def drawing(molecule: Any, label: str, width: int = 240, height: int = 160) -> str:
    """The molecule in two dimensions: an SVG rebuilt from harmless tags alone, in the page's own colour."""
    from rdkit.Chem.Draw import rdMolDraw2D

    pen = rdMolDraw2D.MolDraw2DSVG(width, height)
    options: Any = pen.drawOptions()  # the stubs take it for another class
    options.clearBackground = False
    rdMolDraw2D.PrepareAndDrawMolecule(pen, molecule)
    pen.FinishDrawing()
    body = "".join(harmless(child) for child in ElementTree.fromstring(pen.GetDrawingText()))
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(label[:300])}">{body}</svg>'


def harmless(element: ElementTree.Element) -> str:
    """The element and what it holds, without unknown tags, attributes and signs."""
    tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    if tag not in DRAWN:
        return ""
    kept = {
        k: v.replace("#000000", "currentColor")
        for k, v in element.attrib.items()
        if k in KEPT and re.fullmatch(r"[\w\s:;#.,%()-]*", v)
    }
    words = " ".join(f'{name}="{html.escape(value)}"' for name, value in kept.items() if "url" not in value)
    return f"<{tag} {words}>{html.escape(element.text or '')}{''.join(harmless(child) for child in element)}</{tag}>"
