"""The contact-corrected model as `pybamm.ParameterValues`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import EnvironmentProblem, InputError, unknown_name
from asyncsoc.base.units import FARADAY
from asyncsoc.studies.contact_corrected.resolved_runs import SECONDS_PER_HOUR

if TYPE_CHECKING:
    import pybamm

    from asyncsoc.studies.contact_corrected.model import ContactCorrectedModel

Array = NDArray[np.float64]

HALF_CELL = "Xu2019"
"""PyBaMM's set for half-cells, of which everything but the positive electrode's particles is taken."""
_LITHIUM = 1e9
"""A/m2; exchange current density of a lithium electrode without overpotential: voltages are against lithium."""
_DOMAIN = "positive particle"
_DIFFUSIONS = ("radial", "single")
_DIRECTIONS = ("charge", "discharge")


def parameter_values(
    model: ContactCorrectedModel,
    base: pybamm.ParameterValues | str | None,
    *,
    rate: str | float | None,
    direction: str,
    start: str | float | None,
    diffusion: str,
) -> pybamm.ParameterValues:
    """Return the parameters; see `ContactCorrectedModel.parameter_values`."""
    if diffusion not in _DIFFUSIONS:
        raise unknown_name("diffusion", diffusion, _DIFFUSIONS)
    if direction not in _DIRECTIONS:
        raise unknown_name("direction", direction, _DIRECTIONS)
    value = None if rate is None else model.accepted_rate(rate, diffusion)  # type: ignore[arg-type]
    first = _start(model, direction, start)
    try:
        import pybamm
    except ModuleNotFoundError as error:
        raise EnvironmentProblem(
            "parameters for PyBaMM need PyBaMM", where="parameter_values", next_step="pip install 'asyncsoc[pybamm]'"
        ) from error
    half_cell = base is None
    chosen = HALF_CELL if base is None else base
    values = pybamm.ParameterValues(chosen) if isinstance(chosen, str) else chosen.copy()
    changes: dict[str, Any] = {
        "Positive particle radius [m]": model.radius,
        "Maximum concentration in positive electrode [mol.m-3]": model.maximum_concentration,
        "Initial concentration in positive electrode [mol.m-3]": first * model.maximum_concentration,
        "Positive electrode OCP [V]": _potential(model),
        "Positive electrode OCP entropic change [V.K-1]": 0.0,
        "Positive particle diffusivity [m2.s-1]": _diffusivity(model, radial=diffusion == "radial"),
        "Positive electrode exchange-current density [A.m-2]": _exchange_current(model, table=diffusion == "radial"),
        **{f"{name} temperature [K]": model.temperature for name in ("Reference", "Ambient", "Initial")},
    }
    particles = _particles(values, model.radius)
    if model.film_resistance > 0.0:
        changes["Contact resistance [Ohm]"] = model.film_resistance / (model.contact_area * particles)
    nominal = particles * model.capacity / SECONDS_PER_HOUR
    if half_cell:
        low, high = model.voltages
        changes |= {
            "Exchange-current density for lithium metal electrode [A.m-2]": _LITHIUM,
            "Nominal cell capacity [A.h]": nominal,
            "Lower voltage cut-off [V]": low,
            "Upper voltage cut-off [V]": high,
            "Open-circuit voltage at 0% SOC [V]": low,
            "Open-circuit voltage at 100% SOC [V]": high,
        }
    if value is not None:
        changes["Current function [A]"] = value * nominal * (-1.0 if direction == "charge" else 1.0)
    values.update(changes, check_already_exists=False)
    return values


def _start(model: ContactCorrectedModel, direction: str, start: str | float | None) -> float:
    low, high = model.voltages
    if start is None:
        return model.stoichiometry(low if direction == "charge" else high)
    lowest, highest = model.stoichiometry(high), model.stoichiometry(low)
    if isinstance(start, bool) or not isinstance(start, int | float) or not lowest <= start <= highest:
        raise InputError(
            "the start is outside the range the model was compared over",
            where="start",
            value=start,
            allowed=f"a stoichiometry from {lowest:.4g} to {highest:.4g}",
        )
    return float(start)


def _particles(values: pybamm.ParameterValues, radius: float) -> float:
    """Return how many particles a cell of the set has."""
    area = values["Electrode width [m]"] * values["Electrode height [m]"]
    area *= values["Number of electrodes connected in parallel to make a cell"]
    solid = area * values["Positive electrode thickness [m]"]
    solid *= values["Positive electrode active material volume fraction"]
    return float(solid / (4.0 / 3.0 * np.pi * radius**3))


def _interpolant(x: Array, y: Array, at: Any, name: str) -> Any:
    import pybamm

    return pybamm.Interpolant(x, y, at, name=name, interpolator="linear", extrapolate=True)


def _potential(model: ContactCorrectedModel) -> Callable[[Any], Any]:
    def potential(sto: Any) -> Any:
        return _interpolant(model.x, model.potential, sto, "open-circuit potential")

    return potential


def _diffusivity(model: ContactCorrectedModel, *, radial: bool) -> Callable[[Any, Any], Any]:
    def diffusivity(sto: Any, T: Any) -> Any:
        import pybamm

        bulk = _interpolant(model.x, model.diffusivity, sto, "diffusivity")
        if not radial:
            return model.single_factor * bulk
        if _DOMAIN not in sto.domain:  # asked for at the surface
            return bulk * float(np.exp(model.log_factor[-1]))
        r = pybamm.SpatialVariable("r_p", domains=sto.domains, coord_sys="spherical polar")
        return bulk * pybamm.exp(_interpolant(*_levelled(model), r / model.radius, "diffusivity factor"))

    return diffusivity


def _levelled(model: ContactCorrectedModel) -> tuple[Array, Array]:
    """Return the knots with one at the centre: below the first the factor is constant."""
    return np.concatenate(([0.0], model.knots)), np.concatenate((model.log_factor[:1], model.log_factor))


def _exchange_current(model: ContactCorrectedModel, *, table: bool) -> Callable[[Any, Any, Any, Any], Any]:
    def exchange_current(c_e: Any, c_s_surf: Any, c_s_max: Any, T: Any) -> Any:
        x = c_s_surf / c_s_max
        if table:
            density = _interpolant(model.x, model.exchange_current_density, x, "exchange-current density")
            return model.utilisation * density
        return FARADAY * model.single_rate_constant * (x * (1.0 - x)) ** 0.5

    return exchange_current
