"""`asyncsoc sweep collect`: data set, table and picture of a sweep's records."""

from __future__ import annotations

from asyncsoc.cli.console import note, print_document, print_line
from asyncsoc.cli.options import Json
from asyncsoc.cli.sweep_options import AxisName, Curves, Folder, HeatMaps, Plot, Points, Units, units_of

ORDER = 30


def collect(
    folder: Folder,
    axis: AxisName = "time",
    points: Points = 101,
    curve: Curves = None,
    plot: Plot = True,
    heatmap: HeatMaps = None,
    unit: Units = None,
    json: Json = False,
) -> None:
    """Write the data set, table and picture of the recorded cases."""
    from asyncsoc.studies.sweep.export import collect as collect_records
    from asyncsoc.studies.sweep.load import SweepArchive

    curves = tuple(curve) if curve else None
    collected = collect_records(
        folder,
        axis=axis,
        points=points,
        curves=curves,
        picture=plot,
        heatmaps=heatmap or (),
        units=units_of(unit),
    )
    counts = SweepArchive.open(folder).records_index.counts()
    for text in collected.notes:
        note(f"note: {text}")
    if json:
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
