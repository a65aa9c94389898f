"""The positive electrode of PyBaMM's `ParameterValues`, sampled into tables whose error is measured.

PyBaMM's parameters are Python functions that the caller has loaded, not a file; they are computed at a grid of x and
two temperatures, through PyBaMM's own evaluation of a parameter.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import EnvironmentProblem, InputError, unknown_name
from asyncsoc.base.units import GAS_CONSTANT
from asyncsoc.materials.importing.curve import Curve
from asyncsoc.materials.importing.electrode import (
    HIGHEST_ACTIVATION_ENERGY,
    ImportedElectrode,
    ImportedElectrolyte,
    check_curves,
    window_asked_for,
)
from asyncsoc.materials.importing.pybamm_parameters import ParameterSet
from asyncsoc.materials.importing.sampling import MOST_POINTS, RISE, longest_fall, made_falling, sampled
from asyncsoc.materials.property_kinds import DIFFUSIVITY, ENTROPY, EXCHANGE_CURRENT, POTENTIAL, PropertyKind
from asyncsoc.materials.property_tables import PropertyTable

if TYPE_CHECKING:
    import pybamm

Array = NDArray[np.float64]

C_MAX = "Maximum concentration in positive electrode [mol.m-3]"
RADIUS = "Positive particle radius [m]"
NAMES = {
    POTENTIAL: "Positive electrode OCP [V]",
    ENTROPY: "Positive electrode OCP entropic change [V.K-1]",
    DIFFUSIVITY: "Positive particle diffusivity [m2.s-1]",
    EXCHANGE_CURRENT: "Positive electrode exchange-current density [A.m-2]",
}
"""What PyBaMM calls each property."""
SALT = "Initial concentration in electrolyte [mol.m-3]"
REFERENCE = "Reference temperature [K]"
CONDUCTIVITY = "Electrolyte conductivity [S.m-1]"
SEPARATOR = "Separator thickness [m]"
CELL_AREA = (
    "Nominal cell capacity [A.h]",
    "Electrode width [m]",
    "Electrode height [m]",
    "Number of electrodes connected in parallel to make a cell",
)
PARTS = {"primary": "Primary: ", "secondary": "Secondary: "}

EDGE = 1e-3
"""Distance from x = 0 and 1 beyond which nothing is sampled."""
_SCANNED = 2001
"""Points at which the range of x is looked for."""
_TOLERANCES = {
    POTENTIAL: (1e-5, 3e-5, 1e-4),
    ENTROPY: (1e-7, 1e-6, 1e-5),
    DIFFUSIVITY: (1e-4, 1e-3),
    EXCHANGE_CURRENT: (1e-4, 1e-3),
}
"""Errors of the tables, of which the first is taken that few enough points reach: V, V/K, relative."""
_ROUNDING = 1e-12
_SMALLEST_ENERGY = 1e-6
"""J/mol; less is rounding."""
_WARMER = 20.0
"""K above the reference temperature, where the activation energies are measured; checked at twice as much."""
_SAME_ENERGY = 1e-3
"""How well D and i0 must follow Arrhenius' law over the temperatures sampled, relative."""


def from_parameter_values(
    values: pybamm.ParameterValues | str, *, part: str | None = None, window: tuple[float, float] | None = None
) -> ImportedElectrode:
    """Return the positive electrode of a PyBaMM parameter set.

    Parameters
    ----------
    values
        `pybamm.ParameterValues`, or the name of one of PyBaMM's sets.
    part
        "primary" or "secondary" where the electrode is a blend of two.
    window
        (lowest, highest) stoichiometry; None: the widest range in which U falls, and D and i0 are positive.

    Raises
    ------
    InputError
        A set without a positive electrode of the usual form (MSMR), a parameter that is missing, a function that fails
        or gives no finite numbers, D or i0 that do not follow Arrhenius' law, curves that no table represents.
    EnvironmentProblem
        PyBaMM is not installed.
    """
    os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")
    try:
        import pybamm
    except ImportError:
        raise EnvironmentProblem("PyBaMM is not installed", next_step="pip install 'asyncsoc[pybamm]'") from None
    name = values if isinstance(values, str) else "ParameterValues"
    if isinstance(values, str):
        if values not in pybamm.parameter_sets:
            raise unknown_name("PyBaMM parameter set", values, list(pybamm.parameter_sets), where="values")
        values = pybamm.ParameterValues(values)
    if not isinstance(values, pybamm.ParameterValues):
        raise InputError(
            "not PyBaMM parameters",
            where="values",
            value=type(values).__name__,
            allowed="pybamm.ParameterValues or the name of a set",
        )
    return _Extraction(ParameterSet(values, name, _prefix(values, part)), part).electrode(window)


