"""`asyncsoc gitt correct`: from an apparent diffusivity to a range of the true one."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import to_si
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.options import Json

ORDER = 30


def correct(
    apparent: Annotated[str, typer.Option(metavar="D", help="Apparent diffusivity, jumps removed, e.g. '3e-15 m2/s'.")],
    coverage: Annotated[str, typer.Option(metavar="LOW:HIGH", help="Range of the coverage, e.g. 0.2:0.5.")],
    radius: Annotated[
        str, typer.Option(metavar="LOW:HIGH", help="Radius of the particles or its range, e.g. '5 um:10 um'.")
    ],
    pulse: Annotated[str, typer.Option(metavar="TIME", help="Duration of the pulse.")] = "30 min",
    rest: Annotated[
        str | None, typer.Option(metavar="TIME", help="Duration of the rests; complete ones where none is given.")
    ] = None,
    before: Annotated[
        int, typer.Option(metavar="N", help="Equal pulses that preceded it since the particle was uniform.")
    ] = 0,
    formula_radius: Annotated[
        str | None, typer.Option(metavar="LENGTH", help="R_s of the formula; the middle of --radius.")
    ] = None,
    patches: Annotated[int, typer.Option(metavar="N", help="Round patches that the contact consists of.")] = 1,
    tolerance: Annotated[float, typer.Option(metavar="SHARE", help="Relative error allowed in dEs/dEtau.")] = 0.1,
    json: Json = False,
) -> None:
    """Turn an apparent diffusivity into a range of true ones.

    The range has one end where the formula is saturated, or where the rests are too short to tell.
    """
    from asyncsoc.studies.gitt.correction import correct_apparent

    found = correct_apparent(
        to_si(apparent, "m2/s", where="--apparent"),
        _range(coverage, "", "--coverage"),
        _range(radius, "m", "--radius"),
        to_si(pulse, "s", where="--pulse"),
        rest=math.inf if rest is None else to_si(rest, "s", where="--rest"),
        before=before,
        formula_radius=None if formula_radius is None else to_si(formula_radius, "m", where="--formula-radius"),
        patches=patches,
        tolerance=tolerance,
    )
    if json:
        print_document(
            {
                "lowest diffusivity [m2/s]": found.low,
                "highest diffusivity [m2/s]": found.high,
                "D1": found.d1,
                "largest apparent diffusivity [m2/s]": found.saturated,
                "width [decades]": found.width,
                "notes": list(found.notes),
            }
        )
        return
    rows = [
        ("lowest true diffusivity [m2/s]", "unbounded" if found.low is None else found.low),
        ("highest true diffusivity [m2/s]", "unbounded" if found.high is None else found.high),
        ("D1", found.d1),
        ("largest apparent value the formula gives [m2/s]", found.saturated),
    ]
    print_table(("quantity", "value"), rows)
    if math.isfinite(found.width):
        print_line(f"{found.width:.2f} decades wide")
    for remark in found.notes:
        note(f"note: {remark}")


def _range(text: str, unit: str, where: str) -> tuple[float, float]:
    """Return 'LOW:HIGH', or one value as both ends."""
    parts = [part.strip() for part in text.split(":")]
    if not 1 <= len(parts) <= 2 or not all(parts):
        raise InputError("not a range", where=where, value=text, allowed="LOW:HIGH, or one value")
    ends = [to_si(part if unit else _number(part, where), unit, where=where) for part in parts]
    return ends[0], ends[-1]


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError("not a number", where=where, value=text, allowed="0 to 1, e.g. 0.2:0.5") from None
