"""What `asyncsoc tomo` does: read and split, statistics with figures, meshes with a manifest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncsoc.base.errors import InputError, InterruptedRunError, SimulationError

if TYPE_CHECKING:
    from asyncsoc.tomography.mesher import MeshSettings
    from asyncsoc.tomography.split import Particles
    from asyncsoc.tomography.statistics import TomographyStatistics
    from asyncsoc.tomography.volume import LabelVolume

Bar = Callable[[int, int, str], None] | None
_AXES = 3


@dataclass(frozen=True)
class Source:
    """Where the volume is and how it is to be read and split."""

    path: Path
    labels: str | None
    voxel_size: str | None
    dataset: str | None
    raw_shape: str | None
    raw_type: str | None
    raw_offset: int
    max_size: float | None
    particle_ids: Path | None
    split_depth: float
    block: int | None
    halo: int | None
    workers: int


def _numbers(text: str, where: str) -> tuple[int, int, int]:
    """Return 'X,Y,Z' as (nz, ny, nx)."""
    try:
        values = [int(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != _AXES or min(values) < 1:
        raise InputError("not three counts", where=where, value=text, allowed="X,Y,Z, such as 301,301,251")
    return values[2], values[1], values[0]


def load(source: Source, bar: Bar) -> tuple[LabelVolume, Particles]:
    """Return the volume and its particles."""
    from asyncsoc.base.guarded_files import Limits, default_limits
    from asyncsoc.tomography.blocks import BYTES_PER_VOXEL, DEFAULT_BLOCK, DEFAULT_HALO, split_blocks
    from asyncsoc.tomography.labels import parse_labels
    from asyncsoc.tomography.load import load_volume
    from asyncsoc.tomography.readers.open import open_volume
    from asyncsoc.tomography.split import particles_from_ids, split_particles

    if source.max_size is not None and not source.max_size > 0:
        raise InputError("the largest size must be positive", where="--max-size", value=source.max_size)
    limits = default_limits() if source.max_size is None else Limits(int(source.max_size * 2**30))
    if bar:
        bar(0, 1, "reading")
    volume = load_volume(
        source.path,
        labels=None if source.labels is None else parse_labels(source.labels),
        voxel_size=None if source.voxel_size is None else source.voxel_size.split(","),
        dataset=source.dataset,
        raw_shape=None if source.raw_shape is None else _numbers(source.raw_shape, "--raw-shape"),
        raw_type=source.raw_type,
        raw_offset=source.raw_offset,
        limits=limits,
    )
    if source.particle_ids is not None:
        raw = open_volume(source.particle_ids, role="ids", limits=limits)
        return volume, particles_from_ids(volume, raw.read(0, raw.shape[0]))
    if bar:
        bar(0, 1, "splitting")
    fits = volume.phases.size * BYTES_PER_VOXEL <= limits.max_bytes
    if source.block is None and source.halo is None and fits:
        return volume, split_particles(volume, source.split_depth)
    particles = split_blocks(
        volume,
        source.split_depth,
        block=source.block or DEFAULT_BLOCK,
        halo=source.halo or DEFAULT_HALO,
        workers=source.workers,
        progress=(lambda done, total: bar(done, total, "splitting")) if bar else None,
    )
    return volume, particles


def with_meshes(
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


def write_statistics(
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


def show_statistics(document: dict[str, Any]) -> None:
    """Print statistics as tables."""
    from asyncsoc.cli.console import print_line, print_table
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


def warn_about_contact(document: dict[str, Any]) -> None:
    """Write a warning to stderr where contact cannot be measured in the volume."""
    from asyncsoc.cli.console import note
    from asyncsoc.tomography.volume import NO_CONTACT

    if document["contact measurable"] is False:
        note(f"warning: {NO_CONTACT}")


def particle_numbers(only: str | None) -> list[int] | None:
    """Return the numbers in '12,15,99'; None for all."""
    if only is None:
        return None
    try:
        return [int(part) for part in only.split(",")]
    except ValueError:
        raise InputError("not a list of particle numbers", where="--only", value=only, allowed="12,15,99") from None


def mesh_all(
    source: Source, settings: MeshSettings, output: Path, suffix: str, only: str | None, bar: Bar
) -> dict[str, Any]:
    """Mesh the particles into `output` and return what is to be said about them."""
    from asyncsoc.tomography.meshing import mesh_particles
    from asyncsoc.tomography.particle_set import MANIFEST

    numbers = particle_numbers(only)
    loaded, particles = load(source, bar)
    try:
        made = mesh_particles(
            loaded, particles, settings, folder=output, suffix=suffix, workers=source.workers, only=numbers,
            progress=(lambda done, total: bar(done, total, "meshing")) if bar else None,
        )  # fmt: skip
    except KeyboardInterrupt:
        raise InterruptedRunError(
            "interrupted; the particles that were meshed are kept", where=str(output / MANIFEST),
            next_step="the manifest lists them; the others can be meshed with --only into another folder",
        ) from None  # fmt: skip
    if not made.rows:
        raise SimulationError(
            "no particle could be meshed", where=str(output / MANIFEST), value=made.failed[0]["reason"],
            next_step="the manifest lists every particle's reason",
        )  # fmt: skip
    return {
        "manifest": str(output / MANIFEST),
        "meshed": len(made.rows),
        "failed": list(made.failed),
        **made.header,
    }


def show_meshes(document: dict[str, Any]) -> None:
    """Print what was meshed and what was not."""
    from asyncsoc.cli.console import print_line, print_table
    from asyncsoc.tomography.phases import ACTIVE_NAME, SHARE_MESHED

    rows: list[tuple[str, object]] = [
        ("particles meshed", document["meshed"]),
        ("failed", len(document["failed"])),
        *document["skipped"].items(),
        (f"share of {ACTIVE_NAME.upper()} meshed", document[SHARE_MESHED]),
        ("active fraction of exposed surface, mesh", document["active fraction of exposed surface, mesh"]),
        ("smallest dihedral angle [deg]", document["smallest dihedral angle [deg]"]),
        ("particles repaired", document["particles repaired"]),
        ("largest volume change by repair", document["largest volume change by repair"]),
        ("largest coverage change by repair", document["largest coverage change by repair"]),
        ("wall time [s]", document["meshing wall time [s]"]),
    ]
    print_table(("quantity", "value"), rows)
    if document["failed"]:
        failed = [tuple(f[key] for key in ("particle", "voxels", "reason")) for f in document["failed"]]
        print_table(("particle", "voxels", "why it failed"), failed)
    warn_about_contact(document)
    print_line(document["manifest"])
