"""The labelled volume the room works on: one phase code per cubic voxel, in SI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.display import Rows, Shown
from asyncsoc.base.errors import InputError
from asyncsoc.tomography.phases import CBD, PHASES

CLASSES = ("inactive", "active", "particle-contact", "cut")
"""What a particle's surface can face: pore, CBD, another particle, the end of the imaged volume."""


@dataclass(frozen=True, eq=False, repr=False)
class LabelVolume(Shown):
    """A labelled volume of cubic voxels.

    Attributes
    ----------
    phases : (nz, ny, nx) uint8
        PORE, CBD, ACTIVE_MATERIAL or OUTSIDE (`tomography.phases`).
    voxel_size
        Edge of a voxel [m].
    origin
        (x, y, z) of the first voxel's centre [m].
    source
        Where it came from: file, format, labels, what was resampled.
    notes
        What the user should know about it.
    """

    phases: NDArray[np.uint8]
    voxel_size: float
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    source: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        phases = np.asarray(self.phases)
        if phases.ndim != 3 or phases.size == 0 or phases.dtype != np.uint8:
            raise InputError(
                "phases must be a three-dimensional array of uint8", where="LabelVolume",
                value=f"{phases.shape} {phases.dtype}",
            )  # fmt: skip
        if not np.isfinite(self.voxel_size) or not 1e-10 <= self.voxel_size <= 1e-3:
            raise InputError(
                "an impossible voxel size", where="LabelVolume", value=self.voxel_size, allowed="1e-10 m to 1e-3 m",
                next_step="check its unit: a bare number is metres",
            )  # fmt: skip
        phases = np.ascontiguousarray(phases)
        phases.setflags(write=False)
        object.__setattr__(self, "phases", phases)

    @cached_property
    def has_electrolyte(self) -> bool:
        """Whether any voxel is CBD (or electrolyte): without one, contact cannot be measured in this volume."""
        return any(bool((layer == CBD).any()) for layer in self.phases)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(nz, ny, nx)."""
        nz, ny, nx = self.phases.shape
        return nz, ny, nx

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        rows: list[tuple[str, object]] = [
            ("voxels (z, y, x)", " x ".join(map(str, self.shape))),
            ("voxel size [m]", self.voxel_size),
            ("origin (x, y, z) [m]", self.origin),
        ]
        known = {name for name, _ in rows}
        return "", [*rows, *((name, value) for name, value in self.source.items() if name not in known)], self.notes

    def crop(self, slices: tuple[slice, slice, slice]) -> LabelVolume:
        """Return the part of the volume inside `slices` (z, y, x), its origin moved along."""
        start = [s.indices(n)[0] for s, n in zip(slices, self.shape, strict=True)]
        x0, y0, z0 = (o + self.voxel_size * k for o, k in zip(self.origin, start[::-1], strict=True))
        return LabelVolume(self.phases[slices].copy(), self.voxel_size, (x0, y0, z0), self.source, self.notes)


NO_CONTACT = (
    "no voxel of the volume is CBD or electrolyte, so contact cannot be measured in it: coverage and active fraction "
    "are left empty. If it has an electrolyte, name its label in the label map (cbd=...)"
)
"""What is to be said about a volume without electrolyte."""


def contact_notes(volume: LabelVolume) -> tuple[str, ...]:
    """Return what is to be said where contact cannot be measured in a volume; nothing where it can."""
    return () if volume.has_electrolyte else (NO_CONTACT,)


def phase_fractions(volume: LabelVolume) -> dict[str, float]:
    """Return the share of each phase in all voxels of a volume, what was not imaged among them."""
    counts = np.zeros(len(PHASES), np.int64)
    for layer in volume.phases:
        counts += np.bincount(layer.ravel(), minlength=len(PHASES))
    return {name: float(count / volume.phases.size) for name, count in zip(PHASES, counts.tolist(), strict=True)}
