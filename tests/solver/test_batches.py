"""A member's numbers are its own: alone, in company, in any order, on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.interface.laws.linear import Linear
from asyncsoc.problem.particles import Problem
from asyncsoc.solver.integrate import integrate


@pytest.fixture(scope="module")
def members(body, make_table):
    """Different contacts, protocols, materials, kinetics and tolerances on one mesh; one of them fails on the way."""
    steps = ("Charge at C/5 for 20 minutes", "Rest for 10 minutes")
    return [
        body.member(*steps, coverage=0.3),
        body.member("Charge at C/2 until 4.1 V", "Hold at 4.1 V until C/10", coverage=0.6, start=0.5),
        body.member(*steps, coverage=0.3, tables={333.15: make_table(333.15, 1e-14)}),
        body.member(*steps, coverage=1.0, kinetics=Linear(), tolerance=1e-6),
        body.member("Charge at C/5 for 5 minutes", "Charge at C/5 until 3.0 V", coverage=0.1),
        body.member(*steps, coverage=0.9, film_resistance=0.1),
    ]


def bits(result) -> bytes:
    outcome, callback = result
    states = [*callback.starts, *(step.end for step in callback.steps), *callback.middles]
    numbers = [[s.time, s.potential, s.voltage, s.current, s.charge] for s in states]
    return np.array(numbers).tobytes() + b"".join(s.x.tobytes() for s in states) + outcome.stop_reason.encode()


@pytest.fixture(scope="module")
def alone(body, members):
    return [bits(body.run(member)) for member in members]


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_in_company_every_member_has_the_bits_it_has_alone(body, members, alone, threads):
    assert [bits(result) for result in body.run_all(members, threads=threads)] == alone


def test_order_and_width_of_the_batch_do_not_matter(body, members, alone):
    order = [5, 2, 0, 4, 0, 0, 3, 1]
    results = body.run_all([members[k] for k in order], threads=2)
    assert [bits(result) for result in results] == [alone[k] for k in order]


def test_one_that_fails_takes_no_other_with_it(body, members):
    outcomes = [outcome for outcome, _ in body.run_all(members)]
    assert [outcome.error is None for outcome in outcomes] == [True, True, True, True, False, True]
    assert "voltage 3 V reached already at the start" in outcomes[4].stop_reason
    assert len(outcomes[4].steps) == 2


def test_an_observer_that_objects_stops_its_member_alone(body, members, alone):
    from asyncsoc.base.errors import SimulationError

    class Objector:
        def start(self, state, constraint):
            pass

        def step(self, step):
            if step.end.time > 60.0:
                raise SimulationError("this is enough")

    outcomes = integrate(Problem.alone(body.system, members[:3]), [[], [Objector()], []])
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert outcomes[1].stop_reason == "this is enough"


def test_members_are_not_written_to(body, members):
    before = [member.x.copy() for member in members]
    body.run_all(members)
    for member, x in zip(members, before, strict=True):
        assert np.array_equal(member.x, x)


def test_unknown_methods_and_empty_batches_are_refused(body, members):
    with pytest.raises(InputError, match="unknown integration method") as caught:
        integrate(Problem.alone(body.system, members[:1]), [[]], method="euler")  # type: ignore[arg-type]
    assert "rodas4p2" in str(caught.value)
    with pytest.raises(InputError, match="nothing to integrate"):
        integrate(Problem.alone(body.system, []), [])
