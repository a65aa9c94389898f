"""The salt in the layers of an electrode and in its separator, from a case."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.case.electrode_salt import SaltCurve, SaltProperties, curve_or_value
from asyncsoc.materials.monotone import hermite, monotone_slopes
from asyncsoc.materials.salt import SALT_ASSUMED, SALT_OF, SALT_SETS, OverConcentration, SaltSet, everywhere, salt_set
from asyncsoc.materials.types import Parameter
from asyncsoc.problem.salt import SaltLevel, SaltTransport, salt_table

Array = NDArray[np.float64]
WHERE = "electrode.salt_properties"
_TITLES = {
    "diffusivity": ("salt diffusivity", "m2/s"),
    "transference_number": ("transference number", ""),
    "thermodynamic_factor": ("thermodynamic factor", ""),
    "conductivity": ("conductivity over concentration", "S/m"),
}


@dataclass(frozen=True, eq=False)
class ElectrodeSalt:
    """The salt of an electrode in layers with its separator.

    Attributes
    ----------
    properties
        What the case says.
    transport
        The set with what the case gives in place of it.
    fraction, efficiency
        Of the electrode: volume fraction of the electrolyte; diffusivity in it over that of the electrolyte alone.
    separator_fraction, separator_efficiency
        The same of the separator.
    thickness, separator_thickness, area
        m, m, m2.
    layers
        K.
    """

    properties: SaltProperties
    transport: SaltSet
    fraction: float
    efficiency: float
    separator_fraction: float
    separator_efficiency: float
    thickness: float
    separator_thickness: float
    area: float
    layers: int

    @cached_property
    def heights(self) -> Array:
        """Height of each volume (M + K,) [m]."""
        count, own = self.properties.separator_nodes, self.layers
        return np.concatenate([np.full(count, self.separator_thickness / count), np.full(own, self.thickness / own)])

    @property
    def positions(self) -> Array:
        """Distance of the middle of each volume from the lithium electrode (M + K,) [m]."""
        return np.asarray(np.cumsum(self.heights) - 0.5 * self.heights)

    @property
    def volumes(self) -> Array:
        """Electrolyte in each volume (M + K,) [m3]."""
        return self.heights * self.area * self._each(self.separator_fraction, self.fraction)

    def _each(self, separator: float, electrode: float) -> Array:
        return np.repeat([separator, electrode], [self.properties.separator_nodes, self.layers])

    def solved(
        self, temperatures: Iterable[float], conductivities: Callable[[float], tuple[float, float]]
    ) -> SaltTransport:
        """Return what is solved.

        Parameters
        ----------
        temperatures
            Of the protocol [K].
        conductivities
            Effective conductivities of separator and electrode at rest [S/m] at a temperature.
        """
        rest, properties = self.transport.concentration, self.properties
        low, high = self.transport.valid

        def at(function: OverConcentration, temperature: float) -> Callable[[Array], Array]:
            return lambda c: function(np.clip(c, low, high), temperature)

        levels = {}
        for temperature in temperatures:
            functions = (
                self.transport.diffusivity,
                self.transport.transference_number,
                self.transport.thermodynamic_factor,
                self.transport.conductivity,
            )
            table = salt_table(
                *(at(one, temperature) for one in functions),
                rest=rest,
                floor=properties.least_share * rest,
                temperature=temperature,
            )
            kappa = self._each(*conductivities(temperature))
            levels[temperature] = SaltLevel(self.heights / (kappa * self.area), table)
        return SaltTransport(
            separator=properties.separator_nodes,
            volume=self.volumes,
            width=self.heights / (self.area * self._each(self.separator_efficiency, self.efficiency)),
            rest=rest,
            least=properties.least_share,
            exchange_exponent=properties.exchange_exponent,
            lithium_exponent=properties.lithium_exponent,
            levels=levels,
            valid=self.transport.valid,
        )


def electrode_salt(case: Case, thickness: float, separator_thickness: float, polymer: float) -> ElectrodeSalt:
    """Return the salt of a case's electrode.

    Parameters
    ----------
    case
        A case with layers and a concentrated salt.
    thickness, separator_thickness
        m.
    polymer
        Volume fraction of the polymer in the electrode.

    Raises
    ------
    InputError
        The separator has no thickness, the electrode no electrolyte, or nothing says how the salt of the electrolyte
        moves.
    """
    electrode = case.electrode
    properties = electrode.salt_properties or SaltProperties()
    if separator_thickness <= 0.0:
        raise InputError(
            "the salt needs a separator with a thickness",
            where="electrode.separator.thickness",
            value=separator_thickness,
            allowed="above 0",
        )
    fraction = polymer if properties.volume_fraction is None else properties.volume_fraction
    if fraction <= 0.0:
        raise InputError(
            "the electrode holds no electrolyte in which a salt could be",
            where=f"{WHERE}.volume_fraction",
            value=fraction,
            allowed="above 0",
            next_step="give the composition some polymer, or state the volume fraction of the electrolyte",
        )
    own = properties.separator_volume_fraction

    def efficiency(given: float | None, share: float) -> float:
        return share**electrode.bruggeman if given is None else given

    return ElectrodeSalt(
        properties=properties,
        transport=transport_of(case, properties),
        fraction=fraction,
        efficiency=efficiency(properties.efficiency, fraction),
        separator_fraction=own,
        separator_efficiency=efficiency(properties.separator_efficiency, own),
        thickness=thickness,
        separator_thickness=separator_thickness,
        area=electrode.area,
        layers=electrode.layer_count,
    )


def transport_of(case: Case, properties: SaltProperties) -> SaltSet:
    """Return the set of the electrolyte with what the case gives in place of it.

    Raises
    ------
    InputError
        The electrolyte has no set, and the case names none and does not give everything.
    """
    name = properties.name or SALT_OF.get(case.electrolyte.name)
    given = {key: value for key in _TITLES if (value := getattr(properties, key)) is not None}
    if name is None:
        missing = [key for key in ("concentration", "diffusivity", "transference_number") if key not in given]
        missing = [key for key in missing if key != "concentration" or properties.concentration is None]
        if missing:
            raise InputError(
                "nothing says how the salt of this electrolyte moves",
                where=f"{WHERE}.{missing[0]}",
                allowed=f"name = one of {', '.join(SALT_SETS)}; or concentration, diffusivity and transference_number",
                next_step="name a set, or give the three",
            )
        base = replace(salt_set("peo-litfsi"), name="own", title="of the case", valid=(0.0, np.inf), parameters=())
    else:
        base = salt_set(name)
    rest = base.concentration if properties.concentration is None else properties.concentration
    changed: dict[str, Any] = {key: _function(value) for key, value in given.items()}
    return replace(base, concentration=rest, parameters=_parameters(base, properties, given, case), **changed)


def _function(given: float | SaltCurve) -> OverConcentration:
    points, values = curve_or_value(given)
    if not points:
        return everywhere(values[0])
    x, y = np.array(points), np.array(values)
    slopes = monotone_slopes(x, y)
    return lambda c, temperature: hermite(x, y, slopes, np.asarray(c, dtype=np.float64), held=True)


def _parameters(
    base: SaltSet, properties: SaltProperties, given: dict[str, float | SaltCurve], case: Case
) -> tuple[Parameter, ...]:
    """Return every parameter of the salt with value, unit, source and mark."""
    replaced = {_TITLES[key][0] for key in given}
    if properties.concentration is not None:
        replaced.add("salt concentration at rest")
    found = [one for one in base.parameters if one.name not in replaced]
    if properties.name is None and case.electrolyte.name in SALT_ASSUMED:
        note = f"The salt of {case.electrolyte.name} is assumed to move as in the set {base.name}."
        found = [replace(one, assumed=True, note=f"{one.note} {note}".strip()) for one in found]
    for key, value in given.items():
        shown = value if isinstance(value, float) else f"table of {len(value.c)} concentrations"
        found.append(Parameter(_TITLES[key][0], shown, _TITLES[key][1], "the case", False))
    if properties.concentration is not None:
        found.append(Parameter("salt concentration at rest", properties.concentration, "mol/m3", "the case", False))
    for name, key in (
        ("exponent of c/c0 in the exchange current density", "exchange_exponent"),
        ("exponent of c/c0 in the exchange current density of lithium", "lithium_exponent"),
    ):
        stated = key in properties.model_fields_set
        note = "" if stated else "The usual choice for a transfer coefficient of 1/2."
        source = "the case" if stated else "assumption"
        found.append(Parameter(name, getattr(properties, key), "", source, not stated, note))
    return tuple(found)


def salt_parameters(case: Case) -> tuple[Parameter, ...]:
    """Return the parameters of the salt of a case's electrode; empty where no salt is solved."""
    electrode = case.electrode
    if not electrode.layered or electrode.salt != "concentrated":
        return ()
    return transport_of(case, electrode.salt_properties or SaltProperties()).parameters


def salt_report(salt: ElectrodeSalt) -> dict[str, Any]:
    """Return what a result says of its salt, as plain data."""
    return {
        "set": salt.transport.name,
        "concentration at rest [mol/m3]": salt.transport.concentration,
        "concentrations known [mol/m3]": [one if np.isfinite(one) else None for one in salt.transport.valid],
        "separator nodes": salt.properties.separator_nodes,
        "separator thickness [m]": salt.separator_thickness,
        "volume fractions of the electrolyte": {"separator": salt.separator_fraction, "electrode": salt.fraction},
        "effective over bulk diffusivity": {"separator": salt.separator_efficiency, "electrode": salt.efficiency},
        "parameters": [asdict(one) for one in salt.transport.parameters],
    }
