"""Lines of sight through a particle: what a beam passes of each oxidation state, pixel by pixel.

A pixel sees the column of a quantity q along its line of sight, the integral of q ds over the part of the line within
the particle and the cut. Every chord in a tetrahedron has two Gauss points. Linear interpolation would be too high
between the nodes wherever x is convex, by h^2/8 times its second derivative; the gradients at the nodes, means of those
of the cells around them, tell how x bends: sum of b_i (x_i + g_i (p - p_i)/2) over the corners is exact for what is
quadratic and has these gradients. Radial and axisymmetric meshes stand for a whole sphere, whose chords have 32 Gauss
points each. Points and weights depend on mesh and view alone, and serve all fields on the mesh.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.mesh import ParticleMesh, frozen

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Quantity = Callable[[Array], Array]
"""Of stoichiometries (s,): several quantities at once, (s, k)."""

FIELD, PIXELS = 2.5e-6, 80
"""The paper's field of view [m] and points a side."""
MOST_PIXELS = 512
_GAUSS = 32
_PAIRS = 1_000_000
_NOTHING = 1e-12


@dataclass(frozen=True, eq=False)
class BeamView:
    """Where the microscope looks from, and at what part of the particle.

    Attributes
    ----------
    field
        Side of the square field of view [m].
    pixels
        Points a side.
    centre : (3,)
        Point in the middle of the field and of the cut [m], in the particle's coordinates: contacts of axisymmetric
        particles lie about +z.
    beam : (3,)
        Direction of the beam, a unit vector.
    upward : (3,)
        Direction that is up in the image, a unit vector at right angles to the beam.
    thickness
        Of the slab cut out of the particle at right angles to the beam about `centre` [m]; infinite: all of it.
    width
        Side of the square that is cut out of the slab in the image [m]; infinite: all of it.

    Raises
    ------
    InputError
        A length that is not positive, too many pixels, directions that are none.
    """

    field: float = FIELD
    pixels: int = PIXELS
    centre: ArrayLike = (0.0, 0.0, 0.0)
    beam: ArrayLike = (1.0, 0.0, 0.0)
    upward: ArrayLike = (0.0, 0.0, 1.0)
    thickness: float = math.inf
    width: float = math.inf

    def __post_init__(self) -> None:
        if not (math.isfinite(self.field) and self.field > 0.0):
            raise InputError("the field of view must be positive", where="field", value=self.field, allowed="> 0 m")
        for name, value in (("thickness", self.thickness), ("width", self.width)):
            if not value > 0.0:
                raise InputError(f"{name} must be positive", where=name, value=value, allowed="> 0 m")
        if isinstance(self.pixels, bool) or not 2 <= self.pixels <= MOST_PIXELS:
            raise InputError(
                "the number of pixels is out of range", where="pixels", value=self.pixels, allowed=f"2 to {MOST_PIXELS}"
            )
        beam = _direction(self.beam, "beam")
        upward = _direction(self.upward, "upward")
        upward = upward - (upward @ beam) * beam
        length = float(np.linalg.norm(upward))
        if length < 1e-6:
            raise InputError("up in the image lies along the beam", where="upward", next_step="give another direction")
        object.__setattr__(self, "beam", frozen(beam, np.float64))
        object.__setattr__(self, "upward", frozen(upward / length, np.float64))
        object.__setattr__(self, "centre", frozen(_vector(self.centre, "centre"), np.float64))

    @property
    def rightward(self) -> Array:
        """Direction that is right in the image."""
        return np.asarray(np.cross(np.asarray(self.upward), np.asarray(self.beam)))

    @property
    def axis(self) -> Array:
        """Places of the pixels' centres from the middle of the image, (pixels,) [m]."""
        return (np.arange(self.pixels) + 0.5) / self.pixels * self.field - 0.5 * self.field

    @property
    def pixel(self) -> float:
        """Side of a pixel [m]."""
        return self.field / self.pixels


def _vector(given: ArrayLike, name: str) -> Array:
    found = np.asarray(given, dtype=np.float64)
    if found.shape != (3,) or not np.isfinite(found).all():
        raise InputError("a vector has three finite numbers", where=name, value=str(given))
    return found


