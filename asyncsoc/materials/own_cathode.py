"""A cathode made of what a case gives: a parameter set with values replaced, or one that starts from nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.display import ShortRepr
from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY
from asyncsoc.materials.atomic_weights import SOURCE as ATOMIC_WEIGHTS
from asyncsoc.materials.functions import constant
from asyncsoc.materials.overrides import SOURCE, replaced, with_overrides
from asyncsoc.materials.potentials import MeanPotential, Potential, UniformPotential
from asyncsoc.materials.properties import Property, evaluated, holds_at, shown_value, source_of
from asyncsoc.materials.property_laws import PropertyLaw, require_in_range
from asyncsoc.materials.property_tables import PropertyTable
from asyncsoc.materials.registry import OWN, cathode
from asyncsoc.materials.types import Cathode, Parameter
from asyncsoc.materials.valence import ValenceModel

Array = NDArray[np.float64]
_CHECKED = 2001
_GIVEN = "given by the case"
_CROSSING = 1e-3
"""V by which the branches of a hysteresis may cross where they meet."""


@dataclass(frozen=True, repr=False)
class GivenCathode(ShortRepr):
    """What a case gives of its cathode, in SI; None where the parameter set's own is taken.

    Attributes
    ----------
    name
        Parameter set to start from; 'own' starts from nothing.
    open_circuit_potential, open_circuit_potential_charge, open_circuit_potential_discharge
        Tables or laws of U(x) [V against Li]: one, or two branches, or both and what holds between them.
    hysteresis
        'branches' or 'mean': whether protocol steps take the branches or the potential between them.
    entropy_coefficient, diffusivity
        dU/dT [V/K] and D [m2/s]: numbers, tables or (diffusivity) laws.
    diffusivity_activation_energy
        J/mol, about `reference_temperature` [K].
    maximum_concentration, density, molar_mass, formula, window, charged_voltage, valence
        As of `Cathode`.
    """

    name: str
    open_circuit_potential: Property | None = None
    open_circuit_potential_charge: Property | None = None
    open_circuit_potential_discharge: Property | None = None
    hysteresis: str | None = None
    entropy_coefficient: Property | None = None
    diffusivity: Property | None = None
    diffusivity_activation_energy: float | None = None
    reference_temperature: float | None = None
    maximum_concentration: float | None = None
    density: float | None = None
    molar_mass: float | None = None
    formula: str | None = None
    window: tuple[float, float] | None = None
    charged_voltage: float | None = None
    valence: ValenceModel | None = None

    @property
    def branches(self) -> tuple[Potential, Potential] | None:
        """U(x) on charge and on discharge; None where the case does not give both."""
        charge, discharge = self.open_circuit_potential_charge, self.open_circuit_potential_discharge
        if charge is None or discharge is None or isinstance(charge, float) or isinstance(discharge, float):
            return None
        return charge, discharge

    @property
    def potential(self) -> Potential | None:
        """U(x): the one given, or the mean of the branches; None where the case gives neither."""
        if self.open_circuit_potential is None:
            return None if self.branches is None else MeanPotential(*self.branches)
        return None if isinstance(self.open_circuit_potential, float) else self.open_circuit_potential

    @property
    def measured(self) -> tuple[float, float] | None:
        """(lowest, highest) stoichiometry that all tables of U have; None where the case gives none."""
        given = (self.open_circuit_potential, *(self.branches or ()))
        ranges = [one.range for one in given if isinstance(one, PropertyTable)]
        return (max(low for low, _ in ranges), min(high for _, high in ranges)) if ranges else None


def span_of(name: str, window: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return the stoichiometries over which functions of a cathode are needed; None where its window is not known."""
    if window is None:
        if name == OWN:
            return None
        window = cathode(name).window
    low, high = window
    margin = 0.011 * (high - low)
    return max(low - margin, 0.5 * low), min(high + margin, 0.5 * (1.0 + high))


