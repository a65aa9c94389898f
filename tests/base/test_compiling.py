"""Kernels as `base.compiling` has them compiled do what numba's own compilation does, with the same bits."""

from __future__ import annotations

import ast
import math
import sys
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

import asyncsoc
from asyncsoc.base.compiling import kernel


class Pair(NamedTuple):
    left: NDArray[np.float64]
    right: NDArray[np.float64]


def _halves(values):
    middle = values.size // 2
    return Pair(values[:middle], values[middle:])


def _logistic(value):
    return 1.0 / (1.0 + math.exp(-3.0 * value))


def _iterate(value, count):
    for _ in range(count):
        value = value - 0.1 * (_logistic(value) - 0.3) * value
    return value


def _reduce(values, count, out):
    pair, total = _halves(values), 0.0
    for k in range(pair.left.size):
        out[k] = _iterate(pair.left[k] * pair.right[k], count)
        total += out[k] / (1.0 + k)
    return total


def compiled(decorate):
    """Return `_reduce` with everything it calls compiled by `decorate`."""
    scope = {"__name__": __name__, "math": math, "Pair": Pair}
    parts = {}
    for function in (_halves, _logistic, _iterate, _reduce):
        inner = type(function)(function.__code__, scope, function.__name__)
        parts[function.__name__] = scope[function.__name__] = decorate(inner)
    return parts["_reduce"]


def test_the_same_bits_as_numba_with_a_library_and_machine_code_for_each_function() -> None:
    ours, theirs = compiled(kernel), compiled(numba.njit(error_model="numpy"))
    rng = np.random.default_rng(3)
    for size in (2, 10, 64):
        values = rng.normal(size=size)
        out, reference = np.empty(size // 2), np.empty(size // 2)
        assert ours(values, 7, out).hex() == theirs(values, 7, reference).hex()
        assert out.tobytes() == reference.tobytes()
        np.testing.assert_allclose(out, [_iterate(a, 7) for a in _halves(values).left * _halves(values).right], 1e-13)


def test_views_of_what_a_kernel_is_given_leave_no_reference_behind() -> None:
    ours, values, out = compiled(kernel), np.linspace(0.1, 1.0, 8), np.empty(4)
    ours(values, 1, out)
    before = sys.getrefcount(values), sys.getrefcount(out)
    for _ in range(100):
        ours(values, 1, out)
    assert (sys.getrefcount(values), sys.getrefcount(out)) == before


ALLOCATORS = {"empty", "zeros", "ones", "full", "arange", "linspace", "array", "copy", "empty_like", "zeros_like"}


def kernels_that_allocate(source: str) -> list[str]:
    """Return the names of kernels in `source` that make arrays and do not say so."""
    found = []
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        shown = [ast.unparse(one) for one in function.decorator_list]
        if any(one.partition("(")[0] == "kernel" and "allocates=True" not in one for one in shown):
            calls = (one.func for one in ast.walk(function) if isinstance(one, ast.Call))
            if any(isinstance(one, ast.Attribute) and one.attr in ALLOCATORS for one in calls):
                found.append(function.name)
    return found


def test_every_kernel_that_allocates_says_so() -> None:
    """Without reference counts nobody would free what it allocates."""
    package = Path(asyncsoc.__file__).parent
    found = {str(file): kernels_that_allocate(file.read_text()) for file in package.rglob("*.py")}
    assert {file: names for file, names in found.items() if names} == {}
    assert kernels_that_allocate("@kernel(nogil=True)\ndef f(n):\n    return np.zeros(n)") == ["f"]


def test_a_kernel_that_allocates_takes_in_one_that_does_not() -> None:
    @kernel
    def square(value):
        return value * value

    @kernel(allocates=True)
    def squares(count):
        out = np.zeros(count)
        for k in range(count):
            out[k] = square(1.0 * k)
        return out

    np.testing.assert_array_equal(squares(4), [0.0, 1.0, 4.0, 9.0])


class Scaled(NamedTuple):
    pair: Pair
    factor: float
    weights: NDArray[np.float64] | None


@kernel
def _weighted(weights, values):
    """Sum with weights: to subscript None would be an error, so that this compiles only where that is left out."""
    if weights is None:
        return values.sum()
    total = 0.0
    for k in range(values.size):
        total += weights[k] * values[k]
    return total


@kernel
def _scaled_sum(scaled, out):
    out[0] = scaled.factor * _weighted(scaled.weights, scaled.pair.left)
    return out[0] - scaled.pair.right[0]


@pytest.mark.parametrize("weights", [None, np.array([2.0, 1.0, 0.5])])
def test_kernels_read_a_tuple_by_its_address_and_leave_out_what_it_does_not_have(weights) -> None:
    out, left, right = np.zeros(1), np.array([1.0, 2.0, 4.0]), np.array([7.0])
    given = Scaled(Pair(left, right), 3.0, weights)
    expected = 3.0 * float(left.sum() if weights is None else weights @ left)
    assert _scaled_sum(given, out) == expected - 7.0 == _scaled_sum.py_func(given, np.zeros(1))
    assert out[0] == expected


def test_a_prepared_kernel_is_that_of_the_types_it_was_prepared_for() -> None:
    out, left, right = np.zeros(1), np.array([1.0, 2.0, 4.0]), np.array([7.0])
    weighted = Scaled(Pair(left, right), 3.0, np.array([2.0, 1.0, 0.5]))
    bare = Scaled(Pair(left, right), 3.0, None)
    prepared = {one: _scaled_sum.prepared(given, out) for one, given in (("weighted", weighted), ("bare", bare))}
    assert prepared["weighted"] is _scaled_sum.prepared(Scaled(Pair(right, left), 5.0, left.copy()), out)
    assert prepared["weighted"] is not prepared["bare"]
    for given, one in ((weighted, "weighted"), (bare, "bare")):
        found = prepared[one](given, out), float(out[0])
        assert found == (_scaled_sum(given, out), float(out[0]))
    strided = np.zeros(6)[::2]
    other = _scaled_sum.prepared(Scaled(Pair(strided, right), 3.0, None), out)
    assert other is not prepared["bare"], "arrays that are not contiguous are another type"
    assert other(Scaled(Pair(strided, right), 3.0, None), out) == -7.0


def test_a_prepared_kernel_refuses_other_numbers_of_arguments() -> None:
    out = np.zeros(1)
    prepared = _scaled_sum.prepared(Scaled(Pair(np.ones(3), out), 3.0, None), out)
    with pytest.raises(TypeError, match="2"):
        prepared(out)
