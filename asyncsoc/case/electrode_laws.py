"""How an electrode's particles differ in coverage, radius and contact resistance: one number, or a law."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import model_validator

from asyncsoc.base.errors import InputError
from asyncsoc.case import fields
from asyncsoc.case.fields import Measured, refusal
from asyncsoc.case.section import Section

ORDERS: Mapping[str, int] = {"number": 0, "surface": 2, "volume": 3}
"""Power of the radius by which a distribution of each kind weights the particles."""
SMALLEST_SHAPE = 0.05
"""Least parameter of a beta law: below it nearly all particles are at 0 or 1, which are two classes."""
MOST_RESISTIVE = 1e6
"""ohm m2."""
_LARGEST_SIGMA = 5.0
_COVERAGE_KEYS = {"fixed": ("value",), "beta": ("mean", "std"), "classes": ("poor", "good", "share_poor")}
_RESISTANCE_KEYS = {"fixed": ("value",), "classes": ("value", "share_isolated")}
_RADIUS_KEYS = {"fixed": ("value",), "lognormal": ("median", "sigma", "mean", "std", "by")}

Spread = Annotated[float, Measured("", 1e-4, 0.5)]
GeometricSigma = Annotated[float, Measured("", 1.0, _LARGEST_SIGMA, "(]")]
ContactResistivity = Annotated[float, Measured("ohm cm2", 0.0, MOST_RESISTIVE)]
RadiusSpread = Annotated[float, Measured("um", 0.0, 1e-3, "(]")]


class CoverageDistribution(Section):
    """Coverages of the particles of an electrode; they do not depend on the radius (an assumption).

    Attributes
    ----------
    law
        "fixed": all alike; "beta": a beta distribution on [0, 1] with `mean` and `std`; "classes": poorly and well
        covered particles.
    value
        The coverage of all, for "fixed"; a bare number in place of the table means this law.
    mean, std
        Mean and standard deviation, for "beta".
    poor, good, share_poor
        Coverages of the two classes and the share of the particles that is poorly covered, for "classes".
    """

    law: Literal["fixed", "beta", "classes"]
    value: fields.Fraction | None = None
    mean: fields.OpenFraction | None = None
    std: Spread | None = None
    poor: fields.StateOfCharge | None = None
    good: fields.Fraction | None = None
    share_poor: fields.OpenFraction | None = None

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return "electrode.coverage"

    @model_validator(mode="before")
    @classmethod
    def _number_is_fixed(cls, given: Any) -> Any:
        return _fixed(given)

    @model_validator(mode="after")
    def _law_has_its_keys(self) -> Self:
        where = self.section_name()
        error = _keys_problem(self, self.law, _COVERAGE_KEYS, _COVERAGE_KEYS[self.law]) or self._beta_problem()
        if error is None and self.law == "classes" and self.poor >= self.good:  # type: ignore[operator]
            error = InputError(
                "the poorly covered class is not the worse one",
                where=f"{where}.poor",
                value=self.poor,
                allowed=f"below the {self.good:g} of the well covered class",
            )
        if error is not None:
            raise refusal(error)
        return self

    def _beta_problem(self) -> InputError | None:
        if self.law != "beta" or min(self.shape) >= SMALLEST_SHAPE:
            return None
        mean = float(self.mean or 0.0)
        concentration = SMALLEST_SHAPE / min(mean, 1.0 - mean)
        widest = math.sqrt(mean * (1.0 - mean) / (1.0 + concentration))
        return InputError(
            f"no beta law of mean {mean:g} is this wide",
            where=f"{self.section_name()}.std",
            value=self.std,
            allowed=f"at most {math.floor(widest * 1e4) / 1e4:g}",
            next_step="take law = 'classes' where nearly all particles are covered well or hardly at all",
        )

    @property
    def shape(self) -> tuple[float, float]:
        """Parameters of a beta law: alpha = mean k and beta = (1 - mean) k with k = mean (1 - mean)/std² - 1."""
        mean, std = float(self.mean or 0.0), float(self.std or 0.0)
        concentration = mean * (1.0 - mean) / std**2 - 1.0
        return mean * concentration, (1.0 - mean) * concentration

    @property
    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation of the law."""
        if self.law == "classes":
            poor, good, share = float(self.poor or 0.0), float(self.good or 0.0), float(self.share_poor or 0.0)
            return share * poor + (1.0 - share) * good, (good - poor) * math.sqrt(share * (1.0 - share))
        return (
            (float(self.value or 0.0), 0.0)
            if self.law == "fixed"
            else (float(self.mean or 0.0), float(self.std or 0.0))
        )

    @property
    def text(self) -> str:
        """The law in words."""
        if self.law == "fixed":
            return f"{self.value:g}"
        if self.law == "beta":
            return f"beta law of mean {self.mean:g} and standard deviation {self.std:g}"
        return f"{self.poor:g} for a share of {self.share_poor:g} of the particles, {self.good:g} for the others"


