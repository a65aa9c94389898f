"""`asyncsoc tomo stats|mesh|charge`: from a labelled volume to statistics, particle meshes and charged particles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from asyncsoc.cli.commands.tomo_mesh import (
    Source,
    load,
    mesh_all,
    show_meshes,
    show_statistics,
    with_meshes,
    write_statistics,
)

tomo_app = typer.Typer(
    name="tomo",
    help="From a labelled volume (pore, active material, CBD) to statistics, particle meshes and charged particles.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_EFFECT = (0.5, 1.0, 2.0)

VolumePath = Annotated[
    Path, typer.Argument(metavar="VOLUME", help="TIFF (or a folder of slices), .mha, .nrrd, .nii, .vti, .npy, .h5, .am")
]
Labels = Annotated[
    str | None, typer.Option(metavar="MAP", help="What the labels mean: pore=0,ncm=1,cbd=2 (cbd=2+3 joins two).")
]
VoxelSize = Annotated[
    str | None, typer.Option(metavar="LENGTH", help="Edge of a voxel, e.g. '398 nm', or 'X,Y,Z' with units.")
]
Dataset = Annotated[str | None, typer.Option(metavar="NAME", help="Array in a file that holds several.")]
RawShape = Annotated[str | None, typer.Option(metavar="X,Y,Z", help="Voxels along each axis of a .raw file.")]
RawType = Annotated[str | None, typer.Option(metavar="TYPE", help="Number type of a .raw file, e.g. uint8, >uint16.")]
RawOffset = Annotated[int, typer.Option(metavar="BYTES", help="Bytes before the data of a .raw file.")]
MaxSize = Annotated[float | None, typer.Option(metavar="GIB", help="Largest decoded volume; half of the memory.")]
ParticleIds = Annotated[Path | None, typer.Option(metavar="FILE", help="Volume of particle numbers: no splitting.")]
SplitDepth = Annotated[
    float, typer.Option(metavar="VOXELS", help="How much narrower a neck must be than the smaller particle.")
]
Block = Annotated[
    int | None, typer.Option(metavar="VOXELS", help="Split in blocks of this edge; by itself where memory is short.")
]
Halo = Annotated[int | None, typer.Option(metavar="VOXELS", help="Halo around each block.")]
MinVoxels = Annotated[int, typer.Option(metavar="N", help="Smallest particle that counts as resolved.")]
Workers = Annotated[int, typer.Option(metavar="N", min=1, help="Worker processes.")]
Note = Annotated[str, typer.Option(metavar="TEXT", help="Origin and licence of the data, for the figures.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no table.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@tomo_app.command()
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
        str | None, typer.Option(metavar="SIDE", help="Side of the separator: x-low, x-high, ... z-high.")
    ] = None,
    min_voxels: MinVoxels = 300,
    mesh: Annotated[bool, typer.Option("--mesh", help="Mesh the particles too, for the mesh estimate.")] = False,
    effect: Annotated[bool, typer.Option("--split-effect", help="Show what other split depths would give.")] = False,
    workers: Workers = 1,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Tables and figures.")] = None,
    note: Note = "",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Phases, surfaces and particles of a volume."""
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
            result = with_meshes(result, loaded, particles, min_voxels, workers, bar)
        document = result.to_json()
        if effect:
            from asyncsoc.tomography.split import depth_effect

            document["split effect"] = depth_effect(loaded, sorted({*_EFFECT, split_depth}), min_voxels)
    document["files"] = [] if output is None else write_statistics(output, result, document, loaded, particles, note)
    if json:
        from asyncsoc.cli.console import print_document

        print_document(document)
    elif not quiet:
        show_statistics(document)


@tomo_app.command()
def mesh(
    volume: VolumePath,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Particle files and manifest.")],
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
    kind: Annotated[str, typer.Option("--format", metavar="KIND", help="vtu or vtkhdf.")] = "vtu",
    cells_across: Annotated[float, typer.Option(help="Lattice cells along the equivalent diameter.")] = 12.0,
    smallest_cell: Annotated[float, typer.Option(metavar="VOXELS", help="Smallest lattice cell.")] = 2.0,
    smoothing: Annotated[float, typer.Option(metavar="VOXELS", help="Gaussian that makes the surface.")] = 0.7,
    edge: Annotated[bool, typer.Option("--edge", help="Also particles that the end of the volume cuts.")] = False,
    only: Annotated[str | None, typer.Option(metavar="N,N", help="These particles alone, by their numbers.")] = None,
    workers: Workers = 1,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Tagged meshes of the particles of a volume."""
    from asyncsoc.cli.progress import counting_bar
    from asyncsoc.tomography.mesher import MeshSettings

    source = Source(
        volume, labels, voxel_size, dataset, raw_shape, raw_type, raw_offset, max_size, particle_ids, split_depth,
        block, halo, workers,
    )  # fmt: skip
    settings = MeshSettings(cells_across, smallest_cell, smoothing, min_voxels, interior_only=not edge)
    with counting_bar(quiet=quiet or json) as bar:
        document = mesh_all(source, settings, output, f".{kind.lstrip('.')}", only, bar)
    if json:
        from asyncsoc.cli.console import print_document

        print_document(document)
    elif not quiet:
        show_meshes(document)


@tomo_app.command()
def charge(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Particle files of 'asyncsoc tomo mesh'.")],
    case: Annotated[
        Path, typer.Argument(metavar="CASE.toml", help="All but particle and contact, which are those of the files.")
    ],
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace a key of the case; repeatable.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Table and figure.")] = None,
    only: Annotated[str | None, typer.Option(metavar="N,N", help="These particles alone, by their numbers.")] = None,
    spheres: Annotated[bool, typer.Option("--spheres/--no-spheres", help="Equivalent spheres beside them.")] = True,
    workers: Workers = 1,
    note: Note = "",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Carry every particle of a set through a protocol, equivalent spheres beside them."""
    from asyncsoc.cli.commands.tomo_charge import charge_all, show_charged
    from asyncsoc.cli.progress import counting_bar

    with counting_bar(quiet=quiet or json, runs=True) as bar:
        document = charge_all(folder, case, overrides or (), output, only, spheres, workers, note, bar)
    if json:
        from asyncsoc.cli.console import print_document

        print_document(document)
    elif not quiet:
        show_charged(document)
