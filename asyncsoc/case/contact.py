"""The contact, as a case describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import field_validator, model_validator

from asyncsoc.base.errors import InputError
from asyncsoc.case import fields
from asyncsoc.case.fields import refusal
from asyncsoc.case.marks import check_marks
from asyncsoc.case.section import Number, Section
from asyncsoc.contact.build import contact_kind, contact_kinds
from asyncsoc.contact.map import MOST_PATCHES

if TYPE_CHECKING:
    Kind = str
else:
    Kind = Literal[contact_kinds()]


class Contact(Section):
    """Where the electrolyte touches the particle.

    Attributes
    ----------
    kind
        "full", "cap", "belt", "patches", "random" or "labels" (tags or weights of a mesh).
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
    fitted, fitted_to
        Which of these were fitted, and to what; `asyncsoc calibrate` writes them.
    """

    kind: Kind = "full"
    coverage: fields.Fraction | None = None
    n: fields.WholeNumber | None = None
    seed: fields.WholeNumber | None = None
    axis: tuple[fields.Direction, fields.Direction, fields.Direction] = (0.0, 0.0, 1.0)
    active: tuple[fields.WholeNumber | str, ...] = ()
    fitted: tuple[str, ...] = ()
    fitted_to: str | None = None

    @field_validator("active", mode="before")
    @classmethod
    def _one_or_several(cls, active: Any) -> Any:
        return (active,) if isinstance(active, str | int) else active

    @model_validator(mode="after")
    def _kind_has_its_keys(self) -> Self:
        for error in (self._coverage_problem(), self._number_problem(), self._axis_problem(), self._label_problem()):
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
                "the labels of the mesh give the coverage",
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

    @classmethod
    def labels(cls, *active: str | int) -> Self:
        """Return contact where the mesh's labels say so; none named: its "contact" or "active"."""
        return cls(kind="labels", active=active)
