"""The diffusion impedance against its limits, the transient closed form and finite volumes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import solve_banded

from asyncsoc.base.units import FARADAY
from asyncsoc.studies.verification import closed_forms, impedance, steady


def test_slow_limit_is_the_mean_and_the_pseudo_steady_excess() -> None:
    s = 1e-5j
    assert impedance.full_transfer(s) - 3.0 / s == pytest.approx(0.2, rel=1e-5)
    assert complex(impedance.cap_transfer(s, 0.3) - 3.0 / s).real == pytest.approx(
        steady.cap_contact_mean_steady(0.3), rel=1e-5
    )


def test_fast_limit_is_semi_infinite_diffusion() -> None:
    s = 1e6j
    assert impedance.full_transfer(s) * np.sqrt(s) == pytest.approx(1.0, rel=2e-3)
    assert impedance.cap_transfer(s, 0.5) * np.sqrt(s) * 0.5 == pytest.approx(1.0, rel=5e-3)


def test_both_branches_of_the_small_argument_agree() -> None:
    below, above = np.sqrt(1e-4) * (1.0 - 1e-6), np.sqrt(1e-4) * (1.0 + 1e-6)
    values = [complex(impedance.full_transfer(1j * z * z)) * z * z for z in (below, above)]
    assert values[0] == pytest.approx(values[1], rel=1e-9)


@pytest.mark.parametrize("coverage", [1.0, 0.25])
def test_it_is_the_laplace_transform_of_the_step_response(coverage: float) -> None:
    # step J at t = 0 has the transform H(s) / s, so H(s) = 3/s + s * integral of (excess) exp(-s t) dt
    s = 5.0
    integral = quad(lambda t: closed_forms.cap_contact_mean(t, coverage) * np.exp(-s * t), 1e-3, 3.0, limit=60)[0]
    integral += 1e-3 * 2.0 / 3.0 * closed_forms.cap_contact_mean(1e-3, coverage)  # grows as the root of time
    value = complex(impedance.cap_transfer(s + 0j, coverage))
    assert value.real == pytest.approx(3.0 / s + s * integral, rel=1e-4)


def test_radial_impedance_against_finite_volumes() -> None:
    cells, radius, diffusivity, c_max, slope, omega = 2000, 5e-6, 1e-14, 5e4, -0.9, 2e-2
    edges = np.linspace(0.0, 1.0, cells + 1)
    volume, face = np.diff(edges**3) / 3.0, edges[1:-1] ** 2 * cells
    s = 1j * omega * radius**2 / diffusivity
    bands = np.zeros((3, cells), dtype=complex)
    bands[0, 1:], bands[2, :-1] = -face, -face
    bands[1] = s * volume
    bands[1, :-1] += face
    bands[1, 1:] += face
    load = np.zeros(cells, dtype=complex)
    load[-1] = 1.0
    surface = solve_banded((1, 1), bands, load)[-1] + 0.5 / cells
    expected = -slope / (FARADAY * c_max) * radius / diffusivity * surface
    value = impedance.radial_diffusion_impedance(omega, radius, diffusivity, c_max, slope)
    assert complex(value) == pytest.approx(expected, rel=1e-4)
