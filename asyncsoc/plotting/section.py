"""Section maps: what a particle looks like inside, with the contact as a thick line outside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.plotting.plane import PlaneSection, cut
from asyncsoc.plotting.style import INK, MAP, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.artist import Artist
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
_UNIFORM = 1e-6
"""Range below which a field counts as uniform."""
_TICKS = 7
"""Most ticks on the colour bar."""
_LINES = 10
"""Least contour lines in the particle with the widest range."""


@dataclass(frozen=True, eq=False)
class SectionPanel:
    """One particle to draw: title, mesh, contact, the nodal quantity (n,), a note under it and a head at its left."""

    title: str
    mesh: ParticleMesh
    contact: ContactMap
    values: Array
    note: str = ""
    head: str = ""


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


def _contact_label(axes: Axes, section: PlaneSection, radius: float) -> None:
    from matplotlib.collections import LineCollection

    axes.add_collection(
        LineCollection(list(section.contact * _GAP), colors=INK, linewidths=3.6, capstyle="round", label="contact")
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
            color=INK,
            fontsize=9.0,
            ha="left" if side[0] > 0.2 * radius else "center",
            va="center" if side[0] > 0.2 * radius else "bottom",
        )


def _triangulation(section: PlaneSection) -> Triangulation:
    from matplotlib.tri import Triangulation

    return Triangulation(section.points[:, 0], section.points[:, 1], section.triangles)


def draw_field(axes: Axes, section: PlaneSection, norm: Normalize, levels: Array) -> list[Artist]:
    """Draw the field of a section and thin lines at `levels`; return what was drawn."""
    grid = _triangulation(section)
    field = axes.tripcolor(grid, section.values, norm=norm, cmap=MAP, shading="gouraud", rasterized=True, zorder=0.9)
    inside = levels[(levels > section.values.min()) & (levels < section.values.max())]
    if not len(inside):
        return [field]
    lines = axes.tricontour(
        grid, section.values, levels=inside, colors="white", linewidths=0.6, alpha=0.55, zorder=0.95
    )
    return [field, lines]


def draw_section(axes: Axes, panel: SectionPanel, norm: Normalize, levels: Array, *, scale: bool = True) -> None:
    """Draw one particle's section: field, thin lines at `levels`, outline, contact and, where wanted, a scale bar."""
    from matplotlib.collections import LineCollection

    section = cut(panel.mesh, panel.contact, panel.values)
    radius = float(np.max(np.linalg.norm(section.points, axis=1)))
    draw_field(axes, section, norm, levels)
    axes.add_collection(LineCollection(list(section.outline), colors=INK, linewidths=0.8, capstyle="round"))
    _contact_label(axes, section, radius)
    if scale:
        _scale_bar(axes, radius)
    side = _SIDE * radius
    axes.set(xlim=(-side, side), ylim=(-_BOTTOM * radius, _TOP * radius), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_title(panel.title, loc="center")
    axes.set_xlabel(panel.note, fontsize=9.0)
    axes.set_ylabel(panel.head, fontsize=11.0, labelpad=8.0)


def value_limits(values: Sequence[Array]) -> tuple[float, float]:
    """Return the ends of a colour bar that serves all values, a little apart where they are all the same."""
    low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
    if high - low < _UNIFORM:
        return low - 0.005, high + 0.005
    return low, high


def bar_ticks(low: float, high: float) -> Array:
    """Return round values from `low` to `high` for the ticks of the colour bar."""
    from matplotlib.ticker import MaxNLocator

    return _within(np.asarray(MaxNLocator(nbins=_TICKS, steps=[1, 2, 5, 10]).tick_values(low, high)), low, high)


def contour_levels(panels: Sequence[SectionPanel], low: float, high: float) -> Array:
    """Return the values from `low` to `high` of contour lines, the same round step apart in all particles."""
    widest = max(float(np.ptp(panel.values)) for panel in panels)
    if widest < _UNIFORM:
        return np.empty(0)
    step = nice_length(widest / _LINES)
    return _within(step * np.arange(np.floor(low / step), np.ceil(high / step) + 1.0), low, high)


def _within(values: Array, low: float, high: float) -> Array:
    slack = 1e-9 * (high - low)
    return values[(values >= low - slack) & (values <= high + slack)]


def _alike(panels: Sequence[SectionPanel]) -> bool:
    """Return whether all particles are of one size: one scale bar then serves all."""
    sizes = [float(np.ptp(panel.mesh.points, axis=0).max()) for panel in panels]
    return max(sizes) - min(sizes) < 1e-6 * max(sizes)


def draw_sections(
    figure: Figure,
    row: Sequence[Axes],
    panels: Sequence[SectionPanel],
    quantity: str,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw particles on their axes under one colour bar; see `section_figure`."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    low, high = limits if limits is not None else value_limits([panel.values for panel in panels])
    norm, lines, one_scale = Normalize(low, high), contour_levels(panels, low, high), _alike(panels)
    for number, (axes, panel) in enumerate(zip(row, panels, strict=True)):
        draw_section(axes, panel, norm, lines, scale=number == 0 or not one_scale)
    bar = figure.colorbar(ScalarMappable(norm, MAP), ax=list(row), shrink=0.85, aspect=22, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_ticks(bar_ticks(low, high).tolist())
    bar.set_label(quantity)
    # The lines of the maps, where the colours they stand for can be read.
    bar.ax.hlines(lines, 0.0, 1.0, transform=bar.ax.get_yaxis_transform(), colors="white", linewidths=0.6, alpha=0.55)


@styled
def section_figure(
    panels: Sequence[SectionPanel],
    quantity: str,
    *,
    title: str | None = None,
    limits: tuple[float, float] | None = None,
    columns: int | None = None,
    note: str | None = None,
) -> Figure:
    """Return sections of several particles side by side under one colour bar.

    Parameters
    ----------
    panels
        The particles, from left to right and top to bottom.
    quantity
        Label of the colour bar, with unit.
    title
        What is seen.
    limits
        Ends of the colour bar; None spans the values of all particles.
    columns
        Particles in a row; None puts all into one.
    note
        What the numbers rest on, small at the foot.

    Raises
    ------
    InputError
        No particle, or one that is missing from the last row.
    """
    if not panels:
        raise InputError("nothing to draw", where="section_figure", allowed="at least one particle")
    across = columns or len(panels)
    down, left_over = divmod(len(panels), across)
    if left_over:
        raise InputError("the last row is not full", where="columns", value=across, allowed=f"parts of {len(panels)}")
    figure = new_figure(3.0 * across + 1.1, 3.4 * down + 0.4 + (0.4 if title else 0.0) + (0.2 if note else 0.0))
    grid = figure.subplots(down, across, squeeze=False)
    draw_sections(figure, list(grid.flat), panels, quantity, limits)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure
