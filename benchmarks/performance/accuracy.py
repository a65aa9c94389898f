"""The error norm: contact mean against a reference refined in time on the same mesh, of the same discretization.

The error of a run is the largest |contact-mean x - reference| at the times it reports from 1 % of the charge on. Each
method has a reference with its own discretization in space (lumped or consistent mass, psi(x) or D(x) grad x), so
that nobody pays for how the mesh treats their form; how far the references lie apart is asserted.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from benchmarks.peers import asyncsoc_peer, expert_dolfinx, skfem_bdf
from benchmarks.peers.problem import History, Problem
from benchmarks.reporting import require

Array = NDArray[np.float64]

TARGET = 1e-3
"""Error everyone has to reach."""
FROM = 0.01
"""Share of the charge before which nothing is compared."""
SAMPLES = 400
MEAN_ERROR = 2e-5
"""In the volume-mean stoichiometry at the end of a reference, which the charge passed fixes."""
LOOSE_MEAN_ERROR = 1e-3
"""The same of a run: Newton and linear solves of the peers stop at tolerances of their own."""
APART = {"axisymmetric": 2e-3, "cartesian": 2e-2}
"""Largest difference of two references: discretization error of the mesh, transients at 1 % of the charge included."""
OURS = "lumped mass, psi(x)"
OURS_BUTLER_VOLMER = "lumped mass, psi(x), Butler-Volmer"
CONSISTENT = "consistent mass, D(x) grad x"
LUMPED = "lumped mass, D(x) grad x"
_TIGHT_OURS, _TIGHT_CONSISTENT, _TIGHT_LUMPED = 1e-7, 1e-5, 1e-6


def volume_mean(problem: Problem, x: Array) -> float:
    """Return the volume mean of nodal values, by the lumped mass (exact for linear fields)."""
    system, _ = asyncsoc_peer.prepared(problem.mesh)
    mass = system.kernel.mass
    return float(mass @ x[system.order]) / float(mass.sum())


def check_mean(name: str, history: History, problem: Problem, limit: float = LOOSE_MEAN_ERROR) -> None:
    """Demand the volume mean at the end that the charge passed leaves no choice about.

    Raises
    ------
    AnswerError
        The lithium is not there.
    """
    require(f"{name}: mean stoichiometry at the end", volume_mean(problem, history.final) - problem.mean_at_end, limit)


@lru_cache(maxsize=128)
def reference(problem: Problem, discretization: str) -> CubicSpline:
    """Return the refined contact mean as a function of the square root of time.

    Raises
    ------
    AnswerError
        It has lost lithium.
    """
    if discretization == OURS:
        history = asyncsoc_peer.charge(problem, _TIGHT_OURS)
    elif discretization == OURS_BUTLER_VOLMER:
        history = asyncsoc_peer.charge(problem, _TIGHT_OURS, "butler-volmer")
    elif discretization == CONSISTENT:
        history = expert_dolfinx.charge(problem, _TIGHT_CONSISTENT, method="rosw")
    else:
        history = skfem_bdf.charge(problem, _TIGHT_LUMPED)
    check_mean(f"reference ({discretization})", history, problem, MEAN_ERROR)
    return curve(history)


def curve(history: History) -> CubicSpline:
    """Return the contact mean as a smooth function of the square root of time."""
    times, first = np.unique(history.times, return_index=True)
    return CubicSpline(np.sqrt(times), history.contact_mean[first])


def distance(times: Array, values: Array, exact: CubicSpline, problem: Problem) -> float:
    """Return the largest difference from a reference from `FROM` of the charge on."""
    late = times >= FROM * problem.duration * (1.0 - 1e-12)
    return float(np.abs(values[late] - exact(np.sqrt(times[late]))).max())


def error_of(history: History, problem: Problem, discretization: str) -> float:
    """Check a run's lithium and return its error.

    Raises
    ------
    AnswerError
        Lithium is missing.
    """
    check_mean(discretization, history, problem)
    return distance(history.times, history.contact_mean, reference(problem, discretization), problem)


def check_references(problem: Problem, discretizations: tuple[str, ...]) -> dict[str, float]:
    """Return how far each reference lies from ours; they must be close.

    Raises
    ------
    AnswerError
        They are farther apart than the mesh explains.
    """
    shared = np.sqrt(problem.duration * np.linspace(FROM, 1.0, SAMPLES))
    ours = reference(problem, OURS)(shared)
    found = {}
    for name in discretizations:
        found[name] = float(np.abs(reference(problem, name)(shared) - ours).max())
        require(f"references apart ({name})", found[name], APART[problem.mesh.coordinates])
    return found