def cathode_given(given: GivenCathode) -> Cathode:
    """Return the cathode that a case describes.

    Raises
    ------
    InputError
        What an own cathode needs is missing, a window outside the table of U, or U that does not fall over it.
    """
    base = _blank(given) if given.name == OWN else cathode(given.name)
    found = with_overrides(base, maximum_concentration=given.maximum_concentration)
    found = base if given.name == OWN else _with_molar_mass(found, given)
    found = _with_potential(found, given)
    found = _with_diffusivity(found, given)
    if given.entropy_coefficient is not None or given.reference_temperature is not None:
        found = _with_entropy(found, given)
    if given.density is not None:
        found = replace(
            replaced(found, Parameter("density", given.density, "kg/m3", SOURCE, False)), density=given.density
        )
    if given.charged_voltage is not None:
        found = replace(found, charged_voltage=given.charged_voltage)
    if given.valence is not None:
        found = replace(found, valence=given.valence)
    if given.potential is not None or given.window is not None or given.charged_voltage is not None:
        _require_charged(found)
    return found


def _with_molar_mass(base: Cathode, given: GivenCathode) -> Cathode:
    """Return a parameter set with the case's molar mass; the density follows it."""
    if given.formula is not None:
        raise InputError(
            "a parameter set keeps its own formula: reaction energies and oxidation states belong to it",
            where="material.formula",
            value=given.formula,
            allowed=f"left out: {base.name} is {base.formula}",
            next_step=f"remove it, or describe the cathode with material.name = '{OWN}'",
        )
    if given.molar_mass is None:
        return base
    mass, density = given.molar_mass, base.maximum_concentration * given.molar_mass
    changed = replaced(base, Parameter("molar mass", mass, "kg/mol", SOURCE, False))
    changed = replaced(changed, Parameter("density", density, "kg/m3", SOURCE, False, "c_max times the molar mass."))
    capacity = FARADAY / (3600.0 * mass)
    changed = replaced(
        changed, Parameter("capacity per unit x", capacity, "A h/kg", "Faraday's constant over it", False)
    )
    return replace(changed, molar_mass=mass, density=density)


def _require_charged(found: Cathode) -> None:
    """Refuse a cathode that does not reach its charged voltage within its window."""
    low, high = found.window
    ends = np.asarray(found.open_circuit_potential(np.array([high, low])), dtype=np.float64)
    if not ends[0] <= found.charged_voltage <= ends[1]:
        raise InputError(
            f"the open-circuit potential does not reach {found.charged_voltage:g} V, at which SOC is 1, in its window",
            where="material.charged_voltage",
            value=found.charged_voltage,
            allowed=f"{ends[0]:.4f} to {ends[1]:.4f} V, from x = {high:g} down to {low:g}",
            next_step="set material.charged_voltage within that range, or widen material.window",
        )


def required(given: GivenCathode) -> tuple[str, ...]:
    """Return the keys that a cathode starting from nothing lacks."""
    lacking = [] if given.potential is not None else ["open_circuit_potential"]
    lacking += [key for key in ("diffusivity", "maximum_concentration") if getattr(given, key) is None]
    if given.formula is None and given.molar_mass is None:
        lacking.append("formula (or molar_mass)")
    if given.window is None and given.measured is None:
        lacking.append("window")
    return tuple(lacking)


