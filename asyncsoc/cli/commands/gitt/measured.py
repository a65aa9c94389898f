"""`asyncsoc gitt measured FILE`: the diffusivity that each pulse of a measured titration shows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import to_si
from asyncsoc.cli.gitt_output import JumpOption, RadiusOption, checked_jump, print_titration
from asyncsoc.cli.options import Directory, Json, Quiet

ORDER = 20


def measured(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="Time, current and voltage (Battery Data Format, or 'time [s], current [A], voltage [V]'), "
            "or time and voltage with --start, --pulse and --rest.",
        ),
    ],
    output: Directory = None,
    json: Json = False,
    quiet: Quiet = False,
    radius: RadiusOption = None,
    jump: JumpOption = "removed",
    positive: Annotated[
        str, typer.Option(metavar="DIRECTION", help="What a positive current does: charge or discharge.")
    ] = "charge",
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="When the first pulse starts, of a file without current.")
    ] = None,
    pulse: Annotated[str | None, typer.Option(metavar="TIME", help="Duration of its pulses.")] = None,
    rest: Annotated[str | None, typer.Option(metavar="TIME", help="Duration of its rests.")] = None,
) -> None:
    """Evaluate the pulses of a measured titration.

    Prints D1 = (dEs/dEtau)^2 and, with --radius, the apparent diffusivity of each.
    """
    from asyncsoc.studies.gitt.measured_pulses import PulseTimes, read_gitt

    given = {"--start": start, "--pulse": pulse, "--rest": rest}
    lacking = [name for name, value in given.items() if value is None]
    if 0 < len(lacking) < len(given):
        raise InputError(
            "a file without current needs all of its times",
            where=", ".join(lacking),
            allowed="--start, --pulse and --rest together, or none of them",
        )
    times = None
    if not lacking:
        times = PulseTimes(*(to_si(value or "", "s", where=name) for name, value in given.items()))
    if positive not in ("charge", "discharge"):
        raise InputError("unknown sign of the current", where="--positive", value=positive, allowed="charge, discharge")
    result = read_gitt(
        file,
        radius=math.nan if radius is None else to_si(radius, "m", where="--radius"),
        jump=checked_jump(jump),
        positive="charge" if positive == "charge" else "discharge",
        times=times,
    )
    print_titration(result, output, [], json=json, quiet=quiet)
