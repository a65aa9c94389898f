"""`asyncsoc eis`: the impedance of a case at states of its protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncsoc.base.errors import AsyncsocError, InputError
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.options import Directory, Json, OptionalCasePath, Overrides, Quiet
from asyncsoc.cli.progress import counting_bar, progress_bar

if TYPE_CHECKING:
    from asyncsoc.simulation.impedance.spectrum import ImpedanceSpectrum

ORDER = 26


def eis(
    case: OptionalCasePath = None,
    output: Directory = None,
    overrides: Overrides = None,
    json: Json = False,
    quiet: Quiet = False,
    at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATE",
            help="initial, final, rest, 'step 2', 'cycle 5', or a time such as '2 h'. May be repeated; default: final.",
        ),
    ] = None,
    result: Annotated[
        Path | None,
        typer.Option("--result", metavar="FILE", help="Take the states of this result of asyncsoc run, on its mesh."),
    ] = None,
    graded: Annotated[
        bool, typer.Option("--graded/--no-graded", help="Make the mesh of a sphere fine enough for the frequencies.")
    ] = True,
    plot: Annotated[bool, typer.Option("--plot/--no-plot", help="With -o: write pictures beside the spectra.")] = True,
) -> None:
    """Compute the impedance of a case at states of its protocol."""
    states = at or ["final"]
    spectra = (
        _of_result(result, case, overrides, states, quiet)
        if result
        else _of_case(case, overrides or [], states, graded=graded, quiet=quiet)
    )
    files = [] if output is None else _keep(spectra, states, output, plot=plot)
    for warning in dict.fromkeys(warning for one in spectra for warning in one.warnings):
        note(f"warning: {warning}")
    if json:
        documents = [one.to_json_dict() for one in spectra]
        named = [str(file) for file in files]
        more = {"spectra": documents} if len(documents) > 1 else {}
        print_document({**documents[0], **more, "files": named})
    elif not quiet:
        print_table(("quantity", *states), _rows(spectra))
        print_line("\n".join(map(str, files)) if files else "not saved: add -o DIR to save spectra and pictures")


def _of_case(
    path: Path | None, overrides: list[str], states: list[str], *, graded: bool, quiet: bool
) -> list[ImpedanceSpectrum]:
    from asyncsoc.case.case import Case
    from asyncsoc.simulation.impedance.eis_simulation import EISSimulation

    if path is None:
        raise InputError(
            "missing argument 'CASE.toml'",
            next_step="asyncsoc eis CASE.toml, or asyncsoc eis --result FILE for a result; asyncsoc eis --help",
        )
    simulation = EISSimulation(Case.from_toml(path, overrides), graded=graded)
    if any(state.strip().lower() != "initial" for state in states):
        with progress_bar(quiet=quiet, groups=simulation.case.electrode.described) as moving:
            simulation.run(moving)
    with counting_bar(quiet=quiet) as counted:
        return [simulation.solve(at=state, progress=counted) for state in states]


def _of_result(
    result: Path, case: Path | None, overrides: list[str] | None, states: list[str], quiet: bool
) -> list[ImpedanceSpectrum]:
    from asyncsoc.simulation.results.solution import Solution

    if case is not None or overrides:
        raise InputError(
            "a result has its case: there is nothing to set",
            where="--result",
            value=str(result),
            next_step="leave out CASE.toml and --set, or leave out --result",
        )
    solution = Solution.load(result)
    with counting_bar(quiet=quiet) as counted:
        return [solution.impedance(at=state, progress=counted) for state in states]


def _rows(spectra: list[ImpedanceSpectrum]) -> list[tuple[object, ...]]:
    """Return what is told of each spectrum: its state, its interface, its parts at the lowest frequency."""
    rows: list[tuple[object, ...]] = [("kind", *(one.kind for one in spectra))]
    for name in ("time [s]", "voltage [V]", "mean SOC"):
        rows.append((name, *(one.at.get(name) for one in spectra)))
    rows.append(("interface resistance, true [ohm]", *(one.interface_resistance for one in spectra)))
    rows.append(("  per contact area [ohm cm2]", *(_times(one, one.contact_area) for one in spectra)))
    rows.append(("  per area of the electrode [ohm cm2]", *(_times(one, one.electrode_area) for one in spectra)))
    fits = [_fitted(one) for one in spectra]
    rows.append(
        ("interface resistance, equivalent circuit [ohm]", *(one.get("interface resistance [ohm]") for one in fits))
    )
    rows.append(("misfit of the circuit", *(one.get("misfit") for one in fits)))
    names = dict.fromkeys(name for one in spectra for name in one.parts)
    lowest = spectra[0].frequencies[0]
    rows.append((f"Re Z at {lowest:.3g} Hz [ohm]", *(float(one.impedance.real[0]) for one in spectra)))
    for name in names:
        rows.append((f"  {name}", *(_first(one, name) for one in spectra)))
    return rows


def _times(one: ImpedanceSpectrum, area: float) -> float:
    return one.interface_resistance * area * 1e4


def _fitted(one: ImpedanceSpectrum) -> dict[str, object]:
    try:
        return one.fit.to_dict()
    except AsyncsocError:
        return {}


def _first(one: ImpedanceSpectrum, name: str) -> float | None:
    return float(one.parts[name].real[0]) if name in one.parts else None


def _keep(spectra: list[ImpedanceSpectrum], states: list[str], directory: Path, *, plot: bool) -> list[Path]:
    """Write every spectrum in all layouts, and the pictures of all of them."""
    from asyncsoc.base.files import replaced

    first = spectra[0]
    stem = f"{first.name}-{first.case_sha256[:8]}-impedance"
    files = []
    for one, state in zip(spectra, states, strict=True):
        name = f"{stem}-{'_'.join(state.split())}" if len(spectra) > 1 else stem
        files.append(one.save(directory / f"{name}.nc"))
        files.append(one.to_csv(directory / f"{name}.bdf.csv"))
        files.append(one.to_csv(directory / f"{name}.csv", layout="impedance.py"))
    if plot:
        for kind, figure in (("nyquist", first.nyquist_plot(spectra[1:])), ("bode", first.bode_plot(spectra[1:]))):
            picture = directory / f"{stem}-{kind}.png"
            with replaced(picture) as stream:
                figure.savefig(stream, format="png")
            files.append(picture)
    return files
