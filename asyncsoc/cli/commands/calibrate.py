"""`asyncsoc calibrate`: constants fitted to measured curves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.options import CasePath, Directory, Json, Overrides
from asyncsoc.cli.progress import tell_compiling

if TYPE_CHECKING:
    from asyncsoc.studies.calibration.fit import Calibration

ORDER = 80


def calibrate(
    case: CasePath,
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA.csv...", help="CSV files with a column of time and one of voltage or resistance."),
    ],
    fit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY[=LOW:HIGH]",
            help="Constant to fit and its range, e.g. side_reaction.onset_potential=3.6:4.4. May be repeated.",
        ),
    ] = None,
    overrides: Overrides = None,
    json: Json = False,
    output: Directory = None,
) -> None:
    """Fit kinetic constants to measured curves.

    Reports confidence intervals, and which constants the data do not determine.
    """
    from asyncsoc.case.case import Case
    from asyncsoc.studies.calibration.constants import fittable, parse_constant
    from asyncsoc.studies.calibration.fit import calibrate as fit_constants
    from asyncsoc.studies.calibration.measured import read_measured
    from asyncsoc.studies.calibration.report import document, warnings_of

    if not fit:
        raise InputError("nothing to fit is named", where="--fit", allowed=", ".join(fittable()))
    description = Case.from_toml(case, overrides or [])
    constants = [parse_constant(text) for text in fit]
    curves = [read_measured(file) for file in data]
    tell_compiling()
    calibration = fit_constants(description, curves, constants, log=None if json else note)
    files = [] if output is None else _keep(calibration, output)
    warnings = warnings_of(calibration)
    if json:
        print_document({**document(calibration), "warnings": list(warnings), "files": [str(file) for file in files]})
        return
    _show(calibration)
    for warning in warnings:
        note(f"warning: {warning}")
    print_line("\n".join(map(str, files)) if files else "not saved: add -o DIR to save the fitted case")


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
    curves = [
        (measured.name, measured.quantity, len(measured.time), f"{rms:.3g}")
        for measured, rms in zip(calibration.data, calibration.rms, strict=True)
    ]
    print_table(("data", "quantity", "points", "rms difference [V or relative]"), curves)


def _keep(calibration: Calibration, directory: Path) -> list[Path]:
    from asyncsoc.base.files import write_text
    from asyncsoc.base.plain_data import to_document
    from asyncsoc.plotting.reaction import save_reaction_figure
    from asyncsoc.studies.calibration.report import case_text, document, fit_picture

    case, summary = directory / f"{calibration.case.name}-fitted.toml", directory / "calibration.json"
    write_text(case, case_text(calibration), "the fit cannot be saved")
    write_text(summary, to_document(document(calibration)), "the fit cannot be saved")
    return [case, summary, save_reaction_figure(fit_picture(calibration), directory / "calibration.png")]
