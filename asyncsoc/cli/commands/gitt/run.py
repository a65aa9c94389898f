"""`asyncsoc gitt CASE.toml`: pulses and rests of a simulated titration, and the diffusivity that each shows."""

from __future__ import annotations

from typing import Annotated

import typer

from asyncsoc.base.units import to_si
from asyncsoc.cli.gitt_output import JumpOption, RadiusOption, checked_jump, print_titration
from asyncsoc.cli.options import CasePath, Directory, Json, Overrides, Quiet
from asyncsoc.cli.progress import counting_bar

ORDER = 10


def run(
    case: CasePath,
    output: Directory = None,
    overrides: Overrides = None,
    json: Json = False,
    quiet: Quiet = False,
    rate: Annotated[str, typer.Option(metavar="RATE", help="Rate or current of a pulse.")] = "C/10",
    pulse: Annotated[str, typer.Option(metavar="TIME", help="Duration of a pulse.")] = "30 min",
    rest: Annotated[str, typer.Option(metavar="TIME", help="Duration of a rest.")] = "30 min",
    upper: Annotated[str, typer.Option(metavar="VOLTAGE", help="Voltage that ends the charge.")] = "4.2 V",
    lower: Annotated[str, typer.Option(metavar="VOLTAGE", help="Voltage that ends the discharge.")] = "2.8 V",
    cycles: Annotated[int, typer.Option(metavar="N", help="Charges, each with its discharge.")] = 2,
    charge_only: Annotated[
        bool, typer.Option("--charge-only", help="Leave the discharge of the last cycle out.")
    ] = False,
    jump: JumpOption = "removed",
    radius: RadiusOption = None,
) -> None:
    """Simulate a titration of a case in place of its protocol.

    Prints D1 = (dEs/dEtau)^2 and the apparent diffusivity of every pulse beside the material's own. A side reaction of
    the case (--set side_reaction.mode=coupled) grows its film between the cycles.
    """
    from asyncsoc.case.case import Case
    from asyncsoc.studies.gitt.titration import GittPlan, simulate_gitt

    plan = GittPlan(
        rate=rate,
        pulse=to_si(pulse, "s", where="--pulse"),
        rest=to_si(rest, "s", where="--rest"),
        upper=to_si(upper, "V", where="--upper"),
        lower=to_si(lower, "V", where="--lower"),
        cycles=cycles,
        discharge=not charge_only,
    )
    description = Case.from_toml(case, overrides or [])
    formula = None if radius is None else to_si(radius, "m", where="--radius")
    with counting_bar(quiet=quiet, runs=True) as progress:
        result, solution = simulate_gitt(description, plan, jump=checked_jump(jump), radius=formula, progress=progress)
    files = [] if output is None else [solution.save(output)]
    print_titration(result, output, files, json=json, quiet=quiet)
