"""The same case gives the same bits on one machine, in another process too; every key changes the answer by its law."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from pytest import approx
from scipy.optimize import brentq

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.materials.registry import cathode, electrolyte
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation import simulate
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.verification.closed_forms import full_sphere

STEPS = ("Charge at C/5 for 20 minutes", "Rest for 5 minutes")
MATERIAL, POLYMER = cathode("ncm811-sturm2019"), electrolyte("peo-litfsi")
T = 333.15
RADIUS = 5e-6


@dataclass(frozen=True)
class Charged:
    """A run of `STEPS` with its curves at the end of the charge; a fully covered sphere has one current density."""

    solution: Solution

    def __getitem__(self, name: str) -> float:
        row = np.flatnonzero(self.solution.columns[names.STEP] == 1)[-1]
        return float(self.solution.columns[name][row])

    @property
    def steps(self) -> int:
        return int(self.solution.provenance["integrator steps"]["accepted"])

    @property
    def current_density(self) -> float:
        return self[names.CURRENT] / (4.0 * np.pi * RADIUS**2)

    def covered(self, height: float) -> bool:
        """Whether the surface at this height over the centre, in radii, is in contact."""
        place = RADIUS * np.array([np.sqrt(1.0 - height**2), height])
        at = np.argmin(np.linalg.norm(self.solution.mesh.points - place, axis=1))
        return bool(self.solution.contact.weights[at] > 0.0)


def overpotential(run: Charged, temperature: float = T, alpha: float = 0.5, i0: float | None = None) -> float:
    """i = i0(x, T) (exp((1 - a) F eta/RT) - exp(-a F eta/RT)), by bisection."""
    f = FARADAY / (GAS_CONSTANT * temperature)
    if i0 is None:
        i0 = float(POLYMER.exchange_current_density(np.array([run[names.CONTACT_X]]), temperature)[0])

    def missing(eta: float) -> float:
        return i0 * (np.exp((1.0 - alpha) * f * eta) - np.exp(-alpha * f * eta)) - run.current_density

    return float(brentq(missing, 0.0, 2.0, xtol=1e-14))


def linear_overpotential(run: Charged) -> float:
    i0 = float(POLYMER.exchange_current_density(np.array([run[names.CONTACT_X]]), T)[0])
    return run.current_density * GAS_CONSTANT * T / (FARADAY * i0)


def excess(run: Charged, diffusivity: float) -> float:
    """Mean less surface stoichiometry of a sphere under a uniform flux that began 20 minutes ago, in closed form."""
    outflow = run.current_density / (FARADAY * MATERIAL.maximum_concentration)
    return outflow * RADIUS / diffusivity * float(full_sphere(1.0, diffusivity * 1200.0 / RADIUS**2))


def drop(thickness: float, conductivity: float, areal_capacity: float) -> float:
    """The separator's drop at C/5; the areal capacity in A h/m2."""
    return thickness / conductivity * areal_capacity / 5.0


def equilibrium(run: Charged, name: str) -> float:
    return float(cathode(name).open_circuit_potential(np.array([run[names.CONTACT_X]]))[0])


