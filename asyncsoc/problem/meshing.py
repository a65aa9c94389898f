"""The mesh of a sphere: a built-in one, with thinner layers for fast currents and finer cells along the contact's edge.

Two things can be finer than a built-in mesh. A current fills a layer under the contact whose thickness at the time its
stoichiometry has moved by dx is delta = sqrt(pi)/2 D dx/v, with v = |I|/(F c_max A) the flux under the contact. And
where the contact holds its surface at one stoichiometry, as at the end of a discharge or under a held voltage, the flux
grows as one over the square root of the distance to the contact's edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.hashing import sha256_of
from asyncsoc.base.units import FARADAY
from asyncsoc.case import Case
from asyncsoc.case.chemistry import Material
from asyncsoc.case.contact import Contact
from asyncsoc.case.own_contact import FacetWeights
from asyncsoc.case.patch import Patch
from asyncsoc.case.resolved_electrolyte import electrolyte_of
from asyncsoc.contact.build import build_contact, contact_options
from asyncsoc.contact.edge import edge_nodes
from asyncsoc.contact.map import ContactMap
from asyncsoc.contact.placed import PlacedPatch
from asyncsoc.discretization.refinement import refined_sphere
from asyncsoc.geometry.library import first_cell, load_builtin, make_mesh
from asyncsoc.geometry.mesh import EDGE_MARK, ParticleMesh
from asyncsoc.materials.capacity import theoretical_capacity
from asyncsoc.problem.case_materials import SECONDS_PER_HOUR, cathode_of, particle_capacity
from asyncsoc.protocol.profile import Profile

_MOVE = {"radial": 0.03, "axisymmetric": 0.1, "3d": 0.3}
"""Change of the stoichiometry under the contact by which its layer must be resolved: finer where that costs little."""
_EARLY = 0.1
"""Share of the depth that diffusion reaches within a held voltage, from which on its layer must be resolved."""
_CELLS_IN_LAYER = 4.0
_MOST_DECADES = {"radial": 6, "axisymmetric": 4, "3d": 0}
_EDGE_LEVELS = {"radial": 0, "axisymmetric": 6, "3d": 2}
"""Halvings along the contact's edge where it matters (docs/verification.md has what each level gains)."""
_PATCHES_LEVELS = 1
"""The same for several patches, whose edges are so long that a second halving takes four to five times the nodes."""
_EDGE_RINGS = {"axisymmetric": 2, "cartesian": 0}
"""Rings of cells beside the edge that are halved with it: in the plane they cost few nodes."""
_SMALL_COVERAGE = 0.1
"""Below it an axisymmetric contact is refined along its edge whatever the protocol."""
_VOLTAGE = 3.5
"""V, at which the current of a power or a resistance is reckoned for the thickness of layers."""
_LONGER = 0.01
_SAMPLES = 401


@dataclass(frozen=True)
class SphereMesh:
    """A mesh of the unit sphere.

    Attributes
    ----------
    builtin
        Name of the built-in mesh it starts from.
    decades
        Powers of ten by which the outermost layer is thinner.
    levels
        Halvings along the contact's edge.
    contact
        The contact where `levels` is not 0, else None.
    """

    builtin: str
    decades: int = 0
    levels: int = 0
    contact: Contact | None = None

    @property
    def name(self) -> str:
        """Unique name of the mesh."""
        name = self.builtin + (f"+layers{self.decades}" if self.decades else "")
        if self.contact is None:
            return name
        given = [self.contact.kind, repr(float(self.contact.fraction or 1.0))]
        if self.contact.patch or self.contact.map is not None:
            given.append(sha256_of(repr((self.contact.patch, self.contact.map)))[:12])
        given += [str(value) for value in (self.contact.n, self.contact.seed) if value is not None]
        if any(self.contact.axis[:2]) or self.contact.axis[2] < 0.0:
            given += [f"{component:g}" for component in self.contact.axis]
        return f"{name}{EDGE_MARK}{self.levels}-{'-'.join(given)}"


def sphere_mesh_of(case: Case, share: float = 1.0) -> SphereMesh:
    """Return the mesh of the unit sphere that a case of a sphere is computed on.

    Parameters
    ----------
    case
        The case.
    share
        Share of the particle in the cathode that the protocol is for: 1 where it is alone, less in a group.
    """
    builtin = f"sphere-{case.model}-{case.particle.mesh}"
    decades = max(_decades_needed(case, builtin, share), case.particle.layer_decades or 0)
    decades = min(decades, _MOST_DECADES[case.model])
    levels = case.particle.edge_levels
    if case.contact.fraction == 1.0 or case.model == "radial" or case.contact.weights is not None:
        levels = 0
    elif levels is None:
        levels = _EDGE_LEVELS[case.model] if _edge_matters(case) and case.contact.map is None else 0
        if "n" in contact_options(case.contact.kind) or len(case.contact.patch) > 1:
            levels = min(levels, _PATCHES_LEVELS)
    return SphereMesh(builtin, decades, levels, contact_section(case).at_start if levels else None)


