"""Checks of every kind of protocol step against closed forms: charge, discharge, pulses, rest and hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.contact.shapes import cap, full
from asyncsoc.geometry.library import load_builtin
from asyncsoc.interface.laws.linear import Linear
from asyncsoc.materials.registry import DEFAULT_CATHODE, DEFAULT_ELECTROLYTE, cathode, electrolyte
from asyncsoc.materials.tables import tabulate
from asyncsoc.problem.particles import Member, Problem
from asyncsoc.protocol.constraints import ParticleScale, StepConstraint, step_constraint
from asyncsoc.protocol.types import Step, Termination
from asyncsoc.solver.checkpoints import StepOutcome
from asyncsoc.solver.integrate import integrate
from asyncsoc.studies.verification import runs
from asyncsoc.studies.verification.check import VerificationCheck, compare, within
from asyncsoc.studies.verification.closed_forms import cap_contact_mean
from asyncsoc.studies.verification.step_kinds import Hold, profile_fall, surface_fall

BIOT = (1.0, 100.0)
"""k R / D: kinetics and diffusion alike, and the surface nearly at one concentration."""
TOLERANCES = (1e-4, 1e-7)
"""The default one, and one at which only the mesh is left."""
_PERCENT = {1e-4: 1.0, 1e-7: 0.2}
_UNIT = 0.05
"""J R / (D c_max) of these runs: ten times that of the others, so that the default tolerance is put to work."""
_COVERAGE = 0.3


def step_checks() -> list[VerificationCheck]:
    """Compare each kind of step, at a sharp and at the default tolerance, with its closed form."""
    return [
        check for biot in BIOT for tolerance in TOLERANCES for check in _radial_checks(biot, tolerance)
    ] + _pulse_checks()


def _radial_checks(biot: float, tolerance: float) -> list[VerificationCheck]:
    """Charge to a voltage, hold, rest, discharge to a voltage, hold: a fully covered sphere, kinetics linear in x."""
    body = runs.particle(load_builtin("sphere-radial-default"))
    upper, lower, cut = 0.10, 0.08, 0.05  # of x_equilibrium below and above the start; share of J that ends a hold
    high, low = 4.2 - runs.START + upper, 4.2 - runs.START - lower
    seconds, current = runs.RADIUS**2 / runs.DIFFUSIVITY, runs.unit_current() * _UNIT / runs.UNIT
    steps = (
        Step("current", current, None, (Termination("voltage", high, "V"),), None, None, 1, "charge"),
        Step("voltage", high, None, (Termination("current", cut * current, "A"),), None, None, 1, "hold"),
        Step("rest", 0.0, 3.0 * seconds, (), None, None, 1, "rest"),
        Step("current", -current, None, (Termination("voltage", low, "V"),), None, None, 1, "discharge"),
        Step("voltage", low, None, (Termination("current", cut * current, "A"),), None, None, 1, "hold below"),
    )
    outcomes = _run(body, steps, biot, tolerance)
    measured = [outcome.duration / seconds for outcome in outcomes]
    charged = brentq(lambda t: _UNIT * (surface_fall(t, ((0.0, 1.0),)) + 1.0 / biot) - upper, 0.005, 10.0, xtol=1e-13)
    hold = Hold(biot, lambda rho: upper / _UNIT - profile_fall(rho, charged, ((0.0, 1.0),)))
    held = hold.until(cut)
    # The rest of three R^2/D leaves the particle even, at what the charge counter says.
    even = 3.0 * (measured[0] + outcomes[1].charge / (current * seconds)) * _UNIT
    depth = even + lower
    discharged = brentq(
        lambda t: _UNIT * (surface_fall(t, ((0.0, 1.0),)) + 1.0 / biot) - depth, 0.005, 10.0, xtol=1e-13
    )
    below = Hold(biot, lambda rho: profile_fall(rho, discharged, ((0.0, 1.0),)) - depth / _UNIT)
    held_below = below.until(-cut)
    case, percent = f"k R/D = {biot:g}, tolerance {tolerance:g}", _PERCENT[tolerance]
    names = ("charge until a voltage", "hold until a current", "discharge until a voltage", "hold at a low voltage")
    found = (measured[0], measured[1], measured[3], measured[4])
    checks = [
        within(f"{name}, {case}: duration [R^2/D]", value, reference, percent)
        for name, value, reference in zip(names, found, (charged, held, discharged, held_below), strict=True)
    ]
    passed = (even / 3.0 / _UNIT, charged + _integral(hold, held))
    return [*checks, within(f"charge and hold, {case}: charge passed [J R^2/D]", *passed, percent)]


def _integral(hold: Hold, tau: float) -> float:
    nodes, weights = np.polynomial.legendre.leggauss(200)
    # t = tau s^2 takes the quick start apart.
    s = 0.5 * (nodes + 1.0)
    return float(sum(w * tau * t * hold.flux(float(tau * t * t)) for w, t in zip(weights, s, strict=True)))


def _run(body: runs.MeshedSphere, steps: tuple[Step, ...], biot: float, tolerance: float) -> list[StepOutcome]:
    """Simulate steps of a fully covered sphere of linear kinetics, U = 4.2 V - x V."""
    material = replace(cathode(DEFAULT_CATHODE), open_circuit_potential=lambda x: 4.2 - x)
    exchange = biot * runs.DIFFUSIVITY / runs.RADIUS * material.maximum_concentration * GAS_CONSTANT * runs.TEMPERATURE
    table = tabulate(
        material,
        electrolyte(DEFAULT_ELECTROLYTE),
        runs.TEMPERATURE,
        diffusivity=runs.DIFFUSIVITY,
        exchange_current_density=exchange,
    )
    contact = full(body.mesh)
    member = replace(runs.member_of(body, contact, _segments(steps, body), table, tolerance), kinetics=Linear())
    outcome = integrate(Problem.alone(body.system, [member]))[0]
    if outcome.error is not None:
        raise outcome.error
    return list(outcome.steps)


def _segments(steps: tuple[Step, ...], body: runs.MeshedSphere) -> tuple[StepConstraint, ...]:
    material = cathode(DEFAULT_CATHODE)
    volume = float(body.mass.sum())
    scale = ParticleScale(
        capacity=FARADAY * material.maximum_concentration * volume,
        mass=volume * material.density,
        series=0.0,
        window=material.window,
        temperature=runs.TEMPERATURE,
    )
    return tuple(step_constraint(step, number, scale) for number, step in enumerate(steps, 1))


def _pulse_checks() -> list[VerificationCheck]:
    """Charge, rest, discharge twice as fast, rest: a cap under uniform flux against the series superposed in time."""
    body = runs.particle(load_builtin("sphere-axisymmetric-default"))
    contact = cap(body.mesh, _COVERAGE)
    times, rates = (0.05, 0.10, 0.15, 0.30), (1.0, 0.0, -2.0, 0.0)
    seconds, current = runs.RADIUS**2 / runs.DIFFUSIVITY, runs.unit_current()
    steps = tuple(
        Step("current", rate * current, (end - start) * seconds, (), None, None, 1, f"{rate:g} J")
        for rate, start, end in zip(rates, (0.0, *times), times, strict=False)
    )
    changes = tuple(zip((0.0, *times), np.diff((0.0, *rates)).tolist(), strict=False))
    checks = []
    for tolerance, allowed in ((1e-5, 0.02), (1e-7, 0.005)):
        member: Member = runs.member_of(body, contact, _segments(steps, body), runs.constant_table(), tolerance)
        states = runs.run_members(body, [member])[0]
        for number, (rate, time) in enumerate(zip(rates, times, strict=True), 1):
            field = runs.excess(body, states[number])
            mean = float(contact.weights @ field / contact.weights.sum())
            reference = sum(by * cap_contact_mean(time - at, _COVERAGE) for at, by in changes if time > at + 1e-12)
            case = f"pulses, cap f = {_COVERAGE:g}, step {number} ({rate:g} J), tolerance {tolerance:g}"
            checks.append(compare(f"{case}: asynchrony [J R/D]", mean, float(reference), allowed))
    return checks
