"""`asyncsoc sweep` and its commands: options only; the work is in `sweep_work`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

_RUN = "run"


class _RunByDefault(TyperGroup):
    """`asyncsoc sweep CASE.toml ...` is `asyncsoc sweep run CASE.toml ...`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the default command in front of what is none of the others."""
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


sweep_app = typer.Typer(
    name="sweep",
    cls=_RunByDefault,
    help="Run thousands of cases: asyncsoc sweep CASE.toml --vary contact.coverage=0.05:1:20 -o DIR",
    epilog="Options of the sweep itself: asyncsoc sweep run --help",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

CaseOrSweep = Annotated[
    Path, typer.Argument(metavar="CASE.toml", help="Case file; or the directory of a sweep, to resume it.")
]
CasePath = Annotated[Path, typer.Argument(metavar="CASE.toml", help="Case file.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Directory of a sweep.")]
Vary = Annotated[
    list[str] | None,
    typer.Option(
        "--vary",
        metavar="KEY=VALUES",
        help="KEY=a:b:n, KEY=a:b:n:log, KEY=v1,v2, or KEY=a:b to sample. KEY is contact.coverage, ..., or rate where a "
        "step of the protocol says {rate}. Several make a grid.",
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a key of the case. May be repeated."),
]
Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Default: <case>-sweep.")]
Sample = Annotated[str | None, typer.Option(metavar="SCHEME:N", help="lhs:200 or sobol:256, for ranges a:b.")]
Table = Annotated[str | None, typer.Option(metavar="FILE", help="CSV or parquet: a case per row, a key per column.")]
Replicas = Annotated[int | None, typer.Option(metavar="N", help="Layouts of a random contact, by seed.")]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="Of the sample.")]
Workers = Annotated[int | None, typer.Option(metavar="N", help="Processes; default: one per core.")]
Threads = Annotated[int, typer.Option(metavar="N", help="Threads of each worker.")]
Resume = Annotated[bool, typer.Option("--resume", help="Leave alone what is recorded; run the rest.")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="With --resume: run failed cases again.")]
KeepWhat = Annotated[str, typer.Option("--keep", metavar="WHAT", help="summary, curves, or fields (a file per case).")]
DaskAddress = Annotated[str | None, typer.Option("--dask", metavar="ADDRESS", help="Of a scheduler, or local.")]
TimeLimit = Annotated[float | None, typer.Option(metavar="SECONDS", help="Per case; a longer one is quarantined.")]
Width = Annotated[int | None, typer.Option("--batch", metavar="N", help="Cases integrated together.")]
AxisName = Annotated[str, typer.Option("--axis", metavar="NAME", help="Common axis: time, soc or capacity.")]
Points = Annotated[int, typer.Option("--points", metavar="N", help="Places on the common axis.")]
Curves = Annotated[
    list[str] | None, typer.Option("--curve", metavar="NAME", help="Curve to collect; default: all. May be repeated.")
]
CollectToo = Annotated[bool, typer.Option("--collect/--no-collect", help="Collect at the end.")]
Plot = Annotated[bool, typer.Option("--plot/--no-plot", help="Draw a picture at the end.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no table.")]


@sweep_app.command(_RUN)
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
    tasks: Annotated[int, typer.Option(metavar="N", help="With --slurm: size of the array.")] = 16,
    plan: Annotated[bool, typer.Option("--plan", help="Validate, say what it will take, and stop.")] = False,
    time_limit: TimeLimit = None,
    batch: Width = None,
    axis: AxisName = "time",
    points: Points = 101,
    collect: CollectToo = True,
    plot: Plot = True,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a sweep (the default command)."""
    from asyncsoc.cli.commands.sweep_run import Show, make_plan, run_plan, write_slurm
    from asyncsoc.studies.sweep.design import Wanted
    from asyncsoc.studies.sweep.run import Options

    chosen = Options(workers, threads, resume or case.is_dir(), retry_failed, None, dask, time_limit, width=batch)
    wanted = Wanted(tuple(vary or ()), sample, replicas, table, seed)
    made, folder = make_plan(case, wanted, overrides or [], output, keep)
    show = Show(json=json, quiet=quiet, collect=collect, axis=axis, points=points, plot=plot)
    if slurm:
        write_slurm(made, folder, chosen, tasks, show)
    else:
        raise typer.Exit(run_plan(made, folder, chosen, show, only_plan=plan))


@sweep_app.command()
def part(
    folder: Folder,
    number: Annotated[int, typer.Option("--part", metavar="I", help="Which part, from 1.")],
    count: Annotated[int, typer.Option("--of", metavar="N", help="Number of parts.")],
    workers: Workers = None,
    threads: Threads = 1,
    time_limit: TimeLimit = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run the cases of a sweep that fall to one part of several.

    What a Slurm job array runs.
    """
    from asyncsoc.cli.commands.sweep_run import Show, run_plan
    from asyncsoc.studies.sweep.plan import Plan
    from asyncsoc.studies.sweep.run import Options, Part

    chosen = Options(workers, threads, resume=True, part=Part(number, count), time_limit=time_limit)
    raise typer.Exit(run_plan(Plan.read(folder), folder, chosen, Show(json=json, quiet=quiet, collect=False)))


@sweep_app.command()
def collect(
    folder: Folder,
    axis: AxisName = "time",
    points: Points = 101,
    curve: Curves = None,
    plot: Plot = True,
    json: Json = False,
) -> None:
    """Make one data set, one table and one picture of what is recorded."""
    from asyncsoc.cli.commands.sweep_run import Show, collect_folder

    show = Show(json=json, axis=axis, points=points, plot=plot)
    collect_folder(folder, tuple(curve) if curve else None, show)


@sweep_app.command()
def sobol(
    case: CaseOrSweep,
    vary: Vary = None,
    samples: Annotated[int, typer.Option(metavar="N", help="Base samples; N (keys + 2) cases.")] = 64,
    quantity: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Headline number to explain. May be repeated.")
    ] = None,
    output: Output = None,
    overrides: Overrides = None,
    seed: Seed = 0,
    workers: Workers = None,
    resume: Resume = False,
    dask: DaskAddress = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say which parameter drives contact SOC, asynchrony and risk.

    Sobol indices over ranges KEY=low:high[:log].
    """
    from asyncsoc.cli.commands.sweep_run import Show
    from asyncsoc.cli.commands.sweep_sobol import make_sobol_plan, run_sobol
    from asyncsoc.studies.sweep.run import Options

    made, folder = make_sobol_plan(case, vary or [], overrides or [], output, samples, seed)
    chosen = Options(workers, resume=resume or case.is_dir(), dask=dask)
    show = Show(json=json, quiet=quiet, collect=False)
    raise typer.Exit(run_sobol(made, folder, chosen, tuple(quantity or ()), show))
