"""`asyncsoc stxm RESULT`: the redox ratio of a particle along lines of sight, pixel by pixel."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import to_si
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.options import Directory, Json

if TYPE_CHECKING:
    from asyncsoc.simulation.results.solution import Solution

ORDER = 10


def run(
    result: Annotated[
        Path, typer.Argument(metavar="RESULT", help="Result file (.vtkhdf), or a case file to simulate first.")
    ],
    output: Directory = None,
    json: Json = False,
    time: Annotated[
        str | None, typer.Option(metavar="TIME", help="When; the end of the run where none is given.")
    ] = None,
    particle: Annotated[int, typer.Option(metavar="N", help="Particle of a group or electrode, from 0.")] = 0,
    cut: Annotated[
        str,
        typer.Option(
            metavar="KIND", help="fragment: a slab under the contact, from the surface inwards; full: the particle."
        ),
    ] = "fragment",
    thickness: Annotated[
        str | None, typer.Option(metavar="LENGTH", help="Of the cut along the beam; 0.2 um of a fragment (assumed).")
    ] = None,
    field: Annotated[
        str | None, typer.Option(metavar="LENGTH", help="Side of the field of view; 2.5 um of a fragment.")
    ] = None,
    pixels: Annotated[int, typer.Option(metavar="N", help="Points a side.")] = 80,
    beam: Annotated[
        str | None, typer.Option(metavar="X,Y,Z", help="Direction of the beam; at right angles to the contact's axis.")
    ] = None,
    spot: Annotated[str, typer.Option(metavar="LENGTH", help="Width of the beam at half its maximum.")] = "50 nm",
    photons: Annotated[
        float, typer.Option(metavar="N", help="Photons per pixel and energy without a sample (assumed); inf: no noise.")
    ] = 1e4,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the counting noise.")] = 0,
) -> None:
    """Map a particle's ratio of oxidation states along a beam.

    The mean ratio is listed for four regions, the first at the contact.
    """
    from asyncsoc.studies.stxm.cuts import Cut, view_of
    from asyncsoc.studies.stxm.map_of import stxm_map
    from asyncsoc.studies.stxm.microscope import Microscope

    microscope = Microscope(spot=to_si(spot, "m", where="--spot"), photons=photons, seed=seed)
    solution = _solution(result)
    if solution.particle_runs:
        solution = solution.particle(particle)
    elif particle != 0:
        raise InputError("the run is that of one particle", where="--particle", value=particle, allowed="0")
    view = view_of(
        solution.mesh,
        solution.contact,
        cut=cast("Cut", cut),
        field=None if field is None else to_si(field, "m", where="--field"),
        pixels=pixels,
        thickness=None if thickness is None else to_si(thickness, "m", where="--thickness"),
        beam=None if beam is None else _direction(beam),
    )
    moment = None if time is None else to_si(time, "s", where="--time")
    found = stxm_map(solution, moment, view=view, microscope=microscope)
    files: list[Path] = []
    if output is not None:
        from asyncsoc.studies.stxm.saving import write_stxm

        files = write_stxm(found, output)
    if json:
        values = {"ratio map": found.ratio, "ratio map as seen": found.seen_ratio}
        print_document({**found.document(), **values, "files": [str(file) for file in files]})
        return
    document = found.document()
    rows = [
        (str(k + 1), f"{ratio:.4f}", f"{seen:.4f}", f"{x:.4f}")
        for k, (ratio, seen, x) in enumerate(
            zip(document["regions"], document["regions as seen"], document["stoichiometry of regions"], strict=True)
        )
    ]
    print_line(
        f"{found.valence.ratio_name} after {found.time / 3600.0:.3g} h, {found.voltage:.4f} V, "
        f"mean x {found.mean_x:.4f}"
    )
    print_table(("region", "ratio", "as seen", "x"), rows)
    if found.opaque > 0.0:
        note(f"warning: {100.0 * found.opaque:.3g} % of the pixels pass no photon at one of the energies")
    for remark in found.notes:
        note(f"note: {remark}")
    print_line("\n".join(map(str, files)) if files else "not saved: add -o DIR for the map (HDF5) and the picture")


def _solution(path: Path) -> Solution:
    from asyncsoc.simulation.results.solution import Solution

    if path.suffix != ".toml":
        return Solution.load(path)
    from asyncsoc.case.case import Case
    from asyncsoc.simulation import simulate

    return simulate(Case.from_toml(path))


def _direction(text: str) -> tuple[float, ...]:
    parts = text.split(",")
    try:
        found = tuple(float(part) for part in parts)
    except ValueError:
        found = ()
    if len(found) != 3 or not all(math.isfinite(value) for value in found) or not any(found):
        raise InputError("not a direction", where="--beam", value=text, allowed="three numbers, e.g. 1,0,0.5")
    return found
