"""Four programs, one particle: the same charge solved by dolfinx, PETSc and scikit-fem gives the same lithium."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # the peers' own warnings

MESH = "sphere-axisymmetric-coarse"


@pytest.fixture(scope="module")
def problem():
    from benchmarks.peers.problem import default_problem

    return default_problem(MESH)


@pytest.fixture(scope="module")
def ours(problem):
    from benchmarks.peers.asyncsoc_peer import charge

    return charge(problem, 1e-6)


def difference(ours, other) -> float:
    """Largest difference of the contact means at the other's times, from 2 % of the charge on."""
    late = other.times > 0.02 * other.times[-1]
    mine = np.interp(np.sqrt(other.times[late]), np.sqrt(ours.times), ours.contact_mean)
    return float(np.abs(other.contact_mean[late] - mine).max())


def test_an_independent_assembly_and_integrator_agree(problem, ours):
    """scikit-fem and scipy's BDF share no line with us: D(x) grad x by quadrature against K psi(x)."""
    pytest.importorskip("skfem")
    from benchmarks.peers.skfem_bdf import charge

    other = charge(problem, 1e-5)
    assert difference(ours, other) < 1e-3
    np.testing.assert_allclose(other.final, ours.final, atol=1e-3)


def test_consistent_mass_and_petsc_time_stepping_agree(problem, ours):
    from benchmarks.peers.expert_dolfinx import charge

    other = charge(problem, 1e-4)
    assert difference(ours, other) < 2e-3
    np.testing.assert_allclose(other.final, ours.final, atol=2e-3)


def test_the_tutorial_script_comes_closer_with_every_halving_of_its_steps(problem, ours):
    """First order: the error halves with the step, towards our answer."""
    from benchmarks.peers.problem import graded_steps
    from benchmarks.peers.tutorial_dolfinx import charge

    errors = [difference(ours, charge(problem, graded_steps(problem, count), 3)) for count in (12, 24)]
    assert errors[1] < 0.65 * errors[0]
    assert errors[1] < 6e-3
