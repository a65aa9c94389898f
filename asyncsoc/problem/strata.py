"""Parts of equal mass of the laws of coverage and radius, each with the value that keeps the law's mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, ndtr, ndtri

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

_PAIRINGS = 100
"""Pairings of which the one with the least correlation is taken."""


def beta_strata(alpha: float, beta: float, n: int) -> Array:
    """Return the mean of a beta law over each of `n` parts of equal probability: (n,), rising; their mean is the law's.

    Over a part from a to b the mean is n mean [I_b(alpha + 1, beta) - I_a(alpha + 1, beta)]. Beyond one half the same
    is computed of 1 - f, whose small values floating point resolves.

    Parameters
    ----------
    alpha, beta
        Parameters of the law on [0, 1].
    n
        Number of parts.
    """
    probability = np.arange(n + 1) / n
    low = betaincinv(alpha, beta, probability)
    high = betaincinv(beta, alpha, probability[::-1])
    mean = alpha / (alpha + beta)
    below = mean * betainc(alpha + 1.0, beta, low)
    above = (1.0 - probability) - (1.0 - mean) * betainc(beta + 1.0, alpha, high)
    partial = np.where(low < 0.5, below, mean - above)
    partial[0], partial[-1] = 0.0, mean
    return np.asarray(np.clip(n * np.diff(partial), low[:-1], np.maximum(low, 1.0 - high)[1:]))


def lognormal_strata(median: float, log_sigma: float, n: int) -> Array:
    """Return the harmonic mean of a lognormal law over each of `n` parts of equal probability: (n,), rising.

    The mean of their reciprocals is that of the law: for radii weighted by volume, the surface over the volume.
    Over a part from a to b of z = ln(R/median)/s it is n exp(s²/2)/median [Phi(b + s) - Phi(a + s)].

    Parameters
    ----------
    median, log_sigma
        Of the law; log_sigma is the standard deviation s of the logarithm.
    n
        Number of parts.
    """
    if log_sigma == 0.0:
        return np.full(n, median)
    edge = ndtri(np.arange(n + 1) / n) + log_sigma
    # The smaller of the two tails is the accurate one.
    inside = np.where(edge[:-1] > 0.0, ndtr(-edge[:-1]) - ndtr(-edge[1:]), ndtr(edge[1:]) - ndtr(edge[:-1]))
    return np.asarray(median * np.exp(-0.5 * log_sigma**2) / (n * inside))


def class_sizes(share: float, n: int) -> tuple[int, int]:
    """Return how many of `n` particles stand for a class with this share and for the other one; at least one each."""
    first = min(max(round(share * n), 1), n - 1)
    return first, n - first


def representatives(coverage: Array, radius: Array, mass: Array, n: int) -> tuple[Indices, Indices, Array]:
    """Return `n` of the listed particles that stand for all: their rows, their strata and the mass they stand for.

    Sorted by coverage, then radius, the rows are divided into `n` groups of equally many. Of each group the particle
    is taken that is closest to the group's means of coverage and of 1/R, weighted by mass and measured in the standard
    deviations of the whole list. What one group misses of them, the next one makes up for.

    Parameters
    ----------
    coverage, radius, mass : (rows,)
        Of the particles listed; the mass per area of the electrode is that of all particles like them.
    n
        Number of particles to take, at most as many as there are.
    """
    quantities = np.stack([coverage, 1.0 / radius])
    spread = quantities.std(axis=1, keepdims=True)
    scaled = quantities / np.where(spread > 0.0, spread, 1.0)
    groups = np.array_split(np.lexsort((radius, coverage)), n)
    found = np.empty(n, np.int64)
    share, missed = np.array([mass[group].sum() for group in groups]), np.zeros(2)
    for number, group in enumerate(groups):
        wanted = scaled[:, group] @ mass[group] + missed
        distance = np.sum((scaled[:, group] - wanted[:, None] / share[number]) ** 2, axis=0)
        found[number] = group[np.argmin(distance)]
        missed = wanted - share[number] * scaled[:, found[number]]
    return found, np.arange(n), share


def uniform(seed: int, stream: int, n: int) -> Array:
    """Return `n` independent numbers in (0, 1), from raw bits of PCG64: they stay what they are with every numpy."""
    bits = np.random.PCG64([seed, stream]).random_raw(n)
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def paired(seed: int, first: Array, second: Array) -> Indices:
    """Return an order of `second` beside `first` (a Latin hypercube): of many random ones the least correlated.

    Parameters
    ----------
    seed
        Of the random orders.
    first, second : (n,)
        Values of the two quantities, one for each of n parts.
    """
    n = len(first)
    deviation, values = first - first.mean(), second - second.mean()
    orders = [np.argsort(uniform(seed, stream, n), kind="stable") for stream in range(_PAIRINGS)]
    return orders[int(np.argmin([abs(float(deviation @ values[order])) for order in orders]))]
