"""The sparse factorization against scipy's dense solver and against its own invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.kernels.ldl import analyze, factorize, solve
from asyncsoc.problem.hierarchy import couplings_of
from tests.kernels.laplacians import graph_laplacian, pattern


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 60), st.integers(1, 200), st.integers(0, 10_000))
def test_solves_what_numpy_solves(n: int, edges: int, seed: int) -> None:
    matrix = graph_laplacian(n, edges, seed)
    couplings = couplings_of([matrix])
    shift = np.random.default_rng(seed).uniform(0.5, 1.5, n)
    factor = analyze(*pattern(matrix))
    lower, pivots, work = np.zeros(len(factor.indices)), np.zeros(n), np.zeros(n)
    ok = np.zeros(1)
    factorize(couplings, shift, factor, lower, pivots, work, ok)
    assert ok[0] == 1.0
    b = np.random.default_rng(seed + 1).normal(size=n)
    x = b.copy()
    solve(factor, lower, pivots, x)
    expected = np.linalg.solve(matrix.toarray() + np.diag(shift), b)
    np.testing.assert_allclose(x, expected, rtol=1e-9, atol=1e-11)
    assert not work.any()


def test_refactoring_in_the_same_memory_is_bit_for_bit_the_same() -> None:
    matrix = graph_laplacian(40, 120, 3)
    couplings = couplings_of([matrix])
    factor = analyze(*pattern(matrix))
    lower, pivots, work, ok = np.zeros(len(factor.indices)), np.zeros(40), np.zeros(40), np.zeros(1)
    factorize(couplings, np.full(40, 0.3), factor, lower, pivots, work, ok)
    first = lower.copy(), pivots.copy()
    factorize(couplings, np.full(40, 7.0), factor, lower, pivots, work, ok)
    factorize(couplings, np.full(40, 0.3), factor, lower, pivots, work, ok)
    assert np.array_equal(first[0], lower)
    assert np.array_equal(first[1], pivots)


@pytest.mark.parametrize("shift", [-10.0, np.nan])
def test_an_indefinite_or_broken_matrix_is_refused_and_leaves_no_trace(shift: float) -> None:
    matrix = graph_laplacian(20, 60, 1)
    couplings = couplings_of([matrix])
    factor = analyze(*pattern(matrix))
    lower, pivots, work, ok = np.zeros(len(factor.indices)), np.zeros(20), np.zeros(20), np.ones(1)
    with np.errstate(all="ignore"):
        factorize(couplings, np.full(20, shift), factor, lower, pivots, work, ok)
    assert ok[0] == 0.0
    assert not work.any()
