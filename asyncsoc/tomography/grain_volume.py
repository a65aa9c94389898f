"""Grains measured in a volume: which grain each voxel belongs to, and how each grain is oriented (EBSD, 3-D XRD).

The labels come as a volume of any format that is read, the orientations as a table of one row a grain: its c axis, its
quaternion (scalar first) or its Euler angles in Bunge's convention.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.csv_tables import Column, column_units, read_csv_table
from asyncsoc.base.errors import InputError
from asyncsoc.geometry.crystals import axes_from_euler, axes_from_quaternions, unit_axes
from asyncsoc.geometry.mesh import frozen
from asyncsoc.tomography.readers.open import open_volume

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_BEYOND = 2.0
"""Voxels from the nearest grain up to which a place belongs to it: a mesh's smooth surface cuts through voxels."""
_DEGREE = np.pi / 180.0
_ANGLES = (("deg", _DEGREE), ("rad", 1.0), ("", 1.0))
_GRAIN = Column("grain", ("grain", "id", "label"), "", 0.0, 2.0**53)
_AXIS = tuple(Column(name, (name.replace("_", " "),), "", -1.001, 1.001) for name in ("c_x", "c_y", "c_z"))
_QUATERNION = tuple(Column(name, (name.replace("_", " "),), "", -1.001, 1.001) for name in ("q_w", "q_x", "q_y", "q_z"))
_EULER = tuple(
    Column(key, (head,), "", -10.0, 10.0, scales=_ANGLES)
    for key, head in (("phi1", "phi1"), ("big_phi", "Phi"), ("phi2", "phi2"))
)
LAYOUT = "grain, c_x, c_y, c_z"
"""Head line of a table of orientations, for messages; others: grain, q_w, q_x, q_y, q_z | grain, phi1 [deg], ..."""


@dataclass(frozen=True, eq=False)
class GrainVolume:
    """Grains in a volume of cubic voxels.

    Attributes
    ----------
    labels : (nz, ny, nx) int64
        Grain of each voxel; a number that `ids` does not have is no grain (a pore).
    voxel_size
        Edge of a voxel [m].
    ids : (G,) int64
        Numbers of the grains, ascending.
    axes : (G, 3)
        Unit normal of each grain's layers: x, y, z.
    origin
        (x, y, z) of the first voxel's centre [m].
    """

    labels: Ints
    voxel_size: float
    ids: Ints
    axes: Array
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", frozen(self.labels, np.int64))
        ids = np.asarray(self.ids, dtype=np.int64)
        axes = unit_axes(self.axes, "orientations")
        if self.labels.ndim != 3 or self.labels.size == 0:
            raise InputError(
                "the labels are no volume", where="labels", value=self.labels.shape, allowed="(nz, ny, nx) numbers"
            )
        if len(ids) != len(axes) or len(np.unique(ids)) != len(ids) or not len(ids):
            raise InputError(
                "not one orientation for each grain",
                where="orientations",
                value=f"{len(ids)} numbers, {len(np.unique(ids))} of them different, and {len(axes)} axes",
                next_step="give each grain's number once, with its orientation",
            )
        if not (np.isfinite(self.voxel_size) and self.voxel_size > 0.0):
            raise InputError("the voxel size is not positive", where="voxel_size", value=self.voxel_size)
        order = np.argsort(ids)
        object.__setattr__(self, "ids", frozen(ids[order], np.int64))
        object.__setattr__(self, "axes", frozen(axes[order], np.float64))

    def at(self, places: ArrayLike) -> tuple[Ints, Array]:
        """Return the grain's number (n,) and its c axis (n, 3) at places (n, 3) [m].

        A place in a voxel without grain belongs to the nearest grain, up to two voxels away: a smooth surface does not
        follow voxels.

        Raises
        ------
        InputError
            A place outside the volume, or with no grain near: the labels do not cover the particle.

        Examples
        --------
        >>> import numpy as np
        >>> from asyncsoc.tomography.grain_volume import GrainVolume
        >>> halves = np.repeat([7, 9], 4)[np.newaxis, np.newaxis, :] * np.ones((8, 8, 1), dtype=int)
        >>> grains = GrainVolume(halves, 1e-7, ids=[7, 9], axes=[[0, 0, 1], [1, 0, 0]])
        >>> grains.at([[1e-7, 3e-7, 3e-7], [6e-7, 3e-7, 3e-7]])[0].tolist()
        [7, 9]
        """
        from scipy.ndimage import distance_transform_edt

        found = np.asarray(places, dtype=np.float64)
        index = np.rint((found - np.asarray(self.origin)) / self.voxel_size).astype(np.int64)[:, ::-1]  # z, y, x
        shape = np.asarray(self.labels.shape)
        beyond = np.abs(np.clip(index, 0, shape - 1) - index).max(axis=1)
        self._refuse(beyond > _BEYOND, found, "outside the volume")
        index = np.clip(index, 0, shape - 1)
        here = np.isin(self.labels, self.ids)
        if not here.any():
            raise InputError(
                "no voxel belongs to a grain that has an orientation",
                where="labels",
                value=f"labels {np.unique(self.labels)[:5].tolist()} ...",
                allowed=f"grains {self.ids[:5].tolist()} ...",
            )
        distance, nearest = distance_transform_edt(~here, return_indices=True)
        at = tuple(index.T)
        self._refuse(distance[at] > _BEYOND, found, "in voxels of no grain that has an orientation")
        numbers = self.labels[tuple(axis[at] for axis in nearest)]
        return numbers, self.axes[np.searchsorted(self.ids, numbers)]

    def _refuse(self, wrong: NDArray[np.bool_], places: Array, why: str) -> None:
        if wrong.any():
            first = places[int(np.argmax(wrong))]
            last = np.asarray(self.origin) + self.voxel_size * (np.asarray(self.labels.shape[::-1]) - 1)
            corners = (", ".join(f"{x:.4g}" for x in corner) for corner in (self.origin, last))
            raise InputError(
                f"the grains do not cover the particle: {np.count_nonzero(wrong)} of {len(wrong)} cells lie {why}",
                where="particle.grains.labels",
                value=f"a cell at ({', '.join(f'{x:.4g}' for x in first)}) m",
                allowed="from ({}) to ({}) m".format(*corners),
                next_step="give particle.grains.origin, the place of the first voxel's centre in the particle's "
                "coordinates, voxel_size, or orientations of all grains",
            )


