"""`asyncsoc stxm`: the group of commands of virtual scanning transmission X-ray microscopy."""

from __future__ import annotations

import typer

from asyncsoc.cli.default_command import RunByDefault

ORDER = 106
app = typer.Typer(
    name="stxm",
    cls=RunByDefault,
    help="Map the redox ratio of a particle as X-rays see it.\n\nExample: asyncsoc stxm RESULT.vtkhdf -o DIR",
    epilog="The options of a map are listed by: asyncsoc stxm run --help",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
