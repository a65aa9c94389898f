"""Electrodes in layers with a concentrated salt, through `simulate`, files and sweeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.problem.case_parameters import case_parameters
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.salt import IN_SEPARATOR, SALT
from asyncsoc.simulation.results.layers import CURRENT, ELECTROLYTE, FROM_LITHIUM
from tests.simulation.test_group_cycles import assert_same, stopped
from tests.simulation.test_layers import AREA, THICKNESS, layered

FARADAY = 96485.33212
FRACTION = 0.3
"""Volume fraction of the electrolyte in the electrode."""
MEMBRANE = 50e-6


def salted(
    steps: tuple[str, ...] = ("Charge at C/5 for 20 minutes",), salt: dict[str, Any] | None = None, **electrode: Any
) -> aso.Case:
    properties = {"volume_fraction": FRACTION, "separator_nodes": 3, **(salt or {})}
    keys = {"separator": {"thickness": MEMBRANE}, "salt": "concentrated", "salt_properties": properties, **electrode}
    return layered(steps, **keys)


def amount(layers: Any) -> np.ndarray:
    """Return the salt in separator and electrode at every row [mol]."""
    volumes = AREA * MEMBRANE / 3.0, FRACTION * AREA * THICKNESS / 3.0
    found: np.ndarray = volumes[0] * layers[IN_SEPARATOR].values.sum(axis=0) + volumes[1] * layers[SALT].values.sum(
        axis=0
    )
    return found


@pytest.mark.slow
def test_the_salt_is_kept_in_files_and_its_amount_stays(tmp_path: Path) -> None:
    solution = aso.simulate(salted(("Charge at C/5 for 20 minutes", "Rest for 10 minutes")))
    layers = solution.layers
    held = amount(layers)
    assert held[0] == pytest.approx(1110.0 * AREA * (MEMBRANE + FRACTION * THICKNESS), rel=1e-12)
    np.testing.assert_allclose(held, held[0], rtol=1e-10)
    step = layers[names.STEP].values
    charged, rested = np.flatnonzero(step == 1)[-1], np.flatnonzero(step == 2)[-1]
    profile = np.append(layers[IN_SEPARATOR].values[:, charged], layers[SALT].values[:, charged])
    assert np.all(np.diff(profile) > 0.0)  # lithium ions arrive at the lithium electrode, anions stay behind
    assert profile[-1] - profile[0] > 300.0
    assert np.ptp(layers[SALT].values[:, rested]) < np.ptp(layers[SALT].values[:, charged])
    assert solution.lithium_balance_error < 1e-10
    np.testing.assert_allclose(layers[FROM_LITHIUM].values, MEMBRANE / 3.0 * np.array([0.5, 1.5, 2.5]))
    again = aso.Solution.load(solution.save(tmp_path))
    for name in layers.data_vars:
        np.testing.assert_array_equal(again.layers[name].values, layers[name].values)
    assert again.checkpoint.salt == solution.checkpoint.salt  # type: ignore[union-attr]
    figure = solution.plot_layers()
    assert any("Salt" in axes.get_title(loc="left") for axes in figure.axes)


@pytest.mark.slow
def test_a_steady_gradient_is_that_of_the_transference_number() -> None:
    """In the separator (1 - t+) i/F = D dc/dz, once it has settled."""
    case = salted(("Charge at C/10 for 3 hours",), {"diffusivity": "2e-11 m2/s", "transference_number": 0.4})
    layers = aso.simulate(case).layers.isel(point=-1)
    density = layers[CURRENT].values.sum() / AREA
    slope = np.diff(layers[IN_SEPARATOR].values) / (MEMBRANE / 3.0)
    np.testing.assert_allclose(slope, 0.6 * density / (FARADAY * 2e-11), rtol=2e-3)


@pytest.mark.slow
def test_without_gradients_it_is_the_ohmic_electrode() -> None:
    """With t+ = 1 lithium ions carry all current, and nothing moves the salt."""
    lithium = {"exchange_current_density": "3 A/m2"}
    still = {"transference_number": 1.0, "thermodynamic_factor": 3.0}
    steps = ("Charge at C/2 for 20 minutes", "Hold at 3.9 V for 10 minutes", "Discharge at 1 mW for 10 minutes")
    one = aso.simulate(salted(steps, still, lithium=lithium))
    other = aso.simulate(layered(steps, lithium=lithium, separator={"thickness": MEMBRANE}))
    assert np.ptp(np.array(one.checkpoint.salt)) < 1e-9  # type: ignore[union-attr]
    np.testing.assert_allclose(one.columns[names.TIME], other.columns[names.TIME], rtol=1e-6)
    np.testing.assert_allclose(one.columns[names.VOLTAGE], other.columns[names.VOLTAGE], atol=1e-7)
    np.testing.assert_allclose(one.layers[ELECTROLYTE].values, other.layers[ELECTROLYTE].values, atol=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("calls", [5, pytest.param(30, marks=pytest.mark.slow)])
def test_what_was_stopped_goes_on_with_the_same_bits(calls: int, tmp_path: Path) -> None:
    steps = ("Charge at C/3 for 15 minutes", "Hold at 3.8 V for 5 minutes", "Discharge at C/3 for 15 minutes")
    case = salted(steps, lithium={"exchange_current_density": "3 A/m2"})
    whole = aso.simulate(case)
    reached = aso.Solution.load(stopped(case, calls).save(tmp_path))
    resumed = aso.simulate(case, resume=reached)
    assert_same(resumed, whole)
    for name in whole.layers.data_vars:
        np.testing.assert_array_equal(resumed.layers[name].values, whole.layers[name].values)


@pytest.mark.slow
def test_where_and_when_the_salt_runs_out_is_the_reason() -> None:
    case = salted(("Charge at 1 C until 5 V", "Rest for 10 minutes"), {"diffusivity": 2e-12})
    solution = aso.simulate(case)
    first = solution.steps[0]
    assert first.stop_reason.startswith("the salt has run out, below 1 % of its concentration at rest")
    assert "at the lithium electrode, 11.1 mol/m3" in first.stop_reason
    assert f"t = {first.duration:.6g} s" in first.stop_reason
    assert solution.steps[1].stop_reason == "duration reached"
    assert solution.status == "done"
    discharge = aso.simulate(salted(("Discharge at 2 C until 2 V",), {"diffusivity": 2e-12}, start=0.6))
    assert "in layer" in discharge.stop_reason


@pytest.mark.slow
def test_a_table_of_one_value_is_that_value(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text("c [mol/L], D [cm2/s]\n0.1, 4e-8\n1, 4e-8\n3, 4e-8\n")
    tables = {
        "diffusivity": str(file),
        "transference_number": {"c": [0, 3000], "t": [0.2, 0.2]},
        "conductivity": {"c": ["0.1 mol/L", "3 mol/L"], "kappa": ["1 mS/cm", "1 mS/cm"]},
    }
    one, other = aso.simulate(salted(salt=tables)), aso.simulate(salted(salt={"diffusivity": 4e-12}))
    np.testing.assert_allclose(one.columns[names.VOLTAGE], other.columns[names.VOLTAGE], atol=1e-9)
    content = salted(salt=tables)
    file.unlink()  # the case holds its table
    assert aso.Case.from_text(content.to_toml()).hash == content.hash


@pytest.mark.slow
def test_a_poorer_conductor_at_low_concentration_raises_the_voltage() -> None:
    poor = aso.simulate(salted(salt={"conductivity": {"c": [600, 1110, 3000], "kappa": [0.001, 0.01, 0.01]}}))
    even = aso.simulate(salted())
    assert poor.columns[names.VOLTAGE][-1] > even.columns[names.VOLTAGE][-1] + 1e-3


@pytest.mark.slow
def test_every_assumption_is_said() -> None:
    case = salted()
    listed = {one.name: one for one in case_parameters(case)["electrode"]}
    for name in ("salt diffusivity", "transference number", "thermodynamic factor"):
        assert listed[name].assumed
    warnings = aso.simulate(salted(("Rest for 1 s",))).warnings
    assert any("salt diffusivity" in warning for warning in warnings)
    given = case_parameters(salted(salt={"diffusivity": 1e-11, "transference_number": 0.3, "exchange_exponent": 0.5}))
    assumed = {one.name for one in given["electrode"] if one.assumed}
    assert not assumed & {"salt diffusivity", "transference number", "exponent of c/c0 in the exchange current density"}
    far = aso.simulate(salted(("Charge at C/2 for 20 minutes",)))
    assert any("over which the set peo-litfsi holds" in warning for warning in far.warnings)


def test_keys_of_the_salt_are_part_of_the_case() -> None:
    hashes = {
        salted(salt=one).hash
        for one in ({}, {"diffusivity": 1e-11}, {"separator_nodes": 4}, {"least_share": 0.02}, {"efficiency": 0.1})
    }
    assert len(hashes) == 5
    assert salted().with_overrides(["electrode.salt_properties.diffusivity=1e-11 m2/s"]).hash in hashes


@pytest.mark.slow
def test_a_sweep_varies_the_salt() -> None:
    axis = {"electrode.salt_properties.diffusivity": ["4e-12 m2/s", "2e-11 m2/s"]}
    data = aso.sweep(salted(("Charge at C/5 for 10 minutes",)), axis, keep="summary")
    voltages = data["Final voltage [V]"].values.ravel()
    assert voltages[0] > voltages[1] + 1e-3


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"salt": {"diffusivity": 0.0}}, "electrode.salt_properties.diffusivity"),
        ({"salt": {"transference_number": 1.2}}, "electrode.salt_properties.transference_number"),
        ({"salt": {"name": "peo"}}, "electrode.salt_properties.name"),
        ({"salt": {"conductivity": 0.1}}, "electrode.salt_properties.conductivity"),
        ({"salt": {"diffusivity": {"c": [2000, 1000], "D": [1e-12, 1e-12]}}}, "electrode.salt_properties.diffusivity"),
        ({"salt": {"diffusivity": {"c": [1000], "D": [1e-12]}}}, "electrode.salt_properties.diffusivity"),
        ({"salt": {"separator_nodes": 0}}, "electrode.salt_properties.separator_nodes"),
        ({"salt": {"least_share": 2.0}}, "electrode.salt_properties.least_share"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(InputError) as caught:
        salted(**changes)
    assert (caught.value.where or "").startswith(where)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"separator": {"thickness": 0.0}}, "electrode.separator.thickness"),
        ({"composition": [95, 0, 5], "salt": {"volume_fraction": None}}, "electrode.salt_properties.volume_fraction"),
    ],
)
def test_what_cannot_hold_a_salt_is_refused(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(InputError) as caught:
        aso.simulate(salted(**changes))
    assert caught.value.where == where


@pytest.mark.slow
def test_one_particle_in_one_layer_follows_a_profile_and_ends_on_a_curve(tmp_path: Path) -> None:
    profile = tmp_path / "drive.csv"
    profile.write_text("time [s], c-rate\n0, 0.2\n60, 0.2\n120, -0.1\n300, -0.1\n")
    steps = (f"Follow {profile}", 'Charge at C/5 until "Particle potential [V]" > 3.6')
    solution = aso.simulate(salted(steps, layers=1))
    held = amount_of_one(solution.layers)
    np.testing.assert_allclose(held, held[0], rtol=1e-10)
    assert solution.columns[names.POTENTIAL][-1] == pytest.approx(3.6, abs=1e-6)


def amount_of_one(layers: Any) -> np.ndarray:
    """Return the salt in the separator and in one layer at every row [mol]."""
    separator = AREA * MEMBRANE / 3.0 * layers[IN_SEPARATOR].values.sum(axis=0)
    return np.asarray(separator + FRACTION * AREA * THICKNESS * layers[SALT].values[0])


@pytest.mark.slow
def test_the_error_falls_with_the_square_of_the_number_of_volumes() -> None:
    def end(count: int) -> np.ndarray:
        case = salted(("Charge at C/5 for 15 minutes",), {"separator_nodes": count}, layers=count)
        solution = aso.simulate(case)
        layers = solution.layers.isel(point=-1)
        return np.array([solution.columns[names.VOLTAGE][-1], layers[IN_SEPARATOR].values.mean() / 1110.0])

    fine = end(48)
    errors = np.array([np.abs(end(count) - fine) for count in (4, 8, 16)])
    assert (errors[0] > 1e-5).all()
    orders = np.log2(errors[:-1] / errors[1:])
    assert (orders > 1.7).all() and (orders < 2.5).all()
