"""Orientations of layered crystals, and the diffusion tensor of each: fast along the layers, slow across them.

A layered oxide conducts lithium along its layers and hardly across them: with the unit normal c of the layers (the
crystal's c axis) and the diffusivities along and across, D(x, T) A with

    A = along (1 - c c') + across c c',      anisotropy = along/across.

A is constant in time and D(x, T) one number: along and across depend on x and T alike. Three conventions say which D
the material's is: "mean" (trace A = 3, so that only the texture differs between particles of one material), "along"
(along = 1) and "across" (across = 1).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError

Array = NDArray[np.float64]
Convention = Literal["mean", "along", "across"]

MOST_ANISOTROPY = 1e4
"""Along over across; below its inverse the layers would conduct across."""
_UNIT = 1e-3
"""How far the length of an axis or a quaternion may be from 1: digits of a table."""


def relative_diffusivities(anisotropy: float, convention: Convention = "mean") -> tuple[float, float]:
    """Return the entries of A along and across the layers, over the material's diffusivity.

    Parameters
    ----------
    anisotropy
        Diffusivity along the layers over that across them.
    convention
        Which diffusivity the material's is: "mean" (trace A = 3), "along" or "across".

    Raises
    ------
    InputError
        An anisotropy that is not between 1/10000 and 10000.

    Examples
    --------
    >>> from asyncsoc.geometry.crystals import relative_diffusivities
    >>> relative_diffusivities(1.0)
    (1.0, 1.0)
    >>> relative_diffusivities(100.0, "along")
    (1.0, 0.01)
    """
    if not 1.0 / MOST_ANISOTROPY <= anisotropy <= MOST_ANISOTROPY:
        raise InputError(
            "the anisotropy is out of range",
            where="anisotropy",
            value=anisotropy,
            allowed=f"{1.0 / MOST_ANISOTROPY:g} to {MOST_ANISOTROPY:g}: diffusivity along the layers over that across",
        )
    if convention == "along":
        return 1.0, 1.0 / anisotropy
    if convention == "across":
        return anisotropy, 1.0
    across = 3.0 / (2.0 * anisotropy + 1.0)
    return anisotropy * across, across


def layer_tensors(axes: ArrayLike, along: float, across: float) -> Array:
    """Return along (1 - c c') + across c c' for each unit vector c, (n, 3) to (n, 3, 3).

    Examples
    --------
    >>> from asyncsoc.geometry.crystals import layer_tensors
    >>> layer_tensors([[0.0, 0.0, 1.0]], 2.0, 0.5)[0].diagonal().tolist()
    [2.0, 2.0, 0.5]
    """
    c = np.asarray(axes, dtype=np.float64)
    tensors: Array = along * np.eye(3) + (across - along) * c[:, :, np.newaxis] * c[:, np.newaxis, :]
    return tensors


def unit_axes(axes: ArrayLike, where: str) -> Array:
    """Return c axes (n, 3) of length 1 exactly.

    Raises
    ------
    InputError
        Another shape, not finite, or a length that is not 1 to 0.1 %.
    """
    return _unit(axes, 3, "c axis", where)


def axes_from_quaternions(quaternions: ArrayLike, where: str = "quaternions") -> Array:
    """Return the c axes (n, 3) of crystals turned by unit quaternions (n, 4), the scalar first.

    A quaternion turns the frame of the sample onto that of the crystal actively: c = q (0, 0, 1) q*.

    Raises
    ------
    InputError
        Another shape, not finite, or a length that is not 1 to 0.1 % (that of a grain without orientation is 0).

    Examples
    --------
    >>> from asyncsoc.geometry.crystals import axes_from_quaternions
    >>> axes_from_quaternions([[1.0, 0.0, 0.0, 0.0]]).tolist()
    [[0.0, 0.0, 1.0]]
    """
    w, x, y, z = _unit(quaternions, 4, "quaternion", where).T
    return np.stack([2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)], axis=1)


def axes_from_euler(angles: ArrayLike, where: str = "Euler angles") -> Array:
    """Return the c axes (n, 3) of crystals with Bunge's Euler angles (n, 3): phi1, Phi, phi2 [rad].

    Bunge's convention (ZXZ) turns the frame of the sample onto the crystal's: c = (sin phi1 sin Phi, -cos phi1 sin Phi,
    cos Phi), whatever phi2 is. Source: H.-J. Bunge, Texture Analysis in Materials Science (1982), section 2.1.

    Raises
    ------
    InputError
        Another shape, or not finite.

    Examples
    --------
    >>> from asyncsoc.geometry.crystals import axes_from_euler
    >>> axes_from_euler([[0.3, 0.0, 0.1]]).round(12).tolist()
    [[0.0, -0.0, 1.0]]
    """
    values = _numbers(angles, 3, "triple of Euler angles", where)
    sine = np.sin(values[:, 1])
    return np.stack([np.sin(values[:, 0]) * sine, -np.cos(values[:, 0]) * sine, np.cos(values[:, 1])], axis=1)


def _numbers(values: ArrayLike, components: int, what: str, where: str) -> Array:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != components:
        raise InputError(
            f"not one {what} for each", where=where, value=found.shape, allowed=f"(n, {components}) numbers"
        )
    wrong = ~np.isfinite(found).all(axis=1)
    if wrong.any():
        number = int(np.argmax(wrong))
        raise InputError(f"a {what} is not finite", where=f"{where}, row {number}", value=found[number].tolist())
    return found


def _unit(values: ArrayLike, components: int, what: str, where: str) -> Array:
    found = _numbers(values, components, what, where)
    length = np.linalg.norm(found, axis=1)
    wrong = np.abs(length - 1.0) > _UNIT
    if wrong.any():
        number = int(np.argmax(wrong))
        raise InputError(
            f"a {what} has not the length 1",
            where=f"{where}, row {number}",
            value=found[number].tolist(),
            allowed=f"length 1 to {_UNIT:.1%}",
            next_step="give each grain its orientation; leave out or merge grains that have none",
        )
    unit: Array = found / length[:, np.newaxis]
    return unit