PEGDA, KAPPA = electrolyte("pegda-peca"), POLYMER.conductivity(T)
THICK, LOADING = POLYMER.separator_thickness, POLYMER.areal_capacity
Law = Callable[[Charged, Charged], tuple[Any, Any]]
# What a key of the case changes, and by which law: found and expected, to a relative 1e-6 unless it says otherwise.
LAWS: list[tuple[dict[str, dict[str, Any]], Law]] = [
    ({"particle": {"radius": 4e-6}}, lambda run, plain: (run[names.CHARGE], 0.8**3 * plain[names.CHARGE])),
    (
        {"particle": {"mesh": "fine"}},
        lambda run, plain: (
            (run[names.CONTACT_X], run.solution.mesh.n_nodes > plain.solution.mesh.n_nodes),
            (approx(plain[names.CONTACT_X], abs=5e-5), True),
        ),
    ),
    (
        {"particle": {"model": "axisymmetric"}},
        lambda run, plain: (
            (run[names.CONTACT_X], run.solution.mesh.coordinates),
            (approx(plain[names.CONTACT_X], abs=1e-3), "axisymmetric"),
        ),
    ),
    (
        {"contact": {"kind": "cap", "coverage": 0.9}},
        lambda run, plain: (
            (run.solution.contact.area, run.covered(1.0), run.covered(0.0), run.covered(-1.0)),
            (approx(0.9 * 4.0 * np.pi * RADIUS**2, rel=1e-3), True, True, False),
        ),
    ),
    (
        {"contact": {"kind": "belt", "coverage": 0.9}},
        lambda run, plain: (
            (run.solution.contact.area, run.covered(1.0), run.covered(0.0), run.covered(-1.0)),
            (approx(0.9 * 4.0 * np.pi * RADIUS**2, rel=1e-3), False, True, False),
        ),
    ),
    (
        {"material": {"name": "ncm811-chen2020"}},
        lambda run, plain: (run[names.POTENTIAL] - run[names.KINETIC], equilibrium(run, "ncm811-chen2020")),
    ),
    (
        {"material": {"diffusivity": 4e-15}},
        lambda run, plain: (run[names.MEAN_X] - run[names.CONTACT_X], approx(excess(run, 4e-15), rel=5e-3)),
    ),
    (
        {"material": {"maximum_concentration": 49340.0}},
        lambda run, plain: (run[names.CHARGE], 49340.0 / 50060.0 * plain[names.CHARGE]),
    ),
    (
        {"electrolyte": {"name": "pegda-peca"}},
        lambda run, plain: (
            run[names.SERIES],
            drop(PEGDA.separator_thickness, PEGDA.conductivity(T), PEGDA.areal_capacity),
        ),
    ),
    ({"electrolyte": {"conductivity": 0.1}}, lambda run, plain: (run[names.SERIES], drop(THICK, 0.1, LOADING))),
    (
        {"electrolyte": {"separator_thickness": 50e-6}},
        lambda run, plain: (run[names.SERIES], drop(50e-6, KAPPA, LOADING)),
    ),
    ({"electrolyte": {"areal_capacity": 3.6e5}}, lambda run, plain: (run[names.SERIES], drop(THICK, KAPPA, 100.0))),
    ({"kinetics": {"model": "linear"}}, lambda run, plain: (run[names.KINETIC], linear_overpotential(run))),
    (
        {"kinetics": {"model": "uniform-flux"}},
        lambda run, plain: (
            (run[names.CONTACT_X], run[names.KINETIC]),
            (approx(plain[names.CONTACT_X], abs=2e-4), approx(0.0, abs=1e-12)),
        ),
    ),
    (
        {"kinetics": {"exchange_current_density": 0.05}},
        lambda run, plain: (run[names.KINETIC], overpotential(run, i0=0.05)),
    ),
    (
        {"kinetics": {"transfer_coefficient": 0.3}},
        lambda run, plain: (run[names.KINETIC], overpotential(run, alpha=0.3)),
    ),
    ({"kinetics": {"film_resistance": 0.1}}, lambda run, plain: (run[names.FILM], 0.1 * run.current_density)),
    (
        {"protocol": {"temperature": 318.15}},
        lambda run, plain: (run[names.KINETIC], overpotential(run, temperature=318.15)),
    ),
    (
        {"protocol": {"initial_stoichiometry": 0.69}},
        lambda run, plain: (run[names.MEAN_X], plain[names.MEAN_X] - 0.01),
    ),
    ({"protocol": {"capacity": "200 mAh/g"}}, lambda run, plain: (run[names.CAPACITY], 200.0 / 15.0)),
    (
        {"protocol": {"steps": ["Charge at C/4 for 20 minutes", "Rest for 5 minutes"]}},
        lambda run, plain: (run[names.CHARGE], 1.25 * plain[names.CHARGE]),
    ),
    (
        {"protocol": {"steps": ["Charge at C/5 for 21 minutes", "Rest for 5 minutes"]}},
        lambda run, plain: (run[names.CHARGE], 1.05 * plain[names.CHARGE]),
    ),
    (
        {"solver": {"tolerance": 1e-5}},
        lambda run, plain: (
            (
                run[names.CONTACT_X],
                run.steps > plain.steps,
            ),
            (approx(plain[names.CONTACT_X], abs=2e-4), True),
        ),
    ),
]


