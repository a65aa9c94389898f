"""Bands of particles over what a segmentation leaves open, and the shares of its sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import BLUE, GREEN, INK, VERMILLION, guide_lines, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
_COLOURS = (BLUE, VERMILLION, GREEN)


@dataclass(frozen=True, eq=False)
class Bands:
    """A quantity of particles: arrays (n,), NaN where there is none.

    Attributes
    ----------
    label
        Name and unit.
    baseline
        As the segmentation is.
    low, middle, high
        5, 50 and 95 % percentile.
    """

    label: str
    baseline: Array
    low: Array
    middle: Array
    high: Array


@styled
def bands_figure(
    bands: Sequence[Bands], shares: Mapping[str, Mapping[str, float | None]], *, title: str = "", note: str = ""
) -> Figure:
    """Return the bands of every quantity, particles by rising baseline, and the shares of the sources as bars.

    Parameters
    ----------
    bands
        The quantities.
    shares
        For each quantity the share of each source.
    title, note
        Head and foot; the foot names origin and licence of the data.

    Raises
    ------
    InputError
        Nothing to draw.
    """
    if not bands:
        raise InputError("there are no bands to draw", where="bands_figure")
    columns = min(len(bands) + 1, 3)
    rows = -(-(len(bands) + 1) // columns)
    figure = new_figure(3.9 * columns, 3.6 * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for place, one in zip(axes, bands, strict=False):
        order = np.argsort(one.baseline)
        rank = np.arange(len(order))
        place.vlines(rank, one.low[order], one.high[order], color=BLUE, linewidth=1.4, alpha=0.6, label="5 to 95 %")
        place.plot(rank, one.middle[order], ".", color=BLUE, markersize=4, label="median")
        place.plot(rank, one.baseline[order], "_", color=INK, markersize=5, label="as segmented")
        place.set_xlabel("Particle, by rising value")
        place.set_ylabel(one.label)
        guide_lines(place)
    axes[0].legend(loc="best", fontsize="small")
    _shares(axes[len(bands)], shares)
    for empty in axes[len(bands) + 1 :]:
        empty.set_axis_off()
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure


def _shares(axes: Axes, shares: Mapping[str, Mapping[str, float | None]]) -> None:
    names = list(shares)
    sources = list(dict.fromkeys(source for own in shares.values() for source in own))
    left = np.zeros(len(names))
    for source, colour in zip(sources, _COLOURS, strict=False):
        width = np.array([shares[name].get(source) or 0.0 for name in names])
        axes.barh(np.arange(len(names)), width, left=left, color=colour, label=source)
        left += width
    axes.set_yticks(np.arange(len(names)), names, fontsize="small")
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel("Share of the mean square change")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.18), ncols=3, fontsize="small")
