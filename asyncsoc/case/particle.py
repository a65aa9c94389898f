"""The particle and its contact, as a case describes them."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import model_validator

from asyncsoc.case import fields
from asyncsoc.case.fields import refusal
from asyncsoc.case.section import Number, Section
from asyncsoc.errors import InputError

DEFAULT_RADIUS = 7.5e-6
"""m: half of the 10-20 um secondary particles of commercial NCM811."""


class Particle(Section):
    """The particle.

    Attributes
    ----------
    shape
        "sphere", or "mesh" read from `file`.
    radius
        m; of a sphere.
    file
        Mesh file, for shape "mesh".
    model
        "radial", "axisymmetric", "3d", or "auto": the cheapest that can represent the contact.
    mesh
        "default" or "fine" built-in mesh.
    """

    shape: Literal["sphere", "mesh"] = "sphere"
    radius: fields.Length | None = None
    file: str | None = None
    model: Literal["auto", "radial", "axisymmetric", "3d"] = "auto"
    mesh: Literal["default", "fine"] = "default"

    @model_validator(mode="before")
    @classmethod
    def _default_radius(cls, keys: Any) -> Any:
        if isinstance(keys, dict) and keys.get("shape", "sphere") == "sphere" and keys.get("radius") is None:
            return {**keys, "radius": DEFAULT_RADIUS}
        return keys

    @model_validator(mode="after")
    def _shape_has_its_keys(self) -> Self:
        if self.shape == "sphere" and self.file is not None:
            raise refusal(InputError("a sphere has no mesh file", value=self.file, next_step="set shape = 'mesh'"))
        if self.shape == "mesh" and not self.file:
            raise refusal(InputError("a mesh particle needs its file", next_step="set file = 'particle.vtu'"))
        if self.shape == "mesh" and self.radius is not None:
            raise refusal(InputError("a mesh particle has no radius", value=self.radius, next_step="remove radius"))
        return self

    @classmethod
    def sphere(cls, radius: Number = DEFAULT_RADIUS, **keys: Any) -> Self:
        """Return a sphere of `radius` [m, or text with a unit]."""
        return cls(shape="sphere", radius=radius, **keys)


class Contact(Section):
    """Where the electrolyte touches the particle.

    Attributes
    ----------
    kind
        "full", "cap", "belt", "patches", "random" or "labels" (tags of a mesh file).
    coverage
        Fraction of the surface in contact, in (0, 1].
    n
        Number of patches, for "patches" and "random".
    seed
        Seed of the layout, for "random".
    axis
        Direction of the axis of a cap, belt or layout of patches.
    """

    kind: Literal["full", "cap", "belt", "patches", "random", "labels"] = "full"
    coverage: fields.Fraction | None = None
    n: fields.WholeNumber | None = None
    seed: fields.WholeNumber | None = None
    axis: tuple[fields.Direction, fields.Direction, fields.Direction] = (0.0, 0.0, 1.0)

    @model_validator(mode="after")
    def _kind_has_its_keys(self) -> Self:
        for error in (self._coverage_problem(), self._number_problem(), self._axis_problem()):
            if error is not None:
                raise refusal(error)
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
        if self.kind == "labels" and self.coverage is not None:
            return InputError(
                "the labels of the mesh give the coverage",
                where="contact.coverage",
                value=self.coverage,
                next_step="remove coverage",
            )
        if self.kind in ("cap", "belt", "patches", "random") and self.coverage is None:
            return InputError(
                f"'{self.kind}' needs its coverage", where="contact.coverage", allowed="above 0, at most 1"
            )
        return None

    def _number_problem(self) -> InputError | None:
        layout = self.kind in ("patches", "random")
        if layout and self.n is None:
            return InputError(f"'{self.kind}' needs its number of patches", where="contact.n", next_step="set n = 6")
        if not layout and self.n is not None:
            return InputError("only 'patches' and 'random' have a number", where="contact.n", value=self.n)
        if self.n is not None and not 1 <= self.n <= 10_000:
            return InputError("out of range", where="contact.n", value=self.n, allowed="1 to 10000")
        if self.kind != "random" and self.seed is not None:
            return InputError("only 'random' has a seed", where="contact.seed", value=self.seed)
        if self.seed is not None and not 0 <= self.seed < 2**63:
            return InputError("out of range", where="contact.seed", value=self.seed, allowed="0 to 2^63 - 1")
        return None

    def _axis_problem(self) -> InputError | None:
        if any(self.axis):
            return None
        return InputError(
            "an axis needs a direction", where="contact.axis", value=self.axis, allowed="[0, 0, 1] or another"
        )

    @property
    def fraction(self) -> float | None:
        """Coverage asked for: 1 for full contact, None where labels give it."""
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
