"""Lines of sight against closed forms: chords and means of spheres, one tetrahedron by hand, turned particles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.studies.stxm.cuts import view_of
from asyncsoc.studies.stxm.projection import BeamView, LinesOfSight
from asyncsoc.studies.verification.checks_stxm import largest_error, stxm_checks

RADIUS = 1e-6


def column(lines: LinesOfSight, x: np.ndarray) -> np.ndarray:
    return lines.columns(x, lambda values: values[:, None])[..., 0]


def test_a_tetrahedron_by_hand() -> None:
    points = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    mesh = ParticleMesh(
        points, np.array([[0, 1, 2, 3]]), np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]), "cartesian"
    )
    # Seen along -z with x to the right: the line at (x, y) has the length 1 - x - y and the mean height (1 - x - y)/2.
    view = BeamView(2.0, 40, beam=(0.0, 0.0, -1.0), upward=(0.0, 1.0, 0.0))
    assert np.allclose(view.rightward, [-1.0, 0.0, 0.0])
    lines = LinesOfSight.through(mesh, view)
    across, up = np.meshgrid(-view.axis, view.axis)
    length = np.where((across > 0.0) & (up > 0.0), np.maximum(1.0 - across - up, 0.0), 0.0)
    assert np.allclose(lines.thickness, length, atol=1e-12)
    height = column(lines, 0.2 + 0.5 * points[:, 2])
    assert np.allclose(height, length * (0.2 + 0.25 * length), atol=1e-12)
    squares = lines.columns(points[:, 2], lambda values: values[:, None] ** 2)[..., 0]
    assert np.allclose(squares, length**3 / 3.0, atol=1e-12)


@pytest.mark.parametrize("name", ["sphere-radial-default", "sphere-axisymmetric-coarse"])
def test_a_slab_of_a_sphere_is_as_thick_as_it_is(name: str) -> None:
    mesh = load_builtin(name).scaled(RADIUS)
    view = BeamView(1e-6, 20, centre=(0.0, 0.0, 0.5 * RADIUS), thickness=0.3e-6, width=0.6e-6)
    lines = LinesOfSight.through(mesh, view)
    inside = np.abs(view.axis) <= 0.3e-6
    assert np.allclose(lines.thickness[np.ix_(inside, inside)], 0.3e-6, rtol=1e-12)
    assert not lines.thickness[~inside].any()
    if name == "sphere-axisymmetric-coarse":  # the height of a pixel, whatever the depth
        mean = column(lines, 0.5 + 0.3 * mesh.points[:, 1] / RADIUS)[np.ix_(inside, inside)] / 0.3e-6
        height = (0.5 * RADIUS + view.axis[inside]) / RADIUS
        assert np.allclose(mean, np.broadcast_to(0.5 + 0.3 * height[:, None], mean.shape), rtol=1e-9)


def test_fields_with_a_closed_form() -> None:
    view = BeamView(2.5e-6, 24, beam=(0.6, -0.2, 0.5))
    assert largest_error(load_builtin("sphere-radial-default").scaled(RADIUS), view) < 0.005
    assert largest_error(load_builtin("sphere-3d-default").scaled(RADIUS), view) < 0.02  # faceted: see the fine mesh


@pytest.mark.slow
def test_every_check_of_verify_passes() -> None:
    assert [check.name for check in stxm_checks() if not check.passed] == []


def test_the_beam_may_pass_either_way() -> None:
    mesh = load_builtin("sphere-3d-coarse").scaled(RADIUS)
    x = 0.4 + 0.2 * mesh.points[:, 0] / RADIUS
    front = column(LinesOfSight.through(mesh, BeamView(2.2e-6, 16, beam=(0.0, 1.0, 0.0))), x)
    back = column(LinesOfSight.through(mesh, BeamView(2.2e-6, 16, beam=(0.0, -1.0, 0.0))), x)
    assert np.allclose(front, back[:, ::-1], atol=1e-20)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"field": 0.0}, "field of view must be positive"),
        ({"pixels": 1}, "number of pixels"),
        ({"pixels": 10_000}, "number of pixels"),
        ({"thickness": -1.0}, "thickness must be positive"),
        ({"beam": (0.0, 0.0, 0.0)}, "a direction has a length"),
        ({"beam": (0.0, 0.0, 1.0)}, "up in the image lies along the beam"),
        ({"centre": (0.0, math.nan, 0.0)}, "three finite numbers"),
    ],
)
def test_views_that_show_nothing_are_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        BeamView(**given)  # type: ignore[arg-type]


def test_a_field_of_another_mesh_is_refused() -> None:
    lines = LinesOfSight.through(load_builtin("sphere-radial-coarse").scaled(RADIUS), BeamView(pixels=4))
    with pytest.raises(InputError, match="does not fit the mesh"):
        column(lines, np.zeros(3))


def test_an_unknown_cut_is_refused() -> None:
    from asyncsoc.contact.shapes import full

    mesh = load_builtin("sphere-radial-default").scaled(RADIUS)
    with pytest.raises(InputError, match="unknown cut"):
        view_of(mesh, full(mesh), cut="slice")  # type: ignore[arg-type]


def test_a_cap_that_covers_all_is_looked_at_from_the_same_side_as_one_that_covers_a_part() -> None:
    from asyncsoc.contact.shapes import cap
    from asyncsoc.studies.stxm.cuts import contact_direction

    mesh = load_builtin("sphere-axisymmetric-coarse").scaled(7.5e-6)
    assert np.array_equal(contact_direction(mesh, cap(mesh, 1.0)), [0.0, 0.0, 1.0])
    assert np.array_equal(contact_direction(mesh, cap(mesh, 0.3)), [0.0, 0.0, 1.0])


@pytest.mark.parametrize(("name", "allowed"), [("sphere-3d-coarse", 1.2e-3), ("sphere-3d-default", 8e-4)])
def test_a_field_bends_within_tetrahedra(name: str, allowed: float) -> None:
    """The mean along a line of fields with a closed form; linear interpolation is up to 0.9 and 0.6 % too high."""
    mesh = load_builtin(name)
    view = BeamView(2.5, 24, beam=(0.6, -0.2, 0.5))
    lines = LinesOfSight.through(mesh, view)
    across, up = np.meshgrid(view.axis, view.axis)
    foot = across[..., None] * view.rightward + up[..., None] * np.asarray(view.upward)
    inner = lines.thickness > 2.0 * np.sqrt(1.0 - 0.9**2)
    half, square = 0.5 * lines.thickness, np.sum(foot**2, axis=-1)  # of the chord as it is
    r2 = np.sum(mesh.points**2, axis=1)
    for nodal, exact in (
        (0.4 + 0.2 * r2, 0.4 + 0.2 * (square + half**2 / 3.0)),
        (0.4 + 0.1 * r2**2, 0.4 + 0.1 * (square**2 + 2.0 * square * half**2 / 3.0 + half**4 / 5.0)),
        (0.5 + 0.3 * mesh.points @ np.array([0.6, 0.0, 0.8]), 0.5 + 0.3 * foot @ np.array([0.6, 0.0, 0.8])),
    ):
        mean = lines.columns(nodal, lambda x: x[:, None])[..., 0][inner] / lines.thickness[inner]
        assert np.abs(mean / exact[inner] - 1.0).max() < allowed


def test_what_is_seen_lies_within_the_field() -> None:
    """A step at the surface: no value beyond those at the nodes is made up."""
    mesh = load_builtin("sphere-3d-coarse")
    x = np.where(mesh.points[:, 2] > 0.5, 0.9, 0.3)
    lines = LinesOfSight.through(mesh, BeamView(2.5, 24))
    columns = lines.columns(x, lambda values: np.stack((values, values < 0.3 - 1e-12, values > 0.9 + 1e-12), axis=1))
    assert columns[..., 1:].max() == 0.0
