"""Names of the curves, each with its unit: the keys of result files and of `--json`."""

from __future__ import annotations

from asyncsoc.materials.valence import ValenceModel

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

_BEFORE_VALENCE = (
    TIME, VOLTAGE, CURRENT, MEAN_X, CONTACT_X, MINIMUM_X, MAXIMUM_X, MEAN_SOC, CONTACT_SOC, ASYNCHRONY,
)  # fmt: skip
_AFTER_VALENCE = (
    POTENTIAL, CONCENTRATION, KINETIC, FILM, SERIES, CHARGE, CAPACITY, STEP, CYCLE, BALANCE,
)  # fmt: skip
LATER: tuple[str, ...] = (
    # A new curve goes here: result files that were written before it was added are read without it.
)
CURVES = _BEFORE_VALENCE + _AFTER_VALENCE + LATER
"""The curves that every run has, in the order they are written."""


def curves_of(valence: ValenceModel | None) -> tuple[str, ...]:
    """Return all curves of a run without a side reaction, in the order they are written.

    Parameters
    ----------
    valence
        Of the cathode; its ratio of oxidation states is there under the contact and on the far side. None: it is not.
    """
    return (*_BEFORE_VALENCE, *valence_curves(valence), *_AFTER_VALENCE, *LATER)


def valence_curves(valence: ValenceModel | None) -> tuple[str, ...]:
    """Return the curves that a cathode's valence model adds, none where there is none."""
    return () if valence is None else valence.curves


SIDE_CURRENT = "Side current [A]"
SIDE_CHARGE = "Side charge [C]"
FILM_MEAN = "Film thickness mean [m]"
FILM_MAX = "Film thickness max [m]"
OPEN_SHARE = "Open share of contact"
INTERFACE_RESISTANCE = "Interface resistance [ohm]"
RISK_MEAN = "Risk mean"
RISK_MAX = "Risk max"
RISK_KINETIC = "Risk max, kinetic potential"
RISK_CONCENTRATION = "Risk max, concentration potential"
RISK_REACTION = "Risk max, reaction energy"
RISK_REMAINDER = "Risk max, film and spread"
RISK_SHARE = "Contact share above risk threshold"
RISK_DOSE = "Dose against full coverage"

RISK_CURVES = (
    RISK_MEAN, RISK_MAX, RISK_KINETIC, RISK_CONCENTRATION, RISK_REACTION, RISK_REMAINDER, RISK_SHARE, RISK_DOSE,
)  # fmt: skip
"""Risk against full coverage; NaN where the run at full coverage has no state of the same mean stoichiometry."""
SIDE_CURVES = (
    SIDE_CURRENT, SIDE_CHARGE, FILM_MEAN, FILM_MAX, OPEN_SHARE, INTERFACE_RESISTANCE, *RISK_CURVES,
)  # fmt: skip
"""Curves of runs with a side reaction, as far as its mode has them; of the area-mean and the largest local risk, and
of the latter its factors."""

COVERAGE = "Coverage"
"""Realised coverage, of runs whose coverage changes."""

APPARENT = "Apparent asynchrony"
CURRENT_SHARE = "Current share"
GROUP_CURVES = (
    TIME, VOLTAGE, CURRENT, MEAN_X, CONTACT_X, MINIMUM_X, MAXIMUM_X, MEAN_SOC, CONTACT_SOC, ASYNCHRONY, POTENTIAL,
    SERIES, CHARGE, CAPACITY, STEP, CYCLE, BALANCE,
)  # fmt: skip
"""The curves that a group of several particles has; its particles have all of theirs."""
GROUP_SIDE_CURVES = (SIDE_CURRENT, SIDE_CHARGE, FILM_MEAN, FILM_MAX, OPEN_SHARE, INTERFACE_RESISTANCE)
"""Those that it has where particles of it have a side reaction."""

WHOLE_NUMBERS = frozenset({STEP, CYCLE})
"""Curves that are counts, not measurements."""


def unit_of(name: str) -> str:
    """Return the unit in a curve's name: 'V' of 'Voltage [V]', '1' where there is none."""
    head, bracket, tail = name.partition("[")
    return tail.rstrip("]") if bracket and head else "1"
