"""Files of bands: one JSON document, its rows as a CSV table, and the picture."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncsoc.base.files import replaced, write_text
from asyncsoc.base.plain_data import plain
from asyncsoc.base.plain_data import to_document as json_document
from asyncsoc.plotting.uncertainty import Bands, bands_figure
from asyncsoc.studies.particle_sets import charge as quantities
from asyncsoc.studies.particle_sets.uncertainty import UncertainSet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOCUMENT, TABLE, PICTURE = "uncertainty.json", "uncertainty.csv", "uncertainty.png"
_FORMAT, _VERSION = "asyncsoc uncertainty of particles", 1
_LABELS = {
    quantities.COVERAGE: "Coverage: active / exposed surface",
    quantities.LARGEST_LEAD: "Largest asynchrony [SOC]",
    quantities.FINAL_SOC: "Mean SOC at the end",
    quantities.RISK_MEAN: "Largest mean risk",
    quantities.RISK_MAX: "Largest local risk",
    quantities.DOSE: "Decomposition, over full coverage",
}


def to_document(uncertain: UncertainSet) -> dict[str, Any]:
    """Return the bands as plain data: `header`, `particles`."""
    return {"header": dict(uncertain.header), "particles": [dict(row) for row in uncertain.rows]}


def uncertainty_figure(uncertain: UncertainSet, *, note: str = "") -> Figure:
    """Return the bands of all quantities, and the shares of the sources."""
    shown = [
        Bands(
            _LABELS[name],
            uncertain.column(f"{name}, baseline"),
            *(uncertain.column(f"{name}, {at} %") for at in (5, 50, 95)),
        )
        for name in uncertain.followed
    ]
    shares = {
        name.replace("lead", "asynchrony"): own for name, own in uncertain.header["shares of the sources"].items()
    }
    title = f"{len(uncertain.rows)} particles, {uncertain.header['draws']} draws of the segmentation"
    return bands_figure(shown, shares, title=title, note=note)


def write_uncertainty(uncertain: UncertainSet, folder: str | Path, *, note: str = "") -> list[Path]:
    """Write `uncertainty.json`, `uncertainty.csv` and `uncertainty.png` into `folder` and return the paths.

    Raises
    ------
    InputError
        The folder cannot be written to.
    """
    place = Path(folder)
    document = {"format": _FORMAT, "version": _VERSION, **to_document(uncertain)}
    write_text(place / DOCUMENT, json_document(document), "the results cannot be saved here")
    columns = list(dict.fromkeys(name for row in uncertain.rows for name in row))
    stream = StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[plain(row.get(name)) for name in columns] for row in uncertain.rows])
    write_text(place / TABLE, stream.getvalue(), "the results cannot be saved here")
    with replaced(place / PICTURE) as picture:
        uncertainty_figure(uncertain, note=note).savefig(picture, format="png")
    return [place / DOCUMENT, place / TABLE, place / PICTURE]
