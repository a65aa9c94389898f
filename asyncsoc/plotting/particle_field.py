"""One meshed particle in 3-D: where it is touched, and a field on its surface and inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.measure import facet_areas
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.plotting.style import INK, LIGHT, MAP, VERMILLION, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
_FACES = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])
_ELEVATION = 18.0
_SHADE = 0.15
"""How much darker a facet is that faces away from the light."""


@dataclass(frozen=True, eq=False)
class FieldRow:
    """A field to draw: title of its row and values (n_nodes,)."""

    title: str
    values: Array


@styled
def particle_field_figure(
    mesh: ParticleMesh, touched: Array, moments: Sequence[FieldRow], label: str, *, title: str = "", note: str = ""
) -> Figure:
    """Return a particle's contact and a field at some moments: the touched side, the other side, and cut open.

    Every moment has its own colour scale: differences within a particle are small beside those over a charge.

    Parameters
    ----------
    mesh
        Tetrahedra.
    touched : (n_facets,)
        Share of each facet in contact.
    moments
        One row each.
    label
        What the field is, with its unit.
    title, note
        Head and foot; the foot names origin and licence of the data.

    Raises
    ------
    InputError
        Not a mesh of tetrahedra, or nothing to draw.
    """
    if mesh.coordinates != "cartesian" or not moments:
        raise InputError("a field in 3-D needs tetrahedra and a moment", where=mesh.name, value=mesh.coordinates)
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize, to_rgb

    colours = colormaps[MAP]
    points = (mesh.points - mesh.points.mean(axis=0)) * 1e6
    outward = _contact_direction(mesh, points, touched)
    side = np.degrees(np.arctan2(outward[1], outward[0]))
    cut = _cut_open(mesh, points, side + 90.0)
    figure = new_figure(11.5, 2.9 * len(moments) + 0.6)
    axes = figure.subplots(len(moments), 4, subplot_kw={"projection": "3d"}, squeeze=False)
    ends = np.array([to_rgb(LIGHT), to_rgb(VERMILLION)])
    for row, moment in zip(axes, moments, strict=True):
        shares = (1.0 - touched[:, None]) * ends[0] + touched[:, None] * ends[1]
        scale = Normalize(float(moment.values.min()), float(moment.values.max()))
        views = ((mesh.facets, side, _SHADE), (mesh.facets, side + 180.0, _SHADE), (cut, side + 90.0, 0.0))
        _draw(row[0], points, mesh.facets, shares, side, _SHADE)
        for panel, (facets, turn, shade) in zip(row[1:], views, strict=True):
            painted = colours(scale(moment.values[facets].mean(axis=1)))[:, :3]
            _draw(panel, points, facets, painted, turn, shade)
        figure.colorbar(ScalarMappable(scale, colours), ax=list(row), label=label, shrink=0.85, pad=0.01)
        row[0].text2D(0.0, 1.0, moment.title, transform=row[0].transAxes, va="top", color=INK)
    heads = ("Contact (vermilion)", "Contact side", "Other side", "Section, contact on the left")
    for panel, head in zip(axes[0], heads, strict=True):
        panel.set_title(head, fontsize=9.0)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure


def _contact_direction(mesh: ParticleMesh, points: Array, touched: Array) -> Array:
    """Return where most of the contact lies, seen from the particle's middle."""
    weights = facet_areas(mesh) * touched
    direction = weights @ points[mesh.facets].mean(axis=1)
    return np.asarray(direction if np.linalg.norm(direction) > 0.0 else np.array([1.0, 0.0, 0.0]))


def _cut_open(mesh: ParticleMesh, points: Array, towards: float) -> NDArray[np.int64]:
    """Return the outer triangles of the cells behind the upright plane that faces `towards` [degrees]."""
    turn = np.radians(towards)
    normal = np.array([np.cos(turn), np.sin(turn), 0.0])
    kept = mesh.cells[(points[mesh.cells].mean(axis=1) @ normal) < 0.0]
    if not len(kept):
        return np.asarray(mesh.facets)
    faces = kept[:, _FACES].reshape(-1, 3)
    # Of a face that two kept cells share nothing is seen.
    _, first, counts = np.unique(np.sort(faces, axis=1), axis=0, return_index=True, return_counts=True)
    outer = first[counts == 1]
    return _facing_out(faces[outer], points, points[kept].mean(axis=1)[outer // len(_FACES)])


def _facing_out(faces: NDArray[np.int64], points: Array, middles: Array) -> NDArray[np.int64]:
    """Turn triangles so that they face away from the middle of the cell each belongs to."""
    corners = points[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inward = ((corners.mean(axis=1) - middles) * normal).sum(axis=1) < 0.0
    out = faces.copy()
    out[inward] = out[inward][:, ::-1]
    return out


def _draw(axes: Any, points: Array, facets: NDArray[np.int64], colours: Array, turn: float, shade: float) -> None:
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection  # type: ignore[import-untyped]

    corners = points[facets]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    angle = np.radians(turn)
    sun = np.array([np.cos(angle) - 0.4 * np.sin(angle), np.sin(angle) + 0.4 * np.cos(angle), 0.6])
    light = 1.0 - shade + shade * normal @ (sun / np.linalg.norm(sun))
    seen = np.clip(colours * light[:, None], 0.0, 1.0)
    axes.add_collection3d(Poly3DCollection(corners, facecolors=seen, edgecolors=seen, linewidths=0.2))
    reach = float(np.abs(points).max())
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), zlim=(-reach, reach))
    axes.set_box_aspect((1, 1, 1), zoom=1.6)
    axes.view_init(elev=_ELEVATION, azim=turn)
    axes.set_axis_off()
