"""Instant estimate of the asynchrony from pseudo-steady closed forms, before anything is solved."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from asyncsoc.base.display import Rows, Shown
from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY
from asyncsoc.studies.verification.steady import (
    FULL_STEADY,
    belt_contact_mean_steady,
    belt_equator_steady,
    belt_pole_steady,
    cap_antipole_steady,
    cap_contact_mean_steady,
    cap_pole_steady,
)

SLOWEST_ROOT = 2.081575977818101
"""First root of j_1'(a) = 0: the slowest mode of a partly covered sphere relaxes in R^2 / (a^2 D) = R^2 / (4.333 D)."""


@dataclass(frozen=True)
class ContactShape:
    """Pseudo-steady excess over the mean in J R / D: on the contact's mean, at its center and at the farthest point."""

    contact_mean: float
    center: float
    farthest: float


@dataclass(frozen=True)
class Band:
    """A quantity under the typical, the highest ("least" effect) and the lowest diffusivity of the range ("most")."""

    typical: float
    least: float
    most: float


@dataclass(frozen=True, repr=False)
class Estimate(Shown):
    """Estimate of a case from closed forms.

    Attributes
    ----------
    kind, coverage, radius
        Contact, its area fraction and the particle's radius [m].
    current, flux
        Particle current, positive on charge [A], and J = |I| / (F 4 pi R^2) [mol/(m2 s)].
    diffusivity : Band, m2/s
        Mean over the stoichiometry range (as the Kirchhoff transform takes it), highest ("least" effect) and lowest.
    group : Band
        J R / (D c_max).
    contact_excess, center_excess, spread : Band
        Difference of stoichiometry between the mean and the contact's mean, its center, and between the center and the
        farthest point; magnitudes.
    soc_lead : Band
        With a constant diffusivity: lead of the contact's state of charge over the particle's mean (positive on
        charge).
    window
        Width of the stoichiometry range the step may use.
    diffusion_time, relaxation_time
        R^2 / D and R^2 / (4.333 D) with the typical diffusivity [s].
    capacity_at_limit
        Part of the window passed when the contact's mean reaches its end, with the typical diffusivity.
    flux_limited
        True where, with the typical diffusivity, the excess of the contact's center exceeds the window: a pseudo-steady
        state does not exist and the step ends early.
    verdict
        One sentence.
    notes
        What was left out or replaced.
    largest_lead, soc_at_largest_lead
        Largest lead along the step with the diffusivity as it changes on the way (`lead_along`), what a run's largest
        asynchrony is to be compared with, and the mean state of charge there; None where only numbers were given.
    """

    kind: str
    coverage: float
    radius: float
    current: float
    flux: float
    diffusivity: Band
    group: Band
    contact_excess: Band
    center_excess: Band
    spread: Band
    soc_lead: Band
    window: float
    diffusion_time: float
    relaxation_time: float
    capacity_at_limit: float
    flux_limited: bool
    verdict: str
    notes: tuple[str, ...] = ()
    largest_lead: float | None = None
    soc_at_largest_lead: float | None = None

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        rows: list[tuple[str, object]] = [
            ("contact", f"{self.kind}, coverage {self.coverage:.4g}"),
            ("radius [m]", self.radius),
            ("current [A]", self.current),
            *(
                (name, f"{band.typical:.4g} ({band.least:.4g} to {band.most:.4g})")
                for name, band in (
                    ("diffusivity [m2/s]", self.diffusivity),
                    ("J R / (D c_max)", self.group),
                    ("stoichiometry, contact mean against mean", self.contact_excess),
                    ("lead of the SOC under the contact", self.soc_lead),
                )
            ),
            ("largest lead along the step", self.largest_lead),
            ("diffusion time [s]", self.diffusion_time),
        ]
        return self.verdict, rows, self.notes


def contact_shape(kind: str, coverage: float, patches: int = 1) -> tuple[ContactShape, tuple[str, ...]]:
    """Return the pseudo-steady excess of a contact and what was replaced to get it.

    Parameters
    ----------
    kind
        "full", "cap" and "belt" are exact. "patches" and "random" are taken as equal patches spread so evenly that
        each supplies its own share of the sphere: the cap's own part beyond 1/5, smaller by sqrt(number of patches).
        Anything else is taken as a cap of the same coverage, the least even layout.
    coverage
        Area fraction.
    patches
        Number of patches.

    Raises
    ------
    InputError
        The coverage is not in (0, 1].
    """
    if kind == "full" or coverage == 1.0:
        return ContactShape(FULL_STEADY, FULL_STEADY, FULL_STEADY), ()
    if kind == "belt":
        mean, center = belt_contact_mean_steady(coverage), belt_equator_steady(coverage)
        return ContactShape(mean, center, belt_pole_steady(coverage)), ()
    values = [f(coverage) for f in (cap_contact_mean_steady, cap_pole_steady, cap_antipole_steady)]
    if kind == "cap":
        return ContactShape(*values), ()
    share = 1.0 / math.sqrt(max(1, patches))
    note = (
        f"{patches} {kind} taken as evenly spread equal patches: what one cap of this coverage has beyond full "
        "coverage is divided by the root of their number"
        if patches > 1
        else f"a {kind!r} contact is taken as one cap of the same coverage"
    )
    return ContactShape(*(FULL_STEADY + share * (value - FULL_STEADY) for value in values)), (note,)


