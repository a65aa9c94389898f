"""From a file to a `LabelVolume`: label map, voxel size, cubic voxels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from asyncsoc.base.bare_values import bare
from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import Limits
from asyncsoc.base.units import to_si
from asyncsoc.tomography.labels import LabelMap, check_labels, labels_of_file, to_phases
from asyncsoc.tomography.readers.open import open_volume
from asyncsoc.tomography.readers.raw_volume import RawVolume
from asyncsoc.tomography.volume import LabelVolume

_CUBIC = 1e-3
"""Relative difference of spacings below which voxels count as cubic."""


def load_volume(
    path: str | Path,
    *,
    labels: LabelMap | None = None,
    voxel_size: float | str | Sequence[float | str] | None = None,
    dataset: str | None = None,
    raw_shape: tuple[int, int, int] | None = None,
    raw_type: str | None = None,
    raw_offset: int = 0,
    limits: Limits | None = None,
) -> LabelVolume:
    """Return the labelled volume in a file, with cubic voxels.

    Parameters
    ----------
    path
        File or folder of TIFF slices.
    labels
        Label values of each phase by its name (`tomography.phases.PHASES`); may be left out only where the file
        names its labels as phases.
    voxel_size
        Edge of a voxel, m or a text such as '398 nm'; three of them, x, y, z, where voxels are not cubic. May be left
        out only where the file states spacing and unit. What is given here wins over the file.
    dataset, raw_shape, raw_type, raw_offset, limits
        As of `open_volume`.

    Raises
    ------
    InputError
        The file cannot be read, labels or voxel size are unknown or contradict the file, or it holds grey levels.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> import numpy as np
    >>> labels = np.zeros((4, 4, 4), dtype=np.uint8)
    >>> labels[1:3, 1:3, 1:3] = 1
    >>> np.save("labels.npy", labels)
    >>> aso.tomography.load_volume("labels.npy", labels={"pore": (0,), "ncm": (1,)}, voxel_size="400 nm").shape
    (4, 4, 4)
    """
    raw = open_volume(
        path, dataset=dataset, raw_shape=raw_shape, raw_type=raw_type, raw_offset=raw_offset, limits=limits
    )
    return labelled(raw, labels, voxel_size)


def labelled(
    raw: RawVolume, labels: LabelMap | None, voxel_size: float | str | Sequence[float | str] | None
) -> LabelVolume:
    """Return a volume as read with cubic voxels and phases for labels; parameters and errors as of `load_volume`."""
    spacing, size_from = _spacing(raw, voxel_size)
    chosen = labels_of_file(raw) if labels is None else check_labels(labels)
    phases = to_phases(raw, chosen)
    notes = list(raw.notes)
    scale = raw.unit
    z0, y0, x0 = (o * scale for o in raw.origin) if scale is not None and voxel_size is None else (0.0, 0.0, 0.0)
    phases, size, resampled = cubic(phases, spacing)
    if resampled:
        notes.append(f"resampled from {_um(spacing)} (z, y, x) to cubic voxels of {size * 1e6:.4g} um")
    source: dict[str, Any] = {
        "file": raw.path.name,
        "format": raw.format,
        "shape (z, y, x)": list(raw.shape),
        "labels": {k: list(v) for k, v in chosen.items()},
        "voxel size [m]": size,
        "voxel size from": size_from,
        "resampled": resampled,
    }
    return LabelVolume(phases, size, (x0, y0, z0), source, tuple(notes))


def _um(spacing: tuple[float, float, float]) -> str:
    return " x ".join(f"{s * 1e6:.4g}" for s in spacing) + " um"


def _spacing(
    raw: RawVolume, given: float | str | Sequence[float | str] | None
) -> tuple[tuple[float, float, float], str]:
    """Return (z, y, x) spacing in metres and where it came from."""
    where = "voxel_size (--voxel-size)"
    if given is None:
        if raw.spacing is None or raw.unit is None:
            raise InputError(
                "the voxel size must be stated", where=str(raw.path),
                value="spacing without a unit: " + " x ".join(f"{s:g}" for s in raw.spacing) if raw.spacing else None,
                next_step="give --voxel-size, for example '398 nm'; the file does not state it with a unit",
            )  # fmt: skip
        z, y, x = (s * raw.unit for s in raw.spacing)
        return (z, y, x), f"{raw.format} header"
    bared = bare(given)
    parts = list(bared) if isinstance(bared, list | tuple) else [bared]
    sizes = [to_si(p, "m", where=where) for p in parts]
    if len(sizes) not in (1, 3) or any(s <= 0 for s in sizes):
        raise InputError("voxel size is one or three positive lengths", where=where, value=parts, allowed="x, y, z")
    if len(sizes) == 1 and raw.spacing is not None and max(raw.spacing) > (1 + _CUBIC) * min(raw.spacing):
        raise InputError(
            "one voxel size is given but the file's voxels are not cubic", where=str(raw.path),
            value=f"file (z, y, x): {raw.spacing}", next_step="give three lengths x,y,z",
        )  # fmt: skip
    x, y, z = sizes if len(sizes) == 3 else sizes * 3
    return (z, y, x), "stated"


def cubic(phases: NDArray[np.uint8], spacing: tuple[float, float, float]) -> tuple[NDArray[np.uint8], float, bool]:
    """Return the volume with cubic voxels of the finest spacing, and whether it had to be resampled.

    Each phase's indicator is interpolated linearly and the largest wins, so that interfaces move by less than half
    a fine voxel; nearest-neighbour resampling would leave steps.

    Parameters
    ----------
    phases : (nz, ny, nx) uint8
        Phase codes.
    spacing
        (z, y, x) [m].
    """
    size = min(spacing)
    if max(spacing) <= (1 + _CUBIC) * size:
        return phases, size if max(spacing) == size else float(np.prod(spacing) ** (1 / 3)), False
    factors = [s / size for s in spacing]
    shape = tuple(max(1, round(n * f)) for n, f in zip(phases.shape, factors, strict=True))
    if np.prod(shape, dtype=float) > 64 * phases.size:
        raise InputError("the voxels are too far from cubic to resample", where="voxel size", value=spacing)
    best = np.zeros(shape, np.float32)
    out = np.zeros(shape, np.uint8)
    for code in np.flatnonzero(np.bincount(phases.ravel(), minlength=4)):
        zoom = [m / n for m, n in zip(shape, phases.shape, strict=True)]
        part = ndimage.zoom((phases == code).astype(np.float32), zoom, order=1, mode="nearest", grid_mode=True)
        better = part > best
        out[better] = code
        best[better] = part[better]
    return out, size, True
