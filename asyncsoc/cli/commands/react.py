"""`asyncsoc react`: what a cathode and an electrolyte become at equilibrium, and with what energy."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.cli.console import print_line, print_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from asyncsoc.materials.thermochemistry.conditions import Conditions
    from asyncsoc.materials.thermochemistry.curve import ReactionCurve
    from asyncsoc.materials.thermochemistry.host import Host
    from asyncsoc.materials.thermochemistry.phases import Phase, PhaseTable

ORDER = 70
_DEFAULT_X = "1:0:-0.05"
_DEFAULT_TEMPERATURE = "60 degC"
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
    from asyncsoc.materials.thermochemistry.entries import read_entries
    from asyncsoc.materials.thermochemistry.loading import default_phase_table, read_phase_table

    if phases and entries:
        raise InputError("two phase tables are given", where="--phases, --entries", next_step="give one of them")
    if phases:
        return read_phase_table(phases)
    return read_entries(entries) if entries else default_phase_table()


def _reactants(names: list[str], table: PhaseTable, added: Path | None) -> tuple[list[Phase], PhaseTable]:
    """Return the reactants, and the table with the phases added by the option and by the reactants' files."""
    from asyncsoc.case.reactant import Phases
    from asyncsoc.cli.reactants import named_or_own
    from asyncsoc.materials.thermochemistry.own import require_plausible, with_phases
    from asyncsoc.materials.thermochemistry.reactants import reactant

    found = [named_or_own(name, where="--electrolyte") for name in names]
    more = () if added is None else Phases().of(added) or ()
    own = {phase.formula + phase.state: phase.to_phase() for phase in (*more, *(p for _, ps in found for p in ps))}
    table = with_phases(table, own.values(), where="phases of one's own")
    salts = [reactant(one, where="--electrolyte") if isinstance(one, str) else one.to_phase() for one, _ in found]
    for salt, (one, _) in zip(salts, found, strict=True):
        if not isinstance(one, str):
            require_plausible(salt, table, where=f"--electrolyte, formation_enthalpy of {salt.name}")
    return salts, table


def _columns(curve: ReactionCurve, prefix: str) -> dict[str, Any]:
    return {
        f"{prefix}reaction energy [eV/atom]": curve.energy.tolist(),
        f"{prefix}standard deviation [eV/atom]": curve.standard_deviation.tolist(),
        f"{prefix}systematic difference [eV/atom]": None if curve.systematic is None else curve.systematic.tolist(),
        f"{prefix}band [eV/atom]": [list(pair) for pair in zip(*(edge.tolist() for edge in curve.band()), strict=True)],
        f"{prefix}mixing fraction": curve.mixing_fraction.tolist(),
        f"{prefix}molar fraction": [reaction.molar_fraction for reaction in curve.reactions],
        f"{prefix}products": [reaction.amounts() for reaction in curve.reactions],
        f"{prefix}lithium to the reservoir": [reaction.lithium_released() for reaction in curve.reactions],
        f"{prefix}equation": [reaction.equation() for reaction in curve.reactions],
    }


def _described(phase: Phase) -> dict[str, Any]:
    from asyncsoc.materials.thermochemistry.phases import KJ_PER_MOL

    return {
        "name": phase.name,
        "formula": phase.formula,
        "formation enthalpy [kJ/mol]": phase.energy / KJ_PER_MOL,
        "uncertainty [kJ/mol]": phase.uncertainty / KJ_PER_MOL,
        "source": phase.source,
        "assumed": phase.assumed,
        "note": phase.note,
        "entropy [J/(mol K)]": phase.entropy,
        "entropy uncertainty [J/(mol K)]": phase.entropy_uncertainty,
        "entropy source": phase.entropy_source,
        "entropy estimated": phase.entropy_estimated,
    }


