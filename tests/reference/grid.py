"""Finite-volume grids of a sphere: radial, or (r, theta) graded to the surface and to the contact's edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from tests.reference.materials import Array


@dataclass(frozen=True)
class Resolution:
    """Target cell sizes in units of R (or radians): h(s) = 1/(1/(smallest + growth s) + 1/largest), all over `refine`.

    s is the distance to the surface, or to the contact's edge.
    """

    surface: float = 1e-3
    edge: float = 5e-4
    growth: float = 0.25
    largest_r: float = 0.08
    largest_theta: float = 0.15
    refine: float = 1.0


@dataclass(frozen=True)
class Grid:
    """Cells in r-fastest order, the last of each column next to the surface; contact columns have a surface unknown."""

    radius: float  # m
    volumes: Array  # m3, of cells
    stiffness: sp.csr_matrix  # m: outflow of a cell [m3/s] = stiffness @ psi
    touching: np.ndarray  # index of the outermost cell of every contact column
    areas: Array  # m2, of the contact, one per contact column
    half_cell: float  # m, from the outermost cell's centre to the surface
    shape: tuple[int, int]  # cells in r, columns in theta

    @property
    def area(self) -> float:
        """Area of the contact [m2]."""
        return float(self.areas.sum())

    @property
    def volume(self) -> float:
        """Volume of the particle [m3]."""
        return float(self.volumes.sum())


def graded(length: float, smallest: float, growth: float, largest: float, refine: float) -> Array:
    """Cell faces from 0 (fine) to `length`: equal steps of the integral of 1/h(s) ds, refined by their number."""

    def steps(s: Array | float) -> Array:
        return np.log1p(growth * s / smallest) / growth + s / largest

    total = float(steps(length))
    count = max(4, int(np.ceil(total * refine)))
    wanted = np.linspace(0.0, total, count + 1)[1:-1]
    lower, upper = np.zeros_like(wanted), np.full_like(wanted, length)
    for _ in range(100):
        middle = 0.5 * (lower + upper)
        below = steps(middle) < wanted
        lower, upper = np.where(below, middle, lower), np.where(below, upper, middle)
    return np.concatenate([[0.0], 0.5 * (lower + upper), [length]])


def _radial_faces(resolution: Resolution) -> Array:
    depth = graded(1.0, resolution.surface, resolution.growth, resolution.largest_r, resolution.refine)
    faces = 1.0 - depth[::-1]
    faces[0], faces[-1] = 0.0, 1.0
    return faces


def _theta_faces(kind: str, coverage: float, resolution: Resolution) -> tuple[Array, int, int, float]:
    """Return faces in theta, first and last+1 contact columns, and how many times the modelled part is the sphere."""
    if kind == "full":
        return np.array([0.0, np.pi]), 0, 1, 1.0
    grades = (resolution.edge, resolution.growth, resolution.largest_theta, resolution.refine)
    end = np.pi if kind == "cap" else np.pi / 2
    edge = float(np.arccos(1 - 2 * coverage) if kind == "cap" else np.arccos(coverage))
    before, after = graded(edge, *grades), graded(end - edge, *grades)
    faces = np.concatenate([edge - before[::-1], edge + after[1:]])
    faces[0], faces[-1] = 0.0, end
    split = len(before) - 1
    return (faces, 0, split, 1.0) if kind == "cap" else (faces, split, len(faces) - 1, 2.0)


def sphere(radius: float, kind: str = "full", coverage: float = 1.0, resolution: Resolution = Resolution()) -> Grid:
    """Return the grid of a sphere in contact over the full surface, a cap about theta = 0, or a belt about the equator.

    A belt's northern half is modelled, and everything extensive doubled.
    """
    r = radius * _radial_faces(resolution)
    theta, first, last, copies = _theta_faces(kind, coverage, resolution)
    nr, nt = len(r) - 1, len(theta) - 1
    # cos a - cos b without cancellation where the angles are close
    caps = copies * 4 * np.pi * np.sin(0.5 * (theta[1:] + theta[:-1])) * np.sin(0.5 * (theta[1:] - theta[:-1]))
    shells = (r[1:] - r[:-1]) * (r[1:] ** 2 + r[1:] * r[:-1] + r[:-1] ** 2) / 3
    volumes = np.outer(caps, shells)
    index = np.arange(nr * nt).reshape(nt, nr)
    centres = 0.5 * (r[1:] + r[:-1])
    angles = 0.5 * (theta[1:] + theta[:-1])
    along_r = np.outer(caps, r[1:-1] ** 2 / np.diff(centres))
    along_theta = np.outer(copies * 2 * np.pi * np.sin(theta[1:-1]) / np.diff(angles), np.diff(r))
    one = np.concatenate([index[:, :-1].ravel(), index[:-1, :].ravel()])
    other = np.concatenate([index[:, 1:].ravel(), index[1:, :].ravel()])
    conductance = np.concatenate([along_r.ravel(), along_theta.ravel()])
    rows = np.concatenate([one, other, one, other])
    columns = np.concatenate([one, other, other, one])
    entries = np.concatenate([conductance, conductance, -conductance, -conductance])
    stiffness = sp.csr_matrix((entries, (rows, columns)), shape=(nr * nt, nr * nt))
    return Grid(
        radius=radius,
        volumes=volumes.ravel(),
        stiffness=stiffness,
        touching=index[first:last, -1],
        areas=radius**2 * caps[first:last],
        half_cell=0.5 * (r[-1] - r[-2]),
        shape=(nr, nt),
    )
