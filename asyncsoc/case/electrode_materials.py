"""What an electrode is made of: composition by mass, and the densities of what is not active material."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import model_validator

from asyncsoc.base.errors import InputError
from asyncsoc.case import fields
from asyncsoc.case.fields import Measured, refusal
from asyncsoc.case.section import Section
from asyncsoc.materials.sources import AN2023
from asyncsoc.materials.types import Parameter

CONSTITUENTS = ("active", "polymer", "carbon")
COMPOSITION = (80.0, 15.0, 5.0)
"""Mass ratio in An 2023: active material, polymer electrolyte (PEO-LiTFSI or PEGDA-PECA precursor), nanotubes."""
POLYMER_DENSITY = 1200.0
"""kg/m3; an assumption."""
CARBON_DENSITY = 2000.0
"""kg/m3; an assumption."""
_DIGITS = 12
"""Of a mass fraction: 80:15:5 and 0.8:0.15:0.05 are one composition, whatever their sums round to."""
_ALLOWED = "[80, 15, 5], '80:15:5' or { active = 80, polymer = 15, carbon = 5 }"
_WHERE = "electrode.composition"

Part = Annotated[float, Measured("", 0.0, 1e6)]


class Composition(Section):
    """Mass fractions of an electrode; given as parts of any sum, they are kept as fractions of 1.

    Attributes
    ----------
    active
        Active material.
    polymer
        Polymer electrolyte with its salt; it is the binder too.
    carbon
        Conductive carbon.
    """

    active: Part
    polymer: Part
    carbon: Part = 0.0

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return _WHERE

    @model_validator(mode="before")
    @classmethod
    def _from_parts(cls, given: Any) -> Any:
        parts = given.split(":") if isinstance(given, str) else given
        if isinstance(parts, Mapping | Composition):
            return given
        if not isinstance(parts, list | tuple) or len(parts) != len(CONSTITUENTS):
            raise refusal(
                InputError("a composition has three parts by mass", where=_WHERE, value=given, allowed=_ALLOWED)
            )
        return dict(zip(CONSTITUENTS, parts, strict=True))

    @model_validator(mode="after")
    def _as_fractions(self) -> Self:
        if self.active <= 0.0:
            raise refusal(
                InputError(
                    "an electrode needs active material", where=f"{_WHERE}.active", value=self.active, allowed="above 0"
                )
            )
        total = math.fsum((self.active, self.polymer, self.carbon))
        for name in CONSTITUENTS:
            object.__setattr__(self, name, round(getattr(self, name) / total, _DIGITS))
        return self

    @property
    def fractions(self) -> dict[str, float]:
        """Mass fractions by constituent; their sum is 1."""
        return {name: float(getattr(self, name)) for name in CONSTITUENTS}


class Densities(Section):
    """Densities of what is not active material; that of the active material is the cathode's.

    Attributes
    ----------
    polymer
        kg/m3; of the polymer electrolyte with its salt. The default is an assumption.
    carbon
        kg/m3; of the conductive carbon itself, without pores. The default is an assumption.
    """

    polymer: fields.Density = POLYMER_DENSITY
    carbon: fields.Density = CARBON_DENSITY

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return "electrode.density"


@dataclass(frozen=True)
class ElectrodeAmounts:
    """How much of what there is in an electrode.

    Attributes
    ----------
    loading
        Mass of active material per area of the electrode [kg/m2].
    thickness
        m.
    porosity
        Volume fraction of pores: of what is neither active material nor polymer nor carbon.
    mass
        Mass per area of "active", "polymer" and "carbon" [kg/m2].
    volume_fraction
        Volume fractions of "active", "polymer", "carbon" and "pores"; their sum is 1.
    """

    loading: float
    thickness: float
    porosity: float
    mass: dict[str, float]
    volume_fraction: dict[str, float]


def material_parameters(composition: Composition, density: Densities) -> tuple[Parameter, ...]:
    """Return composition and densities with their sources; what is not a default is the case's own."""
    standard = composition == Composition(**dict(zip(CONSTITUENTS, COMPOSITION, strict=True)))
    shares = ":".join(f"{100.0 * share:g}" for share in composition.fractions.values())
    return (
        Parameter(
            "composition, active:polymer:carbon",
            shares,
            "% by mass",
            AN2023 if standard else "the case",
            False,
            "Active material, PEO-LiTFSI and carbon nanotubes in the slurry." if standard else "",
        ),
        _density("polymer", density.polymer, POLYMER_DENSITY, "Between amorphous PEO and its salt."),
        _density("carbon", density.carbon, CARBON_DENSITY, "Carbon without pores; graphite's crystal is denser."),
    )


def _density(name: str, value: float, default: float, note: str) -> Parameter:
    assumed = value == default
    source = "assumption" if assumed else "the case"
    return Parameter(f"density of the {name}", value, "kg/m3", source, assumed, note if assumed else "")
