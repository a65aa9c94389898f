"""`asyncsoc export pybamm CASE.toml`: the contact-corrected model of a case, as a BPX file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from asyncsoc.cli.console import print_document, print_line, print_table
from asyncsoc.cli.options import CasePath, Json, Overrides, Quiet
from asyncsoc.cli.progress import counting_bar


def pybamm(
    case: CasePath,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE.json", help="BPX file to write the model to.")
    ] = None,
    overrides: Overrides = None,
    json: Json = False,
    quiet: Quiet = False,
    rates: Annotated[
        str, typer.Option(metavar="RATE,RATE", help="Lowest and highest rate the model is made for.")
    ] = "C/20,C/2",
    voltages: Annotated[
        str | None,
        typer.Option(metavar="V,V", help="Lowest and highest particle potential; default: from where U is steep."),
    ] = None,
    tolerance: Annotated[
        str, typer.Option(metavar="VOLTAGE", help="Rates at which the stated error is larger are refused.")
    ] = "5 mV",
) -> None:
    """Make a model of a covered particle that PyBaMM can use.

    Charges and discharges the particle at five rates, fits a sphere with whole contact to it, and states how far that
    sphere is from the particle and at which rates it is refused.
    """
    from asyncsoc.case.case import Case
    from asyncsoc.studies.contact_corrected.correct import contact_corrected_model

    description = Case.from_toml(case, overrides or [])
    with counting_bar(quiet=quiet or json, runs=True) as progress:
        model = contact_corrected_model(
            description,
            rates=_parts(rates),
            voltages=None if voltages is None else _parts(voltages),
            tolerance=tolerance,
            progress=progress,
        )
    files = [] if output is None else [model.to_bpx(output)]
    if json:
        print_document({**model.document(), "files": [str(file) for file in files]})
        return
    if quiet:
        return
    rows = [
        (f"{one.rate:.4g}", one.direction, one.fitted, *(f"{1e3 * v:.2f}" for v in (one.rms, one.single_rms)))
        for one in model.checks
    ]
    print_table(
        ("rate [1/h]", "direction", "fitted", "error [mV]", "error, single diffusivity [mV]"),
        rows,
        title="Root mean square of the potential, model minus resolved particle",
    )
    print_line(
        f"stated: at most {1e3 * model.error:.2g} mV from {model.rates[0]:.4g} C to {model.rates[1]:.4g} C, "
        f"{model.voltages[0]:.4g} to {model.voltages[1]:.4g} V, {model.temperature:.5g} K"
    )
    low, high = model.single_rates
    print_line(
        f"with a single diffusivity (the fields of BPX): at most {1e3 * model.single_error:.2g} mV "
        f"from {low:.4g} C to {high:.4g} C"
        if high > 0.0
        else "with a single diffusivity (the fields of BPX): not within the tolerance at any rate"
    )
    print_line("\n".join(map(str, files)) if files else "not saved: add -o FILE.json for the model as a BPX file")


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]
