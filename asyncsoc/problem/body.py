"""The discretized particle of a case: a built-in sphere or a mesh of the user, its operators, and its contact."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache

from asyncsoc.base.errors import InputError
from asyncsoc.base.hashing import sha256_of
from asyncsoc.case import Case
from asyncsoc.case.contact import Contact
from asyncsoc.case.grains import Grains
from asyncsoc.contact.build import build_contact
from asyncsoc.contact.change import check_start
from asyncsoc.contact.labels import contact_fraction, exposed_coverage
from asyncsoc.contact.map import ContactMap
from asyncsoc.discretization.assembly import assemble
from asyncsoc.geometry.library import builtin_names
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.problem.caching import ContentCache
from asyncsoc.problem.changing_contact import ChangingContact
from asyncsoc.problem.grains import tensor_of, with_boundaries, with_grains
from asyncsoc.problem.kept_spheres import Body, kept_contact, kept_sphere
from asyncsoc.problem.meshing import (
    SphereMesh,
    build_sphere_mesh,
    contact_section,
    patches_by_coverage,
    place_contact,
    sphere_mesh_of,
)
from asyncsoc.problem.system import order_system

_BODIES = ContentCache[Body]()
_CONTACTS = ContentCache[ContactMap](most_bytes=1 << 28)
_FILES = ContentCache[ParticleMesh](most_bytes=1 << 28)


def mesh_key(case: Case) -> tuple[str, str | float]:
    """Return what names the mesh of a case: cases of one key can be simulated in one batch."""
    particle = case.particle
    oriented = "" if particle.grains is None else f" {sha256_of(repr(particle.grains))[:12]}"
    if particle.shape == "sphere":
        return sphere_mesh_of(case).name + oriented, float(particle.radius or 0.0)
    return str(particle.sha256) + oriented, float(particle.length_unit or 1.0)


def body_of(case: Case, sphere: SphereMesh | None = None, share: float = 1.0) -> Body:
    """Return the discretized particle the case asks for: the cheapest that represents the contact where "auto".

    Parameters
    ----------
    case
        The case.
    sphere
        Mesh of the unit sphere to take for a sphere, in place of the one that the case would have.
    share
        As of `sphere_mesh_of`.

    Raises
    ------
    InputError
        The mesh file is unsound or not the one the case was made for, or no built-in mesh fits.
    """
    grains = case.particle.grains
    if case.particle.shape != "sphere":
        mesh = particle_mesh(case).without_labels()
        if grains is None:
            return _discretized(mesh)
        key = mesh.sha256, mesh.name, grains
        return _BODIES.get(key, lambda: _grained(with_grains(mesh, grains), grains))
    radius = float(case.particle.radius or 0.0)
    if sphere is None:
        _require_builtin(case)
        sphere = sphere_mesh_of(case, share)
    return _sphere(sphere, radius) if grains is None else _sphere_of_grains(sphere, radius, grains)


def _require_builtin(case: Case) -> None:
    if f"sphere-{case.model}-{case.particle.mesh}" not in _shipped():
        asked = case.particle.model
        raise InputError(
            f"there is no built-in {case.model} mesh {case.particle.mesh!r}",
            where="particle.mesh" if asked == "auto" else "particle.model",
            value=case.particle.mesh if asked == "auto" else asked,
            allowed=", ".join(_shipped()),
        )


def contact_of(case: Case, mesh: ParticleMesh, labelled: ParticleMesh | None = None) -> ContactMap:
    """Return the contact of a case on its mesh; `labelled` is the same with its labels where it has been read already.

    Raises
    ------
    InputError
        The mesh cannot carry it, or its labels do not say where it is.
    """
    if case.contact.kind == "labels":
        labelled = particle_mesh(case) if labelled is None else labelled
        if case.particle.grains is not None:  # facets are in the order of the file, nodes may be doubled
            labelled = replace(mesh, labels=labelled.labels, record=labelled.record)
        return _from_labels(labelled, case.contact.active)
    return _cached_contact(_on_grains(case, contact_section(case).at_start), mesh)


def _on_grains(case: Case, section: Contact) -> Contact:
    """Return the contact of a case; an array on the particle's own mesh is one on its grains, which keep the facets."""
    weights = section.weights
    if case.particle.grains is None or weights is None or case.particle.shape == "sphere":
        return section
    if weights.mesh not in (None, particle_mesh(case).without_labels().sha256):
        return section
    return section.model_copy(update={"weights": weights.model_copy(update={"mesh": None})})


