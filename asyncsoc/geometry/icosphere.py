"""Triangulated unit spheres from the subdivided icosahedron; those of frequency n are nested in those of 2 n."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.portable import sine

# A lattice node: corners of the icosahedron with integer weights that add up to the frequency.
Node = tuple[tuple[int, int], ...]

_ANGLE = 1.1071487177940904  # arctan 2: between neighbouring corners of the icosahedron [rad]


@dataclass(frozen=True, eq=False)
class Icosphere:
    """A sphere of 20 frequency^2 triangles.

    Attributes
    ----------
    frequency
        Parts into which each edge of the icosahedron is divided.
    directions : (10 frequency^2 + 2, 3) float64
        Unit vectors; the first points along +z.
    triangles : (20 frequency^2, 3) int64
        Oriented outwards.
    nodes
        Lattice address of every direction.
    """

    frequency: int
    directions: NDArray[np.float64]
    triangles: NDArray[np.int64]
    nodes: tuple[Node, ...]


def _corners() -> list[tuple[float, float, float]]:
    """Corners of the icosahedron, one at each pole; only square roots, which every machine rounds alike."""
    five = math.sqrt(5.0)
    cosines = [1.0, (five - 1.0) / 4.0, -(five + 1.0) / 4.0]
    sines = [0.0, math.sqrt(10.0 + 2.0 * five) / 4.0, math.sqrt(10.0 - 2.0 * five) / 4.0]
    circle = [(cosines[k], sines[k]) for k in (0, 1, 2)] + [(cosines[k], -sines[k]) for k in (2, 1)]
    height, radius = 1.0 / five, 2.0 / five
    upper = [(radius * c, radius * s, height) for c, s in circle]
    lower = [(-x, -y, -z) for x, y, z in upper]
    return [(0.0, 0.0, 1.0), *upper, *lower, (0.0, 0.0, -1.0)]


def _faces() -> list[tuple[int, int, int]]:
    """Faces with outward orientation; corner 6 + k lies opposite to 1 + k."""
    faces = []
    for k in range(5):
        a, b = 1 + k, 1 + (k + 1) % 5
        below, behind = 6 + (k + 3) % 5, 6 + (k + 2) % 5
        faces += [(0, a, b), (a, below, b), (a, behind, below), (11, below, behind)]
    return faces


def _direction(node: Node, frequency: int, corners: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Project a lattice node to the sphere; weights sin(w/frequency angle) make the triangles nearly equal."""
    x = y = z = 0.0
    for corner, weight in node:
        factor = sine(weight / frequency * _ANGLE)
        x += factor * corners[corner][0]
        y += factor * corners[corner][1]
        z += factor * corners[corner][2]
    norm = math.sqrt(x * x + y * y + z * z)
    return x / norm, y / norm, z / norm


def icosphere(frequency: int) -> Icosphere:
    """Divide each face of the icosahedron into frequency^2 triangles and project them to the unit sphere.

    The projection depends on weight/frequency alone: the nodes of frequency n are nodes of frequency 2 n.
    """
    corners = _corners()
    index: dict[Node, int] = {}
    triangles: list[tuple[int, int, int]] = []
    for face in _faces():
        local: dict[tuple[int, int], int] = {}
        for i in range(frequency + 1):
            for j in range(frequency + 1 - i):
                weights = zip(face, (frequency - i - j, i, j), strict=True)
                node = tuple(sorted((corner, weight) for corner, weight in weights if weight))
                local[i, j] = index.setdefault(node, len(index))
        for i in range(frequency):
            for j in range(frequency - i):
                triangles.append((local[i, j], local[i + 1, j], local[i, j + 1]))
                if i + j < frequency - 1:
                    triangles.append((local[i + 1, j], local[i + 1, j + 1], local[i, j + 1]))
    directions = np.array([_direction(node, frequency, corners) for node in index])
    return Icosphere(frequency, directions, np.array(triangles, dtype=np.int64), tuple(index))
