"""`asyncsoc export`: the group of commands that write files for other programs."""

from __future__ import annotations

import typer

ORDER = 125
app = typer.Typer(
    name="export",
    help="Write files for other programs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
