"""The demo: how far the state of charge under a partial contact runs ahead of the cell's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncsoc
from asyncsoc.base.files import replaced
from asyncsoc.base.plain_data import to_document
from asyncsoc.studies.demo.particles import PARTICLES, RADIUS, STEP, TEMPERATURE
from asyncsoc.studies.demo.pictures import PICTURES, draw_all, unwritable
from asyncsoc.studies.demo.scan import DIFFUSIVITIES, Findings, Progress, examine
from asyncsoc.studies.demo.tables import Row, document, heads, remarks, table


@dataclass(frozen=True)
class DemoReport:
    """What the demo gives back.

    Attributes
    ----------
    columns, rows
        The table of headline numbers.
    notes
        What a reader of the table must know.
    pictures
        PNG files.
    files
        Everything written: pictures, results, the summary.
    findings
        The runs themselves.
    """

    columns: Row
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    pictures: tuple[Path, ...]
    files: tuple[Path, ...]
    findings: tuple[Findings, ...]

    def markdown(self) -> str:
        """Return the table as Markdown."""
        lines = [self.columns, ("---",) * len(self.columns), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def run_demo(
    directory: Path, *, progress: Progress | None = None, diffusivities: Sequence[float] = DIFFUSIVITIES
) -> DemoReport:
    """Charge a calendered and a hot-calendered particle, draw them and keep everything in `directory`.

    Each particle is charged with the material's own D(x, T) and with constant diffusivities.

    Parameters
    ----------
    directory
        Made where it is missing; what it holds from an earlier demo is replaced, file by file.
    progress
        Called before each piece of work with the pieces done, the pieces in all, and what comes next.
    diffusivities
        m2/s, ascending.

    Raises
    ------
    InputError
        The directory cannot be written to.
    SimulationError
        A charge could not be carried out.
    """
    _make(directory)
    total = len(PARTICLES) * (1 + len(diffusivities)) + len(PICTURES) + 1
    done = 0

    def told(what: str) -> None:
        nonlocal done
        if progress is not None:
            progress(done, total, what)
        done += 1

    findings = examine(PARTICLES, diffusivities, told)
    pictures = draw_all(findings, directory, told)
    told("saving the results")
    results = tuple(found.solution.save(directory) for found in findings)
    summary = _keep_summary(findings, directory / "summary.json")
    return DemoReport(
        columns=heads(findings),
        rows=table(findings),
        notes=remarks(findings),
        pictures=pictures,
        files=(*pictures, *results, summary),
        findings=findings,
    )


def _make(directory: Path) -> None:
    """Make the directory before anything is computed for it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(directory, error) from error


def _keep_summary(findings: Sequence[Findings], path: Path) -> Path:
    content = {
        "asyncsoc": asyncsoc.__version__,
        "setting": {"radius": RADIUS, "temperature": TEMPERATURE, "step": STEP},
        "particles": document(findings),
        "notes": remarks(findings),
    }
    try:
        with replaced(path) as stream:
            stream.write(to_document(content).encode())
    except OSError as error:
        raise unwritable(path, error) from error
    return path
