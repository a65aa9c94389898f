"""The model that is fitted: all differences from all measurements over the places of the constants in their ranges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import SimulationError
from asyncsoc.case.case import Case
from asyncsoc.problem.meshing import SphereMesh, sphere_mesh_of
from asyncsoc.studies.calibration.constants import FitConstant
from asyncsoc.studies.calibration.losses import loss_of, noise_scale
from asyncsoc.studies.calibration.measurement import Measurement
from asyncsoc.studies.calibration.response import Request, Response, respond_together

Array = NDArray[np.float64]

TOLERANCE = 1e-5
"""Tolerance of a fit's runs where the case's own is larger: differences of runs must not be those of their steps."""
_STEP = 2e-3
"""Step of the differences, as a share of a constant's range."""
_KEPT = 3
"""Places whose runs are remembered."""
_SAME_COVERAGE = 0.01
"""Change of the coverage that a mesh refined along the contact's edge is kept through."""
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
        self._kept: dict[bytes, list[list[Comparison | SimulationError]]] = {}

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
        spheres = tuple(
            sphere_mesh_of(case) if case.particle.shape == "sphere" and not case.electrode.described else None
            for case in cases
        )
        changed = not all(_alike(*pair) for pair in zip(spheres, self._spheres, strict=True))
        if changed:
            self._spheres = spheres
            self._kept.clear()
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
        scale = max(noise_scale(self.loss, found, share), _SMALLEST_SCALE)
        changed = abs(math.log(scale / self.prior_scale)) > _SAME_SCALE
        self.prior_scale = scale
        return changed

    def compared(self, place: Array) -> list[Comparison | SimulationError]:
        """Return what the model says of each measurement."""
        return self._around(place)[0]

    def residuals(self, place: Array) -> Array:
        """Return the weighted differences, (n,), and after them the residuals of the priors."""
        return self._residuals(place, self.compared(place))

    def jacobian(self, place: Array) -> Array:
        """Return the derivatives of `residuals` by the places: central differences, one-sided at an end of a range."""
        _, *around = self._around(place)
        columns = []
        for k in range(len(place)):
            low, high = _moved(place, k)
            below, above = (self._residuals(place, found) for found in around[2 * k : 2 * k + 2])
            columns.append((above - below) / (high[k] - low[k]))
        jacobian = np.column_stack(columns)
        for row, k in enumerate(self._priors, start=self.points):
            jacobian[row] = 0.0
            jacobian[row, k] = self._prior_slope(k, float(place[k]))
        return jacobian

    def _around(self, place: Array) -> list[list[Comparison | SimulationError]]:
        """Return comparisons at a place and at the ends of the differences about it, all run together.

        A search asks for the residuals and mostly for the Jacobian too: side by side both cost little more than one.
        """
        key = place.tobytes()
        if key not in self._kept:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = self._compare([place, *(moved for k in range(len(place)) for moved in _moved(place, k))])
        return self._kept[key]

    def _compare(self, places: Sequence[Array]) -> list[list[Comparison | SimulationError]]:
        """Return comparisons at places, of which all after the first differ from it by constant 0, 0, 1, 1, ...

        A run that does not have the constant that differs is not made again.
        """
        chosen = [
            (number, run)
            for number in range(len(places))
            for run in self._shared
            if number == 0 or self.constants[(number - 1) // 2].belongs_to(self.measurements[run[0]].name)
        ]
        self.runs += len(chosen)
        responses = respond_together(
            [
                Request(
                    self.case_at(places[number], run[0], exact=True),
                    tuple((self.measurements[k].curve, self.measurements[k].step) for k in run),
                    self._spheres[run[0]],
                )
                for number, run in chosen
            ],
            threads=self._threads,
        )
        compared: list[list[Comparison | SimulationError]] = []
        found = {(number, k): response for (number, run), response in zip(chosen, responses, strict=True) for k in run}
        for number in range(len(places)):
            compared.append(
                [
                    _comparison(found[number, k], one) if (number, k) in found else compared[0][k]
                    for k, one in enumerate(self.measurements)
                ]
            )
        return compared

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

    def _residuals(self, place: Array, comparisons: Sequence[Comparison | SimulationError]) -> Array:
        differences = [
            np.full(one.count, _FAILED) if isinstance(there, SimulationError) else there.difference
            for there, one in zip(comparisons, self.measurements, strict=True)
        ]
        priors = [self._prior(k, float(place[k])) for k in self._priors]
        return np.concatenate([np.sqrt(self.weights) * np.concatenate(differences), priors])

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


def _moved(place: Array, k: int) -> tuple[Array, Array]:
    """Return the places a step below and above in one constant, within the ranges."""
    low, high = place.copy(), place.copy()
    low[k], high[k] = max(place[k] - _STEP, 0.0), min(place[k] + _STEP, 1.0)
    return low, high


def _alike(one: SphereMesh | None, other: SphereMesh | None) -> bool:
    """Return whether two meshes are the same, or refined along the edges of two contacts that hardly differ."""
    if one is None or other is None or one.contact is None or other.contact is None:
        return one == other
    change = abs(float(one.contact.fraction or 1.0) - float(other.contact.fraction or 1.0))
    return replace(one, contact=None) == replace(other, contact=None) and change < _SAME_COVERAGE


def _comparison(response: Response | SimulationError, one: Measurement) -> Comparison | SimulationError:
    if isinstance(response, SimulationError):
        return response
    values = response.at(one.curve, one.step)
    return Comparison(response, values, one.difference(values))
