"""Surface maps: what is drawn is the surface, where it is seen from, and where the contact ends."""

from __future__ import annotations

import io

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.contact.shapes import belt, cap, from_facets
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.measure import facet_areas
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.sphere import axisymmetric_mesh, radial_mesh
from asyncsoc.plotting.section import SectionPanel
from asyncsoc.plotting.skin import View, divided, outline, skin_of, visible
from asyncsoc.plotting.surface import surface_figure

BALL = ball_mesh(10, 0.1, 1.6).scaled(5e-6)
RIM = axisymmetric_mesh(0.1, first_cell=0.05, max_spacing=0.2).scaled(5e-6)
RADIAL = radial_mesh(10, 0.1).scaled(5e-6)


def panel(mesh: ParticleMesh, coverage: float = 0.3) -> SectionPanel:
    return SectionPanel("particle", mesh, cap(mesh, coverage), mesh.points[:, -1] * 1e5, "a note")


def area(corners: np.ndarray) -> np.ndarray:
    return 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)


@pytest.mark.parametrize("azimuth", [0.0, 33.0, -120.0])
@pytest.mark.parametrize("elevation", [0.0, 25.0, -60.0])
def test_a_view_is_a_rotation_with_z_up(azimuth: float, elevation: float):
    rotation = View(azimuth, elevation).rotation
    assert np.allclose(rotation @ rotation.T, np.eye(3))
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    right, up, _ = rotation @ [0.0, 0.0, 1.0]
    assert right == pytest.approx(0.0)
    assert up > 0.0
    a, e = np.radians([azimuth, elevation])
    eye = [np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)]
    assert np.allclose(rotation @ eye, [0.0, 0.0, 1.0])


@pytest.mark.parametrize("mesh", [BALL, RIM], ids=lambda m: m.coordinates)
def test_a_skin_is_the_surface_with_its_normals_outwards(mesh: ParticleMesh):
    skin = skin_of(mesh, cap(mesh, 0.3), mesh.points[:, -1])
    corners = skin.points[skin.triangles]
    assert area(corners).sum() == pytest.approx(facet_areas(mesh).sum(), rel=2e-3)
    assert np.sum(skin.normals * corners.mean(axis=1), axis=1).min() > 0.0
    assert np.allclose(skin.values, skin.points[:, 2], atol=1e-20)
    assert skin.extent == pytest.approx(5e-6, rel=0.01)


def test_a_particle_somewhere_else_is_drawn_in_the_middle():
    moved = ParticleMesh(BALL.points + np.array([1e-5, 0.0, 3e-6]), BALL.cells, BALL.facets, "cartesian")
    skin = skin_of(moved, cap(moved, 0.3), np.zeros(moved.n_nodes))
    assert skin.extent == pytest.approx(5e-6, rel=0.02)


def test_half_of_a_ball_faces_the_eye():
    skin = skin_of(BALL, cap(BALL, 0.3), np.zeros(BALL.n_nodes))
    front, back = (skin.facing(View(a, e).rotation) for a, e in ((-60.0, 25.0), (120.0, -25.0)))
    assert len(front.triangles) + len(back.triangles) == pytest.approx(len(skin.triangles), rel=0.02)
    assert len(front.triangles) == pytest.approx(len(back.triangles), rel=0.05)


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_divided_triangles_fill_the_whole_ones(parts: int):
    skin = skin_of(BALL, cap(BALL, 0.3), BALL.points[:, 0])
    corners, values, normals = divided(skin, parts)
    assert len(corners) == len(skin.triangles) * parts**2
    assert area(corners).sum() == pytest.approx(area(skin.points[skin.triangles]).sum())
    assert np.allclose(values, corners[:, :, 0].mean(axis=1))
    assert len(normals) == len(corners)


@pytest.mark.parametrize("coverage", [0.1, 0.3, 0.6])
def test_the_outline_of_a_cap_is_its_edge(coverage: float):
    skin = skin_of(BALL, cap(BALL, coverage), np.zeros(BALL.n_nodes))
    segments = outline(skin)
    height, spacing = (1.0 - 2.0 * coverage) * 5e-6, 0.12 * 5e-6
    assert np.abs(segments[:, :, 2] - height).max() < 0.6 * spacing
    assert np.abs(np.mean(segments[:, :, 2]) - height) < 0.1 * spacing
    length = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1).sum()
    assert length == pytest.approx(2.0 * np.pi * np.sqrt(25e-12 - height**2), rel=0.1)


def test_contact_without_an_edge_has_no_outline():
    full = from_facets(BALL, np.ones(len(BALL.facets)))
    assert outline(skin_of(BALL, full, np.zeros(BALL.n_nodes))).shape == (0, 2, 3)
    assert len(outline(skin_of(BALL, belt(BALL, 0.2), np.zeros(BALL.n_nodes)))) > 40


@pytest.mark.slow
def test_a_figure_has_one_colour_bar_units_and_every_panel():
    panels = [panel(BALL), panel(RIM, 0.1)]
    figure, again = (surface_figure(panels, "quantity [1]", title="what is seen", note="its ground") for _ in range(2))
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels.count("quantity [1]") == 1
    assert {"front", "back"} <= set(labels)
    assert [axes.get_title(loc="center") for axes in figure.axes].count("particle") == 2
    assert any("µm" in text.get_text() for axes in figure.axes for text in axes.texts)
    first, second = io.BytesIO(), io.BytesIO()
    for drawn, stream in ((figure, first), (again, second)):
        drawn.savefig(stream, format="png", dpi=40, metadata={"Software": "asyncsoc"})
    assert first.getvalue() == second.getvalue()


def test_an_outline_behind_the_particle_is_hidden():
    skin = skin_of(BALL, cap(BALL, 0.3), np.zeros(BALL.n_nodes))
    segments = outline(skin)
    above, below, aside = (View(0.0, elevation).rotation for elevation in (90.0, -90.0, 0.0))
    assert len(visible(segments, skin, above)) == len(segments)
    assert len(visible(segments, skin, below)) == 0
    assert len(visible(segments, skin, aside)) == pytest.approx(0.5 * len(segments), rel=0.3)
    assert len(visible(segments[:0], skin, above)) == 0


@pytest.mark.parametrize(
    ("panels", "views", "message"),
    [
        ([], [View(0.0, 0.0)], "nothing to draw"),
        ([panel(BALL)], [], "nothing to draw"),
        ([SectionPanel("p", RADIAL, cap(RADIAL, 1.0), np.zeros(RADIAL.n_nodes))], [View(0.0, 0.0)], "no surface"),
        ([SectionPanel("p", BALL, cap(BALL, 0.3), np.zeros(3))], [View(0.0, 0.0)], "do not match"),
    ],
)
def test_what_cannot_be_drawn(panels: list[SectionPanel], views: list[View], message: str):
    with pytest.raises(InputError, match=message):
        surface_figure(panels, "quantity", views=views)
