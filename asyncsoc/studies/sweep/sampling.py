"""Ranges sampled together: Latin hypercube, Sobol and Halton points (scipy.stats.qmc)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.studies.sweep.axes import Range
from asyncsoc.studies.sweep.keys import Value

Scheme = Literal["lhs", "sobol", "halton"]
SCHEMES: tuple[Scheme, ...] = ("lhs", "sobol", "halton")
LARGEST_SAMPLE = 1_000_000
UNBALANCED = "Sobol points are balanced only in powers of two"


def parse_sample(text: str) -> tuple[Scheme, int]:
    """Return scheme and number of points of 'lhs:200' or 'sobol:256'.

    Raises
    ------
    InputError
        An unknown scheme, or a number that is none; Sobol points come in powers of two.
    """
    name, _, number = text.partition(":")
    scheme = next((known for known in SCHEMES if known == name.strip().lower()), None)
    if scheme is None:
        raise InputError("unknown sampling scheme", where="--sample", value=text, allowed="lhs:N, sobol:N, halton:N")
    if not number.strip().isdigit() or not 1 <= int(number) <= LARGEST_SAMPLE:
        raise InputError("a sample needs its number of points", where="--sample", value=text, allowed="lhs:200")
    count = int(number)
    if scheme == "sobol" and count & (count - 1):
        near = nearest_powers(count)
        raise InputError(
            UNBALANCED,
            where="--sample",
            value=text,
            allowed="sobol:64, sobol:128, ...",
            nearest=f"sobol:{near[0]} or sobol:{near[1]}",
        )
    return scheme, count


def nearest_powers(count: int) -> tuple[int, int]:
    """Return the powers of two below and above a number that is none."""
    below = 1 << (count.bit_length() - 1)
    return below, 2 * below


def sample(ranges: Sequence[Range], scheme: Scheme, count: int, seed: int) -> tuple[tuple[Value, ...], ...]:
    """Return `count` points, one value per range each; the same for the same seed."""
    from scipy.stats import qmc

    generator = np.random.default_rng(seed)
    if scheme == "lhs":
        points = qmc.LatinHypercube(len(ranges), rng=generator).random(count)
    elif scheme == "halton":
        points = qmc.Halton(len(ranges), scramble=True, rng=generator).random(count)
    else:
        points = qmc.Sobol(len(ranges), scramble=True, rng=generator).random(count)
    return placed(ranges, points)


def placed(ranges: Sequence[Range], points: NDArray[np.float64]) -> tuple[tuple[Value, ...], ...]:
    """Return points of the unit cube (k, d) as values of the ranges."""
    return tuple(
        tuple(item.at(float(fraction)) for item, fraction in zip(ranges, point, strict=True)) for point in points
    )
