"""Table and picture of the windows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asyncsoc.base.files import write_text
from asyncsoc.base.paths import path_of
from asyncsoc.studies.lsv.windows import WindowStudy

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def onset_csv(study: WindowStudy) -> str:
    """Return the onsets as a CSV table, a row a criterion; empty where it is not reached."""
    lines = [",".join(("criterion [A/m2]", *(f'"{label} [V]"' for label in study.curves)))]
    columns = [study.onsets(label) for label in study.curves]
    for criterion, *onsets in zip(study.criteria, *columns, strict=True):
        lines.append(",".join([f"{criterion:.6g}", *("" if v is None else f"{v:.5f}" for v in onsets)]))
    return "\n".join(lines) + "\n"


def window_picture(study: WindowStudy) -> Figure:
    """Return the side reaction against voltage, and the onsets against the criterion."""
    from asyncsoc.plotting.lsv import SweepLine, window_figure

    lines = [
        SweepLine(label, curve.voltage, curve.density, study.onsets(label)) for label, curve in study.curves.items()
    ]
    note = (
        f"{study.name}: coverage {study.coverage:.3g}. The inert electrode is driven by the potential alone. "
        "Every constant of the side reaction is assumed."
    )
    return window_figure(lines, study.criteria, note=note)


def write_windows(study: WindowStudy, directory: str | Path) -> list[Path]:
    """Write table and picture into a folder and return their paths.

    Raises
    ------
    InputError
        They cannot be written there.
    """
    from asyncsoc.plotting.reaction import save_reaction_figure

    folder = path_of(directory)
    table = folder / f"{study.name}-lsv.csv"
    write_text(table, onset_csv(study), "the windows cannot be saved")
    return [table, save_reaction_figure(window_picture(study), folder / f"{study.name}-lsv.png")]