def _conditions(energy: str, temperature: str) -> Conditions:
    from asyncsoc.base.errors import unknown_name
    from asyncsoc.base.units import to_si
    from asyncsoc.materials.thermochemistry.conditions import ENERGIES, Conditions

    if energy not in ENERGIES:
        raise unknown_name("energy", energy, ENERGIES, where="--energy")
    kelvin = to_si(temperature, "K", where="--temperature")
    try:
        return Conditions(energy, kelvin)
    except InputError as error:
        raise InputError(
            error.what, where="--temperature", value=temperature, allowed=error.allowed, next_step=error.next_step
        ) from None


def _document(
    host: Host, salt: Phase, table: PhaseTable, total: ReactionCurve, mutual: ReactionCurve, potential: float | None
) -> dict[str, Any]:
    x = total.x.tolist()
    conditions = total.conditions
    other = conditions.other
    gibbs = conditions if conditions.energy == "gibbs" else other
    low, high = host.validity
    return {
        "cathode": host.name,
        "electrolyte": salt.name,
        "phase table": table.origin,
        "energy": conditions.energy,
        "temperature [K]": table.temperature if conditions.energy == "enthalpy" else conditions.temperature,
        "systematic difference to": {
            "energy": other.energy,
            "temperature [K]": gibbs.temperature if other.energy == "gibbs" else table.temperature,
        },
        "entropies estimated": sorted(table.estimated),
        "lithium reservoir [V]": potential,
        "voltage curve valid over x": [low, high],
        "x": x,
        "extrapolated": [not low <= value <= high for value in x],
        **_columns(total, ""),
        **_columns(mutual, "mutual "),
        "reactants": [_described(host.lithiated), _described(salt)],
    }


def _print_table(document: dict[str, Any], conditions: Conditions) -> None:
    from asyncsoc.materials.thermochemistry.own import UNSOURCED

    estimated = set(document["entropies estimated"])
    other = conditions.other.label
    columns = (
        "x",
        "total",
        "+- 1 s.d.",
        other,
        "mutual",
        other,
        "y (total)",
        "products at the minimum of the total energy",
    )
    names = ("reaction energy [eV/atom]", "systematic difference [eV/atom]")
    total, apart, mutual, mutual_apart = (document[f"{kind}{name}"] for kind in ("", "mutual ") for name in names)
    rows = [
        (
            f"{x:.4g}{'*' if document['extrapolated'][k] else ''}",
            f"{total[k]:.4f}",
            f"{document['standard deviation [eV/atom]'][k]:.4f}",
            _shifted(total, apart, k),
            f"{mutual[k]:.4f}",
            _shifted(mutual, mutual_apart, k),
            f"{document['mixing fraction'][k]:.3f}",
            _listed(document["products"][k], estimated),
        )
        for k, x in enumerate(document["x"])
    ]
    title = f"{document['cathode']} + {document['electrolyte']}: reaction energy [eV/atom], {conditions.label}"
    print_table(columns, rows, title=title)
    low, high = document["voltage curve valid over x"]
    print_line(f"* extrapolated: the source of the voltage curve covers x from {low:g} to {high:g}")
    print_line("~ the entropy of this phase, and so its Gibbs energy, is estimated")
    if document["reactants"][1]["entropy [J/(mol K)]"] is None:
        print_line(f"No entropy of {document['electrolyte']} is given: it has no Gibbs energies.")
    elif any(reactant["entropy estimated"] for reactant in document["reactants"]):
        print_line("The entropies of both reactants are estimated. Mutual energies do not depend on them.")
    for reactant in document["reactants"][1:]:
        if reactant["assumed"] and reactant["source"] == UNSOURCED:
            print_line(f"The formation enthalpy of {reactant['name']} was given without a source: it is an assumption.")
    print_line(
        "Total: energy from the reactants as they are, which includes the decomposition of each by itself. "
        "Mutual: without the latter. Equilibrium products are listed; kinetics may give others."
    )


def _shifted(values: list[float], apart: list[float] | None, k: int) -> str:
    return "-" if apart is None else f"{values[k] + apart[k]:.4f}"


def _listed(products: dict[str, float], estimated: set[str]) -> str:
    ordered = sorted(products, key=lambda name: -products[name])
    return ", ".join(f"{name}~" if name in estimated else name for name in ordered)


