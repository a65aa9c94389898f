"""A labelled volume on the command line: the options that name it, and reading and splitting it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asyncsoc.base.errors import InputError

if TYPE_CHECKING:
    from asyncsoc.base.guarded_files import Limits
    from asyncsoc.tomography.split import Particles
    from asyncsoc.tomography.volume import LabelVolume

Bar = Callable[[int, int, str], None] | None
_AXES = 3

VolumePath = Annotated[
    Path, typer.Argument(metavar="VOLUME", help="TIFF (or a folder of slices), .mha, .nrrd, .nii, .vti, .npy, .h5, .am")
]
Labels = Annotated[
    str | None, typer.Option(metavar="MAP", help="What the labels mean: pore=0,ncm=1,cbd=2 (cbd=2+3 joins two).")
]
VoxelSize = Annotated[
    str | None, typer.Option(metavar="LENGTH", help="Edge of a voxel, e.g. '398 nm', or 'X,Y,Z' with units.")
]
Dataset = Annotated[str | None, typer.Option(metavar="NAME", help="Name of the array where the file holds several.")]
RawShape = Annotated[str | None, typer.Option(metavar="X,Y,Z", help="Voxels along each axis of a .raw file.")]
RawType = Annotated[str | None, typer.Option(metavar="TYPE", help="Number type of a .raw file, e.g. uint8, >uint16.")]
RawOffset = Annotated[int, typer.Option(metavar="BYTES", help="Bytes before the data of a .raw file.")]
MaxSize = Annotated[
    float | None, typer.Option(metavar="GIB", help="Largest decoded volume that is read; default: half of the memory.")
]
ParticleIds = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Volume of particle numbers; replaces splitting by this program.")
]
SplitDepth = Annotated[
    float,
    typer.Option(metavar="VOXELS", help="Split at a neck that is narrower than the smaller particle by this much."),
]
Block = Annotated[
    int | None,
    typer.Option(
        metavar="VOXELS", help="Edge of the blocks the volume is split in; default: blocks only where memory is short."
    ),
]
Halo = Annotated[int | None, typer.Option(metavar="VOXELS", help="Overlap of neighbouring blocks.")]
MinVoxels = Annotated[int, typer.Option(metavar="N", help="Voxels of the smallest particle that counts as resolved.")]
Workers = Annotated[int, typer.Option(metavar="N", min=1, help="Worker processes.")]
Note = Annotated[str, typer.Option(metavar="TEXT", help="Origin and licence of the data, for the figures.")]
Only = Annotated[str | None, typer.Option("--only", metavar="N,N", help="Only these particles, by their numbers.")]


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


def load_labels(source: Source, bar: Bar) -> LabelVolume:
    """Return the volume, without splitting it."""
    from asyncsoc.tomography.labels import parse_labels
    from asyncsoc.tomography.load import load_volume

    if bar:
        bar(0, 1, "reading")
    return load_volume(
        source.path,
        labels=None if source.labels is None else parse_labels(source.labels),
        voxel_size=None if source.voxel_size is None else source.voxel_size.split(","),
        dataset=source.dataset,
        raw_shape=None if source.raw_shape is None else _numbers(source.raw_shape, "--raw-shape"),
        raw_type=source.raw_type,
        raw_offset=source.raw_offset,
        limits=_limits(source),
    )


def _limits(source: Source) -> Limits:
    from asyncsoc.base.guarded_files import Limits, default_limits

    if source.max_size is not None and not source.max_size > 0:
        raise InputError("the largest size must be positive", where="--max-size", value=source.max_size)
    return default_limits() if source.max_size is None else Limits(int(source.max_size * 2**30))


def load(source: Source, bar: Bar) -> tuple[LabelVolume, Particles]:
    """Return the volume and its particles."""
    from asyncsoc.tomography.blocks import BYTES_PER_VOXEL, DEFAULT_BLOCK, DEFAULT_HALO, split_blocks
    from asyncsoc.tomography.readers.open import open_volume
    from asyncsoc.tomography.split import particles_from_ids, split_particles

    volume, limits = load_labels(source, bar), _limits(source)
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
