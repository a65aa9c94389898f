"""`asyncsoc tomo stats`: phases, surfaces and particles of a volume, as tables and figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asyncsoc.cli.console import print_document, print_line, print_table
from asyncsoc.cli.options import Json, Quiet
from asyncsoc.cli.tomo_volume import (
    Bar,
    Block,
    Dataset,
    Halo,
    Labels,
    MaxSize,
    MinVoxels,
    Note,
    ParticleIds,
    RawOffset,
    RawShape,
    RawType,
    Source,
    SplitDepth,
    VolumePath,
    VoxelSize,
    Workers,
    load,
    warn_about_contact,
)

if TYPE_CHECKING:
    from asyncsoc.tomography.split import Particles
    from asyncsoc.tomography.statistics import TomographyStatistics
    from asyncsoc.tomography.volume import LabelVolume

ORDER = 10
_EFFECT = (0.5, 1.0, 2.0)


def stats(
    volume: VolumePath,
    labels: Labels = None,
    voxel_size: VoxelSize = None,
    dataset: Dataset = None,
    raw_shape: RawShape = None,
    raw_type: RawType = None,
    raw_offset: RawOffset = 0,
    max_size: MaxSize = None,
    particle_ids: ParticleIds = None,
    split_depth: SplitDepth = 1.0,
    block: Block = None,
    halo: Halo = None,
    separator: Annotated[
        str | None,
        typer.Option(metavar="SIDE", help="Side of the volume that faces the separator: x-low, x-high, ... z-high."),
    ] = None,
    min_voxels: MinVoxels = 300,
    mesh: Annotated[
        bool, typer.Option("--mesh", help="Also mesh the particles and measure contact on the meshes.")
    ] = False,
    effect: Annotated[
        bool, typer.Option("--split-effect", help="Also print the statistics for other split depths.")
    ] = False,
    workers: Workers = 1,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Folder for tables and figures.")
    ] = None,
    note: Note = "",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Measure phases, surfaces and particles of a volume."""
    from asyncsoc.cli.progress import counting_bar
    from asyncsoc.tomography.statistics import volume_statistics

    source = Source(
        volume, labels, voxel_size, dataset, raw_shape, raw_type, raw_offset, max_size, particle_ids, split_depth,
        block, halo, workers,
    )  # fmt: skip
    with counting_bar(quiet=quiet or json) as bar:
        loaded, particles = load(source, bar)
        result = volume_statistics(loaded, particles, separator, min_voxels)
        if mesh:
            result = _with_meshes(result, loaded, particles, min_voxels, workers, bar)
        document = result.to_json()
        if effect:
            from asyncsoc.tomography.split import depth_effect

            document["split effect"] = depth_effect(loaded, sorted({*_EFFECT, split_depth}), min_voxels)
    document["files"] = [] if output is None else _write(output, result, document, loaded, particles, note)
    if json:
        print_document(document)
    elif not quiet:
        _print(document)


def _with_meshes(
    result: TomographyStatistics, volume: LabelVolume, particles: Particles, min_voxels: int, workers: int, bar: Bar
) -> TomographyStatistics:
    """Add the mesh estimate of the active fraction, over the resolved interior particles."""
    from asyncsoc.tomography.mesher import MeshSettings
    from asyncsoc.tomography.meshing import mesh_particles
    from asyncsoc.tomography.statistics import TomographyStatistics

    meshed = mesh_particles(
        volume, particles, MeshSettings(min_voxels=min_voxels), workers=workers,
        progress=(lambda done, total: bar(done, total, "meshing")) if bar else None,
    )  # fmt: skip
    found = {
        **result.summary["active fraction by estimator"],
        "mesh": meshed.header["active fraction of exposed surface, mesh"],
    }
    summary = {**result.summary, "active fraction by estimator": found, "failed particles": list(meshed.failed)}
    return TomographyStatistics(summary, result.table)


def _write(
    folder: Path, result: TomographyStatistics, document: dict[str, Any], volume: LabelVolume, particles: Particles,
    note: str,
) -> list[str]:  # fmt: skip
    """Write tables and figures into `folder` and return the files."""
    import numpy as np

    from asyncsoc.base.files import write_text, written
    from asyncsoc.base.plain_data import to_document
    from asyncsoc.plotting import tomography as drawing
    from asyncsoc.tomography.statistics import component_volumes

    folder.mkdir(parents=True, exist_ok=True)
    header = ",".join(f'"{name}"' for name in result.table)
    rows = [
        ",".join("" if v != v else str(v) for v in row)
        for row in zip(*(c.tolist() for c in result.table.values()), strict=True)
    ]
    write_text(folder / "statistics.json", to_document(document))
    write_text(folder / "particles.csv", "\n".join([header, *rows]) + "\n")
    least = int(document["particle count"]["least voxels"])
    curves = {"particles": np.sort(result.table["volume [m3]"])[::-1], "pores": component_volumes(volume, "pore")}
    figures = {
        "section.png": drawing.section_figure(volume, particles, result.table["coverage"], note=note),
        "statistics.png": drawing.statistics_figure(result, min_voxels=least, note=note),
        "index-volume.png": drawing.index_volume_figure(curves, note=note),
    }
    for name, figure in figures.items():
        with written(folder / name) as stream:
            figure.savefig(stream, format="png")
    return [str(folder / name) for name in ("statistics.json", "particles.csv", *figures)]


def _print(document: dict[str, Any]) -> None:
    """Print statistics as tables."""
    from asyncsoc.tomography.volume import NO_CONTACT

    rows: list[tuple[str, object]] = [(f"{p} fraction", v) for p, v in document["phase fractions"].items()]
    rows += [(f"{name} area [m2]", value) for name, value in document["areas [m2]"].items()]
    rows += [
        (f"active fraction of exposed surface, {name}", value)
        for name, value in document["active fraction by estimator"].items()
    ]
    rows += [(f"particles, {name}", value) for name, value in document["particle count"].items()]
    for key in ("equivalent diameter percentiles [m]", "coverage percentiles"):
        rows += [(f"{key.replace('percentiles', f'{p} % percentile')}", v) for p, v in document[key].items()]
    for key in ("mean coordination", "CBD connected to separator"):
        if key in document:
            rows.append((key, document[key]))
    print_table(("quantity", "value"), rows, title=str(document["source"].get("file", "")))
    if document.get("split effect"):
        columns = list(document["split effect"][0])
        titles = [c.replace(" [", ", ").rstrip("]") for c in columns]
        print_table(titles, [[row[c] for c in columns] for row in document["split effect"]], title="split depth")
    warn_about_contact(document)
    for line in (*(n for n in document["notes"] if n != NO_CONTACT), *document["files"]):
        print_line(line)
