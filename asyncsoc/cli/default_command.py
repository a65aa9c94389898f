"""A group of commands one of which is meant where none is named."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

_RUN = "run"


class RunByDefault(TyperGroup):
    """`asyncsoc GROUP CASE.toml ...` means `asyncsoc GROUP run CASE.toml ...`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the default command in front of what is none of the others."""
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = [_RUN, *args]
        return super().parse_args(ctx, args)
