"""Runs that are stopped on their way, and whether a resumed run has the bits of one that never stopped."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from asyncsoc.base.errors import InterruptedRunError
from asyncsoc.simulation.results.solution import Solution


def stopped(run: Callable[[Callable[[object], None]], Solution], calls: int) -> Solution:
    """Return what a run has reached that is stopped while an accepted step is reported, before it has been taken over.

    Parameters
    ----------
    run
        Runs with a function that is told of each step.
    calls
        The step at whose report it is stopped, from 1.
    """
    left = calls

    def stop(progress: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError) as caught:
        run(stop)
    assert isinstance(caught.value.partial, Solution)
    return caught.value.partial


def assert_same(found: Solution, whole: Solution) -> None:
    """Check that two runs, and all particles of them, have the same bits."""
    assert found.steps == whole.steps
    assert found.status == whole.status
    assert found.reports == whole.reports
    for kind in ("columns", "cycle_rows", "more_fields"):
        mine, theirs = getattr(found, kind), getattr(whole, kind)
        assert list(mine) == list(theirs)
        for name, values in theirs.items():
            np.testing.assert_array_equal(mine[name], values, err_msg=f"{kind}, {name}")
    np.testing.assert_array_equal(found.field_times, whole.field_times)
    np.testing.assert_array_equal(found.field_x, whole.field_x)
    assert len(found.particle_runs) == len(whole.particle_runs)
    for one, other in zip(found.particle_runs, whole.particle_runs, strict=True):
        assert_same(one, other)  # type: ignore[arg-type]
