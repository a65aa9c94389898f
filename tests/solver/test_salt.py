"""A salt whose transport depends on its concentration, with the particles it limits: against an independent solution.

Three particles are the layers, two volumes the separator. The independent solution takes particles in which diffusion
is fast, closed forms of the properties and scipy's integrator.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import fsolve

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.interface.side_reaction_constants import SideReactionParameters
from asyncsoc.materials.registry import electrolyte
from asyncsoc.problem.network import Network, NetworkResistances, electronic_resistances
from asyncsoc.problem.particles import CoupledSideReaction, Group, Member, Problem
from asyncsoc.problem.salt import SaltLevel, SaltTransport, salt_at, salt_table
from asyncsoc.problem.salt_event import constraints_with_salt
from tests.solver.conftest import MATERIAL, TEMPERATURE, table
from tests.solver.keeping import KeepingCallback
from tests.solver.test_groups import run, same_bits, times_current

REST, SEPARATOR, COUNT = 1000.0, 2, 5
DIFFUSIVITY = 1e-11
THERMAL = GAS_CONSTANT * TEMPERATURE / FARADAY
VOLUME = np.array([3e-15, 4e-15, 2e-15, 2e-15, 2e-15])
WIDTH = np.array([0.6e5, 0.8e5, 1.2e5, 1.2e5, 1.2e5])
OHMS = np.array([1e7, 1.5e7, 3e7, 3e7, 3e7])
ELECTRONIC = electronic_resistances(3, 1.0, 1.0, 3e-8)
LITHIUM = 5e-10, 2.0 * THERMAL
EXPONENT, LITHIUM_EXPONENT = 0.5, 0.3


def diffusivity(c: Any) -> Any:
    return DIFFUSIVITY * (0.5 + 0.5 * np.asarray(c) / REST)


def transference(c: Any) -> Any:
    return 0.2 + 0.1 * np.asarray(c) / REST


def salt(**changes: Any) -> SaltTransport:
    """Return the salt; `changes` replace D, t+, chi, kappa or fields of the transport."""
    functions = {
        "diffusivity": diffusivity,
        "transference": transference,
        "factor": lambda c: 1.0 + 0.5 * np.asarray(c) / REST,
        "conductivity": lambda c: np.asarray(c) / REST * np.exp(-0.5 * np.asarray(c) / REST),
    }
    functions = {key: changes.pop(key, value) for key, value in functions.items()}
    made = salt_table(**functions, rest=REST, floor=10.0, temperature=TEMPERATURE)
    given: dict[str, Any] = {
        "separator": SEPARATOR,
        "volume": VOLUME,
        "width": WIDTH,
        "rest": REST,
        "least": 0.01,
        "exchange_exponent": EXPONENT,
        "lithium_exponent": LITHIUM_EXPONENT,
        "levels": {TEMPERATURE: SaltLevel(OHMS, made)},
    }
    return SaltTransport(**(given | changes))


def layered(members: list[Member], transport: SaltTransport | None = None, **changes: Any) -> Group:
    """Return members on the layers as a group under the protocol of the first."""
    first = members[0]
    level = NetworkResistances(ELECTRONIC, *LITHIUM)
    network = Network((0, 1, 2), {TEMPERATURE: level}, salt() if transport is None else transport)
    constraints = constraints_with_salt(changes.pop("constraints", first.constraints), network)
    constraints = tuple(
        replace(one, series=0.0, current_factor=0.0 if one.held else one.current_factor) for one in constraints
    )
    return Group(tuple(members), constraints, first.tolerance, first.largest_step, network=network, **changes)


def solved(home: Any, group: Group, **options: Any) -> tuple[Any, list[KeepingCallback]]:
    (outcome,), callbacks = run(Problem((home.system,), (group,)), **options)
    assert outcome.error is None
    return outcome, callbacks


class Independent:
    """The same cell by scipy: closed forms of psi, theta and rho, particles without gradients."""

    def __init__(self, area: float, volume: float) -> None:
        self.area, self.charge = area, FARADAY * MATERIAL.maximum_concentration * volume

    @staticmethod
    def psi(c: Any) -> Any:
        return DIFFUSIVITY * (0.5 * c + 0.25 * c**2 / REST)

    @staticmethod
    def theta(c: Any) -> Any:
        s = c / REST
        return 2.0 * THERMAL * (0.8 * np.log(s) + 0.3 * s - 0.025 * s**2)

    @staticmethod
    def ohms(c: Any) -> Any:
        return OHMS * np.exp(0.5 * (c / REST - 1.0)) * REST / c

    def currents(self, x: Any, c: Any, v: Any) -> Any:
        i0 = electrolyte("peo-litfsi").exchange_current_density(x, TEMPERATURE) * (c[2:] / REST) ** EXPONENT
        return self.area * i0 * 2.0 * np.sinh((v - MATERIAL.open_circuit_potential(x)) / (2.0 * THERMAL))

    def lithium(self, c: Any, total: float) -> tuple[float, float]:
        """Return the concentration at the lithium electrode and its overpotential [V]."""
        gradient = (1.0 - transference(c[0])) * total / (FARADAY * diffusivity(c[0]))
        surface = c[0] - 0.5 * WIDTH[0] * gradient
        i0 = LITHIUM[0] * (surface / REST) ** LITHIUM_EXPONENT
        return float(surface), float(LITHIUM[1] * np.arcsinh(total / i0))

    def potentials(self, x: Any, c: Any, total: float, guess: Any) -> Any:
        """Return v of the layers and the cell voltage at the current `total` [A]."""

        def miss(unknown: Any) -> Any:
            v, voltage = unknown[:3], unknown[3]
            own = self.currents(x, c, v)
            surface, eta = self.lithium(c, own.sum())
            ohms, electrolytic, passed = self.ohms(c), np.zeros(3), 0.0
            passed = (ohms[0] + ohms[1]) * own.sum()
            for k in range(3):
                inward, outward = own[k:].sum(), own[k + 1 :].sum()
                electrolytic[k] = passed + 0.5 * ohms[2 + k] * inward
                passed += 0.5 * ohms[2 + k] * (inward + outward)
            drop = eta + electrolytic + self.theta(c[2:]) - self.theta(surface) + ELECTRONIC @ own
            return np.append(voltage - drop - v, own.sum() / total - 1.0)

        return fsolve(miss, guess, xtol=1e-10)

    def run(self, x: Any, c: Any, total: float, time: float) -> tuple[Any, Any, float]:
        self.guess = np.append(MATERIAL.open_circuit_potential(x), 3.8)

        def slope(_: float, y: Any) -> Any:
            x, c = y[:3], y[3:] * REST
            self.guess = self.potentials(x, c, total, self.guess)
            own = self.currents(x, c, self.guess[:3])
            enters = np.append(np.zeros(2), own)
            for face in range(1, COUNT):
                a, b = WIDTH[face - 1 : face + 1]
                passing = own[max(face - 2, 0) :].sum()
                t = (b * transference(c[face - 1]) + a * transference(c[face])) / (a + b)
                flow = 2.0 * FARADAY * (self.psi(c[face]) - self.psi(c[face - 1])) / (a + b) + t * passing
                enters[face - 1] += flow
                enters[face] -= flow
            enters[0] -= own.sum()
            return np.concatenate([-own / self.charge, enters / (FARADAY * VOLUME * REST)])

        found = solve_ivp(slope, (0.0, time), np.append(x, c / REST), method="LSODA", rtol=1e-9, atol=1e-10)
        x, c = found.y[:3, -1], found.y[3:, -1] * REST
        return x, c, float(self.potentials(x, c, total, self.guess)[3])


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.4, -0.5])
def test_it_agrees_with_an_independent_solution(ball: Any, rate: float) -> None:
    tables = {TEMPERATURE: table(TEMPERATURE, 1e-9)}
    text = f"{'Charge' if rate > 0.0 else 'Discharge'} at {abs(rate)} C for 20 minutes"
    members = [ball.member(text, tables=tables, tolerance=1e-6, start=x) for x in (0.62, 0.6, 0.58)]
    constraints = times_current(members[0].constraints, 3.0)
    _, callbacks = solved(ball, layered(members, constraints=constraints))
    mine, total = [callback.last for callback in callbacks], constraints[0].target
    alone = Independent(float(members[0].weights.sum()), ball.operators.volume)
    x, c, voltage = alone.run(np.array([0.62, 0.6, 0.58]), np.full(COUNT, REST), total, 1200.0)
    assert np.ptp(c) > 400.0  # mol/m3: everything that depends on the concentration matters
    np.testing.assert_allclose(mine[0].salt, c, rtol=2e-5)
    np.testing.assert_allclose([one.x.mean() for one in mine], x, atol=2e-5)
    assert mine[0].voltage == pytest.approx(voltage, abs=2e-5)


def side() -> CoupledSideReaction:
    parameters = SideReactionParameters(
        side_first=0.0, side_inverse_spacing=1.0, side_alpha=0.5, beta=2.0, shift=-2.3, scale=1e-6,
        growth=3e-11, resistivity=1e6, inverse_limit=1e8, inverse_block=2e7,
    )  # fmt: skip
    return CoupledSideReaction(np.array([-0.6, 0.4, 0.0, 0.0]), parameters)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["current", "voltage", "power", "film"])
def test_steps_keep_their_order(ball: Any, what: str) -> None:
    """Fourth order with equal steps, from a state with gradients; with films, resistances and an isolated particle."""
    given: dict[str, Any] = {}
    if what == "film":
        given = {"film_resistance": 0.02, "side": side(), "film_thickness": 2e-9}
    group_given = {"resistances": (0.0, 5e7, math.inf)} if what == "film" else {}
    before = [ball.member("Charge at C/4 for 20 minutes", tolerance=1e-7, **given)] * 3
    constraints = times_current(before[0].constraints, 3.0)
    outcome, kept = solved(ball, layered(before, constraints=constraints, **group_given))
    voltage, current = kept[0].last.voltage, sum(one.last.current for one in kept)
    text = {
        "voltage": f"Hold at {voltage!r} V for 1000 s",
        "power": f"Charge at {voltage * current!r} W for 1000 s",
    }.get(what, "Charge at C/4 for 1000 s")
    films = [one.last.film_thickness for one in kept]
    members = []
    for one, film in zip(kept, films, strict=True):
        own = dict(given)
        if what == "film":
            own["film_thickness"] = np.zeros(len(one.last.x))
            own["film_thickness"][one.last.contact_nodes] = film
        members.append(ball.member(text, start=one.last.x, tolerance=1.0, **own))
    asked = tuple(replace(one, events=()) for one in times_current(members[0].constraints, 3.0))
    start = salt(initial=np.array(outcome.checkpoint.salt))

    def reached(count: int) -> np.ndarray:
        equal = [replace(one, largest_step=1000.0 / count) for one in members]
        _, callbacks = solved(ball, layered(equal, start, constraints=asked, **group_given))
        assert len(callbacks[0].steps) == count
        ends = [callback.last for callback in callbacks]
        charges = [[one.charge / 1e-7, one.side_charge / 1e-7] for one in ends]
        return np.concatenate([ends[0].salt / REST, np.ravel(charges), [ends[0].voltage]])

    exact = reached(160)
    coarse, fine = (np.abs(reached(count) - exact).max() for count in (8, 16))
    assert coarse > 1e-9
    assert np.log2(coarse / fine) > 3.3


@pytest.mark.slow
def test_salt_is_conserved_but_for_the_side_reaction(ball: Any) -> None:
    given = {"side": side(), "film_thickness": 2e-9}
    members = [ball.member("Charge at C/3 for 20 minutes", "Rest for 10 minutes", tolerance=1e-4, **given)] * 3
    constraints = times_current(members[0].constraints, 3.0)
    _, callbacks = solved(ball, layered(members, constraints=constraints, resistances=(0.0, 5e7, math.inf)))
    held = FARADAY * REST * VOLUME.sum()
    for states in zip(*([*c.middles, *(s.end for s in c.steps)] for c in callbacks), strict=True):
        lost = sum(one.side_charge for one in states)
        assert abs(FARADAY * states[0].salt @ VOLUME + lost - held) < 1e-10 * held
    assert lost > 1e-3 * held


@pytest.mark.slow
def test_states_between_steps_obey_the_equations_of_the_network(ball: Any) -> None:
    members = [ball.member("Charge at C/3 for 10 minutes", tolerance=1e-4)] * 3
    group = layered(members, constraints=times_current(members[0].constraints, 3.0))
    _, callbacks = solved(ball, group)
    made = salt().levels[TEMPERATURE].table
    spread = 0.0
    for states in zip(*([*c.middles, *(s.end for s in c.steps)] for c in callbacks), strict=True):
        current, c = np.array([one.current for one in states]), states[0].salt
        surface, eta = Independent.lithium(Independent, c, current.sum())  # type: ignore[arg-type]
        theta, rho = salt_at(made, np.append(c, surface))[1:3]
        ohms, drop = OHMS * rho[:-1], np.zeros(3)
        for k in range(3):
            drop[k] = (ohms[0] + ohms[1]) * current.sum() + ohms[2 + k] * current[k:].sum() / 2.0
            drop[k] += sum(ohms[2 + m] * (current[m:].sum() + current[m + 1 :].sum()) / 2.0 for m in range(k))
        drop += eta + theta[2:-1] - theta[-1] + ELECTRONIC @ current
        np.testing.assert_allclose(states[0].voltage - np.array([one.potential for one in states]), drop, atol=1e-9)
        assert current.sum() == pytest.approx(group.constraints[0].target, rel=1e-10)
        spread = max(spread, float(np.ptp(c)))
    assert spread > 300.0


@pytest.mark.slow
def test_a_step_ends_where_the_salt_runs_out(ball: Any) -> None:
    members = [ball.member("Charge at 1.5 C for 2 hours", "Rest for 30 minutes", tolerance=1e-4)] * 3
    outcome, callbacks = solved(ball, layered(members, constraints=times_current(members[0].constraints, 3.0)))
    first = outcome.steps[0]
    assert first.reason.startswith("the salt has run out")
    assert "at the lithium electrode" in first.reason and f"t = {first.duration:.6g} s" in first.reason
    at_end = next(step.end for step in callbacks[0].steps if step.end.time == pytest.approx(first.duration))
    place = [step.end for step in callbacks[0].steps].index(at_end)
    total = sum(callback.steps[place].end.current for callback in callbacks)
    surface, _ = Independent.lithium(Independent, at_end.salt, total)  # type: ignore[arg-type]
    assert surface == pytest.approx(0.01 * REST, abs=1e-3)
    assert outcome.steps[1].reason == "duration reached"
    assert np.ptp(callbacks[0].last.salt) < np.ptp(at_end.salt)


@pytest.mark.slow
def test_bits_do_not_depend_on_threads(ball: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [ball.member("Charge at C/3 for 5 minutes")] * 3
    group = layered(members, constraints=times_current(members[0].constraints, 3.0))
    _, one = solved(ball, group)
    monkeypatch.setattr("asyncsoc.solver.integrate.WORTH_THREADS", 0)  # phase by phase, and not in one call
    _, two = solved(ball, group, threads=2)
    for mine, theirs in zip(one, two, strict=True):
        same_bits(mine, theirs)
        np.testing.assert_array_equal(mine.last.salt, theirs.last.salt)


@pytest.mark.parametrize(
    "changes",
    [
        {"separator": 0},
        {"separator": 5},
        {"volume": VOLUME[:-1]},
        {"width": -WIDTH},
        {"initial": np.zeros(COUNT)},
        {"diffusivity": np.zeros_like},
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        salt(**changes)


def test_a_salt_needs_the_layers_of_its_network() -> None:
    with pytest.raises(InputError, match="does not fit the network"):
        Network((0, 1), {TEMPERATURE: NetworkResistances(np.zeros((2, 2)))}, salt())
