"""Surface maps: a particle seen from outside, coloured by a nodal quantity, its contact outlined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.section import SectionPanel, bar_ticks, nice_length, value_limits
from asyncsoc.plotting.skin import Skin, View, divided, outline, skin_of, visible
from asyncsoc.plotting.style import INK, MAP, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

VIEWS = (View(-60.0, 25.0, "front"), View(120.0, -25.0, "back"))
"""From the front and a little above, and from the opposite side."""
_SIDE = 1.08
"""How far the picture reaches from the middle, in half extents."""
_LIGHT = np.array([-0.35, 0.45, 0.82])
_DARKEST = 0.80
"""Brightness of a facet that the light only grazes: enough to see the shape, little enough to read the colour."""
_GRAZING = 0.1
"""Towards the rim an outline breaks into dots: facets that are seen at a flatter angle carry none."""
_FINEST = 6_000
"""Triangles drawn about as many; facets are divided so far that their colours change smoothly."""


def _shade(normals: Array) -> Array:
    """Return the brightness of facets by their normals (k, 3) in the frame of the view."""
    light = normals @ (_LIGHT / np.linalg.norm(_LIGHT))
    return np.asarray(_DARKEST + (1.0 - _DARKEST) * np.clip(light, 0.0, 1.0))


def draw_surface(axes: Axes, skin: Skin, view: View, norm: Normalize) -> None:
    """Draw what is seen of a particle's surface from one side: colours, contact outline, silhouette."""
    from matplotlib import colormaps
    from matplotlib.collections import LineCollection, PolyCollection

    rotation = view.rotation
    seen = skin.facing(rotation)
    parts = max(1, round(float(np.sqrt(_FINEST / max(len(seen.triangles), 1)))))
    corners, values, normals = divided(seen, parts)
    flat = corners @ rotation.T
    order = np.argsort(flat[:, :, 2].mean(axis=1), kind="stable")
    colours = colormaps[MAP](norm(values))
    colours[:, :3] *= _shade(normals @ rotation.T)[:, None]
    axes.add_collection(
        PolyCollection(
            list(flat[order][:, :, :2]),
            facecolors=list(colours[order]),
            edgecolors=list(colours[order]),
            linewidths=0.25,
            rasterized=True,
        )
    )
    segments = visible(outline(skin.facing(rotation, _GRAZING)), skin, rotation) @ rotation.T
    # Dark on bright colours, bright on dark ones: one line on top of a wider one.
    for colour, width in (("white", 3.4), (INK, 1.8)):
        axes.add_collection(LineCollection(list(segments[:, :, :2]), colors=colour, linewidths=width, capstyle="round"))


def _frame(axes: Axes, extent: float) -> None:
    side = _SIDE * extent
    axes.set(xlim=(-side, side), ylim=(-side, side), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _scale_bar(axes: Axes, extent: float) -> None:
    length = nice_length(0.6 * extent)
    left, low = -_SIDE * extent, -_SIDE * extent
    axes.plot([left, left + length], [low, low], color=INK, linewidth=2.0, solid_capstyle="butt", clip_on=False)
    axes.annotate(f"{length * 1e6:g} µm", (left, low), xytext=(0.0, 4.0), textcoords="offset points", fontsize=8.5)


@styled
def surface_figure(
    panels: Sequence[SectionPanel],
    quantity: str,
    *,
    views: Sequence[View] = VIEWS,
    title: str | None = None,
    limits: tuple[float, float] | None = None,
    note: str | None = None,
) -> Figure:
    """Return particles side by side, each seen from several sides, under one colour bar.

    Parameters
    ----------
    panels
        The particles, from left to right; 3-D ones, and axisymmetric ones, which are turned about their axis.
    quantity
        Label of the colour bar, with unit.
    views
        From where they are seen, a row for each.
    title
        What is seen.
    limits
        Ends of the colour bar; None spans the values on the surfaces.
    note
        What the numbers rest on, small at the foot.

    Raises
    ------
    InputError
        No particle, no view, or a radial particle, which has no surface to look at.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    if not panels or not views:
        raise InputError("nothing to draw", where="surface_figure", allowed="at least one particle and one view")
    skins = [skin_of(panel.mesh, panel.contact, panel.values) for panel in panels]
    low, high = limits if limits is not None else value_limits([skin.values for skin in skins])
    norm, extent = Normalize(low, high), max(skin.extent for skin in skins)
    down = len(views)
    figure = new_figure(2.7 * len(panels) + 1.2, 2.7 * down + 0.6 + (0.4 if title else 0.0) + (0.2 if note else 0.0))
    grid = figure.subplots(down, len(panels), squeeze=False)
    for column, (panel, skin) in enumerate(zip(panels, skins, strict=True)):
        for row, view in enumerate(views):
            axes = grid[row, column]
            draw_surface(axes, skin, view, norm)
            _frame(axes, extent)
        grid[0, column].set_title(panel.title, loc="center")
        grid[-1, column].set_xlabel(panel.note, fontsize=9.0)
    for axes, view in zip(grid[:, 0], views, strict=True):
        axes.set_ylabel(view.name, fontsize=10.0)
    _scale_bar(grid[-1, 0], extent)
    bar = figure.colorbar(ScalarMappable(norm, MAP), ax=list(grid.flat), shrink=0.8, aspect=28, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_ticks(bar_ticks(low, high).tolist())
    bar.set_label(quantity)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure
