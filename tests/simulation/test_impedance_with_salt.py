"""Impedance of layers whose salt moves: the whole linearized problem, PyBaMM, the finite Warburg impedance, parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.problem import particle_admittance
from asyncsoc.problem.linear_salt import LinearSalt
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.impedance.operating_point import _salt_of
from tests.simulation.test_impedance import SIDE, whole_impedance
from tests.simulation.test_salt_against_pybamm import salted

pytestmark = pytest.mark.slow
FREQUENCIES = np.geomspace(1e-4, 1e3, 29)
CATHODE, METAL, START, RADIAL = 0.2, 0.3, 0.6, 60


def small(**electrode: Any) -> aso.Case:
    keys = {
        "model": "layers",
        "layers": 3,
        "loading": "12.7 mg/cm2",
        "porosity": 0.1,
        "particles": 2,
        "coverage": {"law": "beta", "mean": 0.4, "std": 0.2},
        "radius": "5 um",
        "lithium": {"exchange_current_density": "4 A/m2"},
        "salt": "concentrated",
        "salt_properties": {"separator_nodes": 3},
    }
    return aso.Case.from_dict(
        {
            "electrode": {**keys, **electrode},
            "particle": {"mesh": "coarse", "edge_levels": 0},
            "side_reaction": SIDE,
            "protocol": {"temperature": "60 degC", "steps": ["Charge at C/8 for 1 hour", "Rest for 1 minute"]},
        }
    )


@pytest.mark.parametrize(
    "more",
    [
        {"contact_resistance": "0.5 ohm m2"},
        {
            "contact_resistance": {"law": "classes", "share_isolated": 0.3, "value": 0.2},
            "lithium": {"exchange_current_density": "4 A/m2", "kinetics": "linear"},
            "particles": 2,
            "coverage": 0.4,
            "salt_properties": {"separator_nodes": 3, "name": "lipf6-nyman2008", "volume_fraction": 0.2},
        },
    ],
)
def test_it_is_the_whole_linearized_problem(more: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """While charging, the concentration of each layer changing exchange currents, with a side reaction and a film.

    The volumes of the separator as the integrator has them, a storage between two resistances.
    """
    lumped = np.ones(6)
    monkeypatch.setattr(LinearSalt, "line_factors", lambda self, w: (lumped, lumped))
    solution = aso.simulate(small(**more))
    f = np.array([1e-5, 1e-4, 1e-3, 1e-2, 1.0, 1e3])
    settings = aso.Impedance(double_layer_capacitance=0.2, film_permittivity=0.0, lithium_double_layer_capacitance=0.0)
    for at, number in (("step 1", 1), ("final", 2)):
        row = int(np.flatnonzero(solution.columns[names.STEP] == number)[-1])
        expected = whole_impedance(solution, row, f, 0.2, tuple(_salt_of(solution, row)))
        found = solution.impedance(f, at, settings=settings)
        assert np.abs(found.impedance / expected - 1.0).max() < 1e-5, at  # what the reduced basis keeps to
        with monkeypatch.context() as everywhere:
            everywhere.setattr(particle_admittance, "_FEW_NODES", 10**9)
            found = solution.impedance(f, at, settings=settings)
        assert np.abs(found.impedance / expected - 1.0).max() < 1e-9, at
        np.testing.assert_allclose(sum(found.parts.values()), found.impedance, rtol=1e-12)
        assert found.parts["salt"].real[0] > 4e-3 * found.impedance.real[0]


def test_few_volumes_of_the_separator_are_as_good_as_many() -> None:
    """Diffusion through a volume without particles is exact; as lumped volumes 2 and 80 differ by more than 3 %."""
    found = {}
    for count in (2, 80):
        case = small(salt_properties={"separator_nodes": count, "exchange_exponent": 0.0})
        found[count] = aso.EISSimulation(case, graded=False).solve(FREQUENCIES, at="initial")
    assert np.abs(found[2].impedance / found[80].impedance - 1.0).max() < 1e-6
    salt = np.abs(found[2].parts["salt"])
    assert salt[-1] < 0.02 * salt[0]  # it falls as that of Warburg, with the root of the frequency
    assert salt[-9] / salt[-1] == pytest.approx(np.sqrt(FREQUENCIES[-1] / FREQUENCIES[-9]), rel=0.05)


def peer(frequencies: np.ndarray, points: int) -> np.ndarray:
    """Return the impedance [ohm] of PyBaMM's half-cell DFN with Xu 2019 as it comes but for its double layers."""
    import pybamm

    from asyncsoc.materials.nmc532_xu2019 import XU

    model = pybamm.lithium_ion.DFN({"working electrode": "positive", "surface form": "differential"})
    values = pybamm.ParameterValues("Xu2019")
    values.update(
        {
            "Initial concentration in positive electrode [mol.m-3]": START * XU.maximum_concentration,
            "Upper voltage cut-off [V]": 4.6,
            "Lower voltage cut-off [V]": 2.0,
            "Positive electrode double-layer capacity [F.m-2]": CATHODE,
            "Negative electrode double-layer capacity [F.m-2]": METAL,
        }
    )
    graded = pybamm.MeshGenerator(pybamm.Exponential1DSubMesh, {"side": "right", "stretch": 8.0})
    simulation = pybamm.EISSimulation(
        model,
        parameter_values=values,
        submesh_types={**model.default_submesh_types, "positive particle": graded},
        var_pts={"x_n": 5, "x_s": points, "x_p": points, "r_p": RADIAL, "r_n": 5},
    )
    return np.asarray(simulation.solve(frequencies).impedance)


@pytest.mark.filterwarnings("ignore")  # PyBaMM's own warnings
def test_it_agrees_with_the_half_cell_dfn() -> None:
    pytest.importorskip("pybamm")
    points = 40
    keys = salted("Charge at C/10", START, points, 1.0).model_dump(exclude_unset=True)
    settings = {"double_layer_capacitance": CATHODE, "lithium_double_layer_capacitance": METAL}
    case = aso.Case.from_dict({**keys, "impedance": settings})
    found = aso.EISSimulation(case).solve(FREQUENCIES, at="initial")
    apart = np.abs(found.impedance / peer(FREQUENCIES, points) - 1.0)
    assert apart.max() < 1.5e-3, apart  # 0.5 % was asked for, 0.085 % is seen
    assert np.abs(found.parts["salt"]).max() > 0.02 * np.abs(found.impedance[FREQUENCIES < 0.01]).min()


def test_what_is_assumed_by_a_source_names_it() -> None:
    """A value chosen within what a source reports was once said to have none."""
    spectrum = aso.simulate(small(particles=1, coverage=1.0)).impedance([1.0])
    told = [one for one in spectrum.warnings if "transference number" in one]
    assert len(told) == 1
    assert told[0].startswith("assumption: the transference number is assumed; the source nearest to it is L. Edman")
    assert "assumption: the salt diffusivity has no source" in spectrum.warnings
