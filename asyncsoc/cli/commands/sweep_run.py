"""What the commands of `asyncsoc sweep` do: make plans, run them under a progress bar, say what came of it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.case.case import Case
from asyncsoc.case.overrides import apply_overrides
from asyncsoc.case.reading import read_toml, with_folder
from asyncsoc.cli.console import is_terminal, note, print_document, print_line, print_table
from asyncsoc.cli.failure import INTERRUPTED
from asyncsoc.cli.progress import duration, tell_compiling
from asyncsoc.studies.sweep.design import Wanted, make_design
from asyncsoc.studies.sweep.export import Exported, collect
from asyncsoc.studies.sweep.load import Archive
from asyncsoc.studies.sweep.plan import KEEPS, Keep, Plan
from asyncsoc.studies.sweep.preview import Preview
from asyncsoc.studies.sweep.progress import Listener, Result, Standing
from asyncsoc.studies.sweep.run import Options, outline_of, run_sweep
from asyncsoc.studies.sweep.slurm import write_script
from asyncsoc.studies.sweep.stopping import Stop

_SIGINT = 2
_MOST_FAILURES = 20
_READ_AT_ONCE = 5_000_000
"""Bytes of a table that are read in about a second."""


@dataclass(frozen=True)
class Show:
    """How much is said, and what is made at the end."""

    json: bool = False
    quiet: bool = False
    collect: bool = True
    axis: str = "time"
    points: int = 101
    plot: bool = True


def base_keys(path: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """Return the raw keys of a case file with overrides; what is varied may be missing in it.

    Raises
    ------
    InputError
        The file cannot be read, or an override is wrong.
    """
    keys = with_folder(read_toml(path), path.parent.absolute())  # workers may run elsewhere
    return apply_overrides({"name": path.stem[:100], **keys}, overrides, Case)


def make_plan(
    path: Path, wanted: Wanted, overrides: Sequence[str], output: Path | None, keep: str
) -> tuple[Plan, Path]:
    """Return the plan of a sweep and its folder; a folder with a sweep gives that sweep's.

    Raises
    ------
    InputError
        The case, an axis or an option is wrong.
    """
    if path.is_dir():
        if wanted.vary or wanted.table or wanted.sample or wanted.replicas or overrides or output:
            raise InputError("a sweep that is resumed varies what it varied", where=str(path), allowed="--resume")
        return Plan.read(path), path
    kept = next((name for name in KEEPS if name == keep), None)
    if kept is None:
        raise InputError("unknown choice", where="--keep", value=keep, allowed=", ".join(KEEPS))
    base = base_keys(path, overrides)
    return _plan(base, wanted, kept), output or Path(f"{path.stem}-sweep")


def _plan(base: dict[str, Any], wanted: Wanted, keep: Keep) -> Plan:
    _tell_reading(wanted.table)
    return Plan(str(base["name"]), base, make_design(wanted, base), keep)


def _tell_reading(table: str | Path | None) -> None:
    """Say on a terminal that a table of cases is being read where that takes its time."""
    if table is None or not is_terminal(sys.stderr):
        return
    size = Path(table).stat().st_size if Path(table).is_file() else 0
    if size > _READ_AT_ONCE:
        note(f"reading and checking {table} ({size / 1e6:.0f} MB) ...")


def run_plan(
    plan: Plan, folder: Path, options: Options, show: Show, *, only_plan: bool = False, report: bool = True
) -> int:
    """Run a plan, collect what is recorded, say what came of it (with `report`); return the exit code.

    Raises
    ------
    AsyncsocError
        The sweep cannot be run.
    """
    outlines: list[Preview] = []

    def tell(found: Preview) -> None:
        outlines.append(found)
        if not show.quiet and not show.json:
            _tell_outline(found, folder)

    if only_plan:
        tell(outline_of(plan, folder, options))
        if show.json:
            print_document({"status": "planned", "output": str(folder), **_outline_document(outlines[0])})
        return 0
    tell_compiling(quiet=show.quiet)
    with sweep_bar(quiet=show.quiet) as listen, Stop() as stop:
        result = run_sweep(plan, folder, options, show=tell, listen=listen, note=note, stop=stop)
    if not report and result.signal is None:
        return 0
    collected = None
    if result.signal is None and show.collect and result.counts.open < result.counts.total:
        collected = collect(folder, axis=show.axis, points=show.points, picture=show.plot)
    return _report(plan, folder, result, collected, outlines[0], show)


def _report(plan: Plan, folder: Path, result: Result, collected: Exported | None, outline: Preview, show: Show) -> int:
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
            "plan": _outline_document(outline),
        }
        print_document(document)
    else:
        _show_result(plan, folder, result, files, failures, show)
    if result.signal is not None:
        return _interrupted(folder, result)
    return SimulationError.exit_code if counts.failed + counts.quarantined else 0


def _show_result(
    plan: Plan, folder: Path, result: Result, files: list[str], failures: list[dict[str, Any]], show: Show
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
    archive = Archive.open(folder)
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


def _interrupted(folder: Path, result: Result) -> int:
    """Say how to go on, and end as a program ends that was asked to: not as one whose results are lost."""
    note(f"interrupted with {result.counts.open} of {result.counts.total} cases to go")
    note(f"  next: asyncsoc sweep {shlex.quote(str(folder))} --resume")
    raise SystemExit(INTERRUPTED if result.signal == _SIGINT else 128 + (result.signal or 0))


def collect_folder(folder: Path, curves: tuple[str, ...] | None, show: Show) -> None:
    """Collect a sweep's records and name the files.

    Raises
    ------
    InputError
        There is no sweep, or nothing is recorded.
    """
    collected = collect(folder, axis=show.axis, points=show.points, curves=curves, picture=show.plot)
    counts = Archive.open(folder).records_index.counts()
    for text in collected.notes:
        note(f"note: {text}")
    if show.json:
        print_document(
            {
                "status": "done",
                "total": counts.total,
                "done": counts.done,
                "failed": counts.failed + counts.quarantined,
                "output": str(folder),
                "files": [str(path) for path in collected.files],
            }
        )
        return
    note(f"{counts.done} of {counts.total} cases carried out, {counts.failed + counts.quarantined} failed")
    print_line("\n".join(str(path) for path in collected.files))


def write_slurm(plan: Plan, folder: Path, options: Options, tasks: int, show: Show) -> None:
    """Write a sweep's manifest and the script of its job array.

    Raises
    ------
    InputError
        A case is wrong, or the folder cannot be used.
    """
    found = outline_of(plan, folder, options, write=True)
    tasks = min(tasks, max(found.pending, 1))
    script = write_script(Plan.read(folder), folder, tasks=tasks, workers=options.workers or 1)
    if show.json:
        print_document({"status": "planned", "output": str(folder), "script": str(script), **_outline_document(found)})
        return
    if not show.quiet:
        _tell_outline(found, folder)
    print_line(f"sbatch {shlex.quote(str(script))}")


def _tell_outline(found: Preview, folder: Path) -> None:
    grid = " x ".join(f"{name} {count}" for name, count in found.dimensions)
    models = ", ".join(f"{count} {model}" for model, count in found.models.items())
    note(f"{found.cases} cases: {grid}" + (f"; {found.recorded} recorded already" if found.recorded else ""))
    if found.pending:
        note(
            f"to run: {models}, on {found.workers} worker{'s' if found.workers > 1 else ''}; roughly "
            f"{duration(found.seconds)} and {size(found.bytes)} in {folder}"
        )


def _outline_document(found: Preview) -> dict[str, Any]:
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


@contextmanager
def sweep_bar(*, quiet: bool) -> Iterator[Listener | None]:
    """Give a listener that draws done, failed, rate and time left on stderr; None where nobody looks at it."""
    import sys

    if quiet or not is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting workers", total=None)

        def listen(standing: Standing) -> None:
            counts = standing.counts
            settled = counts.total - counts.open
            text = f"{settled} of {counts.total}, "
            text += f"{standing.rate:.3g} per s" if standing.ran else "starting"
            failed = counts.failed + counts.quarantined
            if failed:
                text += f", {failed} failed"
            if standing.seconds_left is not None:
                text += f", {duration(standing.seconds_left)} left"
            bar.update(task, total=counts.total, completed=settled, description=text)

        yield listen
