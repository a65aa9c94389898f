"""A BPX document in the standard's layout, to change one thing in."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

FILES = Path(__file__).parents[3] / "examples" / "imported"
LFP = FILES / "lfp_18650_cell_BPX.json"
BLEND = FILES / "nmc_pouch_cell_BPX_blended_electrode.json"

PARTICLE: dict[str, Any] = {
    "Minimum stoichiometry": 0.4,
    "Maximum stoichiometry": 0.95,
    "Maximum concentration [mol.m-3]": 50000.0,
    "Particle radius [m]": 5e-6,
    "Surface area per unit volume [m-1]": 400000,
    "Diffusivity [m2.s-1]": "1e-14 * (1 + x)",
    "Diffusivity activation energy [J.mol-1]": 20000,
    "OCP [V]": "4.6 - 1.1 * x - 0.05 * tanh(20 * (x - 0.7))",
    "Entropic change coefficient [V.K-1]": {"x": [0.0, 0.5, 1.0], "y": [-1e-4, -2e-4, -1e-4]},
    "Reaction rate constant [mol.m-2.s-1]": 2e-5,
    "Reaction rate constant activation energy [J.mol-1]": 30000,
}
PARTIAL: dict[str, Any] = {
    "Header": {"BPX": "1.1.0", "Title": "A cathode", "Model": "Partial"},
    "Parameterisation": {"Positive electrode": {"Thickness [m]": 5e-5, **PARTICLE}},
}
"""The positive electrode alone."""


def changed(change: Callable[[dict[str, Any]], object], document: dict[str, Any] = PARTIAL) -> dict[str, Any]:
    """Return a copy of a document with a change made to it."""
    found = deepcopy(document)
    change(found)
    return found


def with_field(key: str, value: object) -> dict[str, Any]:
    """Return the document with one field of its positive electrode replaced, or removed where it is None."""

    def change(document: dict[str, Any]) -> None:
        electrode = document["Parameterisation"]["Positive electrode"]
        if value is None:
            del electrode[key]
        else:
            electrode[key] = value

    return changed(change)


def write(folder: Path, document: object, name: str = "cell.json") -> Path:
    """Write a document, or a text as it stands."""
    file = folder / name
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file
