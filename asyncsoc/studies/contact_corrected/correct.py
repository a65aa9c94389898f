"""`contact_corrected_model`: runs the resolved particle, fits the sphere to it and states how far it is from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY, to_si
from asyncsoc.case.case import Case
from asyncsoc.problem.build import PreparedCase
from asyncsoc.studies.contact_corrected.fitting import KNOTS, SphereInterface, fitted_factor, step_errors
from asyncsoc.studies.contact_corrected.graded_sphere import GradedSphere, PropertyGrid
from asyncsoc.studies.contact_corrected.model import ContactCorrectedModel, RateError, rate_of
from asyncsoc.studies.contact_corrected.resolved_runs import Direction, ResolvedRun, require_supported, resolved_run
from asyncsoc.studies.contact_corrected.sampled import sampled_stoichiometries

Array = NDArray[np.float64]
Progress = Callable[[int, int, str], None]

RATES = ("C/20", "C/2")
TOLERANCE = 5e-3
"""V."""
STEEP = 10.0
"""V; the range of voltage ends where |dU/dx| exceeds this: there a voltage says little about a model of diffusion."""
_MARGIN = (1.15, 3e-4)
"""The stated error is the largest one found times this, plus this [V]: for rates between those that were run, and for
the finite volumes of another program."""
_BETWEEN = (0.25, 0.75)
_DIRECTIONS: tuple[Direction, ...] = ("charge", "discharge")
_START = np.array([0.4, 0.6, 1.0, 1.8, 2.0])
"""Logarithm of the factor at the start of the fit, over that of the covered share: near the surface a layer of depth d
has the volume f A d and the conductance f A D/d, which on the whole surface is D f^2."""


def contact_corrected_model(
    case: Case,
    *,
    rates: Sequence[str | float] = RATES,
    voltages: Sequence[str | float] | None = None,
    tolerance: str | float = TOLERANCE,
    progress: Progress | None = None,
) -> ContactCorrectedModel:
    """Fit a sphere that other programs can compute to the partly covered particle of a case.

    The particle is charged and discharged at rates of the range; three of five rates are fitted, all are compared. The
    case's protocol gives the temperature and what 1 C means; its steps are not used.

    Parameters
    ----------
    case
        A single particle with Butler-Volmer kinetics.
    rates
        (lowest, highest), 'C/20' or 1/h.
    voltages
        (lowest, highest) particle potential [V], or with unit. None: from where U becomes steep to the charged voltage.
    tolerance
        V; the highest rates at which the stated error (root mean square) is above this are left out of the range.
    progress
        Called as progress(runs done, all, what is next).

    Raises
    ------
    InputError
        The case is none that the model can stand for, a range is none, or not even the lowest rate is within the
        tolerance.
    SimulationError
        A run could not be carried out.

    Examples
    --------
    It takes some seconds:

    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "contact": {"kind": "cap", "coverage": 0.5},
    ...     "protocol": {"steps": ["Charge at C/10 until 4.2 V"]},
    ... })
    >>> model = aso.contact_corrected_model(case)  # doctest: +SKIP
    >>> model.to_bpx("corrected.json")  # doctest: +SKIP
    """
    low, high = (rate_of(one, "rates") for one in _pair(rates, "rates"))
    limit = to_si(tolerance, "V", where="tolerance")
    if not 0.0 < low < high:
        raise InputError("the rates do not rise", where="rates", value=list(rates), allowed="(lowest, highest)")
    if not limit > 0.0:
        raise InputError("a tolerance is above 0 V", where="tolerance", value=tolerance, allowed="such as '5 mV'")
    ready = require_supported(case, high)
    temperature = case.protocol.temperature
    grid = PropertyGrid.of(ready.member.tables[temperature])
    window = _voltages(voltages, ready, grid)
    span = np.log(high / low)
    fitted = [low, low * float(np.exp(0.5 * span)), high]
    every = sorted([*fitted, *(low * float(np.exp(share * span)) for share in _BETWEEN)])
    runs = _runs(case, every, window, progress or (lambda done, total, title: None))
    radius = float(np.cbrt(3.0 * ready.operators.volume / (4.0 * np.pi)))
    interface = SphereInterface(ready.contact.area, case.kinetics.film_resistance, temperature)
    sphere = GradedSphere(radius, ready.cathode.maximum_concentration, grid, KNOTS)
    used = [run for run in runs if run.rate in fitted]
    utilisation = ready.contact.area / (4.0 * np.pi * radius**2)
    factor = fitted_factor(sphere, interface, used, np.log(utilisation) * _START)
    constant = _rate_constant(grid, window)
    plain = GradedSphere(radius, ready.cathode.maximum_concentration, grid, np.array([1.0]))
    rough = SphereInterface(ready.contact.area, case.kinetics.film_resistance, temperature, constant)
    single = fitted_factor(plain, rough, used, np.array([1.5 * np.log(utilisation)]))
    checks = tuple(
        RateError(
            run.rate,
            run.direction,
            run in used,
            *step_errors(sphere, interface, factor, run),
            step_errors(plain, rough, single, run)[0],
        )
        for run in runs
    )
    accepted = _accepted(checks, limit, "rms")
    if accepted is None:
        raise InputError(
            "the contact-corrected model is not within the tolerance at any rate",
            where="tolerance",
            value=f"{1e3 * limit:g} mV",
            allowed=f"at least {1e3 * stated(max(c.rms for c in checks if c.rate == checks[0].rate)):.3g} mV "
            f"at {checks[0].rate:.4g} C",
            next_step="ask for lower rates, a narrower range of voltage or a larger tolerance",
        )
    single_rates = _accepted(checks, limit, "single_rms") or (0.0, 0.0)
    x = sampled_stoichiometries(grid, window)
    return ContactCorrectedModel(
        name=case.name,
        case_sha256=case.hash,
        radius=radius,
        contact_area=ready.contact.area,
        maximum_concentration=ready.cathode.maximum_concentration,
        temperature=temperature,
        film_resistance=case.kinetics.film_resistance,
        x=x,
        potential=np.interp(x, grid.x, grid.potential),
        diffusivity=np.interp(x, grid.x, grid.diffusivity),
        exchange_current_density=np.interp(x, grid.x, grid.exchange_current_density),
        knots=KNOTS,
        log_factor=factor,
        single_factor=float(np.exp(single[0])),
        single_rate_constant=constant * utilisation,
        capacity=runs[0].capacity,
        rates=accepted,
        single_rates=single_rates,
        voltages=window,
        error=_largest(checks, accepted, "rms"),
        largest_error=_largest(checks, accepted, "largest"),
        single_error=_largest(checks, single_rates, "single_rms") if single_rates[1] > 0.0 else 0.0,
        checks=checks,
    )


def stated(error: float) -> float:
    """Return the bound stated where `error` [V] is the largest one found."""
    return _MARGIN[0] * error + _MARGIN[1]


def _pair(values: Sequence[str | float], where: str) -> tuple[str | float, str | float]:
    if isinstance(values, str) or len(values) != 2:
        raise InputError("a range has two ends", where=where, value=values, allowed="(lowest, highest)")
    return values[0], values[1]


def _voltages(given: Sequence[str | float] | None, ready: PreparedCase, grid: PropertyGrid) -> tuple[float, float]:
    """Return the range of voltage: as given, or from where U becomes steep to the charged voltage."""
    window = ready.cathode.window
    inside = (grid.x >= window[0]) & (grid.x <= window[1])
    levels, slopes = grid.potential[inside], np.abs(grid.slope[inside])
    top, bottom = float(levels[0]), float(levels[-1])
    if given is None:
        gentle = np.flatnonzero(slopes <= STEEP)
        lowest = float(np.ceil(100.0 * levels[gentle[-1]]) / 100.0) if len(gentle) else bottom
        return lowest, min(ready.cathode.charged_voltage, top)
    low, high = (to_si(one, "V", where="voltages") for one in _pair(given, "voltages"))
    if not bottom <= low < high <= top:
        raise InputError(
            "the range of voltage is not within that of the open-circuit potential",
            where="voltages",
            value=list(given),
            allowed=f"(lowest, highest) within {bottom:.3f} to {top:.3f} V",
        )
    return low, high


def _runs(case: Case, rates: list[float], window: tuple[float, float], progress: Progress) -> list[ResolvedRun]:
    """Return the resolved runs, from the lowest rate up to the last at which there are both."""
    found: list[ResolvedRun] = []
    total = len(rates) * len(_DIRECTIONS)
    for rate in rates:
        both: list[ResolvedRun] = []
        for direction in _DIRECTIONS:
            progress(len(found) + len(both), total, f"{direction} at {rate:.3g} C")
            run = resolved_run(case, rate, direction, window)
            if run is not None:
                both.append(run)
        if len(both) < len(_DIRECTIONS):
            break
        found += both
    progress(total, total, "fit")
    if not found:
        raise InputError(
            "the particle reaches the end of the range of voltage at once, even at the lowest rate",
            where="rates",
            value=f"{rates[0]:.4g} C between {window[0]:.4g} and {window[1]:.4g} V",
            next_step="ask for lower rates or a wider range of voltage",
        )
    return found


def _rate_constant(grid: PropertyGrid, window: tuple[float, float]) -> float:
    """Return K of F K sqrt(x (1 - x)) nearest to i0 within the range of voltage, in the mean of logarithms."""
    inside = (grid.potential >= window[0]) & (grid.potential <= window[1])
    x, i0 = grid.x[inside], grid.exchange_current_density[inside]
    return float(np.exp(np.mean(np.log(np.maximum(i0, 1e-12) / (FARADAY * np.sqrt(x * (1.0 - x)))))))


def _accepted(checks: Sequence[RateError], limit: float, what: str) -> tuple[float, float] | None:
    """Return the rates from the lowest up to the last before the stated error passes the limit."""
    rates = sorted({one.rate for one in checks})
    good = []
    for rate in rates:
        if stated(max(getattr(one, what) for one in checks if one.rate == rate)) > limit:
            break
        good.append(rate)
    return (good[0], good[-1]) if good else None


def _largest(checks: Sequence[RateError], rates: tuple[float, float], what: str) -> float:
    return stated(max(getattr(one, what) for one in checks if rates[0] <= one.rate <= rates[1]))
