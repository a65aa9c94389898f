"""Names of the curves, each with its unit: the keys of result files and of `--json`."""

from __future__ import annotations

TIME = "Time [s]"
VOLTAGE = "Voltage [V]"
CURRENT = "Current [A]"
MEAN_X = "Mean stoichiometry"
CONTACT_X = "Contact-mean stoichiometry"
MINIMUM_X = "Minimum stoichiometry"
MAXIMUM_X = "Maximum stoichiometry"
MEAN_SOC = "Mean SOC"
CONTACT_SOC = "Contact-mean SOC"
ASYNCHRONY = "Asynchrony"
NICKEL_CONTACT = "Ni4+/Ni3+ at contact"
NICKEL_FAR = "Ni4+/Ni3+ at far side"
POTENTIAL = "Particle potential [V]"
CONCENTRATION = "Concentration overpotential [V]"
KINETIC = "Kinetic overpotential [V]"
FILM = "Film overpotential [V]"
SERIES = "Series overpotential [V]"
CHARGE = "Charge passed [C]"
CAPACITY = "Specific capacity [mA.h/g]"
STEP = "Step"
CYCLE = "Cycle"
BALANCE = "Lithium balance error"

CURVES = (
    TIME, VOLTAGE, CURRENT, MEAN_X, CONTACT_X, MINIMUM_X, MAXIMUM_X, MEAN_SOC, CONTACT_SOC, ASYNCHRONY,
    NICKEL_CONTACT, NICKEL_FAR, POTENTIAL, CONCENTRATION, KINETIC, FILM, SERIES, CHARGE, CAPACITY, STEP, CYCLE, BALANCE,
)  # fmt: skip
"""All curves in the order they are written."""

WHOLE_NUMBERS = frozenset({STEP, CYCLE})
"""Curves that are counts, not measurements."""


def unit_of(name: str) -> str:
    """Return the unit in a curve's name: 'V' of 'Voltage [V]', '1' where there is none."""
    head, bracket, tail = name.partition("[")
    return tail.rstrip("]") if bracket and head else "1"
