"""`asyncsoc stxm scan CASE.toml`: which diffusivities, radii, coverages and rests give the gradients measured."""

from __future__ import annotations

import json as plain_json
from typing import Annotated

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import to_si
from asyncsoc.cli.console import print_document, print_line, print_table
from asyncsoc.cli.options import CasePath, Directory, Json, Overrides, Quiet
from asyncsoc.cli.progress import counting_bar

ORDER = 20


def scan(
    case: CasePath,
    output: Directory = None,
    overrides: Overrides = None,
    json: Json = False,
    quiet: Quiet = False,
    diffusivity: Annotated[str | None, typer.Option(metavar="D,D,...", help="Constant diffusivities [m2/s].")] = None,
    radius: Annotated[str | None, typer.Option(metavar="R,R,...", help="Radii, e.g. '1.25 um,7.5 um'.")] = None,
    coverage: Annotated[str | None, typer.Option(metavar="F,F,...", help="Coverages.")] = None,
    rest: Annotated[str | None, typer.Option(metavar="T,T,...", help="Rests, e.g. '0 s,10 min,1 h'.")] = None,
    rate: Annotated[str, typer.Option(metavar="RATE", help="Of the charge.")] = "C/10",
    mean_x: Annotated[
        float, typer.Option("--mean-x", metavar="X", help="Mean stoichiometry at which charges end.")
    ] = 0.497,
    voltage: Annotated[str, typer.Option(metavar="VOLTAGE", help="Voltage at which charges end.")] = "4 V",
) -> None:
    """Find which particles have the gradients measured.

    Particles are charged, rest, and their fragments are compared with the ratios of the paper. Charges end at an equal
    mean stoichiometry and, once more, at an equal voltage. A particle counts as Cal (1.37 to 0.75) or Hot-Cal (1.07 to
    0.97) if mean and difference of the stoichiometries of its regions agree within 0.04.
    """
    from asyncsoc.case.case import Case
    from asyncsoc.problem.case_materials import cathode_of
    from asyncsoc.studies.stxm import compatible
    from asyncsoc.studies.stxm.saving import gradient_summary, write_scan

    description = Case.from_toml(case, overrides or [])
    valence = cathode_of(description.material).valence
    if valence is None:
        raise InputError("the cathode has no valence model", where="material.name", value=description.material.name)
    with counting_bar(quiet=quiet or json, runs=True) as progress:
        found = compatible.scan_gradients(
            description,
            diffusivities=_numbers(diffusivity, "m2/s", "--diffusivity", compatible.DIFFUSIVITIES),
            radii=_numbers(radius, "m", "--radius", compatible.RADII),
            coverages=_numbers(coverage, "", "--coverage", compatible.COVERAGES),
            rests=_numbers(rest, "s", "--rest", compatible.RESTS),
            rate=rate,
            mean_x=mean_x,
            voltage=to_si(voltage, "V", where="--voltage"),
            progress=progress,
        )
    rows = compatible.gradient_rows(found, valence)
    files = [] if output is None else write_scan(found, valence, output)
    if json:
        columns = {name: [row[k] for row in rows] for k, name in enumerate(compatible.HEAD)}
        print_document({**columns, "files": [str(file) for file in files]})
        return
    heads, lines = gradient_summary(found, valence)
    print_table(heads, lines)
    print_line("\n".join(map(str, files)) if files else "not saved: add -o DIR for the whole table and the picture")


def _numbers(text: str | None, unit: str, where: str, usual: tuple[float, ...]) -> tuple[float, ...]:
    """Return the numbers in a list separated by commas; bare ones are SI."""
    if text is None:
        return usual
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise InputError("an entry of the list is empty", where=where, value=text, allowed="numbers and commas")
    found = []
    for part in parts:
        try:
            found.append(to_si(plain_json.loads(part), unit, where=where))
        except ValueError:
            found.append(to_si(part, unit, where=where))
    return tuple(found)
