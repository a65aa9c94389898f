"""`asyncsoc sweep`: the group of commands that run many cases."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

ORDER = 120
_RUN = "run"


class _RunByDefault(TyperGroup):
    """`asyncsoc sweep CASE.toml ...` means `asyncsoc sweep run CASE.toml ...`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the default command in front of what is none of the others."""
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="sweep",
    cls=_RunByDefault,
    help="Run many cases that differ in some keys of the case file.\n\n"
    "Example: asyncsoc sweep CASE.toml --vary contact.coverage=0.05:1:20 -o DIR",
    epilog="The options of a sweep are listed by: asyncsoc sweep run --help",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
