"""Sums over rows against scipy, for one member and for eight, and the flows between nodes."""

from __future__ import annotations

import numba
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base.lanes import WIDTH, every, load, store
from asyncsoc.kernels.sparse import AHEAD, add_flow, add_row
from asyncsoc.problem.hierarchy import couplings_of, rows_of, scaled_couplings
from tests.kernels.laplacians import full_matrix, graph_laplacian, matrix_of


@numba.njit(error_model="numpy")
def products(rows, v, ahead, out):
    indptr, indices, data = rows
    for i in range(out.shape[0]):
        store(out, i, add_row(every(v, 1.0), indptr, indices, data, i, v, ahead))


@numba.njit(error_model="numpy")
def flows(couplings, v, out):
    starts, columns, entries = couplings.below
    ends, others, values = couplings.above
    for i in range(out.shape[0]):
        flow = add_flow(every(v, 0.0), starts, columns, entries, i, v, AHEAD)
        store(out, i, add_flow(flow, ends, others, values, i, v, AHEAD) + 0.0 * load(v, i))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.0, 0.6), st.integers(0, 10_000))
def test_a_row_is_what_scipy_multiplies(n: int, m: int, density: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = sp.random(n, m, density, format="csr", random_state=rng)
    v = rng.normal(size=(m, WIDTH))
    rows, out = rows_of([matrix]), np.empty((n, WIDTH))
    products(rows, v, AHEAD, out)
    np.testing.assert_allclose(out, 1.0 + matrix @ v, rtol=1e-12, atol=1e-12)
    for lane in range(WIDTH):
        alone = np.empty(n)
        products(rows, np.ascontiguousarray(v[:, lane]), -AHEAD, alone)
        np.testing.assert_array_equal(alone, out[:, lane])


def test_flows_are_minus_the_matrix_and_balance() -> None:
    matrix = graph_laplacian(60, 200, 4)
    couplings, v = couplings_of([matrix]), np.random.default_rng(1).normal(size=(60, WIDTH))
    out = np.empty_like(v)
    flows(couplings, v, out)
    np.testing.assert_allclose(out, -(matrix @ v), rtol=1e-12, atol=1e-12)
    flows(couplings, np.full_like(v, 0.7), out)
    assert not out.any(), "without differences nothing flows, whatever the rounding of K"
    np.testing.assert_array_equal(full_matrix(couplings).toarray(), matrix.toarray())
    np.testing.assert_array_equal(full_matrix(scaled_couplings(couplings, 4.0)).toarray(), 4.0 * matrix.toarray())


def test_blocks_come_one_after_the_other() -> None:
    one, two = graph_laplacian(10, 30, 0), graph_laplacian(7, 20, 1)
    found = full_matrix(couplings_of([one, two], [0, 10]))
    np.testing.assert_array_equal(found.toarray(), sp.block_diag([one, two]).toarray())
    assert len(rows_of([], []).indptr) == 1


@pytest.mark.parametrize("descending", [False, True])
def test_columns_are_in_the_order_they_are_read(descending: bool) -> None:
    rows = rows_of([sp.csr_matrix(np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 4.0]]))], descending=descending)
    assert rows.indices.tolist() == ([2, 1, 2, 0] if descending else [1, 2, 0, 2])
    np.testing.assert_array_equal(matrix_of(rows, (2, 3)).toarray(), [[0.0, 1.0, 2.0], [3.0, 0.0, 4.0]])
    assert not rows.data.flags.writeable
