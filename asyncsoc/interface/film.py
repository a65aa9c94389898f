"""Constants of the film that the side reaction grows on the contact; every one is assumed unless fitted.

    dd/dt = v i_ox,  v = V_film/(z F),    R_film = d/kappa,    open share of a place = 1 - d/d_block

Current, voltage and resistance see only the lumped constant v/kappa, the resistance a film gains per charge; v alone
fixes how thick it is called, and with d_block and d_c where it slows its own growth or closes the contact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from asyncsoc.base.errors import InputError
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
    """

    conductivity: float = 1e-7
    volume_per_charge: float = 4e-10
    blocking_thickness: float = math.inf

    def __post_init__(self) -> None:
        for name, unit in (("conductivity", "S/m"), ("volume_per_charge", "m3/C")):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise InputError(
                    f"the film's {name} is out of range", where=f"film {name}", value=value, allowed=f"> 0 {unit}"
                )
        if not self.blocking_thickness > 0.0:
            raise InputError(
                "the blocking thickness is out of range",
                where="blocking_thickness",
                value=self.blocking_thickness,
                allowed="above 0 m; infinite where the film never blocks",
            )

    @property
    def resistance_per_charge(self) -> float:
        """The lumped constant v/kappa [ohm m2 per C/m2]."""
        return self.volume_per_charge / self.conductivity

    def parameters(self) -> tuple[Parameter, ...]:
        """Return every constant with unit, mark and what is known about it, the lumped one last."""
        block: float | str = self.blocking_thickness if math.isfinite(self.blocking_thickness) else "infinite"
        return (
            Parameter("film conductivity", self.conductivity, "S/m", ASSUMED, True, _NOTE_CONDUCTIVITY),
            Parameter("film volume per charge", self.volume_per_charge, "m3/C", ASSUMED, True, _NOTE_VOLUME),
            Parameter("blocking film thickness", block, "m", ASSUMED, True, _NOTE_BLOCK),
            Parameter(LUMPED, self.resistance_per_charge, "ohm m4/C", ASSUMED, True, _NOTE_LUMPED),
        )


_NOTE_CONDUCTIVITY = "No measurement of such a film was found; 50 nm then add 0.5 ohm m2."
_NOTE_VOLUME = (
    "V_film/(z F): about 39 cm3 of polymer (one ethylene oxide unit) made insoluble per mole of electrons. Lithium "
    "fluoride would give 1e-10."
)
_NOTE_BLOCK = "Infinite: the film conducts however thick it is. A finite value closes a place in proportion."
_NOTE_LUMPED = (
    "Follows from the two above. The only constant of the film that voltage and resistance depend on while it neither "
    "blocks nor slows its own growth: a fit finds this, never conductivity and volume apart."
)
