"""The particles of an electrode as cases, one each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.case.contact import Contact
from asyncsoc.case.electrode import Electrode
from asyncsoc.case.electrode_particles import ISOLATED
from asyncsoc.case.particle import Particle
from asyncsoc.materials.types import Cathode
from asyncsoc.problem.case_materials import cathode_of, particle_capacity
from asyncsoc.problem.electrode_layers import ElectrodeLayers, electrode_layers, separator_of
from asyncsoc.problem.measured_bodies import (
    CLOSED,
    layers_by_depth,
    measured_bodies,
    measured_columns,
    named_by_layer,
)
from asyncsoc.problem.particle_sample import ParticleSample, draw_particles

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ElectrodeCases:
    """The particles of an electrode that carry its current, and those that do not.

    Attributes
    ----------
    cases : N
        A case for each particle with contact.
    multiplicities : (N,)
        How many particles each stands for in the whole electrode.
    resistances : (N,), ohm
        Between each and the network of electrons; infinite where it is isolated.
    before : (N,), ohm
        The same before the cycle in which particles lose their contact; None: they have it or not from the start.
    idle_volume
        Volume of all particles without contact [m3]: they hold lithium and capacity, and carry no current.
    sample
        As drawn, those without contact among them.
    layers
        The layers of the electrode, which all have this sample; None where all particles are at one potential.
    """

    cases: tuple[Case, ...]
    multiplicities: Array
    resistances: Array
    idle_volume: float
    sample: ParticleSample
    layers: ElectrodeLayers | None = None
    before: Array | None = None

    @property
    def at_start(self) -> Array:
        """Resistances (N,) [ohm] at the start of the protocol."""
        return self.resistances if self.before is None else self.before

    @property
    def volume(self) -> float:
        """Volume of all particles with contact [m3]."""
        covered = self.sample.volume[self.sample.coverage > 0.0]  # in every layer, or each in its own
        return float(self.multiplicities @ np.tile(covered, len(self.cases) // len(covered)))

    def report(self, electrode: Electrode) -> Mapping[str, Any]:
        """Return what a result says about its electrode, as plain data."""
        sample, density = self.sample, self.sample.density
        report: dict[str, Any] = {
            "source of the particles": sample.source,
            "description sha256": sample.description_sha256,
            "loading [kg/m2]": electrode.active_mass(density),
            "area [m2]": electrode.area,
            "share of volume without contact": float(
                sample.multiplicity[sample.coverage == 0.0]
                @ sample.volume[sample.coverage == 0.0]
                / (sample.multiplicity @ sample.volume)
            ),
            "share of volume isolated": float(
                sample.multiplicity[np.isinf(sample.resistance)]
                @ sample.volume[np.isinf(sample.resistance)]
                / (sample.multiplicity @ sample.volume)
            ),
            "moments": asdict(sample.moments),
            "moments of the laws": asdict(sample.law_moments),
            "sampling error": asdict(sample.error),
            "particles": [
                {
                    "radius [m]": radius,
                    "coverage": coverage,
                    "contact resistance [ohm]": ohms if math.isfinite(ohms) else ISOLATED,
                    "multiplicity [1/m2]": many,
                    "stratum of coverage": first,
                    "stratum of radius": second,
                    **own,
                }
                for radius, coverage, ohms, many, first, second, own in zip(
                    sample.radius.tolist(),
                    sample.coverage.tolist(),
                    sample.resistance.tolist(),
                    sample.multiplicity.tolist(),
                    sample.coverage_stratum.tolist(),
                    sample.radius_stratum.tolist(),
                    measured_columns(electrode, sample),
                    strict=True,
                )
            ],
        }
        if electrode.measured:
            report["contacts between particles"] = CLOSED
        if electrode.isolated_from_cycle is not None:
            report["isolated from cycle"] = electrode.isolated_from_cycle
        if electrode.thickness is not None or electrode.porosity is not None:
            amounts = electrode.amounts(density)
            report["thickness [m]"], report["porosity"] = amounts.thickness, amounts.porosity
            report["mass [kg/m2]"] = dict(amounts.mass)
            report["volume fractions"] = dict(amounts.volume_fraction)
        report["parameters"] = [asdict(parameter) for parameter in electrode.parameters]
        return report


def electrode_cases(case: Case, *, covered: bool = False) -> ElectrodeCases:
    """Return the particles of a case's electrode as cases: each a sphere with one round patch, or as it was measured.

    A measured particle is the sphere of its volume with its active area, as far as the sphere's surface goes, or has
    its measured shape and contact.

    Parameters
    ----------
    case
        The case.
    covered
        Whether every particle is covered all over instead, those without contact too, on the cheapest mesh that can
        have it: the fully covered reference. Loading, thickness, capacity and contact resistances are the same.

    Raises
    ------
    InputError
        The particles cannot be drawn, or none has contact.
    """
    electrode, cathode = case.electrode, cathode_of(case.material)
    if electrode.thickness is not None or electrode.porosity is not None:
        electrode.amounts(cathode.density)  # a loading that does not fit is said before anything is drawn
    sample, particle = draw_particles(electrode, cathode.density), case.particle
    if covered:
        sample, particle = sample.fully_covered(), particle.model_copy(update={"model": "auto"})
    touching = np.flatnonzero(sample.coverage > 0.0)
    if not len(touching):
        raise InputError(
            "no particle of the electrode has contact: nothing can carry its current",
            where="electrode.coverage",
            allowed="one particle at least with a coverage above 0",
        )
    if np.isinf(sample.resistance[touching]).all():
        raise InputError(
            "every particle of the electrode that has contact is isolated: nothing can carry its current",
            where="electrode.contact_resistance",
            allowed="one particle at least with a coverage above 0 and a finite resistance",
        )
    many = sample.multiplicity * electrode.area
    fraction = np.minimum(sample.active_area / (4.0 * math.pi * sample.radius**2), 1.0)
    areal = _areal_capacity(case, sample, cathode)
    electrolyte = separator_of(case).model_copy(update={"areal_capacity": areal})
    if electrode.layered and electrode.salt == "concentrated":  # its separator is part of the network
        electrolyte = electrolyte.model_copy(update={"separator_thickness": 0.0})
    own = measured_bodies(case, sample, touching, covered=covered) if electrode.measured else None
    many_layers = 1 if own is not None or not electrode.layered else electrode.layer_count
    layers = _layers(case, sample, touching) if electrode.layered else None
    cases = tuple(
        Case(
            name=name,
            particle=body,
            contact=contact,
            material=case.material,
            electrolyte=electrolyte,
            kinetics=case.kinetics,
            side_reaction=case.side_reaction,
            protocol=case.protocol,
            output=case.output,
            solver=case.solver,
        )
        for name, body, contact in (
            _spheres(particle, sample, fraction, touching, layers) if own is None else named_by_layer(own, layers)
        )
    )
    idle = float(many[sample.coverage == 0.0] @ sample.volume[sample.coverage == 0.0])
    count = many_layers
    shared, ohms = many[touching] / count, sample.resistance[touching]
    before = None
    if electrode.isolated_from_cycle is not None:
        law = electrode.contact_resistance
        value = 0.0 if law is None else law.value
        connected = value / (4.0 * math.pi * sample.radius[touching] ** 2)
        before = np.tile(np.where(np.isinf(ohms), connected, ohms), count)
    return ElectrodeCases(cases, np.tile(shared, count), np.tile(ohms, count), idle, sample, layers, before)


def _spheres(
    particle: Particle, sample: ParticleSample, fraction: Array, touching: Indices, layers: ElectrodeLayers | None
) -> Iterator[tuple[str, Particle, Contact]]:
    """Yield name, body and contact of the spheres that carry the current, layer by layer."""
    for prefix in [""] if layers is None else [f"layer {k + 1} " for k in range(layers.count)]:
        for number in touching.tolist():
            sphere = particle.model_copy(update={"radius": float(sample.radius[number])})
            yield f"{prefix}particle {number + 1}", sphere, _contact(float(fraction[number]))


def _layers(case: Case, sample: ParticleSample, touching: Indices) -> ElectrodeLayers:
    """Return the layers of an electrode: each has all the spheres, or the measured particles at its depth."""
    if not case.electrode.measured:
        return electrode_layers(case, lambda count: tuple(k for k in range(count) for _ in range(len(touching))))
    return electrode_layers(case, lambda count: layers_by_depth(case.electrode, sample, touching, count))


def _areal_capacity(case: Case, sample: ParticleSample, cathode: Cathode) -> float:
    """Return what 1 C means per area of the electrode [C/m2]: areal currents then belong to the electrode's area."""
    if case.protocol.nominal_capacity.value is None:
        return sample.theoretical_capacity(cathode)
    volume = case.electrode.area * float(sample.multiplicity @ sample.volume)
    return particle_capacity(case.protocol, cathode, volume, volume * cathode.density) / case.electrode.area


def _contact(coverage: float) -> Contact:
    return Contact.full() if coverage >= 1.0 else Contact.cap(coverage)