def digest(solution: Solution) -> str:
    """One hash over every curve and every snapshot."""
    found = hashlib.sha256()
    for name in sorted(solution.columns):
        found.update(name.encode() + np.ascontiguousarray(solution.columns[name]).tobytes())
    found.update(solution.field_times.tobytes() + solution.field_x.tobytes())
    return found.hexdigest()


@pytest.fixture(scope="module")
def plain(run) -> Solution:
    return run(*STEPS)


def test_a_second_run_gives_the_same_bits(plain, run):
    assert digest(run(*STEPS)) == digest(plain)


def test_runs_between_leave_no_trace(make_case):
    """A case object is not written to: run it, run others with it, run it again."""
    case = make_case(*STEPS, contact={"kind": "cap", "coverage": 0.5})
    before = case.to_dict()
    first = simulate(case)
    simulate(case.with_overrides(["contact.coverage=0.2"]))
    assert case.to_dict() == before
    assert digest(simulate(case)) == digest(first)


@pytest.mark.slow
def test_another_process_gives_the_same_bits(make_case, run_python, tmp_path):
    case = make_case(*STEPS, contact={"kind": "cap", "coverage": 0.5})
    path = tmp_path / "case.toml"
    path.write_text(case.to_toml())
    code = (
        "import sys, hashlib\n"
        "import numpy as np\n"
        "from asyncsoc.case import Case\n"
        "from asyncsoc.simulation import simulate\n"
        "s = simulate(Case.from_toml(sys.argv[1]))\n"
        "h = hashlib.sha256()\n"
        "for name in sorted(s.columns):\n"
        "    h.update(name.encode() + np.ascontiguousarray(s.columns[name]).tobytes())\n"
        "h.update(s.field_times.tobytes() + s.field_x.tobytes())\n"
        "print(h.hexdigest())\n"
    )
    # Two threads offered to BLAS and numba: the answer does not depend on them.
    done = run_python(code, path, timeout=300.0, OMP_NUM_THREADS="2", NUMBA_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == digest(simulate(case))


@pytest.mark.parametrize(("change", "law"), LAWS, ids=[str(change) for change, _ in LAWS])
def test_every_key_of_the_case_changes_the_answer_by_its_law(change, law, plain, run):
    changed = run(**{**change, "protocol": {"steps": list(STEPS), **change.get("protocol", {})}})
    assert digest(changed) != digest(plain)
    found, expected = law(Charged(changed), Charged(plain))
    assert found == (approx(expected) if isinstance(expected, float) else expected)


def test_density_changes_what_a_gram_can_hold(plain, run):
    """Density enters through capacities per mass, of the case and of the curves."""
    other = run(*STEPS, material={"density": 4500.0})
    ratio = other.columns["Specific capacity [mA.h/g]"][-1] / plain.columns["Specific capacity [mA.h/g]"][-1]
    assert ratio == pytest.approx(50060.0 * 97.280e-3 / 4500.0, rel=1e-9)


def test_an_output_period_changes_rows_and_not_the_physics(plain, run):
    other = run(*STEPS, output={"fields_every": 100.0})
    assert len(other.field_times) > len(plain.field_times)
    assert np.array_equal(other.field_x[-1], plain.field_x[-1])
    assert other.columns["Voltage [V]"][-1] == plain.columns["Voltage [V]"][-1]


def test_the_charge_scales_with_the_particle(plain, run):
    """Half the radius at the C-rate times four: an eighth of the charge, and the same function of D t/R^2."""
    other = run("Charge at 0.8 C for 5 minutes", "Rest for 75 s", particle={"radius": 2.5e-6})
    charges = [solution.columns["Charge passed [C]"][-1] for solution in (other, plain)]
    assert charges[0] == pytest.approx(charges[1] / 8.0, rel=1e-12)
    np.testing.assert_allclose(other.field_x[-1], plain.field_x[-1], atol=2e-4)
