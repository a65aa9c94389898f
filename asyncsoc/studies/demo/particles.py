"""The demo's particles: one round contact on a sphere, charged under the protocol of An et al. 2023."""

from __future__ import annotations

from dataclasses import dataclass

from asyncsoc.case.case import Case

TEMPERATURE = "60 degC"
RADIUS = "7.5 um"
STEP = "Charge at C/10 until 4.2 V"
FIRST_STOICHIOMETRY = 0.9


@dataclass(frozen=True)
class DemoParticle:
    """A particle of the demo.

    Attributes
    ----------
    label
        Short name of the cathode it stands for.
    name
        Names its result file.
    coverage
        Share of its surface in contact, assumed from the source's micrographs: the text gives no number.
    """

    label: str
    name: str
    coverage: float

    @property
    def title(self) -> str:
        """Label with coverage."""
        return f"{self.label}, f = {self.coverage:.2f}"

    def case(self, diffusivity: float | None = None) -> Case:
        """Return the case of this particle.

        Parameters
        ----------
        diffusivity : m2/s
            Constant; None takes the material's own D(x, T).
        """
        keys = {
            "name": self.name,
            "particle": {"shape": "sphere", "radius": RADIUS},
            "contact": {"kind": "cap", "coverage": self.coverage},
            "material": {} if diffusivity is None else {"diffusivity": diffusivity},
            "protocol": {
                "temperature": TEMPERATURE,
                "initial_stoichiometry": FIRST_STOICHIOMETRY,
                "capacity": "theoretical",
                "steps": [STEP],
            },
            "output": {"fields_every": "10 min" if diffusivity is None else "1 h"},
        }
        return Case.from_dict(keys)


CAL = DemoParticle("Cal", "cal", 0.3)
"""Calendered: partly covered."""
HOT_CAL = DemoParticle("Hot-Cal", "hot-cal", 0.95)
"""Hot-calendered: almost fully covered."""
PARTICLES = (CAL, HOT_CAL)
