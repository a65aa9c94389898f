"""`calibrate`: what Python users call to fit constants, with paths, texts and numbers where the fit wants objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.studies.calibration.constants import FitConstant, parse_constant
from asyncsoc.studies.calibration.fit import Calibration, calibrate_together
from asyncsoc.studies.calibration.measured import MeasuredCurve
from asyncsoc.studies.calibration.measurement import Measurement

Data = Measurement | tuple[Case | str | PathLike[str], MeasuredCurve | str | PathLike[str]]
Span = str | tuple[float | str, float | str] | None


def calibrate(
    data: Data | Sequence[Data],
    fit: Sequence[str | FitConstant] | Mapping[str, Span],
    *,
    priors: Mapping[str, str] | None = None,
    loss: str = "linear",
    profiles: bool = False,
    threads: int = 1,
    log: Callable[[str], None] | None = None,
) -> Calibration:
    """Fit constants of one or several cases to what was measured in them, all at once.

    Parameters
    ----------
    data
        One or several pairs of a case and a curve: ``(case, "c10.csv")``, with objects or files, or objects of
        `Measurement`, which have a name, an expected error, weights and a protocol step.
    fit
        What to fit: keys of a case such as "material.diffusivity_factor", "contact.coverage=0.1:0.6" with the range
        searched, or "contact.coverage@cell-2.csv" for one measurement alone; or a mapping from key to range or None.
    priors
        Key -> what is known: "0.3+-0.05" (Gaussian), "1e-14 m2/s*/2" (Gaussian in the logarithm).
    loss
        "linear", "huber", "soft_l1", "cauchy", "arctan".
    profiles
        Also compute the profile likelihood of every constant.
    threads
        Threads of the integrator.
    log
        Called with one line of text on the progress.

    Returns
    -------
    Calibration
        Values, intervals, correlations, what the data leave open, and the cases with the fitted constants.

    Raises
    ------
    InputError
        Files, keys, ranges, priors or options are wrong, or the data cannot determine what is asked for.
    SimulationError
        A case cannot be simulated where the search starts.

    Examples
    --------
    A curve computed at a coverage of 0.6 is fitted with the coverage free:

    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "particle": {"mesh": "coarse"},
    ...     "contact": {"kind": "cap", "coverage": 0.6},
    ...     "protocol": {"steps": ["Charge at C/2 for 20 minutes"]},
    ... })
    >>> run = aso.simulate(case)
    >>> curve = aso.MeasuredCurve.from_arrays(time=run.columns["Time [s]"], voltage=run.columns["Voltage [V]"])
    >>> # It takes some seconds, so it is not run with the documentation.
    >>> start = case.with_overrides(["contact.coverage=0.4"])
    >>> fit = aso.calibrate((start, curve), ["contact.coverage"])  # doctest: +SKIP
    >>> fit.values  # doctest: +SKIP
    {'contact.coverage': 0.6}
    """
    return calibrate_together(
        _measurements(data), _constants(fit, priors or {}), loss=loss, profiles=profiles, threads=threads, log=log
    )


def _measurements(data: Data | Sequence[Data]) -> list[Measurement]:
    one = isinstance(data, Measurement) or (
        isinstance(data, tuple) and len(data) == 2 and isinstance(data[0], Case | str | PathLike)
    )
    pairs = '(case, "voltage.csv"), or a Measurement'
    if not one and (isinstance(data, str) or not isinstance(data, Iterable)):
        raise InputError("data are pairs of a case and a curve", where="data", value=type(data).__name__, allowed=pairs)
    given: Sequence[object] = [data] if one else list(data)  # type: ignore[arg-type]
    found, cases = [], dict[str, Case]()
    for number, entry in enumerate(given):
        if isinstance(entry, Measurement):
            found.append(entry)
            continue
        if not isinstance(entry, tuple) or len(entry) != 2:
            raise InputError(
                "data are pairs of a case and a curve", where=f"data[{number}]", value=type(entry).__name__,
                allowed=pairs,
            )  # fmt: skip
        case, curve = entry
        for part, kind, name in ((case, Case, "a Case"), (curve, MeasuredCurve, "a MeasuredCurve")):
            if not isinstance(part, kind | str | PathLike):
                raise InputError(
                    "data are pairs of a case and a curve", where=f"data[{number}]", value=type(part).__name__,
                    allowed=f"{name}, or the path of a file",
                )  # fmt: skip
        if not isinstance(case, Case):
            path = Path(case)
            case = cases.setdefault(str(path), Case.from_toml(path))
        found.append(Measurement.of(case, curve if isinstance(curve, MeasuredCurve) else Path(curve)))
    return found


def _constants(fit: Sequence[str | FitConstant] | Mapping[str, Span], priors: Mapping[str, str]) -> list[FitConstant]:
    if isinstance(fit, str):
        fit = [fit]
    if not isinstance(fit, Iterable):
        raise InputError("constants to fit are a list", where="fit", value=fit, allowed='["contact.coverage", ...]')
    if not isinstance(priors, Mapping):
        raise InputError(
            "priors are given by key", where="priors", value=priors, allowed='{"contact.coverage": "0.3+-0.05"}'
        )
    texts: list[str | FitConstant] = (
        [key if span is None else f"{key}={_span(span)}" for key, span in fit.items()]
        if isinstance(fit, Mapping)
        else list(fit)
    )
    unused = dict(priors)
    found = []
    for text in texts:
        if isinstance(text, FitConstant):
            found.append(text)
            continue
        if not isinstance(text, str):
            raise InputError(
                "a constant to fit is named by its key", where="fit", value=text, allowed='"contact.coverage=0.1:0.9"'
            )
        key = text.partition("=")[0].strip()
        found.append(parse_constant(text, unused.pop(key, None)))
    if unused:
        raise InputError(
            "a prior of a constant that is not fitted", where="priors", value=", ".join(unused),
            allowed=", ".join(constant.label for constant in found),
        )  # fmt: skip
    return found


def _span(span: str | tuple[float | str, float | str]) -> str:
    return span if isinstance(span, str) else ":".join(str(end) for end in span)
