"""The linearization of layers with a salt: against derivatives of runs, and the Laplace transform of a small step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.sparse.linalg import spsolve

from asyncsoc.base.errors import InputError
from asyncsoc.base.interpolation import ocp_and_i0_array
from asyncsoc.base.units import FARADAY
from asyncsoc.problem.linearize import GroupState, linearize
from asyncsoc.problem.particles import Member, Problem
from asyncsoc.solver.integrate import integrate
from tests.solver.keeping import KeepingCallback
from tests.solver.test_groups import times_current
from tests.solver.test_salt import COUNT, REST, VOLUME, layered, salt, side, solved


def polarized(ball: Any, **given: Any) -> tuple[list[Member], np.ndarray, Any]:
    """Return members in the midst of a charge, the salt then, and their states."""
    members = [ball.member("Charge at C/4 for 10 minutes", tolerance=1e-6, **given)] * 3
    outcome, kept = solved(ball, layered(members, constraints=times_current(members[0].constraints, 3.0)))
    ends = [callback.last for callback in kept]
    goes_on = []
    for end in ends:
        own = dict(given)
        if "side" in given:
            own["film_thickness"] = np.zeros(len(end.x))
            own["film_thickness"][end.contact_nodes] = end.film_thickness
        goes_on.append(ball.member("Charge at C/4 for 0.001 s", start=end.x, tolerance=1.0, **own))
    return goes_on, np.array(outcome.checkpoint.salt), ends


@pytest.mark.slow
@pytest.mark.parametrize("film", [False, True])
def test_it_is_the_derivative_of_a_run(ball: Any, film: bool) -> None:
    """Of the voltage, and of the rates of all concentrations, by each concentration, a current flowing."""
    given = {"film_resistance": 0.02, "side": side(), "film_thickness": 2e-9} if film else {}
    members, c, ends = polarized(ball, **given)
    asked = times_current(members[0].constraints, 3.0)

    def at(initial: np.ndarray) -> tuple[float, np.ndarray, Any]:
        group = layered(members, salt(initial=initial), constraints=asked)
        _, kept = solved(ball, group)
        start, end = kept[0].starts[0], kept[0].steps[0].end
        return start.voltage, (end.salt - start.salt) / (end.time - start.time), group

    voltage, _, group = at(c)
    state = GroupState(
        tuple(end.x for end in ends),
        voltage,
        tuple(end.film_thickness for end in ends) if film else (),
        tuple(end.potential for end in ends),
        tuple(c),
    )
    linear = linearize(Problem((ball.system,), (group,)), state)
    size = linear.jacobian.shape[0]
    first = size - 1 - COUNT
    algebraic = np.flatnonzero(np.asarray(abs(linear.mass).sum(axis=1)).ravel() == 0.0)
    jacobian = linear.jacobian.tocsc()
    for m in range(COUNT):
        step = 1e-3 * c[m] * np.eye(COUNT)[m]
        (up, faster, _), (down, slower, _) = at(c + step), at(c - step)
        y = np.zeros(size)
        y[first + m] = 1.0
        y[algebraic] = spsolve(jacobian[algebraic][:, algebraic], -(jacobian @ y)[algebraic])
        assert y[-1] == pytest.approx((up - down) / (2.0 * step[m]), rel=1e-4, abs=1e-9)
        rates = (jacobian @ y)[first:-1] / (FARADAY * VOLUME)
        np.testing.assert_allclose(
            (faster - slower) / (2.0 * step[m]), rates, rtol=2e-3, atol=2e-4 * np.abs(rates).max()
        )


@pytest.mark.slow
def test_it_is_the_transform_of_a_small_step(ball: Any) -> None:
    """Z(s) = s times the Laplace transform of the answer to a unit step, a step up less one down over two."""
    current, runs = 0.0, []
    rest = ball.member("Rest for 1 hour")
    for kind in ("Charge", "Discharge"):
        member = ball.member(f"{kind} at C/200 for 3 hours", tolerance=1e-6)
        constraints = times_current(member.constraints, 3.0)
        current = abs(constraints[0].target)
        times = np.concatenate([[0.0], np.geomspace(1e-3, 10800.0, 900)])
        members = [member] * 3
        group = layered(members, constraints=constraints)
        callbacks = [KeepingCallback(times), KeepingCallback(), KeepingCallback()]
        (outcome,) = integrate(Problem((ball.system,), (group,)), [[one] for one in callbacks])
        assert outcome.error is None
        kept = callbacks[0]
        runs.append(np.array([kept.starts[0].voltage] + [kept.sampled[t].voltage for t in times[1:]]))
    answer = (runs[0] - runs[1]) / (2.0 * current)
    group = layered([rest] * 3)
    table = rest.tables[next(iter(rest.tables))]
    ocp = float(ocp_and_i0_array(rest.x[:1], table.x_first, table.spacing, table.coefficients)[0][0])
    linear = linearize(Problem((ball.system,), (group,)), GroupState((rest.x,) * 3, ocp))
    spread = []
    for s in (1.2e-3 * (1 + 1j), 5e-3 * (1 + 1j), 0.05 * (1 + 1j), 0.5 + 0.5j):
        rows = (linear.jacobian - s * linear.mass).tocsc()
        expected = complex(spsolve(rows, -linear.target_column.astype(complex))[-1])
        weight = np.exp(-s * times)
        # between the times the answer is a line, times exp(-s t) exactly
        slopes = np.diff(answer) / np.diff(times)
        transform = (answer[:-1] * weight[:-1] - answer[1:] * weight[1:]) / s + slopes * -np.diff(weight) / s**2
        assert abs(s * transform.sum() / expected - 1.0) < 2e-3
        spread.append(abs(expected))
    assert max(spread) > 1.1 * min(spread)


def test_a_state_of_another_salt_is_refused(ball: Any) -> None:
    members = [ball.member("Rest for 1 hour")] * 3
    problem = Problem((ball.system,), (layered(members),))
    with pytest.raises(InputError) as caught:
        linearize(problem, GroupState((members[0].x,) * 3, 3.8, salt=(REST,) * (COUNT - 1)))
    assert caught.value.where == "GroupState.salt"
    alone = replace(problem.groups[0].network, salt=None)  # type: ignore[type-var]
    with pytest.raises(InputError, match="does not belong"):
        plain = Problem((ball.system,), (replace(problem.groups[0], network=alone),))
        linearize(plain, GroupState((members[0].x,) * 3, 3.8, salt=(REST,) * COUNT))
