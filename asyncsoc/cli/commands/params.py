"""`asyncsoc params`: parameter sets, and every parameter of one with its source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.cli.console import print_document, print_line, print_table
from asyncsoc.cli.options import Json

if TYPE_CHECKING:
    from asyncsoc.materials.types import Parameter

ORDER = 40
SIDE_REACTION = "side-reaction"
"""Name of the set with the constants of the side reaction."""
RATE_LAWS = "rate-laws"
"""Name of the set with the parameters of the rate laws."""
SALT = "salt/"
"""Before the name of a set of salt transport, some of which are named as the electrolyte is."""


def params(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="Set, salt/NAME, side-reaction, rate-laws or a case file; default: list them."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Show what is read from a BPX file, a file in the Battery Data Format, or pybamm:NAME.",
        ),
    ] = None,
    part: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --from: which material of a blended electrode.")
    ] = None,
    formula: Annotated[
        str | None, typer.Option(metavar="FORMULA", help="With --from and -o: of the lithiated material, e.g. LiCoO2.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE.toml", help="With --from: write the sections of a case file."),
    ] = None,
    json: Json = False,
) -> None:
    """List parameter sets, or the values and sources of one.

    Of a case file (CASE.toml) every parameter is listed, those that it gives itself among them.
    """
    from asyncsoc.materials.registry import describe

    if source is not None and name is not None:
        raise InputError("either a set or a file is shown", where="NAME", value=name, next_step="leave one of them out")
    for option, value in {"--part": part, "--formula": formula, "--output": output}.items():
        if value is not None and source is None:
            raise InputError(
                "the option belongs to a file", where=option, value=str(value), next_step="add --from FILE"
            )
    if source is not None:
        from asyncsoc.cli.imported import keep_imported, show_imported

        if output is None:
            show_imported(source, part, json=json)
        else:
            keep_imported(source, part, formula, output, json=json)
        return
    if name is None:
        _print_names(json=json)
        return
    if name.endswith(".toml"):
        _print_case(name, json=json)
        return
    others = {SIDE_REACTION: _side_reaction, RATE_LAWS: _rate_laws, **_salts()}
    found = others[name]() if name in others else describe(name, others=tuple(others))
    parameters = [asdict(parameter) for parameter in found]
    if json:
        print_document({"name": name, "parameters": parameters})
        return
    columns = ("name", "value", "unit", "source", "assumed", "note")
    print_table(columns, ([parameter[column] for column in columns] for parameter in parameters), title=name)


def _print_case(path: str, *, json: bool) -> None:
    from asyncsoc.case.case import Case
    from asyncsoc.problem.case_parameters import case_parameters

    found = case_parameters(Case.from_toml(path))
    rows = [{"section": section, **asdict(one)} for section, listed in found.items() for one in listed]
    if json:
        print_document({"name": path, "parameters": rows})
        return
    columns = ("section", "name", "value", "unit", "source", "assumed", "note")
    print_table(columns, ([row[column] for column in columns] for row in rows), title=path)


def _side_reaction() -> Sequence[Parameter]:
    """Return the constants of the default side reaction, what follows from others resolved."""
    from asyncsoc.problem.case_side_reaction import default_parameters

    return default_parameters()


def _salts() -> dict[str, Callable[[], Sequence[Parameter]]]:
    """Return the parameters of each set of salt transport by what the command calls it."""
    from asyncsoc.materials.salt import SALT_SETS

    return {f"{SALT}{name}": partial(getattr, one, "parameters") for name, one in SALT_SETS.items()}


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
    from asyncsoc.materials.salt import SALT_OF, SALT_SETS

    sets = [
        *((name, "material", cathode(name).title, name == DEFAULT_CATHODE) for name in cathode_names()),
        *((name, "electrolyte", electrolyte(name).title, name == DEFAULT_ELECTROLYTE) for name in electrolyte_names()),
    ]
    sets.append((SIDE_REACTION, "side reaction", "Oxidation of the default electrolyte at the default material", True))
    sets.append((RATE_LAWS, "kinetics", "Parameters of the rate laws (kinetics.model)", True))
    default = SALT_OF.get(DEFAULT_ELECTROLYTE)
    sets += [(f"{SALT}{one.name}", "salt", one.title, one.name == default) for one in SALT_SETS.values()]
    columns = ("name", "kind", "title", "default")
    if json:
        print_document({"sets": [dict(zip(columns, row, strict=True)) for row in sets]})
        return
    print_table(columns, sets)
    print_line("asyncsoc params NAME shows every parameter with its source")
