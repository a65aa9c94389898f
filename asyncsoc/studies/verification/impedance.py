"""Closed forms of the small-signal diffusion impedance of a sphere with constant diffusivity (numpy only).

A flux J exp(i w t), averaged over the whole surface, answers with a concentration H(s) J R / D on the contact, where
s = i w R^2 / D. H contains the volume mean's 3 / s; without it H tends to the pseudo-steady contact mean at
small s.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.units import FARADAY
from asyncsoc.studies.verification.legendre import check_coverage
from asyncsoc.studies.verification.steady import cap_series

ComplexArray = NDArray[np.complex128]


def full_transfer(s: ArrayLike) -> ComplexArray:
    """Return H(s) = tanh(z) / (z - tanh(z)), z = sqrt(s), of the fully covered sphere.

    Parameters
    ----------
    s : any shape, complex
        i w R^2 / D, not zero.
    """
    z = np.sqrt(np.asarray(s, dtype=np.complex128))
    small = np.abs(z) < 1e-2
    safe = np.where(small, 1.0, z)
    slope = np.tanh(safe)
    return np.asarray(np.where(small, 3.0 / (z * z) + 0.2 - z * z / 175.0, slope / (safe - slope)))


def cap_transfer(s: ArrayLike, coverage: float) -> ComplexArray:
    """Return H(s) averaged over a cap of uniform flux.

    H = sum over l of (A_l / f)^2 / ((2 l + 1) (l + z h_l)), where h_l = i_{l+1}(z) / i_l(z) is the ratio of modified
    spherical Bessel functions, from the continued fraction 1 / h_l = h_{l+1} + (2 l + 3) / z.

    Parameters
    ----------
    s : any shape, complex
        i w R^2 / D, not zero.
    coverage
        Area fraction of the cap.

    Raises
    ------
    InputError
        The coverage is not in (0, 1].
    """
    f = check_coverage(coverage)
    z = np.sqrt(np.asarray(s, dtype=np.complex128))
    if f == 1.0:
        return full_transfer(s)
    ratios = (cap_series(f) / f) ** 2
    last = len(ratios) - 1
    tail = 2.0 * math.sqrt(f * (1.0 - f)) / (4.0 * math.pi * (f * (last + 0.5)) ** 2)
    total = np.full(z.shape, tail, dtype=np.complex128)
    product = np.zeros_like(z)  # z h_l
    for degree in range(last + 20 + math.ceil(3.0 * float(np.abs(z).max())), 0, -1):
        product = z * z / (2 * degree + 3 + product)
        if degree <= last:
            total += ratios[degree] / ((2 * degree + 1) * (degree + product))
    return np.asarray(total + full_transfer(s))


def radial_diffusion_impedance(
    angular_frequency: ArrayLike, radius: float, diffusivity: float, maximum_concentration: float, slope: float
) -> ComplexArray:
    """Return the diffusion impedance per surface area of a fully covered sphere [Ohm m2].

    Z = -(dU/dx) / (F c_max) R / D H(i w R^2 / D).

    Parameters
    ----------
    angular_frequency
        w in rad/s, any shape.
    radius, diffusivity, maximum_concentration
        m, m2/s and mol/m3.
    slope
        dU/dx at the stoichiometry of the measurement [V].
    """
    s = 1j * np.asarray(angular_frequency, dtype=np.float64) * radius**2 / diffusivity
    return np.asarray(-slope / (FARADAY * maximum_concentration) * radius / diffusivity * full_transfer(s))
