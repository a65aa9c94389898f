"""Moments of the particles of an electrode, and what a sample gets wrong of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ElectrodeMoments:
    """Moments of the particles of an electrode.

    Attributes
    ----------
    mean_coverage, coverage_std
        Mean and standard deviation of the coverage, weighted by mass.
    specific_active_area
        Covered surface over the volume of all particles [1/m].
    mean_radius
        Mean of the particles' radii, each counted once [m].
    active_mass
        Mass of active material per area of the electrode [kg/m2].
    """

    mean_coverage: float
    coverage_std: float
    specific_active_area: float
    mean_radius: float
    active_mass: float


@dataclass(frozen=True)
class SamplingErrors:
    """Moments of a sample minus those of the laws it was drawn from.

    Attributes
    ----------
    mean_coverage, coverage_std
        Absolute.
    specific_active_area, mean_radius, capacity
        Relative to the laws' values. The theoretical capacity goes with the active mass.
    """

    mean_coverage: float
    coverage_std: float
    specific_active_area: float
    mean_radius: float
    capacity: float
