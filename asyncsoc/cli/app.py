"""The application: what `asyncsoc` itself says and takes; its commands are found in `cli.commands`."""

from __future__ import annotations

from typing import Annotated

import typer

import asyncsoc
from asyncsoc.cli import commands
from asyncsoc.cli.registration import add_commands

app = typer.Typer(
    name="asyncsoc",
    help="Simulate lithium in single cathode particles that an electrolyte covers only in part.",
    epilog="Exit codes: 0 done, 2 wrong input, 3 simulation not finished (what was computed is saved), 4 environment.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"asyncsoc {asyncsoc.__version__}")
        raise typer.Exit()


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Options of every command."""


add_commands(app, commands)
