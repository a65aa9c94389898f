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
from asyncsoc.materials.importing.curve import Curve, PointTable
from asyncsoc.materials.importing.electrode import (
    HIGHEST_ACTIVATION_ENERGY,
    HIGHEST_POTENTIAL,
    ImportedElectrode,
    ImportedElectrolyte,
    check_curves,
    checked_window,
)
from asyncsoc.materials.importing.pybamm_parameters import Function, ParameterSet
from asyncsoc.materials.importing.sampling import MOST_POINTS, RISE, longest_fall, made_falling, sampled

if TYPE_CHECKING:
    import pybamm

Array = NDArray[np.float64]

C_MAX = "Maximum concentration in positive electrode [mol.m-3]"
RADIUS = "Positive particle radius [m]"
OCP = "Positive electrode OCP [V]"
ENTROPY = "Positive electrode OCP entropic change [V.K-1]"
DIFFUSIVITY = "Positive particle diffusivity [m2.s-1]"
EXCHANGE_CURRENT = "Positive electrode exchange-current density [A.m-2]"
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
_VOLTAGE_ERRORS = (1e-5, 3e-5, 1e-4)
"""V; errors of the table of U, the first that is reached with few enough points."""
_ENTROPY_ERRORS = (1e-7, 1e-6, 1e-5)
"""V/K."""
_RELATIVE_ERRORS = (1e-4, 1e-3)
"""Of D and i0."""
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
    blend = {name: prefix for name, prefix in PARTS.items() if f"{prefix}{OCP}" in values}
    if part is None:
        if OCP in values or not blend:
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

    def electrode(self, window: tuple[float, float] | None) -> ImportedElectrode:
        """Return what the set has, sampled over the window."""
        potential = self.set.function(OCP, lambda x, _: {"sto": x})
        entropy = self.set.function(ENTROPY, lambda x, _: {"sto": x}, default=0.0)
        diffusivity = self.set.function(DIFFUSIVITY, lambda x, T: {"sto": x, "T": T})
        rate = self.set.function(
            EXCHANGE_CURRENT, lambda x, T: {"c_e": self.salt, "c_s_surf": x * self.c_max, "c_s_max": self.c_max, "T": T}
        )
        if window is None:
            window = self._widest(potential, diffusivity, rate)
            self.set.note("stoichiometry limits", None, "assumed", f"{window[0]:g} to {window[1]:g}: where U falls")
        else:
            window = checked_window(*window, "window")
        curves: dict[str, Curve] = {
            OCP: self._potential(potential, window),
            ENTROPY: self._sampled(entropy, window, ENTROPY, "dU/dT", _ENTROPY_ERRORS, relative=False),
            DIFFUSIVITY: self._sampled(diffusivity, window, DIFFUSIVITY, "D(x)", _RELATIVE_ERRORS, relative=True),
            EXCHANGE_CURRENT: self._sampled(rate, window, EXCHANGE_CURRENT, "i0(x)", _RELATIVE_ERRORS, relative=True),
        }
        energies = {name: self._energy(function, window, name) for name, function in
                    ((DIFFUSIVITY, diffusivity), (EXCHANGE_CURRENT, rate))}  # fmt: skip
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
            open_circuit_potential=curves[OCP],
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
        named = (
            ("open_circuit_potential", OCP),
            ("diffusivity", DIFFUSIVITY),
            ("exchange_current_density", EXCHANGE_CURRENT),
        )
        check_curves(found, {attribute: f"{self.set.name}: {self.set.prefix}{name}" for attribute, name in named})
        return found

    def _widest(self, *functions: Function) -> tuple[float, float]:
        """Return the longest range of x in which U falls, and D and i0 are positive."""
        x = np.linspace(EDGE, 1.0 - EDGE, _SCANNED)
        potential, diffusivity, rate = (function(x, self.reference) for function in functions)
        good = (potential > 0.0) & (potential < HIGHEST_POTENTIAL) & (diffusivity > 0.0) & (rate > 0.0)
        first, last = longest_fall(potential, good)
        if first == last:
            raise InputError(
                "the open-circuit potential falls nowhere", where=f"{self.set.name}: {self.set.prefix}{OCP}"
            )
        return float(x[first]), float(x[last])

    def _potential(self, function: Function, window: tuple[float, float]) -> PointTable:
        x, potential, error = sampled(
            lambda at: self._finite(function, at, OCP), window, _VOLTAGE_ERRORS, relative=False
        )
        falling, change = made_falling(x, potential)
        note = f"U(x) at the reference temperature: {len(x)} points, error {error:.1g} V"
        if change:
            note += f"; made to fall throughout, which changes it by {change:.1g} V"
        if change > RISE:
            raise InputError(
                "the open-circuit potential rises with x",
                where=f"{self.set.name}: {self.set.prefix}{OCP}",
                value=f"by {2.0 * change:.3g} V",
                allowed=f"U that falls from x = {window[0]:g} to {window[1]:g}",
                next_step="narrow the window",
            )
        self._judge(error, _VOLTAGE_ERRORS[-1], OCP, "V")
        self.set.note(f"{self.set.prefix}{OCP}", "function", "converted", note)
        return PointTable(x, falling)

    def _sampled(
        self, function: Function, window: tuple[float, float], name: str, note: str, tolerances: tuple[float, ...],
        *, relative: bool,
    ) -> Curve:  # fmt: skip
        """Return a parameter as a number or as a table."""
        scanned = self._finite(function, np.linspace(*window, _SCANNED), name)
        if np.ptp(scanned) <= _ROUNDING * np.abs(scanned[0]):
            self.set.note(f"{self.set.prefix}{name}", float(scanned[0]), "taken", note)
            return float(scanned[0])
        if relative and scanned.min() <= 0.0:
            raise InputError(
                "the parameter is not positive",
                where=f"{self.set.name}: {self.set.prefix}{name}",
                value=float(scanned.min()),
                next_step="narrow the window",
            )
        x, y, error = sampled(lambda at: self._finite(function, at, name), window, tolerances, relative=relative)
        unit = "of the value" if relative else "V/K"
        self._judge(error, tolerances[-1], name, unit)
        self.set.note(
            f"{self.set.prefix}{name}", "function", "converted", f"{note}: {len(x)} points, error {error:.1g} {unit}"
        )
        return PointTable(x, y)

    def _judge(self, error: float, most: float, name: str, unit: str) -> None:
        if error > most:
            raise InputError(
                "the parameter changes too sharply for a table",
                where=f"{self.set.name}: {self.set.prefix}{name}",
                value=f"error {error:.3g} {unit} with {MOST_POINTS} points",
                allowed=f"{most:g} {unit}",
                next_step="narrow the window",
            )

    def _finite(self, function: Function, x: Array, name: str) -> Array:
        found = function(x, self.reference)
        if not np.isfinite(found).all():
            raise InputError(
                f"the parameter is not finite at x = {x[int(np.argmin(np.isfinite(found)))]:.6g}",
                where=f"{self.set.name}: {self.set.prefix}{name}",
                next_step="narrow the window",
            )
        return found

    def _energy(self, function: Function, window: tuple[float, float], name: str) -> float:
        """Return the activation energy with which a parameter follows Arrhenius' law [J/mol]."""
        x = np.linspace(*window, 41)
        cold = function(x, self.reference)
        full = f"{self.set.prefix}{name}"
        with np.errstate(all="ignore"):
            first, second = (
                np.log(function(x, warm) / cold) * GAS_CONSTANT / (1.0 / self.reference - 1.0 / warm)
                for warm in (self.reference + _WARMER, self.reference + 2.0 * _WARMER)
            )
        energy = float(np.median(first))
        spread = float(np.max(np.abs(np.concatenate((first, second)) - energy)))
        factor = spread / GAS_CONSTANT * (1.0 / self.reference - 1.0 / (self.reference + 2.0 * _WARMER))
        if (
            not np.isfinite(spread)
            or factor > _SAME_ENERGY
            or not -_SMALLEST_ENERGY <= energy <= HIGHEST_ACTIVATION_ENERGY
        ):
            raise InputError(
                "the parameter does not change with temperature by Arrhenius' law",
                where=f"{self.set.name}: {full}",
                value=f"activation energy {first.min():.6g} to {first.max():.6g} J/mol",
                allowed="one activation energy for all x and temperatures",
                next_step="replace it in the ParameterValues by a function at the temperature of your run",
            )
        energy = 0.0 if abs(energy) < 1e-6 else energy
        self.set.note(f"{full}, temperature", energy, "converted", "activation energy [J/mol]")
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
