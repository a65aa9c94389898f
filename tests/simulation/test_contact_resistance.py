"""Contact resistances of particles of groups and electrodes, isolated ones, and what goes on beyond a limit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.materials.registry import cathode
from asyncsoc.problem.particle_sample import draw_particles
from asyncsoc.recorders import curve_names as names

NCM = cathode("ncm811-sturm2019")
LOW = NCM.window[0]


def particle(coverage: float, *steps: str, **sections: Any) -> aso.Case:
    contact = {"kind": "full"} if coverage == 1.0 else {"kind": "cap", "coverage": coverage}
    keys = {"particle": {"mesh": "coarse", "radius": "5 um"}, "contact": contact, "protocol": {"steps": list(steps)}}
    return aso.Case.from_dict(keys | sections)


def electrode(*steps: str, **keys: Any) -> aso.Case:
    given = {"loading": "12.7 mg/cm2", "radius": "5 um", **keys}
    return aso.Case.from_dict({"electrode": given, "particle": {"mesh": "coarse"}, "protocol": {"steps": list(steps)}})


def test_every_particle_sees_the_common_potential_less_its_own_drop() -> None:
    cases = [particle(coverage, "Charge at C/2 for 20 minutes", "Hold at 4 V for 5 minutes") for coverage in (1.0, 0.5)]
    ohms = np.array([4e6, 2e7])
    solution = aso.simulate_particles(cases, [1.0, 3.0], names=["a", "b"], contact_resistances=[4e6, "20 Mohm"])
    common = solution.columns[names.POTENTIAL]
    np.testing.assert_allclose(solution.columns[names.SERIES], solution.columns[names.VOLTAGE] - common, atol=1e-12)
    for name, own in zip(("a", "b"), ohms, strict=True):
        one = solution.particle(name).columns
        np.testing.assert_allclose(one[names.POTENTIAL], common - own * one[names.CURRENT], atol=1e-9)
    drop = ohms[:, np.newaxis] * solution.particles["Current [A]"].values
    assert np.abs(drop).max() > 0.01  # they matter
    together = solution.multiplicities @ solution.particles["Current [A]"].values
    np.testing.assert_allclose(together, solution.columns[names.CURRENT], rtol=1e-9, atol=1e-18)
    np.testing.assert_array_equal(solution.particles["Contact resistance [ohm]"], ohms)
    assert solution.lithium_balance_error < 1e-10
    plain = aso.simulate_particles(cases, [1.0, 3.0], names=["a", "b"])
    none = aso.simulate_particles(cases, [1.0, 3.0], names=["a", "b"], contact_resistances=[0.0, 0.0])
    assert plain.columns[names.VOLTAGE].tobytes() == none.columns[names.VOLTAGE].tobytes()
    assert plain.case_sha256 == none.case_sha256 != solution.case_sha256


def test_one_kind_of_particle_is_shifted_by_its_areal_resistance_over_its_surface() -> None:
    """Under one current V rises by rho times the current over the surface of all particles; nothing else changes."""
    steps = ("Charge at C/5 for 1 hour", "Rest for 10 minutes", "Discharge at C/10 for 30 minutes")
    plain, resistive = (
        aso.simulate(electrode(*steps, coverage=1.0, **keys)) for keys in ({}, {"contact_resistance": "5 ohm cm2"})
    )
    surface = 3.0 / 5e-6 * 0.127 * 1e-4 / NCM.density  # 3/R times the volume of active material
    times = plain.columns[names.TIME]
    rise = (
        np.interp(times, resistive.columns[names.TIME], resistive.columns[names.VOLTAGE]) - plain.columns[names.VOLTAGE]
    )
    inner = np.concatenate([[False], (np.diff(times) > 0.0)[:-1] & (np.diff(times) > 0.0)[1:], [False]])
    np.testing.assert_allclose(rise[inner], (5e-4 / surface * plain.columns[names.CURRENT])[inner], atol=2e-5)


def test_an_isolated_share_is_as_one_without_contact() -> None:
    """At a uniform start and without a side reaction nothing happens in it: the others do as beside bare particles."""
    steps = ("Charge at C/10 for 2 hours", "Discharge at C/10 for 1 hour")
    share = {"law": "classes", "share_isolated": 0.25}
    isolated = aso.simulate(electrode(*steps, coverage=1.0, contact_resistance=share))
    table = {"radius": [5e-6, 5e-6], "coverage": [1.0, 0.0], "multiplicity": [3.0, 1.0]}
    bare = aso.simulate(electrode(*steps, radius=None, table=table))
    ends = [np.flatnonzero(np.diff(one.columns[names.STEP], append=-1)) for one in (isolated, bare)]
    for name, most in ((names.TIME, 1e-6), (names.VOLTAGE, 2e-5), (names.MEAN_SOC, 1e-9)):
        values = [one.columns[name][rows] for one, rows in zip((isolated, bare), ends, strict=True)]
        np.testing.assert_allclose(*values, atol=most)
    for one in (isolated, bare):
        np.testing.assert_allclose(one.particles["Dead share"], 0.25, rtol=1e-12)
        assert one.summary()["Dead share of active material"] == pytest.approx(0.25)
    alone = isolated.particle("particle 2")
    np.testing.assert_array_equal(alone.columns[names.CURRENT], 0.0)
    np.testing.assert_allclose(alone.columns[names.MEAN_SOC], alone.columns[names.MEAN_SOC][0], rtol=1e-12)
    assert any("0.25 of the active material is isolated" in warning for warning in isolated.warnings)


@pytest.mark.slow
def test_an_isolated_particle_is_not_erased_by_a_rest(tmp_path: Path) -> None:
    """A difference at the end of a discharge goes in a rest at one potential, not where a particle is isolated."""
    steps = ("Discharge at C/2 for 30 minutes", "Rest for 8 hours")
    start = {"protocol": {"steps": list(steps), "initial_soc": 0.7}}
    cases = [particle(0.2, **start), particle(0.95, **start)]
    together, apart = (
        aso.simulate_particles(cases, names=["poor", "good"], contact_resistances=ohms)
        for ohms in (None, ["isolated", 0.0])
    )
    ends = [np.flatnonzero(one.columns[names.STEP] == 1)[-1] for one in (together, apart)]
    gaps = []
    for one, end in zip((together, apart), ends, strict=True):
        soc = one.particles["Mean SOC"].values
        gaps.append([soc[0, row] - soc[1, row] for row in (end, -1)])
    assert gaps[0][0] > 0.02
    assert abs(gaps[0][1]) < 0.25 * gaps[0][0]
    assert gaps[1][1] == pytest.approx(gaps[1][0], abs=1e-9) and gaps[1][0] > 0.2
    again = aso.Solution.load(apart.save(tmp_path))
    assert again.particles.identical(apart.particles)
    assert [row.get("Contact resistance [ohm]") for row in again.to_json_dict()["particles"]] == ["isolated", 0.0]


def test_isolated_particles_have_strata_of_their_own() -> None:
    law = {"law": "classes", "value": "2 ohm cm2", "share_isolated": 0.3}
    case = electrode(
        "Rest for 1 minute", coverage={"law": "beta", "mean": 0.3, "std": 0.1}, particles=10, contact_resistance=law
    )
    sample = draw_particles(case.electrode, NCM.density)
    isolated = np.isinf(sample.resistance)
    assert isolated.sum() == 3
    np.testing.assert_allclose(sample.resistance[~isolated], 2e-4 / (4.0 * np.pi * 25e-12), rtol=1e-12)
    mass = sample.multiplicity * sample.volume * NCM.density
    assert mass[isolated].sum() == pytest.approx(0.3 * 0.127, rel=1e-12)
    assert mass.sum() == pytest.approx(0.127, rel=1e-12)
    for part in (isolated, ~isolated):
        assert np.average(sample.coverage[part], weights=mass[part]) == pytest.approx(0.3, abs=1e-9)


def test_a_table_gives_the_resistance_of_every_particle(tmp_path: Path) -> None:
    file = tmp_path / "particles.csv"
    file.write_text("radius [um], coverage, contact resistance [ohm cm2]\n5, 0.5, 3\n6, 0.9, inf\n7, 0.3, 0\n")
    case = electrode("Rest for 1 minute", radius=None, table=str(file))
    sample = draw_particles(case.electrode, NCM.density)
    np.testing.assert_allclose(sample.resistance, [3e-4 / (4.0 * np.pi * 25e-12), math.inf, 0.0], rtol=1e-12)
    assert aso.Case.from_text(case.to_toml()).hash == case.hash
    columns = {"radius [um]": [5, 6, 7], "coverage": [0.5, 0.9, 0.3], "contact resistance [ohm cm2]": [3, np.inf, 0]}
    assert electrode("Rest for 1 minute", radius=None, table=columns).electrode.hash == case.electrode.hash


@pytest.mark.parametrize(
    ("keys", "where", "what"),
    [
        ({"contact_resistance": "3 ohm"}, "electrode.contact_resistance.value", "dimension"),
        ({"contact_resistance": "-3 ohm cm2"}, "electrode.contact_resistance.value", "out of range"),
        ({"contact_resistance": {"law": "classes"}}, "electrode.contact_resistance.share_isolated", "needs its"),
        ({"contact_resistance": {"law": "fixed", "share_isolated": 0.1}}, "electrode.contact_resistance", "has no"),
        ({"contact_resistance": {"law": "classes", "share_isolated": 1.0}}, "electrode.contact_resistance", "range"),
        (
            {"contact_resistance": {"law": "classes", "share_isolated": 0.1}, "particles": 1},
            "electrode.particles",
            "each",
        ),
        (
            {
                "table": {"radius": [5e-6], "coverage": [1.0], "contact_resistance": ["isolated"]},
                "coverage": None,
                "radius": None,
                "contact_resistance": 0.1,
            },
            "electrode.contact_resistance",
            "the table gives",
        ),
    ],
)
def test_what_is_no_resistance_is_one_clear_error(keys: dict[str, Any], where: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        electrode("Rest for 1 minute", **{"coverage": 1.0, **keys})
    assert (caught.value.where or "").startswith(where)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ([1.0], "as many"),
        ([math.inf, "isolated"], "every particle is isolated"),
        ([-1.0, 0.0], "negative"),
        (["3 V", 0.0], "dimension"),
    ],
)
def test_what_is_no_resistance_of_a_group_is_one_clear_error(given: Any, what: str) -> None:
    cases = [particle(1.0, "Rest for 1 minute")] * 2
    with pytest.raises(InputError, match=what):
        aso.simulate_particles(cases, contact_resistances=given)


def test_nobody_connected_is_said_before_anything_runs() -> None:
    table = {"radius": [5e-6, 5e-6], "coverage": [1.0, 0.0], "contact_resistance": ["isolated", 0.0]}
    with pytest.raises(InputError, match="isolated: nothing can carry its current"):
        aso.simulate(electrode("Rest for 1 minute", radius=None, table=table))


def test_a_group_goes_on_beyond_the_limit_of_one_and_says_what_it_assumes() -> None:
    steps = ("Charge at C/5 until 4.45 V", "Discharge at C/5 for 1 hour")
    cases = [particle(1.0, *steps), particle(1.0, *steps)]
    alone = aso.simulate(cases[0])
    assert alone.steps[0].stop_reason == f"stoichiometry limit x = {LOW:g} reached under the contact"
    group = aso.simulate_particles(cases, names=["ahead", "behind"], contact_resistances=[0.0, "1 Gohm"])
    assert group.steps[0].stop_reason == "voltage 4.45 V reached"
    lowest = [group.particle(name).columns[names.MINIMUM_X].min() for name in ("ahead", "behind")]
    assert lowest[0] < LOW < lowest[1]
    assert any("assumption: beyond the stoichiometry window" in one and "ahead" in one for one in group.warnings)
    assert group.reports["group"]["particles beyond their window"] == ["ahead"]
    assert group.lithium_balance_error < 1e-10
    assert group.particle("ahead").columns[names.MINIMUM_X][-1] > LOW  # it has come back


@pytest.mark.slow
def test_a_current_that_a_group_cannot_carry_ends_the_step_with_the_reason() -> None:
    cases = [particle(coverage, "Charge at 40 C for 1 hour") for coverage in (0.1, 0.9)]
    group = aso.simulate_particles(cases)
    (step,) = group.steps
    assert step.stop_reason == f"stoichiometry limit x = {LOW:g} reached under the contact of every particle"
    assert step.duration < 60.0
    assert any("ended early: stoichiometry limit" in warning for warning in group.warnings)
