"""The instant estimate: numbers worked out apart from it, signs, limits and messages."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY
from asyncsoc.studies.verification.estimate import Band, Estimate, contact_shape, estimate_sphere, kirchhoff_band

RADIUS, C_MAX = 7.5e-6, 50060.0


def sphere(coverage: float, diffusivity: float, kind: str = "cap", sign: float = 1.0, window: float = 0.63) -> Estimate:
    """Return the estimate of a C/10 charge over 0.729 per formula unit."""
    capacity = C_MAX * FARADAY * 4.0 / 3.0 * math.pi * RADIUS**3 * 0.729
    return estimate_sphere(
        radius=RADIUS,
        coverage=coverage,
        kind=kind,
        diffusivity=Band(diffusivity, 2.0 * diffusivity, 0.5 * diffusivity),
        maximum_concentration=C_MAX,
        current=sign * capacity / 36000.0,
        window=window,
        soc_width=0.729,
    )


@pytest.mark.parametrize(
    ("coverage", "diffusivity", "spread"),
    [(0.1, 1e-14, 0.28), (0.25, 1e-14, 0.17), (0.5, 1e-14, 0.10), (0.8, 1e-14, 0.05), (0.1, 3e-15, 0.93)],
)
def test_spread_between_far_side_and_pole(coverage: float, diffusivity: float, spread: float) -> None:
    assert sphere(coverage, diffusivity).spread.typical == pytest.approx(spread, rel=0.02, abs=0.006)


def test_group_and_times() -> None:
    result = sphere(0.3, 1e-14)
    # J = c_max R / 3 * 0.729 / 36000 s
    assert result.group.typical == pytest.approx(RADIUS**2 * 0.729 / 36000.0 / 3.0 / 1e-14, rel=1e-12)
    assert result.group.least == pytest.approx(0.5 * result.group.typical)
    assert result.group.most == pytest.approx(2.0 * result.group.typical)
    assert result.diffusion_time == pytest.approx(5625.0)
    assert result.relaxation_time / 60.0 == pytest.approx(21.6, abs=0.1)


def test_flux_limited_where_the_gradient_does_not_fit_the_window() -> None:
    slow, fast = sphere(0.1, 1e-15), sphere(0.9, 1e-14)
    assert slow.flux_limited
    assert slow.verdict.startswith("flux-limited")
    assert slow.capacity_at_limit == 0.0
    assert not fast.flux_limited
    assert fast.verdict.startswith("not flux-limited")
    assert fast.capacity_at_limit == pytest.approx(1.0 - fast.contact_excess.typical / 0.63)
    between = sphere(0.3, 2e-15)
    assert between.center_excess.typical < 0.63 < between.center_excess.most
    assert "lowest diffusivity" in between.verdict


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 0.99), st.sampled_from(["cap", "belt"]))
def test_less_coverage_is_never_better_and_full_is_least(coverage: float, kind: str) -> None:
    shape, notes = contact_shape(kind, coverage)
    assert notes == ()
    assert shape.contact_mean > 0.2 - 1e-9
    assert shape.center >= shape.contact_mean - 1e-9
    assert shape.farthest < shape.contact_mean
    smaller, _ = contact_shape(kind, 0.9 * coverage)
    assert smaller.contact_mean > shape.contact_mean


def test_discharge_turns_the_lead_round() -> None:
    charge, discharge = sphere(0.3, 1e-14), sphere(0.3, 1e-14, sign=-1.0)
    assert charge.soc_lead.typical == pytest.approx(charge.contact_excess.typical / 0.729)
    assert discharge.soc_lead.typical == -charge.soc_lead.typical
    assert discharge.contact_excess == charge.contact_excess


def test_patches_lie_between_full_and_one_cap_and_say_so() -> None:
    full, many, one = (contact_shape(*arguments)[0] for arguments in (("full", 1.0), ("patches", 0.3, 6), ("cap", 0.3)))
    assert full.contact_mean < many.contact_mean < one.contact_mean
    assert "evenly spread" in contact_shape("patches", 0.3, 6)[1][0]
    assert "one cap" in contact_shape("labels", 0.3)[1][0]


def test_kirchhoff_band_of_a_known_function() -> None:
    band = kirchhoff_band(lambda x: 1e-14 * (1.0 + x), 0.2, 0.8)
    assert band.typical == pytest.approx(1.5e-14)
    assert (band.least, band.most) == pytest.approx((1.8e-14, 1.2e-14))


def test_numbers_that_cannot_be() -> None:
    with pytest.raises(InputError, match="positive number") as caught:
        estimate_sphere(
            radius=-1.0,
            coverage=0.3,
            kind="cap",
            diffusivity=Band(1.0, 1.0, 1.0),
            maximum_concentration=1.0,
            current=1.0,
            window=1.0,
            soc_width=1.0,
        )
    assert caught.value.where == "radius"
    with pytest.raises(InputError, match="area fraction"):
        sphere(1.5, 1e-14)


def test_all_numbers_are_finite() -> None:
    for coverage in (1.0, 0.95, 0.3, 0.01):
        result = sphere(coverage, 1e-14)
        numbers = [result.flux, result.window, result.diffusion_time, result.spread.typical, result.soc_lead.most]
        assert np.isfinite(numbers).all()
