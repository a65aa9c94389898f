"""Who is dead, who starves, how far the particles of a group spread, and the bound on their charge: from the curves."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.problem.build import prepare
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.group_checks import joined_warnings
from asyncsoc.simulation.group_report import running_overshoot

CYCLE = {"repeat": 2, "steps": ["Charge at C/2 for 45 minutes", "Rest for 10 minutes", "Discharge at C for 20 minutes"]}


def particle(coverage: float) -> aso.Case:
    return aso.Case.from_dict(
        {
            "particle": {"mesh": "coarse", "radius": "5 um"},
            "contact": {"kind": "full"} if coverage == 1.0 else {"kind": "cap", "coverage": coverage},
            "protocol": {"initial_soc": 0.4, "cycle": [CYCLE]},
        }
    )


@pytest.fixture(scope="module")
def solution() -> aso.Solution:
    """A starving, a good and an isolated particle; they stand for 1, 2 and 1 parts of the material."""
    cases = [particle(coverage) for coverage in (0.05, 1.0, 0.5)]
    names_ = ["poor", "good", "isolated"]
    return aso.simulate_particles(cases, [1, 2, 1], names=names_, contact_resistances=[0, 0, "isolated"])


def test_shares_follow_from_the_states_of_charge(solution: aso.Solution) -> None:
    found, step = solution.particles, solution.columns[names.STEP]
    soc = found["Mean SOC"].values
    weights = np.array([0.25, 0.5, 0.25])
    mean = weights @ soc
    np.testing.assert_allclose(solution.columns[names.MEAN_SOC], mean, rtol=1e-6)  # a coarse sphere's volume
    np.testing.assert_allclose(found["Standard deviation of mean SOC"], np.sqrt(weights @ (soc - mean) ** 2), rtol=1e-3)
    np.testing.assert_allclose(found["Dead share"], 0.25, rtol=1e-4)
    said = []
    for number in (1, 3, 4, 6):
        rows = np.flatnonzero(step == number)
        first, last = rows[0], rows[-1]
        moved = abs(soc[:, last] - soc[:, first])
        starves = moved[:2] < 0.5 * abs(mean[last] - mean[first])
        assert not starves[1]
        assert float(found["Starving share"][last]) == pytest.approx(0.25 * starves[0], rel=1e-4)
        said.append(bool(starves[0]))
    assert all(said)
    rest = np.flatnonzero(step == 2)
    assert np.isnan(found["Starving share"][rest]).all()
    summary = solution.summary()
    assert summary["Starving share of active material"] == pytest.approx(0.25 * said[-1], rel=1e-4)
    assert summary["Dead share of active material"] == pytest.approx(0.25, rel=1e-4)
    assert summary["Largest standard deviation of mean SOC over particles"] > 0.1
    assert "less than half" in found["Starving share"].attrs["description"]
    assert "no net current" in found["Dead share"].attrs["description"]


def test_the_distribution_after_a_charge_and_after_cycles(solution: aso.Solution, tmp_path: Path) -> None:
    step, soc = solution.columns[names.STEP], solution.particles["Mean SOC"].values
    for after, cycle, number in (
        ("charge", 1, 1),
        ("charge", None, 4),
        ("discharge", 1, 3),
        ("end", 1, 3),
        ("end", None, 6),
    ):
        found = solution.distribution(after, cycle=cycle)
        row = np.flatnonzero(step == number)[-1]
        np.testing.assert_array_equal(found["Mean SOC"], soc[:, row])
        assert found.attrs["Step"] == number
        assert found.attrs["Time [s]"] == solution.columns[names.TIME][row]
    np.testing.assert_allclose(found["Share of active material"], [0.25, 0.5, 0.25], rtol=1e-4)
    np.testing.assert_array_equal(found["Dead"], [0.0, 0.0, 1.0])
    np.testing.assert_array_equal(solution.distribution("charge")["Starving"], [1.0, 0.0, 0.0])
    assert list(found.to_dataframe().index) == ["poor", "good", "isolated"]
    again = aso.Solution.load(solution.save(tmp_path))
    assert again.distribution("charge", cycle=2).identical(solution.distribution("charge", cycle=2))
    single = aso.simulate(particle(1.0)).distribution("charge", cycle=1)
    assert single.sizes == {"particle": 1}
    assert single.attrs["Dead share"] == 0.0


def test_a_rest_is_no_charge_whatever_its_currents_round_to() -> None:
    steps = ["Charge at C/2 for 20 minutes", "Rest for 1 hour", "Discharge at C/2 for 10 minutes", "Rest for 1 hour"]
    for coverage in (0.15, 0.3, 0.6):
        cases = [particle(c).with_overrides(["protocol.cycle=[]", f"protocol.steps={steps}"]) for c in (coverage, 1.0)]
        group = aso.simulate_particles(cases, names=["poor", "good"])
        assert [group.distribution(after).attrs["Step"] for after in ("charge", "discharge", "end")] == [1, 3, 4]


@pytest.mark.parametrize(("after", "cycle", "what"), [("noon", None, "unknown"), ("charge", 3, "no such cycle")])
def test_a_time_that_there_is_not_is_one_clear_error(solution: aso.Solution, after: str, cycle: int, what: str) -> None:
    with pytest.raises(InputError, match=what):
        solution.distribution(after, cycle=cycle)
    resting = particle(1.0).with_overrides(["protocol.steps=['Rest for 1 minute']", "protocol.cycle=[]"])
    with pytest.raises(InputError, match="no charge in this run"):
        aso.simulate(resting).distribution("charge")


def test_the_running_maximum_bounds_every_particle_and_what_breaks_it_is_measured(solution: aso.Solution) -> None:
    assert solution.reports["group"]["beyond the running maximum"] < 2e-3
    assert not any("beyond what the largest potential" in warning for warning in solution.warnings)
    setup, curves = prepare(particle(0.05)), [dict(one.columns) for one in solution.particle_runs]
    assert running_overshoot(setup, curves) == solution.reports["group"]["beyond the running maximum"]
    good, row = curves[1], 40
    law = setup.cathode.open_circuit_potential
    passed = good[names.MAXIMUM_X].max() - good[names.MINIMUM_X].min()
    lowest = good[names.MINIMUM_X].copy()
    seen = good[names.POTENTIAL][: row + 1].max()
    x = np.linspace(*setup.cathode.window, 200_001)
    lowest[row] = np.interp(-seen, -np.asarray(law(x)), x) - 0.01  # a hundredth beyond what the potential allows
    broken = [curves[0], good | {names.MINIMUM_X: lowest}, curves[2]]
    spread = max(passed, good[names.MAXIMUM_X].max() - lowest.min())
    assert running_overshoot(setup, broken) == pytest.approx(0.01 / spread, rel=1e-2)


def test_warnings_name_their_particles_once() -> None:
    def warned(name: str, *warnings: str) -> SimpleNamespace:
        return SimpleNamespace(name=name, warnings=warnings)

    alike = [warned("particle 1", "step 3 ended early"), warned("particle 2", "step 3 ended early")]
    assert joined_warnings(alike) == ("step 3 ended early",)
    assert joined_warnings([*alike, warned("particle 3")]) == ("particle 1, particle 2: step 3 ended early",)
    apart = [warned("poor", "step 3 ended early", "step 5 ended early"), warned("well")]
    assert joined_warnings(apart) == ("particle poor: step 3 ended early", "particle poor: step 5 ended early")
    differ = [warned(f"particle {k}", f"step {k} ended early") for k in range(1, 6)]
    (said,) = joined_warnings(differ)
    assert said.startswith(
        "particle 1, particle 2, particle 3 and 2 more: step 1 ended early (in particle 1; the others"
    )
