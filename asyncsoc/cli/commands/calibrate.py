"""`asyncsoc calibrate`: constants fitted to measured curves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.options import Directory, Json, Overrides
from asyncsoc.cli.progress import tell_compiling

if TYPE_CHECKING:
    from asyncsoc.studies.calibration.fit import Calibration
    from asyncsoc.studies.calibration.fit_file import FitDescription
    from asyncsoc.studies.calibration.profile import LikelihoodProfile

ORDER = 80


def calibrate(
    case: Annotated[
        Path, typer.Argument(metavar="CASE.toml", help="Case file, or a file that describes a fit (docs/fitting.md).")
    ],
    data: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DATA.csv...]",
            help="CSV files with a column of time or capacity and one of voltage or resistance. OTHER.toml:DATA.csv "
            "was measured in another case.",
        ),
    ] = None,
    fit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY[=LOW:HIGH]",
            help="Constant to fit and its range, e.g. contact.coverage=0.1:0.6. KEY@DATA.csv belongs to one file "
            "alone. May be repeated.",
        ),
    ] = None,
    prior: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=MEAN+-DEV",
            help="What is known of a fitted constant: a Gaussian, MEAN+-DEVIATION, or one in the logarithm, "
            "MEAN*/FACTOR. May be repeated.",
        ),
    ] = None,
    error: Annotated[
        str | None, typer.Option(metavar="VOLTAGE", help="Voltage error expected between model and data; 5 mV.")
    ] = None,
    weights: Annotated[
        str,
        typer.Option(
            metavar="KIND", help="What points count: all the same (points), by time, or every protocol step the same."
        ),
    ] = "points",
    loss: Annotated[
        str | None,
        typer.Option(
            metavar="KIND", help="linear, or huber, soft_l1, cauchy, arctan, which give less weight to outliers."
        ),
    ] = None,
    profiles: Annotated[bool, typer.Option("--profile", help="Also the profile likelihood of every constant.")] = False,
    overrides: Overrides = None,
    json: Json = False,
    output: Directory = None,
) -> None:
    """Fit constants of a case to measured curves.

    Reports confidence intervals, and which constants the data do not determine.
    """
    from asyncsoc.studies.calibration.fit import calibrate_together
    from asyncsoc.studies.calibration.fit_file import is_fit_file, read_fit_file
    from asyncsoc.studies.calibration.report import document, warnings_of

    if not data and is_fit_file(case):
        if fit or prior or error or weights != "points":
            raise InputError(
                "the fit file says what is fitted and how points count", where="--fit, --prior, --error, --weights",
                next_step=f"change {case}",
            )  # fmt: skip
        asked = read_fit_file(case, overrides)
    else:
        asked = _asked(case, data or [], fit or [], prior or [], error, weights, overrides or [])
    tell_compiling()
    calibration = calibrate_together(
        asked.measurements,
        asked.constants,
        loss=loss or asked.loss,
        profiles=profiles or asked.profiles,
        log=None if json else note,
    )
    files = [] if output is None else _keep(calibration, output)
    warnings = warnings_of(calibration)
    if json:
        print_document({**document(calibration), "warnings": list(warnings), "files": [str(file) for file in files]})
        return
    _show(calibration)
    for warning in warnings:
        note(f"warning: {warning}")
    print_line("\n".join(map(str, files)) if files else "not saved: add -o DIR to save the fitted case")


def _asked(
    case: Path, data: list[str], fit: list[str], prior: list[str], error: str | None, weights: str, overrides: list[str]
) -> FitDescription:
    """Return the fit that options describe."""
    from asyncsoc.case.case import Case
    from asyncsoc.studies.calibration.constants import fittable, parse_constant
    from asyncsoc.studies.calibration.fit_file import FitDescription
    from asyncsoc.studies.calibration.measured import read_measured
    from asyncsoc.studies.calibration.measurement import Measurement

    if not fit:
        raise InputError("nothing to fit is named", where="--fit", allowed=", ".join(fittable()))
    priors = _priors(prior)
    constants = tuple(parse_constant(text, priors.pop(text.partition("=")[0].strip(), None)) for text in fit)
    if priors:
        raise InputError("a prior of a constant that is not fitted", where="--prior", value=", ".join(priors))
    description = Case.from_toml(case, overrides)
    if not data:
        raise InputError("no data are named", where="DATA.csv", allowed="one CSV file or more, or a fit file alone")
    measurements = []
    for text in data:
        own, colon, file = text.rpartition(":")
        apart = bool(colon) and own.endswith(".toml")
        curve = read_measured(file if apart else text)
        measurements.append(
            Measurement.of(
                Case.from_toml(own, overrides) if apart else description,
                curve,
                error=error if curve.quantity == "voltage" else None,
                weights=weights,
            )
        )
    return FitDescription(tuple(measurements), constants, "linear", False)


def _priors(texts: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        key, equals, prior = (part.strip() for part in text.partition("="))
        if not equals or not prior:
            raise InputError("not a prior", where="--prior", value=text, allowed="contact.coverage=0.3+-0.05")
        if key in found:
            raise InputError("a constant has one prior", where="--prior", value=text)
        found[key] = prior
    return found


def _show(calibration: Calibration) -> None:
    from asyncsoc.studies.calibration.report import shown_interval, shown_value

    rows = [
        (
            interval.key,
            shown_value(interval.value, interval.unit),
            shown_interval(interval),
            "fitted" if interval.identified else "fitted, NOT identified",
        )
        for interval in calibration.identification.intervals
    ]
    print_table(("constant", "value", "95 % confidence", ""), rows)
    directions = [
        (f"{direction.deviation:.3g}", "left open" if direction.open else "determined", direction.words)
        for direction in calibration.identification.directions
    ]
    print_table(("standard deviation [ranges]", "", "combination of constants"), directions, title="Identifiability")
    if calibration.profiles:
        ends = [(one.key, _end(one, low=True), _end(one, low=False)) for one in calibration.profiles]
        print_table(("constant", "lowest", "highest"), ends, title="95 % by profile likelihood")
    curves = [
        (one.name, one.curve.quantity, one.count, f"{rms:.3g}")
        for one, rms in zip(calibration.measurements, calibration.rms, strict=True)
    ]
    print_table(("data", "quantity", "points", "rms difference [V or relative]"), curves)


def _end(profile: LikelihoodProfile, *, low: bool) -> str:
    from asyncsoc.studies.calibration.report import shown_value

    value = shown_value(profile.low if low else profile.high, profile.unit)
    return f"{value} (end of the range)" if (profile.open_low if low else profile.open_high) else value


def _keep(calibration: Calibration, directory: Path) -> list[Path]:
    from asyncsoc.base.files import write_text
    from asyncsoc.base.plain_data import to_document
    from asyncsoc.plotting.reaction import save_reaction_figure
    from asyncsoc.studies.calibration.report import case_text, document, fit_picture

    texts = [case_text(calibration, number) for number in range(len(calibration.cases))]
    several = len(set(texts)) > 1
    kept = []
    for number, text in enumerate(texts if several else texts[:1], start=1):
        name = calibration.cases[number - 1].name
        kept.append(directory / f"{name}-fitted{f'-{number}' if several else ''}.toml")
        write_text(kept[-1], text, "the fit cannot be saved")
    summary = directory / "calibration.json"
    write_text(summary, to_document(document(calibration)), "the fit cannot be saved")
    return [*kept, summary, save_reaction_figure(fit_picture(calibration), directory / "calibration.png")]