def _direction(given: ArrayLike, name: str) -> Array:
    found = _vector(given, name)
    length = float(np.linalg.norm(found))
    if length < _NOTHING:
        raise InputError("a direction has a length", where=name, value=str(given))
    return np.asarray(found / length)


@dataclass(frozen=True, eq=False)
class LinesOfSight:
    """The lines of sight of a view through a particle; `columns` integrates along them.

    Attributes
    ----------
    view
        Directions, field of view and cut.
    thickness : (pixels, pixels), m
        What each line passes of the particle. Row 0 is the lowest of the image, column 0 the leftmost.
    pixel : (s,)
        Pixel of each sample, counted along the rows.
    length : (s,), m
        What each sample stands for.
    samples : (s, n)
        Sparse matrix from values at the nodes to values at the samples.
    bending : pairs of (s, n) and (n, n)
        Sparse matrices: by the second of each a component of the gradient at the nodes, by the first what it adds to
        the values at the samples. None of meshes that are not of tetrahedra.
    """

    view: BeamView
    thickness: Array
    pixel: Ints
    length: Array
    samples: Any
    bending: tuple[tuple[Any, Any], ...] = ()

    @classmethod
    def through(cls, mesh: ParticleMesh, view: BeamView) -> Self:
        """Return the lines of sight of a view through a particle.

        Parameters
        ----------
        mesh
            Radial or axisymmetric (both stand for a whole sphere), or of tetrahedra.
        view
            Directions, field of view and cut.
        """
        bending: list[tuple[Any, Any]] = []
        if mesh.coordinates == "cartesian":
            pixel, length, samples, bending = _through_tetrahedra(mesh, view)
        else:
            pixel, length, samples = _through_sphere(mesh, view)
        row, column = pixel // view.pixels, pixel % view.pixels
        seen = (np.abs(view.axis) <= 0.5 * view.width * (1.0 + _NOTHING))[np.stack((row, column))].all(axis=0)
        kept = np.flatnonzero(seen)
        pixel, length, samples = pixel[seen], length[seen], samples[kept]
        thickness = np.bincount(pixel, weights=length, minlength=view.pixels**2)
        more = tuple((adding[kept], gradient) for adding, gradient in bending)
        return cls(view, thickness.reshape(view.pixels, view.pixels), pixel, length, samples, more)

    def columns(self, x: ArrayLike, quantity: Quantity) -> Array:
        """Return the columns of quantities, (pixels, pixels, k) [m times the quantity].

        Parameters
        ----------
        x : (n,)
            Stoichiometry at the nodes of the mesh.
        quantity
            Takes stoichiometries (s,) and gives (s, k).

        Raises
        ------
        InputError
            Values that do not fit the mesh.
        """
        values = np.asarray(x, dtype=np.float64)
        if values.shape != (self.samples.shape[1],):
            raise InputError(
                "the field does not fit the mesh",
                where="lines of sight",
                value=values.shape,
                allowed=f"({self.samples.shape[1]},)",
            )
        x_there = self.samples @ values
        for adding, gradient in self.bending:
            x_there = x_there + adding @ (gradient @ values)
        if self.bending:
            x_there = np.clip(x_there, values.min(), values.max())
        found = quantity(x_there) * self.length[:, None]
        pixels = self.view.pixels
        columns = [np.bincount(self.pixel, weights=column, minlength=pixels * pixels) for column in found.T]
        return np.stack(columns, axis=-1).reshape(pixels, pixels, len(columns))