def changing_contact_of(case: Case, mesh: ParticleMesh, start: ContactMap) -> ChangingContact | None:
    """Return how the contact of a case changes, None where it stays.

    Raises
    ------
    InputError
        The coverage leaves (0, 1], or a table does not begin with the coverage of the contact.
    """
    section = contact_section(case)
    if section.coverage_change is None:
        return None
    check_start(section.coverage_change.change, start.coverage_realised)
    own = section.at_start

    patches = patches_by_coverage(own, mesh) if section.edge_moves else ()

    def moved(coverage: float) -> ContactMap:
        share = coverage / start.coverage_asked
        smaller = tuple(one.model_copy(update={"coverage": float(one.coverage or 0.0) * share}) for one in patches)
        return _cached_contact(own.model_copy(update={"patch": smaller} if patches else {"coverage": coverage}), mesh)

    changing = ChangingContact(section.coverage_change.change, start, moved if section.edge_moves else None)
    changing.nodes  # noqa: B018 - made once, kept, and refused here where the mesh cannot carry the widest contact
    return changing


def _cached_contact(section: Contact, mesh: ParticleMesh) -> ContactMap:
    """Return a contact on a mesh, made once for all cases that share both."""

    def make() -> ContactMap:
        if len(_CONTACTS):
            return place_contact(section, mesh)  # with scipy loaded it takes less time than a file
        name = json.dumps(section.model_dump(mode="json"), sort_keys=True)
        return kept_contact(f"{mesh.name} {name}", mesh, lambda: place_contact(section, mesh))

    return _CONTACTS.get((section, mesh.sha256, mesh.name), make)


@lru_cache(maxsize=1)
def _shipped() -> tuple[str, ...]:
    return builtin_names()


def particle_mesh(case: Case) -> ParticleMesh:
    """Return the particle that a case reads from a file or holds as arrays, with its labels.

    Raises
    ------
    InputError
        The file is unsound, or not the one the case was made for.
    """
    particle = case.particle
    if particle.shape == "arrays":
        return particle.labelled
    from asyncsoc.geometry.particle_files import read_unchanged

    key = str(particle.file), float(particle.length_unit or 0.0), str(particle.sha256)
    return _FILES.get(key, lambda: read_unchanged(*key))


def _from_labels(mesh: ParticleMesh, active: tuple[int | str, ...]) -> ContactMap:
    fraction = contact_fraction(mesh, active)
    contact = build_contact(mesh, "labels", fraction=fraction)
    exposed = exposed_coverage(mesh, fraction)
    if exposed is not None:
        contact.parameters["coverage of the exposed surface"] = exposed
    return contact


def _sphere(chosen: SphereMesh, radius: float) -> Body:
    """Scale a unit sphere, discretized once, to its radius [m]: a sweep over it assembles nothing again."""
    unit = _BODIES.get(
        chosen, lambda: kept_sphere(chosen.builtin, repr(chosen), lambda: _discretized_mesh(build_sphere_mesh(chosen)))
    )
    return _BODIES.get((chosen, radius), lambda: _scaled(unit, radius))


def _sphere_of_grains(chosen: SphereMesh, radius: float, grains: Grains) -> Body:
    """Scale a unit sphere with its grains, which are those of any radius where they are described without lengths."""
    known = (chosen, grains, radius if grains.in_lengths else 1.0)

    def discretized() -> Body:
        mesh = _FILES.get(chosen, lambda: build_sphere_mesh(chosen))
        return _grained(with_grains(mesh, grains, radius), grains, radius)

    unit = _BODIES.get(known, discretized)
    return _BODIES.get((*known, radius), lambda: _scaled(unit, radius))


def _scaled(unit: Body, radius: float) -> Body:
    """Scale a discretized particle: K goes with R, m with R^3, and the elimination order stays."""
    mesh, operators, system = unit
    cube = radius**3
    scaled = replace(
        operators, stiffness=operators.stiffness * radius, mass=operators.mass * cube, volume=operators.volume * cube
    )
    return mesh.scaled(radius), scaled, system.scaled(radius)


def _discretized(mesh: ParticleMesh) -> Body:
    return _BODIES.get((mesh.sha256, mesh.name), lambda: _discretized_mesh(mesh))


def _discretized_mesh(mesh: ParticleMesh) -> Body:
    operators = assemble(mesh)
    return mesh, operators, order_system(operators)


def _grained(mesh: ParticleMesh, grains: Grains, unit: float = 1.0) -> Body:
    """Discretize a mesh that carries its grains; nodes are doubled where boundaries hinder."""
    mesh, exchange = with_boundaries(mesh, grains, unit)
    operators = assemble(mesh, tensor_of(mesh, grains))
    return mesh, operators, order_system(operators, exchange)
