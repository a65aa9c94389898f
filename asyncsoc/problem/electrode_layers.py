"""The layers of an electrode through its thickness: what conducts, and the network this makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.case.case import Case
from asyncsoc.case.chemistry import Electrolyte
from asyncsoc.case.electrode_layers import (
    ELECTRONIC_CONDUCTIVITY,
    LITHIUM_RESISTANCE,
    LithiumElectrode,
)
from asyncsoc.case.resolved_electrolyte import electrolyte_of
from asyncsoc.materials.conductivity import conductivity_at
from asyncsoc.materials.types import ElectrolyteParameters
from asyncsoc.problem.case_materials import cathode_of
from asyncsoc.problem.electrode_salt import ElectrodeSalt, electrode_salt, salt_report
from asyncsoc.problem.network import Network, NetworkResistances, electronic_resistances, ionic_resistances
from asyncsoc.protocol.constraints import StepConstraint

LAYERS = "layers"
"""Report of a solution: number, conductivities, and the layer of each particle."""


@dataclass(frozen=True, eq=False)
class ElectrodeLayers:
    """K layers of equal width, the first at the separator, the last at the current collector.

    Attributes
    ----------
    count
        K.
    nodes : (N,)
        Layer of each particle, from 0.
    thickness, area
        Of the electrode [m, m2].
    electronic
        Effective electronic conductivity [S/m].
    ionic
        Effective ionic conductivity at every temperature [S/m]; None: that of the electrolyte times `share`.
    share
        Volume fraction of the polymer to the power of Bruggeman's exponent.
    electrolyte
        Of the electrode.
    lithium
        The lithium electrode.
    separator
        The electrolyte of the separator.
    salt
        How the salt moves; None: it does not.
    """

    count: int
    nodes: tuple[int, ...]
    thickness: float
    area: float
    electronic: float
    ionic: float | None
    share: float
    electrolyte: ElectrolyteParameters
    lithium: LithiumElectrode
    separator: ElectrolyteParameters
    salt: ElectrodeSalt | None = None

    def ionic_conductivity(self, temperature: float) -> float:
        """Return the effective ionic conductivity [S/m] at a temperature [K]."""
        if self.ionic is not None:
            return self.ionic
        return self.share * conductivity_at(self.electrolyte, temperature, where="electrode.ionic_conductivity")

    def network(self, constraints: Iterable[StepConstraint]) -> Network:
        """Return the network of the layers and the lithium electrode at the temperatures of a protocol.

        The separator is part of it where a salt is solved; else its resistance is the series resistance of the
        protocol.
        """
        temperatures = _temperatures(constraints)
        salt = None if self.salt is None else self.salt.solved(temperatures, self._conductivities)
        return Network(self.nodes, {level: self._level(level) for level in temperatures}, salt)

    def _conductivities(self, temperature: float) -> tuple[float, float]:
        """Return the conductivities of separator and electrode with the salt at rest [S/m]."""
        where = "electrode.separator.conductivity"
        return conductivity_at(self.separator, temperature, where=where), self.ionic_conductivity(temperature)

    def _level(self, temperature: float) -> NetworkResistances:
        shape = self.count, self.thickness, self.area
        between = electronic_resistances(*shape, self.electronic)
        if self.salt is None:
            between = between + ionic_resistances(*shape, self.ionic_conductivity(temperature))
        i0, thermal = self.lithium.exchange_current_density, GAS_CONSTANT * temperature / FARADAY
        if i0 is None:
            return NetworkResistances(between + float(self.lithium.resistance or 0.0) / self.area)
        if self.lithium.kinetics == "linear":
            return NetworkResistances(between + thermal / (i0 * self.area))
        return NetworkResistances(between, 2.0 * i0 * self.area, 2.0 * thermal)

    def report(self, constraints: Iterable[StepConstraint]) -> dict[str, Any]:
        """Return the report of a result on its layers, as plain data."""
        levels = _temperatures(constraints)
        found = {
            "number": self.count,
            "thickness [m]": self.thickness,
            "area [m2]": self.area,
            "electronic conductivity [S/m]": self.electronic,
            "ionic conductivity": [
                {"temperature [K]": level, "value [S/m]": self.ionic_conductivity(level)} for level in levels
            ],
            "lithium": self.lithium.model_dump(exclude_none=True),
            "layer of each particle": [node + 1 for node in self.nodes],
        }
        if self.salt is not None:
            found["salt"] = salt_report(self.salt)
        return {LAYERS: found}


def _temperatures(constraints: Iterable[StepConstraint]) -> list[float]:
    """Return all temperatures of a protocol [K], ascending."""
    return sorted({level for constraint in constraints for level in constraint.temperatures})


def electrode_layers(case: Case, nodes: Callable[[int], tuple[int, ...]]) -> ElectrodeLayers:
    """Return the layers of a case's electrode; `nodes` gives the layer of each particle, from 0, for their number.

    Raises
    ------
    InputError
        Thickness and volume fractions do not follow from what the electrode says, or it has no electrolyte.
    """
    electrode = case.electrode
    amounts = electrode.amounts(cathode_of(case.material).density)
    polymer = amounts.volume_fraction["polymer"]
    if electrode.ionic_conductivity is None and polymer <= 0.0:
        raise InputError(
            "without polymer no lithium reaches the layers of the electrode",
            where="electrode.composition",
            value="polymer = 0",
            next_step="give the composition some polymer, or state electrode.ionic_conductivity",
        )
    count, given = electrode.layer_count, electrode.electronic_conductivity
    separator = electrolyte_of(separator_of(case))
    lengths = amounts.thickness, separator.separator_thickness
    return ElectrodeLayers(
        count=count,
        nodes=nodes(count),
        thickness=amounts.thickness,
        area=electrode.area,
        electronic=ELECTRONIC_CONDUCTIVITY if given is None else given,
        ionic=electrode.ionic_conductivity,
        share=polymer**electrode.bruggeman,
        electrolyte=electrolyte_of(case.electrolyte),
        lithium=electrode.lithium or LithiumElectrode(resistance=LITHIUM_RESISTANCE),
        separator=separator,
        salt=None if electrode.salt == "ohmic" else electrode_salt(case, *lengths, polymer),
    )


def separator_of(case: Case) -> Electrolyte:
    """Return the electrolyte of a case with the separator that its electrode gives."""
    separator = case.electrode.separator
    if separator is None:
        return case.electrolyte
    given = {"separator_thickness": separator.thickness, "conductivity": separator.conductivity}
    return case.electrolyte.model_copy(update={key: value for key, value in given.items() if value is not None})
