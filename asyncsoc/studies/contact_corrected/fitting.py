"""The fit of the radial diffusivity factor to runs of the resolved particle, by Gauss-Newton steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.studies.contact_corrected.graded_sphere import GradedSphere
from asyncsoc.studies.contact_corrected.resolved_runs import ResolvedRun

Array = NDArray[np.float64]

KNOTS = np.array([0.4, 0.7, 0.86, 0.95, 1.0])
"""Radius over R at which the factor is fitted; between them its logarithm is linear, below the first constant."""
_STEEPEST = 2.0
"""V; where |dU/dx| is larger a difference in stoichiometry counts as with this slope: the last percent of a discharge
would outweigh all the rest."""
_SMOOTH = 0.05
"""mV; weight of the differences between neighbouring knots."""
_DIFFERENCE = 1e-3
_DAMPING = (0.03, 1.0, 30.0, 1000.0)
_LARGEST_CHANGE = 1.0
_ITERATIONS = 10
_ROWS = 60
"""Of each step of a run that is fitted; all of them are compared."""
_ENOUGH = 0.01
"""Relative gain of an iteration below which the fit ends."""


@dataclass(frozen=True, eq=False)
class SphereInterface:
    """How the potential follows from the stoichiometry at the surface and the current.

    Attributes
    ----------
    contact_area
        m2.
    film_resistance
        ohm m2 of contact.
    temperature
        K.
    rate_constant
        None: i0 of the material's table; else i0 = F K sqrt(x (1 - x)) [mol/(m2 s)].
    """

    contact_area: float
    film_resistance: float
    temperature: float
    rate_constant: float | None = None

    def potential(self, sphere: GradedSphere, surface: Array, current: Array) -> Array:
        """Return the particle potential [V] of x at the surface, (n, p), and currents (n,) [A]."""
        grid = sphere.properties
        density = (current / self.contact_area)[:, None]
        if self.rate_constant is None:
            level, i0 = grid.at(surface, grid.potential, grid.exchange_current_density)
        else:
            (level,) = grid.at(surface, grid.potential)
            inner = np.clip(surface, 1e-6, 1.0 - 1e-6)
            i0 = FARADAY * self.rate_constant * np.sqrt(inner * (1.0 - inner))
        thermal = GAS_CONSTANT * self.temperature / FARADAY
        eta = 2.0 * thermal * np.arcsinh(density / (2.0 * np.maximum(i0, 1e-12)))
        answer: Array = level + eta + density * self.film_resistance
        return answer


def errors(sphere: GradedSphere, interface: SphereInterface, logarithms: Array, run: ResolvedRun) -> Array:
    """Return the model's particle potential minus the resolved particle's [V], (n,)."""
    surface = sphere.surface_stoichiometry(np.atleast_2d(logarithms), run.history)
    return interface.potential(sphere, surface, run.history.current)[:, 0] - run.potential


def step_errors(
    sphere: GradedSphere, interface: SphereInterface, logarithms: Array, run: ResolvedRun
) -> tuple[float, float]:
    """Return root mean square and largest error of the potential [V] within the range of voltage, the worse of two.

    The two are the time under current and the rest after it.
    """
    wrong = errors(sphere, interface, logarithms, run)
    squares = run.weights * wrong**2
    mean = max(float(squares[~run.resting].sum()), float(squares[run.resting].sum()))
    return float(np.sqrt(mean)), float(np.abs(wrong[run.weights > 0.0]).max())


def fitted_factor(sphere: GradedSphere, interface: SphereInterface, runs: Sequence[ResolvedRun], start: Array) -> Array:
    """Return the logarithms of the diffusivity factor at the sphere's knots, (k,).

    First the mean stoichiometry of the contact is fitted, which depends on the factor almost linearly, then the
    potential.
    """
    found, few = start, [run.thinned(_ROWS) for run in runs]
    for target in (_stoichiometry_misfit, _potential_misfit):
        found = _least_squares(target(sphere, interface, few), found)
    return found


Misfit = Callable[[Array], Array]


def _scale(sphere: GradedSphere, run: ResolvedRun) -> tuple[Array, Array]:
    """Return |dU/dx| of every row [V], and the weight of its error, in 1/mV of V."""
    (slope,) = sphere.properties.at(run.contact_x, sphere.properties.slope)
    return np.abs(slope), 1e3 * np.sqrt(run.weights)


def _smoothness(logarithms: Array) -> Array:
    return _SMOOTH * np.diff(logarithms, axis=1)


def _stoichiometry_misfit(sphere: GradedSphere, interface: SphereInterface, runs: Sequence[ResolvedRun]) -> Misfit:
    def misfit(logarithms: Array) -> Array:
        parts = [_smoothness(logarithms)]
        for run in runs:
            slope, weight = _scale(sphere, run)
            surface = sphere.surface_stoichiometry(logarithms, run.history)
            parts.append(((surface - run.contact_x[:, None]) * (np.minimum(slope, _STEEPEST) * weight)[:, None]).T)
        return np.concatenate(parts, axis=1)

    return misfit


def _potential_misfit(sphere: GradedSphere, interface: SphereInterface, runs: Sequence[ResolvedRun]) -> Misfit:
    def misfit(logarithms: Array) -> Array:
        parts = [_smoothness(logarithms)]
        for run in runs:
            slope, weight = _scale(sphere, run)
            surface = sphere.surface_stoichiometry(logarithms, run.history)
            wrong = interface.potential(sphere, surface, run.history.current) - run.potential[:, None]
            parts.append((wrong * (np.minimum(1.0, _STEEPEST / np.maximum(slope, 1e-9)) * weight)[:, None]).T)
        return np.concatenate(parts, axis=1)

    return misfit


def _least_squares(misfit: Misfit, start: Array) -> Array:
    """Minimize the sum of squares: several dampings of a Gauss-Newton step are tried side by side."""
    found, damping, count = start, 1e-2, len(start)
    for _ in range(_ITERATIONS):
        rows = misfit(np.vstack([found, found + _DIFFERENCE * np.eye(count)]))
        wrong, jacobian = rows[0], ((rows[1:] - rows[0]) / _DIFFERENCE).T
        square, slope, before = jacobian.T @ jacobian, jacobian.T @ wrong, float(wrong @ wrong)
        tries = damping * np.array(_DAMPING)
        diagonal = np.diag(np.maximum(np.diag(square), 1e-12))
        steps = [np.linalg.solve(square + one * diagonal, -slope) for one in tries]
        steps = [one * min(1.0, _LARGEST_CHANGE / float(np.abs(one).max() + 1e-300)) for one in steps]
        after = np.sum(misfit(found + np.array(steps)) ** 2, axis=1)
        after[~np.isfinite(after)] = np.inf
        best = int(np.argmin(after))
        if not after[best] < before:
            break
        found, damping = found + steps[best], max(float(tries[best]), 1e-8)
        if before - after[best] < _ENOUGH * before:
            break
    return found
