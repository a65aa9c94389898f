"""Layers through the thickness of an electrode without the package: a closed form, and figures of PyBaMM's DFN.

The figures are those of PyBaMM 26.10.1.1's half-cell DFN with the set Xu2019 in the ohmic limit (transference number 1,
constant conductivities); `tests/studies/verification/test_layer_checks.py` computes them again where PyBaMM is
installed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PorousElectrode:
    """An electrode of uniform, linear kinetics between two conductors, before any concentration has changed.

    Newman and Tobias, J. Electrochem. Soc. 109, 1183 (1962), 10.1149/1.2425269: with the place y in [0, 1], 0 at the
    separator,

        j(y)/mean(j) = nu [cosh(nu (1 - y))/kappa + cosh(nu y)/sigma] / [(1/kappa + 1/sigma) sinh(nu)],
        nu^2 = g L^2 (1/kappa + 1/sigma)

    Attributes
    ----------
    thickness
        L [m].
    ionic, electronic
        Effective conductivities kappa, sigma [S/m].
    admittance
        g, of the interface in a volume of the electrode [S/m3].
    """

    thickness: float
    ionic: float
    electronic: float
    admittance: float

    @property
    def nu(self) -> float:
        """Root of the ratio of conduction to charge transfer."""
        return math.sqrt(self.admittance * self.thickness**2 * (1.0 / self.ionic + 1.0 / self.electronic))

    def shares(self, count: int) -> Array:
        """Return what of the current each of `count` slices of equal width carries (count,), the separator's first."""
        y, nu = np.linspace(0.0, 1.0, count + 1), self.nu
        whole = (-np.sinh(nu * (1.0 - y)) / self.ionic + np.sinh(nu * y) / self.electronic) / math.sinh(nu)
        return np.asarray(np.diff(whole) / (1.0 / self.ionic + 1.0 / self.electronic))

    @property
    def resistance(self) -> float:
        """Resistance between current collector and separator [ohm m2]."""
        nu, ratio = self.nu, self.electronic / self.ionic
        return (
            self.thickness
            / (self.ionic + self.electronic)
            * (1.0 + (2.0 + (ratio + 1.0 / ratio) * math.cosh(nu)) / (nu * math.sinh(nu)))
        )


@dataclass(frozen=True)
class DfnFigures:
    """A charge of a half-cell in PyBaMM.

    Attributes
    ----------
    current, area
        A, m2.
    start, temperature
        Initial stoichiometry; K.
    thickness, separator, radius
        m.
    active, electrolyte, pores
        Volume fractions: of the active material and the electrolyte in the electrode, of the electrolyte in the
        separator.
    ionic, electronic, lithium
        Conductivities without porosity [S/m]; exchange current density of the lithium electrode [A/m2].
    layers
        Finite volumes through electrode and separator, each.
    times, voltage : (k,)
        s, V.
    profile_time
        s.
    profile : (layers,)
        Potential of the electrolyte in the middle of the finite volumes of the electrode at that time [V].
    """

    current: float = 1.1e-3
    area: float = 0.01 * 0.0154
    start: float = 0.9
    temperature: float = 298.15
    thickness: float = 42e-6
    separator: float = 25e-6
    radius: float = 5.3e-6
    active: float = 0.518
    electrolyte: float = 0.331
    pores: float = 0.39
    ionic: float = 0.05
    electronic: float = 0.3
    lithium: float = 5.0
    layers: int = 20
    times: tuple[float, ...] = (600.0, 1200.0, 1800.0, 2400.0, 3000.0, 3600.0, 4200.0, 4800.0)
    voltage: tuple[float, ...] = (
        *(3.7518239, 3.7712839, 3.7862762, 3.7990069),
        *(3.8111397, 3.8239338, 3.8383977, 3.8553582),
    )
    profile_time: float = 2400.0
    profile: tuple[float, ...] = (
        *(0.0495882, 0.0510791, 0.0524861, 0.0538098, 0.0550509, 0.0562100, 0.0572879, 0.0582853, 0.0592030, 0.0600417),
        *(0.0608020, 0.0614846, 0.0620899, 0.0626186, 0.0630710, 0.0634476, 0.0637485, 0.0639740, 0.0641243, 0.0641995),
    )


DFN = DfnFigures()
