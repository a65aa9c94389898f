"""Runs a sweep from the command line: progress bar, table of the result, failures, exit code."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asyncsoc.base.errors import SimulationError
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.failure import INTERRUPTED
from asyncsoc.cli.progress import duration, tell_compiling
from asyncsoc.cli.sweep_progress import sweep_bar
from asyncsoc.studies.sweep.export import Exported, collect
from asyncsoc.studies.sweep.load import SweepArchive
from asyncsoc.studies.sweep.plan import Plan
from asyncsoc.studies.sweep.preview import Preview
from asyncsoc.studies.sweep.progress import StopRequest, SweepResult
from asyncsoc.studies.sweep.run import SweepOptions, preview_of, run_sweep

_SIGINT = 2
_MOST_FAILURES = 20


@dataclass(frozen=True)
class Show:
    """How much is said, and what is made at the end."""

    json: bool = False
    quiet: bool = False
    collect: bool = True
    axis: str = "time"
    points: int = 101
    plot: bool = True
    heatmaps: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)


def run_plan(
    plan: Plan, folder: Path, options: SweepOptions, show: Show, *, only_plan: bool = False, report: bool = True
) -> int:
    """Run a plan, collect what is recorded, say what came of it (with `report`); return the exit code.

    Raises
    ------
    AsyncsocError
        The sweep cannot be run.
    """
    previews: list[Preview] = []

    def tell(found: Preview) -> None:
        previews.append(found)
        if not show.quiet and not show.json:
            print_preview(found, folder)

    if only_plan:
        tell(preview_of(plan, folder, options))
        if show.json:
            print_document({"status": "planned", "output": str(folder), **preview_document(previews[0])})
        return 0
    tell_compiling(quiet=show.quiet)
    with sweep_bar(quiet=show.quiet) as progress, StopRequest() as stop:
        result = run_sweep(plan, folder, options, on_preview=tell, progress=progress, log=note, stop=stop)
    if not report and result.signal is None:
        return 0
    collected = None
    if result.signal is None and show.collect and result.counts.open < result.counts.total:
        collected = collect(
            folder,
            axis=show.axis,
            points=show.points,
            picture=show.plot,
            heatmaps=show.heatmaps,
            units=show.units,
        )
    return _report(plan, folder, result, collected, previews[0], show)


def _report(
    plan: Plan, folder: Path, result: SweepResult, collected: Exported | None, outline: Preview, show: Show
) -> int:
    counts = result.counts
    failures = _failures(folder) if counts.failed + counts.quarantined else []
    files = [] if collected is None else [str(path) for path in collected.files]
    status = "interrupted" if result.signal else "failed" if counts.failed + counts.quarantined else "done"
    for text in () if collected is None else collected.notes:
        note(f"note: {text}")
    if show.json:
        document = {
            "status": status,
            "total": counts.total,
            "done": counts.done,
            "failed": counts.failed + counts.quarantined,
            "quarantined": counts.quarantined,
            "ran": result.ran,
            "output": str(folder),
            "files": files,
            "failures": failures,
            "wall time [s]": result.seconds,
            "plan": preview_document(outline),
        }
        print_document(document)
    else:
        _show_result(plan, folder, result, files, failures, show)
    if result.signal is not None:
        return _interrupted(folder, result)
    return SimulationError.exit_code if counts.failed + counts.quarantined else 0


def _show_result(
    plan: Plan, folder: Path, result: SweepResult, files: list[str], failures: list[dict[str, Any]], show: Show
) -> None:
    counts = result.counts
    if not show.quiet:
        rate = f"{result.ran / result.seconds:.3g} per s" if result.seconds > 0.0 else "-"
        rows = [
            ("cases", counts.total),
            ("done", counts.done),
            ("failed", counts.failed),
            ("quarantined", counts.quarantined),
            ("run now", f"{result.ran} in {duration(result.seconds)}, {rate}"),
        ]
        print_table(("sweep", plan.name), rows)
    for failure in failures:
        note(f"case {failure['case']} ({failure['values']}) {failure['status']}: {failure['error']}")
    if len(failures) < counts.failed + counts.quarantined:
        note(f"... and {counts.failed + counts.quarantined - len(failures)} more; the table has all of them")
    if not show.quiet:
        print_line("\n".join(files or [str(folder)]))


def _failures(folder: Path) -> list[dict[str, Any]]:
    """Return the first cases that failed or are quarantined, and why."""
    archive = SweepArchive.open(folder)
    found: list[dict[str, Any]] = []
    for number in range(len(archive.plan.design)):
        if archive.records_index.status(number) in ("failed", "quarantined"):
            record = archive.record(number)
            if record is not None:
                values = ", ".join(f"{key}={value}" for key, value in archive.plan.design.values(number).items())
                found.append(
                    {"case": number, "values": values, "status": record.status, "error": record.error or "unknown"}
                )
        if len(found) >= _MOST_FAILURES:
            break
    return found


def _interrupted(folder: Path, result: SweepResult) -> int:
    """Say how to go on, and end as a program ends that was asked to: not as one whose results are lost."""
    note(f"interrupted with {result.counts.open} of {result.counts.total} cases to go")
    note(f"  next: asyncsoc sweep {shlex.quote(str(folder))} --resume")
    raise SystemExit(INTERRUPTED if result.signal == _SIGINT else 128 + (result.signal or 0))


def print_preview(found: Preview, folder: Path) -> None:
    """Write to stderr how many cases there are, and how long the rest takes."""
    grid = " x ".join(f"{name} {count}" for name, count in found.dimensions)
    models = ", ".join(f"{count} {model}" for model, count in found.models.items())
    note(f"{found.cases} cases: {grid}" + (f"; {found.recorded} recorded already" if found.recorded else ""))
    if found.pending:
        note(
            f"to run: {models}, on {found.workers} worker{'s' if found.workers > 1 else ''}; roughly "
            f"{duration(found.seconds)} and {size(found.bytes)} in {folder}"
        )


def preview_document(found: Preview) -> dict[str, Any]:
    """Return a preview as JSON shows it."""
    return {
        "total": found.cases,
        "to run": found.pending,
        "recorded": found.recorded,
        "dimensions": dict(found.dimensions),
        "models": dict(found.models),
        "workers": found.workers,
        "estimated time [s]": found.seconds,
        "estimated size [B]": found.bytes,
    }


def size(count: float) -> str:
    """Return a number of bytes as a person reads it."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000.0:
            return f"{count:.3g} {unit}"
        count /= 1000.0
    return f"{count:.3g} TB"