def read_grain_volume(
    labels: str | Path,
    orientations: str | Path,
    voxel_size: float | None = None,
    origin: tuple[float, float, float] | None = None,
) -> GrainVolume:
    """Return the grains in a labelled volume, with the orientations of a table.

    Parameters
    ----------
    labels
        Volume of whole numbers, of any format that `open_volume` reads.
    orientations
        CSV file: a head line `grain, c_x, c_y, c_z` (unit vectors), `grain, q_w, q_x, q_y, q_z` (unit quaternions that
        turn the sample onto the crystal) or `grain, phi1 [deg], Phi [deg], phi2 [deg]` (Bunge), then a row a grain.
    voxel_size
        Edge of a voxel [m]; the file's own where None.
    origin
        (x, y, z) of the first voxel's centre [m]; the file's own where None.

    Raises
    ------
    InputError
        A file that cannot be read, voxels that are not cubic or of unknown size, labels that are not whole numbers, or
        orientations that are none.
    """
    raw = open_volume(labels, role="ids")
    values = np.concatenate([slab for _, _, slab in raw.slabs()])
    if values.dtype.kind == "f" and not (np.isfinite(values).all() and (values == np.round(values)).all()):
        raise InputError(
            "the numbers of grains are not whole",
            where=str(labels),
            value=str(values.dtype),
            next_step="give each voxel its grain's number",
        )
    size, first = voxel_size, origin
    if size is None:
        if raw.spacing is None or raw.unit is None or max(raw.spacing) > 1.001 * min(raw.spacing):
            raise InputError(
                "the file does not state cubic voxels and their size",
                where=str(labels),
                value=raw.spacing,
                next_step="set particle.grains.voxel_size, such as '50 nm'",
            )
        size = raw.spacing[0] * raw.unit
    if first is None:
        z, y, x = (place * (raw.unit or 0.0) for place in raw.origin)
        first = (x, y, z)
    ids, axes = _orientations(orientations)
    return GrainVolume(values.astype(np.int64), size, ids, axes, first)


def _orientations(path: str | Path) -> tuple[Ints, Array]:
    """Return number and c axis of each grain of a table."""
    names = {name.lower().replace("_", " ") for name, _ in column_units(path)}
    read: Callable[[Array, str], Array]
    if "q w" in names:
        columns, layout, read = _QUATERNION, "grain, q_w, q_x, q_y, q_z", axes_from_quaternions
    elif "phi1" in names:
        columns, layout, read = _EULER, "grain, phi1 [deg], Phi [deg], phi2 [deg]", axes_from_euler
    else:
        columns, layout, read = _AXIS, LAYOUT, unit_axes
    keys = [column.key for column in columns]
    table = read_csv_table(path, (_GRAIN, *columns), layout=layout, required=["grain", *keys], fewest=1)
    numbers = table.columns["grain"]
    if (numbers != np.round(numbers)).any():
        row = int(np.argmax(numbers != np.round(numbers)))
        raise InputError("the number of a grain is not whole", where=table.where(row), value=float(numbers[row]))
    return numbers.astype(np.int64), read(np.stack([table.columns[key] for key in keys], axis=1), str(path))
