"""One entry for every kind of contact, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from asyncsoc.base.errors import InputError, nearest_name, unknown_name
from asyncsoc.contact.map import ContactMap
from asyncsoc.contact.own import directional_map, weights
from asyncsoc.contact.patches import patches, random_patches
from asyncsoc.contact.placed import placed_patches
from asyncsoc.contact.shapes import belt, cap, from_facets, full
from asyncsoc.geometry.mesh import ParticleMesh


@dataclass(frozen=True)
class ContactKind:
    """One kind of contact.

    Attributes
    ----------
    build
        `build(mesh, coverage, **options)`, without the coverage where it takes none; returns a `ContactMap`.
    options
        Names of its options: "axis" (a direction), "n" (number of patches), "seed", "fraction" (per facet), "patches"
        (`placed.PlacedPatch`), "corners" (weights of the facets' corners), "table" (weights of directions).
    takes_coverage
        Whether the coverage is asked for; else it follows from the options.
    axisymmetric
        Whether, upright, it can stand on an axisymmetric mesh.
    """

    build: Callable[..., ContactMap]
    options: tuple[str, ...] = ()
    takes_coverage: bool = True
    axisymmetric: bool = False


# A new kind of contact is a file with its function, and a line here: cases, meshes, sweeps and docs follow.
_KINDS = {
    "full": ContactKind(full, axisymmetric=True),
    "cap": ContactKind(cap, ("axis",), axisymmetric=True),
    "belt": ContactKind(belt, ("axis",), axisymmetric=True),
    "patches": ContactKind(patches, ("n", "axis")),
    "random": ContactKind(random_patches, ("n", "seed")),
    "labels": ContactKind(from_facets, ("fraction",), takes_coverage=False),
    "placed": ContactKind(placed_patches, ("patches",), takes_coverage=False),
    "weights": ContactKind(weights, ("corners",), takes_coverage=False),
    "map": ContactKind(directional_map, ("table",), takes_coverage=False),
}


def contact_kinds() -> tuple[str, ...]:
    """Return the names `build_contact` knows."""
    return tuple(_KINDS)


def contact_options(kind: str) -> tuple[str, ...]:
    """Return the names of the options a kind of contact takes besides the coverage.

    Raises
    ------
    InputError
        Unknown kind.
    """
    return contact_kind(kind).options


def contact_kind(kind: str) -> ContactKind:
    """Return what is known of a kind of contact.

    Raises
    ------
    InputError
        Unknown kind.
    """
    if kind not in _KINDS:
        raise unknown_name("kind of contact", str(kind), _KINDS, where="contact.kind")
    return _KINDS[kind]


def build_contact(mesh: ParticleMesh, kind: str, coverage: float = 1.0, **options: object) -> ContactMap:
    """Put a contact on a mesh.

    Parameters
    ----------
    mesh
        The particle.
    kind
        "full"; "cap" and "belt" (option axis, 3-D meshes); "patches" (options n, axis); "random" (n, seed);
        "labels" (fraction per facet), "placed" (patches), "weights" (corners), "map" (table): they fix the coverage.
    coverage
        Contact area over surface area, in (0, 1].
    options
        See `contact_options`.

    Returns
    -------
    ContactMap

    Raises
    ------
    InputError
        Unknown kind or option, a missing option, or a contact the mesh cannot carry.
    """
    known = contact_kind(kind)
    for name in options:
        if name not in known.options:
            raise InputError(
                f"contact {kind!r} has no option of this name",
                where=f"contact.{name}",
                value=name,
                allowed=", ".join(known.options) or "none",
                nearest=nearest_name(name, known.options),
                next_step="remove the option or choose another kind of contact",
            )
    if not known.takes_coverage:
        (needed,) = known.options
        if needed not in options:
            raise InputError(f"contact {kind!r} needs its {needed}", where=f"contact.{needed}")
        return known.build(mesh, **options)
    return known.build(mesh, coverage, **options)