def _blank(given: GivenCathode) -> Cathode:
    """Return a cathode of nothing but what the case gives; its i0 is that of the kinetics or the electrolyte."""
    lacking = required(given)
    if lacking:
        raise InputError(
            f"a cathode of your own lacks {', '.join(lacking)}",
            where="material",
            value=OWN,
            next_step="give them, or start from a parameter set with material.name",
        )
    mass = given.molar_mass
    if mass is None:
        from asyncsoc.materials.atomic_weights import molar_mass

        mass = molar_mass(given.formula or "", where="material.formula")
    c_max = given.maximum_concentration or 0.0
    window = _window(given)
    mass_source = _GIVEN if given.molar_mass is not None else f"{ATOMIC_WEIGHTS} of {given.formula}"
    return Cathode(
        name=OWN,
        title="a cathode given by the case",
        references=(),
        formula=given.formula or "",
        open_circuit_potential=given.potential or UniformPotential(0.0),
        diffusivity=constant(0.0),
        exchange_current_density=constant(1.0),
        maximum_concentration=c_max,
        density=c_max * mass,
        molar_mass=mass,
        window=window,
        validity=window,
        parameters=(
            Parameter(
                "exchange current density",
                "that of kinetics.exchange_current_density or the electrolyte",
                "A/m2",
                _GIVEN,
                False,
            ),
            Parameter("maximum concentration", c_max, "mol/m3", _GIVEN, False),
            Parameter("molar mass", mass, "kg/mol", mass_source, False),
            Parameter("density", c_max * mass, "kg/m3", "c_max times molar mass", False),
            Parameter(
                "capacity per unit x",
                FARADAY / (3600.0 * mass),
                "A h/kg",
                "Faraday's constant over the molar mass",
                False,
            ),
        ),
    )


def _window(given: GivenCathode) -> tuple[float, float]:
    if given.window is not None:
        return given.window
    return cathode(given.name).window if given.measured is None else given.measured


def _with_potential(base: Cathode, given: GivenCathode) -> Cathode:
    """Return the cathode with the case's U(x), branches, window and validity."""
    potential, branches = given.potential, given.branches
    lone = given.open_circuit_potential_charge is not None or given.open_circuit_potential_discharge is not None
    if branches is None and (lone or given.hysteresis is not None):
        raise InputError(
            "a hysteresis needs both branches of the open-circuit potential",
            where="material",
            allowed="open_circuit_potential_charge and open_circuit_potential_discharge",
            next_step="give both, or open_circuit_potential alone",
        )
    if potential is None:
        if given.window is None:
            return base
        return replace(base, window=given.window, parameters=_limits(base, given.window, base.validity))
    low, high = window = _window(given)
    first, last = validity = given.measured or window
    if not (first <= low < high <= last):
        raise InputError(
            "the stoichiometry window reaches beyond the table of the open-circuit potential",
            where="material.window",
            value=list(window),
            allowed=f"within {first:g} to {last:g}",
            next_step="leave material.window out to take the table's, or extend the table",
        )
    for one, name in zip((potential, *(branches or ())), ("", " on charge", " on discharge"), strict=False):
        require_falling(one, window, f"open-circuit potential of {base.name}{name}")
    if branches is not None:
        _require_order(branches, window)
    changed = replace(
        _with_listed_potentials(base, given),
        open_circuit_potential=potential,
        branches=None if given.hysteresis == "mean" else branches,
        window=window,
        validity=validity,
        equilibrium=None,
    )
    return replace(changed, parameters=_limits(changed, window, validity))


def _with_listed_potentials(base: Cathode, given: GivenCathode) -> Cathode:
    """Return the cathode with the potentials of the case in its list of parameters."""
    changed = replace(base, parameters=tuple(p for p in base.parameters if p.name != "end-of-discharge term"))
    for name, value in (
        ("", given.open_circuit_potential),
        (" on charge", given.open_circuit_potential_charge),
        (" on discharge", given.open_circuit_potential_discharge),
    ):
        if value is not None:
            parameter = Parameter(
                f"open-circuit potential{name}", shown_value(value), "V against Li", source_of(value), False
            )
            changed = replaced(changed, parameter)
        elif not name:
            mean = Parameter("open-circuit potential", "mean of charge and discharge", "V against Li", _GIVEN, False)
            changed = replaced(changed, mean)
    return changed


def _require_order(branches: tuple[Potential, Potential], window: tuple[float, float]) -> None:
    """Refuse branches of which that of the charge lies below that of the discharge."""
    x = np.linspace(*window, _CHECKED)
    gap = np.asarray(branches[0](x)) - np.asarray(branches[1](x))
    if np.min(gap) < -_CROSSING:
        k = int(np.argmin(gap))
        raise InputError(
            f"the potential on charge lies below that on discharge at x = {x[k]:.6g}",
            where="material.open_circuit_potential_charge",
            value=f"{1e3 * gap[k]:.4g} mV",
            allowed=f"at least {-1e3 * _CROSSING:g} mV: a cycle would give energy",
            next_step="exchange the branches, or correct their stoichiometries",
        )


