"""Material and electrolyte, as a case describes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import field_validator, model_validator

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.case import fields
from asyncsoc.case.conductivity import Given
from asyncsoc.case.fields import one_line, refusal
from asyncsoc.case.marks import check_marks
from asyncsoc.case.properties import (
    GivenDiffusivity,
    GivenEntropy,
    GivenPotential,
    Redox,
    StoichiometryWindow,
    tabulated,
)
from asyncsoc.case.section import Section
from asyncsoc.case.stated_conductivity import StatedConductivity
from asyncsoc.materials.own_cathode import GivenCathode, cathode_given, span_of
from asyncsoc.materials.properties import depends_on_temperature
from asyncsoc.materials.property_kinds import DIFFUSIVITY, ENTROPY, POTENTIAL
from asyncsoc.materials.property_laws import PropertyLaw
from asyncsoc.materials.registry import DEFAULT_CATHODE, DEFAULT_ELECTROLYTE, OWN, cathode_names, electrolyte_names
from asyncsoc.materials.thermochemistry.formula import parse_formula

MATERIAL_PROPERTIES = {
    "open_circuit_potential": POTENTIAL,
    "open_circuit_potential_charge": POTENTIAL,
    "open_circuit_potential_discharge": POTENTIAL,
    "entropy_coefficient": ENTROPY,
    "diffusivity": DIFFUSIVITY,
}
"""Keys of `Material` that may be tables, laws or functions."""

STATED = StatedConductivity("S/m", 1e-12, 1e6)
_REQUIRED = {
    "conductivity": "'kappa.csv', a number or a law",
    "separator_thickness": "'80 um'",
    "areal_capacity": "'2.5 mAh/cm2'",
}
"""What an electrolyte of one's own must have, and what it may look like."""
_FITTED_OF_MATERIAL = ("diffusivity", "diffusivity_factor", "diffusivity_slope")


class Material(Section):
    """The cathode material: a parameter set by name, and overrides [SI] (None: the set's own).

    Properties of x are numbers, CSV files, mappings of arrays, named laws or, in Python, functions.

    Attributes
    ----------
    name
        See `asyncsoc params`; "own" starts from nothing.
    open_circuit_potential
        U(x) [V against Li], falling with x, the lithium in the formula unit.
    open_circuit_potential_charge, open_circuit_potential_discharge
        Branches of U(x) where it has a hysteresis.
    hysteresis
        "branches": each protocol step takes one, see `materials.potentials`; "mean": what lies between them.
    entropy_coefficient
        dU/dT or dU/dT(x) [V/K]: U(x, T) = U(x) + (T - reference_temperature) dU/dT.
    diffusivity
        D(x) or D(x, T) [m2/s].
    diffusivity_activation_energy
        J/mol; of a diffusivity that holds at `reference_temperature`.
    reference_temperature
        K; at which properties without a temperature of their own hold. None: 25 degC.
    maximum_concentration
        mol/m3.
    density
        kg/m3.
    formula
        Of the fully lithiated material; the molar mass follows from it.
    molar_mass
        kg/mol.
    window
        (lowest, highest) stoichiometry a simulation may reach; None: the table's of U, else the set's.
    charged_voltage
        V against Li at which SOC is 1.
    valence
        Redox element and charges of the other ions, for curves of oxidation states.
    diffusivity_factor
        Multiplies D, whether the set's own or the one given here.
    diffusivity_slope
        d ln D/dx that is added to that of D: D exp[slope (x - 0.6)].
    fitted, fitted_to
        Which of these were fitted, and to what; `asyncsoc calibrate` writes them.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> aso.Material(diffusivity="4e-15 m2/s").diffusivity
    4e-15
    """

    name: str = DEFAULT_CATHODE
    open_circuit_potential: GivenPotential | None = None
    open_circuit_potential_charge: GivenPotential | None = None
    open_circuit_potential_discharge: GivenPotential | None = None
    hysteresis: Literal["branches", "mean"] | None = None
    entropy_coefficient: GivenEntropy | None = None
    diffusivity: GivenDiffusivity | None = None
    diffusivity_activation_energy: fields.ActivationEnergy | None = None
    reference_temperature: fields.Temperature | None = None
    maximum_concentration: fields.Concentration | None = None
    density: fields.Density | None = None
    formula: str | None = None
    molar_mass: fields.MolarMass | None = None
    window: StoichiometryWindow | None = None
    charged_voltage: fields.Voltage | None = None
    valence: Redox | None = None
    diffusivity_factor: fields.Factor | None = None
    diffusivity_slope: fields.Slope | None = None
    fitted: tuple[str, ...] = ()
    fitted_to: str | None = None

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in (*cathode_names(), OWN):
            raise refusal(unknown_name("cathode material", name, (*cathode_names(), OWN)))
        return name

    @model_validator(mode="after")
    def _fit_has_its_data(self) -> Self:
        check_marks(self.section_name(), self.fitted, self.fitted_to, _FITTED_OF_MATERIAL)
        return self

    @field_validator("formula")
    @classmethod
    def _is_a_formula(cls, formula: str | None) -> str | None:
        if formula is not None:
            try:
                amounts = parse_formula(formula, where="material.formula")
                if "Li" not in amounts:
                    raise InputError(
                        "the fully lithiated material holds lithium",
                        where="material.formula",
                        value=formula,
                        allowed="such as 'LiCoO2'",
                    )
            except InputError as error:
                raise refusal(error) from None
        return formula

    @model_validator(mode="before")
    @classmethod
    def _functions_are_tabulated(cls, keys: Any) -> Any:
        """Make a table of a Python function over the stoichiometries that are needed."""
        functions = [key for key in MATERIAL_PROPERTIES if callable(keys.get(key))] if isinstance(keys, dict) else []
        if not functions:
            return keys
        name, window = keys.get("name", DEFAULT_CATHODE), keys.get("window")
        known = name in cathode_names()
        span = span_of(name, window) if _is_window(window) or (window is None and known) else None
        return {
            **keys,
            **{key: tabulated(keys[key], MATERIAL_PROPERTIES[key], span, f"material.{key}") for key in functions},
        }

    @model_validator(mode="after")
    def _is_a_cathode(self) -> Self:
        if self.diffusivity_activation_energy is not None and (
            self.diffusivity is None or depends_on_temperature(self.diffusivity)
        ):
            raise refusal(
                InputError(
                    "an activation energy belongs to a diffusivity that has no temperature dependence of its own",
                    where="material.diffusivity_activation_energy",
                    value=self.diffusivity_activation_energy,
                    next_step="give material.diffusivity at one temperature"
                    if self.diffusivity is None
                    else "leave it out",
                )
            )
        if (
            self.name == OWN
            or self.window is not None
            or self.charged_voltage is not None
            or self.formula is not None
            or isinstance(self.diffusivity, PropertyLaw)
            or self._changes_the_potential
        ):
            try:
                cathode_given(self.given)
            except InputError as error:
                raise refusal(error) from None
        return self

    @property
    def _changes_the_potential(self) -> bool:
        keys = ("open_circuit_potential", "open_circuit_potential_charge", "open_circuit_potential_discharge")
        return self.hysteresis is not None or any(getattr(self, key) is not None for key in keys)

    @property
    def given(self) -> GivenCathode:
        """What the case gives of its cathode."""
        return GivenCathode(**{key: getattr(self, key) for key in GivenCathode.__dataclass_fields__})

    @classmethod
    def named(cls, name: str, **overrides: Any) -> Self:
        """Return the parameter set `name` with overrides in SI, as text with a unit, or as a property of x."""
        return cls(name=name, **overrides)