def _prefix(values: pybamm.ParameterValues, part: str | None) -> str:
    blend = {name: prefix for name, prefix in PARTS.items() if f"{prefix}{NAMES[POTENTIAL]}" in values}
    if part is None:
        if NAMES[POTENTIAL] in values or not blend:
            return ""
        raise InputError(
            f"the electrode is a blend of {len(blend)} materials",
            where="part",
            allowed=", ".join(blend),
            next_step=f"name the one to simulate: part='{next(iter(blend))}'",
        )
    if not blend:
        raise InputError("the electrode is no blend", where="part", value=part, next_step="leave part out")
    if part not in blend:
        raise unknown_name("part of the electrode", part, blend, where="part")
    return blend[part]


class _Extraction:
    """Samples one material of a set."""

    def __init__(self, parameters: ParameterSet, part: str | None) -> None:
        self.set, self.part = parameters, part
        prefix = parameters.prefix
        self.c_max = self.set.number(f"{prefix}{C_MAX}", 1e3, 2e5, "mol/m3")
        self.radius = self.set.number(f"{prefix}{RADIUS}", 1e-9, 1e-3, "m")
        self.salt = self.set.number(SALT, 1.0, 1e5, "mol/m3", "i0 is taken at it; it does not change here")
        self.reference = self.set.number(REFERENCE, 200.0, 400.0, "K")
        self.functions = {
            POTENTIAL: self.set.function(NAMES[POTENTIAL], lambda x, _: {"sto": x}),
            ENTROPY: self.set.function(NAMES[ENTROPY], lambda x, _: {"sto": x}, default=0.0),
            DIFFUSIVITY: self.set.function(NAMES[DIFFUSIVITY], lambda x, T: {"sto": x, "T": T}),
            EXCHANGE_CURRENT: self.set.function(
                NAMES[EXCHANGE_CURRENT],
                lambda x, T: {"c_e": self.salt, "c_s_surf": x * self.c_max, "c_s_max": self.c_max, "T": T},
            ),
        }

    def electrode(self, window: tuple[float, float] | None) -> ImportedElectrode:
        """Return what the set has, sampled over the window."""
        if window is None:
            window = self._widest()
            note = f"{window[0]:g} to {window[1]:g}: where U falls, and nothing is out of range"
            self.set.note("stoichiometry limits", None, "assumed", note)
        else:
            window = window_asked_for(window)
        curves = {kind: self._sampled(kind, window) for kind in NAMES}
        energies = {kind: self._energy(kind, window) for kind in (DIFFUSIVITY, EXCHANGE_CURRENT)}
        electrolyte = self._electrolyte()
        self.set.note_the_rest()
        found = ImportedElectrode(
            source=f"PyBaMM {self.set.name}",
            title=f"PyBaMM parameter set {self.set.name}",
            references=self.set.citations(),
            part=self.part,
            maximum_concentration=self.c_max,
            particle_radius=self.radius,
            window=window,
            reference_temperature=self.reference,
            open_circuit_potential=curves[POTENTIAL],
            delithiation=None,
            lithiation=None,
            entropic_change=curves[ENTROPY],
            diffusivity=curves[DIFFUSIVITY],
            diffusivity_energy=energies[DIFFUSIVITY],
            exchange_current_density=curves[EXCHANGE_CURRENT],
            exchange_current_energy=energies[EXCHANGE_CURRENT],
            electrolyte=electrolyte,
            report=tuple(self.set.report),
        )
        check_curves(
            found,
            {
                "open_circuit_potential": self._where(POTENTIAL),
                "entropic_change": self._where(ENTROPY),
                "diffusivity": self._where(DIFFUSIVITY),
                "exchange_current_density": self._where(EXCHANGE_CURRENT),
            },
        )
        return found

    def _where(self, kind: PropertyKind) -> str:
        return f"{self.set.name}: {self.set.prefix}{NAMES[kind]}"

    def _widest(self) -> tuple[float, float]:
        """Return the longest range of x in which U falls and all properties are in their ranges."""
        x = np.linspace(EDGE, 1.0 - EDGE, _SCANNED)
        good = np.ones(len(x), dtype=np.bool_)
        for kind, function in self.functions.items():
            values = function(x, self.reference)
            good &= (values >= kind.low) & (values <= kind.high)
        first, last = longest_fall(self.functions[POTENTIAL](x, self.reference), good)
        if first == last:
            raise InputError("the open-circuit potential falls nowhere", where=self._where(POTENTIAL))
        return float(x[first]), float(x[last])

    def _sampled(self, kind: PropertyKind, window: tuple[float, float]) -> Curve:
        """Return a parameter as a number or as a table."""
        name, tolerances = f"{self.set.prefix}{NAMES[kind]}", _TOLERANCES[kind]
        scanned = self._computed(kind, np.linspace(*window, _SCANNED))
        if np.ptp(scanned) <= _ROUNDING * np.abs(scanned[0]):
            self.set.note(name, float(scanned[0]), "taken", kind.title)
            return float(scanned[0])
        x, y, error = sampled(lambda at: self._computed(kind, at), window, kind, tolerances)
        unit = "of the value" if kind.logarithmic else kind.unit
        if error > tolerances[-1]:
            raise InputError(
                "the parameter changes too sharply for a table",
                where=self._where(kind),
                value=f"error {error:.3g} {unit} with {MOST_POINTS} points",
                allowed=f"{tolerances[-1]:g} {unit}",
                next_step="narrow the window",
            )
        note = f"{kind.title}: table of {len(x)} points, error below {error:.2g} {unit}"
        if kind is POTENTIAL:
            y, change = made_falling(x, y)
            if change > RISE:
                raise InputError(
                    "the open-circuit potential rises with x",
                    where=self._where(kind),
                    value=f"by {2.0 * change:.3g} V",
                    allowed=f"U that falls from x = {window[0]:g} to {window[1]:g}",
                    next_step="narrow the window",
                )
            note += f"; made to fall throughout, which changes it by {change:.2g} V" if change else ""
        self.set.note(name, "function", "converted", note)
        return PropertyTable(kind, x, y[None, :], source=f"PyBaMM {self.set.name}, {note.partition(': ')[2]}")

    def _computed(self, kind: PropertyKind, x: Array) -> Array:
        """Return a parameter at the reference temperature, in its range."""
        found = self.functions[kind](x, self.reference)
        sound = (found >= kind.low) & (found <= kind.high)  # NaN is not
        if not sound.all():
            at = int(np.argmin(sound))
            raise InputError(
                f"the parameter is {'out of range' if np.isfinite(found[at]) else 'not finite'} at x = {x[at]:.6g}",
                where=self._where(kind),
                value=float(found[at]),
                allowed=f"{kind.low:g} to {kind.high:g} {kind.unit}",
                next_step="narrow the window",
            )
        return found

    def _energy(self, kind: PropertyKind, window: tuple[float, float]) -> float:
        """Return the activation energy with which a parameter follows Arrhenius' law [J/mol]."""
        x, function = np.linspace(*window, 41), self.functions[kind]
        cold = function(x, self.reference)
        with np.errstate(all="ignore"):
            first, second = (
                np.log(function(x, warm) / cold) * GAS_CONSTANT / (1.0 / self.reference - 1.0 / warm)
                for warm in (self.reference + _WARMER, self.reference + 2.0 * _WARMER)
            )
        energy = float(np.median(first))
        spread = float(np.max(np.abs(np.concatenate((first, second)) - energy)))
        factor = spread / GAS_CONSTANT * (1.0 / self.reference - 1.0 / (self.reference + 2.0 * _WARMER))
        in_range = -_SMALLEST_ENERGY <= energy <= HIGHEST_ACTIVATION_ENERGY
        if not np.isfinite(spread) or factor > _SAME_ENERGY or not in_range:
            raise InputError(
                "the parameter does not change with temperature by Arrhenius' law",
                where=self._where(kind),
                value=f"activation energy {first.min():.6g} to {first.max():.6g} J/mol",
                allowed=f"one activation energy for all x and temperatures, 0 to {HIGHEST_ACTIVATION_ENERGY:g} J/mol",
                next_step="replace it in the ParameterValues by a function of x at the temperature of your run",
            )
        energy = float(f"{energy:.9g}") if abs(energy) > _SMALLEST_ENERGY else 0.0
        name = f"{self.set.prefix}{NAMES[kind]}, temperature"
        self.set.note(name, energy, "converted", f"activation energy [J/mol], from {self.reference:g} K")
        return energy

    def _electrolyte(self) -> ImportedElectrolyte:
        """Return the separator's conductivity and thickness and the areal capacity, as far as the set has them."""
        import pybamm

        def number(name: str) -> float | None:
            value = self.set.values.get(name)
            return float(value) if isinstance(value, int | float | np.number) else None

        conductivity, thickness, areal = None, number(SEPARATOR), None
        porosity, exponent = number("Separator porosity"), number("Separator Bruggeman coefficient (electrolyte)")
        if porosity and exponent is not None and CONDUCTIVITY in self.set.values:
            inputs = {"c_e": pybamm.Scalar(self.salt), "T": pybamm.Scalar(self.reference)}
            try:
                symbol = self.set.values.process_symbol(pybamm.FunctionParameter(CONDUCTIVITY, inputs))
                bulk = float(np.asarray(symbol.evaluate()).ravel()[0])
            except Exception:  # whatever a user's function may raise: it is not needed
                self.set.note(CONDUCTIVITY, "function", "ignored", "it cannot be computed")
            else:
                conductivity = bulk * porosity**exponent
                note = f"{bulk:.6g} S/m, in the separator {conductivity:.6g} S/m"
                self.set.note(CONDUCTIVITY, "function", "converted", note)
        if thickness:
            self.set.note(SEPARATOR, thickness, "taken")
        size = [number(name) for name in CELL_AREA]
        if all(size):
            capacity, width, height, pairs = (value or 0.0 for value in size)
            areal = 3600.0 * capacity / (width * height * pairs)
            for name, value in zip(CELL_AREA, size, strict=True):
                self.set.note(name, value, "converted", f"areal capacity {areal / 36e3:.6g} mAh/cm2")
        return ImportedElectrolyte(conductivity, 0.0, thickness, areal)