def _with_entropy(base: Cathode, given: GivenCathode) -> Cathode:
    """Return the cathode with the case's dU/dT and the temperature at which its U(x) holds."""
    reference = given.reference_temperature
    changed = base if reference is None else replace(base, reference_temperature=reference)
    entropy = given.entropy_coefficient
    if entropy is None or isinstance(entropy, PropertyLaw):
        return changed
    note = f"U(x, T) = U(x) + (T - {changed.reference_temperature:g} K) dU/dT."
    parameter = Parameter("entropy coefficient dU/dT", shown_value(entropy), "V/K", source_of(entropy), False, note)
    function = UniformPotential(entropy) if isinstance(entropy, float) else entropy
    return replace(replaced(changed, parameter), entropy=function)


def _limits(base: Cathode, window: tuple[float, float], validity: tuple[float, float]) -> tuple[Parameter, ...]:
    """Return the listed parameters with the limits of the case in place of the set's."""
    listed = {
        "lowest stoichiometry": (window[0], "A step ends where it is reached."),
        "highest stoichiometry": (window[1], "A step ends where it is reached."),
        "lowest valid stoichiometry": (validity[0], "Leaving it is reported."),
        "highest valid stoichiometry": (validity[1], "Leaving it is reported."),
    }
    kept = [p for p in base.parameters if p.name not in listed]
    return (*kept, *(Parameter(name, value, "", _GIVEN, False, note) for name, (value, note) in listed.items()))


def require_falling(potential: Callable[[Array], Array], window: tuple[float, float], where: str) -> None:
    """Refuse a potential that rises somewhere in the window, or is no number there.

    Raises
    ------
    InputError
        With the place.
    """
    x = np.linspace(*window, _CHECKED)
    values = np.asarray(potential(x), dtype=np.float64)
    bad = ~np.isfinite(values[1:]) | ~(np.diff(values) < 0.0)
    if np.any(bad):
        k = int(np.argmax(bad))
        raise InputError(
            f"the open-circuit potential does not fall from x = {x[k]:.6g} to {x[k + 1]:.6g}",
            where=where,
            value=f"{values[k]:.6g} V, then {values[k + 1]:.6g} V",
            allowed=f"U strictly decreasing for x from {window[0]:.4g} to {window[1]:.4g}",
            next_step="correct the open-circuit potential or narrow the material's stoichiometry window",
        )


def _with_diffusivity(base: Cathode, given: GivenCathode) -> Cathode:
    energy = given.diffusivity_activation_energy
    if given.diffusivity is None:
        return base
    if energy is None:
        if isinstance(given.diffusivity, float):
            return with_overrides(base, diffusivity=given.diffusivity)
        energy = 0.0
    if isinstance(given.diffusivity, PropertyLaw):
        require_in_range(given.diffusivity, base.window, "material.diffusivity")
    reference = holds_at(given.diffusivity, given.reference_temperature)
    note = f"Times exp({energy:g} J/mol / R (1/{reference:g} K - 1/T))." if energy else ""
    changed = replaced(
        base,
        Parameter("diffusivity", shown_value(given.diffusivity), "m2/s", source_of(given.diffusivity), False, note),
    )
    return replace(changed, diffusivity=evaluated(given.diffusivity, energy, reference))


def listed_exchange_current(
    parameters: tuple[Parameter, ...], given: Property, activation_energy: float = 0.0
) -> tuple[Parameter, ...]:
    """Return a cathode's list of parameters with the exchange current density that the kinetics of a case give."""
    name = "exchange current density"
    kept = tuple(one for one in parameters if not one.name.startswith(name))
    note = f"Activation energy {activation_energy:g} J/mol." if activation_energy else ""
    return (*kept, Parameter(name, shown_value(given), "A/m2", source_of(given), False, note))
