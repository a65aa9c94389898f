"""Bias of the apparent diffusivity: what the formula of a titration gives over the true value, in closed form.

With h the rise of the contact mean (`contact_rise`), a potential that is linear over the pulse, jumps removed and
complete rests, and tau = D t / R^2

    dEs / dEtau = 3 tau / h,   apparent / true = 4 / (9 pi tau) (3 tau / h)^2.

At full contact this is (1 + sqrt(pi tau) / 2)^-2 for small tau; under a contact of coverage f it begins at f^2. The
apparent diffusivity itself rises with the true one to 4 R^2 / (9 pi t) and no further: a larger D cannot be told.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from asyncsoc.studies.gitt.contact_rise import RoundPatches, change_ratio

COVERAGES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.95, 1.0)
PATCHES = (1, 6, 12)
TAUS = tuple(float(tau) for tau in np.logspace(-4.0, 1.0, 41))
SATURATION = 4.0 / (9.0 * math.pi)
"""Apparent D t / R^2 that no true diffusivity exceeds."""


def apparent_over_true(tau: float, contact: RoundPatches, *, rest: float = math.inf, before: int = 0) -> float:
    """Return the apparent over the true diffusivity of a pulse.

    Parameters
    ----------
    tau
        D t / R^2.
    contact, rest, before
        As of `contact_rise.change_ratio`.
    """
    return SATURATION / tau * float(change_ratio(tau, contact, rest=rest, before=before)) ** 2


def small_pulse_law(tau: float) -> float:
    """Return (1 + sqrt(pi tau)/2)^-2, the bias at full contact for small tau."""
    return float((1.0 + 0.5 * math.sqrt(math.pi * tau)) ** -2)


@dataclass(frozen=True)
class BiasRow:
    """One number of the bias chart."""

    coverage: float
    patches: int
    tau: float
    apparent_over_true: float


def bias_table(
    coverages: tuple[float, ...] = COVERAGES,
    patches: tuple[int, ...] = PATCHES,
    taus: tuple[float, ...] = TAUS,
    *,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[BiasRow, ...]:
    """Return the bias chart: apparent over true against D t / R^2, for caps and patches at every coverage.

    Full coverage is listed once, and patches only where they do not overlap.

    Parameters
    ----------
    coverages, patches, taus
        Area fractions, numbers of round patches, and D t / R^2.
    progress
        Called as progress(contacts done, contacts in all, what is next).

    Raises
    ------
    InputError
        A coverage, number of patches or time out of range.
    """
    contacts = [
        contact
        for count in patches
        for contact in (RoundPatches(coverage, count) for coverage in coverages)
        if (contact.coverage < 1.0 or count == 1) and contact.apart
    ]
    rows = []
    for done, contact in enumerate(contacts):
        if progress is not None:
            progress(done, len(contacts), f"f = {contact.coverage:g}, {contact.patches} patches")
        rows += [BiasRow(contact.coverage, contact.patches, tau, apparent_over_true(tau, contact)) for tau in taus]
    return tuple(rows)
