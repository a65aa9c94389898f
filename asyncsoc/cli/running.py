"""`asyncsoc run` and `asyncsoc demo`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from asyncsoc._files import replaced
from asyncsoc._processes import uninterrupted
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.progress import counting_bar, progress_bar
from asyncsoc.errors import AsyncsocError, InterruptedRunError, SimulationError

if TYPE_CHECKING:
    from asyncsoc.results.solution import Solution

RESCUED = Path("asyncsoc-output")
"""Where an unfinished run is kept if the user named no directory."""


def run_case(
    path: Path,
    overrides: Sequence[str],
    output: Path | None,
    *,
    json: bool,
    quiet: bool,
    plot: bool,
    resume: Path | None = None,
) -> None:
    """Run a case, or go on with the result in `resume`; keep it where asked, show it.

    Raises
    ------
    AsyncsocError
        Whatever is wrong with the case, or kept the simulation from finishing; what was reached is saved first.
    """
    from asyncsoc.case.case import Case

    case = Case.from_toml(path, overrides)

    from asyncsoc.results.solution import Solution
    from asyncsoc.simulation import simulate

    previous = None if resume is None else Solution.load(resume)
    try:
        with progress_bar(quiet=quiet) as progress:
            solution = simulate(case, progress=progress, resume=previous)
    except SimulationError as error:
        _rescue(getattr(error, "partial", None), output or RESCUED)
        raise
    files = [] if output is None else _keep(solution, output, plot=plot)
    for warning in solution.warnings:
        note(f"warning: {warning}")
    if json:
        print_document({**solution.to_json_dict(), "files": [str(file) for file in files]})
    elif not quiet:
        print_table(("quantity", "value"), solution.summary().items())
        print_line("\n".join(str(file) for file in files) if files else "not kept: add -o DIR to keep the result")


def _keep(solution: Solution, directory: Path, *, plot: bool) -> list[Path]:
    result: Path | None = None
    try:
        with uninterrupted():
            result = solution.save(directory)
        if not plot:
            return [result]
        picture = result.with_suffix(".png")
        figure = solution.plot()
        with replaced(picture) as stream:
            figure.savefig(stream, format="png")
    except KeyboardInterrupt:
        if result is None:
            raise
        raise InterruptedRunError("interrupted when the result was kept already", where=str(result)) from None
    return [result, picture]


def _rescue(partial: Solution | None, directory: Path) -> None:
    """Keep what an unfinished run reached; the reason it stopped matters more than a full disk."""
    if partial is None:
        return
    try:
        with suppress(KeyboardInterrupt), uninterrupted():  # asked once more: it ends when this is kept
            kept = partial.save(directory)
            note(f"what was reached is kept in {kept}; go on with: asyncsoc run CASE.toml --resume FILE")
    except AsyncsocError as error:
        note(f"what was reached could not be kept: {error}")


class DemoReport(Protocol):
    """What the demo gives back to be shown."""

    @property
    def columns(self) -> Sequence[str]:
        """Heads of the table."""

    @property
    def rows(self) -> Sequence[Sequence[object]]:
        """The table."""

    @property
    def notes(self) -> Sequence[str]:
        """What a reader of the table should know."""

    @property
    def files(self) -> Sequence[Path]:
        """Pictures and results written."""


def run_demo(directory: Path) -> None:
    """Run the demo, show its table and name its pictures."""
    from asyncsoc.report.demo import run_demo as charge_both

    with counting_bar(quiet=False) as progress:
        report: DemoReport = charge_both(directory, progress=progress)
    print_table(report.columns, report.rows)
    print_line("\n".join([*report.notes, ""]))
    print_line("\n".join(str(file) for file in report.files))
