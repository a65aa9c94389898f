"""The Rosenbrock coefficients meet the conditions that make the methods what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.kernels.tableaux import RODAS4P2, RODAS5P, Tableau

METHODS = pytest.mark.parametrize("tableau", [RODAS4P2, RODAS5P], ids=["rodas4p2", "rodas5p"])


def classical(tableau: Tableau) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return alpha, beta = alpha + gamma and b of the untransformed method (Hairer and Wanner II, IV.7)."""
    s = len(tableau.a)
    inverse = np.eye(s) / tableau.gamma - tableau.c
    gamma = np.linalg.inv(inverse)
    alpha = tableau.a @ gamma
    weights = np.append(tableau.a[-1, :-1], 1.0)
    return alpha, alpha + gamma, weights @ gamma


@METHODS
def test_order_conditions(tableau: Tableau) -> None:
    alpha, beta, b = classical(tableau)
    one = np.ones(len(b))
    c, full = alpha @ one, beta @ one
    conditions = [
        (b @ one, 1.0),
        (b @ full, 1 / 2),
        (b @ c**2, 1 / 3),
        (b @ beta @ full, 1 / 6),
        (b @ c**3, 1 / 4),
        (b @ (c * (alpha @ full)), 1 / 8),
        (b @ beta @ c**2, 1 / 12),
        (b @ beta @ beta @ full, 1 / 24),
    ]
    if tableau.order == 5:
        conditions += [(b @ c**4, 1 / 5), (b @ beta @ beta @ beta @ full, 1 / 120), (b @ beta @ c**3, 1 / 20)]
    for value, expected in conditions:
        assert value == pytest.approx(expected, abs=2e-12)


@METHODS
def test_stability_function_vanishes_at_infinity(tableau: Tableau) -> None:
    _, beta, b = classical(tableau)
    one = np.ones(len(b))
    for z in (-1e4, -1e7):
        value = 1.0 + z * b @ np.linalg.solve(np.eye(len(b)) - z * beta, one)
        assert abs(value) < 20.0 / abs(z)


@METHODS
def test_a_stable_on_the_imaginary_axis(tableau: Tableau) -> None:
    _, beta, b = classical(tableau)
    one = np.ones(len(b))
    for y in np.geomspace(1e-3, 1e5, 400):
        value = 1.0 + 1j * y * (b @ np.linalg.solve(np.eye(len(b)) - 1j * y * beta, one))
        assert abs(value) <= 1.0 + 1e-9


@METHODS
def test_continuous_solution_reproduces_straight_lines(tableau: Tableau) -> None:
    _, _, b = classical(tableau)
    s = len(b)
    inverse = np.eye(s) / tableau.gamma - tableau.c
    k = np.linalg.solve(inverse, np.ones(s))  # stages of y' = 1, h = 1
    step = np.append(tableau.a[-1, :-1], 1.0) @ k
    assert step == pytest.approx(1.0, abs=1e-12)
    d = tableau.dense @ k
    for theta in (0.1, 0.5, 0.9):
        value = theta * (step + (1 - theta) * (d[0] + theta * (d[1] + theta * d[2])))
        assert value == pytest.approx(theta, abs=1e-11)