def kirchhoff_band(diffusivity: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> Band:
    """Return the mean, highest and lowest of D(x) for x between `low` and `high` [m2/s]."""
    samples = np.asarray(diffusivity(np.linspace(low, high, 401)), dtype=np.float64)
    return Band(float(samples.mean()), float(samples.max()), float(samples.min()))


def lead_along(
    diffusivity: Callable[[np.ndarray], np.ndarray],
    *,
    limits: tuple[float, float],
    start: float,
    end: float,
    excess: float,
    rate: float,
    radius: float,
) -> tuple[float, float]:
    """Return by how much the mean exceeds the contact's stoichiometry at most on the way, and the mean there.

    Under uniform flux the Kirchhoff potential psi(x), the integral of D, is quasi-steady: psi at the contact lies
    `excess` from that of the mean, and x at the contact follows from it. The excess builds up with the slowest mode,
    as 1 - exp(-4.333 int D dt / R^2).

    Parameters
    ----------
    diffusivity
        D(x) [m2/s].
    limits
        (lowest, highest) stoichiometry the contact can have.
    start, end
        Of the mean.
    excess : m2/s
        J R / c_max times the pseudo-steady excess of the contact's mean.
    rate : 1/s
        |dx/dt| of the mean.
    radius : m
    """
    grid = np.linspace(*limits, 2001)
    d = np.asarray(diffusivity(grid), dtype=np.float64)
    psi = np.concatenate(([0.0], np.cumsum(0.5 * (d[1:] + d[:-1]) * np.diff(grid))))
    mean = np.linspace(start, end, 401)
    passed = np.interp(mean, grid, psi)
    contact = np.interp(passed + np.sign(end - start) * excess, psi, grid)
    lead = (mean - contact) * -np.expm1(-(SLOWEST_ROOT**2) * np.abs(passed - passed[0]) / (rate * radius**2))
    at = int(np.argmax(np.abs(lead)))
    return float(lead[at]), float(mean[at])


def estimate_sphere(
    *,
    radius: float,
    coverage: float,
    kind: str,
    diffusivity: Band,
    maximum_concentration: float,
    current: float,
    window: float,
    soc_width: float,
    patches: int = 1,
    notes: tuple[str, ...] = (),
) -> Estimate:
    """Estimate one particle under constant current from plain numbers.

    excess = (J R / (D c_max)) times the pseudo-steady excess of the contact, J = |I| / (F 4 pi R^2).

    Parameters
    ----------
    radius
        m.
    coverage
        Area fraction in (0, 1].
    kind
        Kind of contact.
    diffusivity
        Typical, highest and lowest D over the range [m2/s].
    maximum_concentration
        mol/m3.
    current
        Particle current, positive on charge [A].
    window
        Width of the stoichiometry range the step may use.
    soc_width
        Stoichiometry that 100 % state of charge spans.
    patches
        Number of patches where kind is "patches" or "random".
    notes
        Carried over into the result.

    Returns
    -------
    Estimate

    Raises
    ------
    InputError
        A number that has to be positive is not, or the coverage is not in (0, 1].
    """
    positive = {
        "radius": radius,
        "maximum_concentration": maximum_concentration,
        "window": window,
        "soc_width": soc_width,
        "diffusivity": diffusivity.most,
    }
    for name, value in positive.items():
        if not (math.isfinite(value) and value > 0.0):
            raise InputError("an estimate needs a positive number", where=name, value=value, allowed="greater than 0")
    shape, replaced = contact_shape(kind, coverage, patches)
    flux = abs(current) / (FARADAY * 4.0 * math.pi * radius**2)

    def band(times: float) -> Band:
        unit = times * flux * radius / maximum_concentration
        return Band(unit / diffusivity.typical, unit / diffusivity.least, unit / diffusivity.most)

    contact, center = band(shape.contact_mean), band(shape.center)
    sign = 1.0 if current >= 0.0 else -1.0
    lead = Band(*(sign * value / soc_width for value in (contact.typical, contact.least, contact.most)))
    limited = center.typical > window
    reached = max(0.0, 1.0 - contact.typical / window)
    return Estimate(
        kind=kind,
        coverage=coverage,
        radius=radius,
        current=current,
        flux=flux,
        diffusivity=diffusivity,
        group=band(1.0),
        contact_excess=contact,
        center_excess=center,
        spread=band(shape.center - shape.farthest),
        soc_lead=lead,
        window=window,
        diffusion_time=radius**2 / diffusivity.typical,
        relaxation_time=radius**2 / (SLOWEST_ROOT**2 * diffusivity.typical),
        capacity_at_limit=reached,
        flux_limited=limited,
        verdict=_verdict(contact, center, window, reached),
        notes=(*notes, *replaced),
    )


def _verdict(contact: Band, center: Band, window: float, reached: float) -> str:
    """Return the verdict in one sentence."""
    if center.typical > window:
        return (
            f"flux-limited: in quasi-steady state the center of the contact would differ from the mean by "
            f"{center.typical:.3g} in stoichiometry, more than the window of {window:.3g}; the step ends after about "
            f"{reached:.0%} of the window"
        )
    if center.most > window:
        return (
            f"flux-limited at the lowest diffusivity (center of the contact {center.most:.3g} from the mean, window "
            f"{window:.3g}), not at the typical one ({center.typical:.3g})"
        )
    return (
        f"not flux-limited: the asynchrony is {contact.typical:.3g} in stoichiometry, "
        f"{contact.typical / window:.0%} of the window"
    )
