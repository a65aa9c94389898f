"""`asyncsoc sweep`: the group of commands that run many cases."""

from __future__ import annotations

import typer

from asyncsoc.cli.default_command import RunByDefault

ORDER = 120
app = typer.Typer(
    name="sweep",
    cls=RunByDefault,
    help="Run many cases that differ in some keys of the case file.\n\n"
    "Example: asyncsoc sweep CASE.toml --vary contact.coverage=0.05:1:20 -o DIR",
    epilog="The options of a sweep are listed by: asyncsoc sweep run --help",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
