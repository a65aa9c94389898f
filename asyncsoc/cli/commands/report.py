"""`asyncsoc report`: one HTML page about results, or the check of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.options import Json, Quiet

ORDER = 16


def report(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH...", help="Results, folders of runs, sweeps or particle sets, documents of --json, tables."
        ),
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="PAGE.html", help="The page to write.")] = Path(
        "report.html"
    ),
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser afterwards.")] = False,
    verify: Annotated[
        Path | None, typer.Option(metavar="PAGE.html", help="Check the hashes of a page instead of writing one.")
    ] = None,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="With --verify: simulate the cases on the page again and compare.")
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write one offline HTML page about results.

    Several runs come side by side. The page needs no network and no other file.
    """
    from asyncsoc.cli.progress import counting_bar

    if verify is not None:
        if paths:
            raise InputError(
                "a page is either checked or written",
                where="--verify",
                value=str(paths[0]),
                next_step="leave out the paths",
            )
        with counting_bar(quiet=quiet or json, runs=simulate) as bar:
            _verify(verify, simulate=simulate, bar=bar, json=json, quiet=quiet)
        return
    if simulate:
        raise InputError("the option belongs to a check", where="--simulate", next_step="add --verify PAGE.html")
    if not paths:
        raise InputError("missing argument 'PATH...'", next_step="asyncsoc report DIR, or asyncsoc report --help")

    from asyncsoc.studies.report.call import write_report

    with counting_bar(quiet=quiet or json) as bar:
        made = write_report(paths, output, progress=bar)
    if show:
        import webbrowser

        webbrowser.open(made.path.absolute().as_uri())
    document = {
        "page": str(made.path),
        "title": made.title,
        "question": made.question,
        "answer": made.answer,
        "size [byte]": made.size,
        "made of": list(made.kinds),
        "sections": list(made.sections),
    }
    if json:
        print_document(document)
    elif not quiet:
        print_line(made.answer)
        print_line(f"{made.path} ({made.size / 1e6:.2f} MB)")


def _verify(page: Path, *, simulate: bool, bar: Any, json: bool, quiet: bool) -> None:
    """Print the checks of a page; exit code 3 where one does not hold."""
    from asyncsoc.studies.report.verify import verify_page

    checks = verify_page(page, simulate=simulate, progress=bar)
    passed = all(check.passed for check in checks)
    if json:
        listed = [{"name": one.name, "passed": one.passed, "found": one.found} for one in checks]
        print_document({"page": str(page), "passed": passed, "checks": listed})
    elif not quiet:
        print_table(("check", "holds", "found"), [(one.name, one.passed, one.found) for one in checks])
    if not passed:
        if not json:
            note("a check of the page does not hold: write the page again from its results")
        raise typer.Exit(SimulationError.exit_code)
