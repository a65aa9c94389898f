"""`asyncsoc lsv CASE.toml`: the window that an inert electrode shows, beside the one on particles."""

from __future__ import annotations

from typing import Annotated

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import to_si
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.options import CasePath, Directory, Json, Overrides, Quiet
from asyncsoc.cli.progress import counting_bar

ORDER = 102


def lsv(
    case: CasePath,
    output: Directory = None,
    overrides: Overrides = None,
    json: Json = False,
    quiet: Quiet = False,
    rate: Annotated[str, typer.Option(metavar="RATE", help="Of both sweeps.")] = "1 mV/s",
    start: Annotated[str, typer.Option(metavar="VOLTAGE", help="Start of the sweep on the inert electrode.")] = "3 V",
    end: Annotated[str, typer.Option(metavar="VOLTAGE", help="End of the sweep on the inert electrode.")] = "6 V",
    particle_start: Annotated[
        str, typer.Option(metavar="VOLTAGE", help="Start of the sweep on the particle, in equilibrium.")
    ] = "3.6 V",
    particle_end: Annotated[str, typer.Option(metavar="VOLTAGE", help="End of the sweep on the particle.")] = "4.6 V",
    charge_rate: Annotated[str, typer.Option(metavar="RATE", help="Of the charges to 4.2 V.")] = "C/10",
    resistance: Annotated[
        str, typer.Option(metavar="R", help="Of the electrolyte before the inert electrode, e.g. '50 ohm cm2'.")
    ] = "0 ohm m2",
    criterion: Annotated[
        str | None, typer.Option(metavar="I,I,...", help="Current densities that count as onset, e.g. '0.01 mA/cm2'.")
    ] = None,
) -> None:
    """Compare the electrolyte's window on steel and on a particle.

    Sweeps an inert electrode and a particle, charges the particle and the same one fully covered, and lists the
    voltages at which the side reaction reaches a current density.
    """
    from asyncsoc.case.case import Case
    from asyncsoc.studies.lsv.windows import CRITERIA, compare_windows

    criteria = CRITERIA
    if criterion is not None:
        criteria = tuple(to_si(part.strip(), "A/m2", where="--criterion") for part in criterion.split(","))
        if not all(value > 0.0 for value in criteria):
            raise InputError("a criterion is positive", where="--criterion", value=criterion, allowed="> 0 A/m2")
    description = Case.from_toml(case, overrides or [])
    with counting_bar(quiet=quiet or json, runs=True) as progress:
        study = compare_windows(
            description,
            rate=to_si(rate, "V/s", where="--rate"),
            start=to_si(start, "V", where="--start"),
            end=to_si(end, "V", where="--end"),
            particle_start=to_si(particle_start, "V", where="--particle-start"),
            particle_end=to_si(particle_end, "V", where="--particle-end"),
            charge_rate=charge_rate,
            criteria=criteria,
            resistance=to_si(resistance, "ohm m2", where="--resistance"),
            progress=progress,
        )
    files = []
    if output is not None:
        from asyncsoc.studies.lsv.saving import write_windows

        files = write_windows(study, output)
    if json:
        print_document({**study.document(), "files": [str(file) for file in files]})
        return
    heads = ("criterion [A/m2]", *(f"{label} [V]" for label in study.curves))
    columns = [study.onsets(label) for label in study.curves]
    rows = [
        (f"{value:.3g}", *("not reached" if onset is None else f"{onset:.3f}" for onset in onsets))
        for value, *onsets in zip(study.criteria, *columns, strict=True)
    ]
    print_table(heads, rows)
    for remark in study.notes:
        note(f"note: {remark}")
    print_line("\n".join(map(str, files)) if files else "not saved: add -o DIR for the table and the picture")
