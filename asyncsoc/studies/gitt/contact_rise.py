"""What pulses of uniform flux do to the mean of a contact, in closed form and quickly.

A pulse of duration tau (units of R^2 / D) raises the mean of a sphere by 3 tau and that of its contact by
h = 3 tau + A(tau) (units of J R / D), where A is the excess of the contact mean (`studies.verification.closed_forms`).
Equal pulses and rests in a row add up, since constant diffusivity makes the problem linear.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline

from asyncsoc.base.errors import InputError
from asyncsoc.contact.directions import spread_directions
from asyncsoc.studies.verification.closed_forms import cap_contact_mean, patches_contact_mean
from asyncsoc.studies.verification.legendre import Array, check_coverage
from asyncsoc.studies.verification.modes import SHORTEST_TIME

MOST_SPREAD = 100
MOST_BEFORE = 200
_LAST = 4.0
"""D t / R^2 from which on the excess is the pseudo-steady one to 1e-7."""
_SUPPORTS = 49


@dataclass(frozen=True)
class RoundPatches:
    """A contact on a sphere: `patches` equal round caps, spread evenly, of area fraction `coverage` together.

    Raises
    ------
    InputError
        A coverage outside (0, 1], or a number of patches outside 1 to 100.
    """

    coverage: float
    patches: int = 1

    def __post_init__(self) -> None:
        check_coverage(self.coverage)
        if isinstance(self.patches, bool) or not 1 <= self.patches <= MOST_SPREAD:
            raise InputError(
                "the number of patches is out of range",
                where="patches",
                value=self.patches,
                allowed=f"1 to {MOST_SPREAD}",
            )

    @property
    def apart(self) -> bool:
        """Whether the patches do not overlap."""
        if self.patches == 1:
            return True
        centers = _centers(self.patches)
        nearest = float((centers @ centers.T)[~np.eye(self.patches, dtype=bool)].max())
        half = math.acos(1.0 - 2.0 * self.coverage / self.patches)
        return 2.0 * half <= math.acos(min(1.0, nearest))


def excess_at(tau: float, contact: RoundPatches) -> float:
    """Return A(tau), the excess of the contact mean over the volume mean, from the closed forms [J R / D].

    Parameters
    ----------
    tau
        D t / R^2, at least 1e-3; infinite in the pseudo-steady state.
    contact
        The contact.

    Raises
    ------
    InputError
        A shorter time.
    """
    if contact.coverage == 1.0 or contact.patches == 1:
        return cap_contact_mean(tau, contact.coverage)
    return patches_contact_mean(_centers(contact.patches), tau, contact.coverage)


def contact_excess(tau: ArrayLike, contact: RoundPatches) -> Array:
    """Return A(tau) at any times, 0 at 0: the closed forms, interpolated to 1e-4 of the value [J R / D].

    Before tau = 1e-3 it is the expansion of a patch of perimeter P and area S,

        h = (2 sqrt(tau/pi) + (1 - P R/(pi S)) tau + c tau^(3/2)) / f

    (half-space, curvature of the sphere, flux lost over the edge), with c such that it meets the closed form.

    Parameters
    ----------
    tau : any shape
        D t / R^2.
    contact
        The contact.
    """
    time = np.asarray(tau, dtype=np.float64)
    spline, steady, linear, third = _curve(contact)
    safe = np.clip(time, SHORTEST_TIME, _LAST)
    late = np.exp(spline(np.log(safe)))
    root = np.sqrt(np.clip(time, 0.0, SHORTEST_TIME))
    early = (2.0 / math.sqrt(math.pi) * root + linear * root**2 + third * root**3) / contact.coverage - 3.0 * root**2
    return np.asarray(np.where(time < SHORTEST_TIME, early, np.where(time > _LAST, steady, late)))


@lru_cache(maxsize=512)
def _curve(contact: RoundPatches) -> tuple[CubicSpline, float, float, float]:
    """Return log A over log tau, the steady value, and two coefficients of the expansion for short times."""
    taus = np.geomspace(SHORTEST_TIME, _LAST, _SUPPORTS)
    values = np.array([excess_at(float(tau), contact) for tau in taus])
    each = contact.coverage / contact.patches
    edge = math.sqrt((1.0 - each) / each) if contact.coverage < 1.0 else 0.0
    linear = 1.0 - edge / math.pi
    rise = contact.coverage * (values[0] + 3.0 * SHORTEST_TIME)
    third = (rise - 2.0 * math.sqrt(SHORTEST_TIME / math.pi) - linear * SHORTEST_TIME) / SHORTEST_TIME**1.5
    return CubicSpline(np.log(taus), np.log(values)), excess_at(math.inf, contact), linear, third


@lru_cache(maxsize=8)
def _centers(patches: int) -> Array:
    return spread_directions(patches, np.array([0.0, 0.0, 1.0]))


def change_ratio(
    tau: ArrayLike,
    contact: RoundPatches,
    *,
    rest: float = math.inf,
    before: int = 0,
    spreading: float = 1.0,
) -> Array:
    """Return dEs / dEtau of a pulse, with a potential that is linear over it and jumps removed.

    With a complete rest 3 tau / h. After n equal pulses and rests of period P (all in units of R^2 / D)

        dEs = 3 tau + A(n P + P) - A(n P + rest),
        dEtau = 3 tau + A(tau) + sum over k = 1..n of A(k P + tau) - 2 A(k P) + A(k P - tau).

    Parameters
    ----------
    tau : any shape
        D t / R^2 of the pulse.
    contact
        The contact.
    rest
        Duration of a rest over that of a pulse; infinite: complete.
    before
        Pulses that preceded this one since the particle was uniform; the last 200 are counted.
    spreading
        Multiplies A: 1 under uniform flux.
    """
    time = np.asarray(tau, dtype=np.float64)
    steady, transient = 3.0 * time, 3.0 * time + spreading * contact_excess(time, contact)
    if math.isfinite(rest):
        period = time * (1.0 + rest)
        count = min(before, MOST_BEFORE)
        steady = steady + spreading * (
            contact_excess(count * period + period, contact) - contact_excess(count * period + rest * time, contact)
        )
        for k in range(1, count + 1):
            middle, after = contact_excess(k * period, contact), contact_excess(k * period + time, contact)
            transient = transient + spreading * (after - 2.0 * middle + contact_excess(k * period - time, contact))
    return np.asarray(steady / transient)
