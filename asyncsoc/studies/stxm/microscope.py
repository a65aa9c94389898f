"""The microscope: spot, photons and absorption at three energies, all of them assumed unless a user gives them.

Images at an energy before the edge and at the peaks of the couple's lower and higher state count photons

    N_E = Poisson( N_0 [ exp(-OD_E) * spot ] ),   OD_E = b t + sum over states s of m_Es n_s,

with the thickness t, the columns n_s (state's share times thickness), b the absorption of everything else and m the
absorption of the states, of which each peak sees the other state with the share `overlap`. The columns come back from
-ln(N/N_0) less that before the edge, by the inverse of m.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.materials.valence import ValenceModel

Array = NDArray[np.float64]
_FWHM = 2.0 * math.sqrt(2.0 * math.log(2.0))


@dataclass(frozen=True)
class Microscope:
    """What a map is blurred and counted with.

    Attributes
    ----------
    spot
        Full width of the Gaussian beam at half its maximum [m]; 0: none. The paper's zone plate has an outer zone of
        35 nm.
    photons
        Per pixel and energy without a sample; infinite: no counting noise.
    peak
        Absorption of a state at its own peak [1/m], of the redox element in this cathode.
    overlap
        Share of it that the state has at the other's peak.
    background
        Absorption of everything else [1/m].
    seed
        Of the counting noise.

    Raises
    ------
    InputError
        A number out of range.
    """

    spot: float = 50e-9
    photons: float = 1e4
    peak: float = 6e6
    overlap: float = 0.5
    background: float = 2e6
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("spot", 0.0, 1e-3),
            ("photons", 1.0, math.inf),
            ("peak", 1e3, 1e9),
            ("overlap", 0.0, 0.95),
            ("background", 0.0, 1e9),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(
                    "a number of the microscope is out of range",
                    where=f"microscope.{name}",
                    value=value,
                    allowed=f"{low:g} to {high:g}",
                )

    @property
    def absorption(self) -> Array:
        """Return m, (2, 2) [1/m]: rows are the peaks of the lower and of the higher state, columns the states."""
        return self.peak * np.array([[1.0, self.overlap], [self.overlap, 1.0]])

    def image(self, thickness: Array, columns: Array, pixel: float) -> Array:
        """Return the columns of the lower and higher state as the microscope sees them, (n, n, 2) [m].

        Parameters
        ----------
        thickness : (n, n)
            m.
        columns : (n, n, 2)
            Of the lower and the higher state [m].
        pixel
            Side of a pixel [m].

        Returns
        -------
        NaN where no photon is counted.
        """
        base = self.background * thickness
        depths = [base, *np.moveaxis(base[..., None] + columns @ self.absorption.T, -1, 0)]
        random = np.random.default_rng(self.seed)
        seen = [self._depth(depth, pixel, random) for depth in depths]
        found = np.stack((seen[1] - seen[0], seen[2] - seen[0]), axis=-1)
        return np.asarray(found @ np.linalg.inv(self.absorption).T)

    def _depth(self, depth: Array, pixel: float, random: np.random.Generator) -> Array:
        from scipy.ndimage import gaussian_filter

        passed = np.exp(-depth)
        if self.spot > 0.0:
            passed = gaussian_filter(passed, self.spot / _FWHM / pixel, mode="nearest")
        if math.isfinite(self.photons):
            passed = random.poisson(self.photons * passed) / self.photons
        with np.errstate(divide="ignore"):
            return np.where(passed > 0.0, -np.log(np.where(passed > 0.0, passed, 1.0)), np.nan)

    def described(self) -> dict[str, Any]:
        """Return its numbers by name with unit."""
        return {
            "spot, full width at half maximum [m]": self.spot,
            "photons per pixel and energy": self.photons,
            "absorption at the peak [1/m]": self.peak,
            "overlap of the peaks": self.overlap,
            "absorption of everything else [1/m]": self.background,
            "seed": self.seed,
        }


def stoichiometry_of(ratio: Array | float, valence: ValenceModel) -> Array:
    """Return the stoichiometry at which a ratio of higher over lower state is in balance, x = (l + h r)/(1 + r).

    Between all lower (x = l, r = 0) and all higher (x = h).
    """
    r = np.asarray(ratio, dtype=np.float64)
    return np.asarray((valence.all_lower + valence.all_higher * r) / (1.0 + r))
