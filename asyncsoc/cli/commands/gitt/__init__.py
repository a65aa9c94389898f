"""`asyncsoc gitt`: the group of commands of the galvanostatic intermittent titration."""

from __future__ import annotations

import typer

from asyncsoc.cli.default_command import RunByDefault

ORDER = 105
app = typer.Typer(
    name="gitt",
    cls=RunByDefault,
    help="Titrate a particle and correct its apparent diffusivity.\n\n"
    "Example: asyncsoc gitt CASE.toml --set contact.coverage=0.3",
    epilog="The options of a simulated titration are listed by: asyncsoc gitt run --help",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
