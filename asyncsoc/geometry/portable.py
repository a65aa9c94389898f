"""Arithmetic that gives the same bits on every IEEE 754 machine: only +, -, *, / in a fixed order.

The library functions sin, cos and pow differ by one unit in the last place between processors, and one unit is enough
to change the SHA-256 of a mesh. The shipped meshes can therefore be made again bit for bit from these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError

HALF_PI = 1.5707963267948966
_TERMS = 12


def _taylor(first: float, square: float, lowest: int) -> float:
    """Return first (1 - s/(l (l+1)) (1 - s/((l+2)(l+3)) (...))) by Horner's rule, s the square of the angle."""
    value = 1.0
    for k in range(_TERMS, 0, -1):
        a = lowest + 2 * (k - 1)
        value = 1.0 - square / (a * (a + 1)) * value
    return first * value


def sine(angle: float) -> float:
    """Return sin(angle) for an angle in [0, pi/2] to about one unit in the last place."""
    return _taylor(angle, angle * angle, 2)


def quarter_circle(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sin and cos of i pi / (2 n), i = 0..n, exact at both ends and mirror symmetric about pi / 4.

    Parameters
    ----------
    n
        Number of equal angles in the quarter circle.

    Returns
    -------
    sin, cos : (n + 1,) float64
    """
    sine, cosine = [0.0] * (n + 1), [1.0] * (n + 1)
    for i in range(n // 2 + 1):
        angle = HALF_PI * i / n
        square = angle * angle
        sine[i], cosine[i] = _taylor(angle, square, 2), _taylor(1.0, square, 1)
    for i in range(n // 2 + 1, n + 1):
        sine[i], cosine[i] = cosine[n - i], sine[n - i]
    return np.array(sine), np.array(cosine)


def cube_root(value: float) -> float:
    """Return the cube root of a positive `value` by Newton's iteration with a fixed number of steps."""
    root = 1.0
    while root * root * root < value:
        root *= 2.0
    for _ in range(80):
        root = (2.0 * root + value / (root * root)) / 3.0
    return root


def exact_sum(values: Iterable[float]) -> float:
    """Return the correctly rounded sum, whatever the order of the summands."""
    return math.fsum(values)


def bisect(function: Callable[[float], float], low: float, high: float) -> float:
    """Return the lower end of the last bracket of a sign change of `function` in [low, high].

    Raises
    ------
    InputError
        `function` has the same sign at both ends.
    """
    rising = function(high) > 0.0
    if rising == (function(low) > 0.0):
        raise InputError("no solution in the bracket", value=(low, high), next_step="choose other mesh parameters")
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if (function(middle) > 0.0) == rising:
            high = middle
        else:
            low = middle
    return low
