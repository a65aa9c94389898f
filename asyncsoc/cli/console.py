"""What the command line writes: documents and tables to stdout, notes to stderr."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import TextIO

_PIPE_WIDTH = 200
"""Columns of a table that nobody looks at through a terminal."""


class PipeClosedError(Exception):
    """Nobody reads stdout any more."""


def print_document(document: object) -> None:
    """Write one JSON document to stdout; what is not finite becomes null."""
    from asyncsoc.base.plain_data import to_text

    print_line(to_text(document))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Write a table to stdout, as wide as the terminal."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    heading = None if title is None else Text(title)
    table = Table(title=heading, title_justify="left", box=SIMPLE, pad_edge=False)
    for column in columns:
        table.add_column(Text(column))  # a unit in brackets is no markup
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    width = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else _PIPE_WIDTH
    drawn = StringIO()
    Console(file=drawn, width=width).print(table)
    print_line("\n".join(line.rstrip() for line in drawn.getvalue().splitlines()).strip("\n"))


def print_line(text: str) -> None:
    """Write a line to stdout.

    Raises
    ------
    PipeClosedError
        Nobody reads it any more.
    """
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise PipeClosedError from error


def note(text: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def shown(value: object) -> str:
    """Return a value as a table shows it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def is_terminal(stream: TextIO) -> bool:
    """Return whether a person looks at `stream`."""
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False
