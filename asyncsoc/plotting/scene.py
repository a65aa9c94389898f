"""A particle in 3-D in pyvista: its surface, its inside where a quarter is left out, its contact outlined."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import written
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.plotting.grid import load_pyvista
from asyncsoc.plotting.plane import plane_frame
from asyncsoc.plotting.section import value_limits
from asyncsoc.plotting.skin import outline, skin_of
from asyncsoc.plotting.style import INK, MAP

Array = NDArray[np.float64]
Int = NDArray[np.int64]

_AROUND = 144
"""Angles into which a profile is turned."""
_POLAR = 96
"""Angles from pole to pole into which a radial particle is divided."""
_LIFT = 1.004
"""Distance of the outline of the contact from the middle, over that of the surface."""
_SIZE = (960, 800)
_EYE = (1.0, 1.0, 0.75)
"""Direction from which the particle is seen: into the quarter x > 0, y > 0 that is left out."""
_UM = 1e6
_FIELD = "field"


def particle_scene(
    mesh: ParticleMesh,
    contact: ContactMap,
    values: Array,
    label: str,
    *,
    title: str = "",
    opened: bool = True,
    off_screen: bool = False,
) -> Any:
    """Return a `pyvista.Plotter` with one particle; lengths are in um.

    Parameters
    ----------
    mesh, contact
        The particle and its contact, whose edge is drawn as a line. Where the contact of a 3-D particle has a
        direction, that is up.
    values : (n,)
        The quantity at the nodes, not a number where there is none.
    label
        Its name and unit.
    title
        What is seen.
    opened
        Whether a quarter is left out.
    off_screen
        Whether no window is opened.

    Raises
    ------
    EnvironmentProblem
        pyvista is not installed.
    """
    pyvista = load_pyvista()
    filled = np.nan_to_num(values)
    limits, name = value_limits([filled]), _plain(label)
    with _quiet():
        plotter = pyvista.Plotter(off_screen=off_screen or None, window_size=list(_SIZE))
    plotter.set_background("white")
    body = _solid(mesh, contact, filled, opened) if mesh.coordinates == "cartesian" else _turned(mesh, filled, opened)
    bar = {
        "title": f"{name}\n", "color": INK, "fmt": "%.3g", "vertical": True, "position_x": 0.86, "position_y": 0.2,
        "height": 0.6, "width": 0.06, "title_font_size": 15, "label_font_size": 14,
    }  # fmt: skip
    plotter.add_mesh(
        body, scalars=_FIELD, cmap=MAP, clim=list(limits), ambient=0.55, diffuse=0.5, specular=0.0, scalar_bar_args=bar
    )
    if mesh.coordinates != "radial":
        edge = _edge(mesh, contact, filled, opened)
        if edge is not None:
            plotter.add_mesh(edge, color=INK, line_width=6.0, render_lines_as_tubes=True, lighting=False)
    across = 2.0 * float(np.abs(np.asarray(body.points)).max())
    plotter.add_text(_plain(title), position="upper_left", font_size=11, color=INK)
    plotter.add_text(f"{across:.3g} um across; line: edge of the contact", position=(12, 8), font_size=8, color=INK)
    plotter.enable_parallel_projection()
    plotter.camera_position = [tuple(np.array(_EYE) * 10.0 * across), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)]
    plotter.reset_camera()
    plotter.camera.zoom(1.1)
    return plotter


def save_scene(plotter: Any, path: Path) -> Path:
    """Write what a plotter shows as a PNG file, whole or not at all, and return its path.

    Raises
    ------
    InputError
        The file has another ending, or cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise InputError("a 3-D picture is a PNG file", where="path", value=str(path), allowed="*.png")
    from PIL import Image

    content = io.BytesIO()
    with _quiet():
        picture = plotter.screenshot(None, return_img=True)
    Image.fromarray(picture).save(content, format="PNG", optimize=True)
    with written(path, "the picture cannot be written") as stream:
        stream.write(content.getvalue())
    return path


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep VTK from saying on stderr that there is no screen, before it draws without one."""
    from vtkmodules.vtkCommonCore import vtkLogger

    before = vtkLogger.GetCurrentVerbosityCutoff()
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)
    try:
        yield
    finally:
        vtkLogger.SetStderrVerbosity(before)


def _plain(text: str) -> str:
    """Return a text without the mathematics of matplotlib, which VTK does not set."""
    return re.sub(r"\$[_^]\{?([^${}]*)\}?\$", r"\1", text).removesuffix(" [1]")


def _solid(mesh: ParticleMesh, contact: ContactMap, values: Array, opened: bool) -> Any:
    """Return the tetrahedra of a particle, the contact upwards, without a quarter where it is opened."""
    pyvista = load_pyvista()
    centre, turn = _upright(mesh, contact)
    points = (mesh.points - centre) @ turn.T * _UM
    grid = pyvista.UnstructuredGrid({pyvista.CellType.TETRA: mesh.cells}, points)
    grid.point_data[_FIELD] = values
    if not opened:
        return grid
    far = 2.0 * float(np.abs(points).max())
    return grid.clip_box([0.0, far, 0.0, far, -far, far], invert=True)


def _upright(mesh: ParticleMesh, contact: ContactMap) -> tuple[Array, Array]:
    """Return the middle of a 3-D particle and the rows of the rotation that turns its contact upwards."""
    centre, across, up, normal = plane_frame(mesh, contact)
    return centre, np.stack([across, normal, up])


def _turned(mesh: ParticleMesh, values: Array, opened: bool) -> Any:
    """Return surface and, where it is opened, both cut faces of a particle that is even about the z axis."""
    pyvista = load_pyvista()
    points, triangles, edges, values = _half_plane(mesh, values)
    angles = np.linspace(0.5 * np.pi if opened else 0.0, 2.0 * np.pi, _AROUND + 1)
    turned = points[:, 0, None] * np.cos(angles), points[:, 0, None] * np.sin(angles)
    space = np.stack([*turned, np.repeat(points[:, 1, None], len(angles), axis=1)], axis=-1)  # (n, angle, 3)
    number = np.arange(len(points) * len(angles)).reshape(len(points), len(angles))
    a, b = number[edges[:, 0]], number[edges[:, 1]]
    quads = np.stack([a[:, :-1], b[:, :-1], b[:, 1:], a[:, 1:]], axis=-1).reshape(-1, 4)
    faces = [np.column_stack([np.full(len(quads), 4), quads]).ravel()]
    if opened:
        for end in (number[:, 0], number[:, -1]):
            faces.append(np.column_stack([np.full(len(triangles), 3), end[triangles]]).ravel())
    body = pyvista.PolyData(space.reshape(-1, 3) * _UM, np.concatenate(faces))
    body.point_data[_FIELD] = np.repeat(values, len(angles))
    return body


def _half_plane(mesh: ParticleMesh, values: Array) -> tuple[Array, Int, Int, Array]:
    """Return points (r, z) about the middle, triangles and surface edges of a half-plane, and its values."""
    if mesh.coordinates == "axisymmetric":
        z = mesh.points[:, 1]
        middle = np.array([0.0, 0.5 * (float(z.min()) + float(z.max()))])
        return mesh.points - middle, mesh.cells, mesh.facets, values
    order = np.argsort(mesh.points[:, 0])
    radii, polar = mesh.points[order, 0], np.linspace(0.0, np.pi, _POLAR + 1)
    points = (radii[:, None, None] * np.stack([np.sin(polar), np.cos(polar)], axis=-1)).reshape(-1, 2)
    number = np.arange(len(points)).reshape(len(radii), len(polar))
    inner, outer = number[:-1, :-1], number[1:, :-1]
    first = np.stack([inner, outer, outer + 1], axis=-1).reshape(-1, 3)
    second = np.stack([inner, outer + 1, inner + 1], axis=-1).reshape(-1, 3)
    rim = np.stack([number[-1, :-1], number[-1, 1:]], axis=-1)
    return points, np.concatenate([first, second]), rim, np.repeat(values[order], len(polar))


def _edge(mesh: ParticleMesh, contact: ContactMap, values: Array, opened: bool) -> Any | None:
    """Return the edge of the contact as lines, None where it has none to be seen."""
    pyvista = load_pyvista()
    skin = skin_of(mesh, contact, values)
    if mesh.coordinates == "cartesian":
        nodes = np.unique(mesh.facets)
        place = mesh.points[nodes]
        centre, turn = _upright(mesh, contact)
        moved = (skin.points + 0.5 * (place.max(axis=0) + place.min(axis=0)) - centre) @ turn.T
        skin = replace(skin, points=moved)
    segments = np.asarray(outline(skin))[:, :, :3]
    middles = segments.mean(axis=1)
    if opened:
        segments = segments[~((middles[:, 0] > 0.0) & (middles[:, 1] > 0.0))]
    if not len(segments):
        return None
    count = len(segments)
    lines = np.column_stack([np.full(count, 2), np.arange(2 * count).reshape(count, 2)]).ravel()
    return pyvista.PolyData(segments.reshape(-1, 3) * _LIFT * _UM, lines=lines)


__all__ = ["particle_scene", "save_scene"]
