"""`asyncsoc cite RESULT`: BibTeX of asyncsoc and of the publications a result's parameters are from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from asyncsoc.cli.console import print_document, print_line
from asyncsoc.cli.options import Json

ORDER = 45


def cite(
    path: Annotated[Path, typer.Argument(metavar="RESULT", help="Result of asyncsoc run -o, or a case file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE.bib", help="File to write instead of printing.")
    ] = None,
    json: Json = False,
) -> None:
    """Print BibTeX of all parameters' sources and of asyncsoc.

    Entries hold what the parameter sets cite, and no titles. Comments say which parameters each stands for, and which
    parameters are assumed.
    """
    from asyncsoc import __version__
    from asyncsoc.base.files import write_text
    from asyncsoc.case.case import Case
    from asyncsoc.problem.case_bibliography import as_bibtex, case_bibliography, without_source

    if path.suffix == ".toml":
        case = Case.from_toml(path)
        text = as_bibtex(case_bibliography(case, __version__), without_source(case))
    else:
        from asyncsoc.simulation.results.solution import Solution

        text = Solution.load(path).bibtex()
    if output is not None:
        write_text(output, text, "the entries cannot be written")
    if json:
        print_document({"bibtex": text, "files": [] if output is None else [str(output)]})
    elif output is None:
        print_line(text.rstrip("\n"))
    else:
        print_line(str(output))
