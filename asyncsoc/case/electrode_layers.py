"""How an electrode conducts through its thickness, as a case describes it: layers, separator and lithium electrode."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import model_validator

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import from_si
from asyncsoc.case import fields
from asyncsoc.case.electrode_salt import SaltProperties
from asyncsoc.case.fields import Measured, refusal
from asyncsoc.case.section import Section
from asyncsoc.materials.types import Parameter

LAYERS = 10
"""Number of layers where none is asked for."""
MOST_LAYERS = 200
BRUGGEMAN = 1.5
"""Exponent of the volume fraction; an assumption."""
ELECTRONIC_CONDUCTIVITY = 10.0
"""S/m, effective; an assumption."""
LITHIUM_RESISTANCE = 75e-4
"""ohm m2; an assumption, between 50 and 100 ohm cm2."""

EffectiveConductivity = Annotated[float, Measured("S/m", 0.0, 1e6, "(]")]
Exponent = Annotated[float, Measured("", 0.0, 5.0)]
SeparatorThickness = Annotated[float, Measured("um", 0.0, 1e-2)]
ExchangeCurrentDensity = Annotated[float, Measured("A/m2", 1e-6, 1e6)]


class Separator(Section):
    """The separator of an electrode in layers; what is left out is that of `[electrolyte]`.

    Attributes
    ----------
    thickness
        m.
    conductivity
        S/m, effective, at every temperature.
    """

    thickness: SeparatorThickness | None = None
    conductivity: EffectiveConductivity | None = None

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return "electrode.separator"


class LithiumElectrode(Section):
    """The lithium electrode: a resistance, or an exchange current density with its kinetics.

    Attributes
    ----------
    resistance
        ohm m2, per area of the electrode, at every temperature.
    exchange_current_density
        A/m2, at every temperature.
    kinetics
        "butler-volmer" with a transfer coefficient of 1/2, or "linear".
    """

    resistance: fields.AreaResistance | None = None
    exchange_current_density: ExchangeCurrentDensity | None = None
    kinetics: Literal["butler-volmer", "linear"] = "butler-volmer"

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return "electrode.lithium"

    @model_validator(mode="before")
    @classmethod
    def _quantity_is_a_resistance(cls, given: Any) -> Any:
        return {"resistance": given} if isinstance(given, str | int | float) and not isinstance(given, bool) else given

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.resistance is None) == (self.exchange_current_density is None):
            raise refusal(
                InputError(
                    "a lithium electrode has a resistance or an exchange current density",
                    where=self.section_name(),
                    allowed="{ resistance = '75 ohm cm2' }, or { exchange_current_density = '4 A/m2' }",
                )
            )
        if self.resistance is not None and "kinetics" in self.model_fields_set and self.kinetics != "linear":
            raise refusal(
                InputError(
                    "a resistance is linear",
                    where=f"{self.section_name()}.kinetics",
                    value=self.kinetics,
                    next_step="give the exchange_current_density in place of the resistance",
                )
            )
        return self


class LayeredElectrode(Section):
    """What an electrode may say of its thickness.

    Attributes
    ----------
    model
        "group": all particles at one potential; "layers": finite volumes through the thickness.
    layers
        Number of finite volumes, each with the whole sample of particles; None: 10.
    salt
        "ohmic": the salt concentration is that at equilibrium everywhere; "concentrated": its gradients are computed.
    salt_properties
        See `SaltProperties`; None: the set of the electrolyte.
    ionic_conductivity
        Effective, of the electrolyte in the electrode [S/m], at every temperature; None: that of the electrolyte
        times the volume fraction of the polymer to the power of `bruggeman`.
    electronic_conductivity
        Effective, of the electrode [S/m]; None: an assumption.
    bruggeman
        Exponent of the volume fraction of the polymer.
    separator
        See `Separator`; None: that of `[electrolyte]`.
    lithium
        See `LithiumElectrode`; None: an assumed resistance.
    """

    model: Literal["group", "layers"] = "group"
    layers: fields.WholeNumber | None = None
    salt: Literal["ohmic", "concentrated"] = "ohmic"
    salt_properties: SaltProperties | None = None
    ionic_conductivity: EffectiveConductivity | None = None
    electronic_conductivity: EffectiveConductivity | None = None
    bruggeman: Exponent = BRUGGEMAN
    separator: Separator | None = None
    lithium: LithiumElectrode | None = None

    @property
    def layered(self) -> bool:
        """Whether there are layers."""
        return self.model == "layers"

    @property
    def layer_count(self) -> int:
        """Number of layers; 1 where all particles are at one potential."""
        return (self.layers or LAYERS) if self.layered else 1

    def layer_problem(self, thickness_known: bool) -> InputError | None:
        """Return what is wrong with the keys of the layers, None where nothing is."""
        if not self.layered:
            given = [key for key, entry in LAYER_KEYS.items() if getattr(self, key) != entry.default]
            given = [key for key in given if not (key == "layers" and self.layers == 1)]
            if given:
                return InputError(
                    "all particles of a group are at one potential: it has no layers",
                    where=f"electrode.{given[0]}",
                    value=getattr(self, given[0]) if given[0] in ("layers", "salt") else None,
                    next_step='set electrode.model = "layers", or remove it',
                )
            return None
        if self.salt == "ohmic" and self.salt_properties is not None:
            return InputError(
                "conduction is ohmic: the salt does not move",
                where="electrode.salt_properties",
                next_step='set electrode.salt = "concentrated", or remove it',
            )
        if self.layers is not None and not 1 <= self.layers <= MOST_LAYERS:
            return InputError(
                "out of range", where="electrode.layers", value=self.layers, allowed=f"1 to {MOST_LAYERS}"
            )
        if not thickness_known:
            return InputError(
                "an electrode in layers needs its thickness",
                where="electrode.thickness",
                allowed="two of loading, thickness and porosity",
                next_step="give thickness or porosity beside the loading",
            )
        return None

    @property
    def layer_parameters(self) -> tuple[Parameter, ...]:
        """What the layers conduct, with sources; assumed values are marked. Empty for a group."""
        if not self.layered:
            return ()
        found = []
        if self.ionic_conductivity is None:
            assumed = self.bruggeman == BRUGGEMAN
            note = "The usual choice; tortuosities of composite cathodes with polymers are larger in measurements."
            found.append(_parameter("exponent of Bruggeman's law", self.bruggeman, "", assumed, note))
        else:
            found.append(_parameter("effective ionic conductivity", self.ionic_conductivity, "S/m", False))
        electronic = self.electronic_conductivity
        note = "Order of magnitude of composites with a few percent of carbon; its drop is then far below a millivolt."
        value = ELECTRONIC_CONDUCTIVITY if electronic is None else electronic
        found.append(_parameter("effective electronic conductivity", value, "S/m", electronic is None, note))
        if self.separator is not None and self.separator.thickness is not None:
            found.append(_parameter("thickness of the separator", self.separator.thickness, "m", False))
        if self.separator is not None and self.separator.conductivity is not None:
            found.append(_parameter("conductivity of the separator", self.separator.conductivity, "S/m", False))
        lithium = self.lithium
        if lithium is not None and lithium.exchange_current_density is not None:
            name = f"exchange current density of lithium, {lithium.kinetics}"
            found.append(_parameter(name, lithium.exchange_current_density, "A/m2", False))
        else:
            given = None if lithium is None else lithium.resistance
            ohms = from_si(LITHIUM_RESISTANCE if given is None else given, "ohm cm2")
            note = "Interfaces of lithium with polymers have some 50 to 100 ohm cm2; no value of these cells is known."
            found.append(_parameter("resistance of the lithium electrode", ohms, "ohm cm2", given is None, note))
        return tuple(found)


LAYER_KEYS = LayeredElectrode.model_fields


def _parameter(name: str, value: float, unit: str, assumed: bool, note: str = "") -> Parameter:
    return Parameter(name, value, unit, "assumption" if assumed else "the case", assumed, note if assumed else "")