def _through_sphere(mesh: ParticleMesh, view: BeamView) -> tuple[Ints, Array, Any]:
    """Return samples at Gauss points of the chords of the sphere that a radial or axisymmetric mesh stands for."""
    radius = float(np.linalg.norm(mesh.points, axis=1).max())
    beam = np.asarray(view.beam)
    across, up = np.meshgrid(view.axis, view.axis)
    foot = np.asarray(view.centre) + across[..., None] * view.rightward + up[..., None] * np.asarray(view.upward)
    foot = foot.reshape(-1, 3)
    # |foot + s beam| = R: the chord of each line, cut at the faces of the slab.
    along = foot @ beam
    inside = along**2 - np.sum(foot * foot, axis=-1) + radius**2
    half = np.sqrt(np.maximum(inside, 0.0))
    start = np.maximum(-along - half, -0.5 * view.thickness)
    end = np.minimum(-along + half, 0.5 * view.thickness)
    met = np.flatnonzero((inside > 0.0) & (end > start))
    nodes, weights = np.polynomial.legendre.leggauss(_GAUSS)
    middle, extent = 0.5 * (start + end)[met], 0.5 * (end - start)[met]
    place = middle[:, None] + extent[:, None] * nodes
    points = (foot[met][:, None, :] + place[..., None] * beam).reshape(-1, 3)
    length = (extent[:, None] * weights).ravel()
    interpolate = _radial_samples if mesh.coordinates == "radial" else _axisymmetric_samples
    return np.repeat(met, _GAUSS), length, interpolate(mesh, points)


def _radial_samples(mesh: ParticleMesh, points: Array) -> Any:
    order = np.argsort(mesh.points[:, 0])
    radii = mesh.points[order, 0]
    place = np.clip(np.linalg.norm(points, axis=1), radii[0], radii[-1])
    right = np.clip(np.searchsorted(radii, place), 1, len(radii) - 1)
    share = (place - radii[right - 1]) / (radii[right] - radii[right - 1])
    nodes = np.stack((order[right - 1], order[right]), axis=1)
    return _sparse(nodes, np.stack((1.0 - share, share), axis=1), mesh.n_nodes)


def _axisymmetric_samples(mesh: ParticleMesh, points: Array) -> Any:
    """Interpolate linearly in the Delaunay triangles of the nodes; beyond their polygon the nearest node counts."""
    from scipy.spatial import Delaunay, KDTree

    place = np.stack((np.hypot(points[:, 0], points[:, 1]), points[:, 2]), axis=1)
    triangles = Delaunay(mesh.points)
    found = triangles.find_simplex(place)
    transform = triangles.transform[found]
    rest = np.einsum("pij,pj->pi", transform[:, :2], place - transform[:, 2])
    weights = np.concatenate((rest, 1.0 - rest.sum(axis=1, keepdims=True)), axis=1)
    nodes = triangles.simplices[found].astype(np.int64)
    lost = np.flatnonzero(found < 0)
    if len(lost):
        nodes[lost] = KDTree(mesh.points).query(place[lost])[1][:, None]
        weights[lost] = (1.0, 0.0, 0.0)
    return _sparse(nodes, weights, mesh.n_nodes)


def _sparse(nodes: Ints, weights: Array, n_nodes: int) -> Any:
    """Return the matrix whose row k has weights[k] at the columns nodes[k]."""
    from scipy.sparse import csr_array

    each = nodes.shape[1]
    pointer = np.arange(0, nodes.size + 1, each)
    return csr_array((weights.ravel(), nodes.ravel(), pointer), shape=(len(nodes), n_nodes))


def _nodal_gradients(mesh: ParticleMesh) -> list[Any]:
    """Return matrices (n, n) from values at the nodes of tetrahedra to each component of their gradient there.

    It is the mean of the gradients of the cells around a node, weighted with their volumes.
    """
    from scipy.sparse import coo_array

    corners = mesh.points[mesh.cells]
    edges = corners[:, 1:] - corners[:, :1]
    inverse = np.linalg.inv(edges)  # column i is the gradient of the i-th barycentric coordinate
    slopes = np.concatenate((-inverse.sum(axis=2, keepdims=True), inverse), axis=2)
    volume = np.abs(np.linalg.det(edges))
    around = np.bincount(mesh.cells.ravel(), weights=np.repeat(volume, 4), minlength=mesh.n_nodes)
    rows = np.repeat(mesh.cells, 4, axis=1).ravel()
    columns = np.tile(mesh.cells, (1, 4)).ravel()
    found = []
    for component in range(3):
        values = np.tile(volume[:, None] * slopes[:, component], (1, 4)).ravel() / around[rows]
        found.append(coo_array((values, (rows, columns)), shape=(mesh.n_nodes, mesh.n_nodes)).tocsr())
    return found


