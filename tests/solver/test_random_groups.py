"""Random small groups, with resistances, isolated and uncovered particles and films: balances hold, errors are said."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import SimulationError
from asyncsoc.base.units import FARADAY
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer
from asyncsoc.interface.laws.linear import Linear
from asyncsoc.interface.laws.marcus_hush_chidsey import MarcusHushChidsey
from asyncsoc.interface.side_reaction_constants import SideReactionParameters
from asyncsoc.kernels.step_control import OPEN_BELOW
from asyncsoc.materials.registry import cathode
from asyncsoc.problem.particles import CoupledSideReaction, Group, ParticleModel, Problem
from asyncsoc.protocol.constraints import Event
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import StepState
from tests.solver.keeping import KeepingCallback

MATERIAL = cathode("ncm811-sturm2019")
DENSITY = FARADAY * MATERIAL.maximum_concentration
BALANCE = 1e-10
BLOCKED = 20e-9
"""Film thickness that closes a contact [m]."""

STEPS = (
    "Charge at C/20 for 30 minutes",
    "Charge at C/2 for 10 minutes",
    "Charge at 1C until 4.3 V",
    "Discharge at C/10 for 30 minutes",
    "Discharge at 2C until 3.2 V",
    "Hold at 3.8 V for 10 minutes",
    "Hold at 4.1 V until C/20",
    "Rest for 20 minutes",
)


@lru_cache
def side_reaction(growth: float) -> CoupledSideReaction:
    parameters = SideReactionParameters(
        side_first=0.0, side_inverse_spacing=1.0, side_alpha=0.5, beta=2.0, shift=-2.3, scale=2e-5,
        inverse_limit=1 / 30e-9, growth=growth, resistivity=1e7, inverse_block=1 / BLOCKED,
    )  # fmt: skip
    return CoupledSideReaction(np.array([-0.6, 0.4, 0.0, 0.0]), parameters)


decades = st.floats(-2.0, 2.0).map(lambda power: 10.0**power)
particles = st.fixed_dictionaries(
    {
        "start": st.floats(0.3, 0.85),
        "slope": st.floats(-0.02, 0.02),
        "coverage": st.one_of(st.just(0.0), st.floats(-2.0, 0.0).map(lambda power: 10.0**power)),
        "many": decades,
        "ohms": st.one_of(st.just(0.0), st.just(math.inf), st.floats(3.0, 11.0).map(lambda power: 10.0**power)),
        "film": st.sampled_from((0.0, 0.0, 0.05)),
        "growth": st.sampled_from((None, None, 4e-10, 4e-8)),
        "thickness": st.sampled_from((0.0, 5e-9, 30e-9)),
        "law": st.sampled_from((ButlerVolmer(), Linear(), MarcusHushChidsey())),
    }
)


def group_of(home: Any, drawn: list[dict[str, Any]], steps: tuple[str, ...]) -> Group | None:
    """Return the group drawn; None where it has no connected contact."""
    radius = np.linalg.norm(home.mesh.points, axis=1) / 7.5e-6
    members = []
    for one in drawn:
        member = home.member(*steps, start=one["start"] + one["slope"] * radius**2, film_resistance=one["film"])
        member = replace(member, weights=member.weights * one["coverage"], kinetics=one["law"])
        if one["growth"] is not None:
            member = replace(member, side=side_reaction(one["growth"]), film_thickness=one["thickness"])
        members.append(member)
    # Of the current of as many fully covered particles each carries a share by its coverage, and by its resistance.
    carrying = [
        one["many"] * min(one["coverage"], 2e8 / max(one["ohms"], 1.0))
        for one in drawn
        if one["coverage"] > 0.0
        and math.isfinite(one["ohms"])
        and (one["growth"] is None or one["thickness"] < BLOCKED)
    ]
    if not carrying:
        return None
    scale = sum(carrying)
    closed = Event(OPEN_BELOW, 1e-3, "contact blocked")
    constraints = tuple(
        replace(
            one,
            target=one.target * (scale if one.galvanostatic else 1.0),
            series=one.series / scale,
            current_factor=one.current_factor / (1.0 if one.galvanostatic else scale),
            current_scale=one.current_scale * scale,
            events=(
                *(replace(e, value=e.value * scale) if "current" in e.reason else e for e in one.events),
                closed,
            ),
        )
        for one in members[0].constraints
    )
    return Group(
        tuple(members),
        constraints,
        1e-4,
        multiplicities=tuple(one["many"] for one in drawn),
        resistances=tuple(one["ohms"] for one in drawn),
    )


def gross(end: StepState, particle: ParticleModel) -> float:
    """Return the currents in and out of a particle [A], which may cancel."""
    areas = particle.weights[end.contact_nodes]
    through = float(areas @ np.abs(end.contact_current_density))
    return through + (float(areas @ np.abs(end.side_current_density)) if len(end.side_current_density) else 0.0)


def check(home: Any, group: Group) -> str:
    """Integrate a group and hold it to its balances; return how it ended."""
    kept = [KeepingCallback() for _ in group.particles]
    (outcome,) = integrate(Problem((home.system,), (group,)), [[one] for one in kept])
    assert outcome.error is None or isinstance(outcome.error, SimulationError)
    capacity = DENSITY * home.operators.volume
    many, mass = group.multiplicities, home.operators.mass
    for callback, particle, ohms in zip(kept, group.particles, group.resistances, strict=True):
        if not callback.steps:
            continue
        end = callback.last
        lost = DENSITY * math.fsum((mass * (particle.x - end.x)).tolist())
        assert end.charge - end.side_charge == pytest.approx(lost, abs=BALANCE * capacity)
        if math.isinf(ohms) or not particle.weights.any():
            assert abs(end.charge) <= BALANCE * capacity
    # a step whose continuous solution has none in the middle ends the run, and a callback may have seen it already
    for steps in zip(*(callback.steps for callback in kept), strict=outcome.error is None):
        ends = [step.end for step in steps]
        constraint = group.constraints[ends[0].step - 1]
        total = math.fsum(n * end.current for n, end in zip(many, ends, strict=True))
        through = math.fsum(n * gross(end, one) for n, end, one in zip(many, ends, group.particles, strict=True))
        v = ends[0].voltage - constraint.series * total
        for end, ohms, particle in zip(ends, group.resistances, group.particles, strict=True):
            if math.isfinite(ohms):
                assert end.potential == pytest.approx(v - ohms * end.current, abs=BALANCE * max(1.0, abs(v)))
            if not particle.weights.any():
                assert end.current == 0.0
        if constraint.galvanostatic:
            # at equilibrium the net current is what large exchange currents leave to rounding: 1e-12 of 1C
            scale = max(abs(constraint.target), through, 0.01 * sum(many) * capacity / 3600.0)
            assert abs(total - constraint.target) <= BALANCE * scale, (total, constraint.target, through)
        else:
            assert ends[0].voltage == pytest.approx(constraint.target, abs=BALANCE)
    if outcome.error is None and kept[0].steps:
        charge = math.fsum(n * one.last.charge for n, one in zip(many, kept, strict=True))
        passed = math.fsum(n * abs(one.last.charge) for n, one in zip(many, kept, strict=True))
        found = math.fsum(step.charge for step in outcome.steps)
        assert found == pytest.approx(charge, abs=BALANCE * max(passed, capacity))
        for step, constraint in zip(outcome.steps, group.constraints, strict=False):
            if constraint.galvanostatic:
                expected = constraint.target * step.duration
                assert step.charge == pytest.approx(expected, abs=BALANCE * capacity * sum(many))
    return "completed" if outcome.error is None else type(outcome.error).__name__ + ": " + outcome.error.what


ENDED: Counter[str] = Counter()


@pytest.mark.slow
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(particles, min_size=1, max_size=5),
    steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=3).map(tuple),
)
def test_random_groups_keep_their_balances(ball: Any, drawn: list[dict[str, Any]], steps: tuple[str, ...]) -> None:
    group = group_of(ball, drawn, steps)
    if group is not None:
        check(ball, group)
