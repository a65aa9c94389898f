"""`asyncsoc sweep run`: run a sweep, plan it, or write it as a Slurm job array."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.cli.console import is_terminal, note, print_document, print_line
from asyncsoc.cli.options import Json, Overrides, Quiet
from asyncsoc.cli.sweep_options import (
    AxisName,
    CaseOrSweep,
    CollectToo,
    DaskAddress,
    HeatMaps,
    KeepWhat,
    Output,
    Plot,
    Points,
    Replicas,
    Resume,
    RetryFailed,
    Sample,
    Seed,
    Table,
    Threads,
    TimeLimit,
    Units,
    Vary,
    Width,
    Workers,
    units_of,
)

if TYPE_CHECKING:
    from asyncsoc.cli.sweep_runner import Show
    from asyncsoc.studies.sweep.design import DesignOptions
    from asyncsoc.studies.sweep.plan import Keep, Plan
    from asyncsoc.studies.sweep.run import SweepOptions

ORDER = 10
_READ_AT_ONCE = 5_000_000
"""Bytes of a table that are read in about a second."""


def run(
    case: CaseOrSweep,
    vary: Vary = None,
    output: Output = None,
    overrides: Overrides = None,
    sample: Sample = None,
    replicas: Replicas = None,
    table: Table = None,
    seed: Seed = 0,
    workers: Workers = None,
    threads: Threads = 1,
    resume: Resume = False,
    retry_failed: RetryFailed = False,
    keep: KeepWhat = "curves",
    dask: DaskAddress = None,
    slurm: Annotated[bool, typer.Option("--slurm", help="Write a Slurm job array instead of running.")] = False,
    tasks: Annotated[int, typer.Option(metavar="N", help="With --slurm: number of tasks in the array.")] = 16,
    plan: Annotated[
        bool, typer.Option("--plan", help="Validate the cases, print the expected time and size, and stop.")
    ] = False,
    time_limit: TimeLimit = None,
    batch: Width = None,
    axis: AxisName = "time",
    points: Points = 101,
    collect: CollectToo = True,
    plot: Plot = True,
    heatmap: HeatMaps = None,
    unit: Units = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a sweep; `run` may be left out."""
    from asyncsoc.cli.sweep_runner import Show, run_plan
    from asyncsoc.studies.sweep.design import DesignOptions
    from asyncsoc.studies.sweep.run import SweepOptions

    chosen = SweepOptions(workers, threads, resume or case.is_dir(), retry_failed, None, dask, time_limit, width=batch)
    wanted = DesignOptions(tuple(vary or ()), sample, replicas, table, seed)
    made, folder = _make_plan(case, wanted, overrides or [], output, keep)
    show = Show(json, quiet, collect, axis, points, plot, tuple(heatmap or ()), units_of(unit))
    if slurm:
        _write_slurm(made, folder, chosen, tasks, show)
    else:
        raise typer.Exit(run_plan(made, folder, chosen, show, only_plan=plan))


def _make_plan(
    path: Path, wanted: DesignOptions, overrides: Sequence[str], output: Path | None, keep: str
) -> tuple[Plan, Path]:
    """Return the plan of a sweep and its folder; a folder with a sweep gives that sweep's.

    Raises
    ------
    InputError
        The case, an axis or an option is wrong.
    """
    from asyncsoc.studies.sweep.plan import KEEPS, Plan, base_keys

    if path.is_dir():
        if wanted.vary or wanted.table or wanted.sample or wanted.replicas or overrides or output:
            raise InputError(
                "a resumed sweep takes its keys and values from its folder: --vary, --set and -o cannot change them",
                where=str(path),
                allowed="--resume",
            )
        return Plan.read(path), path
    kept = next((name for name in KEEPS if name == keep), None)
    if kept is None:
        raise InputError("unknown choice", where="--keep", value=keep, allowed=", ".join(KEEPS))
    base = base_keys(path, overrides)
    return _plan(base, wanted, kept), output or Path(f"{path.stem}-sweep")


def _plan(base: dict[str, Any], wanted: DesignOptions, keep: Keep) -> Plan:
    from asyncsoc.studies.sweep.design import make_design
    from asyncsoc.studies.sweep.plan import Plan

    _tell_reading(wanted.table)
    return Plan(str(base["name"]), base, make_design(wanted, base), keep)


def _tell_reading(table: str | Path | None) -> None:
    """Say on a terminal that a table of cases is being read where that takes its time."""
    if table is None or not is_terminal(sys.stderr):
        return
    size = Path(table).stat().st_size if Path(table).is_file() else 0
    if size > _READ_AT_ONCE:
        note(f"reading and checking {table} ({size / 1e6:.0f} MB) ...")


def _write_slurm(plan: Plan, folder: Path, options: SweepOptions, tasks: int, show: Show) -> None:
    """Write a sweep's manifest and the script of its job array.

    Raises
    ------
    InputError
        A case is wrong, or the folder cannot be used.
    """
    from asyncsoc.cli.sweep_runner import preview_document, print_preview
    from asyncsoc.studies.sweep.plan import Plan
    from asyncsoc.studies.sweep.run import preview_of
    from asyncsoc.studies.sweep.slurm import write_script

    found = preview_of(plan, folder, options, write=True)
    tasks = min(tasks, max(found.pending, 1))
    script = write_script(Plan.read(folder), folder, tasks=tasks, workers=options.workers or 1)
    if show.json:
        print_document({"status": "planned", "output": str(folder), "script": str(script), **preview_document(found)})
        return
    if not show.quiet:
        print_preview(found, folder)
    print_line(f"sbatch {shlex.quote(str(script))}")
