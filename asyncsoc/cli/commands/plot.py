"""`asyncsoc plot`: pictures of stored results, and animations."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.cli.console import print_document, print_line
from asyncsoc.cli.options import Json

if TYPE_CHECKING:
    from asyncsoc.simulation.results.solution import Solution

ORDER = 15
_PICTURES = {".png": "png", ".svg": "svg", ".pdf": "pdf"}
_MOVING = (".gif", ".mp4")

Results = Annotated[
    list[Path], typer.Argument(metavar="RESULT...", help="Result files (*.vtkhdf); several are compared.")
]


def plot(
    results: Results,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE", help="PNG, SVG or PDF; GIF or MP4 for an animation (MP4 needs ffmpeg)."
        ),
    ],
    curve: Annotated[
        str | None, typer.Option("--curve", metavar="NAME", help="One curve alone, such as 'Asynchrony'.")
    ] = None,
    quantity: Annotated[
        str | None,
        typer.Option("--quantity", metavar="NAME", help="Field of an animation or 3-D view, such as 'SOC'."),
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", metavar="T", help="Moment of the map or 3-D view, such as '2 h'.")
    ] = None,
    three_d: Annotated[bool, typer.Option("--3d", help="The particle in 3-D, a quarter left out (PNG).")] = False,
    particle: Annotated[
        str | None, typer.Option("--particle", metavar="P", help="Of a group: this particle, by number from 0 or name.")
    ] = None,
    frames: Annotated[int, typer.Option("--frames", metavar="N", help="Pictures of an animation.")] = 48,
    rate: Annotated[float, typer.Option("--rate", metavar="R", help="Pictures of an animation in a second.")] = 12.0,
    json: Json = False,
) -> None:
    """Draw results: curves, a 3-D view or an animation."""
    from asyncsoc.simulation.results.solution import Solution

    ending = output.suffix.lower()
    moving = ending in _MOVING
    if not moving and ending not in _PICTURES:
        allowed = ", ".join((*_PICTURES, *_MOVING))
        raise InputError("the ending of the file says what is drawn", where="-o", value=str(output), allowed=allowed)
    _check(curve=curve, quantity=quantity, time=time, several=len(results) > 1, moving=moving, three_d=three_d)
    solutions = [_of(Solution.load(path), particle) for path in results]
    moment = None if time is None else _seconds(time)
    if moving:
        solutions[0].animate(output, quantity, frames=frames, rate=rate)
    elif three_d:
        solutions[0].plot_3d(moment, quantity, path=output)
    else:
        _save(_figure(solutions, curve, moment), output, _PICTURES[ending])
    if json:
        print_document({"files": [str(output)]})
    else:
        print_line(str(output))


def _check(
    *, curve: str | None, quantity: str | None, time: str | None, several: bool, moving: bool, three_d: bool
) -> None:
    """Refuse options that would have no effect."""
    kind = "an animation" if moving else "a 3-D view" if three_d else "a picture"
    for option, given, fits in (
        ("--3d", three_d, not moving),
        ("--curve", curve, not moving and not three_d),
        ("--quantity", quantity, moving or three_d),
        ("--time", time, three_d or not (moving or several or curve)),
        ("RESULT...", several, not moving and not three_d),
    ):
        if given and not fits:
            what = f"{kind} is of one result" if option == "RESULT..." else f"{kind} does not take {option}"
            if option == "--time" and not moving:
                what = "curves are of all times"
            raise InputError(what, where=option, next_step="leave it out; asyncsoc plot --help")


def _of(solution: Solution, particle: str | None) -> Solution:
    if particle is None:
        return solution
    return solution.particle(int(particle) if particle.isdecimal() else particle)


def _seconds(text: str) -> float:
    from asyncsoc.base.units import to_si

    return to_si(text, "s", where="--time")


def _figure(solutions: list[Solution], curve: str | None, moment: float | None) -> Any:
    from asyncsoc.simulation.comparison import plot as compared

    if len(solutions) > 1:
        return compared(solutions, curve)
    return solutions[0].plot(moment, curve=curve)


def _save(figure: Any, path: Path, kind: str) -> None:
    from asyncsoc.base.files import written

    drawn = io.BytesIO()
    figure.savefig(drawn, format=kind)
    with written(path, "the picture cannot be written") as stream:
        stream.write(drawn.getvalue())
