"""Conjugate gradients with coarse levels: against scipy's direct solver, one member alone and eight side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.linalg import eigh
from scipy.sparse.linalg import splu

from asyncsoc.base.lanes import WIDTH
from asyncsoc.discretization.assembly import assemble
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.library import load_builtin
from asyncsoc.kernels.coarse_levels import COARSE, PAYS, Hierarchy, Levels, coarsen_diagonals, cycle
from asyncsoc.kernels.conjugate_gradients import WORST, fill_diagonal, pcg
from asyncsoc.kernels.ldl import Factor
from asyncsoc.kernels.workspace import System
from asyncsoc.problem.hierarchy import build_hierarchy, couplings_of
from tests.kernels.laplacians import full_matrix, make_levels, matrix_of

HARD, EASY = 50.0 * PAYS, 0.02 * PAYS
"""Means of k_ii/s_i: nearly singular, and mass-dominated."""
NO_FACTOR = Factor(
    *[np.zeros(size, dtype=kind) for size, kind in ((1, "i8"), (0, "i4"), (1, "i8"), (0, "i4"), (0, "i8"))]
)


@dataclass(frozen=True, eq=False)
class Body:
    """A stiffness matrix, its masses and its coarse levels."""

    matrix: sp.csr_matrix
    mass: np.ndarray
    hierarchy: Hierarchy

    @property
    def diagonal(self) -> np.ndarray:
        return self.matrix.diagonal()

    def shift(self, ratio: float, seed: int = 0) -> np.ndarray:
        """Return masses over a diffusivity that varies tenfold, such that the mean of k_ii/s_i is `ratio`."""
        shift = self.mass * np.exp(np.random.default_rng(seed).uniform(0.0, 2.3, len(self.mass)))
        return shift * (self.diagonal / shift).mean() / ratio

    def right(self, seed: int = 0) -> np.ndarray:
        smooth = np.where(np.arange(len(self.mass)) < len(self.mass) // 10, 1.0, 0.0)
        return smooth + 0.1 * np.random.default_rng(seed).normal(size=len(self.mass))


def body_of(matrix: sp.csr_matrix, mass: np.ndarray) -> Body:
    matrix = matrix.tocsr()
    matrix.sort_indices()
    return Body(matrix, mass, build_hierarchy(matrix))


@lru_cache(maxsize=8)
def sphere(name: str | int = 8, radius: float = 7.5e-6) -> Body:
    mesh = ball_mesh(frequency=name, first_cell=0.06) if isinstance(name, int) else load_builtin(name)
    operators = assemble(mesh.scaled(radius))
    n = len(operators.mass)
    matrix = sp.csr_matrix((operators.stiffness, operators.indices, operators.indptr), shape=(n, n))
    return body_of(matrix, np.array(operators.mass))


@dataclass(frozen=True, eq=False)
class Solved:
    x: np.ndarray
    iterations: int
    ok: np.ndarray
    levels: Levels


def solve(
    body: Body, shift: np.ndarray, b: np.ndarray, tolerance: float | Sequence[float] = 1e-10, goal: float = 0.0
) -> Solved:
    """Solve for one member, (n,), or for eight, (n, 8), in scratch memory full of rubbish."""
    levels = make_levels(body.hierarchy, b)
    coarsen_diagonals(body.hierarchy, body.diagonal, shift, levels)
    weight, inverse = np.empty_like(b), np.empty_like(b)
    x, ok = b.copy(), np.zeros_like(b[:1])
    taken, scratch = np.zeros_like(ok), np.full((4, *b.shape), np.nan)
    system = System(couplings_of([body.matrix]), body.mass, NO_FACTOR, body.hierarchy)
    goals = np.zeros_like(ok) + np.asarray(tolerance), np.zeros_like(ok) + goal**2
    fill_diagonal(body.diagonal, shift, levels.state, weight, inverse, ok)
    pcg(system, levels, weight, inverse, *goals, x, scratch, ok, taken)
    iterations = int(taken.max())
    return Solved(x, iterations, ok, levels)


def side_by_side(vectors: Sequence[np.ndarray]) -> np.ndarray:
    return np.ascontiguousarray(np.array(vectors).T)


def error(body: Body, shift: np.ndarray, b: np.ndarray, x: np.ndarray) -> float:
    """Return the error against a direct solution in the energy norm, relative."""
    full = (body.matrix + sp.diags(shift)).tocsc()
    exact = splu(full).solve(b)
    return float(np.sqrt((x - exact) @ (full @ (x - exact)) / (exact @ (full @ exact))))


@pytest.mark.parametrize("ratio", [EASY, 2.0 * PAYS, HARD, 1e4 * PAYS])
def test_solves_what_scipy_solves(ratio: float) -> None:
    body = sphere()
    shift, b = body.shift(ratio), body.right()
    solved = solve(body, shift, b)
    assert solved.ok[0] == 1.0
    assert bool(solved.levels.state[COARSE] > 0.0) == (ratio > PAYS)
    assert error(body, shift, b, solved.x) < 1e-9


@pytest.mark.parametrize("tolerance", [1e-1, 1e-2, 1e-4])
def test_the_tolerance_bounds_the_energy_norm_of_the_error(tolerance: float) -> None:
    body = sphere("sphere-3d-coarse")
    shift, b = body.shift(HARD), body.right()
    assert error(body, shift, b, solve(body, shift, b, tolerance).x) < 2.0 * tolerance


def test_every_member_has_the_bits_it_has_alone() -> None:
    body = sphere()
    ratios = (HARD, EASY, 1.1 * PAYS, 0.9 * PAYS, 1e3 * HARD, 1e-3, PAYS, 5.0 * PAYS)
    tolerances = (1e-2, 1e-10, 1e-4, 1e-6, 1e-1, 1e-3, 1e-8, 1e-12)
    shifts = [body.shift(ratio, seed) for seed, ratio in enumerate(ratios)]
    rights = [body.right(seed) for seed in range(WIDTH)]
    together = solve(body, side_by_side(shifts), side_by_side(rights), tolerances)
    alone = [solve(body, *each) for each in zip(shifts, rights, tolerances, strict=True)]
    assert together.ok.all()
    assert together.iterations == max(each.iterations for each in alone)
    for lane, each in enumerate(alone):
        assert together.x[:, lane].tobytes() == each.x.tobytes()


def test_a_member_does_not_notice_its_neighbors() -> None:
    body = sphere()
    shifts, rights = [body.shift(EASY)] * WIDTH, [body.right()] * WIDTH
    quiet = solve(body, side_by_side(shifts), side_by_side(rights), 1e-4)
    shifts[1] = body.shift(1e3 * HARD)
    rights[2] = np.zeros_like(rights[2])
    rights[3] = np.full_like(rights[3], np.nan)
    busy = solve(body, side_by_side(shifts), side_by_side(rights), (1e-4, 1e-12, *[1e-4] * 6))
    assert busy.iterations > 2 * quiet.iterations
    for lane in (0, 4, 7):
        assert busy.x[:, lane].tobytes() == quiet.x[:, lane].tobytes()
    assert not busy.x[:, 2].any()
    assert busy.ok[0].tolist() == [1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]


def test_a_goal_that_is_met_from_the_start_still_takes_a_tenth() -> None:
    body = sphere()
    shift, b = body.shift(HARD), body.right()
    solved = solve(body, shift, b, 0.0, goal=1e100)
    assert solved.ok[0] == 1.0
    assert solved.iterations == solve(body, shift, b, WORST).iterations > 0


def test_a_goal_stops_before_the_tolerance() -> None:
    body = sphere()
    shift, b = body.shift(HARD), body.right()
    energy = np.sqrt(b @ splu((body.matrix + sp.diags(shift)).tocsc()).solve(b))
    by_goal = solve(body, shift, b, 1e-12, goal=1e-3 * energy)
    assert by_goal.ok[0] == 1.0
    assert by_goal.iterations < solve(body, shift, b, 1e-12).iterations
    assert error(body, shift, b, by_goal.x) < 2e-3


def level_inverse(hierarchy: Hierarchy, levels: Levels, rows: np.ndarray) -> np.ndarray:
    """Return the dense matrix of a cycle that starts at the level of the coarse unknowns `rows`."""
    m = len(hierarchy.stiffness.diagonal)
    n = len(hierarchy.parent) - m
    coarse = full_matrix(hierarchy.stiffness)
    coupling = matrix_of(hierarchy.couplings, (n + m, m))
    diagonal = np.diag(levels.diagonal[rows])
    lower = np.tril(coarse[rows][:, rows].toarray(), -1) + diagonal
    above = np.unique(hierarchy.parent[n + rows])
    inner = diagonal
    if above[0] >= 0:
        part = coupling[n + rows][:, above].toarray()
        inner = diagonal + part @ level_inverse(hierarchy, levels, above) @ part.T
    inverse = np.linalg.inv(lower)
    return inverse.T @ inner @ inverse


@pytest.mark.slow
def test_the_cycle_is_the_dense_recursion_symmetric_positive_and_close_to_the_inverse() -> None:
    body = sphere(4)
    shift = body.shift(HARD)
    hierarchy, n = body.hierarchy, len(shift)
    levels = make_levels(hierarchy, shift)
    coarsen_diagonals(hierarchy, body.diagonal, shift, levels)
    first = hierarchy.first
    columns = []
    for c in range(first):
        levels.right[:] = 0.0
        levels.right[c] = 1.0
        cycle(hierarchy, levels)
        columns.append(levels.solution[:first].copy())
    b = np.array(columns).T
    np.testing.assert_allclose(b, level_inverse(hierarchy, levels, np.arange(first)), rtol=1e-9)
    np.testing.assert_allclose(b, b.T, rtol=1e-9)
    full = body.matrix.toarray() + np.diag(shift)
    m = len(hierarchy.stiffness.diagonal)
    coupling = matrix_of(hierarchy.couplings, (n + m, m))[:n, :first]
    diagonal = np.diag(np.diag(full))
    inverse_lower = np.linalg.inv(np.tril(full))
    bare = inverse_lower.T @ diagonal @ inverse_lower
    whole = inverse_lower.T @ (diagonal + coupling @ b @ coupling.T) @ inverse_lower

    def condition(inverse: np.ndarray) -> float:
        values = eigh(full, np.linalg.inv((inverse + inverse.T) / 2.0), eigvals_only=True)
        assert values[0] > 0.0
        return float(values[-1] / values[0])

    assert condition(whole) < 4.0
    assert condition(bare) > 10.0 * condition(whole)


def test_iterations_hardly_grow_with_the_mesh() -> None:
    taken = []
    for name in ("sphere-3d-coarse", "sphere-3d-default", "sphere-3d-fine"):
        body = sphere(name)
        taken.append(solve(body, body.shift(HARD), body.right(), 1e-4).iterations)
    assert max(taken) <= 12
    assert max(taken) - min(taken) <= 3


@pytest.mark.parametrize("radius", [1.0, 1e-6])
def test_lengths_do_not_matter(radius: float) -> None:
    reference, body = sphere(), sphere(radius=radius)
    shift, b = body.shift(HARD), body.right()
    expected = solve(reference, reference.shift(HARD), b, 1e-8)
    solved = solve(body, shift, b, 1e-8)
    assert solved.iterations == expected.iterations
    np.testing.assert_allclose(solved.x * radius / 7.5e-6, expected.x, rtol=1e-6)


def test_two_particles_that_do_not_touch() -> None:
    one = sphere()
    body = body_of(sp.block_diag([one.matrix, one.matrix]), np.tile(one.mass, 2))
    shift, b = body.shift(1e3 * HARD), body.right()
    solved = solve(body, shift, b)
    assert solved.ok[0] == 1.0
    assert error(body, shift, b, solved.x) < 1e-8
    assert solved.iterations < 40


def test_a_flat_element() -> None:
    mesh = ball_mesh(frequency=8, first_cell=0.06)
    points = mesh.points.copy()
    corners = mesh.cells[len(mesh.cells) // 2]
    points[corners[0]] += 0.999 * (points[corners[1:]].mean(axis=0) - points[corners[0]])
    n = len(points)
    edges = points[mesh.cells[:, 1:]] - points[mesh.cells[:, :1]]
    volumes = np.abs(np.linalg.det(edges)) / 6.0
    slopes = np.linalg.inv(edges).transpose(0, 2, 1)
    slopes = np.concatenate([-slopes.sum(axis=1, keepdims=True), slopes], axis=1)
    entries = volumes[:, None, None] * (slopes @ slopes.transpose(0, 2, 1))
    rows, columns = np.repeat(mesh.cells, 4, axis=1).ravel(), np.tile(mesh.cells, 4).ravel()
    matrix = sp.coo_matrix((entries.ravel(), (rows, columns)), shape=(n, n)).tocsr()
    mass = np.bincount(mesh.cells.ravel(), np.repeat(volumes / 4.0, 4), n)
    body = body_of(matrix, mass)
    shift, b = body.shift(HARD), body.right()
    solved = solve(body, shift, b)
    assert solved.ok[0] == 1.0
    assert error(body, shift, b, solved.x) < 1e-8


def test_a_particle_of_one_node_has_no_coarse_levels() -> None:
    body = body_of(sp.csr_matrix(np.array([[1.0]])), np.ones(1))
    solved = solve(body, np.array([1e-6]), np.array([2.0]))
    assert solved.levels.state[COARSE] == 0.0
    assert solved.x[0] == pytest.approx(2.0 / (1.0 + 1e-6), rel=1e-14)
