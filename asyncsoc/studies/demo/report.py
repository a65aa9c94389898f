"""The demo: asynchrony, nickel valence, risk and film of a partly and an almost fully covered particle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncsoc
from asyncsoc.base.files import replaced
from asyncsoc.base.plain_data import to_document
from asyncsoc.studies.demo.pictures import PICTURES, draw_all, unwritable
from asyncsoc.studies.demo.scan import (
    DIFFUSIVITIES,
    PARTICLES,
    RADIUS,
    STEP,
    TEMPERATURE,
    ParticleRuns,
    Progress,
    run_scan,
)
from asyncsoc.studies.demo.tables import Row, document, heads, remarks, table


@dataclass(frozen=True)
class DemoResult:
    """Table, figures and files of the demo.

    Attributes
    ----------
    columns, rows
        The table of headline numbers.
    notes
        Notes to the table.
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
    findings: tuple[ParticleRuns, ...]

    def markdown(self) -> str:
        """Return the table as Markdown."""
        lines = [self.columns, ("---",) * len(self.columns), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def run_demo(
    directory: Path, *, progress: Progress | None = None, diffusivities: Sequence[float] = DIFFUSIVITIES
) -> DemoResult:
    """Charge a calendered and a hot-calendered particle, draw them and keep everything in `directory`.

    Each particle is charged with the material's own D(x, T) and with constant diffusivities.

    Parameters
    ----------
    directory
        Made where it is missing; what it holds from an earlier demo is replaced, file by file.
    progress
        Called before each run or figure with the number done, the number in all, and the name of the next.
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

    def log(what: str) -> None:
        nonlocal done
        if progress is not None:
            progress(done, total, what)
        done += 1

    findings = run_scan(PARTICLES, diffusivities, log)
    pictures = draw_all(findings, directory, log)
    log("saving the results")
    results = tuple(found.solution.save(directory) for found in findings)
    summary = _keep_summary(findings, directory / "summary.json")
    return DemoResult(
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


def _keep_summary(findings: Sequence[ParticleRuns], path: Path) -> Path:
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