def _is_window(window: Any) -> bool:
    return (
        isinstance(window, list | tuple)
        and len(window) == 2
        and all(isinstance(one, int | float) for one in window)
        and 0.0 <= window[0] < window[1] <= 1.0
    )


MATERIAL_KEYS_ADDED = tuple(
    key for key in Material.model_fields if key not in ("name", "diffusivity", "maximum_concentration", "density")
)
"""Keys that the first case files did not have."""


class Electrolyte(Section):
    """The electrolyte: a parameter set by name with overrides, or one of your own; None takes the set's value [SI].

    Attributes
    ----------
    name
        See `asyncsoc params`; "own" starts from nothing.
    title
        One line about an electrolyte of your own.
    conductivity
        S/m: a number; or over temperature a CSV, a mapping of arrays, or a law (see `asyncsoc.case.conductivity`).
    separator_thickness
        m.
    areal_capacity
        C per m2 of electrode (SI; that of the parameter sets is in A h/m2).
    transfer_coefficient
        Cathodic, of Butler-Volmer kinetics; `kinetics.transfer_coefficient` goes before it.
    transference_number
        Of the cation. Kept and shown; a single particle's series drop does not use it.
    source
        Where conductivity, transfer coefficient and transference number are from; without it those of an electrolyte of
        your own count as assumed. Thickness and areal capacity are the cell's.
    fitted, fitted_to
        Which of these were fitted, and to what; `asyncsoc calibrate` writes them.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> aso.Electrolyte(separator_thickness="20 um").separator_thickness
    2e-05
    """

    name: str = DEFAULT_ELECTROLYTE
    title: str | None = None
    conductivity: Annotated[float | Given, STATED] | None = None
    separator_thickness: fields.Thickness | None = None
    areal_capacity: fields.AreaCharge | None = None
    transfer_coefficient: fields.OpenFraction | None = None
    transference_number: fields.OpenFraction | None = None
    source: str | None = None
    fitted: tuple[str, ...] = ()
    fitted_to: str | None = None

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in (*electrolyte_names(), OWN):
            raise refusal(unknown_name("electrolyte", name, (*electrolyte_names(), OWN)))
        return name

    @model_validator(mode="after")
    def _fit_has_its_data(self) -> Self:
        check_marks(self.section_name(), self.fitted, self.fitted_to, ("conductivity",))
        return self

    @field_validator("title", "source")
    @classmethod
    def _a_line(cls, text: str | None) -> str | None:
        return None if text is None else one_line(text)

    @model_validator(mode="after")
    def _own_is_complete(self) -> Self:
        if self.name != OWN:
            if self.title is not None:
                raise refusal(
                    InputError(
                        "a title belongs to an electrolyte of your own",
                        where="electrolyte.title",
                        value=self.title,
                        next_step=f"remove it, or set electrolyte.name = '{OWN}'",
                    )
                )
            return self
        missing = [key for key in _REQUIRED if getattr(self, key) is None]
        if missing:
            raise refusal(
                InputError(
                    f"an electrolyte of your own needs {', '.join(missing)}",
                    where=f"electrolyte.{missing[0]}",
                    allowed="; ".join(f"{key} = {_REQUIRED[key]}" for key in missing),
                    next_step="add it, or start from a set: electrolyte.name = 'peo-litfsi' with what differs",
                )
            )
        return self

    @classmethod
    def named(cls, name: str, **overrides: Any) -> Self:
        """Return the parameter set `name` with overrides in SI or as text with a unit."""
        return cls(name=name, **overrides)
