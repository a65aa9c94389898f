"""Listed parameters that every cathode has: what follows from formula unit and c_max, and the limits of x."""

from __future__ import annotations

from asyncsoc.base.units import FARADAY
from asyncsoc.materials.sources import ASSUMED
from asyncsoc.materials.types import Parameter


def formula_parameters(
    formula: str, molar_mass: float, maximum_concentration: float, density_note: str
) -> tuple[Parameter, ...]:
    """Return the listed parameters that follow from the formula unit and c_max.

    Parameters
    ----------
    formula
        Of the fully lithiated material, 'LiCoO2'.
    molar_mass
        Its molar mass [kg/mol].
    maximum_concentration
        mol/m3.
    density_note
        How the density compares with the crystal's or the source's.
    """
    return (
        Parameter("molar mass", molar_mass, "kg/mol", f"standard atomic weights of {formula}", False),
        Parameter(
            "density", maximum_concentration * molar_mass, "kg/m3", "c_max times molar mass", False, density_note
        ),
        Parameter(
            "capacity per unit x",
            FARADAY / (3600.0 * molar_mass),
            "A h/kg",
            "Faraday's constant over the molar mass",
            False,
        ),
    )


def limit(which: str, value: float, note: str) -> Parameter:
    """Return one listed limit of the stoichiometry; `which` is for example 'highest valid'."""
    consequence = "Leaving it is reported." if "valid" in which else "A step ends where it is reached."
    return Parameter(f"{which} stoichiometry", value, "", ASSUMED, True, f"{consequence} {note}")


def limits(
    window: tuple[float, float], validity: tuple[float, float], low_note: str, high_note: str
) -> tuple[Parameter, ...]:
    """Return the four listed limits: of the window a simulation may reach and of the potential's validity."""
    return (
        limit("lowest", window[0], low_note),
        limit("highest", window[1], high_note),
        limit("lowest valid", validity[0], low_note),
        limit("highest valid", validity[1], high_note),
    )
