"""Meshes with one thing wrong each, built on a small ball: what every reader of particles has to refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import permutations, product

import numpy as np

from asyncsoc.geometry.ball import ball_mesh

BALL = ball_mesh(3, 0.2, 1.5)
POINTS, CELLS, FACETS = (np.array(a) for a in (BALL.points * 5.0, BALL.cells, BALL.facets))
TOP = POINTS[FACETS].mean(axis=1)[:, 2] > 1.0


@dataclass(frozen=True, eq=False)
class Draft:
    """What goes into a file: micrometres, tetrahedra or others, triangles with weights."""

    points: np.ndarray = field(default_factory=POINTS.copy)
    cells: np.ndarray = field(default_factory=CELLS.copy)
    facets: np.ndarray = field(default_factory=FACETS.copy)
    weights: np.ndarray = field(default_factory=lambda: np.where(TOP, 1.0, 0.0))
    kind: str = "tetra"


GOOD = Draft()


def _point(row: int, place: tuple[float, float, float]) -> Draft:
    points = POINTS.copy()
    points[row] = place
    return replace(GOOD, points=points)


def _cell(row: int, column: int, node: int) -> Draft:
    cells = CELLS.copy()
    cells[row, column] = node
    return replace(GOOD, cells=cells)


def _weight(value: float) -> Draft:
    weights = GOOD.weights.copy()
    weights[3] = value
    return replace(GOOD, weights=weights)


def _more_cells(*rows: list[int]) -> Draft:
    return replace(GOOD, cells=np.concatenate([CELLS, np.array(rows)]))


def _beside(shift: float) -> Draft:
    """A second ball, moved."""
    n = len(POINTS)
    points = np.concatenate([POINTS, POINTS + np.array([shift, 0.0, 0.0])])
    return Draft(
        points,
        np.concatenate([CELLS, CELLS + n]),
        np.concatenate([FACETS, FACETS + n]),
        np.concatenate([GOOD.weights, GOOD.weights]),
    )


def _bare(points: list[list[float]], cells: list[list[int]]) -> Draft:
    """A few tetrahedra, turned the right way, without labels."""
    place, rows = np.array(points, dtype=float), np.array(cells)
    edges = place[rows][:, 1:] - place[rows][:, :1]
    turned = np.linalg.det(edges) < 0.0
    rows[turned] = rows[turned][:, [1, 0, 2, 3]]
    return Draft(place, rows, np.zeros((0, 3), dtype=int), np.zeros(0))


def _touching(shared: int) -> Draft:
    """Two tetrahedra that share one node, or two."""
    points = [[0, 0, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [-1, -1, 1]]
    if shared == 1:
        return _bare(points, [[0, 1, 2, 3], [0, 4, 5, 6]])
    return _bare(points[:6], [[0, 1, 2, 3], [0, 1, 4, 5]])


def _cubes(*missing: tuple[int, int, int]) -> Draft:
    """A block of 2 x 2 x 2 cubes of six tetrahedra each, less some cubes."""
    number = {place: row for row, place in enumerate(product(range(3), repeat=3))}
    cells = []
    for corner in product(range(2), repeat=3):
        if corner in missing:
            continue
        for axes in permutations(range(3)):
            walk = [np.array(corner)]
            for axis in axes:
                walk.append(walk[-1] + np.eye(3, dtype=int)[axis])
            cells.append([number[tuple(step.tolist())] for step in walk])
    used, local = np.unique(cells, return_inverse=True)
    return _bare(np.array(list(number))[used].tolist(), local.reshape(-1, 4).tolist())


def _split() -> Draft:
    """The ball cut along z = 0: nodes there written twice."""
    middle = POINTS[CELLS].mean(axis=1)[:, 2] > 0.0
    shared = np.intersect1d(CELLS[middle], CELLS[~middle])
    twin = np.arange(len(POINTS))
    twin[shared] = len(POINTS) + np.arange(len(shared))
    cells = np.concatenate([CELLS[~middle], twin[CELLS[middle]]])
    return Draft(np.concatenate([POINTS, POINTS[shared]]), cells, np.zeros((0, 3), dtype=int), np.zeros(0))


def _soup() -> Draft:
    return Draft(POINTS[CELLS].reshape(-1, 3), np.arange(CELLS.size).reshape(-1, 4), np.zeros((0, 3), int), np.zeros(0))


def _sliver() -> Draft:
    return _bare([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0.9, 0.9, 1e-4]], [[0, 1, 2, 3]])


def _folded() -> Draft:
    """The centre pulled out of the ball: cells on both sides of facets."""
    centre = int(np.argmin(np.linalg.norm(POINTS, axis=1)))
    return _point(centre, (0.0, 0.0, 8.0))


INSIDE = CELLS[0][[0, 1, 3]] if not TOP[0] else CELLS[0][[0, 2, 3]]

BROKEN: dict[str, tuple[Callable[[], Draft], str]] = {
    "nan": (lambda: _point(5, (np.nan, 0.0, 0.0)), "not finite"),
    "infinite": (lambda: _point(5, (np.inf, 0.0, 0.0)), "not finite"),
    "node that does not exist": (lambda: _cell(2, 1, len(POINTS)), "does not exist"),
    "negative node": (lambda: _cell(2, 1, -1), "does not exist"),
    "node twice in a cell": (lambda: _cell(2, 1, CELLS[2, 0]), "names a node twice"),
    "cell twice": (lambda: _more_cells(list(CELLS[4])), "more than two cells|one side"),
    "three cells on a facet": (lambda: _more_cells([*CELLS[4][:3], CELLS[-1][0]]), "more than two cells|one side"),
    "folded": (_folded, "one side"),
    "flat cell": (lambda: _bare([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], [[0, 1, 2, 3]]), "degenerate"),
    "all nodes in one place": (lambda: replace(GOOD, points=np.ones_like(POINTS)), "another one lies"),
    "sliver": (_sliver, "sliver"),
    "two particles": (lambda: _beside(12.0), "unconnected parts"),
    "parts that touch in a node": (lambda: _touching(1), "only in a node or an edge"),
    "parts that touch in an edge": (lambda: _touching(2), "only in a node or an edge"),
    "surface that touches itself in an edge": (lambda: _cubes((0, 0, 1), (1, 1, 1)), "not a manifold: 1 edges"),
    "surface that touches itself in a node": (lambda: _cubes((0, 0, 0), (1, 1, 1)), "pinched in 1 nodes"),
    "cut open": (_split, "another one lies"),
    "soup of cells": (_soup, "another one lies"),
    "unused node": (lambda: replace(GOOD, points=np.concatenate([POINTS, [[0.1, 0.2, 0.3]]])), "belong to no cell"),
    "in metres": (lambda: replace(GOOD, points=POINTS * 1e6), "across"),
    "far too small": (lambda: replace(GOOD, points=POINTS * 1e-6), "across"),
    "facet missing": (lambda: replace(GOOD, facets=FACETS[1:], weights=GOOD.weights[1:]), "carry no weight|missing"),
    "facet twice": (
        lambda: replace(GOOD, facets=np.concatenate([FACETS, FACETS[:1, ::-1]]), weights=np.append(GOOD.weights, 0.0)),
        "given twice",
    ),
    "label inside": (
        lambda: replace(GOOD, facets=np.concatenate([FACETS, [INSIDE]]), weights=np.append(GOOD.weights, 1.0)),
        "lie inside|do not lie on it",
    ),
    "weight above 1": (lambda: _weight(1.5), "not a share"),
    "negative weight": (lambda: _weight(-0.1), "not a share"),
    "weight that is no number": (lambda: _weight(np.nan), "carry no weight|not a share"),
    "no contact anywhere": (lambda: replace(GOOD, weights=np.zeros(len(FACETS))), "no area"),
}
