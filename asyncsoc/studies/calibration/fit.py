"""`calibrate`: constants of a case fitted to measured curves by least squares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.case.case import Case
from asyncsoc.interface.rate_laws import has_no_effect, rate_law_names
from asyncsoc.studies.calibration.constants import FitConstant
from asyncsoc.studies.calibration.identify import Identification, identify
from asyncsoc.studies.calibration.measured import MeasuredCurve
from asyncsoc.studies.calibration.response import Response, respond

Array = NDArray[np.float64]

VOLTAGE_ERROR = 5e-3
"""V expected between model and measurement; sets how voltages weigh against resistances."""
RESISTANCE_ERROR = 0.05
"""Relative; resistances are compared by their logarithms."""
_STEP = 2e-3
"""Step of the differences, as a share of a constant's range."""
_TOLERANCE = 1e-5
_FAILED = 1e3
_LONGEST = 40


@dataclass(frozen=True, eq=False)
class Calibration:
    """A fit.

    Attributes
    ----------
    case
        The case with the fitted constants, each marked as fitted with the data's names.
    identification
        Confidence intervals and identifiability.
    data, responses
        The measured curves, and the fitted model's values at their times.
    rms
        Root mean square difference of each curve: V, or relative for resistances.
    lag_correlation
        Correlation of each curve's neighbouring differences: near 1 they are no noise but what the model lacks.
    beyond
        Points of each curve after the end of the model's run: they say only that it ends too early.
    runs
        Simulations it took.
    converged, reason
        Whether and why the search ended.
    """

    case: Case
    identification: Identification
    data: tuple[MeasuredCurve, ...]
    responses: tuple[Array, ...]
    rms: tuple[float, ...]
    lag_correlation: tuple[float, ...]
    beyond: tuple[int, ...]
    runs: int
    converged: bool
    reason: str


class _Model:
    """Residuals of a case over the places of its constants in their ranges."""

    def __init__(self, case: Case, data: Sequence[MeasuredCurve], constants: Sequence[FitConstant]) -> None:
        self._case, self._data, self._constants = case, data, constants
        self.runs = 0

    def case_at(self, place: Array) -> Case:
        changes = [
            f"{constant.key}={constant.from_unit(float(p))!r}"
            for constant, p in zip(self._constants, place, strict=True)
        ]
        return self._case.with_overrides(changes)

    def response(self, place: Array) -> Response:
        self.runs += 1
        return respond(self.case_at(place), self._data)

    def residuals(self, place: Array) -> Array:
        """Return all differences in units of their expected errors."""
        try:
            response = self.response(place)
        except SimulationError:
            return np.full(sum(len(measured.time) for measured in self._data), _FAILED)
        return np.concatenate([_difference(response.at(measured), measured) for measured in self._data])

    def jacobian(self, place: Array) -> Array:
        """Return central differences, one-sided at an end of a range."""
        columns = []
        for k in range(len(place)):
            ends = []
            for sign in (-1.0, 1.0):
                moved = place.copy()
                moved[k] = min(max(place[k] + sign * _STEP, 0.0), 1.0)
                ends.append((moved[k], self.residuals(moved)))
            columns.append((ends[1][1] - ends[0][1]) / (ends[1][0] - ends[0][0]))
        return np.column_stack(columns)


def _difference(values: Array, measured: MeasuredCurve) -> Array:
    if measured.quantity == "voltage":
        return (values - measured.values) / VOLTAGE_ERROR
    return np.asarray(np.log(np.maximum(values, 1e-300) / measured.values) / RESISTANCE_ERROR)


