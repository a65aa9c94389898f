"""The checks of layers in `asyncsoc verify --electrode`: their references, and that an error would be noticed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from asyncsoc.studies.verification import checks_layers
from asyncsoc.studies.verification.layer_references import DFN, PorousElectrode


def test_the_closed_form_is_what_a_fine_ladder_of_resistors_gives() -> None:
    """Kirchhoff's laws of 1000 slices, of which each has an interface between both conductors."""
    whole, count, ionic, electronic = 40e-6, 1000, 2e-3, 1e-2
    exact = PorousElectrode(whole, ionic, electronic, 3e6)
    width = whole / count
    # Unknowns: overpotentials of the slices. Current conservation: phi_s and phi_e have the same divergence in mean.
    matrix, right = np.zeros((count, count)), np.zeros(count)
    both = 1.0 / ionic + 1.0 / electronic
    for k in range(count):  # eta'' = g (1/kappa + 1/sigma) eta
        matrix[k, k] = -exact.admittance * both * width**2
        for other in (k - 1, k + 1):
            if 0 <= other < count:
                matrix[k, other] += 1.0
                matrix[k, k] -= 1.0
    right[0], right[-1] = -width / ionic, -width / electronic  # 1 A/m2 in the electrolyte here, in the electrode there
    flow = exact.admittance * np.linalg.solve(matrix, right) * width
    assert flow.sum() == pytest.approx(1.0, rel=1e-6)
    np.testing.assert_allclose(flow.reshape(20, -1).sum(axis=1), exact.shares(20), rtol=1e-4)
    # The potential between the collector and the separator: what the currents lose and the interface takes.
    passed = np.cumsum(flow) - 0.5 * flow  # in the electrode, from the separator on
    in_electrode = float((passed * width / electronic).sum())
    resistance = in_electrode + flow[0] / (exact.admittance * width) + 0.5 * width / ionic
    assert resistance == pytest.approx(exact.resistance, rel=1e-4)


def test_a_conductivity_that_is_off_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        checks_layers,
        "PorousElectrode",
        lambda thickness, ionic, electronic, admittance: PorousElectrode(
            thickness, 1.02 * ionic, electronic, admittance
        ),
    )
    assert not all(check.passed for check in checks_layers.linear_layer_checks())


def test_a_wrong_voltage_or_profile_of_the_dfn_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(check.passed for check in checks_layers.dfn_layer_checks())
    monkeypatch.setattr(checks_layers, "DFN", replace(DFN, ionic=0.99 * DFN.ionic))
    failed = [check.name for check in checks_layers.dfn_layer_checks() if not check.passed]
    assert len(failed) == 3


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_stored_figures_are_pybamms() -> None:
    pybamm = pytest.importorskip("pybamm")
    model = pybamm.lithium_ion.DFN({"working electrode": "positive"})
    values = pybamm.ParameterValues("Xu2019")
    values.update(
        {
            "Cation transference number": 1.0,
            "Electrolyte conductivity [S.m-1]": DFN.ionic,
            "Positive electrode conductivity [S.m-1]": DFN.electronic,
            "Exchange-current density for lithium metal electrode [A.m-2]": DFN.lithium,
            "Current function [A]": -DFN.current,
            "Initial concentration in positive electrode [mol.m-3]": DFN.start
            * values["Maximum concentration in positive electrode [mol.m-3]"],
            "Upper voltage cut-off [V]": 4.6,
            "Lower voltage cut-off [V]": 2.0,
        }
    )
    stated = {
        "Positive electrode thickness [m]": DFN.thickness,
        "Separator thickness [m]": DFN.separator,
        "Positive particle radius [m]": DFN.radius,
        "Positive electrode active material volume fraction": DFN.active,
        "Positive electrode porosity": DFN.electrolyte,
        "Separator porosity": DFN.pores,
        "Ambient temperature [K]": DFN.temperature,
    }
    assert {name: values[name] for name in stated} == pytest.approx(stated)
    assert values["Electrode height [m]"] * values["Electrode width [m]"] == pytest.approx(DFN.area)
    points = {"x_n": 5, "x_s": DFN.layers, "x_p": DFN.layers, "r_p": 200, "r_n": 5}
    solver = pybamm.IDAKLUSolver(rtol=1e-8, atol=1e-10)
    simulation = pybamm.Simulation(model, parameter_values=values, var_pts=points, solver=solver)
    found = simulation.solve(t_eval=[0.0, DFN.times[-1]], t_interp=np.array([0.0, *DFN.times]))
    np.testing.assert_allclose(found["Voltage [V]"].entries[1:], DFN.voltage, atol=1e-6)
    row = DFN.times.index(DFN.profile_time) + 1
    np.testing.assert_allclose(found["Positive electrolyte potential [V]"].entries[:, row], DFN.profile, atol=1e-6)