def most_layer_decades(model: str) -> int:
    """Return by how many powers of ten the outermost layer of a model's mesh can be thinner."""
    return _MOST_DECADES[model]


def contact_section(case: Case) -> Contact:
    """Return the contact of a case; of placed patches on a sphere every size is a coverage."""
    contact, radius = case.contact, case.particle.radius
    if not contact.patch or case.particle.shape != "sphere" or radius is None:
        return contact
    surface = 4.0 * math.pi * radius**2
    return contact.model_copy(update={"patch": tuple(_by_coverage(one, surface, sphere=True) for one in contact.patch)})


def _by_coverage(patch: Patch, surface: float, *, sphere: bool) -> Patch:
    share = patch.share(surface, sphere=sphere)
    if share is None:
        return patch
    return patch.model_copy(update={"coverage": share, "angle": None, "radius": None})


def unresolved_layer(case: Case, share: float = 1.0) -> str | None:
    """Return a warning where the layer that the fastest current fills is thinner than the mesh can tell, else None."""
    layer = _layer(case, share) if case.particle.shape == "sphere" else 0.0
    if not layer:
        return None
    mesh = sphere_mesh_of(case, share)
    cell = first_cell(mesh.builtin) / 10.0**mesh.decades
    # With all of the flux in half a cell the surface moves by dx in dx h/(2 v), in a half space in pi D (dx/2v)^2.
    longer = math.hypot(1.0, cell / (math.sqrt(math.pi) * layer)) - 1.0
    if longer < _LONGER:
        return None
    radius = float(case.particle.radius or 0.0)
    return (
        f"at its fastest lithium fills a layer of {layer * radius * 1e9:.3g} nm under the contact, and the "
        f"outermost cells of the mesh are {cell * radius * 1e9:.3g} nm thick: such steps last about "
        f"{100.0 * longer:.2g} % too long; take a slower current, a larger coverage or diffusivity"
    )


def _edge_matters(case: Case) -> bool:
    """Return whether the flux may gather at the contact's edge, or the contact is small beside the mesh's cells."""
    if case.model == "axisymmetric" and float(case.contact.fraction or 1.0) < _SMALL_COVERAGE:
        return True
    if case.kinetics.imposes_flux:
        return False
    either = ("voltage", "resistance", "profile")
    return any(step.control in either or step.value < 0.0 for step in case.protocol.plan.steps)


def _decades_needed(case: Case, builtin: str, share: float) -> int:
    layer = _layer(case, share)
    if not layer:
        return 0
    return max(0, math.ceil(math.log10(_CELLS_IN_LAYER * first_cell(builtin) / layer) - 1e-9))


def _layer(case: Case, share: float) -> float:
    """Return the thickness over the radius of the thinnest layer that must be resolved under the contact; 0: none.

    The particle carries its share of the protocol's current, by capacity.
    """
    rates = tuple(abs(s.value) for s in case.protocol.plan.steps if s.control == "c-rate")
    currents = tuple(abs(s.value) for s in case.protocol.plan.steps if s.control == "current")
    # A power flows at a voltage near that of a cathode, a resistance is across it.
    currents += tuple(abs(s.value) / _VOLTAGE for s in case.protocol.plan.steps if s.control == "power")
    currents += tuple(_VOLTAGE / s.value for s in case.protocol.plan.steps if s.control == "resistance")
    radius, area_share = float(case.particle.radius or 0.0), case.contact.rough_fraction
    temperatures = case.protocol.plan.temperatures(case.protocol.temperature)
    cathode = cathode_of(case.material)
    volume = 4.0 / 3.0 * math.pi * radius**3 / share
    capacity = _theoretical(case.material) * volume
    if case.protocol.capacity != "theoretical":
        capacity = particle_capacity(case.protocol, cathode, volume, volume * cathode.density)
    areal, mass = electrolyte_of(case.electrolyte).areal_capacity * SECONDS_PER_HOUR, volume * cathode.density
    shared = {"specific current": mass, "areal current": capacity / areal if areal else 0.0}
    currents += tuple(abs(s.value) * shared[s.control] for s in case.protocol.plan.steps if s.control in shared)
    currents += tuple(
        largest_current(step.follows.profile, capacity, mass, areal)
        for step in case.protocol.plan.steps
        if step.follows is not None and step.follows.profile is not None
    )
    current = share * max([*(rate * capacity / SECONDS_PER_HOUR for rate in rates), *currents], default=0.0)
    slowest = _slowest_diffusion(case.material, min(temperatures))
    held = [s.duration for s in case.protocol.plan.steps if s.control == "voltage" and s.duration is not None]
    layers = [_EARLY * math.sqrt(slowest * duration) / radius for duration in held]
    if current > 0.0:
        flux = current / (FARADAY * cathode.maximum_concentration * 4.0 * math.pi * radius**2 * area_share)
        layers.append(0.5 * math.sqrt(math.pi) * slowest * _MOVE[case.model] / flux / radius)
    return min(layers, default=0.0)


