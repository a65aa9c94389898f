"""Manufactured solutions of m dx/dt = -K psi(x) + source on the unit sphere: smooth fields, constant and varying D.

x(X, t) = 1/2 + a e^(-t) Phi(X) solves dx/dt = div(D grad x) + source when source = dx/dt - D lap x - D' |grad x|^2
and the surface takes the inflow D grad x . n. D = exp(b (x - 1/2)) and psi = (D - 1) / b, or D = 1 and psi = x - 1/2
where b = 0. Lengths are in units of R, times in R^2 / D(1/2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import spherical_jn

from asyncsoc.base.errors import unknown_name
from asyncsoc.geometry.mesh import Coordinates
from asyncsoc.studies.verification.legendre import legendre_values
from asyncsoc.studies.verification.modes import modes_for

Array = NDArray[np.float64]
Shape = Callable[[Array], tuple[Array, Array, Array]]
"""Points (n, d) -> field (n,), gradient (n, d) and Laplacian (n,) in the geometry's own coordinates."""

CENTER = 0.5
AMPLITUDE = 0.2


@dataclass(frozen=True)
class Manufactured:
    """A smooth field on the unit sphere with the source and inflow that make it a solution.

    Attributes
    ----------
    name
        What the field is, for reports.
    coordinates
        Kind of mesh it lives on.
    shape
        Phi with its gradient and Laplacian.
    steepness
        b in D = exp(b (x - 1/2)); 0 is a constant D = 1.
    """

    name: str
    coordinates: Coordinates
    shape: Shape
    steepness: float

    def exact(self, points: Array, time: float) -> Array:
        """Return x at `points` (n, d) and `time`."""
        return np.asarray(CENTER + AMPLITUDE * np.exp(-time) * self.shape(points)[0])

    def diffusivity(self, x: Array) -> Array:
        """Return D(x)."""
        return np.asarray(np.exp(self.steepness * (x - CENTER)))

    def potential(self, x: Array) -> Array:
        """Return psi(x), the integral of D from 1/2 to x."""
        if self.steepness == 0.0:
            return x - CENTER
        return np.asarray(np.expm1(self.steepness * (x - CENTER)) / self.steepness)

    def inverse_potential(self, psi: Array) -> Array:
        """Return x of psi."""
        if self.steepness == 0.0:
            return CENTER + psi
        return np.asarray(CENTER + np.log1p(self.steepness * psi) / self.steepness)

    def diffusion(self, points: Array, time: float) -> Array:
        """Return div(D grad x) at `points`."""
        scale = AMPLITUDE * np.exp(-time)
        field, gradient, laplacian = self.shape(points)
        slope = scale**2 * np.sum(gradient**2, axis=1)
        return np.asarray(self.diffusivity(CENTER + scale * field) * (scale * laplacian + self.steepness * slope))

    def source(self, points: Array, time: float) -> Array:
        """Return dx/dt - div(D grad x) at `points`."""
        return np.asarray(-AMPLITUDE * np.exp(-time) * self.shape(points)[0] - self.diffusion(points, time))

    def inflow(self, points: Array, time: float) -> Array:
        """Return D grad x . n at `points`, n the direction from the center."""
        scale = AMPLITUDE * np.exp(-time)
        field, gradient, _ = self.shape(points)
        normal = points / np.linalg.norm(points, axis=1, keepdims=True)
        outward = scale * np.sum(gradient * normal, axis=1)
        return np.asarray(self.diffusivity(CENTER + scale * field) * outward)


def _radial(points: Array) -> tuple[Array, Array, Array]:
    """Return Phi = cos(2 r): lap = Phi'' + 2 Phi' / r."""
    r = points[:, 0]
    field = np.cos(2.0 * r)
    return field, -2.0 * np.sin(2.0 * r)[:, None], -4.0 * field - 8.0 * np.sinc(2.0 * r / np.pi)


def _axisymmetric(points: Array) -> tuple[Array, Array, Array]:
    """Return Phi = exp(-r^2) cos(2 z + 1/2)."""
    r, z = points[:, 0], points[:, 1]
    bell = np.exp(-(r**2))
    field = bell * np.cos(2.0 * z + 0.5)
    gradient = np.stack([-2.0 * r * field, -2.0 * bell * np.sin(2.0 * z + 0.5)], axis=1)
    return field, gradient, (4.0 * r**2 - 8.0) * field


def _cartesian(points: Array) -> tuple[Array, Array, Array]:
    """Return Phi = sin(x + 1/2) cos(2 y) exp(z / 2)."""
    x, y, z = points.T
    a, b, c = np.sin(x + 0.5), np.cos(2.0 * y), np.exp(0.5 * z)
    field = a * b * c
    gradient = np.stack([np.cos(x + 0.5) * b * c, -2.0 * a * np.sin(2.0 * y) * c, 0.5 * field], axis=1)
    return field, gradient, -4.75 * field


_SHAPES: dict[Coordinates, Shape] = {"radial": _radial, "axisymmetric": _axisymmetric, "cartesian": _cartesian}


def manufactured(coordinates: Coordinates, steepness: float = 0.0) -> Manufactured:
    """Return the manufactured solution for a kind of mesh.

    Parameters
    ----------
    coordinates
        "radial", "axisymmetric" or "cartesian".
    steepness
        b in D = exp(b (x - 1/2)).

    Raises
    ------
    InputError
        The kind of mesh is unknown.
    """
    if coordinates not in _SHAPES:
        raise unknown_name("kind of mesh", coordinates, _SHAPES)
    kind = "constant" if steepness == 0.0 else "varying"
    return Manufactured(f"{coordinates}, {kind} diffusivity", coordinates, _SHAPES[coordinates], steepness)


@dataclass(frozen=True)
class FreeDecay:
    """A mode j_l(a rho) P_l(mu) of the insulated sphere, which decays as exp(-a^2 tau) without any source.

    Attributes
    ----------
    degree
        l; 0 where the field has to be radial.
    root
        a, the first positive root of j_l'(a) = 0.
    """

    degree: int
    root: float

    def exact(self, points: Array, tau: float, coordinates: Coordinates) -> Array:
        """Return x = 1/2 + a j_l(a rho) P_l(mu) exp(-a^2 tau), scaled to an amplitude of 0.2, at `points` (n, d)."""
        radius = np.linalg.norm(points, axis=1)
        height = np.zeros_like(radius) if coordinates == "radial" else points[:, -1]
        cosine = np.divide(height, radius, out=np.ones_like(radius), where=radius > 0.0)
        polynomial = np.array([legendre_values(self.degree, value)[-1] for value in cosine])
        shape = spherical_jn(self.degree, self.root * radius)
        peak = np.abs(spherical_jn(self.degree, np.linspace(0.0, self.root, 200))).max()
        return np.asarray(CENTER + AMPLITUDE / peak * shape * polynomial * np.exp(-(self.root**2) * tau))


def free_decay(degree: int) -> FreeDecay:
    """Return the slowest mode of degree `degree` of the insulated sphere."""
    modes = modes_for(0.05)
    return FreeDecay(degree, float(modes.root[modes.degree == degree][0]))
