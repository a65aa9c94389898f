"""A particle on the mesh of a particle of another size does what it does on its own."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.interface.side_reaction_constants import SideReactionParameters
from asyncsoc.problem.linearize import GroupState, linearize
from asyncsoc.problem.particles import CoupledSideReaction, Group, Member, Problem
from asyncsoc.solver.callbacks import BalanceGuard
from asyncsoc.solver.integrate import integrate
from tests.solver.keeping import KeepingCallback

STEPS = ("Charge at C/3 until 4.1 V", "Rest for 10 minutes", "Discharge at C/5 for 15 minutes")
SIZES = (0.4, 1.0, 1.7)


def in_sizes(home: Any, *, own_meshes: bool, resistances: tuple[float, ...] = ()) -> Problem:
    """Return a group of particles in several sizes: each on a mesh of its own, or all on one."""
    parameters = SideReactionParameters(
        side_first=0.0, side_inverse_spacing=1.0, side_alpha=0.5, beta=2.0, shift=-2.3, scale=2e-3,
        inverse_limit=1 / 30e-9, growth=4e-10, resistivity=1e7, inverse_block=1 / 200e-9,
    )  # fmt: skip
    side = CoupledSideReaction(np.array([-0.6, 0.4, 0.0, 0.0]), parameters)
    coverage = 1.0 if home.mesh.coordinates == "radial" else 0.5
    first: Member = home.member(*STEPS, coverage=coverage, side=side, film_thickness=5e-9)
    members = [
        replace(first, weights=first.weights * size**2, scale=1.0 if own_meshes else size, side=side if k else None)
        for k, size in enumerate(SIZES)
    ]
    meshes = tuple(home.system.scaled(size) for size in SIZES) if own_meshes else (home.system,)
    homes = (0, 1, 2) if own_meshes else (0, 0, 0)
    many = (3.0, 1.0, 0.5)
    return Problem(
        meshes, (Group(tuple(members), first.constraints, first.tolerance, math.inf, many, homes, resistances),)
    )


@pytest.mark.parametrize("home", ["ball", "body"])
@pytest.mark.parametrize("resistances", [(), (0.0, 1e6, 3e7)])
def test_one_mesh_in_three_sizes_is_three_meshes(
    request: pytest.FixtureRequest, home: str, resistances: tuple[float, ...]
) -> None:
    """Two routes to one answer: K and m scaled, or D, c_max and area."""
    particle = request.getfixturevalue(home)
    runs = []
    for own_meshes in (True, False):
        problem = in_sizes(particle, own_meshes=own_meshes, resistances=resistances)
        keeping = [KeepingCallback() for _ in SIZES]
        (outcome,) = integrate(problem, [[one] for one in keeping])
        assert outcome.error is None
        assert len(outcome.steps) == len(STEPS)
        runs.append(keeping)
    for apart, together in zip(*runs, strict=True):
        assert len(apart.steps) == len(together.steps)
        for mine, theirs in zip(
            (*together.starts, *(one.end for one in together.steps), *together.middles),
            (*apart.starts, *(one.end for one in apart.steps), *apart.middles),
            strict=True,
        ):
            assert mine.time == pytest.approx(theirs.time, rel=1e-9)
            assert mine.voltage == pytest.approx(theirs.voltage, abs=1e-9)
            assert mine.current == pytest.approx(theirs.current, rel=1e-7, abs=1e-19)
            assert mine.charge == pytest.approx(theirs.charge, rel=1e-9, abs=1e-18)
            assert mine.side_charge == pytest.approx(theirs.side_charge, rel=1e-7, abs=1e-20)
            np.testing.assert_allclose(mine.x, theirs.x, atol=1e-9)
            np.testing.assert_allclose(mine.film_thickness, theirs.film_thickness, rtol=1e-8)
    ends = [callback.last.x.mean() for callback in runs[1]]
    assert np.ptp(ends) > 0.01  # they do different things


def test_the_lithium_of_every_size_is_watched(body: Any) -> None:
    problem = in_sizes(body, own_meshes=False)
    mass = body.operators.mass
    densities = [one.maximum_concentration * one.scale**3 for one in problem.groups[0].particles]
    guard = BalanceGuard(mass, densities)
    (outcome,) = integrate(problem, batch_callbacks=[[guard]])
    assert outcome.error is None
    assert 0.0 < guard.worst < 1e-10
    wrong = BalanceGuard(mass, [1.01 * densities[0], *densities[1:]])
    (outcome,) = integrate(problem, batch_callbacks=[[wrong]])
    assert "lithium balance" in str(outcome.error)


def test_linearized_it_has_the_same_impedance(ball: Any) -> None:
    from scipy.sparse.linalg import spsolve

    found = []
    for own_meshes in (True, False):
        problem = in_sizes(ball, own_meshes=own_meshes)
        x = tuple(one.x for one in problem.groups[0].particles)
        film = tuple(np.full(int((one.weights > 0.0).sum()), 5e-9) for one in problem.groups[0].particles)
        linear = linearize(problem, GroupState(x, 3.75, film))
        found.append(
            [
                complex(
                    spsolve(
                        (linear.jacobian - 2j * np.pi * frequency * linear.mass).tocsc(),
                        -linear.target_column.astype(complex),
                    )[-1]
                )
                for frequency in (1e-4, 1e-2, 1.0)
            ]
        )
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_size_that_is_none_is_refused(ball: Any, scale: float) -> None:
    member = replace(ball.member("Charge at C/10 for 1 minute"), scale=scale)
    with pytest.raises(InputError, match="out of range"):
        Problem.alone(ball.system, [member])