class RadiusDistribution(Section):
    """Radii of the particles of an electrode.

    Attributes
    ----------
    law
        "fixed": all alike; "lognormal": ln R is normally distributed.
    value
        m; the radius of all, for "fixed"; a bare quantity in place of the table means this law.
    median, sigma
        m, and the geometric standard deviation exp(std of ln R), for "lognormal".
    mean, std
        m; mean and standard deviation of R in place of `median` and `sigma`.
    by
        What median, or mean and std, count: "number" of particles (microscopy), their "surface", or their "volume"
        (laser diffraction). A lognormal distribution is lognormal in all three, with one sigma.
    """

    law: Literal["fixed", "lognormal"]
    value: fields.Length | None = None
    median: fields.Length | None = None
    sigma: GeometricSigma | None = None
    mean: fields.Length | None = None
    std: RadiusSpread | None = None
    by: Literal["number", "surface", "volume"] | None = None

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return "electrode.radius"

    @model_validator(mode="before")
    @classmethod
    def _number_is_fixed(cls, given: Any) -> Any:
        found = _fixed(given)
        if isinstance(found, Mapping) and found.get("law") == "lognormal" and found.get("by") is None:
            return {**found, "by": "number"}
        return found

    @model_validator(mode="after")
    def _law_has_its_keys(self) -> Self:
        by_mean = self.median is None and self.sigma is None
        needed = ("value",) if self.law == "fixed" else ("mean", "std") if by_mean else ("median", "sigma")
        if self.law == "lognormal" and by_mean and self.mean is None and self.std is None:
            needed = ("median", "sigma")
        allowed = {**_RADIUS_KEYS, "lognormal": (*needed, "by")}
        error = _keys_problem(self, self.law, allowed, needed)
        if error is None and self.law == "lognormal" and self.log_sigma > math.log(_LARGEST_SIGMA):
            error = InputError(
                "the law of the radii is too wide",
                where=f"{self.section_name()}.std",
                value=self.std,
                allowed=f"a geometric standard deviation of at most {_LARGEST_SIGMA:g}",
            )
        if error is not None:
            raise refusal(error)
        return self

    @property
    def log_sigma(self) -> float:
        """Standard deviation s of ln R; 0 for one radius."""
        if self.sigma is not None:
            return math.log(self.sigma)
        if self.mean is None or self.std is None:
            return 0.0
        return math.sqrt(math.log1p((self.std / self.mean) ** 2))

    def median_by(self, by: Literal["number", "surface", "volume"]) -> float:
        """Return the median [m] of the distribution by number, surface or volume (Hatch and Choate).

        With s the standard deviation of ln R and q the power of R that each kind weights with (0, 2, 3), the median
        of order q is exp((q - p) s²) times that of order p.
        """
        if self.value is not None:
            return self.value
        square = self.log_sigma**2
        given = float(self.mean or 0.0) * math.exp(-0.5 * square) if self.median is None else self.median
        return given * math.exp((ORDERS[by] - ORDERS[self.by or "number"]) * square)

    @property
    def mean_by_number(self) -> float:
        """Mean radius of the particles [m]."""
        return self.median_by("number") * math.exp(0.5 * self.log_sigma**2)

    @property
    def specific_surface(self) -> float:
        """Surface over volume of all particles, 3 E[R²]/E[R³] [1/m]."""
        return 3.0 / (self.median_by("volume") * math.exp(-0.5 * self.log_sigma**2))

    @property
    def text(self) -> str:
        """The law in words."""
        if self.value is not None:
            return f"{self.value * 1e6:.6g} um"
        median = self.median_by(self.by or "number")
        return f"lognormal law by {self.by}, median {median * 1e6:.6g} um, sigma {math.exp(self.log_sigma):.6g}"


class ContactResistance(Section):
    """Resistance between the particles of an electrode and the network that carries electrons to them.

    It belongs to the particle's whole surface: a particle of the radius R is behind r = value/(4 pi R²), whatever its
    coverage by the electrolyte. A measured particle has the R of the sphere of its volume.

    Attributes
    ----------
    law
        "fixed": all alike; "classes": some particles are isolated, no net current reaches them, and the others have
        `value`.
    value
        ohm m2; a bare quantity in place of the table means "fixed". 0 where left out.
    share_isolated
        Share of the active mass that is isolated, for "classes"; it does not depend on coverage and radius (an
        assumption).
    """

    law: Literal["fixed", "classes"]
    value: ContactResistivity = 0.0
    share_isolated: fields.OpenFraction | None = None

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return "electrode.contact_resistance"

    @model_validator(mode="before")
    @classmethod
    def _number_is_fixed(cls, given: Any) -> Any:
        return _fixed(given)

    @model_validator(mode="after")
    def _law_has_its_keys(self) -> Self:
        needed = ("share_isolated",) if self.law == "classes" else ()
        error = _keys_problem(self, self.law, _RESISTANCE_KEYS, needed)
        if error is not None:
            raise refusal(error)
        return self

    @property
    def text(self) -> str:
        """The law in words."""
        share = "" if self.share_isolated is None else f", a share of {self.share_isolated:g} isolated"
        return f"{self.value * 1e4:g} ohm cm2{share}"


def _fixed(given: Any) -> Any:
    """Return a bare number or quantity as the law of one value."""
    number = isinstance(given, int | float | str) and not isinstance(given, bool)
    return {"law": "fixed", "value": given} if number else given


def _keys_problem(
    section: Section, law: str, known: Mapping[str, tuple[str, ...]], needed: tuple[str, ...]
) -> InputError | None:
    """Return what is wrong about the keys of a law: one that it has not, or one that is missing."""
    where = section.section_name()
    given_by = " and ".join(needed)
    for key in type(section).model_fields:
        if key != "law" and key not in known[law] and getattr(section, key) is not None:
            return InputError(
                f"a '{law}' law that is given by {given_by} has no {key}",
                where=f"{where}.{key}",
                value=getattr(section, key),
                allowed=", ".join(known[law]),
                next_step=f"remove {key}",
            )
    for key in needed:
        if getattr(section, key) is None:
            return InputError(f"a '{law}' law needs its {key}", where=f"{where}.{key}", allowed=given_by)
    return None
