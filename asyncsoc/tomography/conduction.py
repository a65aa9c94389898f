r"""Conduction through a phase of a volume: effective conductivity and tortuosity from its voxels.

Laplace's equation :math:`\nabla\cdot\nabla\varphi = 0` within the phase, potentials 1 and 0 at two opposite sides of
the volume, no flux through its other sides and into other phases; cell-centred finite volumes on the voxels, solved by
conjugate gradients with the diagonal as preconditioner. With the mean flux density j through a volume of length L,

.. math:: \kappa_\mathrm{eff}/\kappa = j L, \qquad \tau = \varepsilon\,\kappa/\kappa_\mathrm{eff},

which is what TauFactor calls the tortuosity factor (Cooper et al., SoftwareX 5 (2016) 203,
doi:10.1016/j.softx.2016.09.002).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from asyncsoc.base.errors import InputError, SimulationError, unknown_name
from asyncsoc.tomography.conduction_passes import conduct, descend, neighbors, turn
from asyncsoc.tomography.phases import PHASES
from asyncsoc.tomography.volume import LabelVolume

AXES = "zyx"
CONDUCTING = ("pore", "cbd")
"""Phases that conduct by default: all that is not active material."""
TOLERANCE = 1e-4
"""Difference of the fluxes through the two sides over their mean at which the solution is accepted."""
_CHECK_EVERY = 20
_MOST = 20_000


@dataclass(frozen=True)
class Conduction:
    """Conduction through a phase along an axis.

    Attributes
    ----------
    axis
        x, y or z.
    phases
        What conducts, all with one conductivity.
    fraction
        Volume fraction of these phases.
    relative_conductivity
        Effective conductivity over that of the phases; 0 where they join no two sides.
    iterations
        Of conjugate gradients.
    imbalance
        Difference of the fluxes through the two sides over their mean.
    """

    axis: str
    phases: tuple[str, ...]
    fraction: float
    relative_conductivity: float
    iterations: int
    imbalance: float

    @property
    def tortuosity_factor(self) -> float:
        """Volume fraction over relative conductivity; infinite where nothing is joined."""
        return self.fraction / self.relative_conductivity if self.relative_conductivity > 0.0 else math.inf

    @property
    def exponent(self) -> float:
        """The exponent b of Bruggeman's law that it corresponds to: relative conductivity = fraction^b."""
        if not 0.0 < self.fraction < 1.0 or self.relative_conductivity <= 0.0:
            return math.nan if self.relative_conductivity > 0.0 else math.inf
        return math.log(self.relative_conductivity) / math.log(self.fraction)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data; what is infinite or undefined is None."""
        derived = {"tortuosity_factor": self.tortuosity_factor, "exponent": self.exponent}
        finite = {name: value if math.isfinite(value) else None for name, value in derived.items()}
        return {**asdict(self), "phases": list(self.phases), **finite}


def conduction(
    volume: LabelVolume,
    axis: str = "z",
    phases: Sequence[str] = CONDUCTING,
    *,
    tolerance: float = TOLERANCE,
    progress: Callable[[int, float], None] | None = None,
) -> Conduction:
    """Return the effective conductivity of phases of a volume along an axis.

    Takes about 35 bytes a voxel, and some hundred passes over the volume.

    Parameters
    ----------
    volume
        The labelled volume.
    axis
        x, y or z: the current's direction.
    phases
        Which phases conduct: pore, cbd, ncm, outside.
    tolerance
        Largest difference of the fluxes through the two sides, over their mean.
    progress
        Called with iterations done and the present difference.

    Raises
    ------
    InputError
        An unknown axis or phase, or a tolerance out of range.
    SimulationError
        The tolerance is not reached.

    Examples
    --------
    >>> import numpy as np
    >>> from asyncsoc.tomography.conduction import conduction
    >>> from asyncsoc.tomography.volume import LabelVolume
    >>> straight = np.full((8, 6, 6), 2, dtype=np.uint8)  # active material
    >>> straight[:, :, :3] = 0  # half of it is pore, all the way
    >>> found = conduction(LabelVolume(straight, 1e-7), "z")
    >>> round(found.relative_conductivity, 6), round(found.tortuosity_factor, 6)
    (0.5, 1.0)
    """
    if axis not in AXES or len(axis) != 1:
        raise unknown_name("axis", axis, AXES, where="conduction, axis")
    for phase in phases:
        if phase not in PHASES:
            raise unknown_name("phase", phase, PHASES, where="conduction, phases")
    if not phases or not 0.0 < tolerance < 1.0:
        raise InputError(
            "conduction needs a phase, and a tolerance in (0, 1)", where="conduction", value=(list(phases), tolerance)
        )
    codes = [PHASES.index(phase) for phase in phases]
    turned = np.moveaxis(np.isin(volume.phases, codes), AXES.index(axis), 0)
    open_voxel = np.ascontiguousarray(turned).astype(np.uint8)
    fraction = float(open_voxel.mean(dtype=np.float64))
    name, chosen = str(axis), tuple(phases)
    if not _joined(open_voxel):
        return Conduction(name, chosen, fraction, 0.0, 0, 0.0)
    flux, iterations, imbalance = _solve(open_voxel, tolerance, progress)
    length, area = open_voxel.shape[0], open_voxel.shape[1] * open_voxel.shape[2]
    return Conduction(name, chosen, fraction, flux * length / area, iterations, imbalance)


def _joined(open_voxel: np.ndarray) -> bool:
    """Return whether open voxels join the first layer to the last one."""
    from asyncsoc.tomography.voxel_counts import connected_to_side

    return bool(connected_to_side(open_voxel, 1, 0, False)[-1].any())


def _solve(
    open_voxel: np.ndarray, tolerance: float, progress: Callable[[int, float], None] | None
) -> tuple[float, int, float]:
    """Return the flux through the volume, iterations and imbalance."""
    shape, length = open_voxel.shape, open_voxel.shape[0]
    diagonal = np.empty(shape, np.uint8)
    neighbors(open_voxel, diagonal)
    profile = 1.0 - (np.arange(length) + 0.5) / length
    potential = np.where(open_voxel, profile[:, np.newaxis, np.newaxis], 0.0)
    image, direction = np.zeros(shape), np.zeros(shape)
    conduct(open_voxel, potential, image)
    residual = -image
    residual[0] += 2.0 * open_voxel[0]
    flat = diagonal.ravel(), direction.ravel(), image.ravel(), potential.ravel(), residual.ravel()
    size = descend(flat[0], 0.0, *flat[1:])
    turn(flat[0], 0.0, flat[4], flat[1])
    flux, imbalance = _flux(open_voxel, potential)
    for iteration in range(_MOST):
        if iteration % _CHECK_EVERY == 0:
            flux, imbalance = _flux(open_voxel, potential)
            if progress is not None:
                progress(iteration, imbalance)
        if (iteration and iteration % _CHECK_EVERY == 0 and imbalance < tolerance) or size == 0.0:
            return flux, iteration, imbalance
        step = size / conduct(open_voxel, direction, image)
        before, size = size, descend(flat[0], step, *flat[1:])
        turn(flat[0], size / before, flat[4], flat[1])
    raise SimulationError(
        f"conduction through the volume is not solved after {_MOST} iterations",
        where="conduction",
        value=f"{imbalance:.3g}",
        allowed=f"at most {tolerance:g}",
        next_step="take a larger tolerance",
    )


def _flux(open_voxel: np.ndarray, potential: np.ndarray) -> tuple[float, float]:
    """Return the mean flux through the first and last layer, and their difference over it."""
    into = float((2.0 * (1.0 - potential[0]))[open_voxel[0] > 0].sum())
    out = float((2.0 * potential[-1])[open_voxel[-1] > 0].sum())
    mean = 0.5 * (into + out)
    return mean, abs(into - out) / mean if mean > 0.0 else math.inf
