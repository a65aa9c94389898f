"""Oxidation states of a cathode's redox element by charge balance, the charges of all other ions fixed.

With n atoms of the element per formula unit, charge q of the other cations and z of the anions, x + n v + q = z gives
the mean state v = (z - q - x)/n. The element is oxidized in sequence: from the state below the couple to its lower
state down to x = z - q - n v_lower, then to its higher state down to x = z - q - n v_higher; below that the element
alone cannot balance the charge.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError

Array = NDArray[np.float64]

AT_CONTACT = " at contact"
"""How the name of a ratio's curve ends that is taken at the mean stoichiometry under the contact."""
AT_FAR_SIDE = " at far side"
"""How the name of a ratio's curve ends that is taken on the side farthest from the contact."""
_DIGITS = 12
"""Digits the stoichiometries of the balance are rounded to, so that 4 - 0.7 - 3 * 0.8 is 0.9."""


@dataclass(frozen=True)
class ValenceModel:
    """The redox element of a cathode and the charge balance that its oxidation states follow from.

    Attributes
    ----------
    symbol, element
        'Co' and 'cobalt'.
    atoms
        Atoms of the element per formula unit.
    couple
        (lower, higher) oxidation state whose ratio is reported.
    fixed_charge
        Charge of all other cations but lithium per formula unit.
    anion_charge
        Charge of the anions per formula unit, as a positive number: 4 for O2, 3 for PO4.

    Raises
    ------
    InputError
        The numbers cannot be those of a cathode: no atoms, a couple that is not one electron apart, or a balance that
        needs more lithium than there is or less than none.
    """

    symbol: str
    element: str
    atoms: float
    couple: tuple[int, int] = (3, 4)
    fixed_charge: float = 0.0
    anion_charge: float = 4.0

    def __post_init__(self) -> None:
        lower, higher = self.couple
        if not (self.atoms > 0.0 and higher == lower + 1 and 0.0 <= self.all_higher < self.all_lower <= 1.0):
            raise InputError(
                f"the charge balance of {self.element} cannot be that of a cathode",
                where="valence model",
                value=(self.atoms, self.couple, self.fixed_charge, self.anion_charge),
                allowed="atoms > 0, states one electron apart, both reached for x within 0 to 1",
            )

    @cached_property
    def all_lower(self) -> float:
        """Stoichiometry at which every atom has the couple's lower state; above it a still lower one is there."""
        return round(self.anion_charge - self.fixed_charge - self.couple[0] * self.atoms, _DIGITS)

    @cached_property
    def all_higher(self) -> float:
        """Stoichiometry at which every atom has the couple's higher state: the end of the balance."""
        return round(self.anion_charge - self.fixed_charge - self.couple[1] * self.atoms, _DIGITS)

    def higher_fraction(self, x: ArrayLike) -> Array:
        """Return the share of the element's atoms in the couple's higher state, held within [0, 1]."""
        share: Array = np.clip((self.all_lower - np.asarray(x, dtype=np.float64)) / self.atoms, 0.0, 1.0)
        return share

    def below_fraction(self, x: ArrayLike) -> Array:
        """Return the share of the element's atoms in the state below the couple, held within [0, 1]."""
        share: Array = np.clip((np.asarray(x, dtype=np.float64) - self.all_lower) / self.atoms, 0.0, 1.0)
        return share

    def lower_fraction(self, x: ArrayLike) -> Array:
        """Return the share of the element's atoms in the couple's lower state: what the two others leave."""
        return 1.0 - self.higher_fraction(x) - self.below_fraction(x)

    def ratio(self, x: ArrayLike) -> Array:
        """Return higher over lower state at the stoichiometries `x`, 0 where there is none of the higher.

        A measured ratio of L3 intensities is not a calibrated stoichiometry: allow 0.04 in x when comparing.

        Raises
        ------
        InputError
            A stoichiometry at which none of the lower state is left.
        """
        stoichiometry = np.asarray(x, dtype=np.float64)
        if stoichiometry.size and not np.all(stoichiometry > self.all_higher):
            lower = _ion(self.symbol, self.couple[0])
            raise InputError(
                f"the ratio {self.ratio_name} is not defined where no {lower} is left",
                where="stoichiometry",
                value=float(np.min(stoichiometry)),
                allowed=f"x above {self.all_higher:g}",
            )
        found: Array = np.maximum(self.all_lower - stoichiometry, 0.0) / (stoichiometry - self.all_higher)
        return found

    def ratio_or_infinite(self, x: ArrayLike) -> Array:
        """Return higher over lower state at the stoichiometries `x`; infinite where none of the lower is left."""
        stoichiometry = np.asarray(x, dtype=np.float64)
        found = np.full(stoichiometry.shape, np.inf)
        left = stoichiometry > self.all_higher
        found[left] = self.ratio(stoichiometry[left])
        return found

    def stoichiometry_from_ratio(self, ratio: ArrayLike) -> Array:
        """Return the stoichiometry of a ratio of higher over lower state; 0 gives the lower end of where that holds.

        Raises
        ------
        InputError
            A ratio that is negative or not finite.
        """
        given = np.asarray(ratio, dtype=np.float64)
        bad = ~(np.isfinite(given) & (given >= 0.0))
        if np.any(bad):
            raise InputError(
                f"a ratio {self.ratio_name} must be finite and not negative",
                where="ratio",
                value=float(given[bad].ravel()[0]) if given.ndim else float(given),
                allowed="r >= 0",
            )
        stoichiometry: Array = (self.all_lower + self.all_higher * given) / (1.0 + given)
        return stoichiometry

    @property
    def ratio_name(self) -> str:
        """The ratio's name, 'Co4+/Co3+'."""
        lower, higher = self.couple
        return f"{_ion(self.symbol, higher)}/{_ion(self.symbol, lower)}"

    @property
    def curve_at_contact(self) -> str:
        """Name of the curve of the ratio at the mean stoichiometry under the contact."""
        return self.ratio_name + AT_CONTACT

    @property
    def curve_at_far_side(self) -> str:
        """Name of the curve of the ratio on the side farthest from the contact."""
        return self.ratio_name + AT_FAR_SIDE

    @property
    def curves(self) -> tuple[str, str]:
        """Names of the curves that a run of the cathode has because of this model."""
        return self.curve_at_contact, self.curve_at_far_side

    @property
    def field(self) -> str:
        """Name of the nodal field of `higher_fraction`, 'Co4+ fraction'."""
        return f"{_ion(self.symbol, self.couple[1])} fraction"

    @property
    def share_label(self) -> str:
        """How figures label `higher_fraction`."""
        return f"{_drawn(self.symbol, self.couple[1])} share of {self.element} [1]"

    @property
    def ratio_label(self) -> str:
        """How figures label the ratio."""
        lower, higher = self.couple
        return f"{_drawn(self.symbol, higher)}/{_drawn(self.symbol, lower)} [1]"


def _ion(symbol: str, state: int) -> str:
    return f"{symbol}{state}+"


def _drawn(symbol: str, state: int) -> str:
    return f"{symbol}$^{{{state}+}}$"
