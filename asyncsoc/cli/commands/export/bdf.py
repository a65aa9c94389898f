"""`asyncsoc export bdf RESULT`: the curves of a result in the Battery Data Format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from asyncsoc.cli.console import print_document, print_line
from asyncsoc.cli.options import Json, Quiet


def bdf(
    result: Annotated[Path, typer.Argument(metavar="RESULT.vtkhdf", help="Result of asyncsoc run -o.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="File that ends in .bdf.csv; default: beside the result."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the curves of a result in the Battery Data Format."""
    from asyncsoc.simulation.results.bdf_file import bdf_columns
    from asyncsoc.simulation.results.solution import Solution

    solution = Solution.load(result)
    file = solution.to_bdf(result.with_suffix(".bdf.csv") if output is None else output)
    columns = bdf_columns(solution)
    if json:
        rows = len(next(iter(columns.values())))
        print_document({"name": solution.name, "columns": list(columns), "rows": rows, "files": [str(file)]})
    elif not quiet:
        print_line(str(file))
