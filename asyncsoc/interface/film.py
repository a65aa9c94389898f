"""Constants of the film that the side reaction grows on the contact; every one is assumed unless fitted.

    dd/dt = v i_ox,  v = V_film/(z F),    R_film = d/kappa,    open share of a place = 1 - d/d_block

    i_ox in proportion to what is left, 1 - d/(v q), where a finite amount reacts (`interface.finite_amount`).

Current, voltage and resistance see only the lumped constant v/kappa, the resistance a film gains per charge; v alone
fixes how thick it is called, and with d_block and d_c where it slows its own growth or closes the contact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from asyncsoc.interface.constants import Constant, FitRange, check_constants, declared, inverse, listed_constants
from asyncsoc.materials.sources import ASSUMED
from asyncsoc.materials.types import Parameter

LUMPED = "film resistance gained per charge"
"""Name of v/kappa."""


@dataclass(frozen=True)
class FilmConstants:
    """Constants of the film.

    Attributes
    ----------
    conductivity
        kappa [S/m].
    volume_per_charge
        v = V_film/(z F) [m3/C].
    blocking_thickness
        d_block [m] at which a place carries no current any more; infinite: never.
    available_charge
        q [C/m2 of contact]: what can react gives this charge and is consumed once; infinite: it does not run out.
    """

    conductivity: float = declared(
        1e-7,
        Constant(
            key="film_conductivity",
            title="film conductivity",
            unit="S/m",
            listed_unit="S/m",
            low=1e-12,
            high=1e6,
            note="No measurement of such a film was found; 50 nm then add 0.5 ohm m2.",
            meaning="kappa",
            fit=FitRange(1e-10, 1e-3, logarithmic=True),
            in_kernel=("resistivity", inverse),
        ),
    )
    volume_per_charge: float = declared(
        4e-10,
        Constant(
            key="film_volume_per_charge",
            title="film volume per charge",
            unit="m3/C",
            listed_unit="m3/C",
            low=1e-14,
            high=1e-6,
            note="V_film/(z F): about 39 cm3 of polymer (one ethylene oxide unit) made insoluble per mole of "
            "electrons. Lithium fluoride would give 1e-10.",
            meaning="v = V_film/(z F)",
            fit=FitRange(1e-11, 1e-8, logarithmic=True),
            in_kernel=("growth", float),
        ),
    )
    blocking_thickness: float = declared(
        math.inf,
        Constant(
            key="blocking_thickness",
            title="blocking film thickness",
            unit="nm",
            listed_unit="m",
            low=1e-11,
            high=1e-4,
            may_be_infinite=True,
            note="Infinite: the film conducts however thick it is. A finite value closes a place in proportion.",
            meaning="film thickness at which a place carries no current; by default never",
            optional=True,
            fit=FitRange(1e-10, 1e-6, logarithmic=True),
            in_kernel=("inverse_block", inverse),
        ),
    )
    available_charge: float = declared(
        math.inf,
        Constant(
            key="available_charge",
            title="charge available to the side reaction",
            unit="C/m2",
            listed_unit="C/m2",
            low=1e-6,
            high=1e9,
            may_be_infinite=True,
            note="Infinite: what reacts does not run out. A finite amount per contact area is consumed once, at a rate "
            "in proportion to what is left.",
            meaning="charge per contact area that all of what reacts gives; by default it does not run out",
            optional=True,
            fit=FitRange(1e-2, 1e6, logarithmic=True),
        ),
    )

    def __post_init__(self) -> None:
        check_constants(self)

    @property
    def last_film(self) -> float:
        """Film thickness v q at which all of a finite amount is consumed [m]; infinite where it does not run out."""
        return self.volume_per_charge * self.available_charge

    @property
    def resistance_per_charge(self) -> float:
        """The lumped constant v/kappa [ohm m2 per C/m2]."""
        return self.volume_per_charge / self.conductivity

    def parameters(self) -> tuple[Parameter, ...]:
        """Return every constant with unit, mark and what is known about it, the lumped one last."""
        lumped = Parameter(LUMPED, self.resistance_per_charge, "ohm m4/C", ASSUMED, True, _NOTE_LUMPED)
        return (*listed_constants(self), lumped)


_NOTE_LUMPED = (
    "Follows from the two above. The only constant of the film that voltage and resistance depend on while it neither "
    "blocks nor slows its own growth: a fit finds this, never conductivity and volume apart."
)
