"""Curves on a common axis, and slabs that cover an array once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.recorders import curve_names as names
from asyncsoc.studies.sweep.netcdf import slabs
from asyncsoc.studies.sweep.resample import axis_range, resampled

TIME = np.array([0.0, 1.0, 2.0, 4.0, 4.0, 5.0, 8.0])
STEP = np.array([1, 1, 1, 1, 2, 2, 2])


def columns(values: np.ndarray) -> dict[str, np.ndarray]:
    return {names.TIME: TIME, names.STEP: STEP, "y": values}


def test_a_straight_line_stays_one_and_a_jump_stays_a_jump() -> None:
    y = np.where(STEP == 1, 2.0 * TIME, 100.0 - TIME)
    points = np.array([0.0, 0.5, 3.0, 3.999, 4.0, 6.0, 8.0])
    found = resampled(columns(y), names.TIME, points, ["y"])[0]
    np.testing.assert_allclose(found, np.where(points < 4.0, 2.0 * points, 100.0 - points), rtol=1e-12)


def test_nothing_beyond_the_range_and_nothing_for_what_is_not_there() -> None:
    found = resampled(columns(TIME), names.TIME, np.array([-1.0, 2.0, 9.0]), ["y", "z"])
    assert np.isnan(found[0]).tolist() == [True, False, True]
    assert np.isnan(found[1]).all()


def test_infinite_values_leave_their_neighbours_alone() -> None:
    y = np.array([0.0, 1.0, 2.0, np.inf, 1.0, 1.0, 1.0])
    found = resampled(columns(y), names.TIME, np.array([0.5, 3.0, 6.0]), ["y"])[0]
    assert found.tolist()[::2] == [0.5, 1.0]
    assert np.isnan(found[1])


@settings(deadline=None)
@given(seed=st.integers(0, 10_000))
def test_monotone_data_stay_monotone(seed: int) -> None:
    random = np.random.default_rng(seed)
    x = np.cumsum(random.uniform(0.01, 1.0, 12))
    y = np.cumsum(random.exponential(1.0, 12) ** 3)
    data = {names.TIME: x, names.STEP: np.ones(12), "y": y}
    points = np.linspace(x[0], x[-1], 200)
    found = resampled(data, names.TIME, points, ["y"])[0]
    assert (np.diff(found) >= -1e-12 * y[-1]).all()
    assert found[0] == pytest.approx(y[0]) and found[-1] == pytest.approx(y[-1])


def test_an_axis_that_runs_back_is_refused() -> None:
    with pytest.raises(InputError, match="runs back"):
        axis_range({"x": np.array([0.0, 1.0, 0.5])}, "x", where="case 1")
    assert axis_range({}, "x", where="case 1") is None


@given(shape=st.lists(st.integers(1, 5), min_size=1, max_size=4), most=st.integers(1, 70))
def test_slabs_cover_every_number_once_in_order(shape: list[int], most: int) -> None:
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    seen = []
    for index, start, stop in slabs(shape, most):
        part = numbers[index].ravel()
        assert part.tolist() == list(range(start, stop))
        assert len(part) <= most
        seen += part.tolist()
    assert seen == list(range(numbers.size))
