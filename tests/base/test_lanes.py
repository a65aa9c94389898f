"""Members side by side: every lane gives the bits of one member alone, whatever its neighbors are."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from asyncsoc.base.lanes import WIDTH, at, choose, every, load, put, store, width
from asyncsoc.kernels.coarse_levels import coarsen_diagonals
from asyncsoc.kernels.conjugate_gradients import fill_diagonal, pcg
from asyncsoc.kernels.ldl import analyze, factorize, solve
from asyncsoc.kernels.workspace import System
from asyncsoc.problem.hierarchy import build_hierarchy, couplings_of
from tests.kernels.laplacians import graph_laplacian, make_levels, pattern


@numba.njit(error_model="numpy")
def mixture(a, b):
    total = every(a, 0.0)
    for i in range(a.shape[0]):
        value = load(a, i)
        if i % 2:
            value -= 2.0 * load(b, i)
        else:
            value = value * 3.0 / load(b, i) + 1.0
        total += choose(value, value, every(a, 1.0))
        store(a, i, value)
    out = np.zeros_like(a[:1])
    store(out, 0, total)
    for lane in range(width(a)):
        put(out, 0, lane, at(out, 0, lane) + 1.0)
    return out


def test_the_same_source_gives_the_same_bits_for_one_and_for_eight():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 57, WIDTH))
    alone = [mixture(a[:, lane].copy(), b[:, lane].copy())[0] for lane in range(WIDTH)]
    np.testing.assert_array_equal(mixture(a.copy(), b)[0], alone)


def test_what_is_not_a_number_is_not_above_zero():
    a = np.ones((1, WIDTH))
    a[0, :3] = np.nan, -1.0, 0.0
    b = np.full((1, WIDTH), 3.0)
    found = mixture(a, b)[0]
    assert found[0] == 2.0, "NaN chooses the other: 1, and 1 is added"
    assert np.isfinite(found).all()


@pytest.fixture
def system():
    matrix = graph_laplacian(60, 180, 3)
    factor, coarse = analyze(*pattern(matrix)), build_hierarchy(matrix)
    return matrix, System(couplings_of([matrix]), np.ones(60), factor, coarse)


def factored(system, shift, b):
    shape = shift.shape[1:]
    lower, ok = np.zeros((len(system.factor.indices), *shape)), np.zeros((1, *shape))
    pivots, work = np.zeros(shift.shape), np.zeros(shift.shape)
    factorize(system.stiffness, shift, system.factor, lower, pivots, work, ok)
    x = b.copy()
    solve(system.factor, lower, pivots, x)
    return x, ok[0]


def iterated(system, shift, b, relative=1e-10, floor=0.0):
    shape = shift.shape[1:]
    one = (1, *shape)
    weight, inverse, ok, taken = np.zeros(shift.shape), np.zeros(shift.shape), np.zeros(one), np.zeros(one)
    levels = make_levels(system.hierarchy, b)
    coarsen_diagonals(system.hierarchy, system.stiffness.diagonal, shift, levels)
    fill_diagonal(system.stiffness.diagonal, shift, levels.state, weight, inverse, ok)
    x = b.copy()
    goals = np.zeros(one) + relative, np.zeros(one) + floor
    pcg(system, levels, weight, inverse, *goals, x, np.zeros((4, *shift.shape)), ok, taken)
    return x, ok[0], taken[0]


def members(seed=1):
    """Shifts from easy to hard, so that the lanes' iterations differ."""
    rng = np.random.default_rng(seed)
    shift = rng.uniform(0.5, 1.5, (60, WIDTH)) * 10.0 ** np.linspace(-4, 3, WIDTH)
    return shift, rng.normal(size=(60, WIDTH))


@pytest.mark.parametrize("solver", [factored, iterated])
def test_every_lane_solves_what_numpy_solves_with_the_bits_of_one_alone(system, solver):
    matrix, kernel = system
    shift, b = members()
    found, ok = solver(kernel, shift, b)[:2]
    assert (ok == 1.0).all()
    for lane in range(WIDTH):
        expected = np.linalg.solve(matrix.toarray() + np.diag(shift[:, lane]), b[:, lane])
        np.testing.assert_allclose(found[:, lane], expected, rtol=1e-6, atol=1e-8 * np.abs(expected).max())
        alone = solver(kernel, shift[:, lane].copy(), b[:, lane].copy())
        np.testing.assert_array_equal(found[:, lane], alone[0])


def test_a_lane_that_is_done_keeps_its_bits_and_its_count(system):
    _, kernel = system
    shift, b = members()
    _, _, taken = iterated(kernel, shift, b)
    assert taken[0] > taken[-1] + 5.0
    for lane in range(WIDTH):
        assert iterated(kernel, shift[:, lane].copy(), b[:, lane].copy())[2] == taken[lane]


@pytest.mark.parametrize("solver", [factored, iterated])
@pytest.mark.parametrize("bad", [-1e4, np.nan])
def test_a_lane_without_a_solution_says_so_and_leaves_its_neighbors_alone(system, solver, bad):
    _, kernel = system
    shift, b = members()
    good = solver(kernel, shift, b)[0]
    shift[7, 3] = bad
    with np.errstate(all="ignore"):
        found, ok = solver(kernel, shift, b)[:2]
    assert ok[3] == 0.0 and (np.delete(ok, 3) == 1.0).all()
    np.testing.assert_array_equal(np.delete(found, 3, axis=1), np.delete(good, 3, axis=1))


def test_a_looser_goal_takes_fewer_iterations_but_never_none(system):
    _, kernel = system
    shift, b = members()
    taken = [iterated(kernel, shift, b, relative)[2][0] for relative in (1e-10, 1e-4, 0.5)]
    assert taken[0] > taken[1] > taken[2] > 0.0
    _, ok, floored = iterated(kernel, shift, b, 1e-10, np.inf)
    assert (ok == 1.0).all() and floored[0] == taken[2], "a floor is reached at a tenth of the right-hand side"
    x, ok, none = iterated(kernel, shift, np.zeros_like(b))
    assert (ok == 1.0).all() and not x.any() and not none.any()
