"""`asyncsoc gitt chart`: apparent over true diffusivity against coverage and size of the pulse."""

from __future__ import annotations

from asyncsoc.cli.console import print_document, print_line, print_table
from asyncsoc.cli.options import Directory, Json
from asyncsoc.cli.progress import counting_bar

ORDER = 40
_SHOWN = (1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0)


def chart(output: Directory = None, json: Json = False) -> None:
    """Compute the bias over coverage and size of the pulse.

    Caps and patches, coverage 0.05 to 1, D t/R^2 from 1e-4 to 10. With -o a table (CSV) and a picture are written.
    """
    from asyncsoc.studies.gitt.bias import bias_table
    from asyncsoc.studies.gitt.saving import write_chart

    with counting_bar(quiet=json) as progress:
        rows = bias_table(progress=progress)
    files = [] if output is None else write_chart(rows, output)
    if json:
        columns = {
            "coverage": [row.coverage for row in rows],
            "patches": [row.patches for row in rows],
            "D t/R2": [row.tau for row in rows],
            "apparent over true diffusivity": [row.apparent_over_true for row in rows],
        }
        print_document({**columns, "files": [str(file) for file in files]})
        return
    at = {(row.patches, row.coverage, round(row.tau, 9)): row.apparent_over_true for row in rows}
    heads = ("patches", "coverage", *(f"D t/R2 = {tau:g}" for tau in _SHOWN))
    lines = sorted({(row.patches, row.coverage) for row in rows})
    print_table(heads, [(*line, *(f"{at[(*line, tau)]:.4g}" for tau in _SHOWN)) for line in lines])
    print_line("\n".join(map(str, files)) if files else "not saved: add -o DIR for the whole table and the picture")
