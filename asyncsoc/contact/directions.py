"""Directions of patches on a sphere: spread as evenly as possible, or at random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_MOST_RELAXED = 100


def fibonacci_directions(n: int) -> Array:
    """Return n unit vectors on the Fibonacci lattice, z_i = 1 - (2 i + 1)/n with golden-angle steps: (n, 3)."""
    i = np.arange(n) + 0.5
    z = 1.0 - 2.0 * i / n
    angle = np.pi * (1.0 + np.sqrt(5.0)) * i
    r = np.sqrt(1.0 - z * z)
    return np.stack([r * np.cos(angle), r * np.sin(angle), z], axis=1)


# Powers of the repulsion 1/d^p, one after the other: the last one sees only the nearest pairs.
_POWERS = (6.0, 30.0, 150.0)


def _energy(flat: Array, power: float) -> tuple[float, Array]:
    """Logarithm of the sum of 1/d^power over pairs of the normalised vectors, with its gradient."""
    vectors = flat.reshape(-1, 3)
    norm = np.sqrt(np.sum(vectors * vectors, axis=1, keepdims=True))
    unit = vectors / norm
    difference = unit[:, None, :] - unit[None, :, :]
    square = np.sum(difference * difference, axis=2)
    np.fill_diagonal(square, square.max(initial=4.0))
    nearest = square.min()
    inverse = (nearest / square) ** (0.5 * power)
    np.fill_diagonal(inverse, 0.0)
    total = 0.5 * float(inverse.sum())
    pull = -power / total * np.sum((inverse / square)[:, :, None] * difference, axis=1)
    tangential = pull - np.sum(pull * unit, axis=1, keepdims=True) * unit
    return float(np.log(total) - 0.5 * power * np.log(nearest)), (tangential / norm).ravel()


def _rotation_to(start: Array, end: Array) -> Array:
    """Rotation matrix that turns unit vector `start` into unit vector `end` the shortest way."""
    cosine = float(start @ end)
    if cosine < -1.0 + 1e-12:
        helper = np.eye(3)[int(np.argmin(np.abs(start)))]
        normal = np.cross(start, helper)
        normal /= np.linalg.norm(normal)
        half_turn: Array = 2.0 * np.outer(normal, normal) - np.eye(3)
        return half_turn
    v = np.cross(start, end)
    skew = np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
    turn: Array = np.eye(3) + skew + skew @ skew / (1.0 + cosine)
    return turn


def spread_directions(n: int, axis: Array) -> Array:
    """Return n unit vectors far from each other, the first along `axis`: (n, 3).

    Up to 100 directions start on the Fibonacci lattice and relax under a steep repulsion (two become antipodes, four a
    tetrahedron, six an octahedron); more stay on the lattice.
    """
    from scipy.optimize import minimize

    directions = fibonacci_directions(n)
    if n == 1:
        return axis[None, :].copy()
    if n <= _MOST_RELAXED:
        for power in _POWERS:
            options = {"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-9}
            found = minimize(_energy, directions.ravel(), args=(power,), jac=True, method="L-BFGS-B", options=options)
            directions = found.x.reshape(-1, 3)
            directions /= np.sqrt(np.sum(directions * directions, axis=1, keepdims=True))
    return directions @ _rotation_to(directions[0], axis).T


def random_directions(n: int, seed: int) -> Array:
    """Return n independent uniform directions from a generator with this seed (PCG64): (n, 3)."""
    vectors = np.random.default_rng(seed).standard_normal((n, 3))
    unit: Array = vectors / np.sqrt(np.sum(vectors * vectors, axis=1, keepdims=True))
    return unit


def separations(directions: Array) -> Array:
    """Return the angles between all pairs of directions, (n, n) [rad]; 2 pi on the diagonal."""
    difference = directions[:, None, :] - directions[None, :, :]
    chord = np.sqrt(np.sum(difference * difference, axis=2))
    angles: Array = 2.0 * np.arcsin(np.minimum(1.0, 0.5 * chord))
    np.fill_diagonal(angles, 2.0 * np.pi)
    return angles
