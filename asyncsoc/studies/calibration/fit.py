"""`calibrate`: constants of one or several cases fitted to measured curves by least squares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.display import Rows, Shown
from asyncsoc.base.errors import SimulationError
from asyncsoc.case.case import Case
from asyncsoc.studies.calibration.constants import FitConstant
from asyncsoc.studies.calibration.identify import Evidence, Identification, identify
from asyncsoc.studies.calibration.losses import check_loss
from asyncsoc.studies.calibration.measured import MeasuredCurve
from asyncsoc.studies.calibration.measurement import Measurement
from asyncsoc.studies.calibration.model import Comparison, FitModel
from asyncsoc.studies.calibration.profile import LikelihoodProfile, profile
from asyncsoc.studies.calibration.refusals import refuse_what_cannot_be_fitted

Array = NDArray[np.float64]

_CHANGE = 1e-5
_LONGEST = 40
_MOST_SEARCHES = 8


@dataclass(frozen=True, eq=False, repr=False)
class Calibration(Shown):
    """A fit.

    Attributes
    ----------
    cases
        The case of each measurement with the fitted constants, each marked as fitted with the data's names.
    constants
        What was fitted.
    identification
        Confidence intervals and identifiability.
    measurements, responses
        What was measured, and the fitted model's values at its points.
    rms
        Root mean square difference of each curve: V, or relative for resistances.
    lag_correlation
        Correlation of each curve's neighbouring differences: near 1 they are no noise but what the model lacks.
    beyond
        Points of each curve after the end of the model's run: they say only that it ends too early.
    profiles
        Profile likelihood of each constant, empty where it was not asked for.
    loss
        Under which the differences were minimized.
    runs
        Simulations it took.
    converged, reason
        Whether and why the search ended.
    """

    cases: tuple[Case, ...]
    constants: tuple[FitConstant, ...]
    identification: Identification
    measurements: tuple[Measurement, ...]
    responses: tuple[Array, ...]
    rms: tuple[float, ...]
    lag_correlation: tuple[float, ...]
    beyond: tuple[int, ...]
    profiles: tuple[LikelihoodProfile, ...]
    loss: str
    runs: int
    converged: bool
    reason: str

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        rows: list[tuple[str, object]] = [
            (one.key, f"{one.value:.5g} {one.unit}, 95 % interval {one.low:.4g} to {one.high:.4g}".replace(" ,", ","))
            for one in self.identification.intervals
        ]
        differences = zip(self.measurements, self.rms, strict=True)
        rows += [(f"difference, root mean square: {one.name}", rms) for one, rms in differences]
        rows += [("simulations", self.runs), ("ended", self.reason)]
        notes = [] if self.converged else ["the search did not converge"]
        notes += [f"{one.key} is at an end of its range" for one in self.identification.intervals if one.at_edge]
        notes += [f"the data do not determine {one.key}" for one in self.identification.intervals if not one.identified]
        return "", rows, notes

    @property
    def case(self) -> Case:
        """The case of the first measurement with the fitted constants."""
        return self.cases[0]

    @property
    def data(self) -> tuple[MeasuredCurve, ...]:
        """The measured curves."""
        return tuple(one.curve for one in self.measurements)

    @property
    def values(self) -> dict[str, float]:
        """The fitted values [SI] by key."""
        return {interval.key: interval.value for interval in self.identification.intervals}


def calibrate(
    case: Case,
    data: Sequence[MeasuredCurve],
    constants: Sequence[FitConstant],
    *,
    log: Callable[[str], None] | None = None,
) -> Calibration:
    """Fit constants of a case to measured curves; `calibrate_together` with one case and no options."""
    return calibrate_together([Measurement.of(case, curve) for curve in data], constants, log=log)


def calibrate_together(
    measurements: Sequence[Measurement],
    constants: Sequence[FitConstant],
    *,
    loss: str = "linear",
    profiles: bool = False,
    threads: int = 1,
    log: Callable[[str], None] | None = None,
) -> Calibration:
    """Fit constants to measurements, all at once.

    scipy's trust-region least squares over each constant's place in its range; the last Jacobian by central differences
    gives intervals and identifiability (`identify`). The runs of a difference are integrated side by side, on meshes
    that are held through a search and made anew where the fitted case has others. How large the differences are is not
    known before: priors are weighed against what is found, so the search is repeated until that stays.

    Parameters
    ----------
    measurements
        What was measured, each in a case of its own.
    constants
        What to fit; measurements share a constant unless it names those it belongs to.
    loss
        "linear" for squares; "huber", "soft_l1", "cauchy" or "arctan" give less weight to differences beyond the
        expected error.
    profiles
        Also the profile likelihood of every constant: about three more fits each.
    threads
        Threads of the integrator.
    log
        Called with one line of text on the progress of the search.

    Raises
    ------
    InputError
        Nothing to fit or fewer points than constants, a constant without effect or without data, measurements that
        share no constant, a case that cannot be built.
    SimulationError
        A case cannot be simulated where the search starts.
    """
    check_loss(loss)
    refuse_what_cannot_be_fitted(measurements, constants)
    model = FitModel(measurements, constants, loss, threads)
    place = np.array([_start(constant, measurements) for constant in constants])
    place, converged, reason = _minimize(model, place, log)
    found = _simulated(model.compared(place))
    residuals = np.concatenate([one.difference for one in found])
    jacobian, evidence = _evidence(model, model.jacobian(place))
    identification = identify(constants, place, jacobian, residuals, evidence)
    shown = tuple(one.values for one in found)
    return Calibration(
        cases=tuple(_marked(model.case_at(place, k), measurements, constants, k) for k in range(len(measurements))),
        constants=tuple(constants),
        identification=identification,
        measurements=tuple(measurements),
        responses=shown,
        rms=tuple(
            float(np.sqrt(np.mean(one.difference**2)) * measured.error)
            for one, measured in zip(found, measurements, strict=True)
        ),
        lag_correlation=tuple(_lag(one.difference) for one in found),
        beyond=tuple(
            one.response.beyond(measured.curve, measured.step)
            for one, measured in zip(found, measurements, strict=True)
        ),
        profiles=_profiles(model, place, identification) if profiles else (),
        loss=loss,
        runs=model.runs,
        converged=converged,
        reason=reason,
    )


def _start(constant: FitConstant, measurements: Sequence[Measurement]) -> float:
    return constant.start(next(one.case for one in measurements if constant.belongs_to(one.name)))


def _minimize(model: FitModel, place: Array, log: Callable[[str], None] | None) -> tuple[Array, bool, str]:
    """Return where the search ended, whether it converged, and why it ended."""
    from scipy.optimize import least_squares

    def residuals(at: Array) -> Array:
        found = model.residuals(at)
        if log is not None:
            log(f"run {model.runs}: {np.sqrt(np.mean(found**2)):.4g} times the expected error")
        return found

    model.hold_meshes(place)
    model.weigh(_simulated(model.compared(place)))
    converged, reason = False, ""
    for _ in range(_MOST_SEARCHES):
        search = least_squares(
            residuals, place, jac=model.jacobian, bounds=(0.0, 1.0), x_scale="jac", method="trf", loss=model.rho,
            ftol=_CHANGE, xtol=_CHANGE, gtol=None, max_nfev=_LONGEST,
        )  # fmt: skip
        place, converged, reason = np.asarray(search.x, dtype=np.float64), bool(search.status > 0), str(search.message)
        again = model.weigh_priors(np.asarray(search.fun))
        if not (model.hold_meshes(place) or again):
            break
    return place, converged, reason


def _simulated(compared: Sequence[Comparison | SimulationError]) -> list[Comparison]:
    """Return comparisons, or raise what kept a case from being simulated."""
    found = []
    for one in compared:
        if isinstance(one, SimulationError):
            raise one
        found.append(one)
    return found


def _evidence(model: FitModel, jacobian: Array) -> tuple[Array, Evidence]:
    """Return the derivatives of the differences without weights, and how the differences count."""
    counts = tuple(one.count for one in model.measurements)
    priors = jacobian[model.points :] / model.prior_scale
    return jacobian[: model.points] / np.sqrt(model.weights)[:, None], Evidence(
        counts, model.weights, model.loss, priors
    )


def _profiles(model: FitModel, place: Array, found: Identification) -> tuple[LikelihoodProfile, ...]:
    covariance = found.correlation * np.outer(found.spread, found.spread)
    return tuple(
        profile(model, model.constants, place, covariance, k, deviation=found.deviation, quantile=found.quantile)
        for k in range(len(model.constants))
    )


def _marked(case: Case, measurements: Sequence[Measurement], constants: Sequence[FitConstant], number: int) -> Case:
    """Return a measurement's case with every constant fitted in it marked so, beside those marked before."""
    own = measurements[number].name
    source = "; ".join(
        dict.fromkeys(
            one.curve.described
            for one in measurements
            if any(constant.belongs_to(one.name) and constant.belongs_to(own) for constant in constants)
        )
    )
    keys = {**case.model_dump(exclude_unset=True)}
    fitted = [constant for constant in constants if constant.belongs_to(own)]
    marked = [constant for constant in fitted if constant.section != "electrode"]  # which has no marks
    for section in dict.fromkeys(constant.section for constant in marked):
        there = getattr(case, section)
        kept = tuple(dict.fromkeys((*there.fitted, *(c.name for c in fitted if c.section == section))))
        before = f"{there.fitted_to}; " if there.fitted_to and there.fitted_to != source else ""
        keys[section] = {**keys.get(section, {}), "fitted": kept, "fitted_to": before + source}
    return Case.from_dict(keys)


def _lag(difference: Array) -> float:
    power = float(difference @ difference)
    return float(difference[1:] @ difference[:-1]) / power if power > 0.0 else 0.0