def _through_tetrahedra(mesh: ParticleMesh, view: BeamView) -> tuple[Ints, Array, Any, list[tuple[Any, Any]]]:
    """Return two samples on every chord that a line of sight has in a tetrahedron, and how x bends between nodes."""
    offset = mesh.points - np.asarray(view.centre)
    axes = np.stack((view.rightward, np.asarray(view.upward), np.asarray(view.beam)), axis=1)
    corners = (offset @ axes)[mesh.cells]  # (m, 4, 3)
    low, high = corners.min(axis=1), corners.max(axis=1)
    half = 0.5 * view.field
    first = np.clip(np.ceil((low[:, :2] + half) / view.pixel - 0.5).astype(np.int64), 0, view.pixels)
    last = np.clip(np.floor((high[:, :2] + half) / view.pixel - 0.5).astype(np.int64), -1, view.pixels - 1)
    count = np.maximum(last - first + 1, 0)
    within = (high[:, 2] > -0.5 * view.thickness) & (low[:, 2] < 0.5 * view.thickness)
    pairs = np.where(within, count[:, 0] * count[:, 1], 0)
    chosen = np.flatnonzero(pairs)
    starts = np.concatenate(([0], np.cumsum(pairs[chosen])))
    found: list[tuple[Ints, Array, Ints, Array]] = []
    begin = 0
    while begin < len(chosen):
        end = max(int(np.searchsorted(starts, starts[begin] + _PAIRS, side="right")) - 1, begin + 1)
        some = chosen[begin:end]
        cell = np.repeat(some, pairs[some])
        number = np.arange(len(cell)) - np.repeat(starts[begin:end] - starts[begin], pairs[some])
        column, row = first[cell, 0] + number % count[cell, 0], first[cell, 1] + number // count[cell, 0]
        place = np.stack((view.axis[column], view.axis[row], np.zeros(len(cell))), axis=1)
        met, length, weights = _chords(corners[cell], place, 0.5 * view.thickness)
        found.append(
            (np.repeat((row * view.pixels + column)[met], 2), np.repeat(0.5 * length, 2),
             np.repeat(mesh.cells[cell[met]], 2, axis=0), weights)
        )  # fmt: skip
        begin = end
    if not found:
        none = _sparse(np.zeros((0, 4), np.int64), np.zeros((0, 4)), mesh.n_nodes)
        return np.zeros(0, np.int64), np.zeros(0), none, []
    pixel, length, nodes, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
    bending = []
    for component, gradient in enumerate(_nodal_gradients(mesh)):
        places = mesh.points[nodes, component]
        away = np.sum(weights * places, axis=1, keepdims=True) - places
        bending.append((_sparse(nodes, 0.5 * weights * away, mesh.n_nodes), gradient))
    return pixel, length, _sparse(nodes, weights, mesh.n_nodes), bending


def _chords(corners: Array, place: Array, half: float) -> tuple[Ints, Array, Array]:
    """Return which lines pass their tetrahedron within the slab, on what length, and weights of two points on it.

    Barycentric coordinates are linear along a line, b(s) = b0 + s b1, and the line is inside while all are positive.
    """
    inverse = np.linalg.inv(corners[:, 1:] - corners[:, :1])  # rows of the inverted matrix are edges
    rest = np.einsum("pi,pij->pj", place - corners[:, 0], inverse)
    base = np.concatenate((1.0 - rest.sum(axis=1, keepdims=True), rest), axis=1)
    slope = np.concatenate((-inverse[:, 2].sum(axis=1, keepdims=True), inverse[:, 2]), axis=1)
    crossing = -base / np.where(slope == 0.0, 1.0, slope)
    start = np.maximum(np.where(slope > 0.0, crossing, -np.inf).max(axis=1), -half)
    end = np.minimum(np.where(slope < 0.0, crossing, np.inf).min(axis=1), half)
    met = np.flatnonzero((end > start) & ~((slope == 0.0) & (base < 0.0)).any(axis=1))
    length = (end - start)[met]
    middle = 0.5 * (start + end)[met]
    away = 0.5 * length / math.sqrt(3.0)
    points = np.stack((middle - away, middle + away), axis=1)[..., None]
    weights = base[met][:, None, :] + points * slope[met][:, None, :]
    return met, length, weights.reshape(-1, 4)
