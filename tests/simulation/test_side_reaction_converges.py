"""A coupled charge is converged: half the mesh width and tolerance move film and side charge by far less than 1 %."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.materials.registry import cathode
from asyncsoc.problem.case_side_reaction import side_reaction_model
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation import simulate
from asyncsoc.simulation.results.solution import Solution

CHARGE = "Charge at C/10 until 4.2 V"
STRONG = {"exchange_current_density": 1e-5}
BLOCKS = 1e-8
"""m."""
CLOSING = {
    "driving_force": "reaction-energy",
    "exchange_current_density": 3e-3,
    "blocking_thickness": BLOCKS,
    "film_conductivity": 1.0,
}
MEASURED = (names.SIDE_CHARGE, names.FILM_MEAN, names.FILM_MAX, names.CAPACITY)


@pytest.fixture
def charged(run):
    """Charge a particle on the mesh named, to the tolerance given."""

    def charge(mesh: str, tolerance: float, coverage: float, **side: object) -> Solution:
        return run(
            CHARGE,
            particle={"radius": 7.5e-6, "mesh": mesh},
            contact={"kind": "cap", "coverage": coverage},
            protocol={"initial_stoichiometry": 0.9},
            side_reaction={"mode": "coupled", **side},
            solver={"tolerance": tolerance},
        )

    return charge


@pytest.mark.parametrize(
    ("coverage", "side"),
    [(0.3, {}), (0.1, {}), (0.3, {"exchange_current_density": 1e-4, "limiting_thickness": "5 nm"})],
    ids=["default", "narrow", "passivating"],
)
def test_half_the_width_and_half_the_tolerance(charged, coverage, side) -> None:
    coarse, fine = charged("coarse", 2e-4, coverage, **side), charged("fine", 1e-4, coverage, **side)
    width = [np.sqrt(1.0 / solution.mesh.n_nodes) for solution in (coarse, fine)]
    assert width[1] / width[0] == pytest.approx(0.5, abs=0.05)
    for name in MEASURED:
        assert coarse.columns[name][-1] == pytest.approx(fine.columns[name][-1], rel=2e-3), name
    assert coarse.columns[names.RISK_MAX][-1] == pytest.approx(fine.columns[names.RISK_MAX][-1], rel=1e-2)


def test_the_error_falls_with_the_tolerance(charged) -> None:
    found = {tolerance: charged("coarse", tolerance, 0.3) for tolerance in (1e-3, 1e-4, 1e-6)}
    side = {tolerance: solution.columns[names.SIDE_CHARGE][-1] for tolerance, solution in found.items()}
    assert abs(side[1e-4] - side[1e-6]) < 0.3 * abs(side[1e-3] - side[1e-6])
    assert side[1e-4] == pytest.approx(side[1e-6], rel=1e-4)


def test_a_contact_that_closes_is_no_kink(charged) -> None:
    """The rate falls with the open share, so that no place closes in a finite time: the error falls with the tolerance.

    A charge that closes 98 % of its contact takes no more time steps than others do.
    """
    found = {tolerance: charged("draft", tolerance, 0.3, **CLOSING) for tolerance in (1e-4, 1e-5, 1e-6)}
    capacity = {tolerance: solution.columns[names.CAPACITY][-1] for tolerance, solution in found.items()}
    assert abs(capacity[1e-5] / capacity[1e-6] - 1.0) < 3e-5
    assert abs(capacity[1e-4] / capacity[1e-6] - 1.0) < 3e-4
    for solution in found.values():
        assert 0.01 < solution.columns[names.OPEN_SHARE][-1] < 0.03
        assert solution.columns[names.FILM_MAX].max() < BLOCKS
    assert found[1e-4].provenance["integrator steps"]["accepted"] < 60


def test_the_open_share_falls_as_the_exponential_of_what_reacted(make_case) -> None:
    """ds/dt = -(v_f/d_block) o s with o per open area: s = exp(-v_f/d_block times the integral of o)."""
    case = make_case(
        CHARGE,
        particle={"model": "radial", "radius": 7.5e-6},
        contact={"kind": "full"},
        protocol={"temperature": "60 degC"},
        side_reaction={"mode": "coupled", **CLOSING, "exchange_current_density": 3e-4},
        solver={"tolerance": 1e-6},
    )
    solution = simulate(case)
    model = side_reaction_model(case, cathode("ncm811-sturm2019"))
    columns = solution.columns
    time, x = columns[names.TIME], columns[names.CONTACT_X]
    rate = model.rate(x, columns[names.POTENTIAL], 333.15).rate
    reacted = np.concatenate([[0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * np.diff(time))])
    share = np.exp(-model.film.volume_per_charge / BLOCKS * reacted)
    assert columns[names.OPEN_SHARE][-1] < 0.07
    np.testing.assert_allclose(columns[names.OPEN_SHARE], share, rtol=5e-3)


def test_three_dimensions_agree_with_two(run) -> None:
    asked = {"contact": {"kind": "cap", "coverage": 0.3}, "side_reaction": {"mode": "coupled", **STRONG}}
    flat, solid = (
        run("Charge at C/5 until 4.15 V", particle={"model": model}, **asked) for model in ("axisymmetric", "3d")
    )
    for name in MEASURED:
        assert solid.columns[name][-1] == pytest.approx(flat.columns[name][-1], rel=0.01), name
    assert solid.columns[names.RISK_MAX][-1] == pytest.approx(flat.columns[names.RISK_MAX][-1], rel=0.02)
    assert solid.columns[names.BALANCE].max() < 1e-10
