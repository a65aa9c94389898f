"""What the other sections of a case may say beside an electrode."""

from __future__ import annotations

from collections.abc import Iterator

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import from_si
from asyncsoc.case.chemistry import Electrolyte
from asyncsoc.case.contact import Contact
from asyncsoc.case.kinetics import Kinetics
from asyncsoc.case.particle import DEFAULT_RADIUS, Particle
from asyncsoc.materials.registry import OWN


def electrode_problems(
    particle: Particle, contact: Contact, electrolyte: Electrolyte, kinetics: Kinetics
) -> Iterator[InputError]:
    """Yield what is given twice, or cannot be beside an electrode: its particles are spheres with one round contact."""
    if particle.shape != "sphere":
        yield InputError(
            "the particles of an electrode are spheres",
            where="particle.shape",
            value=particle.shape,
            allowed="sphere",
            next_step="simulate measured particles together with asyncsoc.simulate_particles, in Python",
        )
    if particle.radius is not None and particle.radius != DEFAULT_RADIUS:
        yield InputError(
            "the electrode gives the radii of its particles",
            where="particle.radius",
            value=f"{from_si(particle.radius, 'um'):.6g} um",
            next_step="remove it, and set electrode.radius",
        )
    if contact != Contact():
        yield InputError(
            "the electrode gives the contact of its particles: one round patch each, of the particle's coverage",
            where="contact",
            value=contact.kind,
            next_step="remove [contact], and set electrode.coverage; other contacts: asyncsoc.simulate_particles",
        )
    if electrolyte.areal_capacity is not None and electrolyte.name != OWN:  # one's own has to state it
        yield InputError(
            "the areal capacity follows from the electrode's loading",
            where="electrolyte.areal_capacity",
            value=f"{from_si(electrolyte.areal_capacity, 'mAh/cm2'):.6g} mAh/cm2",
            next_step="remove it",
        )
    if kinetics.imposes_flux:
        yield InputError(
            "particles under uniform flux cannot share one potential: it does not enter their currents",
            where="kinetics.model",
            value=kinetics.model,
            allowed="a rate law, such as butler-volmer",
        )
