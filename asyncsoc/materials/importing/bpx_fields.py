"""The fields of a BPX file: which there are, in which range they make sense, and what becomes of those not used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from asyncsoc.materials.importing.electrode import HIGHEST_ACTIVATION_ENERGY
from asyncsoc.materials.importing.record import Fate, ImportedValue, shown_value

MODELS = ("SPM", "SPMe", "DFN", "Partial")
"""Values of Header.Model."""

_AREA = "Surface area per unit volume [m-1]"
_POROUS = "of the porous electrode; one particle is simulated"
ELECTRODE = {
    "Thickness [m]": _POROUS,
    "Porosity": _POROUS,
    "Transport efficiency": _POROUS,
    "Conductivity [S.m-1]": f"{_POROUS}, at one electric potential",
}
"""Fields of an electrode beside those of its material -> why they are not used."""

PARTICLE = {
    "Minimum stoichiometry": "lowest of the window: the charged cathode",
    "Maximum stoichiometry": "highest of the window: the discharged cathode",
    "Maximum concentration [mol.m-3]": "c_max: lithium at x = 1",
    "Particle radius [m]": "of the sphere",
    _AREA: "the contact is that of the particle simulated",
    "Diffusivity [m2.s-1]": "",
    "Diffusivity activation energy [J.mol-1]": "Arrhenius, from the reference temperature",
    "OCP [V]": "",
    "OCP (delithiation) [V]": "",
    "OCP (lithiation) [V]": "",
    "OCP hysteresis decay constant": "U changes from branch to branch at once",
    "Entropic change coefficient [V.K-1]": "",
    "Reaction rate constant [mol.m-2.s-1]": "",
    "Reaction rate constant activation energy [J.mol-1]": "Arrhenius, from the reference temperature",
}
"""Fields of a material -> what a number of that name is taken for; '' where another note says it."""

REQUIRED = (
    "Minimum stoichiometry",
    "Maximum stoichiometry",
    "Maximum concentration [mol.m-3]",
    "Particle radius [m]",
    "Diffusivity [m2.s-1]",
    "OCP [V]",
    "Reaction rate constant [mol.m-2.s-1]",
)
"""Without which there is no particle. The standard also demands the surface area per unit volume."""

OPTIONAL = {
    "OCP [V]": "U(x) at the reference temperature",
    "OCP (delithiation) [V]": "U(x) of steps that charge",
    "OCP (lithiation) [V]": "U(x) of steps that discharge",
    "Entropic change coefficient [V.K-1]": "dU/dT",
    "Diffusivity [m2.s-1]": "D(x)",
}
"""Fields that may be a number, an expression or a table -> what they are taken for."""

_ANY = 1e30
NUMBERS: dict[str, tuple[float, float, str]] = {
    "Minimum stoichiometry": (-_ANY, _ANY, ""),
    "Maximum stoichiometry": (-_ANY, _ANY, ""),
    "Maximum concentration [mol.m-3]": (1e3, 2e5, "mol/m3"),
    "Particle radius [m]": (1e-9, 1e-3, "m"),
    _AREA: (1.0, 1e10, "1/m"),
    "Diffusivity activation energy [J.mol-1]": (0.0, HIGHEST_ACTIVATION_ENERGY, "J/mol"),
    "Reaction rate constant [mol.m-2.s-1]": (1e-15, 1.0, "mol/(m2 s)"),
    "Reaction rate constant activation energy [J.mol-1]": (0.0, HIGHEST_ACTIVATION_ENERGY, "J/mol"),
    "OCP hysteresis decay constant": (0.0, _ANY, ""),
    "Reference temperature [K]": (200.0, 400.0, "K"),
    "Transport efficiency": (1e-6, 1.0, ""),
    "Thickness [m]": (1e-7, 1e-2, "m"),
    "Conductivity activation energy [J.mol-1]": (0.0, HIGHEST_ACTIVATION_ENERGY, "J/mol"),
    "Nominal cell capacity [A.h]": (1e-9, 1e6, "A h"),
    "Electrode area [m2]": (1e-9, 1e6, "m2"),
    "Number of electrode pairs connected in parallel to make a cell": (1, 1e6, ""),
    "Initial electrolyte concentration [mol.m-3]": (1.0, 1e5, "mol/m3"),
    "Initial concentration [mol.m-3]": (1.0, 1e5, "mol/m3"),
}
"""Fields that are numbers -> lowest, highest, unit. Ranges are wide: they catch a wrong unit."""

Hint = Callable[[float], tuple[str | None, str | None]]


def _molar(value: float) -> tuple[str | None, str | None]:
    """Return what was meant where a concentration is in mol/L."""
    if 1.0 <= value <= 200.0:
        return f"{1000.0 * value:g}", "that is a value in mol/L: multiply it by 1000"
    return None, "check its unit"


def _metres(value: float) -> tuple[str | None, str | None]:
    """Return what was meant where a length is in micrometres."""
    if 1e-3 < value <= 1e3:
        return f"{value}e-06", "that is a value in micrometres: give metres"
    return None, "check its unit"


HINTS: dict[str, Hint] = {
    "Maximum concentration [mol.m-3]": _molar,
    "Initial electrolyte concentration [mol.m-3]": _molar,
    "Particle radius [m]": _metres,
    "Thickness [m]": _metres,
}
"""Fields -> what was probably meant by a value out of range, and what to do."""

ELSEWHERE = {
    "Cell": "of the whole cell",
    "Separator": "of the liquid's transport through the cell",
    "Electrolyte": "there is no salt transport in this model",
    "Negative electrode": "the voltage here is against lithium",
    "User-defined": "nothing defines what it means",
    "State": "of a run, not of the material: set it in [protocol]",
    "Validation": "voltages of the whole cell, against its own negative electrode",
}
"""Sections -> why their values are not used."""


@dataclass
class Notes:
    """The report as it grows while a file is read.

    Attributes
    ----------
    file
        Whose it is.
    values
        So far.
    """

    file: str
    values: list[ImportedValue] = field(default_factory=list)
    unused = (_AREA, "OCP hysteresis decay constant")
    """Fields that are read and checked, and not used."""

    def add(self, section: str, key: str, value: object, fate: Fate, note: str = "") -> None:
        """Note what became of a value."""
        self.values.append(ImportedValue(f"{section}: {key}" if key else section, shown_value(value), fate, note))

    def has(self, section: str, key: str) -> bool:
        """Whether anything was noted of a field."""
        return any(value.name == f"{section}: {key}" for value in self.values)
