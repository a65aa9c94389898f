"""The contact, as a case describes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import field_validator, model_validator

from asyncsoc.base.errors import InputError
from asyncsoc.case import fields
from asyncsoc.case.coverage_change import CoverageChange
from asyncsoc.case.fields import refusal
from asyncsoc.case.marks import check_marks
from asyncsoc.case.own_contact import DirectionMap, FacetWeights
from asyncsoc.case.particle import Particle
from asyncsoc.case.patch import Patch
from asyncsoc.case.section import Number, Section
from asyncsoc.contact.build import contact_kind, contact_kinds
from asyncsoc.contact.change import check_start
from asyncsoc.contact.map import MOST_PATCHES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Kind = str
else:
    Kind = Literal[contact_kinds()]


class Contact(Section):
    """Where the electrolyte touches the particle.

    Attributes
    ----------
    kind
        "full", "cap", "belt", "patches", "random", "labels" (tags or weights of a mesh), "placed" (patches, each with
        its direction and size), "weights" (an array on a mesh) or "map" (weights of directions).
    coverage
        Fraction of the surface in contact, in (0, 1].
    n
        Number of patches, for "patches" and "random".
    seed
        Seed of the layout, for "random".
    axis
        Direction of the axis of a cap, belt or layout of patches.
    active
        Labels of the mesh that are in contact, for "labels": names, tag numbers or 'array=number'; where none is
        given, "contact" or "active".
    patch
        The patches, for "placed".
    weights
        The array, for "weights".
    map
        The map, for "map".
    coverage_change
        How the coverage changes with time or from cycle to cycle, an assumption; None: it stays.
    fitted, fitted_to
        Which of these were fitted, and to what; `asyncsoc calibrate` writes them.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> aso.Contact.cap(0.3)
    Contact(kind='cap', coverage=0.3)
    >>> aso.Contact.patches(0.2, n=6).kind
    'patches'
    """

    kind: Kind = "full"
    coverage: fields.Fraction | None = None
    n: fields.WholeNumber | None = None
    seed: fields.WholeNumber | None = None
    axis: tuple[fields.Direction, fields.Direction, fields.Direction] = (0.0, 0.0, 1.0)
    active: tuple[fields.WholeNumber | str, ...] = ()
    patch: tuple[Patch, ...] = ()
    weights: FacetWeights | None = None
    map: DirectionMap | None = None
    coverage_change: CoverageChange | None = None
    fitted: tuple[str, ...] = ()
    fitted_to: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _kind_follows_from_its_key(cls, keys: Any) -> Any:
        """Read [[contact.patch]] below kind = "patches", or without a kind, as placed patches, and arrays likewise."""
        if not isinstance(keys, Mapping):
            return keys
        for key, kind in (("patch", "placed"), ("weights", "weights"), ("map", "map")):
            value = keys.get(key)
            if value is not None and not (isinstance(value, list | tuple) and not value):
                replaced = ("patches",) if kind == "placed" else ()
                if keys.get("kind") is None or keys["kind"] in replaced:
                    return {**keys, "kind": kind}
        return keys

    @field_validator("active", mode="before")
    @classmethod
    def _one_or_several(cls, active: Any) -> Any:
        return (active,) if isinstance(active, str | int) else active

    @model_validator(mode="after")
    def _kind_has_its_keys(self) -> Self:
        problems = (
            self._coverage_problem,
            self._number_problem,
            self._axis_problem,
            self._label_problem,
            self._array_problem,
            self._change_problem,
        )
        for problem in problems:
            error = problem()
            if error is not None:
                raise refusal(error)
        check_marks(self.section_name(), self.fitted, self.fitted_to, ("coverage",))
        return self

    def _coverage_problem(self) -> InputError | None:
        if self.kind == "full" and self.coverage not in (None, 1.0):
            return InputError(
                "full contact covers everything",
                where="contact.coverage",
                value=self.coverage,
                allowed="1",
                next_step="set contact.kind = 'cap' (or belt, patches, random) for partial contact",
            )
        if self.coverage is not None and not contact_kind(self.kind).takes_coverage:
            return InputError(
                "the labels of the mesh give the coverage"
                if self.kind == "labels"
                else f"'{self.kind}' has the coverage that its {_ARRAYS[self.kind]} gives",
                where="contact.coverage",
                value=self.coverage,
                next_step="remove coverage",
            )
        if self.coverage is None and self.kind != "full" and contact_kind(self.kind).takes_coverage:
            return InputError(
                f"'{self.kind}' needs its coverage", where="contact.coverage", allowed="above 0, at most 1"
            )
        return None

    def _number_problem(self) -> InputError | None:
        options = contact_kind(self.kind).options
        layout = "n" in options
        if layout and self.n is None:
            return InputError(f"'{self.kind}' needs its number of patches", where="contact.n", next_step="set n = 6")
        if not layout and self.n is not None:
            return InputError("only 'patches' and 'random' have a number", where="contact.n", value=self.n)
        if self.n is not None and not 1 <= self.n <= MOST_PATCHES:
            return InputError("out of range", where="contact.n", value=self.n, allowed=f"1 to {MOST_PATCHES}")
        if "seed" not in options and self.seed is not None:
            return InputError("only 'random' has a seed", where="contact.seed", value=self.seed)
        if self.seed is not None and not 0 <= self.seed < 2**63:
            return InputError("out of range", where="contact.seed", value=self.seed, allowed="0 to 2^63 - 1")
        return None

    def _label_problem(self) -> InputError | None:
        if self.active and self.kind != "labels":
            return InputError("only 'labels' names what is active", where="contact.active", value=list(self.active))
        return None

    def _array_problem(self) -> InputError | None:
        for kind, key in _ARRAYS.items():
            given = getattr(self, key) not in (None, ())
            if given and self.kind != kind:
                return InputError(f"only '{kind}' has the key {key}", where=f"contact.{key}", next_step=f"remove {key}")
            if self.kind == kind and not given:
                return InputError(f"'{kind}' needs its {key}", where=f"contact.{key}", allowed=_EXAMPLES[kind])
        if len(self.patch) > MOST_PATCHES:
            return InputError(
                "too many patches", where="contact.patch", value=len(self.patch), allowed=f"at most {MOST_PATCHES}"
            )
        return None

    def _change_problem(self) -> InputError | None:
        change = self.coverage_change
        if change is None:
            return None
        if change.at == "edge" and not _has_edge(self.kind):
            return InputError(
                f"the edge of '{self.kind}' cannot be moved to another coverage",
                where="contact.coverage_change.at",
                value="edge",
                allowed=f"'everywhere', or contact.kind = {', '.join(filter(_has_edge, contact_kinds()))}",
            )
        if self.fraction is not None:
            try:
                check_start(change.change, self.fraction)
            except InputError as error:
                return error
        return None

    @property
    def edge_moves(self) -> bool:
        """Whether the coverage changes because the contact's edge moves."""
        return self.coverage_change is not None and _has_edge(self.kind) and self.coverage_change.at != "everywhere"

    @property
    def at_start(self) -> Self:
        """The contact with which a run begins, without how it changes."""
        return self if self.coverage_change is None else self.model_copy(update={"coverage_change": None})

    @property
    def rough_fraction(self) -> float:
        """Coverage, near enough to choose a mesh by; 1 where only a mesh knows it."""
        if self.weights is not None or self.map is not None:
            return (self.weights or self.map).mean  # type: ignore[union-attr]
        if self.patch:
            return min(sum(patch.share(math.inf, sphere=True) or 0.0 for patch in self.patch) or 1.0, 1.0)
        return float(self.fraction or 1.0)

    def _axis_problem(self) -> InputError | None:
        if any(self.axis):
            return None
        return InputError(
            "an axis needs a direction", where="contact.axis", value=self.axis, allowed="[0, 0, 1] or another"
        )

    @property
    def fraction(self) -> float | None:
        """Coverage asked for: 1 for full contact, None where labels, patches or arrays give it."""
        return 1.0 if self.kind == "full" else self.coverage

    @classmethod
    def full(cls) -> Self:
        """Return contact all over."""
        return cls(kind="full")

    @classmethod
    def cap(cls, coverage: Number, **keys: Any) -> Self:
        """Return one round patch around the axis."""
        return cls(kind="cap", coverage=coverage, **keys)

    @classmethod
    def belt(cls, coverage: Number, **keys: Any) -> Self:
        """Return a band around the equator."""
        return cls(kind="belt", coverage=coverage, **keys)

    @classmethod
    def patches(cls, coverage: Number, n: int, **keys: Any) -> Self:
        """Return `n` equal round patches, evenly spread."""
        return cls(kind="patches", coverage=coverage, n=n, **keys)

    @classmethod
    def random(cls, coverage: Number, n: int, seed: int = 0, **keys: Any) -> Self:
        """Return `n` round patches at random places."""
        return cls(kind="random", coverage=coverage, n=n, seed=seed, **keys)

    @classmethod
    def labels(cls, *active: str | int) -> Self:
        """Return contact where the mesh's labels say so; none named: its "contact" or "active"."""
        return cls(kind="labels", active=active)

    @classmethod
    def placed(cls, patches: Sequence[Mapping[str, Any] | Patch], **keys: Any) -> Self:
        """Return round patches, each a mapping such as `{"direction": [0, 0, 1], "angle": "20 deg"}`, see `Patch`."""
        return cls(kind="placed", patch=tuple(patches), **keys)

    @classmethod
    def from_function(
        cls,
        weight: Callable[[Any], Any],
        particle: Particle | None = None,
        *,
        unit: Literal["radius", "m"] = "radius",
        **keys: Any,
    ) -> Self:
        """Return the contact that a function of position gives, integrated over the facets of a particle's surface.

        What is kept is the array of integrals with its hash and the mesh it belongs to: a case is data.

        Parameters
        ----------
        weight
            Takes points (n, 3), returns (n,) weights in [0, 1] or booleans.
        particle
            Whose surface; a sphere on its built-in 3-D mesh, the default one where left out.
        unit
            What the points are in: "radius", radii from the centre of volume (points of a sphere have length 1; of
            another particle the radius is that of the sphere of its volume), or "m", the particle's own coordinates.
        keys
            Other keys of the contact: `coverage_change`.

        Raises
        ------
        InputError
            The function fails, or returns something else than weights; nothing is in contact; a particle without a
            3-D surface.
        """
        from asyncsoc.case.surface import surface_of

        surface = surface_of(particle or Particle.sphere())
        return cls(kind="weights", weights=surface.sampled(weight, unit), **keys)

    @classmethod
    def from_weights(
        cls,
        weights: ArrayLike | str | Path,
        particle: Particle | None = None,
        *,
        on: Literal["facets", "nodes"] | None = None,
        **keys: Any,
    ) -> Self:
        """Return the contact that an array on a particle's surface gives.

        Parameters
        ----------
        weights
            In [0, 1]: (n_facets,), (n_facets, 3) for the facets' corners, or (n_nodes,), in the order of
            `particle.surface()`; or the name of a file of facets' weights.
        particle
            Whose surface; a sphere on its built-in 3-D mesh, the default one where left out.
        on
            "facets" or "nodes" where both are equally many.
        keys
            Other keys of the contact: `coverage_change`.

        Raises
        ------
        InputError
            Another length, a weight that is not finite or outside [0, 1], all 0.
        """
        from asyncsoc.case.surface import surface_of

        surface = surface_of(particle or Particle.sphere())
        return cls(kind="weights", weights=surface.given(weights, on), **keys)

    @classmethod
    def from_map(cls, theta: ArrayLike, phi: ArrayLike, weight: ArrayLike, **keys: Any) -> Self:
        """Return the contact that a map of directions gives, see `DirectionMap`.

        Parameters
        ----------
        theta : (m,), phi : (k,)
            Polar angles and azimuths [rad], rising.
        weight : (m, k)
            Weights in [0, 1].
        """
        return cls(kind="map", map={"theta": theta, "phi": phi, "weight": weight}, **keys)


def _has_edge(kind: str) -> bool:
    """Whether a kind of contact has an edge that encloses any coverage."""
    return kind == "placed" or (kind != "full" and contact_kind(kind).takes_coverage)


_ARRAYS = {"placed": "patch", "weights": "weights", "map": "map"}
"""Kinds that are given by a key of their own."""
_EXAMPLES = {
    "placed": "[[contact.patch]] with direction = [0, 0, 1] and angle = '20 deg'",
    "weights": "'weights.npy', one weight for each facet, or Contact.from_weights",
    "map": "'map.csv' with the columns theta [deg], phi [deg], weight",
}
