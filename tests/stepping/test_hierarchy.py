"""Coarse levels of a mesh: what they are made of, and what they weigh."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from asyncsoc.fem.assembly import assemble
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.kernels.coarse import Hierarchy
from asyncsoc.stepping.hierarchy import OVERCORRECTION, build_hierarchy


def stiffness(mesh: ParticleMesh) -> sp.csr_matrix:
    operators = assemble(mesh)
    n = len(operators.mass)
    return sp.csr_matrix((operators.stiffness, operators.indices, operators.indptr), shape=(n, n))


@lru_cache(maxsize=1)
def ball() -> sp.csr_matrix:
    return stiffness(ball_mesh(frequency=8, first_cell=0.06))


def build(matrix: sp.csr_matrix) -> Hierarchy:
    return build_hierarchy(matrix.indptr, matrix.indices, matrix.data)


def coarse_matrix(hierarchy: Hierarchy) -> sp.csr_matrix:
    m = len(hierarchy.diagonal)
    return sp.csr_matrix((hierarchy.stiffness, hierarchy.indices, hierarchy.indptr), shape=(m, m))


def levels_of(hierarchy: Hierarchy) -> list[np.ndarray]:
    """Return the coarse unknowns of each level."""
    m = len(hierarchy.diagonal)
    n = len(hierarchy.parent) - m
    found, level = [], np.unique(hierarchy.parent[:n])
    while level[0] >= 0:
        found.append(level)
        level = np.unique(hierarchy.parent[n + level])
    return found


def test_every_level_is_the_summed_one_below() -> None:
    matrix = ball()
    hierarchy = build(matrix)
    n, m = matrix.shape[0], len(hierarchy.diagonal)
    coarse = coarse_matrix(hierarchy)
    couplings = sp.csr_matrix((hierarchy.couplings, hierarchy.coupling_indices, hierarchy.coupling_indptr), (n + m, m))
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
            couplings[own][:, level].toarray(), (sp.tril(below, -1) @ summing).toarray(), atol=1e-13 * scale
        )
        assert abs(here - here.T).max() == 0.0
        below, own = here, n + level
    assert sum(len(level) for level in levels_of(hierarchy)) == m
    assert hierarchy.first == len(levels_of(hierarchy)[0])


def test_rows_sum_to_zero_and_name_their_diagonal() -> None:
    hierarchy = build(ball())
    coarse = coarse_matrix(hierarchy)
    assert abs(coarse.sum(axis=1)).max() < 1e-14 * abs(coarse).max()
    np.testing.assert_array_equal(hierarchy.indices[hierarchy.diagonal], np.arange(len(hierarchy.diagonal)))
    assert coarse.has_sorted_indices


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_the_last_level_holds_one_unknown_for_each_part(parts: int) -> None:
    matrix = sp.block_diag([ball()] * parts, format="csr")
    assert connected_components(matrix)[0] == parts
    hierarchy = build(matrix)
    last = levels_of(hierarchy)[-1]
    assert len(last) == parts
    assert not coarse_matrix(hierarchy)[last].toarray().any()


@pytest.mark.parametrize("factor", [2.0**-40, 2.0**40])
def test_lengths_do_not_matter(factor: float) -> None:
    reference, scaled = build(ball()), build(ball() * factor)
    np.testing.assert_array_equal(scaled.parent, reference.parent)
    np.testing.assert_array_equal(scaled.indices, reference.indices)
    np.testing.assert_array_equal(scaled.stiffness, reference.stiffness * factor)
    np.testing.assert_array_equal(scaled.couplings, reference.couplings * factor)
    np.testing.assert_array_equal(scaled.restrictions, reference.restrictions * factor)


@pytest.mark.parametrize("name", ["sphere-3d-default", "sphere-3d-fine", "sphere-axisymmetric-default"])
def test_coarse_levels_are_small(name: str) -> None:
    matrix = stiffness(load_builtin(name))
    hierarchy = build(matrix)
    assert len(hierarchy.diagonal) < 0.3 * matrix.shape[0]
    assert len(hierarchy.stiffness) < 0.3 * matrix.nnz
    assert sum(np.asarray(array).nbytes for array in hierarchy) < 190 * matrix.shape[0]
    assert len(levels_of(hierarchy)) < 12


def test_neighbors_with_positive_couplings_only_stay_apart() -> None:
    matrix = sp.csr_matrix(np.array([[2.0, 1.0], [1.0, 2.0]]))
    hierarchy = build(matrix)
    assert (hierarchy.first, len(hierarchy.diagonal)) == (0, 0)
    np.testing.assert_array_equal(hierarchy.parent, [-1, -1])
    np.testing.assert_array_equal(hierarchy.coupling_indptr, [0, 0, 0])


def test_arrays_are_read_only_and_the_same_a_second_time() -> None:
    first, second = build(ball()), build(ball())
    for name, one, two in zip(Hierarchy._fields, first, second, strict=True):
        if name != "first":
            assert one.tobytes() == two.tobytes()
            assert not one.flags.writeable
