"""`asyncsoc react`: what a cathode and an electrolyte become at equilibrium, and with what energy."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asyncsoc.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from asyncsoc.thermo.curve import ReactionCurve
    from asyncsoc.thermo.host import Host
    from asyncsoc.thermo.phases import Phase, PhaseTable

_DEFAULT_X = "1:0:-0.05"
_MIXING_X = (1.0, 0.8, 0.6, 0.5, 0.4, 0.25)
_MOST_POINTS = 2001
_RANGE = 3


def _stoichiometries(text: str) -> NDArray[np.float64]:
    """Return the values of '1,0.9,0.8' or 'first:last:step'."""
    import numpy as np

    parts = text.split(":") if ":" in text else text.split(",")
    try:
        numbers = [float(part) for part in parts]
    except ValueError as error:
        raise InputError("not a list of numbers", where="--x", value=text, allowed="1,0.9,0.8 or 1:0:-0.05") from error
    if ":" not in text:
        return np.array(numbers)
    if len(numbers) != _RANGE or not np.isfinite(numbers).all() or numbers[2] == 0.0:
        raise InputError("not a range", where="--x", value=text, allowed="first:last:step, such as 1:0:-0.05")
    count = (numbers[1] - numbers[0]) / numbers[2] + 1.0
    if not 1.0 - 1e-9 <= count <= _MOST_POINTS:
        raise InputError(
            "the range is empty or too long", where="--x", value=text, allowed=f"1 to {_MOST_POINTS} values"
        )
    values = numbers[0] + numbers[2] * np.arange(int(count + 1e-9))
    return np.round(values, 12)


def _phase_table(phases: Path | None, entries: Path | None) -> PhaseTable:
    from asyncsoc.thermo.entries import read_entries
    from asyncsoc.thermo.loading import default_phase_table, read_phase_table

    if phases and entries:
        raise InputError("two phase tables are given", where="--phases, --entries", next_step="give one of them")
    if phases:
        return read_phase_table(phases)
    return read_entries(entries) if entries else default_phase_table()


def _columns(curve: ReactionCurve, prefix: str) -> dict[str, Any]:
    return {
        f"{prefix}reaction energy [eV/atom]": curve.energy.tolist(),
        f"{prefix}standard deviation [eV/atom]": curve.standard_deviation.tolist(),
        f"{prefix}mixing fraction": curve.mixing_fraction.tolist(),
        f"{prefix}molar fraction": [reaction.molar_fraction for reaction in curve.reactions],
        f"{prefix}products": [reaction.amounts() for reaction in curve.reactions],
        f"{prefix}lithium to the reservoir": [reaction.lithium_released() for reaction in curve.reactions],
        f"{prefix}equation": [reaction.equation() for reaction in curve.reactions],
    }


def _described(phase: Phase) -> dict[str, Any]:
    from asyncsoc.thermo.phases import KJ_PER_MOL

    return {
        "name": phase.name,
        "formula": phase.formula,
        "formation enthalpy [kJ/mol]": phase.energy / KJ_PER_MOL,
        "uncertainty [kJ/mol]": phase.uncertainty / KJ_PER_MOL,
        "source": phase.source,
        "assumed": phase.assumed,
        "note": phase.note,
    }


def _document(
    host: Host, salt: Phase, table: PhaseTable, total: ReactionCurve, mutual: ReactionCurve, potential: float | None
) -> dict[str, Any]:
    x = total.x.tolist()
    low, high = host.validity
    return {
        "cathode": host.name,
        "electrolyte": salt.name,
        "phase table": table.origin,
        "temperature [K]": table.temperature,
        "lithium reservoir [V]": potential,
        "voltage curve valid over x": [low, high],
        "x": x,
        "extrapolated": [not low <= value <= high for value in x],
        **_columns(total, ""),
        **_columns(mutual, "mutual "),
        "reactants": [_described(host.lithiated), _described(salt)],
    }


def _print_table(document: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    title = f"{document['cathode']} + {document['electrolyte']}: reaction energy [eV/atom]"
    table = Table(title=title, title_justify="left")
    for name in ("x", "total", "+- 1 s.d.", "mutual", "y (total)"):
        table.add_column(name, justify="right")
    table.add_column("products at the minimum of the total energy")
    rows = zip(
        document["x"],
        document["extrapolated"],
        document["reaction energy [eV/atom]"],
        document["standard deviation [eV/atom]"],
        document["mutual reaction energy [eV/atom]"],
        document["mixing fraction"],
        document["products"],
        strict=True,
    )
    for x, beyond, total, deviation, mutual, y, products in rows:
        named = ", ".join(sorted(products, key=lambda name: -products[name]))
        label = f"{x:.4g}{'*' if beyond else ''}"
        table.add_row(label, f"{total:.4f}", f"{deviation:.4f}", f"{mutual:.4f}", f"{y:.3f}", named)
    console = Console()
    console.print(table)
    low, high = document["voltage curve valid over x"]
    console.print(
        f"* outside {low:g} to {high:g}, where the voltage curve's source holds: extrapolated", highlight=False
    )
    console.print(
        "Total: reactants as they are, self-decomposition included. Mutual: what the contact adds. "
        "Equilibrium products, not what kinetics gives.",
        highlight=False,
    )


def _draw(
    plot: Path | None,
    mixing_plot: Path | None,
    host: Host,
    salts: list[Phase],
    curves: tuple[list[ReactionCurve], list[ReactionCurve]],
    table: PhaseTable,
    potential: float | None,
) -> list[str]:
    from asyncsoc.drawing.reaction import mixing_figure, save_reaction_figure, stoichiometry_figure
    from asyncsoc.thermo.curve import mixing_profile

    written = []
    if plot:
        written.append(save_reaction_figure(stoichiometry_figure(*curves, host.validity), plot))
    for salt in salts if mixing_plot else []:
        profiles = {x: mixing_profile(host, salt, x, table=table, potential=potential) for x in _MIXING_X}
        place = mixing_plot if mixing_plot and len(salts) == 1 else _numbered(mixing_plot, salt.name)
        written.append(save_reaction_figure(mixing_figure(profiles, salt.name), place))
    return [str(path) for path in written]


def _numbered(path: Path | None, name: str) -> Path:
    base = path or Path("mixing.png")
    return base.with_name(f"{base.stem}-{name}{base.suffix}")


def react(
    cathode: Annotated[str, typer.Option(help="Cathode parameter set, or ncm811 for the default one.")] = "ncm811",
    electrolyte: Annotated[
        list[str] | None, typer.Option(help="litfsi, eca, peca, peo, peo-litfsi, pegda-peca; may be repeated.")
    ] = None,
    x: Annotated[str, typer.Option("--x", help="Stoichiometries: 1,0.9,0.8 or first:last:step.")] = _DEFAULT_X,
    potential: Annotated[
        float | None, typer.Option(help="Open to a lithium reservoir at this potential [V against Li].")
    ] = None,
    phases: Annotated[Path | None, typer.Option(help="Phase table (JSON) in place of the package's.")] = None,
    entries: Annotated[Path | None, typer.Option(help="Computed entries (Materials Project JSON).")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the energies over x: .png, .svg or .pdf.")] = None,
    mixing_plot: Annotated[Path | None, typer.Option(help="Draw the energies over the mixing fraction.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Reaction energy of a cathode and an electrolyte over the cathode's lithium content, with the products."""
    from asyncsoc.thermo.cathodes import named_host
    from asyncsoc.thermo.curve import reaction_curve
    from asyncsoc.thermo.reactants import reactant

    values = _stoichiometries(x)
    host = named_host(cathode, where="--cathode")
    salts = [reactant(name, where="--electrolyte") for name in electrolyte or ["litfsi"]]
    table = _phase_table(phases, entries)
    total = [reaction_curve(host, salt, values, table=table, potential=potential) for salt in salts]
    mutual = [reaction_curve(host, salt, values, kind="mutual", table=table, potential=potential) for salt in salts]
    figures = _draw(plot, mixing_plot, host, salts, (total, mutual), table, potential)
    documents = [
        _document(host, *row, potential) for row in zip(salts, [table] * len(salts), total, mutual, strict=True)
    ]
    if json:
        answer = documents[0] if len(documents) == 1 else {"reactions": documents}
        typer.echo(json_module.dumps({**answer, "figures": figures}, allow_nan=False))
        return
    for document in documents:
        _print_table(document)
    for figure in figures:
        typer.echo(figure)
