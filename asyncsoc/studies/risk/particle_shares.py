"""Who makes the dose of an electrode: what each of its particles has in its side reaction and its risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.recorders import curve_names as names
from asyncsoc.studies.risk.scenarios import RiskCurve, Scenario

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

RADIUS, COVERAGE, MULTIPLICITY, LAYER = "radius", "coverage", "multiplicity", "layer"
MASS_SHARE, CONTACT_SHARE = "Share of active material", "Share of contact"
CHARGE, CHARGE_SHARE, PEAK = "Side charge per contact area [C/m2]", "Share of side charge", "Peak rate [A/m2]"
_AT = (
    names.RISK_MAX, names.RISK_KINETIC, names.RISK_CONCENTRATION, names.RISK_REACTION, names.RISK_REMAINDER,
    names.RISK_MEAN,
)  # fmt: skip
_FEWEST = 3
"""Particles of which a correlation says something: two are always on a line."""
_EQUAL = 1e-6
"""Relative spread below which values count as equal: no correlation is said of them."""


@dataclass(frozen=True, eq=False)
class RiskParticles:
    """The particles of a risk study, with the default exchange current density.

    Their risk is against the reference of the whole electrode, every particle fully covered, at the mean stoichiometry
    of the electrode: means over the contact of all particles are then those of the electrode. Particles without
    contact have no risk and are left out.

    Attributes
    ----------
    names : N
        Of the particles.
    radius : (N,), m
        Of the sphere of each particle's volume.
    coverage : (N,)
        Realised.
    multiplicities : (N,)
        n_j, how many particles like it each stands for.
    volumes : (N,), m3
        V_j of one particle.
    contact_areas : (N,), m2
        A_j of one particle.
    curves
        By scenario, of each particle; the mean stoichiometry in them is that of the electrode.
    layers : N
        Layer of each, from 1 at the separator; empty where all are at one potential.
    electrode_area
        m2; None of a single particle.
    share_without_contact
        Of the active material: particles that the electrode has beside these.
    """

    names: tuple[str, ...]
    radius: Array
    coverage: Array
    multiplicities: Array
    volumes: Array
    contact_areas: Array
    curves: Mapping[Scenario, tuple[RiskCurve, ...]]
    layers: tuple[int, ...] = ()
    electrode_area: float | None = None
    share_without_contact: float = 0.0

    def __len__(self) -> int:
        return len(self.names)

    @property
    def mass_shares(self) -> Array:
        """Share of each in the active material of all particles, those without contact too, (N,)."""
        volumes = self.multiplicities * self.volumes
        return np.asarray(volumes / volumes.sum() * (1.0 - self.share_without_contact))

    @property
    def contact_shares(self) -> Array:
        """Share of each in the contact area of the electrode, (N,)."""
        areas = self.multiplicities * self.contact_areas
        return np.asarray(areas / areas.sum())

    @property
    def contact_per_area(self) -> float:
        """Contact area per area of the electrode [m2/m2]; NaN of a single particle."""
        areas = float(self.multiplicities @ self.contact_areas)
        return float("nan") if self.electrode_area is None else areas / self.electrode_area

    def charges(self, scenario: Scenario) -> Array:
        """Return the charge that the reaction took by the end, per contact area (N,) [C/m2]."""
        return np.array([curve.final_charge for curve in self.curves[scenario]])

    def charge_shares(self, scenario: Scenario) -> Array:
        """Return the share of each particle, n_j times, in the charge of the electrode's side reaction (N,)."""
        charges = self.multiplicities * self.contact_areas * self.charges(scenario)
        whole = float(charges.sum())
        return np.asarray(charges / whole) if whole > 0.0 else np.full(len(self), np.nan)

    def correlations(self, scenario: Scenario) -> dict[str, float]:
        """Return Pearson's correlation with the coverage, of particles weighted with their active material.

        Of the side charge per contact area, and of that per active material; NaN of fewer than three particles, and
        where the coverages or the charges do not differ.
        """
        weights = self.multiplicities * self.volumes
        per_mass = self.contact_areas * self.charges(scenario) / self.volumes
        return {
            "side charge per contact area": _correlation(self.coverage, self.charges(scenario), weights),
            "side charge per active material": _correlation(self.coverage, per_mass, weights),
        }

    def table(self, scenario: Scenario, mean_x: float) -> xr.Dataset:
        """Return each particle of one scenario, over the dimension `particle`.

        Charges and the peak of the rate are those of the whole run; the risk (`names.RISK_MAX` with its factors, the
        mean and the share above the threshold) is that at a mean stoichiometry of the electrode, NaN where it is not
        reached together with the reference.
        """
        import xarray as xr

        curves = self.curves[scenario]
        found: dict[str, Array | Sequence[float]] = {
            MASS_SHARE: self.mass_shares,
            CONTACT_SHARE: self.contact_shares,
            CHARGE: self.charges(scenario),
            CHARGE_SHARE: self.charge_shares(scenario),
            PEAK: [curve.peak_rate for curve in curves],
            names.RISK_DOSE: [curve.dose for curve in curves],
            **{name: [curve.at(mean_x, name) for curve in curves] for name in _AT},
            names.RISK_SHARE: [curve.share_at(mean_x) for curve in curves],
        }
        layer = {LAYER: ("particle", np.array(self.layers, dtype=np.int64))} if self.layers else {}
        return xr.Dataset(
            {name: ("particle", np.asarray(values), {"units": names.unit_of(name)}) for name, values in found.items()},
            coords={
                "particle": ("particle", list(self.names)),
                **layer,
                RADIUS: ("particle", self.radius, {"units": "m"}),
                COVERAGE: ("particle", self.coverage, {"units": "1"}),
                MULTIPLICITY: ("particle", self.multiplicities, {"units": "1"}),
            },
            attrs={"scenario": scenario.label, "mean stoichiometry of the electrode": mean_x},
        )


def _correlation(one: Array, other: Array, weights: Array) -> float:
    shares = weights / weights.sum()
    a, b = one - shares @ one, other - shares @ other
    spread = float(shares @ a**2), float(shares @ b**2)
    if len(one) < _FEWEST or not (spread[0] > _EQUAL**2 and spread[1] > (_EQUAL * float(shares @ other)) ** 2):
        return float("nan")
    found = float(shares @ (a * b)) / float(np.sqrt(spread[0] * spread[1]))
    return min(max(found, -1.0), 1.0)
