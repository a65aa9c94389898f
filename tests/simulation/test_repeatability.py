"""The same case gives the same bits, here and in another process; every key of the case is heard."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from asyncsoc.results.solution import Solution
from asyncsoc.simulation import simulate

STEPS = ("Charge at C/5 for 20 minutes", "Rest for 5 minutes")
CHANGES: list[dict[str, dict[str, Any]]] = [
    {"particle": {"radius": 4e-6}},
    {"particle": {"mesh": "fine"}},
    {"particle": {"model": "axisymmetric"}},
    {"contact": {"kind": "cap", "coverage": 0.9}},
    {"contact": {"kind": "belt", "coverage": 0.9}},
    {"material": {"name": "ncm811-chen2020"}},
    {"material": {"diffusivity": 4e-15}},
    {"material": {"maximum_concentration": 49340.0}},
    {"electrolyte": {"name": "pegda-peca"}},
    {"electrolyte": {"conductivity": 0.1}},
    {"electrolyte": {"separator_thickness": 50e-6}},
    {"electrolyte": {"areal_capacity": 3.6e5}},
    {"kinetics": {"model": "linear"}},
    {"kinetics": {"model": "uniform-flux"}},
    {"kinetics": {"exchange_current_density": 0.05}},
    {"kinetics": {"transfer_coefficient": 0.3}},
    {"kinetics": {"film_resistance": 0.1}},
    {"protocol": {"temperature": 318.15}},
    {"protocol": {"initial_stoichiometry": 0.69}},
    {"protocol": {"capacity": "200 mAh/g"}},
    {"protocol": {"steps": ["Charge at C/4 for 20 minutes", "Rest for 5 minutes"]}},
    {"protocol": {"steps": ["Charge at C/5 for 21 minutes", "Rest for 5 minutes"]}},
    {"solver": {"tolerance": 1e-5}},
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


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_every_override_changes_the_answer(change, plain, run):
    assert digest(run(*STEPS, **change)) != digest(plain)


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
