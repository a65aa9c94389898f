"""Coarse levels of a mesh: what they are made of, and what they weigh."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from asyncsoc.discretization.assembly import assemble
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.kernels.coarse_levels import Hierarchy
from asyncsoc.problem.hierarchy import OVERCORRECTION, build_hierarchy, scaled_couplings, scaled_rows
from tests.kernels.laplacians import full_matrix, matrix_of


def stiffness(mesh: ParticleMesh) -> sp.csr_matrix:
    operators = assemble(mesh)
    n = len(operators.mass)
    return sp.csr_matrix((operators.stiffness, operators.indices, operators.indptr), shape=(n, n))


@lru_cache(maxsize=1)
def ball() -> sp.csr_matrix:
    return stiffness(ball_mesh(frequency=8, first_cell=0.06))


def arrays_of(held: object) -> list[np.ndarray]:
    """Return all arrays of nested tuples."""
    if isinstance(held, np.ndarray):
        return [held]
    return [array for part in held for array in arrays_of(part)] if isinstance(held, tuple) else []


def levels_of(hierarchy: Hierarchy) -> list[np.ndarray]:
    """Return the coarse unknowns of each level."""
    m = len(hierarchy.stiffness.diagonal)
    n = len(hierarchy.parent) - m
    found, level = [], np.unique(hierarchy.parent[:n])
    while level[0] >= 0:
        found.append(level)
        level = np.unique(hierarchy.parent[n + level])
    return found


def test_every_level_is_the_summed_one_below() -> None:
    matrix = ball()
    hierarchy = build_hierarchy(matrix)
    n, m = matrix.shape[0], len(hierarchy.stiffness.diagonal)
    coarse = full_matrix(hierarchy.stiffness)
    couplings = matrix_of(hierarchy.couplings, (n + m, m))
    below, own = matrix, np.arange(n)
    for level in levels_of(hierarchy):
        summing = sp.csr_matrix((np.ones(len(own)), hierarchy.parent[own], np.arange(len(own) + 1)), (len(own), m))
        summing = summing[:, level]
        here = coarse[level][:, level]
        scale = abs(matrix).max()
        np.testing.assert_allclose(
            here.toarray(), (summing.T @ below @ summing).toarray() / OVERCORRECTION, atol=1e-13 * scale
        )
        np.testing.assert_allclose(
            couplings[own][:, level].toarray(), (-sp.tril(below, -1) @ summing).toarray(), atol=1e-13 * scale
        )
        assert abs(here - here.T).max() == 0.0
        below, own = here, n + level
    assert sum(len(level) for level in levels_of(hierarchy)) == m
    assert hierarchy.first == len(levels_of(hierarchy)[0])


def test_rows_sum_to_zero_and_are_ordered_as_they_are_read() -> None:
    hierarchy = build_hierarchy(ball())
    coarse = full_matrix(hierarchy.stiffness)
    assert abs(coarse.sum(axis=1)).max() < 1e-14 * abs(coarse).max()
    for rows, sign in ((hierarchy.stiffness.below, 1), (hierarchy.stiffness.above, -1)):
        own = np.repeat(np.arange(coarse.shape[0]), np.diff(rows.indptr))
        assert (sign * (own - rows.indices) > 0).all()
        within = np.diff(own) == 0
        assert (sign * np.diff(rows.indices)[within] > 0).all()


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_the_last_level_holds_one_unknown_for_each_part(parts: int) -> None:
    matrix = sp.block_diag([ball()] * parts, format="csr")
    assert connected_components(matrix)[0] == parts
    hierarchy = build_hierarchy(matrix)
    last = levels_of(hierarchy)[-1]
    assert len(last) == parts
    assert not full_matrix(hierarchy.stiffness)[last].toarray().any()


@pytest.mark.parametrize("factor", [2.0**-40, 2.0**40])
def test_lengths_do_not_matter(factor: float) -> None:
    reference, scaled = build_hierarchy(ball()), build_hierarchy(ball() * factor)
    np.testing.assert_array_equal(scaled.parent, reference.parent)
    expected = reference._replace(
        couplings=scaled_rows(reference.couplings, factor),
        restrictions=scaled_rows(reference.restrictions, factor),
        stiffness=scaled_couplings(reference.stiffness, factor),
    )
    for one, two in zip(arrays_of(scaled), arrays_of(expected), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", ["sphere-3d-default", "sphere-3d-fine", "sphere-axisymmetric-default"])
def test_coarse_levels_are_small(name: str) -> None:
    matrix = stiffness(load_builtin(name))
    hierarchy = build_hierarchy(matrix)
    assert len(hierarchy.stiffness.diagonal) < 0.3 * matrix.shape[0]
    assert full_matrix(hierarchy.stiffness).nnz < 0.3 * matrix.nnz
    assert sum(array.nbytes for array in arrays_of(hierarchy)) < 175 * matrix.shape[0]
    assert len(levels_of(hierarchy)) < 12


def test_neighbors_with_positive_couplings_only_stay_apart() -> None:
    matrix = sp.csr_matrix(np.array([[2.0, 1.0], [1.0, 2.0]]))
    hierarchy = build_hierarchy(matrix)
    assert (hierarchy.first, len(hierarchy.stiffness.diagonal)) == (0, 0)
    np.testing.assert_array_equal(hierarchy.parent, [-1, -1])
    np.testing.assert_array_equal(hierarchy.couplings.indptr, [0, 0, 0])


def test_arrays_are_read_only_and_the_same_a_second_time() -> None:
    first, second = arrays_of(build_hierarchy(ball())), arrays_of(build_hierarchy(ball()))
    for one, two in zip(first, second, strict=True):
        assert one.tobytes() == two.tobytes()
        assert not one.flags.writeable
