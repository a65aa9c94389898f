"""Labels within their uncertainty: boundaries shifted by a smooth random field, and who is who afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from asyncsoc.base.errors import InputError
from asyncsoc.tomography.phases import ACTIVE_MATERIAL, CBD, OUTSIDE, PORE
from asyncsoc.tomography.split import Particles
from asyncsoc.tomography.volume import LabelVolume
from asyncsoc.tomography.voxels import squared_distance

Float = NDArray[np.float64]
Fate = Literal["same", "split", "merged", "lost"]
HALF: float = 0.5
"""Share of both particles that their common voxels must be for them to be one and the same."""


def smooth_field(shape: tuple[int, int, int], correlation: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a Gaussian random field of mean 0 and standard deviation 1 over voxels.

    White noise under a Gaussian filter of standard deviation `correlation` [voxel]: two places d apart have the
    correlation exp(-d^2/(4 correlation^2)).
    """
    field = rng.standard_normal(shape, dtype=np.float32)
    ndimage.gaussian_filter(field, correlation, output=field, mode="wrap")
    field /= float(np.sqrt(np.mean(np.square(field, dtype=np.float64))))
    return field


def perturbed_volume(volume: LabelVolume, shift: float, correlation: float, rng: np.random.Generator) -> LabelVolume:
    """Return the volume with its phase boundaries shifted at random.

    The boundary of the active material moves along its normal by a field of standard deviation `shift`, that between
    binder and pores by another one. A voxel of active material that is given up belongs to the nearer of these two.

    Parameters
    ----------
    volume
        The labelled volume.
    shift
        Standard deviation of the shift [voxel].
    correlation
        Over which it is smooth [voxel], as of `smooth_field`.
    rng
        Random numbers.

    Raises
    ------
    InputError
        A shift or correlation out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from asyncsoc.tomography.perturbed import perturbed_volume
    >>> from asyncsoc.tomography.synthetic import sphere_pack
    >>> volume = sphere_pack((40, 40, 40), radius=(6.0, 8.0), seed=3).volume
    >>> moved = perturbed_volume(volume, 0.5, 3.0, np.random.default_rng(1))
    >>> bool(0.0 < (moved.phases != volume.phases).mean() < 0.2)
    True
    """
    for name, value, low, high in (("shift", shift, 0.0, 5.0), ("correlation", correlation, 0.5, 100.0)):
        if not (np.isfinite(value) and low <= value <= high):
            raise InputError(
                f"the {name} is out of range", where=f"perturbed_volume, {name}", value=value,
                allowed=f"{low:g} to {high:g} voxels",
            )  # fmt: skip
    if shift == 0.0:
        return volume
    phases = volume.phases
    solid = phases == ACTIVE_MATERIAL
    solid = _signed_distance(solid) > shift * smooth_field(volume.shape, correlation, rng)
    nearer = _nearer_to_binder(phases)
    binder = nearer > shift * smooth_field(volume.shape, correlation, rng)
    moved = np.where(solid, ACTIVE_MATERIAL, np.where(binder, CBD, PORE)).astype(np.uint8)
    moved[phases == OUTSIDE] = OUTSIDE
    return LabelVolume(moved, volume.voxel_size, volume.origin, volume.source, volume.notes)


def _distance(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the distance of set voxels to the nearest unset one [voxel]; infinite where nothing is unset."""
    found = squared_distance(mask.view(np.uint8))
    if found.size and found.flat[0] < 0.0:
        return np.full(mask.shape, np.inf, np.float32)
    return np.asarray(np.sqrt(found, out=found))


def _signed_distance(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the distance to the boundary of a mask, which lies between voxels: positive within [voxel]."""
    inside = _distance(mask)
    out: NDArray[np.float32] = np.where(mask, inside - 0.5, 0.5 - _distance(~mask))
    return out


def _nearer_to_binder(phases: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the signed distance to the boundary between binder and pores: positive on the binder's side [voxel]."""
    to_pore, to_binder = _distance(phases != PORE), _distance(phases != CBD)
    if np.isinf(to_pore).all():
        return to_pore
    if np.isinf(to_binder).all():
        return -to_binder
    solid = phases == ACTIVE_MATERIAL
    between = 0.5 * (to_pore - to_binder)
    out: NDArray[np.float32] = np.where(solid, between, np.where(phases == CBD, to_pore - 0.5, 0.5 - to_binder))
    return out


@dataclass(frozen=True)
class Match:
    """What has become of a particle in another split.

    Attributes
    ----------
    particle, other
        Its number, and that of the particle which has most of its voxels; 0 where there is none.
    overlap
        Share of its voxels that are in the other.
    of_other
        Share of the other's voxels that are in it.
    fate
        "same": both shares are at least a half; "split": no particle has half of it; "merged": it is less than half of
        the one it is in; "lost": its voxels are no active material any more.
    """

    particle: int
    other: int
    overlap: float
    of_other: float
    fate: Fate

    @property
    def unchanged(self) -> bool:
        """Whether it has the same voxels in both."""
        return self.overlap == 1.0 and self.of_other == 1.0


def match_particles(before: Particles, after: Particles, numbers: Sequence[int]) -> list[Match]:
    """Return what has become of particles of one split in another split of the same voxels, by their common voxels.

    Raises
    ------
    InputError
        Splits of volumes of different shapes.
    """
    if before.ids.shape != after.ids.shape:
        raise InputError(
            "particles of volumes of different shapes cannot be matched",
            where="match_particles",
            value=after.ids.shape,
            allowed=str(before.ids.shape),
        )
    found = []
    for number in numbers:
        window = before.box(int(number))
        inside = before.ids[window] == number
        counts = np.bincount(after.ids[window][inside])
        counts[:1] = 0
        most = int(counts.argmax()) if counts.size else 0
        common = int(counts[most]) if most else 0
        overlap = common / int(before.voxels[number])
        of_other = common / int(after.voxels[most]) if most else 0.0
        fate: Fate = "lost" if not most else "split" if overlap < HALF else "merged" if of_other < HALF else "same"
        found.append(Match(int(number), most, overlap, of_other, fate))
    return found
