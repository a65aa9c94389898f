"""`asyncsoc verify`: the solver against closed forms, manufactured solutions and invariants."""

from __future__ import annotations

from typing import Annotated

import typer

from asyncsoc.base.errors import SimulationError
from asyncsoc.cli.console import note, print_document, print_table
from asyncsoc.cli.options import Json
from asyncsoc.cli.progress import counting_bar

ORDER = 50
_CHECK = ("name", "value", "reference", "tolerance", "passed", "note")
_SHOWN = _CHECK[:-1]


def verify(
    json: Json = False,
    three_dimensional: Annotated[bool, typer.Option("--3d", help="The 3-D meshes too: about a minute more.")] = False,
    electrode: Annotated[
        bool, typer.Option("--electrode", help="Particles at one potential and layers too: about 25 s more.")
    ] = False,
) -> None:
    """Compare the solver with exact solutions and invariants.

    Exit code 3 where a check fails.
    """
    from asyncsoc.studies.verification.suite import run_checks

    with counting_bar(quiet=False, runs=True) as progress:
        checks = run_checks(progress, three_dimensional=three_dimensional, electrode=electrode)
    failed = [check.name for check in checks if not check.passed]
    if json:
        print_document({"checks": [{name: getattr(check, name) for name in _CHECK} for check in checks]})
    else:
        print_table(_SHOWN, ([getattr(check, name) for name in _SHOWN] for check in checks))
        note(f"{len(checks) - len(failed)} of {len(checks)} checks passed" + _named(failed))
    raise typer.Exit(SimulationError.exit_code if failed else 0)


def _named(failed: list[str]) -> str:
    return f"; failed: {', '.join(failed)}" if failed else ""
