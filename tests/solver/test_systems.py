"""Operators made ready for the integrator: the order is a permutation, and both linear solves give the same charge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from asyncsoc.base.units import FARADAY
from asyncsoc.problem import system as system_module
from asyncsoc.problem.system import order_system
from tests.kernels.laplacians import full_matrix


def matrix(indptr, indices, data) -> sp.csr_matrix:
    return sp.csr_matrix((data, indices, indptr), shape=(len(indptr) - 1,) * 2)


@pytest.fixture
def iterative(body, monkeypatch):
    """The same particle with its equations solved by conjugate gradients."""
    monkeypatch.setattr(system_module, "MOST_FACTOR_OPERATIONS", 0.0)
    return replace(body, system=order_system(body.operators))


@pytest.mark.parametrize("name", ["ball", "body", "iterative"])
def test_nodes_in_elimination_order_are_the_same_operators(name, request):
    particle = request.getfixturevalue(name)
    found, given = particle.system, particle.operators
    n = len(given.mass)
    assert np.array_equal(np.sort(found.order), np.arange(n))
    assert np.array_equal(found.place[found.order], np.arange(n))
    assert np.array_equal(found.kernel.mass[found.place], given.mass)
    permuted = full_matrix(found.kernel.stiffness)
    expected = matrix(given.indptr, given.indices, given.stiffness)[found.order][:, found.order]
    assert abs(permuted - expected).max() == 0.0


def test_the_solve_is_a_factorization_unless_that_is_too_large(ball, body, iterative):
    assert not ball.system.kernel.iterative and not body.system.kernel.iterative
    assert body.system.fill > len(body.operators.stiffness) // 2 and ball.system.fill == 40
    assert iterative.system.kernel.iterative and iterative.system.fill == 0


@pytest.mark.parametrize("coverage", [1.0, 0.3])
def test_both_linear_solves_carry_out_the_same_protocol(body, iterative, total_current, coverage):
    steps = ("Charge at C/5 until 4.1 V", "Hold at 4.1 V until C/20", "Rest for 10 minutes")
    member = body.member(*steps, coverage=coverage)
    (direct, first), (other, second) = body.run(member), iterative.run(member)
    assert direct.error is None and other.error is None
    for a, b in zip(direct.steps, other.steps, strict=True):
        assert a.reason == b.reason
        assert b.duration == pytest.approx(a.duration, rel=2e-4)
    np.testing.assert_allclose(second.last.x, first.last.x, atol=1e-5)
    for step in second.steps:
        state = step.end
        if member.constraints[state.step - 1].galvanostatic:
            target = member.constraints[state.step - 1].target
            assert abs(total_current(state, member) - target) <= 1e-10 * max(target, 1e-13)
        lithium = float(body.operators.mass @ (state.x - member.x)) / body.operators.volume
        passed = state.charge / (FARADAY * member.maximum_concentration * body.operators.volume)
        assert abs(lithium + passed) <= 1e-12


def test_conjugate_gradients_give_the_same_bits_every_time(iterative):
    member = iterative.member("Charge at C/5 for 20 minutes", coverage=0.3)
    others = [iterative.member("Charge at C/2 for 5 minutes", coverage=c) for c in (0.1, 0.9)]
    alone = iterative.run(member)[1].last
    for threads in (1, 3):
        together = iterative.run_all([others[0], member, others[1]], threads=threads)[1][1].last
        assert np.array_equal(together.x, alone.x) and together.potential == alone.potential
