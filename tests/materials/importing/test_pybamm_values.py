"""PyBaMM's positive electrodes become tables whose error is what the report says, or are refused by name."""

from __future__ import annotations

import re

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.materials.importing.pybamm_values import from_parameter_values
from asyncsoc.materials.importing.sampling import RISE, longest_fall, made_falling

pybamm = pytest.importorskip("pybamm")
pytestmark = pytest.mark.filterwarnings("ignore")  # PyBaMM's own

U, D = "Positive electrode OCP [V]", "Positive particle diffusivity [m2.s-1]"
I0 = "Positive electrode exchange-current density [A.m-2]"
SETS = ["Marquis2019", "Ai2020", "Chen2020", "ORegan2022", "Xu2019", "NCA_Kim2011", "Prada2013", "Ecker2015"]


@pytest.mark.parametrize("name", SETS)
def test_tables_are_as_near_to_the_functions_as_the_report_says(name: str) -> None:
    found = from_parameter_values(name)
    values = pybamm.ParameterValues(name)
    x = np.random.default_rng(5).uniform(*found.window, 500)
    c_max, salt = found.maximum_concentration, values["Initial concentration in electrolyte [mol.m-3]"]
    shown = {value.name: value.note for value in found.report}

    def exact(key: str, arguments: dict[str, object]) -> np.ndarray:
        symbol = values.process_symbol(pybamm.FunctionParameter(key, arguments))
        return np.broadcast_to(np.asarray(symbol.evaluate()).ravel(), x.shape)

    at = pybamm.Vector(x)
    u = found.potential(x, found.reference_temperature)
    stated = sum(float(number) for number in re.findall(r"(?:below|by) ([\d.e-]+) V", shown[U]))
    assert np.abs(u - exact(U, {"sto": at})).max() < 1.5 * stated < 1e-4
    for temperature in (298.15, 318.15):
        arguments = {"sto": at, "T": pybamm.Scalar(temperature)}
        np.testing.assert_allclose(found.diffusion(x, temperature), exact(D, arguments), rtol=1.5e-4)
        arguments = {
            "c_e": pybamm.Scalar(salt),
            "c": at * c_max,
            "c_max": pybamm.Scalar(c_max),
            "T": pybamm.Scalar(temperature),
        }
        i0 = found.exchange_current(x, temperature)
        np.testing.assert_allclose(i0, exact(I0, arguments), rtol=1.5e-4)


def test_numbers_stay_numbers_and_everything_is_accounted_for() -> None:
    values = pybamm.ParameterValues("Xu2019")
    found = from_parameter_values(values)
    assert found.diffusivity == 1e-14
    assert found.entropic_change == 0.0
    assert found.diffusivity_energy == found.exchange_current_energy == 0.0
    assert found.electrolyte.separator_thickness == 2.5e-5
    assert found.electrolyte.areal_capacity == pytest.approx(3600 * 0.0024 / (0.01 * 0.0154))
    names = {value.name for value in found.report}
    assert {key for key in values.keys() if key.startswith("Positive ")} <= names  # noqa: SIM118
    assert {value.fate for value in found.report} == {"taken", "converted", "assumed", "ignored"}


def test_activation_energies_are_those_of_the_set() -> None:
    found = from_parameter_values("Marquis2019")
    assert found.diffusivity_energy == pytest.approx(18550.0, abs=1e-3)
    assert found.exchange_current_energy == pytest.approx(39570.0, abs=1e-3)


def _arctan(sto: object, T: object) -> object:
    return 1e-14 * pybamm.exp(-((T - 298.15) ** 2))


def _fails(sto: object) -> object:
    raise ZeroDivisionError("of its own")


WRONG: dict[str, tuple[dict[str, object], dict[str, object], str]] = {
    "MSMR": ({"values": "MSMR_Example"}, {}, "an MSMR set"),
    "unknown set": ({"values": "Chen2021"}, {}, "did you mean: Chen2020"),
    "not a set": ({"values": {"a": 1}}, {}, "not PyBaMM parameters"),
    "part of no blend": ({"values": "Chen2020", "part": "primary"}, {}, "no blend"),
    "c_max in mol/L": ({}, {"Maximum concentration in positive electrode [mol.m-3]": 63.1}, "out of range"),
    "radius in um": ({}, {"Positive particle radius [m]": 5.2}, "out of range"),
    "window": ({"values": "Chen2020", "window": (0.9, 0.3)}, {}, "reversed"),
    "wide window": ({"values": "NCA_Kim2011", "window": (0.01, 0.9)}, {}, "out of range|not fall|rises"),
    "no Arrhenius law": ({}, {D: _arctan}, "Arrhenius"),
    "negative D": ({"window": (0.2, 0.9)}, {D: lambda sto, T: 1e-14 * (0.5 - sto)}, "out of range at x = 0.5"),
    "U rises": ({}, {U: lambda sto: 3.0 + sto}, "falls nowhere"),
    "U fails": ({}, {U: _fails}, "ZeroDivisionError: of its own"),
    "U of something else": ({}, {U: lambda sto: pybamm.Parameter("no such thing") * sto}, "cannot be computed"),
    "U jumps": ({}, {U: lambda sto: 4.0 - sto - (sto > 0.5)}, "too sharply"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_expressed_is_refused_by_name(name: str) -> None:
    keys, changes, message = WRONG[name]
    if changes:
        keys = {"values": pybamm.ParameterValues("Chen2020"), **keys}
        keys["values"].update(changes)
    with pytest.raises(InputError, match=message):
        from_parameter_values(**keys)  # type: ignore[arg-type]


def test_a_blend_needs_its_part() -> None:
    values = pybamm.ParameterValues("Chen2020")
    prefixed = {f"Primary: {key}": values[key] for key in values.keys() if "ositive" in key}  # noqa: SIM118
    prefixed |= {key.replace("Primary", "Secondary"): value for key, value in prefixed.items()}
    prefixed |= {key: values[key] for key in values.keys() if "ositive" not in key}  # noqa: SIM118
    blend = pybamm.ParameterValues(prefixed)
    with pytest.raises(InputError, match="blend of 2 materials"):
        from_parameter_values(blend)
    assert from_parameter_values(blend, part="secondary").part == "secondary"
    with pytest.raises(InputError, match="did you mean: secondary"):
        from_parameter_values(blend, part="second")


def test_noise_of_a_measured_potential_is_levelled_and_no_more() -> None:
    x = np.linspace(0.2, 0.9, 200)
    noisy = 4.5 - x + 0.4 * RISE * np.sin(1000.0 * x)
    noisy[50:60] = noisy[50]
    falling, change = made_falling(x, noisy)
    assert np.all(np.diff(falling) < 0.0)
    assert np.abs(falling - noisy).max() == change
    same, none = made_falling(x, 4.5 - x)
    np.testing.assert_array_equal(same, 4.5 - x)
    assert none == 0.0


def test_the_longest_fall_is_found() -> None:
    potential = np.array([4.0, 3.9, 3.8, 5.0, 4.9, 4.8, 4.7, 4.7 + 0.5 * RISE, 4.6, 4.65])
    assert longest_fall(potential, np.ones(10, dtype=np.bool_)) == (3, 8)
    good = np.ones(10, dtype=np.bool_)
    good[6] = False
    assert longest_fall(potential, good) == (0, 2)
    assert longest_fall(-potential[:3], good[:3]) == (0, 0)
