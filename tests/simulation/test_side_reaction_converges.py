"""A coupled charge is converged: half the mesh width and tolerance move film and side charge by far less than 1 %."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.solution import Solution

CHARGE = "Charge at C/10 until 4.2 V"
STRONG = {"exchange_current_density": 1e-5}
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


def test_three_dimensions_agree_with_two(run) -> None:
    asked = {"contact": {"kind": "cap", "coverage": 0.3}, "side_reaction": {"mode": "coupled", **STRONG}}
    flat, solid = (
        run("Charge at C/5 until 4.15 V", particle={"model": model}, **asked) for model in ("axisymmetric", "3d")
    )
    for name in MEASURED:
        assert solid.columns[name][-1] == pytest.approx(flat.columns[name][-1], rel=0.01), name
    assert solid.columns[names.RISK_MAX][-1] == pytest.approx(flat.columns[names.RISK_MAX][-1], rel=0.02)
    assert solid.columns[names.BALANCE].max() < 1e-10
