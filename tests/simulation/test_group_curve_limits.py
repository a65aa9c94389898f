"""Protocol steps of groups that end where a curve of the group reaches a value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.recorders import curve_names as names

STEPS = (
    "Charge at C/2 until asynchrony 0.08 or 4.2 V",
    "Charge at C/2 until mean SOC 0.3 or 4.2 V",
    "Rest for 5 hours or until asynchrony < 0.06",
    'Discharge at C/2 until "Contact-mean stoichiometry" > 0.85',
)


def particle(coverage: float, *steps: str, **sections: Any) -> aso.Case:
    contact = {"kind": "full"} if coverage == 1.0 else {"kind": "cap", "coverage": coverage}
    keys = {"particle": {"mesh": "coarse", "radius": "5 um"}, "contact": contact, "protocol": {"steps": list(steps)}}
    return aso.Case.from_dict(keys | sections)


def test_particles_that_are_alike_end_where_one_does() -> None:
    case = particle(0.4, *STEPS)
    alone, group = aso.simulate(case), aso.simulate_particles([case, case], [1.0, 2.0])
    assert [step.stop_reason for step in group.steps] == [step.stop_reason for step in alone.steps]
    np.testing.assert_allclose(
        [step.duration for step in group.steps], [step.duration for step in alone.steps], rtol=2e-8
    )
    for name in (names.VOLTAGE, names.MEAN_SOC, names.CONTACT_SOC):
        np.testing.assert_allclose(group.columns[name][-1], alone.columns[name][-1], atol=1e-8)


@pytest.mark.parametrize("ohms", [None, [0.0, "isolated", "20 Mohm"]])
def test_the_curve_of_a_mixed_group_is_at_its_limit(ohms: Any) -> None:
    """Different meshes, multiplicities and resistances; every step ends on the group's own curve, to 1e-8."""
    cases = [particle(coverage, *STEPS) for coverage in (0.3, 0.2, 1.0)]
    group = aso.simulate_particles(cases, [2.0, 1.0, 1.0], contact_resistances=ohms)
    ends = np.flatnonzero(np.diff(group.columns[names.STEP], append=-1))
    reached = ((names.ASYNCHRONY, 0.08), (names.MEAN_SOC, 0.3), (names.ASYNCHRONY, 0.06), (names.CONTACT_X, 0.85))
    for row, (name, value), step in zip(ends, reached, group.steps, strict=True):
        assert name in step.stop_reason
        assert group.columns[name][row] == pytest.approx(value, abs=2e-8)
    assert group.lithium_balance_error < 1e-10


def test_the_mean_of_an_electrode_counts_what_has_no_contact() -> None:
    keys = {
        "electrode": {
            "loading": "12.7 mg/cm2",
            "table": {"radius": [5e-6, 5e-6, 6e-6], "coverage": [1.0, 0.0, 0.5], "multiplicity": [2.0, 1.0, 1.0]},
        },
        "particle": {"mesh": "coarse"},
        "protocol": {"steps": ["Charge at C/2 until mean SOC 0.4 or 4.3 V"]},
    }
    solution = aso.simulate(aso.Case.from_dict(keys))
    assert solution.steps[0].stop_reason == "Mean SOC > 0.4 reached"
    assert solution.columns[names.MEAN_SOC][-1] == pytest.approx(0.4, abs=1e-8)


def test_the_mean_of_layers_ends_a_step_of_an_electrode_with_layers() -> None:
    keys = {
        "electrode": {"loading": "12.7 mg/cm2", "thickness": "60 um", "coverage": 0.5, "model": "layers", "layers": 2},
        "particle": {"mesh": "coarse"},
        "protocol": {"steps": ["Charge at C/5 until mean SOC 0.3 or 4.3 V"]},
    }
    keys["electrode"] |= {"contact_resistance": {"law": "classes", "share_isolated": 0.25}}
    solution = aso.simulate(aso.Case.from_dict(keys))
    assert solution.steps[0].stop_reason == "Mean SOC > 0.3 reached"
    assert solution.columns[names.MEAN_SOC][-1] == pytest.approx(0.3, abs=1e-8)
    np.testing.assert_allclose(solution.particles["Dead share"], 0.25, rtol=1e-9)


def test_a_film_ends_a_step_of_a_group() -> None:
    side = {"side_reaction": {"mode": "coupled", "exchange_current_density": 1e-5}}
    steps = ("Charge at C/2 for 3 hours or until film 2 nm or 4.2 V",)
    group = aso.simulate_particles([particle(0.3, *steps, **side), particle(1.0, *steps, **side)])
    assert "Film thickness mean [m]" in group.steps[0].stop_reason
    assert group.columns[names.FILM_MEAN][-1] == pytest.approx(2e-9, rel=1e-6)


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("Charge at C/2 until risk 3 or 4.2 V", "a group of particles"),
        ('Charge at C/2 until "Kinetic overpotential [V]" 0.1 or 4.2 V', "a group of particles"),
        ('Charge at C/2 until "Cycle" 3 or 4.2 V', "cannot end a step"),
        ("Charge at C/2 until film 2 nm or 4.2 V", "a group of particles"),
    ],
)
def test_curves_that_a_group_does_not_have_are_refused_before_the_run(step: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        aso.simulate_particles([particle(1.0, step), particle(1.0, step)])
    assert "protocol step 1" in (caught.value.where or "")


def test_a_profile_of_a_group_ends_on_no_curve() -> None:
    shape = {"time": [0.0, 600.0], "c_rate": [0.5, 0.5]}
    protocol = aso.Protocol.of("Follow pulse until mean SOC > 0.3", profiles={"pulse": shape})
    cases = [particle(1.0, "Rest for 1 minute").model_copy(update={"protocol": protocol}) for _ in range(2)]
    with pytest.raises(InputError, match="a profile of single particles only"):
        aso.simulate_particles(cases)


def test_a_curve_that_ends_a_step_of_layers_leaves_the_state_that_a_charge_does() -> None:
    """A time step that is taken again begins with the potentials that the layers had at its start."""

    def charged(limit: str) -> aso.Solution:
        keys = {
            "electrode": {
                "loading": "28.6 mg/cm2",
                "thickness": "130 um",
                "coverage": 0.5,
                "model": "layers",
                "layers": 3,
            },
            "particle": {"mesh": "coarse"},
            "protocol": {"steps": [f"Charge at C/2 until {limit} or 4.4 V"]},
        }
        return aso.simulate(aso.Case.from_dict(keys))

    by_curve = charged("mean SOC 0.3")
    passed = by_curve.columns["Specific capacity [mA.h/g]"][-1]
    by_charge = charged(f"{passed:.12g} mAh/g")
    assert by_curve.steps[0].stop_reason == "Mean SOC > 0.3 reached"
    assert "mAh/g" in by_charge.steps[0].stop_reason
    assert by_curve.columns[names.TIME][-1] == pytest.approx(by_charge.columns[names.TIME][-1], rel=1e-8)
    assert by_curve.columns[names.VOLTAGE][-1] == pytest.approx(by_charge.columns[names.VOLTAGE][-1], abs=1e-8)
    mine, theirs = (run.particles["Contact-mean SOC"][:, -1] for run in (by_curve, by_charge))
    assert float(mine.max() - mine.min()) > 1e-3
    np.testing.assert_allclose(mine, theirs, atol=1e-8)
