"""The contact-corrected model: a partly covered particle as a sphere with a diffusivity that depends on the radius."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.paths import path_of
from asyncsoc.studies.contact_corrected.resolved_runs import Direction

if TYPE_CHECKING:
    import pybamm

Array = NDArray[np.float64]
Diffusion = Literal["radial", "single"]

RADIAL_POINTS = 150
"""PyBaMM's finite volumes along the radius; its default of 20 adds up to 11 mV at C/2 and a coverage of 0.2."""


@dataclass(frozen=True)
class RateError:
    """How far the model is from the resolved particle at one rate.

    Attributes
    ----------
    rate
        1/h.
    direction
        'charge' (with the rest after it) or 'discharge'.
    fitted
        Whether the model was fitted to this run.
    rms, largest
        V, of the particle potential over time, within the range of voltage.
    single_rms
        V; the same with one diffusivity factor at every radius, and i0 as the BPX standard has it.
    """

    rate: float
    direction: Direction
    fitted: bool
    rms: float
    largest: float
    single_rms: float


@dataclass(frozen=True, eq=False)
class ContactCorrectedModel:
    """A sphere that stands for a partly covered particle in programs that know spheres only.

    Its volume is the particle's, its whole surface passes current, i0 is multiplied by `utilisation`, and the
    diffusivity at the radius r is D(x) exp(s(r/R)), with s linear between `knots`.

    Attributes
    ----------
    name, case_sha256
        Of the case.
    radius, contact_area
        m, m2.
    maximum_concentration, temperature
        mol/m3, K: the model holds at this temperature alone.
    film_resistance
        ohm m2 of contact.
    x, potential, diffusivity, exchange_current_density : (m,)
        U [V against Li], D [m2/s] and i0 [A/m2 of contact] of the material, between which they are linear.
    knots, log_factor : (k,)
        r/R and s there.
    single_factor, single_rate_constant
        One factor of D at every radius, and K [mol/(m2 s)] of i0 = F K sqrt(x (1 - x)) per whole surface: what the
        fields of the BPX standard can hold.
    capacity
        C; what 1 C moves in an hour, of one particle.
    rates, single_rates
        (lowest, highest) rate [1/h] at which the model is accepted, with the radial factor and with the single one;
        the latter (0, 0) where it is accepted nowhere.
    voltages
        (lowest, highest) particle potential [V against Li].
    error, largest_error, single_error
        V; bounds stated of root mean square and largest error over `rates`, and of the former over `single_rates`.
    checks
        What the bounds follow from.

    Examples
    --------
    From a file of yours:

    >>> import asyncsoc as aso
    >>> model = aso.ContactCorrectedModel.from_bpx("corrected.json")  # doctest: +SKIP
    >>> values = model.parameter_values(rate="C/5", direction="charge")  # doctest: +SKIP
    """

    name: str
    case_sha256: str
    radius: float
    contact_area: float
    maximum_concentration: float
    temperature: float
    film_resistance: float
    x: Array
    potential: Array
    diffusivity: Array
    exchange_current_density: Array
    knots: Array
    log_factor: Array
    single_factor: float
    single_rate_constant: float
    capacity: float
    rates: tuple[float, float]
    single_rates: tuple[float, float]
    voltages: tuple[float, float]
    error: float
    largest_error: float
    single_error: float
    checks: tuple[RateError, ...]

    def __post_init__(self) -> None:
        for values in (self.x, self.potential, self.diffusivity, self.exchange_current_density):
            values.flags.writeable = False

    @property
    def utilisation(self) -> float:
        """Contact area over the surface of the sphere: the factor of i0."""
        return self.contact_area / (4.0 * np.pi * self.radius**2)

    @property
    def transfer_resistance(self) -> float:
        """Resistance in series with the charge transfer, per surface of the sphere [ohm m2]: that of the film."""
        return self.film_resistance / self.utilisation

    def stoichiometry(self, voltage: float) -> float:
        """Return x at which U is `voltage` [V against Li].

        Raises
        ------
        InputError
            U does not take that value.
        """
        if not self.potential[-1] <= voltage <= self.potential[0]:
            raise InputError(
                "the open-circuit potential does not take this value",
                where="voltage",
                value=voltage,
                allowed=f"{self.potential[-1]:.3f} to {self.potential[0]:.3f} V",
            )
        return float(np.interp(-voltage, -self.potential, self.x))

    def accepted_rate(self, rate: str | float, diffusion: Diffusion = "radial") -> float:
        """Return a rate ('C/5', or a number in 1/h) in 1/h.

        Raises
        ------
        InputError
            The model's error there is not known, or larger than was asked for.
        """
        value = rate_of(rate)
        low, high = self.rates if diffusion == "radial" else self.single_rates
        if not low * (1.0 - 1e-9) <= value <= high * (1.0 + 1e-9):
            other = "" if diffusion == "radial" else "take the radial factor, or "
            raise InputError(
                "the contact-corrected model does not hold at this rate",
                where="rate",
                value=rate,
                allowed=f"{low:.4g} C to {high:.4g} C" if high > 0.0 else "no rate with a single diffusivity",
                next_step=f"{other}make the model for these rates: contact_corrected_model(case, rates=...)",
            )
        return value

    def parameter_values(
        self,
        base: pybamm.ParameterValues | str | None = None,
        *,
        rate: str | float | None = None,
        direction: Direction = "charge",
        start: str | float | None = None,
        diffusion: Diffusion = "radial",
    ) -> pybamm.ParameterValues:
        """Return the model as parameters for PyBaMM's SPM, SPMe and DFN.

        Parameters
        ----------
        base
            The cell around the particles: `pybamm.ParameterValues` or the name of a set, of which the positive
            electrode's particles are replaced. None: the half-cell of PyBaMM's set Xu2019 against lithium without
            overpotential; voltage limits and nominal capacity are then the model's.
        rate
            Of the current, 'C/5' or 1/h. None: the current of the base.
        direction
            Of the current.
        start
            Stoichiometry; None: in equilibrium with the lowest voltage before a charge, the highest before a discharge.
        diffusion
            "radial", or "single" for what the fields of a BPX file hold.

        Raises
        ------
        InputError
            The model does not hold at that rate or start.
        EnvironmentProblem
            PyBaMM is not installed.
        """
        from asyncsoc.studies.contact_corrected.pybamm_set import parameter_values

        return parameter_values(self, base, rate=rate, direction=direction, start=start, diffusion=diffusion)

    @property
    def pybamm_options(self) -> dict[str, str]:
        """Options of PyBaMM's half-cell models that go with `parameter_values`."""
        return {
            "working electrode": "positive",
            **({"contact resistance": "true"} if self.film_resistance > 0.0 else {}),
        }

    @property
    def pybamm_points(self) -> dict[str, int]:
        """Finite volumes along the radius with which the stated error holds, for `var_pts` of a PyBaMM simulation."""
        return {"r_p": RADIAL_POINTS}

    def to_bpx(self, path: str | Path) -> Path:
        """Write the model as a BPX 1.1 file with `Header.Model = "Partial"`, in one step, and return its path.

        The fields of the standard hold the single factor; all of the model is under `User-defined`. The file is checked
        by the package bpx where that is installed.

        Raises
        ------
        InputError
            The file cannot be written there.
        """
        from asyncsoc.studies.contact_corrected.bpx_format import write_model

        return write_model(self, path_of(path))

    @classmethod
    def from_bpx(cls, path: str | Path) -> ContactCorrectedModel:
        """Return the model in a file that `to_bpx` wrote.

        Raises
        ------
        InputError
            The file is missing, or holds no such model.
        """
        from asyncsoc.studies.contact_corrected.bpx_format import read_fields

        found = read_fields(path_of(path))
        return cls(**{**found, "checks": tuple(RateError(**one) for one in found["checks"])})

    def document(self) -> dict[str, Any]:
        """Return what `asyncsoc export pybamm --json` prints."""
        return {
            "name": self.name,
            "case sha256": self.case_sha256,
            "particle radius [m]": self.radius,
            "utilisation": self.utilisation,
            "transfer resistance [ohm m2]": self.transfer_resistance,
            "radius over particle radius": self.knots,
            "diffusivity factor": np.exp(self.log_factor),
            "single diffusivity factor": self.single_factor,
            "temperature [K]": self.temperature,
            "rates [1/h]": list(self.rates),
            "rates, single diffusivity [1/h]": list(self.single_rates) if self.single_rates[1] > 0.0 else None,
            "voltages [V]": list(self.voltages),
            "error [V]": self.error,
            "largest error [V]": self.largest_error,
            "error, single diffusivity [V]": self.single_error if self.single_rates[1] > 0.0 else None,
            "checks": [
                {
                    "rate [1/h]": one.rate,
                    "direction": one.direction,
                    "fitted": one.fitted,
                    "error [V]": one.rms,
                    "largest error [V]": one.largest,
                    "error, single diffusivity [V]": one.single_rms,
                }
                for one in self.checks
            ],
        }


def rate_of(rate: str | float, where: str = "rate") -> float:
    """Return a rate, 'C/5' or a number in 1/h, in 1/h.

    Raises
    ------
    InputError
        It is none, or not above 0.
    """
    try:
        text = str(rate).strip().upper()
        value = 1.0 / float(text[2:]) if text.startswith("C/") else float(text.removesuffix("C") or "nan")
    except (ValueError, ZeroDivisionError):
        value = float("nan")
    if not (np.isfinite(value) and value > 0.0):
        raise InputError("not a rate", where=where, value=rate, allowed="'C/5', '0.2C' or a number in 1/h, above 0")
    return value
