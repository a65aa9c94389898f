"""What a reader returns: the volume as the file has it, read slab by slab."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError

Slab = Callable[[int, int], NDArray[Any]]

LENGTH_UNITS: dict[str, float] = {
    "nm": 1e-9, "nanometer": 1e-9, "nanometre": 1e-9, "nanometers": 1e-9,
    "um": 1e-6, "µm": 1e-6, "μm": 1e-6, "micron": 1e-6, "microns": 1e-6, "micrometer": 1e-6, "micrometre": 1e-6,
    "mm": 1e-3, "millimeter": 1e-3, "millimetre": 1e-3, "cm": 1e-2, "centimeter": 1e-2, "m": 1.0, "meter": 1.0,
}  # fmt: skip
"""Length units met in file headers, in metres."""


@dataclass(frozen=True, eq=False)
class RawVolume:
    """A labelled volume as its file states it.

    Attributes
    ----------
    path
        The file, or the folder of slices.
    format
        Name of the format, for reports.
    shape
        (nz, ny, nx).
    dtype
        Type of the labels in the file.
    read
        ``read(z0, z1)`` returns the slab (z1 - z0, ny, nx).
    spacing
        (z, y, x) in the file's own unit; None where the file is silent.
    unit
        Metres per unit of `spacing`; None where the file does not say.
    origin
        (z, y, x) of the first voxel's centre in the file's unit.
    label_names
        Label value of each name, where the file names its labels.
    notes
        What the reader saw and the user should know.
    """

    path: Path
    format: str
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    read: Slab = field(repr=False)
    spacing: tuple[float, float, float] | None = None
    unit: float | None = None
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    label_names: Mapping[str, int] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.dtype.kind not in "buif":
            raise InputError(
                "a labelled volume holds numbers", where=str(self.path), value=str(self.dtype), allowed="integer labels"
            )
        if self.spacing is not None and not all(np.isfinite(s) and s > 0 for s in self.spacing):
            raise InputError(
                "the voxel spacing in the file is not positive", where=str(self.path), value=self.spacing,
                next_step="give it explicitly with --voxel-size",
            )  # fmt: skip
        if not all(np.isfinite(o) for o in self.origin):
            raise InputError("the origin in the file is not finite", where=str(self.path), value=self.origin)

    def slabs(self, voxels: int = 1 << 24) -> Iterator[tuple[int, int, NDArray[Any]]]:
        """Yield (z0, z1, labels) through the volume, about `voxels` at a time."""
        nz, ny, nx = self.shape
        step = max(1, voxels // (ny * nx))
        for start in range(0, nz, step):
            stop = min(start + step, nz)
            slab = self.read(start, stop)
            if slab.shape != (stop - start, ny, nx):
                raise InputError(
                    "the file gave a slab of another shape than it declares",
                    where=str(self.path), value=slab.shape, allowed=str((stop - start, ny, nx)),
                )  # fmt: skip
            yield start, stop, slab


def from_memory(array: NDArray[Any]) -> Slab:
    """Return a slab reader over an array or memory map."""

    def read(start: int, stop: int) -> NDArray[Any]:
        return np.asarray(array[start:stop])

    return read
