"""What a contact asks of the particle it is on, of its model, and of the side reaction beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from asyncsoc.base.errors import InputError
from asyncsoc.case.contact import Contact
from asyncsoc.case.particle import Particle
from asyncsoc.contact.build import contact_kind

Model = Literal["radial", "axisymmetric", "3d"]
MODELS: tuple[Model, ...] = ("radial", "axisymmetric", "3d")
"""From the cheapest to the one that represents everything."""


def cheapest_model(particle: Particle, contact: Contact) -> tuple[Model, str]:
    """Return the cheapest model that can represent a particle, and what of the particle asks for it."""
    here = f"contact ({contact.kind})"
    if particle.shape != "sphere":
        return "3d", here
    needed = _for_contact(contact)
    if particle.grains is None or MODELS.index(particle.grains.cheapest_model) <= MODELS.index(needed):
        return needed, here
    return particle.grains.cheapest_model, f"grains ({particle.grains.kind})"


def _for_contact(contact: Contact) -> Model:
    if contact.fraction == 1.0 and not contact.edge_moves:
        return "radial"
    upright = contact.axis[0] == contact.axis[1] == 0.0 and contact.axis[2] > 0.0
    return "axisymmetric" if upright and contact_kind(contact.kind).axisymmetric else "3d"


def contact_problems(particle: Particle, contact: Contact, side_reaction: str) -> Iterator[InputError]:
    """Yield what does not fit together."""
    if contact.coverage_change is not None and side_reaction != "off":
        yield InputError(
            "a coverage that changes cannot be combined with a side reaction: the film on lost contact, and the "
            "risk against a fully covered particle, are not defined for it",
            where="contact.coverage_change",
            value=side_reaction,
            allowed="side_reaction.mode = 'off'",
            next_step="remove coverage_change, or run each coverage by itself",
        )
    if particle.shape == "sphere":
        yield from _on_a_sphere(particle, contact)


def _on_a_sphere(particle: Particle, contact: Contact) -> Iterator[InputError]:
    radius = float(particle.radius or 0.0)
    for number, patch in enumerate(contact.patch, start=1):
        if patch.radius is not None and patch.radius > 2.0 * radius:
            yield InputError(
                "a patch is larger than the sphere",
                where=f"contact.patch[{number}].radius",
                value=patch.radius,
                allowed=f"at most {2.0 * radius:g} m, the sphere's diameter",
                next_step="make it smaller, or the particle larger",
            )
    weights = contact.weights
    if weights is None:
        return
    name = f"sphere-3d-{particle.mesh}"
    if weights.mesh not in (None, name):
        yield InputError(
            "the weights of the contact belong to another mesh",
            where="contact.weights.mesh",
            value=weights.mesh,
            allowed=name,
            next_step="give the particle the mesh on which the contact was made, or make the contact again with "
            "Contact.from_function or from_weights(..., particle)",
        )
    if particle.edge_levels:
        yield InputError(
            "an array of weights belongs to the built-in mesh as it is, not to a refined one",
            where="particle.edge_levels",
            value=particle.edge_levels,
            allowed="0",
        )
