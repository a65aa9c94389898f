"""The electrode, as a case describes it: how much of what there is per area, and how its particles are distributed."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from asyncsoc.base.display import Rows
from asyncsoc.base.errors import InputError
from asyncsoc.base.hashing import sha256_of
from asyncsoc.base.units import from_si
from asyncsoc.case import fields
from asyncsoc.case.electrode_isolation import isolation_problem
from asyncsoc.case.electrode_laws import ContactResistance, CoverageDistribution, RadiusDistribution
from asyncsoc.case.electrode_layers import LAYER_KEYS, LayeredElectrode
from asyncsoc.case.electrode_materials import (
    COMPOSITION,
    CONSTITUENTS,
    Composition,
    Densities,
    ElectrodeAmounts,
    material_parameters,
)
from asyncsoc.case.electrode_particles import MOST_PARTICLES, MeasuredParticles, ParticleTable
from asyncsoc.case.electrode_refusals import amount_problem, measured_problem
from asyncsoc.case.fields import Measured, refusal
from asyncsoc.case.particle import DEFAULT_RADIUS
from asyncsoc.materials.types import Parameter

PARTICLES = 20
"""Number of particles drawn where a law has more than two values and none is asked for."""
_HASH_VERSION = 1
_SEEDS = 2**63
_ROUNDING = 1e-12
"""Relative; a porosity as little below 0 is a dense electrode."""

Loading = Annotated[float, Measured("mg/cm2", 1e-5, 10.0)]
LayerThickness = Annotated[float, Measured("um", 1e-7, 1e-2)]
Porosity = Annotated[float, Measured("", 0.0, 1.0, "[)")]
Area = Annotated[float, Measured("cm2", 1e-12, 1e4)]


class Electrode(LayeredElectrode):
    """A composite electrode, and the sample of particles that stands for it.

    A case without keys of an electrode is that of a single particle.

    Loading, thickness and porosity: two of them, the third follows with the composition. A loading alone is enough to
    draw the particles; thickness and porosity are then not known.

    Attributes
    ----------
    loading
        kg/m2; mass of active material per area of the electrode, '12.7 mg/cm2'.
    thickness
        m.
    porosity
        Volume fraction of pores, in [0, 1).
    composition
        Mass fractions of active material, polymer electrolyte and carbon: [80, 15, 5].
    density
        Densities of polymer and carbon [kg/m3]; the active material has its cathode's.
    area
        m2; what a current in amperes belongs to. Nothing else depends on it.
    particles
        How many are drawn; of a table or set as many of its own stand for all. None: 20, fewer where the laws have
        fewer values, and all of a table or set.
    sampling
        "strata": one particle for each of as many parts of equal mass; "random": independent draws
        from the laws.
    seed
        Of random draws, and of how strata of coverage and of radius are paired.
    coverage
        A number or a law, see `CoverageDistribution`.
    radius
        m; a quantity or a law, see `RadiusDistribution`; None: the radius of a case's default particle.
    contact_resistance
        ohm m2 of a particle's surface; a quantity or a law of isolated particles, see `ContactResistance`. None: no
        resistance.
    isolated_from_cycle
        First cycle in which the isolated particles are so: before it they have the contact of the others. None: always.
    table
        Particles one by one, see `ParticleTable`.
    set
        Folder of the particle set of a tomogram, see `MeasuredParticles`.
    model
        "group": all particles at one potential; "layers": finite volumes through the thickness.
    layers
        Number of finite volumes, each with the whole sample of particles; None: 10.
    salt
        "ohmic": no gradients of the salt; "concentrated": its transport is computed.
    salt_properties
        How the salt moves, see `SaltProperties`; None: as in the electrolyte's set.
    ionic_conductivity
        S/m; effective, of the electrolyte in the electrode. None: the electrolyte's, times the volume fraction of the
        polymer to the power of `bruggeman`.
    electronic_conductivity
        S/m; effective. None: 10 S/m, an assumption.
    bruggeman
        Exponent of the volume fraction of the polymer.
    separator
        { thickness, conductivity }; what is left out is that of `[electrolyte]`.
    lithium
        Lithium electrode: '75 ohm cm2', the assumed default, or { exchange_current_density, kinetics }.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> electrode = aso.Electrode(
    ...     loading="12.7 mg/cm2", porosity=0.05, coverage={"law": "beta", "mean": 0.4, "std": 0.15}, particles=8
    ... )
    >>> electrode.particles
    8
    """

    loading: Loading | None = None
    thickness: LayerThickness | None = None
    porosity: Porosity | None = None
    composition: Composition = Field(
        default_factory=lambda: Composition(**dict(zip(CONSTITUENTS, COMPOSITION, strict=True)))
    )
    density: Densities = Densities()
    area: Area = 1e-4
    particles: fields.WholeNumber | None = None
    sampling: Literal["strata", "random"] = "strata"
    seed: fields.WholeNumber = 0
    coverage: CoverageDistribution | None = None
    radius: RadiusDistribution | None = None
    contact_resistance: ContactResistance | None = None
    isolated_from_cycle: fields.WholeNumber | None = None
    table: ParticleTable | None = None
    set: MeasuredParticles | None = None

    @property
    def described(self) -> bool:
        """Whether there is an electrode: a section without keys says that there is none."""
        return any(getattr(self, key) != entry.get_default(call_default_factory=True) for key, entry in _KEYS.items())

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not self.described:
            return self
        layers = self.layer_problem(self.thickness is not None or self.porosity is not None)
        law, listed = self.contact_resistance, () if self.table is None else self.table.contact_resistance
        lost = isolation_problem(self.isolated_from_cycle, None if law is None else law.share_isolated, listed)
        for error in (
            amount_problem(self.loading, self.thickness, self.porosity),
            self._source_problem(),
            self._number_problem(),
            layers,
            lost,
        ):
            if error is not None:
                raise refusal(error)
        return self

    def _source_problem(self) -> InputError | None:
        listed = [name for name in ("table", "set") if getattr(self, name) is not None]
        if len(listed) == 2:
            return InputError(
                "an electrode has its particles from a table or from a set, not both",
                where="electrode.set",
                next_step="remove table or set",
            )
        for name in ("coverage", "radius"):
            if listed and getattr(self, name) is not None:
                return InputError(
                    f"the {listed[0]} gives the {name}", where=f"electrode.{name}", next_step=f"remove {name}"
                )
        if not listed and self.coverage is None:
            return InputError(
                "an electrode needs the coverage of its particles",
                where="electrode.coverage",
                allowed="a number, a law such as { law = 'beta', mean = 0.3, std = 0.1 }, or a table or set",
            )
        if self.table is not None and self.table.contact_resistance and self.contact_resistance is not None:
            return InputError(
                "the table gives the contact resistance",
                where="electrode.contact_resistance",
                next_step="remove contact_resistance, or the column of the table",
            )
        if self.set is not None:
            error = measured_problem(self.set, self.particles, layered=self.layered)
            if error is not None:
                return error
        if listed and self.sampling == "random":
            return InputError(
                f"the particles of a {listed[0]} are taken by strata",
                where="electrode.sampling",
                value=self.sampling,
                next_step="remove sampling",
            )
        return None

    def _number_problem(self) -> InputError | None:
        if not 0 <= self.seed < _SEEDS:
            return InputError("out of range", where="electrode.seed", value=self.seed, allowed="0 to 2^63 - 1")
        classes = self.coverage is not None and self.coverage.law == "classes" and self.sampling == "strata"
        least = (2 if classes else 1) * (2 if self.split_by_isolation else 1)
        most = self._listed or MOST_PARTICLES
        if self._listed and most < least:
            return InputError(
                "isolated particles and others need a particle each",
                where="electrode.contact_resistance",
                value=f"{most} particle of the {'table' if self.table is not None else 'set'}",
                allowed="a resistance",
            )
        if self.particles is not None and not least <= self.particles <= most:
            few = "two classes need a particle each" if self.particles < least and least > 1 else "out of range"
            return InputError(
                f"there are {most} particles only" if self._listed and self.particles > most else few,
                where="electrode.particles",
                value=self.particles,
                allowed=f"{least} to {most}",
            )
        return None

    @property
    def _listed(self) -> int:
        """Number of particles that are listed one by one; 0 where they are drawn from laws."""
        if self.table is not None:
            return len(self.table.radius)
        return 0 if self.set is None else int(self.set.count or 0)

    @property
    def radius_law(self) -> RadiusDistribution:
        """The law of the radii, with its default where none is given."""
        return self.radius or RadiusDistribution(law="fixed", value=DEFAULT_RADIUS)

    @property
    def measured(self) -> bool:
        """Whether the particles are those of a set in their measured shapes."""
        return self.set is not None and self.set.measured

    @property
    def has_resistances(self) -> bool:
        """Whether there is a resistance between particles: of their contacts, or through the thickness."""
        listed = self.table is not None and bool(self.table.contact_resistance)
        return self.model == "layers" or self.contact_resistance is not None or listed

    @property
    def split_by_isolation(self) -> bool:
        """Whether isolated particles and the others are strata of their own."""
        law = self.contact_resistance
        return law is not None and law.law == "classes" and self.sampling == "strata"

    @property
    def count(self) -> int:
        """Number of particles in the sample."""
        if self.particles is not None or self._listed:
            return self.particles or self._listed
        continuous = self.radius_law.law == "lognormal" or self.sampling == "random"
        if self.coverage is None or continuous or self.coverage.law == "beta":
            return PARTICLES
        return (2 if self.coverage.law == "classes" else 1) * (2 if self.split_by_isolation else 1)

    def active_mass(self, active_density: float) -> float:
        """Return the mass of active material per area [kg/m2]: the loading, or what thickness and porosity give.

        Parameters
        ----------
        active_density
            Of the active material [kg/m3]; `Cathode.density`.

        Raises
        ------
        InputError
            A density that is not positive and finite.
        """
        solids = self._solid_volume(active_density)
        if self.loading is not None:
            return self.loading
        return float(self.thickness or 0.0) * (1.0 - float(self.porosity or 0.0)) / solids

    def amounts(self, active_density: float) -> ElectrodeAmounts:
        """Return loading, thickness and porosity with masses and volume fractions.

        With w the mass fractions, rho the densities, m the loading, L the thickness and eps the porosity,
        (1 - eps) L = m sum(w_k/rho_k)/w_active.

        Parameters
        ----------
        active_density
            Of the active material [kg/m3]; `Cathode.density`.

        Raises
        ------
        InputError
            Only the loading is known, or the electrode is thinner than its solids.
        """
        per_loading = self._solid_volume(active_density)
        loading = self.active_mass(active_density)
        solid = loading * per_loading
        if self.thickness is None and self.porosity is None:
            raise InputError(
                "thickness and porosity do not follow from the loading alone",
                where="electrode.thickness",
                allowed=f"a thickness of at least {_um(solid)}, or a porosity",
                next_step="give thickness or porosity",
            )
        thickness = solid / (1.0 - float(self.porosity or 0.0)) if self.thickness is None else self.thickness
        porosity = 1.0 - solid / thickness if self.porosity is None else self.porosity
        if porosity < -_ROUNDING:
            raise InputError(
                f"a loading of {from_si(loading, 'mg/cm2'):.6g} mg/cm2 does not fit into {_um(thickness)}: "
                f"its solids alone fill {_um(solid)}",
                where="electrode.thickness",
                value=_um(thickness),
                allowed=f"at least {_um(solid)}; or a loading of at most "
                f"{from_si(thickness / per_loading, 'mg/cm2'):.6g} mg/cm2",
                next_step="check whether the loading counts active material only, and the composition",
            )
        mass = {name: loading * share / self.composition.active for name, share in self.composition.fractions.items()}
        density = {"active": active_density, "polymer": self.density.polymer, "carbon": self.density.carbon}
        volume = {name: mass[name] / density[name] / thickness for name in CONSTITUENTS}
        porosity = max(porosity, 0.0)
        return ElectrodeAmounts(loading, thickness, porosity, mass, {**volume, "pores": porosity})

    def _solid_volume(self, active_density: float) -> float:
        """Return the volume of all solids per mass of active material [m3/kg]."""
        if not (math.isfinite(active_density) and active_density > 0.0):
            raise InputError(
                "a density is positive", where="active_density", value=active_density, allowed="above 0 kg/m3"
            )
        density = {"active": active_density, "polymer": self.density.polymer, "carbon": self.density.carbon}
        shares = self.composition.fractions
        return math.fsum(shares[name] / density[name] for name in CONSTITUENTS) / self.composition.active

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Composition, densities and radius with their sources; assumed values are marked."""
        default = self.radius is None and self.table is None and self.set is None
        radius = Parameter(
            "radius", DEFAULT_RADIUS, "m", "assumption", True, "Half of the 10-20 um of commercial layered oxides."
        )
        known = (*material_parameters(self.composition, self.density), *((radius,) if default else ()))
        return (*known, *self.layer_parameters)

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show; assumed values are named."""
        name, rows, notes = super()._table()
        assumed = [f"assumed: {one.name}" for one in self.parameters if one.assumed] if self.described else []
        return name, rows, [*notes, *assumed]

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the normalized content: '12.7 mg/cm2' and 0.127 are one electrode.

        Of a table or set counts what is in it, not where it lies.
        """
        content = self.model_dump(mode="json")
        content["radius"], content["particles"] = self.radius_law.model_dump(mode="json"), self.count
        if self.table is not None or self.set is not None:
            content["radius"] = None
        for key in ("contact_resistance", "isolated_from_cycle", "salt_properties"):  # keys that came later
            if content[key] is None:
                del content[key]
        if content["table"] is not None and not content["table"]["contact_resistance"]:
            del content["table"]["contact_resistance"]
        if content["set"] is not None:  # so did these
            content["set"] = {k: v for k, v in content["set"].items() if v not in (None, "spheres")}
        for name, key in (("table", "source"), ("set", "folder")):
            if content[name] is not None:
                del content[name][key]
        if not self.layered:  # what a group does not have is no part of it
            content = {key: value for key, value in content.items() if key not in LAYER_KEYS}
        text = json.dumps({"version": _HASH_VERSION, **content}, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return sha256_of(text)


_KEYS = Electrode.model_fields


def _um(length: float) -> str:
    return f"{length * 1e6:.6g} um"
