"""`asyncsoc params`: parameter sets, and every parameter of one with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncsoc.cli.console import print_document, print_line, print_table
from asyncsoc.cli.options import Json

if TYPE_CHECKING:
    from asyncsoc.materials.types import Parameter

ORDER = 40
SIDE_REACTION = "side-reaction"
"""Name of the set with the constants of the side reaction."""
RATE_LAWS = "rate-laws"
"""Name of the set with the parameters of the rate laws."""


def params(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="Parameter set, side-reaction, rate-laws, or a case file; default: list them."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List parameter sets, or the values and sources of one, or of the cathode of a case."""
    from asyncsoc.materials.registry import describe

    if name is None:
        _print_names(json=json)
        return
    others = {SIDE_REACTION: _side_reaction, RATE_LAWS: _rate_laws}
    if name.endswith(".toml"):
        found = _of_a_case(Path(name))
    else:
        found = others[name]() if name in others else describe(name, others=tuple(others))
    parameters = [asdict(parameter) for parameter in found]
    if json:
        print_document({"name": name, "parameters": parameters})
        return
    columns = ("name", "value", "unit", "source", "assumed", "note")
    print_table(columns, ([parameter[column] for column in columns] for parameter in parameters), title=name)


def _side_reaction() -> Sequence[Parameter]:
    """Return the constants of the default side reaction, what follows from others resolved."""
    from asyncsoc.problem.case_side_reaction import default_parameters

    return default_parameters()


def _of_a_case(path: Path) -> Sequence[Parameter]:
    """Return the parameters of a case's cathode, those that the case gives marked as such."""
    from asyncsoc.case import Case
    from asyncsoc.materials.own_cathode import listed_exchange_current
    from asyncsoc.problem.case_materials import cathode_of

    case = Case.from_toml(path)
    kinetics, own = case.kinetics, cathode_of(case.material).parameters
    given = kinetics.exchange_current_density
    energy = kinetics.exchange_current_activation_energy or 0.0
    return own if given is None else listed_exchange_current(own, given, energy)


def _rate_laws() -> Sequence[Parameter]:
    """Return the parameters of the rate laws at their defaults."""
    from asyncsoc.interface.rate_laws import listed_parameters

    return listed_parameters()


def _print_names(*, json: bool) -> None:
    from asyncsoc.materials.registry import (
        DEFAULT_CATHODE,
        DEFAULT_ELECTROLYTE,
        cathode,
        cathode_names,
        electrolyte,
        electrolyte_names,
    )

    sets = [
        *((name, "material", cathode(name).title, name == DEFAULT_CATHODE) for name in cathode_names()),
        *((name, "electrolyte", electrolyte(name).title, name == DEFAULT_ELECTROLYTE) for name in electrolyte_names()),
    ]
    sets.append((SIDE_REACTION, "side reaction", "Oxidation of the default electrolyte at the default material", True))
    sets.append((RATE_LAWS, "kinetics", "Parameters of the rate laws (kinetics.model)", True))
    columns = ("name", "kind", "title", "default")
    if json:
        print_document({"sets": [dict(zip(columns, row, strict=True)) for row in sets]})
        return
    print_table(columns, sets)
    print_line("asyncsoc params NAME shows every parameter with its source")
