"""`asyncsoc sweep part`: the cases of one task of a job array."""

from __future__ import annotations

from typing import Annotated

import typer

from asyncsoc.cli.options import Json, Quiet
from asyncsoc.cli.sweep_options import Folder, Threads, TimeLimit, Workers

ORDER = 20


def part(
    folder: Folder,
    number: Annotated[int, typer.Option("--part", metavar="I", help="Number of the part, from 1.")],
    count: Annotated[int, typer.Option("--of", metavar="N", help="Number of parts.")],
    workers: Workers = None,
    threads: Threads = 1,
    time_limit: TimeLimit = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run one part of the cases; used by a Slurm job array."""
    from asyncsoc.cli.sweep_runner import Show, run_plan
    from asyncsoc.studies.sweep.plan import Plan
    from asyncsoc.studies.sweep.run import SweepOptions, SweepPart

    chosen = SweepOptions(workers, threads, resume=True, part=SweepPart(number, count), time_limit=time_limit)
    raise typer.Exit(run_plan(Plan.read(folder), folder, chosen, Show(json=json, quiet=quiet, collect=False)))
