"""The estimate of a case: it agrees with the plain numbers, follows the case and refuses what it cannot know."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.geometry.library import load_builtin
from asyncsoc.simulation import simulate
from asyncsoc.studies.verification.estimate_case import estimate
from asyncsoc.studies.verification.steady import cap_contact_mean_steady
from tests.labelled import write_labelled

RADIUS = 7.5e-6


def case(**sections: object) -> Case:
    """Return a case of a cap at C/10 with one diffusivity, sections replaced."""
    keys: dict[str, object] = {
        "particle": {"radius": "7.5 um"},
        "contact": {"kind": "cap", "coverage": 0.3},
        "material": {"name": "ncm811-sturm2019", "diffusivity": "1e-14 m2/s"},
        "protocol": {"steps": ["Rest for 1 hour", "Charge at C/10 until 4.2 V"]},
    }
    return Case.from_dict({**keys, **sections})


def test_case_agrees_with_the_plain_numbers() -> None:
    result = estimate(case())
    group = RADIUS**2 * 0.729 / 36000.0 / 3.0 / 1e-14
    assert result.group.typical == pytest.approx(group, rel=5e-3)
    assert result.contact_excess.typical == pytest.approx(group * cap_contact_mean_steady(0.3), rel=5e-3)
    assert result.window == pytest.approx(0.63, abs=0.005)
    assert result.soc_lead.typical > 0.0


def test_case_takes_the_material_s_diffusivity_where_none_is_given() -> None:
    result = estimate(case(material={"name": "ncm811-oregan2022"}))
    assert result.diffusivity.most < result.diffusivity.typical < result.diffusivity.least
    assert any("D(x)" in note for note in result.notes)


def test_discharge_case_and_absolute_currents() -> None:
    protocol = {"initial_voltage": "4.2 V", "steps": ["Discharge at C/10 until 3 V"]}
    discharge = estimate(case(protocol=protocol))
    assert discharge.current < 0.0
    assert discharge.soc_lead.typical < 0.0
    doubled = estimate(case(protocol={**protocol, "steps": ["Discharge at C/5 until 3 V"]}))
    assert doubled.current == pytest.approx(2.0 * discharge.current)
    assert doubled.contact_excess.typical == pytest.approx(2.0 * discharge.contact_excess.typical)


def test_capacity_per_mass_sets_the_current() -> None:
    steps = ["Charge at 1C until 4.2 V"]
    by_mass = estimate(case(protocol={"capacity": "200 mAh/g", "steps": steps}))
    absolute = estimate(case(protocol={"capacity": "1 nAh", "steps": steps}))
    assert absolute.current == pytest.approx(1e-9)
    mass = 4.0 / 3.0 * math.pi * RADIUS**3 * 50060.0 * 0.09728
    assert by_mass.current == pytest.approx(200.0 * mass, rel=0.01)


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        ({"steps": ["Rest for 1 hour"]}, "no step of the protocol has a constant current"),
        ({"steps": ["Charge at C/10 until 4.2 V"], "initial_stoichiometry": 0.25}, "beyond its own limit"),
    ],
)
def test_cases_without_an_estimate_say_why(protocol: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        estimate(case(protocol=protocol))


def test_mesh_particles_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "p.vtu"
    write_labelled(load_builtin("sphere-3d-coarse"), file)
    keys = {"particle": {"shape": "mesh", "file": str(file), "length_unit": "um"}, "contact": {"kind": "labels"}}
    with pytest.raises(InputError, match="knows spheres"):
        estimate(case(**keys))


def test_the_estimate_needs_neither_scipy_nor_dolfinx() -> None:
    code = (
        "import sys, asyncsoc.studies.verification.estimate_case; "
        "sys.exit(any(name in sys.modules for name in ('scipy', 'dolfinx', 'numba')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


CAL = {
    "particle": {"radius": "7.5 um"},
    "contact": {"kind": "cap", "coverage": 0.3},
    "protocol": {"temperature": "60 degC", "steps": ["Charge at C/10 until 4.2 V"]},
}


@pytest.mark.parametrize(
    "changes",
    [
        [],
        ["contact.coverage=0.1"],
        ["contact.coverage=0.95"],
        ["contact.kind=belt"],
        ["particle.radius=5e-6"],
        ["protocol.temperature=313.15"],
        ["material.diffusivity=3e-15"],
        ["protocol.initial_stoichiometry=0.4", "protocol.steps=['Discharge at C/10 until 3.4 V']"],
    ],
)
def test_the_lead_that_follows_the_diffusivity_is_about_that_of_a_run(changes: list[str]) -> None:
    case = Case.from_dict(CAL, changes)
    found, ran = estimate(case), simulate(case).summary()
    assert found.largest_lead == pytest.approx(ran["Largest asynchrony"], rel=0.15 if found.current > 0.0 else 0.2)


def test_an_estimate_says_for_which_diffusivity_it_holds_and_where_a_run_differs() -> None:
    found = estimate(Case.from_dict(CAL))
    ran = simulate(Case.from_dict(CAL)).summary()
    assert found.largest_lead is not None and found.soc_at_largest_lead is not None
    # The mean of D over the whole charge is no measure of the lead where D is low; the number to compare with is.
    assert ran["Largest asynchrony"] > 1.4 * found.soc_lead.typical
    assert found.largest_lead == pytest.approx(ran["Largest asynchrony"], rel=0.05)
    assert found.soc_at_largest_lead == pytest.approx(ran["Mean SOC at largest asynchrony"], abs=0.05)
    (note,) = [note for note in found.notes if "one constant D" in note]
    assert f"{found.largest_lead:.3g}" in note and "asyncsoc run" in note
    constant = estimate(Case.from_dict(CAL, ["material.diffusivity=1e-14"]))
    assert not [note for note in constant.notes if "one constant D" in note]
    assert constant.largest_lead == pytest.approx(constant.soc_lead.typical, rel=1e-3)
