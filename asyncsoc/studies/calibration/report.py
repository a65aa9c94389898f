"""A calibration as plain data, as a figure, and as a case file that names the fitted constants."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from asyncsoc.base.units import from_si
from asyncsoc.plotting.fit import FitPanel, fit_figure
from asyncsoc.studies.calibration.fit import Calibration
from asyncsoc.studies.calibration.identify import CONFIDENCE, Interval
from asyncsoc.studies.calibration.measured import MeasuredCurve

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
            }
            for interval in found.intervals
        ],
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
                "file": measured.name,
                "sha256": measured.sha256,
                "quantity": measured.quantity,
                "points": len(measured.time),
                "points after the end of the run": beyond,
                "correlation of neighbouring differences": lag,
                f"root mean square difference [{'V' if measured.quantity == 'voltage' else '1'}]": rms,
            }
            for measured, beyond, rms, lag in zip(
                calibration.data, calibration.beyond, calibration.rms, calibration.lag_correlation, strict=True
            )
        ],
        "case": calibration.case.to_toml(),
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
        f"{measured.name}: {beyond} points lie after the end of the model's run"
        for measured, beyond in zip(calibration.data, calibration.beyond, strict=True)
        if beyond
    ]
    lines += [
        f"{measured.name}: the residuals are not noise (correlation of neighbours {lag:.2f}): the model does not "
        "describe the data fully and the intervals are too narrow"
        for measured, lag in zip(calibration.data, calibration.lag_correlation, strict=True)
        if lag > SYSTEMATIC
    ]
    if not calibration.converged:
        lines.append(f"the search did not converge: {calibration.reason}")
    return tuple(lines)


def case_text(calibration: Calibration) -> str:
    """Return the fitted case as TOML, headed by what was fitted, to what, and how well it is known."""
    head = [
        "# Constants fitted by `asyncsoc calibrate`; they are not measurements.",
        *(f"# data: {measured.described}" for measured in calibration.data),
        *(
            f"# {interval.key} = {shown_value(interval.value, interval.unit)}, 95 %: {shown_interval(interval)}"
            + ("" if interval.identified else " - NOT IDENTIFIED by the data")
            for interval in calibration.identification.intervals
        ),
    ]
    return "\n".join(head) + "\n\n" + calibration.case.to_toml()


def fit_picture(calibration: Calibration) -> Figure:
    """Return measured and fitted curves with their differences."""
    panels = [
        _panel(measured, values) for measured, values in zip(calibration.data, calibration.responses, strict=True)
    ]
    note = "\n".join(
        f"{interval.key} = {shown_value(interval.value, interval.unit)}, 95 %: {shown_interval(interval)}"
        + ("" if interval.identified else ", not identified")
        for interval in calibration.identification.intervals
    )
    return fit_figure(panels, title="Fitted, not measured", note=note)


def _panel(measured: MeasuredCurve, values: Any) -> FitPanel:
    if measured.quantity == "voltage":
        difference = 1e3 * (values - measured.values)
        return FitPanel("Cell voltage [V]", measured.time, measured.values, values, difference, "fit - data [mV]")
    scale, unit = (1e4, "Ω cm² of electrode") if measured.per_area else (1.0, "Ω of the particle")
    difference = 100.0 * (np.asarray(values) / measured.values - 1.0)
    return FitPanel(
        f"Resistance [{unit}]", measured.time, scale * measured.values, scale * values, difference, "fit - data [%]",
        logarithmic=bool(math.log10(measured.values.max() / measured.values.min()) > 1.0),
    )  # fmt: skip
