"""A calibration as plain data, as a figure, and as a case file that names the fitted constants."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from asyncsoc.base.units import from_si
from asyncsoc.plotting.fit import FitPanel, fit_figure
from asyncsoc.studies.calibration.constants import FitConstant
from asyncsoc.studies.calibration.fit import Calibration
from asyncsoc.studies.calibration.identify import CONFIDENCE, Interval
from asyncsoc.studies.calibration.measured import MeasuredCurve
from asyncsoc.studies.calibration.measurement import Measurement
from asyncsoc.studies.calibration.priors import Prior
from asyncsoc.studies.calibration.profile import LikelihoodProfile

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SYSTEMATIC = 0.6
"""Correlation of neighbouring differences from which on a misfit is called systematic."""


def shown_value(value: float, unit: str) -> str:
    """Return a value given in SI with its unit; an energy of one electron or molecule is given in eV."""
    if unit == "J":
        return f"{from_si(value, 'eV'):.4g} eV"
    return f"{value:.4g} {unit}".strip()


def shown_interval(interval: Interval) -> str:
    """Return the confidence interval as text."""
    if interval.unit == "J":
        return f"{from_si(interval.low, 'eV'):.3g} to {from_si(interval.high, 'eV'):.3g} eV"
    return f"{interval.low:.3g} to {interval.high:.3g} {interval.unit}".strip()


def document(calibration: Calibration) -> dict[str, Any]:
    """Return everything a calibration found."""
    found = calibration.identification
    return {
        "converged": calibration.converged,
        "reason": calibration.reason,
        "simulations": calibration.runs,
        "confidence": CONFIDENCE,
        "fitted constants": [
            {
                "key": interval.key,
                "value": interval.value,
                "unit": interval.unit,
                "confidence interval": [interval.low, interval.high],
                "at the edge of its range": interval.at_edge,
                "identified": interval.identified,
                "source": "fitted",
                **_prior_document(constant),
            }
            for interval, constant in zip(found.intervals, calibration.constants, strict=True)
        ],
        "profile likelihood": [_profile_document(one) for one in calibration.profiles],
        "loss": calibration.loss,
        "correlation": found.correlation.tolist(),
        "condition number": found.condition,
        "directions": [
            {
                "singular value": direction.singular_value,
                "standard deviation [ranges]": direction.deviation,
                "left open": direction.open,
                "constants": dict(direction.shares),
            }
            for direction in found.directions
        ],
        "data": [
            {
                "name": one.name,
                "file": one.curve.name,
                "sha256": one.curve.sha256,
                "quantity": one.curve.quantity,
                "against": one.curve.against,
                "points": one.count,
                "expected error": one.error,
                "weights": one.weights,
                "protocol step": one.step,
                "points after the end of the run": beyond,
                "correlation of neighbouring differences": lag,
                f"root mean square difference [{'V' if one.curve.quantity == 'voltage' else '1'}]": rms,
            }
            for one, beyond, rms, lag in zip(
                calibration.measurements, calibration.beyond, calibration.rms, calibration.lag_correlation, strict=True
            )
        ],
        "case": calibration.case.to_toml(),
        "cases": [case.to_toml() for case in calibration.cases],
    }


def warnings_of(calibration: Calibration) -> tuple[str, ...]:
    """Return what a user must know before the constants are used."""
    found = calibration.identification
    lines = ["fitted constants describe these data with this model; they are no measurement of the constants"]
    lines += [f"the data leave open: {direction.words}" for direction in found.directions if direction.open]
    lines += [
        f"{interval.key} ended at the edge of its range: widen it, or do not fit it"
        for interval in found.intervals
        if interval.at_edge
    ]
    lines += [
        f"{profile.key}: the range searched ends before the data rule its values out ({_open_ends(profile)})"
        for profile in calibration.profiles
        if profile.open_low or profile.open_high
    ]
    lines += [
        f"{measured.name}: {beyond} points lie after the end of the model's run"
        for measured, beyond in zip(calibration.measurements, calibration.beyond, strict=True)
        if beyond
    ]
    lines += [
        f"{measured.name}: the residuals are not noise (correlation of neighbours {lag:.2f}): the model does not "
        "describe the data fully and the intervals are too narrow"
        for measured, lag in zip(calibration.measurements, calibration.lag_correlation, strict=True)
        if lag > SYSTEMATIC
    ]
    if not calibration.converged:
        lines.append(f"the search did not converge: {calibration.reason}")
    return tuple(lines)


def case_text(calibration: Calibration, number: int = 0) -> str:
    """Return a fitted case as TOML, headed by what was fitted, to what, and how well it is known.

    Parameters
    ----------
    calibration
        The fit.
    number
        Of the measurement whose case it is.
    """
    head = [
        "# Constants fitted by `asyncsoc calibrate`; they are not measurements.",
        *(f"# data: {measured.described}" for measured in calibration.data),
        *(
            f"# {interval.key} = {shown_value(interval.value, interval.unit)}, 95 %: {shown_interval(interval)}"
            + ("" if interval.identified else " - NOT IDENTIFIED by the data")
            for interval in calibration.identification.intervals
        ),
    ]
    return "\n".join(head) + "\n\n" + calibration.cases[number].to_toml()


def fit_picture(calibration: Calibration) -> Figure:
    """Return measured and fitted curves with their differences."""
    panels = [_panel(one, values) for one, values in zip(calibration.measurements, calibration.responses, strict=True)]
    note = "\n".join(
        f"{interval.key} = {shown_value(interval.value, interval.unit)}, 95 %: {shown_interval(interval)}"
        + ("" if interval.identified else ", not identified")
        for interval in calibration.identification.intervals
    )
    return fit_figure(panels, title="Fitted, not measured", note=note)


def _panel(one: Measurement, values: Any) -> FitPanel:
    measured, title = one.curve, one.name
    label, unit = _abscissa(measured)
    if measured.quantity == "voltage":
        difference = 1e3 * (values - measured.values)
        return FitPanel(
            "Cell voltage [V]", measured.abscissa, measured.values, values, difference, "fit - data [mV]",
            label=label, unit=unit, title=title,
        )  # fmt: skip
    scale, ohms = (1e4, "Ω cm² of electrode") if measured.per_area else (1.0, "Ω of the particle")
    return FitPanel(
        f"Resistance [{ohms}]",
        measured.abscissa,
        scale * measured.values,
        scale * values,
        100.0 * (np.asarray(values) / measured.values - 1.0),
        "fit - data [%]",
        logarithmic=bool(math.log10(measured.values.max() / measured.values.min()) > 1.0),
        label=label,
        unit=unit,
        title=title,
    )


def _abscissa(measured: MeasuredCurve) -> tuple[str, float]:
    """Return the label of the axis that the points are drawn along, and its unit [SI]."""
    if measured.against == "time":
        return "Time [h]", 3600.0
    return ("Capacity [mA h/cm²]", 36000.0) if measured.per_electrode else ("Capacity [mA h/g]", 3600.0)


def _prior_document(constant: FitConstant) -> dict[str, Any]:
    prior = constant.prior
    if prior is None:
        return {}
    shown = {"mean": prior.mean, "scale": "logarithm" if prior.logarithmic else "value"}
    return {"prior": shown | {"factor" if prior.logarithmic else "deviation": _width(prior)}}


def _width(prior: Prior) -> float:
    return math.exp(prior.deviation) if prior.logarithmic else prior.deviation


def _profile_document(one: LikelihoodProfile) -> dict[str, Any]:
    return {
        "key": one.key,
        "unit": one.unit,
        "confidence interval": [one.low, one.high],
        "open": [one.open_low, one.open_high],
        "values": one.values.tolist(),
        "tau": one.tau.tolist(),
    }


def _open_ends(one: LikelihoodProfile) -> str:
    return " and ".join(word for word, there in (("below", one.open_low), ("above", one.open_high)) if there)
