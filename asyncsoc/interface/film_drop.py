"""The overpotential that a film leaves to a rate law."""

from __future__ import annotations

import math
from typing import Any

from asyncsoc.base.compiling import kernel

_ITERATIONS = 200
_TOLERANCE = 4e-15


def bracketed(rate: Any) -> Any:
    """Return the kernel that solves eta + R i0 S(eta) = total for a law whose S rises with eta and is 0 at 0.

    Newton's method from the small-signal solution, kept in a bracket that bisection halves where Newton leaves it or
    does not halve its own steps. It needs no bound of the law, and comes to its end on a plateau of S as well.

    Parameters
    ----------
    rate
        Kernel `rate(eta, particle)` that returns S and dS/deta [1/V].
    """

    @kernel
    def behind_film(total: float, film_i0: float, particle: Any) -> float:
        low, high = min(total, 0.0), max(total, 0.0)
        eta, before, residual = total / (1.0 + film_i0 * particle.f), high - low, 0.0
        for _ in range(_ITERATIONS):
            value, slope = rate(eta, particle)
            residual = eta + film_i0 * value - total
            if residual > 0.0:
                high = eta
            else:
                low = eta
            change = residual / (1.0 + film_i0 * slope)
            moved = eta - change
            if not (low <= moved <= high and 2.0 * abs(change) <= before):
                moved = 0.5 * (low + high)
                change = eta - moved
            before, eta = abs(change), moved
            if not abs(change) > _TOLERANCE * (1.0 / particle.f + abs(eta)):
                break
        return eta if residual == residual else math.nan

    return behind_film