def _draw(
    plot: Path | None,
    mixing_plot: Path | None,
    host: Host,
    salts: list[Phase],
    curves: tuple[list[ReactionCurve], list[ReactionCurve]],
    table: PhaseTable,
    potential: float | None,
    conditions: Conditions,
) -> list[str]:
    from asyncsoc.materials.thermochemistry.curve import mixing_profile
    from asyncsoc.plotting.reaction import mixing_figure, save_reaction_figure, stoichiometry_figure

    written = []
    if plot:
        written.append(save_reaction_figure(stoichiometry_figure(*curves, host.validity), plot))
    for salt in salts if mixing_plot else []:
        profiles = {
            x: mixing_profile(host, salt, x, table=table, potential=potential, conditions=conditions) for x in _MIXING_X
        }
        place = mixing_plot if mixing_plot and len(salts) == 1 else _numbered(mixing_plot, salt.name)
        written.append(save_reaction_figure(mixing_figure(profiles, f"{salt.name}, {conditions.label}"), place))
    return [str(path) for path in written]


def _numbered(path: Path | None, name: str) -> Path:
    base = path or Path("mixing.png")
    return base.with_name(f"{base.stem}-{name}{base.suffix}")


def react(
    cathode: Annotated[
        str | None, typer.Option(metavar="NAME", help="Cathode parameter set; default: that of a case.")
    ] = None,
    electrolyte: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="litfsi, eca, peca, peo, peo-litfsi, pegda-peca, or a TOML file with a reactant; may be repeated.",
        ),
    ] = None,
    x: Annotated[
        str, typer.Option("--x", metavar="LIST", help="Stoichiometries: 1,0.9,0.8 or first:last:step.")
    ] = _DEFAULT_X,
    potential: Annotated[
        float | None,
        typer.Option(
            metavar="VOLT", help="Exchange lithium with a reservoir at this potential [V against Li]; default: closed."
        ),
    ] = None,
    phases: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Phase table (JSON) that replaces the package's.")
    ] = None,
    entries: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Computed entries (Materials Project JSON) that replace the phase table."),
    ] = None,
    add_phases: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Phases (JSON, as of --phases or --entries) added to the table or in place of the same ones.",
        ),
    ] = None,
    energy: Annotated[
        str, typer.Option(metavar="KIND", help="enthalpy, or gibbs to include entropies and gases.")
    ] = "enthalpy",
    temperature: Annotated[
        str,
        typer.Option(
            metavar="T", help="Temperature of the Gibbs energies, which the table shows with either --energy."
        ),
    ] = _DEFAULT_TEMPERATURE,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the energies over x: .png, .svg or .pdf.")
    ] = None,
    mixing_plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the energies over the mixing fraction.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Compute reaction energies of a cathode with an electrolyte.

    Over the lithium content of the cathode, with the products at equilibrium.
    """
    from asyncsoc.materials.registry import DEFAULT_CATHODE
    from asyncsoc.materials.thermochemistry.cathodes import named_host
    from asyncsoc.materials.thermochemistry.curve import compared_curve
    from asyncsoc.materials.thermochemistry.reaction import KINDS

    values = _stoichiometries(x)
    conditions = _conditions(energy, temperature)
    host = named_host(cathode or DEFAULT_CATHODE, where="--cathode")
    salts, table = _reactants(electrolyte or ["litfsi"], _phase_table(phases, entries), add_phases)
    total, mutual = (
        [
            compared_curve(host, salt, values, kind=kind, table=table, potential=potential, conditions=conditions)
            for salt in salts
        ]
        for kind in KINDS
    )
    figures = _draw(plot, mixing_plot, host, salts, (total, mutual), table, potential, conditions)
    documents = [
        _document(host, *row, potential) for row in zip(salts, [table] * len(salts), total, mutual, strict=True)
    ]
    if json:
        answer = documents[0] if len(documents) == 1 else {"reactions": documents}
        typer.echo(json_module.dumps({**answer, "figures": figures}, allow_nan=False))
        return
    for document in documents:
        _print_table(document, conditions)
    for figure in figures:
        print_line(figure)
