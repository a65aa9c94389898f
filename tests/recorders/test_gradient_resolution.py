"""The estimate of the mesh's error: right for smooth fields, second order, and silent where the mesh is good enough."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.sphere import axisymmetric_mesh, radial_mesh
from asyncsoc.recorders.mesh_error import (
    LARGEST_ERROR,
    Recovery,
    StepEnd,
    duration_errors,
    duration_warnings,
    gradient_errors,
    gradient_warnings,
)
from asyncsoc.studies.verification.refine import family

COARSE = {
    "radial": radial_mesh(10, 0.1),
    "axisymmetric": axisymmetric_mesh(surface_spacing=0.2, first_cell=0.15, max_spacing=0.25),
    "cartesian": ball_mesh(4, 0.2, 1.3),
}


def square(mesh: ParticleMesh) -> np.ndarray:
    """rho^2, whose gradient a linear function cannot follow."""
    return np.sum(mesh.points**2, axis=1)


@pytest.mark.parametrize("kind", COARSE)
def test_the_estimate_falls_with_the_square_of_the_spacing(kind: str):
    coarse, fine = (Recovery(mesh).relative_error(square(mesh)) for mesh in family(COARSE[kind], 2))
    assert np.log2(coarse / fine) == pytest.approx(2.0, abs=0.45)


def test_it_is_the_energy_error_of_the_interpolant():
    # Of rho^2 on uniform shells: the gradient is off by 2 (rho - middle), its mean square h^2/3 against 12/5.
    mesh = radial_mesh(100, 0.01)
    assert Recovery(mesh).relative_error(square(mesh)) == pytest.approx(0.01**2 / 3.0 / (12.0 / 5.0), rel=0.05)


def test_a_linear_field_is_followed_exactly():
    mesh = COARSE["cartesian"]
    assert Recovery(mesh).relative_error(mesh.points @ np.array([1.0, 2.0, 3.0])) < 1e-25
    assert Recovery(mesh).relative_error(np.full(mesh.n_nodes, 0.3)) == 0.0


def test_a_narrow_snapshot_counts_less_than_a_wide_one():
    mesh = COARSE["cartesian"]
    smooth = mesh.points[:, 2]
    rough = np.where(np.arange(mesh.n_nodes) % 2 == 0, 0.001, 0.0)
    alone, among, small = gradient_errors(mesh, [(100.0 * rough)[None], np.stack([rough, smooth]), rough[None]])
    assert alone > 0.1
    assert among < 0.001 * 1.01 / np.ptp(smooth)
    assert small == 0.0


def test_a_warning_tells_the_error():
    mesh = COARSE["cartesian"]
    field = 0.1 * np.exp(6.0 * (mesh.points[:, 2] - 1.0))
    runs = [(0.1 * mesh.points[:, 2])[None], field[None]]
    (error,) = gradient_errors(mesh, runs[1:])
    assert error > LARGEST_ERROR
    quiet, warning = gradient_warnings(mesh, runs)
    assert quiet is None
    assert f"about {200.0 * error:.2g} % too small" in warning


def test_a_lead_too_small_makes_a_step_too_long_and_the_next_one_too():
    mesh = COARSE["cartesian"]
    field = 0.1 * np.exp(6.0 * (mesh.points[:, 2] - 1.0))
    share = 2.0 * Recovery(mesh).relative_error(field)
    rate = -1e-4
    uniform = np.zeros(mesh.n_nodes)
    charge = StepEnd("step 1", uniform, field, 0.0, -0.1, rate, rate, 1000.0, held=False, timed=False)
    back = StepEnd("step 2", field, field, -0.1, 0.1, -rate, -rate, 2000.0, held=False, timed=False)
    there, again = duration_errors(mesh, [charge, back])
    assert there == pytest.approx(share * 0.1 / 1e-4 / 1000.0)
    assert again == pytest.approx(2.0 * share * 0.1 / 1e-4 / 2000.0)  # where it begins and where it ends
    longer = duration_warnings(mesh, [charge, back])
    assert [w.split(" lasts about ")[0] for w in longer] == ["step 1", "step 2"]
    assert f"{100.0 * there:.2g} % too long" in longer[0]


def test_a_step_that_moves_the_contact_alone_does_not_feel_where_the_mean_is():
    """Twenty times faster under the contact than in the mean: an earlier step's error counts a twentieth."""
    mesh = COARSE["cartesian"]
    field = 0.1 * np.exp(6.0 * (mesh.points[:, 2] - 1.0))
    before = StepEnd("step 1", 0 * field, field, 0.0, -0.1, -1e-4, -1e-4, 1000.0, held=False, timed=False)
    short = StepEnd("step 2", field, field, -0.1, 0.1, 2e-3, 1e-4, 50.0, held=False, timed=False)
    share = 2.0 * Recovery(mesh).relative_error(field)
    assert duration_errors(mesh, [before, short])[1] == pytest.approx(2.0 * share * 0.1 / 2e-3 / 50.0)


def test_a_held_voltage_decays_by_the_share_and_by_what_changed_in_a_short_hold():
    mesh = COARSE["cartesian"]
    field = 0.1 * mesh.points[:, 2]
    layer = field + 0.01 * np.exp(30.0 * (mesh.points[:, 2] - 1.0))
    share, changed = 2.0 * Recovery(mesh).relative_error(layer), Recovery(mesh).relative_error(layer - field)
    assert changed > 10.0 * share
    short = StepEnd("step 1", field, layer, -0.1, -0.1, 1e-5, 1e-5, 1.0, held=True, timed=False)
    relaxed = StepEnd("step 1", field, layer, -0.1, 0.0, 1e-5, 1e-5, 1e5, held=True, timed=False)
    assert duration_errors(mesh, [short]) == [pytest.approx(share + changed)]
    assert duration_errors(mesh, [relaxed]) == [pytest.approx(share)]
    assert "too long or short" in duration_warnings(mesh, [short])[0]


def test_a_step_by_the_clock_has_the_duration_it_was_given():
    mesh = COARSE["cartesian"]
    field = 0.1 * np.exp(6.0 * (mesh.points[:, 2] - 1.0))
    timed = [StepEnd("s", field, field, -0.1, -0.1, 1e-4, 1e-4, 60.0, held=held, timed=True) for held in (True, False)]
    assert duration_errors(mesh, timed) == [0.0, 0.0]
    assert duration_errors(mesh, []) == []


@pytest.mark.parametrize("kind", COARSE)
def test_a_field_has_the_same_bits_alone_and_among_others(kind: str):
    mesh = COARSE[kind]
    fields = np.random.default_rng(1).random((7, mesh.n_nodes))
    among = Recovery(mesh).relative_errors(fields)
    assert [Recovery(mesh).relative_error(field) for field in fields] == among.tolist()
