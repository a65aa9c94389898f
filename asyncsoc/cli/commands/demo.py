"""`asyncsoc demo`: both particles of the README, their table and their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Protocol

import typer

from asyncsoc.cli.console import print_line, print_table
from asyncsoc.cli.progress import counting_bar

ORDER = 100


class DemoReport(Protocol):
    """What the demo returns."""

    @property
    def columns(self) -> Sequence[str]:
        """Heads of the table."""

    @property
    def rows(self) -> Sequence[Sequence[object]]:
        """The table."""

    @property
    def notes(self) -> Sequence[str]:
        """Explanations below the table."""

    @property
    def files(self) -> Sequence[Path]:
        """Pictures and results written."""


def demo(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the pictures and results.")
    ] = Path("demo-output"),
) -> None:
    """Charge a calendered and a hot-calendered particle.

    Prints a table, and writes seven pictures and the results.
    """
    from asyncsoc.studies.demo.report import run_demo

    with counting_bar(quiet=False, runs=True) as progress:
        report: DemoReport = run_demo(output, progress=progress)
    print_table(report.columns, report.rows)
    print_line("\n".join([*report.notes, ""]))
    print_line("\n".join(str(file) for file in report.files))
