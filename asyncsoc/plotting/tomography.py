"""Figures of tomograms: sections, histograms, the phases' shares, a particle's surface with what it touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import unknown_name
from asyncsoc.plotting.style import (
    BLUE,
    GREY,
    INK,
    LIGHT,
    MAP,
    ORANGE,
    VERMILLION,
    guide_lines,
    new_figure,
    source_note,
    styled,
)
from asyncsoc.tomography.phases import ACTIVE_MATERIAL, ACTIVE_NAME, CBD, OUTSIDE, PORE
from asyncsoc.tomography.split import Particles
from asyncsoc.tomography.statistics import TomographyStatistics
from asyncsoc.tomography.volume import LabelVolume

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PHASE_COLOURS = {PORE: "#FFFFFF", CBD: ORANGE, ACTIVE_MATERIAL: "#5C6B7A", OUTSIDE: "#000000"}
"""Colours of the phases in sections."""


def _plane(volume: LabelVolume, axis: str, index: int | None) -> tuple[tuple[Any, ...], int, tuple[str, str]]:
    """Return the index of a slice, its number and the names of the axes across and up."""
    if axis not in ("x", "y", "z"):
        raise unknown_name("axis", axis, "xyz", where="section")
    k = "zyx".index(axis)
    at = volume.shape[k] // 2 if index is None else min(max(index, 0), volume.shape[k] - 1)
    place: list[Any] = [slice(None)] * 3
    place[k] = at
    up, across = (a for a in "zyx" if a != axis)
    return tuple(place), at, (across, up)


@styled
def section_figure(
    volume: LabelVolume,
    particles: Particles,
    coverage: NDArray[np.float64],
    *,
    axis: str = "z",
    index: int | None = None,
    note: str = "",
) -> Figure:
    """Return a section: the phases with the particles' outlines, and beside it the particles by coverage.

    Parameters
    ----------
    volume, particles
        The volume and its particles.
    coverage : (n,)
        Coverage of each particle, in the order of their numbers; NaN is drawn grey.
    axis, index
        Normal of the section and its position [voxel]; the middle where None.
    note
        Origin and licence of the data, shown at the foot.

    Raises
    ------
    InputError
        An unknown axis.
    """
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    place, at, (across, up) = _plane(volume, axis, index)
    phases, ids = volume.phases[place], particles.ids[place]
    size = volume.voxel_size * 1e6
    extent = (0.0, phases.shape[1] * size, 0.0, phases.shape[0] * size)
    figure = new_figure(10.0, 5.0)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    colours = ListedColormap([PHASE_COLOURS[k] for k in range(4)])
    left.imshow(phases, cmap=colours, vmin=-0.5, vmax=3.5, origin="lower", extent=extent, interpolation="nearest")
    edges = np.zeros(ids.shape, bool)
    edges[:, 1:] |= (ids[:, 1:] != ids[:, :-1]) & (ids[:, 1:] > 0) & (ids[:, :-1] > 0)
    edges[1:] |= (ids[1:] != ids[:-1]) & (ids[1:] > 0) & (ids[:-1] > 0)
    lines = np.ma.masked_where(~edges, edges)
    left.imshow(lines, cmap=ListedColormap(["#FFFFFF"]), origin="lower", extent=extent, interpolation="nearest")
    left.set_title(f"Phases at {axis} = {at * size:.4g} µm, particles split")
    shown = [(ACTIVE_MATERIAL, ACTIVE_NAME.upper()), (CBD, "CBD"), (PORE, "pore")]
    handles = [Patch(facecolor=PHASE_COLOURS[k], edgecolor=GREY, label=name) for k, name in shown]
    left.legend(handles=handles, loc="upper right", frameon=True, framealpha=0.9)
    painted = np.ma.masked_where(ids == 0, np.concatenate([[np.nan], coverage])[ids])
    unknown = (ids > 0) & ~np.isfinite(np.ma.getdata(painted))
    right.imshow(
        np.ma.masked_where(~unknown, unknown), cmap=ListedColormap([LIGHT]), origin="lower", extent=extent,
        interpolation="nearest",
    )  # fmt: skip
    palette = colormaps[MAP].with_extremes(bad=(1.0, 1.0, 1.0, 0.0))
    picture = right.imshow(
        np.ma.masked_invalid(painted), cmap=palette, vmin=0.0, vmax=1.0, origin="lower", extent=extent,
        interpolation="nearest",
    )  # fmt: skip
    figure.colorbar(picture, ax=right, label="Coverage: active / exposed surface", shrink=0.85)
    known = bool(np.isfinite(coverage).any()) or not len(coverage)
    right.set_title("Coverage of each particle in 3-D" if known else "Coverage cannot be measured: no CBD")
    for axes in (left, right):
        axes.set_xlabel(f"{across} [µm]")
    left.set_ylabel(f"{up} [µm]")
    if note:
        source_note(figure, note)
    return figure


@styled
def statistics_figure(statistics: TomographyStatistics, *, min_voxels: int = 300, note: str = "") -> Figure:
    """Return the volume's shares and histograms of its resolved interior particles.

    Parameters
    ----------
    statistics
        Of `volume_statistics`.
    min_voxels
        Smallest particle shown.
    note
        Origin and licence of the data, shown at the foot.
    """
    table = statistics.table
    chosen = (table["voxels"] >= min_voxels) & ~table["at edge"]
    figure = new_figure(11.0, 6.6)
    axes = figure.subplots(2, 3)
    _shares(axes[0, 0], statistics.summary)
    _active(axes[0, 1], statistics.summary)
    volumes = table["volume [m3]"][chosen]
    _histogram(axes[0, 2], table["equivalent diameter [m]"][chosen] * 1e6, "Equivalent diameter [µm]", volumes)
    _histogram(axes[1, 0], table["coverage"][chosen], "Coverage: active / exposed surface", limits=(0.0, 1.0))
    _sphericity(axes[1, 1], table["sphericity"][chosen])
    spots = table["contact spots"][chosen]
    counts = np.bincount(np.minimum(spots, 10), minlength=11)
    axes[1, 2].bar(np.arange(11), counts, color=BLUE, width=0.8)
    axes[1, 2].set_xticks(range(0, 11, 2), ["0", "2", "4", "6", "8", "≥10"])
    axes[1, 2].set_xlabel("Contact spots per particle")
    axes[1, 2].set_ylabel("Particles")
    _whole_counts(axes[1, 2])
    guide_lines(axes[1, 2])
    if statistics.summary["contact measurable"] is False:
        for without in (axes[0, 1], axes[1, 0], axes[1, 2]):
            _not_measurable(without)
    figure.suptitle(f"{int(chosen.sum())} interior particles of at least {min_voxels} voxels", x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure


def _not_measurable(axes: Axes) -> None:
    axes.clear()
    axes.set_axis_off()
    axes.text(0.5, 0.5, "Contact cannot be measured:\nno voxel is CBD or electrolyte", ha="center", va="center",
              transform=axes.transAxes, color=GREY)  # fmt: skip


def _whole_counts(axes: Axes) -> None:
    """Let an axis of counts have ticks at whole numbers alone."""
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _shares(axes: Axes, summary: Mapping[str, Any]) -> None:
    shares = summary["phase fractions"]
    colours = {"pore": LIGHT, ACTIVE_NAME: PHASE_COLOURS[ACTIVE_MATERIAL], "cbd": ORANGE}
    names = (ACTIVE_NAME, "cbd", "pore")
    labels = [n.upper() if n != "pore" else n for n in names]
    _bars(axes, labels, [100 * shares[n] for n in names], [colours[n] for n in names])
    axes.set_ylabel("Share of the volume [%]")
    axes.set_ylim(0.0, 1.15 * 100 * max(shares.values()))


def _bars(axes: Axes, labels: Sequence[str], values: Sequence[float], colours: Sequence[str]) -> Any:
    """Draw bars with their values above them and return them."""
    bars = axes.bar(labels, values, color=colours, width=0.6)
    for bar, value in zip(bars, values, strict=True):
        place = (bar.get_x() + bar.get_width() / 2, value)
        axes.annotate(f"{value:.1f} %", place, xytext=(0, 2), textcoords="offset points", ha="center", va="bottom")
    guide_lines(axes)
    return bars


def _active(axes: Axes, summary: Mapping[str, Any]) -> None:
    found = summary["active fraction by estimator"]
    order = [n for n in ("crofton", "mesh", "voxel faces") if found.get(n) is not None]
    labels = {"crofton": "Crofton", "mesh": "mesh", "voxel faces": "voxel faces\n(biased)"}
    bars = _bars(axes, [labels[n] for n in order], [100 * found[n] for n in order], [VERMILLION] * len(order))
    for bar, name in zip(bars, order, strict=True):
        if name == "voxel faces":
            bar.set(facecolor="none", edgecolor=GREY, hatch="///")
    axes.set_ylabel(f"Active / exposed {ACTIVE_NAME.upper()} [%]")
    axes.set_ylim(0.0, 112.0)
    axes.set_yticks(range(0, 101, 20))


def _bins(values: NDArray[np.float64], limits: tuple[float, float] | None) -> list[float]:
    """Return edges of 30 bins, or fewer and wider ones where there are few values."""
    low, high = limits or (float(values.min()), float(values.max()))
    if not high > low:
        low, high = low - 0.5 * abs(low or 1.0), high + 0.5 * abs(high or 1.0)
    count = int(np.clip(2 * np.sqrt(len(values)), 5, 30))
    return np.linspace(low, high, count + 1).tolist()


def _histogram(
    axes: Axes,
    values: NDArray[np.float64],
    label: str,
    weights: NDArray[np.float64] | None = None,
    limits: tuple[float, float] | None = None,
) -> None:
    finite = np.isfinite(values)
    values = values[finite]
    axes.set_xlabel(label)
    guide_lines(axes)
    if not len(values):
        axes.set_ylabel("Particles")
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no particle", ha="center", va="center", transform=axes.transAxes, color=GREY)
        return
    bins = _bins(values, limits)
    if weights is None:
        axes.hist(values, bins=bins, color=BLUE)
        axes.set_ylabel("Particles")
        _whole_counts(axes)
    else:
        axes.hist(values, bins=bins, weights=100 * weights[finite] / weights[finite].sum(), color=BLUE)
        axes.set_ylabel("Share of their volume [%]")
    median = float(np.median(values))
    axes.axvline(median, color=INK, linewidth=1.0, linestyle="--")
    text = f"median {median:.3g}" + ("" if weights is None else " by number")
    # Above the axes and inside its width, whatever the median: over the bars it could not be read.
    axes.set_title(f"{text} (dashed)", fontsize=9.0, color=INK, loc="right")


def _sphericity(axes: Axes, values: NDArray[np.float64]) -> None:
    """Draw sphericities and mark 1: no body's lies above, what does is the error of the surface estimator."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        _histogram(axes, finite, "Sphericity")
        return
    low, high = np.floor(20 * finite.min()) / 20, max(1.0, np.ceil(50 * finite.max()) / 50)
    above = finite > 1.0
    label = "Sphericity (Crofton surface)"
    if above.any():
        label += f"\n{100 * above.mean():.0f} % above 1: the estimator's error"
        axes.axvspan(1.0, high, color=LIGHT, alpha=0.6, zorder=0, linewidth=0.0)
    _histogram(axes, finite, label, limits=(float(min(low, 0.9)), float(high)))
    axes.locator_params(axis="x", nbins=6)


@styled
def index_volume_figure(curves: Mapping[str, NDArray[np.float64]], *, note: str = "") -> Figure:
    """Return index-volume curves: the volumes of the pieces of each phase, or of the particles, largest first.

    Parameters
    ----------
    curves
        Name -> volumes [m3], falling.
    note
        Origin and licence of the data.
    """
    figure = new_figure(5.5, 4.0)
    axes = figure.subplots()
    for (name, volumes), colour in zip(curves.items(), (BLUE, VERMILLION, ORANGE, GREY), strict=False):
        axes.loglog(np.arange(1, len(volumes) + 1), volumes * 1e18, label=name, color=colour)
    axes.set_xlabel("Index, largest first")
    axes.set_ylabel("Volume [µm³]")
    axes.legend()
    guide_lines(axes)
    if note:
        source_note(figure, note)
    return figure
