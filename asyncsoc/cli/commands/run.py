"""`asyncsoc run`: simulate a case, or resume an interrupted run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asyncsoc.base.errors import AsyncsocError, InputError, InterruptedRunError, SimulationError
from asyncsoc.base.processes import uninterrupted
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.options import Directory, Json, OptionalCasePath, Overrides, Quiet
from asyncsoc.cli.progress import kernels_of, progress_bar
from asyncsoc.cli.several_processes import loaded_ranks

if TYPE_CHECKING:
    from asyncsoc.case.case import Case
    from asyncsoc.simulation.results.solution import Solution

ORDER = 10
RESCUED = Path("asyncsoc-output")
"""Where an unfinished run is kept if the user named no directory."""


def run(
    case: OptionalCasePath = None,
    output: Directory = None,
    overrides: Overrides = None,
    json: Json = False,
    quiet: Quiet = False,
    plot: Annotated[bool, typer.Option("--plot/--no-plot", help="With -o: write a picture beside the result.")] = True,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Continue the run stored in this result file, which also holds its case."),
    ] = None,
) -> None:
    """Simulate a case: charge and discharge as its protocol says."""
    description, previous = _case(case, resume, overrides or [])
    ranks = loaded_ranks()

    from asyncsoc.simulation import simulate
    from asyncsoc.simulation.checkpointing import simulate_with_checkpoints

    def simulated(progress: Callable[[Any], None] | None) -> Solution:
        if output is None or description.protocol.plan.steps[-1].cycle == 1:
            return simulate(description, progress=progress, resume=previous, communicator=ranks)
        return simulate_with_checkpoints(description, output, progress=progress, resume=previous, communicator=ranks)

    carry_out(simulated, description, output, json=json, quiet=quiet, plot=plot)


def carry_out(
    simulated: Callable[[Callable[[Any], None] | None], Solution],
    description: Case,
    output: Path | None,
    *,
    json: bool,
    quiet: bool,
    plot: bool,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Simulate with a progress bar, keep result and pictures, and show what came out; an unfinished run is kept too.

    `simulated` takes the callback of the bar and returns the solution; `more` is added to the JSON document.
    """
    ranks = loaded_ranks()
    first = ranks is None or ranks.rank == 0  # of several processes one speaks and writes
    quiet = quiet or not first
    try:
        with progress_bar(quiet=quiet, **kernels_of(description)) as progress:
            solution = simulated(progress)
    except SimulationError as error:
        interrupted = isinstance(error, InterruptedRunError)
        partial = getattr(error, "partial", None)
        if first:
            _rescue(partial, output or RESCUED, interrupted=interrupted)
        if ranks is not None and partial is not None:  # all have it: nobody ends before it is saved
            ranks.barrier()
        raise
    if not first:
        return
    files = [] if output is None else _keep(solution, output, plot=plot)
    for warning in solution.warnings:
        note(f"warning: {warning}")
    if json:
        print_document({**solution.to_json_dict(), **(more or {}), "files": [str(file) for file in files]})
    elif not quiet:
        summary = solution.summary()
        print_table(("quantity", "value"), summary.items())
        _print_meanings(summary)
        _print_cycles(solution)
        print_line("\n".join(str(file) for file in files) if files else "not saved: add -o DIR to save the result")


def _print_meanings(summary: Mapping[str, Any]) -> None:
    """Say what counts as dead and as starving where a summary has shares of them."""
    from asyncsoc.simulation.results.group_state import MEANINGS

    for name, meaning in MEANINGS.items():
        if f"{name} of active material" in summary:
            print_line(f"{name.removesuffix(' share')}: {meaning}")


def _print_cycles(solution: Solution) -> None:
    """Show the first and the last of several cycles, and what changed between them."""
    from asyncsoc.simulation.results.cycle_table import short_table

    heads, lines = short_table(solution)
    if lines:
        print_table(heads, lines, title=f"{len(solution.cycle_rows['Cycle'])} cycles")


def _case(path: Path | None, resume: Path | None, overrides: Sequence[str]) -> tuple[Case, Solution | None]:
    """Return the case to run, from its file or from the result gone on with, and that result."""
    from asyncsoc.case.case import Case

    if resume is not None:
        from asyncsoc.simulation.results.solution import Solution
        from asyncsoc.simulation.resume import require_one_case

        previous = Solution.load(resume)
        if path is None:
            require_one_case(previous)
            return Case.from_text(previous.case_toml, overrides, source=f"the case in {resume}"), previous
        return Case.from_toml(path, overrides), previous
    if path is None:
        raise InputError(
            "missing argument 'CASE.toml'",
            next_step="asyncsoc run CASE.toml, or asyncsoc run --resume FILE for a result; asyncsoc run --help",
        )
    return Case.from_toml(path, overrides), None


def _keep(solution: Solution, directory: Path, *, plot: bool) -> list[Path]:
    from asyncsoc.base.files import replaced

    result: Path | None = None
    try:
        with uninterrupted():
            result = solution.save(directory)
        if not plot:
            return [result]
        pictures = {result.with_suffix(".png"): solution.plot()}
        if solution.layered:
            pictures[result.with_name(f"{result.stem}-layers.png")] = solution.plot_layers()
        for picture, figure in pictures.items():
            with replaced(picture) as stream:
                figure.savefig(stream, format="png")
    except KeyboardInterrupt:
        if result is None:
            raise
        raise InterruptedRunError("interrupted after the result was saved", where=str(result)) from None
    return [result, *pictures]


def _rescue(partial: Solution | None, directory: Path, *, interrupted: bool) -> None:
    """Keep what an unfinished run reached; the reason it stopped matters more than a full disk."""
    if partial is None:
        return
    try:
        with suppress(KeyboardInterrupt), uninterrupted():  # asked once more: it ends when this is kept
            kept = partial.save(directory)
            way_on = _way_on(partial, kept, directory, interrupted=interrupted)
            note(f"the results up to here are saved in {kept}; {way_on}")
    except AsyncsocError as error:
        note(f"the results up to here could not be saved: {error}")


def _way_on(partial: Solution, kept: Path, directory: Path, *, interrupted: bool) -> str:
    """Return the command that goes on with an unfinished run, or why none does."""
    if partial.checkpoint is None:
        return "it holds no state to resume from"
    command = f"asyncsoc run {shlex.join(['--resume', str(kept), '-o', str(directory)])}"
    return f"resume with: {command}" if interrupted else f"resume with other steps or solver: {command} --set KEY=VALUE"
