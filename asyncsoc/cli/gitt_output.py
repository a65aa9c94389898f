"""What the commands of a titration share: options, and how pulses are printed and kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.cli.console import note, print_document, print_line, print_table

if TYPE_CHECKING:
    from asyncsoc.studies.gitt.pulses import GittResult, Jump

JumpOption = Annotated[
    str,
    typer.Option(
        metavar="removed|kept",
        help="dEtau from just after the switch of the current (removed), or from the rest before it (kept).",
    ),
]
RadiusOption = Annotated[
    str | None, typer.Option(metavar="LENGTH", help="R_s of the formula; by default the radius of the case's sphere.")
]
_HEADS = ("cycle", "direction", "voltage [V]", "dEs [mV]", "dEtau [mV]", "jump [mV]", "D1", "apparent D [m2/s]")


def checked_jump(text: str) -> Jump:
    """Return the treatment of the jump.

    Raises
    ------
    InputError
        Neither "removed" nor "kept".
    """
    if text not in ("removed", "kept"):
        raise InputError("unknown treatment of the jump", where="--jump", value=text, allowed="removed, kept")
    return cast("Jump", text)


def print_titration(result: GittResult, output: Path | None, files: list[Path], *, json: bool, quiet: bool) -> None:
    """Keep table and picture of a titration in `output`, where that is given, and print its pulses."""
    if output is not None:
        from asyncsoc.studies.gitt.saving import write_titration

        files = [*files, *write_titration(result, output)]
    if json:
        print_document({**result.document(), "files": [str(file) for file in files]})
        return
    for remark in result.notes:
        note(f"note: {remark}")
    if quiet:
        return
    film = any(pulse.film == pulse.film for pulse in result.pulses)
    true = any(pulse.true == pulse.true for pulse in result.pulses)
    heads = (*_HEADS, *(["true D [m2/s]"] if true else []), *(["film [nm]"] if film else []), "cut short")
    rows = [
        (
            pulse.cycle,
            pulse.direction,
            f"{pulse.voltage:.4f}",
            f"{1e3 * pulse.steady_change:.3f}",
            f"{1e3 * pulse.transient_change:.3f}",
            f"{1e3 * pulse.jump:.3f}",
            f"{pulse.d1:.4g}",
            f"{pulse.apparent:.4g}",
            *([f"{pulse.true:.4g}"] if true else []),
            *([f"{1e9 * pulse.film:.4g}"] if film else []),
            pulse.cut_short,
        )
        for pulse in result.pulses
    ]
    print_table(heads, rows)
    print_line("\n".join(map(str, files)) if files else "not saved: add -o DIR for the table and the picture")
