"""Section maps: what a particle looks like inside, with the contact as a thick line outside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.contact.map import ContactMap
from asyncsoc.drawing.plane import Section, cut
from asyncsoc.drawing.style import INK, MAP, VERMILLION, new_figure, styled
from asyncsoc.errors import InputError
from asyncsoc.geometry.mesh import ParticleMesh

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure
    from matplotlib.tri import Triangulation

Array = NDArray[np.float64]

_GAP = 1.065
"""Distance of the contact line from the centre, in particle radii."""
_SIDE, _TOP, _BOTTOM = 1.17, 1.15, 1.34
"""How far the picture reaches from the centre, in particle radii."""
_MICROMETRE = 1e-6


@dataclass(frozen=True, eq=False)
class SectionPanel:
    """One particle to draw: title, mesh, contact, the nodal quantity (n,) and a note under it."""

    title: str
    mesh: ParticleMesh
    contact: ContactMap
    values: Array
    note: str = ""


def nice_length(length: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is not longer than `length`."""
    decade = 10.0 ** np.floor(np.log10(length))
    return float(decade * max(step for step in (1.0, 2.0, 5.0) if step <= length / decade * (1.0 + 1e-9)))


def _scale_bar(axes: Axes, radius: float) -> None:
    length = nice_length(0.7 * radius)
    left, low = -_SIDE * radius, -0.97 * _BOTTOM * radius
    axes.plot([left, left + length], [low, low], color=INK, linewidth=2.0, solid_capstyle="butt")
    axes.annotate(
        f"{length / _MICROMETRE:g} µm", (left, low), xytext=(0.0, 4.0), textcoords="offset points", fontsize=8.5
    )


def _contact_label(axes: Axes, section: Section, radius: float) -> None:
    from matplotlib.collections import LineCollection

    axes.add_collection(
        LineCollection(
            list(section.contact * _GAP), colors=VERMILLION, linewidths=3.6, capstyle="round", label="contact"
        )
    )
    middles = section.contact.mean(axis=1)
    if len(middles):
        lengths = np.linalg.norm(section.contact[:, 1] - section.contact[:, 0], axis=1)
        mean = lengths @ middles / lengths.sum()
        # The label stands beside the contact's upper right, where it never covers the particle or the title.
        side = middles[np.argmax(middles @ (np.array([0.8, 0.6]) + mean / radius))]
        angle = np.arctan2(side[1], side[0])
        axes.annotate(
            "contact",
            side * _GAP,
            xytext=(7.0 * np.cos(angle), 7.0 * np.sin(angle)),
            textcoords="offset points",
            color=VERMILLION,
            fontsize=9.0,
            ha="left" if side[0] > 0.2 * radius else "center",
            va="center" if side[0] > 0.2 * radius else "bottom",
        )


def _triangulation(section: Section) -> Triangulation:
    from matplotlib.tri import Triangulation

    return Triangulation(section.points[:, 0], section.points[:, 1], section.triangles)


def draw_section(axes: Axes, panel: SectionPanel, norm: Normalize, levels: Array) -> None:
    """Draw one particle's section: field, thin lines at `levels`, outline, contact and scale bar."""
    from matplotlib.collections import LineCollection

    section = cut(panel.mesh, panel.contact, panel.values)
    radius = float(np.max(np.linalg.norm(section.points, axis=1)))
    grid = _triangulation(section)
    axes.tripcolor(grid, section.values, norm=norm, cmap=MAP, shading="gouraud", rasterized=True)
    inside = levels[(levels > section.values.min()) & (levels < section.values.max())]
    if len(inside):
        axes.tricontour(grid, section.values, levels=inside, colors="white", linewidths=0.6, alpha=0.55)
    axes.add_collection(LineCollection(list(section.outline), colors=INK, linewidths=0.8, capstyle="round"))
    _contact_label(axes, section, radius)
    _scale_bar(axes, radius)
    side = _SIDE * radius
    axes.set(xlim=(-side, side), ylim=(-_BOTTOM * radius, _TOP * radius), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_title(panel.title, loc="center")
    axes.set_xlabel(panel.note, fontsize=9.0)


def _limits(panels: Sequence[SectionPanel]) -> tuple[float, float]:
    low = min(float(panel.values.min()) for panel in panels)
    high = max(float(panel.values.max()) for panel in panels)
    if high - low < 1e-6:
        return low - 0.005, high + 0.005
    return low, high


@styled
def section_figure(
    panels: Sequence[SectionPanel],
    quantity: str,
    *,
    title: str | None = None,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Return sections of several particles side by side under one colour bar.

    Parameters
    ----------
    panels
        The particles, from left to right.
    quantity
        Label of the colour bar, with unit.
    title
        What is seen.
    limits
        Ends of the colour bar; None spans the values of all particles.

    Raises
    ------
    InputError
        No particle.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.ticker import MaxNLocator

    if not panels:
        raise InputError("nothing to draw", where="section_figure", allowed="at least one particle")
    low, high = limits if limits is not None else _limits(panels)
    norm = Normalize(low, high)
    levels = np.asarray(MaxNLocator(nbins=6).tick_values(low, high))
    figure = new_figure(3.0 * len(panels) + 1.1, 4.2 if title else 3.8)
    row = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, panel in zip(row, panels, strict=True):
        draw_section(axes, panel, norm, levels)
    bar = figure.colorbar(ScalarMappable(norm, MAP), ax=list(row), shrink=0.85, aspect=22, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_ticks([level for level in levels.tolist() if low <= level <= high])
    bar.set_label(quantity)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure
