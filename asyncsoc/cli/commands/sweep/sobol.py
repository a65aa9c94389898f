"""`asyncsoc sweep sobol`: a sampled sweep, its Sobol indices, a table and a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.options import Json, Overrides, Quiet
from asyncsoc.cli.sweep_options import CaseOrSweep, DaskAddress, Output, Resume, Seed, Vary, Workers

if TYPE_CHECKING:
    from asyncsoc.cli.sweep_runner import Show
    from asyncsoc.studies.sweep.plan import Plan
    from asyncsoc.studies.sweep.run import SweepOptions
    from asyncsoc.studies.sweep.sensitivity import Indices

ORDER = 40
DOCUMENT = "sobol.json"
PICTURE = "sobol.png"


def sobol(
    case: CaseOrSweep,
    vary: Vary = None,
    samples: Annotated[int, typer.Option(metavar="N", help="Base samples; the sweep has N (keys + 2) cases.")] = 64,
    quantity: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Headline number to compute indices of. May be repeated.")
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
    """Compute Sobol sensitivity indices of the headline numbers.

    They tell which parameter drives the SOC at the contact, the asynchrony and the risk over the ranges
    KEY=low:high[:log].
    """
    from asyncsoc.cli.sweep_runner import Show
    from asyncsoc.studies.sweep.run import SweepOptions

    made, folder = _make_plan(case, vary or [], overrides or [], output, samples, seed)
    chosen = SweepOptions(workers, resume=resume or case.is_dir(), dask=dask)
    show = Show(json=json, quiet=quiet, collect=False)
    raise typer.Exit(_run(made, folder, chosen, tuple(quantity or ()), show))


def _make_plan(
    path: Path, vary: Sequence[str], overrides: Sequence[str], output: Path | None, samples: int, seed: int
) -> tuple[Plan, Path]:
    """Return the plan of a sensitivity analysis and its folder.

    Raises
    ------
    InputError
        The case, a range or the number of samples is wrong.
    EnvironmentProblem
        SALib is not installed.
    """
    from asyncsoc.studies.sweep.plan import Plan, base_keys
    from asyncsoc.studies.sweep.sensitivity import EXTRA, sobol_design

    if path.is_dir():
        if vary or overrides or output:
            raise InputError(
                "a resumed sweep takes its keys and values from its folder: --vary, --set and -o cannot change them",
                where=str(path),
                allowed="--resume",
            )
        return Plan.read(path), path
    base = base_keys(path, overrides)
    design = sobol_design(vary, base, samples, seed)
    extra = {EXTRA: {"samples": samples, "seed": seed}}
    return Plan(str(base["name"]), base, design, "summary", extra=extra), output or Path(f"{path.stem}-sobol")


def _run(plan: Plan, folder: Path, options: SweepOptions, quantities: tuple[str, ...], show: Show) -> int:
    """Run the cases, show which parameter drives what, and return the exit code.

    Raises
    ------
    AsyncsocError
        The cases cannot be run, or too few of them were carried out.
    """
    from asyncsoc.base.plain_data import to_document
    from asyncsoc.cli.sweep_runner import Show, run_plan
    from asyncsoc.studies.sweep.load import SweepArchive, load_records
    from asyncsoc.studies.sweep.resample import AXES
    from asyncsoc.studies.sweep.sensitivity import sobol_indices

    run_plan(plan, folder, options, Show(quiet=show.quiet or show.json, collect=False), report=False)
    archive = SweepArchive.open(folder)
    gathered = load_records(archive, AXES["time"])
    found = sobol_indices(archive.plan, gathered, quantities)
    files = [_write(folder / DOCUMENT, to_document(_document(found)).encode())]
    files.append(_write(folder / PICTURE, _picture(plan, found)))
    counts = archive.records_index.counts()
    if show.json:
        document = {
            "status": "done",
            "total": counts.total,
            "done": counts.done,
            "failed": counts.failed + counts.quarantined,
            "output": str(folder),
            "files": [str(path) for path in files],
            "sobol": _document(found),
        }
        print_document(document)
        return 0
    columns = ("parameter", "by itself", "+-", "with interactions", "+-")
    for indices in found:
        order = sorted(range(len(indices.keys)), key=lambda k: -indices.total[k])
        rows = [
            (
                indices.keys[k],
                float(indices.first[k]),
                float(indices.first_half_width[k]),
                float(indices.total[k]),
                float(indices.total_half_width[k]),
            )
            for k in order
        ]
        print_table(columns, rows, title=_title(indices))
    if counts.failed + counts.quarantined:
        note(f"{counts.failed + counts.quarantined} cases failed; the samples they belong to are left out")
    for indices in found:
        if indices.samples < indices.all_samples:
            left_out = indices.all_samples - indices.samples
            note(f"{indices.quantity}: {left_out} of {indices.all_samples} samples have a case without a value")
    print_line("\n".join(str(path) for path in files))
    return 0


def _title(indices: Indices) -> str:
    of = "" if indices.samples == indices.all_samples else f", of {indices.samples} of {indices.all_samples} samples"
    return f"{indices.quantity}: {indices.mean:.4g} +- {indices.deviation:.2g}{of}"


def _document(found: Sequence[Indices]) -> list[dict[str, Any]]:
    return [
        {
            "quantity": indices.quantity,
            "parameters": indices.keys,
            "first order": indices.first,
            "first order half width": indices.first_half_width,
            "total": indices.total,
            "total half width": indices.total_half_width,
            "samples": indices.samples,
            "samples of the design": indices.all_samples,
            "mean": indices.mean,
            "standard deviation": indices.deviation,
        }
        for indices in found
    ]


def _picture(plan: Plan, found: Sequence[Indices]) -> bytes:
    from asyncsoc.plotting.sensitivity import IndexBars, sensitivity_figure

    bars = [IndexBars(i.quantity, i.keys, i.total, i.total_half_width, i.first, i.first_half_width) for i in found]
    used = min(indices.samples for indices in found)
    of = f"{used}" if used == found[0].all_samples else f"{used} of {found[0].all_samples}"
    about = f"Sobol indices of {of} samples, {len(plan.design)} cases; bars: 95 % bootstrap intervals"
    drawn = io.BytesIO()
    sensitivity_figure(bars, title=plan.name, note=about).savefig(drawn, format="png")
    return drawn.getvalue()


def _write(path: Path, content: bytes) -> Path:
    from asyncsoc.base.files import replaced

    with replaced(path) as stream:
        stream.write(content)
    return path
