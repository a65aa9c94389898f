"""The electrolyte of a case: the set it names with the values it gives, or one of its own, each value listed."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from asyncsoc.base.units import ZERO_CELSIUS
from asyncsoc.case.chemistry import Electrolyte
from asyncsoc.materials import polymer
from asyncsoc.materials.conductivity import REACH, ConstantConductivity, LimitedConductivity
from asyncsoc.materials.registry import OWN, electrolyte
from asyncsoc.materials.sources import ASSUMED
from asyncsoc.materials.types import ElectrolyteParameters, Parameter

_SECONDS_PER_HOUR = 3600.0
UNSOURCED = "given by the case, which names no source"
OVERRIDDEN = "overridden by the case"
_UNUSED = "Not used by a single particle: the series drop is that of a migrating current alone."


@lru_cache(maxsize=64)
def electrolyte_of(section: Electrolyte) -> ElectrolyteParameters:
    """Return the electrolyte a case names, with its overrides, or the one it gives as its own."""
    base = _blank(section) if section.name == OWN else electrolyte(section.name)
    changed = base
    if section.conductivity is not None:
        law, stated = _conductivity(section, base.title if section.name == OWN else base.name)
        changed = replace(changed, conductivity=law, conductivity_range=stated)
    if section.separator_thickness is not None:
        changed = replace(changed, separator_thickness=section.separator_thickness)
    if section.areal_capacity is not None:
        changed = replace(changed, areal_capacity=section.areal_capacity / _SECONDS_PER_HOUR)
    if section.transfer_coefficient is not None:
        changed = replace(changed, transfer_coefficient=section.transfer_coefficient)
    if section.transference_number is not None:
        changed = replace(changed, transference_number=section.transference_number)
    return replace(changed, parameters=_listed(changed, section))


def given_parameters(section: Electrolyte) -> tuple[Parameter, ...]:
    """Return the values a case gives of its electrolyte, with their source; all of them where it is its own."""
    rows = electrolyte_of(section).parameters
    return (
        rows if section.name == OWN else tuple(row for row in rows if row.name in {one.name for one in _own(section)})
    )


def _blank(section: Electrolyte) -> ElectrolyteParameters:
    """Return an electrolyte of which nothing is known but what every one has."""
    return ElectrolyteParameters(
        name=OWN,
        title=section.title or "an electrolyte of the case's own",
        source=section.source or UNSOURCED,
        exchange_current_density=None,
        conductivity=ConstantConductivity(0.0),
        separator_thickness=0.0,
        areal_capacity=0.0,
        transfer_coefficient=polymer.TRANSFER_COEFFICIENT,
        parameters=(
            Parameter(
                "exchange current density",
                "kinetics.exchange_current_density; without it the cathode's own",
                "A/m2",
                "see the kinetics or the cathode",
                False,
            ),
            Parameter(
                "transfer coefficient", polymer.TRANSFER_COEFFICIENT, "", ASSUMED, True, "Cathodic; the usual choice."
            ),
        ),
    )


def _conductivity(
    section: Electrolyte, name: str
) -> tuple[ConstantConductivity | LimitedConductivity, tuple[float, float] | None]:
    """Return kappa(T) of a case and the temperatures it is stated for; those of a number are not known."""
    given = section.conductivity
    if given is None or isinstance(given, float):
        return ConstantConductivity(float(given or 0.0)), None
    limited = given.limited(name)
    return limited, (limited.low, limited.high)


def _listed(found: ElectrolyteParameters, section: Electrolyte) -> tuple[Parameter, ...]:
    """Return the listed parameters with those that the case gives in place of the set's."""
    own = _own(section)
    replaced = {row.name for row in own}
    if section.conductivity is not None:
        replaced |= {row.name for row in found.parameters if "conductivity" in row.name or "porosity" in row.name}
    return (*(row for row in found.parameters if row.name not in replaced), *own)


def _own(section: Electrolyte) -> tuple[Parameter, ...]:
    """Return what the case gives, as listed parameters."""
    own = section.name == OWN
    source = section.source or (UNSOURCED if own else OVERRIDDEN)
    assumed = own and section.source is None
    rows: list[tuple[str, float | str | None, str, str]] = []
    if section.conductivity is not None:
        law, stated = _conductivity(section, section.name)
        rows.append(("conductivity", str(law) if stated else law(0.0), "S/m", _range_note(stated)))
    rows.append(("separator thickness", section.separator_thickness, "m", ""))
    areal = section.areal_capacity
    rows.append(("areal capacity", None if areal is None else areal / _SECONDS_PER_HOUR, "A h/m2", ""))
    rows.append(("transfer coefficient", section.transfer_coefficient, "", "Cathodic."))
    rows.append(("cation transference number", section.transference_number, "", _UNUSED))
    return tuple(
        Parameter(name, value, unit, source, assumed, note) for name, value, unit, note in rows if value is not None
    )


def _range_note(stated: tuple[float, float] | None) -> str:
    if stated is None:
        return "Taken at every temperature."
    low, high = (end - ZERO_CELSIUS for end in stated)
    return (
        f"Stated from {low:.4g} to {high:.4g} degC; continued, with a warning, up to {REACH:g} K beyond and no farther."
    )
