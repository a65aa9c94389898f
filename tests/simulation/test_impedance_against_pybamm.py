"""Electrodes of fully covered particles of one size against PyBaMM's `EISSimulation` of half cells.

The salt is left out of the DFN by a transference number of 1, and both electrodes have double layers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from tests.simulation.test_layers_against_pybamm import KAPPA, LITHIUM, SIGMA, XU, layered

pytest.importorskip("pybamm")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # PyBaMM's own warnings

FREQUENCIES = np.geomspace(1e-4, 1e3, 36)
START, POINTS, RADIAL = 0.6, 60, 60
CATHODE, METAL = 0.2, 0.3
"""Double layers [F/m2]."""


def peer(kind: str) -> np.ndarray:
    """Return the impedance [ohm] of a half cell of PyBaMM at rest."""
    import pybamm

    model = getattr(pybamm.lithium_ion, kind)({"working electrode": "positive", "surface form": "differential"})
    values = pybamm.ParameterValues("Xu2019")
    values.update(
        {
            "Cation transference number": 1.0,
            "Electrolyte conductivity [S.m-1]": KAPPA,
            "Positive electrode conductivity [S.m-1]": SIGMA,
            "Exchange-current density for lithium metal electrode [A.m-2]": LITHIUM,
            "Initial concentration in positive electrode [mol.m-3]": START * XU.maximum_concentration,
            "Upper voltage cut-off [V]": 4.6,
            "Lower voltage cut-off [V]": 2.0,
            "Positive electrode double-layer capacity [F.m-2]": CATHODE,
            "Negative electrode double-layer capacity [F.m-2]": METAL,
        }
    )
    meshes = model.default_submesh_types
    graded = pybamm.MeshGenerator(pybamm.Exponential1DSubMesh, {"side": "right", "stretch": 8.0})
    simulation = pybamm.EISSimulation(
        model,
        parameter_values=values,
        submesh_types={**meshes, "positive particle": graded},
        var_pts={"x_n": 5, "x_s": POINTS, "x_p": POINTS, "r_p": RADIAL, "r_n": 5},
    )
    return np.asarray(simulation.solve(FREQUENCIES).impedance)


def ours(electrode: dict[str, Any], impedance: dict[str, Any]) -> aso.ImpedanceSpectrum:
    keys = layered("Charge at C/10", START, POINTS).model_dump(exclude_unset=True)
    case = aso.Case.from_dict({**keys, "electrode": electrode or keys["electrode"], "impedance": impedance})
    return aso.EISSimulation(case).solve(FREQUENCIES, at="initial")


def test_one_potential_agrees_with_the_half_cell_spm() -> None:
    keys = layered("Charge at C/10", START, 2).model_dump(exclude_unset=True)["electrode"]
    electrode = {key: keys[key] for key in ("loading", "area", "coverage", "radius")}
    settings = {
        "double_layer_capacitance": CATHODE,
        "lithium_exchange_current_density": LITHIUM,
        "lithium_double_layer_capacitance": METAL,
    }
    found = ours(electrode, settings)
    alone = found.impedance - found.parts["separator"]  # which a single-particle model does not have
    apart = np.abs(alone / peer("SPM") - 1.0)
    assert apart.max() < 5e-4, apart  # 0.5 % was asked for


def test_layers_agree_with_the_half_cell_dfn() -> None:
    settings = {"double_layer_capacitance": CATHODE, "lithium_double_layer_capacitance": METAL}
    apart = np.abs(ours({}, settings).impedance / peer("DFN") - 1.0)
    assert apart.max() < 3e-3, apart  # 0.5 % was asked for; it falls with the square of the number of layers
    assert apart[FREQUENCIES < 100.0].max() < 5e-4, apart
