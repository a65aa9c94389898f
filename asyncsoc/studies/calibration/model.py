"""The model that is fitted: all differences from all measurements over the places of the constants in their ranges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import SimulationError
from asyncsoc.case.case import Case
from asyncsoc.problem.meshing import SphereMesh, sphere_mesh_of
from asyncsoc.studies.calibration.constants import FitConstant
from asyncsoc.studies.calibration.losses import loss_of, noise_variance
from asyncsoc.studies.calibration.measurement import Measurement
from asyncsoc.studies.calibration.response import Request, Response, respond_together

Array = NDArray[np.float64]

TOLERANCE = 1e-5
"""Tolerance of a fit's runs where the case's own is larger: differences of runs must not be those of their steps."""
_STEP = 2e-3
"""Step of the differences, as a share of a constant's range."""
_SMALLEST_SCALE, _SAME_SCALE = 0.01, 0.02
_FAILED = 1e3
"""Difference, in expected errors, of what cannot be simulated."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """One measurement beside the model.

    Attributes
    ----------
    response
        The model's run.
    values : (n,)
        The model at the measured points.
    difference : (n,)
        In units of the expected error.
    """

    response: Response
    values: Array
    difference: Array


class FitModel:
    """Differences of a model from measurements, with their priors, over the places of its constants.

    Parameters
    ----------
    measurements, constants
        What is compared, and what is fitted.
    loss
        Name of the loss under which the differences count; priors count by their squares.
    threads
        Threads of the integrator.

    Attributes
    ----------
    runs
        Simulations so far.
    weights : (n,)
        What each point counts.
    prior_scale
        Factor of the priors' residuals: the size of the differences, in expected errors, that priors are weighed
        against.
    """

    def __init__(
        self, measurements: Sequence[Measurement], constants: Sequence[FitConstant], loss: str, threads: int = 1
    ) -> None:
        self.measurements, self.constants, self.loss = tuple(measurements), tuple(constants), loss
        self._threads = threads
        self.runs, self.prior_scale = 0, 1.0
        self._priors = [k for k, constant in enumerate(constants) if constant.prior is not None]
        self.points = sum(measurement.count for measurement in measurements)
        self.weights = np.ones(self.points)
        self._spheres: tuple[SphereMesh | None, ...] = (None,) * len(self.measurements)
        self._shared = self._one_run_each()

    def case_at(self, place: Array, number: int, *, exact: bool = False) -> Case:
        """Return the case of a measurement with the constants at their places.

        Parameters
        ----------
        place : (p,)
            Places in the ranges.
        number
            Of the measurement.
        exact
            Whether with a tolerance that differences of runs need.
        """
        measurement = self.measurements[number]
        changes = [
            f"{constant.key}={constant.from_unit(float(p))!r}"
            for constant, p in zip(self.constants, place, strict=True)
            if constant.belongs_to(measurement.name)
        ]
        tolerance = measurement.case.solver.tolerance
        return measurement.case.with_overrides(
            [*changes, f"solver.tolerance={min(tolerance, TOLERANCE)!r}"] if exact else changes
        )

    def hold_meshes(self, place: Array) -> bool:
        """Keep to the meshes that the cases have at a place; return whether they are others than before.

        A mesh that changed from run to run would put steps into the differences.
        """
        cases = [self.case_at(place, number) for number in range(len(self.measurements))]
        spheres = tuple(sphere_mesh_of(case) if case.particle.shape == "sphere" else None for case in cases)
        names = [[None if one is None else one.name for one in some] for some in (spheres, self._spheres)]
        changed = names[0] != names[1]
        if changed:
            self._spheres = spheres
        return changed

    def weigh(self, comparisons: Sequence[Comparison]) -> None:
        """Set what each point counts, from the protocol steps the points are in."""
        self.weights = np.concatenate(
            [
                one.point_weights(found.response.steps_at(one.curve, one.step))
                for one, found in zip(self.measurements, comparisons, strict=True)
            ]
        )

    def weigh_priors(self, residuals: Array) -> bool:
        """Weigh priors against differences as large as these; return whether they were weighed otherwise before.

        Parameters
        ----------
        residuals
            As `residuals` returned them.
        """
        if not self._priors:
            return False
        found = residuals[: self.points] / np.sqrt(self.weights)
        share = max(self.points - len(self.constants), 1) / self.points
        scale = max(noise_variance(self.loss, found, share) ** 0.5, _SMALLEST_SCALE)
        changed = abs(math.log(scale / self.prior_scale)) > _SAME_SCALE
        self.prior_scale = scale
        return changed

    def compare(self, places: Sequence[Array]) -> list[list[Comparison | SimulationError]]:
        """Return for each place what the model says of each measurement; all runs are made together."""
        requests = [
            Request(
                self.case_at(place, run[0], exact=True),
                tuple((self.measurements[k].curve, self.measurements[k].step) for k in run),
                self._spheres[run[0]],
            )
            for place in places
            for run in self._shared
        ]
        self.runs += len(requests)
        responses = iter(respond_together(requests, threads=self._threads))
        compared = []
        for _ in places:
            found = {k: response for run in self._shared for response in (next(responses),) for k in run}
            compared.append([_comparison(found[k], one) for k, one in enumerate(self.measurements)])
        return compared

    def residuals(self, place: Array) -> Array:
        """Return the weighted differences, (n,), and after them the residuals of the priors."""
        return self._residuals([place])[0]

    def jacobian(self, place: Array) -> Array:
        """Return the derivatives of `residuals` by the places: central differences, one-sided at an end of a range."""
        places, lengths = [], []
        for k in range(len(place)):
            ends = []
            for sign in (-1.0, 1.0):
                moved = place.copy()
                moved[k] = min(max(place[k] + sign * _STEP, 0.0), 1.0)
                ends.append(moved)
            places += ends
            lengths.append(ends[1][k] - ends[0][k])
        found = self._residuals(places)
        columns = [(found[2 * k + 1] - found[2 * k]) / length for k, length in enumerate(lengths)]
        jacobian = np.column_stack(columns)
        for row, k in enumerate(self._priors, start=self.points):
            jacobian[row] = 0.0
            jacobian[row, k] = self._prior_slope(k, float(place[k]))
        return jacobian

    def rho(self, z: Array) -> Array:
        """Return the loss of squared residuals with its two derivatives, as scipy asks for it."""
        found = loss_of("linear", z)
        found[:, : self.points] = loss_of(self.loss, z[: self.points] / self.weights)
        found[0, : self.points] *= self.weights
        found[2, : self.points] /= self.weights
        return found

    def _one_run_each(self) -> list[list[int]]:
        """Return the numbers of measurements that one run serves: those of one case and the same constants."""
        found: dict[tuple[int, tuple[bool, ...]], list[int]] = {}
        for k, one in enumerate(self.measurements):
            own = tuple(constant.belongs_to(one.name) for constant in self.constants)
            found.setdefault((id(one.case), own), []).append(k)
        return list(found.values())

    def _residuals(self, places: Sequence[Array]) -> list[Array]:
        root = np.sqrt(self.weights)
        found = []
        for place, comparisons in zip(places, self.compare(places), strict=True):
            differences = [
                np.full(one.count, _FAILED) if isinstance(there, SimulationError) else there.difference
                for there, one in zip(comparisons, self.measurements, strict=True)
            ]
            priors = [self._prior(k, float(place[k])) for k in self._priors]
            found.append(np.concatenate([root * np.concatenate(differences), priors]))
        return found

    def _prior(self, k: int, place: float) -> float:
        constant = self.constants[k]
        prior = constant.prior
        return 0.0 if prior is None else self.prior_scale * prior.residual(constant.from_unit(place))

    def _prior_slope(self, k: int, place: float) -> float:
        constant = self.constants[k]
        prior = constant.prior
        if prior is None:
            return 0.0
        return self.prior_scale * prior.slope(constant.from_unit(place)) * constant.value_slope(place)


def _comparison(response: Response | SimulationError, one: Measurement) -> Comparison | SimulationError:
    if isinstance(response, SimulationError):
        return response
    values = response.at(one.curve, one.step)
    return Comparison(response, values, one.difference(values))
