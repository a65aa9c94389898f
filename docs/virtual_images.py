"""Make the pictures of the virtual experiments anew: `python docs/virtual_images.py [NAME ...]`.

Names: gitt-bias, gitt, stxm, stxm-scan, lsv. The chart of the bias and the gradients are drawn from stored tables.
"""

from __future__ import annotations

import csv
import importlib.util
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from asyncsoc.case import Case
from asyncsoc.problem.case_materials import cathode_of
from asyncsoc.simulation import simulate
from asyncsoc.studies.gitt.bias import BiasRow
from asyncsoc.studies.gitt.saving import bias_picture, titration_picture
from asyncsoc.studies.gitt.titration import GittPlan, simulate_gitt
from asyncsoc.studies.lsv.saving import window_picture
from asyncsoc.studies.lsv.windows import compare_windows
from asyncsoc.studies.stxm.map_of import stxm_map
from asyncsoc.studies.stxm.saving import gradient_picture, map_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
MAPPED = {
    "particle": {"radius": "5 um", "mesh": "coarse"},
    "contact": {"kind": "cap", "coverage": 0.3},
    "material": {"diffusivity": "3e-15 m2/s"},
    "protocol": {"temperature": "60 degC", "steps": ['Charge at C/10 until "Mean stoichiometry" < 0.497']},
}
PARTICLES = {"Cal, f = 0.3": 0.3, "Hot-Cal, f = 0.95": 0.95}


def bias() -> Figure:
    """Return the chart of the bias from its stored table."""
    with (ROOT / "docs" / "gitt_bias.csv").open(encoding="utf-8", newline="") as lines:
        rows = [
            BiasRow(float(f), int(patches), float(tau), float(ratio))
            for f, patches, tau, ratio in list(csv.reader(lines))[1:]
        ]
    return bias_picture(rows)


def titrations() -> Figure:
    """Return two charges of a Cal and a Hot-Cal particle, a film growing between."""
    case = Case.from_toml(EXAMPLES / "gitt.toml")
    found = {
        name: simulate_gitt(case.with_overrides([f"contact.coverage={f}"]), GittPlan(discharge=False))[0].of(
            direction="charge"
        )
        for name, f in PARTICLES.items()
    }
    note = (
        "NCM811 sphere, R = 7.5 µm, 60 °C; C/10 for 30 min, rests of 30 min; jumps removed. Dashed: cycle 2. Every "
        "constant of the side reaction is assumed."
    )
    return titration_picture(found, note=note)


def maps() -> Figure:
    """Return maps of a Cal and a Hot-Cal fragment at an equal mean stoichiometry."""
    case = Case.from_dict(MAPPED)
    found = [stxm_map(simulate(case.with_overrides([f"contact.coverage={f}"]))) for f in PARTICLES.values()]
    return map_picture(found, list(PARTICLES))


def gradients() -> Figure:
    """Return the maps of gradients at the end of charge from the stored scan."""
    spec = importlib.util.spec_from_file_location("paper_stxm", ROOT / "benchmarks" / "paper" / "stxm.py")
    if spec is None or spec.loader is None:
        raise SystemExit("benchmarks/paper/stxm.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    valence = cathode_of(Case.from_dict(MAPPED).material).valence
    if valence is None:
        raise SystemExit("the cathode has no valence model")
    return gradient_picture(module.stored(), valence, 0.0)


def windows() -> Figure:
    """Return the windows of the example."""
    return window_picture(compare_windows(Case.from_toml(EXAMPLES / "lsv.toml")))


DRAWN: dict[str, Callable[[], Figure]] = {
    "gitt-bias": bias,
    "gitt": titrations,
    "stxm": maps,
    "stxm-scan": gradients,
    "lsv": windows,
}


def main(names: list[str]) -> int:
    """Draw the pictures named, all where none is, and shrink them."""
    sys.path.insert(0, str(Path(__file__).parent))
    from make_images import IMAGES, shrink

    with tempfile.TemporaryDirectory() as scratch:
        for name in names or list(DRAWN):
            picture = Path(scratch) / f"{name}.png"
            DRAWN[name]().savefig(picture)
            shrink(picture, IMAGES / f"{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