def largest_current(profile: Profile, capacity: float, mass: float, areal_capacity: float) -> float:
    """Return the largest current of a profile [A], that of a power at `_VOLTAGE`; 0 where it is a voltage.

    Parameters
    ----------
    profile
        The profile.
    capacity, mass, areal_capacity
        What 1 C means for the particle [C], its mass [kg], the electrode's areal capacity [C/m2].
    """
    factor = {
        "current": 1.0,
        "c-rate": capacity / SECONDS_PER_HOUR,
        "specific current": mass,
        "areal current": capacity / areal_capacity,
        "power": 1.0 / _VOLTAGE,
        "voltage": 0.0,
    }
    return float(np.abs(profile.values).max()) * factor[profile.quantity]


@lru_cache(maxsize=64)
def _theoretical(material: Material) -> float:
    """Return the theoretical capacity per volume of a material [C/m3]."""
    return theoretical_capacity(cathode_of(material), 1.0)


@lru_cache(maxsize=256)
def _slowest_diffusion(material: Material, temperature: float) -> float:
    """Return the smallest diffusivity over the material's window [m2/s]."""
    cathode = cathode_of(material)
    x = np.linspace(*cathode.window, _SAMPLES)
    return float(np.min(np.broadcast_to(cathode.diffusivity(x, temperature), x.shape)))


def build_sphere_mesh(chosen: SphereMesh) -> ParticleMesh:
    """Return the mesh of the unit sphere."""
    mesh = make_mesh(chosen.builtin, decades=chosen.decades) if chosen.decades else load_builtin(chosen.builtin)
    contact = chosen.contact
    if contact is not None:
        rings = _EDGE_RINGS[mesh.coordinates]
        mesh = refined_sphere(
            mesh, lambda finer: edge_nodes(place_contact(contact, finer), finer, rings), chosen.levels
        )
    if chosen.name == mesh.name:
        return mesh
    return ParticleMesh(mesh.points, mesh.cells, mesh.facets, mesh.coordinates, chosen.name)


def place_contact(section: Contact, mesh: ParticleMesh) -> ContactMap:
    """Return the contact of a case on a mesh, as it is at the start."""
    given = {
        "axis": section.axis,
        "n": section.n,
        "seed": section.seed,
        "patches": _patches_on(section, mesh) or None,
        "corners": None if section.weights is None else _corners_on(section.weights, mesh),
        "table": section.map,
    }
    taken = contact_options(section.kind) if mesh.coordinates == "cartesian" else ()
    options = {name: given[name] for name in taken if given.get(name) is not None}
    return build_contact(mesh, section.kind, section.fraction or 1.0, **options)


def _patches_on(section: Contact, mesh: ParticleMesh) -> list[PlacedPatch]:
    """Return placed patches with their coverages, or angles on a particle that is no sphere."""
    if not section.patch:
        return []
    surface = float(mesh.areas.sum())
    patches = [_by_coverage(one, surface, sphere=False) for one in section.patch]
    for number, patch in enumerate(patches, start=1):
        if patch.coverage is not None and patch.coverage > 1.0:
            raise InputError(
                "a patch is larger than the surface",
                where=f"contact.patch[{number}]",
                value=patch.coverage,
                allowed="a coverage of at most 1",
            )
    return [PlacedPatch(one.vector, one.coverage, one.angle) for one in patches]


def patches_by_coverage(section: Contact, mesh: ParticleMesh) -> tuple[Patch, ...]:
    """Return the placed patches of a contact with the coverages they have on a mesh."""
    by_coverage = []
    for patch, placed in zip(section.patch, _patches_on(section, mesh), strict=True):
        found = placed.coverage
        if found is None:
            found = build_contact(mesh, "placed", patches=[placed]).coverage_realised
        by_coverage.append(patch.model_copy(update={"coverage": found, "angle": None, "radius": None}))
    return tuple(by_coverage)


def _corners_on(weights: FacetWeights, mesh: ParticleMesh) -> NDArray[np.float64]:
    """Return the corners' weights of a mesh.

    Raises
    ------
    InputError
        They belong to another mesh.
    """
    own = weights.mesh is None or weights.mesh in (mesh.name, mesh.sha256)
    if not own or weights.facets != len(mesh.facets):
        raise InputError(
            "the weights of the contact belong to another mesh",
            where="contact.weights",
            value=f"{weights.facets} facets of {weights.mesh or 'a mesh'}",
            allowed=f"{len(mesh.facets)} facets of {mesh.name} (SHA-256 {mesh.sha256})",
            next_step="make the contact again for this particle: Contact.from_weights(..., particle)",
        )
    return weights.values
