"""Electrodes in layers, through `simulate` and the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InfeasibleStepError, InputError
from asyncsoc.cli.main import main
from asyncsoc.problem.case_parameters import case_parameters
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.layers import CURRENT, DRIVING, ELECTROLYTE, ELECTRONIC, POSITION
from tests.simulation.test_group_cycles import assert_same, stopped

AREA, THICKNESS = 2e-4, 60e-6


def layered(
    steps: tuple[str, ...] = ("Charge at C/5 for 30 minutes",), start: float = 0.9, **electrode: Any
) -> aso.Case:
    keys = {
        "model": "layers",
        "layers": 3,
        "loading": "12.7 mg/cm2",
        "thickness": THICKNESS,
        "area": AREA,
        "coverage": 1.0,
        "ionic_conductivity": 0.01,
        "electronic_conductivity": 0.05,
        **electrode,
    }
    keys = {key: value for key, value in keys.items() if value is not None}
    protocol = {"temperature": "60 degC", "steps": list(steps), "initial_stoichiometry": start}
    return aso.Case.from_dict({"electrode": keys, "particle": {"mesh": "coarse"}, "protocol": protocol})


def layered_group(case: aso.Case) -> aso.Case:
    """Return the same electrode with all particles at one potential."""
    keys = case.model_dump(exclude_unset=True)
    layers = ("model", "layers", "ionic_conductivity", "electronic_conductivity", "lithium", "separator", "bruggeman")
    keys["electrode"] = {key: value for key, value in keys["electrode"].items() if key not in layers}
    return aso.Case.from_dict(keys)


def test_one_layer_is_a_group_behind_half_a_width_on_either_side() -> None:
    case = layered(("Charge at C/5 for 1 hour", "Rest for 10 minutes"), layers=1, lithium="60 ohm cm2")
    one, group = aso.simulate(case), aso.simulate(layered_group(case))
    ohms = 0.5 * THICKNESS / AREA * (1.0 / 0.01 + 1.0 / 0.05) + 60e-4 / AREA
    np.testing.assert_allclose(one.columns[names.TIME], group.columns[names.TIME], rtol=1e-9)
    extra = one.columns[names.VOLTAGE] - group.columns[names.VOLTAGE]
    np.testing.assert_allclose(extra, ohms * one.columns[names.CURRENT], atol=1e-10)
    np.testing.assert_allclose(one.columns[names.MEAN_SOC], group.columns[names.MEAN_SOC], atol=1e-12)


def test_layers_that_conduct_well_are_a_group() -> None:
    case = layered(
        ("Charge at C/5 until 4.0 V", "Hold at 4.0 V for 10 minutes", "Discharge at 0.5 mW for 10 minutes"),
        ionic_conductivity=1e6,
        electronic_conductivity=1e6,
        lithium={"exchange_current_density": 1e6},
        coverage={"law": "classes", "poor": 0.4, "good": 1.0, "share_poor": 0.5},
    )
    apart, group = aso.simulate(case), aso.simulate(layered_group(case))
    assert len(apart.particle_runs) == 6
    for name, tolerance in ((names.VOLTAGE, 1e-4), (names.MEAN_SOC, 1e-4)):
        assert apart.columns[name][-1] == pytest.approx(group.columns[name][-1], abs=tolerance)
    np.testing.assert_allclose(np.diff(apart.layers[names.MEAN_SOC].values, axis=0), 0.0, atol=1e-4)


def test_potentials_and_currents_of_layers_balance_and_are_kept(tmp_path: Path) -> None:
    lithium = {"exchange_current_density": "3 A/m2"}
    case = layered(
        ("Charge at C/2 for 20 minutes", "Hold at 3.9 V for 10 minutes", "Rest for 5 minutes"), lithium=lithium
    )
    solution = aso.simulate(case)
    layers, columns = solution.layers, solution.columns
    current, total = layers[CURRENT].values, columns[names.CURRENT]
    np.testing.assert_allclose(current.sum(axis=0), total, atol=1e-10 * np.abs(total).max())
    width = THICKNESS / 3.0
    np.testing.assert_allclose(layers[POSITION].values, width * np.array([0.5, 1.5, 2.5]))
    # Ohm's law between the middles: the electrolyte carries what flows into layers farther from the separator.
    behind = np.array([current[1] + current[2], current[2]])
    electrolyte = layers[ELECTROLYTE].values
    np.testing.assert_allclose(np.diff(electrolyte, axis=0), behind * width / (0.01 * AREA), atol=1e-10)
    ahead = np.array([current[0], current[0] + current[1]])
    electronic = layers[ELECTRONIC].values
    np.testing.assert_allclose(np.diff(electronic, axis=0), ahead * width / (0.05 * AREA), atol=1e-10)
    np.testing.assert_allclose(electronic - electrolyte, layers[DRIVING].values, atol=1e-12)
    assert solution.lithium_balance_error < 1e-10
    assert solution.particles["layer"].values.tolist() == [1, 2, 3]
    again = aso.Solution.load(solution.save(tmp_path))
    for name in layers.data_vars:
        np.testing.assert_array_equal(again.layers[name].values, layers[name].values)
    assert again.particles["layer"].values.tolist() == [1, 2, 3]
    assert again.case_sha256 == case.hash == aso.Case.from_text(again.case_toml).hash
    assert solution.plot_layers().axes and solution.plot().axes
    with pytest.raises(InputError, match="no layers"):
        _ = aso.simulate(layered_group(layered())).layers


def test_the_electrolyte_conducts_as_its_temperature_and_share_say() -> None:
    case = layered(
        ("Charge at C/5 for 5 minutes (80 degC)", "Charge at C/5 for 5 minutes (60 degC)"),
        ionic_conductivity=None,
        bruggeman=2.0,
        separator={"thickness": "20 um", "conductivity": 0.02},
    )
    solution = aso.simulate(case)
    report = solution.reports["layers"]
    fraction = case.electrode.amounts(4870.0)
    kappa = {row["temperature [K]"]: row["value [S/m]"] for row in report["ionic conductivity"]}
    assert kappa[353.15] / kappa[333.15] == pytest.approx(0.0981 / 0.0466, rel=1e-3)
    assert kappa[333.15] / 0.0466 == pytest.approx(fraction.volume_fraction["polymer"] ** 2, rel=0.05)
    step, layers = solution.columns[names.STEP], solution.layers
    for number, temperature in ((1, 353.15), (2, 333.15)):
        row = np.flatnonzero(step == number)[-1]
        current, drop = layers[CURRENT].values[:, row], np.diff(layers[ELECTROLYTE].values[:, row])
        assert drop[-1] == pytest.approx(current[2] * THICKNESS / 3.0 / (kappa[temperature] * AREA), rel=1e-9)
    # The separator given here and the assumed lithium electrode lie between the metal and the first layer.
    row = np.flatnonzero(step == 2)[-1]
    total = solution.columns[names.CURRENT][row]
    first = layers[ELECTROLYTE].values[0, row]
    half = THICKNESS / 6.0 / kappa[333.15]
    assert first == pytest.approx(total / AREA * (20e-6 / 0.02 + 75e-4 + half), rel=1e-9)


def test_what_is_assumed_is_said() -> None:
    case = layered(ionic_conductivity=None, electronic_conductivity=None)
    assumed = [one.name for one in case_parameters(case)["electrode"] if one.assumed]
    named = ("exponent of Bruggeman's law", "effective electronic conductivity", "resistance of the lithium electrode")
    assert set(named) <= set(assumed)
    warnings = aso.simulate(layered(("Rest for 1 s",), electronic_conductivity=None)).warnings
    assert any("effective electronic conductivity" in warning for warning in warnings)
    stated = layered(lithium={"exchange_current_density": 4.0, "kinetics": "linear"})
    assert not set(named) & {one.name for one in case_parameters(stated)["electrode"] if one.assumed}


def test_keys_of_layers_do_not_change_what_a_group_is() -> None:
    plain = {"loading": "12.7 mg/cm2", "coverage": 0.3}
    assert aso.Electrode(**plain).hash == aso.Electrode(**plain, model="group", layers=1).hash
    assert aso.Electrode(**plain).hash == HASH
    with_thickness = {**plain, "thickness": "60 um", "model": "layers"}
    found = {
        aso.Electrode(**with_thickness, **change).hash
        for change in ({}, {"layers": 4}, {"lithium": "60 ohm cm2"}, {"ionic_conductivity": 0.02})
    }
    assert len(found) == 4


HASH = "14a00447fd7b146afe82764ba1707e18e18f2f9885d1ffad368fd8307f041f30"
"""Of that electrode before there were layers."""


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"salt": "molten"}, "electrode.salt"),
        ({"salt_properties": {"diffusivity": 1e-12}}, "electrode.salt_properties"),
        ({"thickness": None}, "electrode.thickness"),
        ({"model": "group"}, "electrode.layers"),
        ({"model": "group", "layers": None}, "electrode.ionic_conductivity"),
        ({"model": "layer"}, "electrode.model"),
        ({"layers": 0}, "electrode.layers"),
        ({"layers": 1000}, "electrode.layers"),
        ({"ionic_conductivity": 0.0}, "electrode.ionic_conductivity"),
        ({"electronic_conductivity": "0 S/m"}, "electrode.electronic_conductivity"),
        ({"lithium": {}}, "electrode.lithium"),
        ({"lithium": {"resistance": "60 ohm cm2", "exchange_current_density": 3.0}}, "electrode.lithium"),
        ({"lithium": {"resistance": "60 ohm cm2", "kinetics": "butler-volmer"}}, "electrode.lithium"),
        ({"separator": {"thick": "20 um"}}, "electrode.separator"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(InputError) as caught:
        layered(**changes)
    assert (caught.value.where or "").startswith(where)


def test_without_polymer_nothing_conducts() -> None:
    with pytest.raises(InputError, match="without polymer"):
        aso.simulate(layered(composition=[95, 0, 5], ionic_conductivity=None))


@pytest.mark.slow
def test_the_command_gives_the_layers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "layers.toml"
    file.write_text(layered(("Charge at C/5 for 2 minutes",)).to_toml())
    assert main(["run", str(file), "-o", str(tmp_path), "--json", "-q"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["reports"]["layers"]["layer of each particle"] == [1, 2, 3]
    assert [row["layer"] for row in document["particles"]] == [1, 2, 3]
    assert len(list(tmp_path.glob("*.png"))) == 2
    assert len(list(tmp_path.glob("*-layers.png"))) == 1


def test_warnings_of_many_particles_that_differ_in_numbers_are_one() -> None:
    solution = aso.simulate(layered(("Discharge at C/5 until 2 V",), 0.8, layers=5))
    beyond = [warning for warning in solution.warnings if "beyond the range" in warning]
    assert len(beyond) == 1
    assert beyond[0].startswith("layer 1 particle 1, layer 2 particle 1")
    assert "2 more" in beyond[0]


def test_a_power_that_a_poor_electrode_cannot_deliver_is_named_as_the_reason() -> None:
    """Not a film: particles that stand for many count with their multiplicities."""
    with pytest.raises(InfeasibleStepError, match="more than the particle can deliver"):
        aso.simulate(layered(("Discharge at 20 mW for 30 minutes",), 0.6, ionic_conductivity=1e-5))


def test_a_curve_ends_a_step_of_layers_where_their_rows_say_it_does() -> None:
    solution = aso.simulate(layered(('Charge at C/2 until "Particle potential [V]" > 3.9',)))
    assert solution.columns[names.POTENTIAL][-1] == pytest.approx(3.9, abs=1e-6)
    mean = solution.particles[names.MEAN_SOC].values[:, -1].mean()
    assert solution.columns[names.MEAN_SOC][-1] == pytest.approx(mean, rel=1e-12)


@pytest.mark.slow
def test_the_error_of_the_voltage_falls_with_the_square_of_the_number_of_layers() -> None:
    steps = ("Charge at C/2 for 20 minutes",)
    ends = {count: aso.simulate(layered(steps, layers=count)).columns[names.VOLTAGE][-1] for count in (4, 8, 16, 48)}
    errors = [abs(ends[count] - ends[48]) for count in (4, 8, 16)]
    assert errors[0] > 1e-4  # V
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert (orders > 1.8).all() and (orders < 2.3).all()


@pytest.mark.parametrize("calls", [4, 30])
def test_layers_that_were_stopped_go_on_with_the_same_bits(calls: int, tmp_path: Path) -> None:
    steps = ("Charge at C/2 for 20 minutes", "Hold at 3.9 V for 10 minutes", "Discharge at 1 mW for 10 minutes")
    case = layered(steps, lithium={"exchange_current_density": "3 A/m2"})
    whole = aso.simulate(case)
    reached = aso.Solution.load(stopped(case, calls).save(tmp_path))
    assert_same(aso.simulate(case, resume=reached), whole)
