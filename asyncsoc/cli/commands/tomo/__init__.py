"""`asyncsoc tomo`: the group of commands from a labelled volume to charged particles."""

from __future__ import annotations

import typer

ORDER = 110
app = typer.Typer(
    name="tomo",
    help="Measure, mesh and charge the particles of a labelled volume.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