def calibrate(
    case: Case,
    data: Sequence[MeasuredCurve],
    constants: Sequence[FitConstant],
    *,
    log: Callable[[str], None] | None = None,
) -> Calibration:
    """Fit constants of a case to measured curves.

    scipy's trust-region least squares over each constant's place in its range; the last Jacobian by central differences
    gives intervals and identifiability (`identify`).

    Parameters
    ----------
    case
        What was measured: particle, contact, protocol, and the constants that are not fitted.
    data
        Curves; times count from the start of the case's protocol.
    constants
        What to fit.
    log
        Called with one line of text on the progress of the search.

    Raises
    ------
    InputError
        Nothing to fit or fewer points than constants, a constant the case's mode does not use, or a case that cannot be
        built.
    SimulationError
        The case cannot be simulated where the search starts.
    """
    from scipy.optimize import least_squares

    _check(case, data, constants)
    model = _Model(case, data, constants)
    start = np.array([constant.start(case) for constant in constants])
    model.response(start)

    def residuals(place: Array) -> Array:
        found = model.residuals(place)
        if log is not None:
            log(f"run {model.runs}: {np.sqrt(np.mean(found**2)):.4g} times the expected error")
        return found

    search = least_squares(
        residuals, start, jac=model.jacobian, bounds=(0.0, 1.0), x_scale="jac", method="trf",
        ftol=_TOLERANCE, xtol=_TOLERANCE, gtol=None, max_nfev=_LONGEST,
    )  # fmt: skip
    place = np.asarray(search.x, dtype=np.float64)
    response = model.response(place)
    values = tuple(response.at(measured) for measured in data)
    return Calibration(
        case=_marked(model.case_at(place), data, constants),
        identification=identify(constants, place, model.jacobian(place), np.asarray(search.fun)),
        data=tuple(data),
        responses=values,
        rms=tuple(_rms(found, measured) for found, measured in zip(values, data, strict=True)),
        lag_correlation=tuple(_lag(found, measured) for found, measured in zip(values, data, strict=True)),
        beyond=tuple(int(np.sum(measured.time > response.time[-1])) for measured in data),
        runs=model.runs,
        converged=bool(search.status > 0),
        reason=str(search.message),
    )


def _check(case: Case, data: Sequence[MeasuredCurve], constants: Sequence[FitConstant]) -> None:
    keys = [constant.key for constant in constants]
    if not keys or len(set(keys)) != len(keys):
        raise InputError("name each constant to fit, once", where="--fit", value=", ".join(keys))
    points = sum(len(measured.time) for measured in data)
    if points <= len(keys):
        raise InputError("fewer points than constants", where="data", value=points, allowed=f"more than {len(keys)}")
    resistance = any(measured.quantity == "resistance" for measured in data)
    if resistance and case.kinetics.imposes_flux:
        raise InputError(
            "uniform flux has no resistance to compare with", where="kinetics.model", value=case.kinetics.model,
            allowed=", ".join(rate_law_names()),
        )  # fmt: skip
    for key in keys:
        if key.startswith("side_reaction.") and case.side_reaction.mode != "coupled":
            raise InputError(
                "a constant of the side reaction changes nothing that is measured unless it is coupled",
                where=f"--fit {key}",
                value=f"side_reaction.mode = {case.side_reaction.mode!r}",
                next_step="--set side_reaction.mode=coupled",
            )
        if key.startswith("kinetics.") and case.kinetics.imposes_flux:
            raise InputError("uniform flux has no kinetic constants", where=f"--fit {key}", value=case.kinetics.model)
        unread = has_no_effect(key.removeprefix("kinetics."), case.kinetics.model)
        if key.startswith("kinetics.") and unread is not None:
            raise InputError(unread, where=f"--fit {key}", next_step="--set kinetics.model=... or fit another constant")


def _marked(case: Case, data: Sequence[MeasuredCurve], constants: Sequence[FitConstant]) -> Case:
    """Return the case with every fitted constant marked so, beside those marked before."""
    source = "; ".join(measured.described for measured in data)
    for section in ("side_reaction", "kinetics"):
        names = [constant.name for constant in constants if constant.section == section]
        if names:
            own = getattr(case, section)
            kept = tuple(dict.fromkeys((*own.fitted, *names)))
            before = f"{own.fitted_to}; " if own.fitted_to and own.fitted_to != source else ""
            keys = {**case.model_dump(exclude_unset=True)}
            keys[section] = {**keys.get(section, {}), "fitted": kept, "fitted_to": before + source}
            case = Case.from_dict(keys)
    return case


def _lag(found: Array, measured: MeasuredCurve) -> float:
    difference = _difference(found, measured)
    power = float(difference @ difference)
    return float(difference[1:] @ difference[:-1]) / power if power > 0.0 else 0.0


def _rms(found: Array, measured: MeasuredCurve) -> float:
    scale = VOLTAGE_ERROR if measured.quantity == "voltage" else RESISTANCE_ERROR
    return float(np.sqrt(np.mean(_difference(found, measured) ** 2)) * scale)
