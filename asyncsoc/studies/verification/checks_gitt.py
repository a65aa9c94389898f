"""Checks of the virtual titration: apparent over true diffusivity of simulated pulses against closed forms."""

from __future__ import annotations

from typing import Any

from asyncsoc.case import Case
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.gitt.bias import apparent_over_true, small_pulse_law
from asyncsoc.studies.gitt.contact_rise import RoundPatches
from asyncsoc.studies.gitt.titration import evaluate_solution
from asyncsoc.studies.verification.check import VerificationCheck, compare

RADIUS, DIFFUSIVITY = 5e-6, 1e-14
SMALL, LARGE = (1e-4, 3e-4, 1e-3), (0.01, 0.03, 0.32)
LAW_TOLERANCE, LARGE_TOLERANCE = 0.002, 0.002
_COMPLETE = 6.0
"""Rest in units of R^2/D after which a particle is uniform to 1e-11."""


def titrated(
    tau: float, coverage: float, *, rest: float = _COMPLETE, pulses: int = 1, rate: str = "C/200"
) -> list[float]:
    """Return apparent over true diffusivity of simulated pulses: constant D, uniform flux.

    Parameters
    ----------
    tau, rest
        Durations of pulse and rest in units of R^2/D.
    coverage
        Of a cap; 1 is full contact.
    pulses
        Equal pulses in a row, from a uniform particle.
    rate
        So slow that the potential is linear over a pulse, so fast that a short one rises above the integrator's error.
    """
    second = RADIUS**2 / DIFFUSIVITY
    contact: dict[str, Any] = {"kind": "full"} if coverage == 1.0 else {"kind": "cap", "coverage": coverage}
    case = Case.from_dict(
        {
            "particle": {"radius": RADIUS},
            "contact": contact,
            "material": {"diffusivity": DIFFUSIVITY},
            "kinetics": {"model": "uniform-flux"},
            "protocol": {
                "initial_soc": 0.5,
                "steps": [
                    "Rest for 10 s",
                    *[f"Charge at {rate} for {tau * second:.9g} s", f"Rest for {rest * second:.9g} s"] * pulses,
                ],
            },
            "solver": {"tolerance": 1e-6},
        }
    )
    return [pulse.apparent / DIFFUSIVITY for pulse in evaluate_solution(simulate(case), case).pulses]


def gitt_checks() -> list[VerificationCheck]:
    """Compare simulated pulses with the law of small ones, with Crank's series, with a cap and with pulses in a row."""
    checks = []
    for tau in SMALL:
        name = f"GITT, full contact, D t/R2 = {tau:g}: apparent over true diffusivity, (1 + sqrt(pi tau)/2)^-2"
        checks.append(compare(name, titrated(tau, 1.0, rate="C/50")[0], small_pulse_law(tau), LAW_TOLERANCE))
    for tau in LARGE:
        name = f"GITT, full contact, D t/R2 = {tau:g}: apparent over true diffusivity, Crank's series"
        reference = apparent_over_true(tau, RoundPatches(1.0))
        checks.append(compare(name, titrated(tau, 1.0)[0], reference, LARGE_TOLERANCE))
    for coverage, tau in ((0.3, 0.03), (0.1, 0.1)):
        reference = apparent_over_true(tau, RoundPatches(coverage))
        name = f"GITT, cap f = {coverage:g}, D t/R2 = {tau:g}: apparent over true diffusivity, series"
        checks.append(compare(name, titrated(tau, coverage)[0], reference, 0.01 * reference))
    rest = 0.1
    for before, value in enumerate(titrated(0.05, 0.3, rest=rest, pulses=3)):
        reference = apparent_over_true(0.05, RoundPatches(0.3), rest=rest / 0.05, before=before)
        name = f"GITT, cap f = 0.3, pulse {before + 1} after incomplete rests: apparent over true diffusivity, series"
        checks.append(compare(name, value, reference, 0.01 * reference))
    return checks
