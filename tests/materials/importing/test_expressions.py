"""Expressions of parameter files are computed as Python would compute them, without Python running them."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.materials.importing.expression import LONGEST, Expression

X = np.array([0.0, 0.3, 0.7, 1.0])
# With a point: Python's whole numbers would grow without end in 9**9**9.
NUMBERS = st.floats(0.01, 9.0).map(lambda value: f"{value:.3f}") | st.sampled_from(["2.", "3.", ".5", "1e-3", "2.5E+1"])


def compound(inner):
    pairs = st.tuples(inner, st.sampled_from([" + ", "-", "*", " / ", "**"]), inner)
    return (
        pairs.map("".join)
        | inner.map(lambda text: f"({text})")
        | inner.map(lambda text: f"-{text}")
        | st.tuples(st.sampled_from(["exp", "tanh", "cosh"]), inner).map(lambda pair: f"{pair[0]}({pair[1]})")
    )


TEXTS = st.recursive(NUMBERS | st.just("x"), compound, max_leaves=12)


def python(text: str, x: float) -> float:
    """What Python makes of a text that this test itself wrote."""
    names = {"x": x, "exp": math.exp, "tanh": math.tanh, "cosh": math.cosh, "__builtins__": {}}
    return float(eval(compile(text, "own", "eval"), names))


@settings(deadline=None)
@given(TEXTS)
def test_it_is_what_python_computes(text: str) -> None:
    found = Expression(text)(X)
    for x, value in zip(X, found, strict=True):
        try:
            expected = python(text, float(x))
        except (OverflowError, ZeroDivisionError, TypeError):  # TypeError: a complex number
            assert not np.isfinite(value) or value == 0.0 or abs(value) > 1e100
            continue
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-x**2", -0.09),
        ("2**3**2", 512.0),
        ("x**-2", 1.0 / 0.09),
        ("8 - 3 - 2", 3.0),
        ("1 / 2 / 4", 0.125),
        ("3.3 * x", 0.99),
        ("1e-14*(1 - x)", 0.7e-14),
    ],
)
def test_operators_group_as_in_python(text: str, value: float) -> None:
    assert Expression(text)(0.3) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("text", ["(x / x)**x", "(x / x)**0", "1**(x / x)", "-(x / x)**x"])
def test_what_is_not_a_number_stays_none_as_a_power(text: str) -> None:
    assert np.isnan(Expression(text)(np.array([0.0])))
    assert np.isfinite(Expression(text)(np.array([0.3])))


def test_a_constant_has_the_shape_of_x() -> None:
    assert Expression("2").constant
    assert not Expression("x").constant
    np.testing.assert_array_equal(Expression("2")(X), np.full(4, 2.0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not complete"),
        ("x +", "not complete"),
        ("(x", "not complete"),
        ("x)", "not expected"),
        ("2 x", "not expected"),
        ("2x", "not expected"),
        ("x^2", "write powers as"),
        ("1_000", "not expected"),
        ("1j", "not expected"),
        ("x, x", "not expected"),
        ("exp", "exp\\(\\.\\.\\.\\)"),
        ("exp()", "not expected"),
        ("sin(x)", "'sin' is no function"),
        ("tan(x)", "did you mean: tanh"),
        ("y", "'y' is no variable"),
        ("x.real", "not expected"),
        ("x.__class__", "not expected"),
        ("__import__('os').system('true')", "'__import__' is no function"),
        ("lambda: x", "'lambda' is no variable"),
        ("[x for x in x]", "not expected"),
        ("x if x else 1", "not expected"),
        ("open('/etc/passwd')", "'open' is no function"),
        ("x\u00b2", "is no variable"),
        ("x\x00", "not expected"),
        ("(" * 51 + "x" + ")" * 51, "nested too deeply"),
        ("x+" * LONGEST + "x", "too long"),
    ],
)
def test_anything_else_is_one_error(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Expression(text, "cell.json: OCP [V]")


@pytest.mark.parametrize(
    "text",
    [
        "10**10**10",
        "9**" * (LONGEST // 3 - 1) + "9",
        "-" * (LONGEST - 1) + "x",
        "x*" * (LONGEST // 2 - 1) + "x",
        "exp(" * 50 + "x" + ")" * 50,
        "9" * LONGEST,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    Expression(text)(np.linspace(0.0, 1.0, 1001))
    assert time.process_time() - began < 2.0
