"""`asyncsoc tomo mesh`: tagged meshes of the particles of a volume, with a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asyncsoc.base.errors import InterruptedRunError, SimulationError
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
    Only,
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
    particle_numbers,
    warn_about_contact,
)

if TYPE_CHECKING:
    from asyncsoc.tomography.mesher import MeshSettings

ORDER = 20


def mesh(
    volume: VolumePath,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the particle files and their manifest.")
    ],
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
    min_voxels: MinVoxels = 300,
    kind: Annotated[
        str, typer.Option("--format", metavar="KIND", help="Format of the particle files: vtu or vtkhdf.")
    ] = "vtu",
    cells_across: Annotated[
        float, typer.Option(metavar="N", help="Lattice cells along the particle's equivalent diameter.")
    ] = 12.0,
    smallest_cell: Annotated[float, typer.Option(metavar="VOXELS", help="Edge of the smallest lattice cell.")] = 2.0,
    smoothing: Annotated[
        float,
        typer.Option(metavar="VOXELS", help="Standard deviation of the Gaussian filter that smooths the surface."),
    ] = 0.7,
    edge: Annotated[bool, typer.Option("--edge", help="Also mesh particles that the edge of the volume cuts.")] = False,
    only: Only = None,
    workers: Workers = 1,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Mesh the particles of a volume; facets carry their contact."""
    from asyncsoc.cli.progress import counting_bar
    from asyncsoc.tomography.mesher import MeshSettings

    source = Source(
        volume, labels, voxel_size, dataset, raw_shape, raw_type, raw_offset, max_size, particle_ids, split_depth,
        block, halo, workers,
    )  # fmt: skip
    settings = MeshSettings(cells_across, smallest_cell, smoothing, min_voxels, interior_only=not edge)
    with counting_bar(quiet=quiet or json) as bar:
        document = _mesh(source, settings, output, f".{kind.lstrip('.')}", only, bar)
    if json:
        print_document(document)
    elif not quiet:
        _print(document)


def _mesh(
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


def _print(document: dict[str, Any]) -> None:
    """Print what was meshed and what was not."""
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
