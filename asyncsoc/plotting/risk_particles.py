"""Who makes the side charge of an electrode: charge per contact area over coverage, and shares added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import GREY, INK, colour, guide_lines, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_MARKERS = "osD^v"
_LEAST, _MOST = 14.0, 170.0
"""Areas of the smallest and the largest marker [pt2]."""
_DECADE = 8.0
"""Ratio of the largest charge to the smallest from which on their axis is logarithmic."""

_SAME = 1e-3
"""Spread of coverages below which they are the same but for their meshes."""


@dataclass(frozen=True, eq=False)
class ChargedElectrode:
    """The side charge of the N particles of an electrode.

    Attributes
    ----------
    label
        Of the electrode.
    coverage : (N,)
        Realised.
    mass_shares, contact_shares : (N,)
        Of each in the active material and in the contact area of the electrode.
    charges
        What drives the reaction, in words -> side charge per contact area at the end of the run (N,) [C/m2].
    reference
        The same -> that of the fully covered reference at the same mean stoichiometry [C/m2]; NaN: there is none.
    layers : (N,)
        Layer of each, from 1 at the separator; empty where all are at one potential.
    """

    label: str
    coverage: Array
    mass_shares: Array
    contact_shares: Array
    charges: Mapping[str, Array]
    reference: Mapping[str, float]
    layers: tuple[int, ...] = ()

    @property
    def by_layer(self) -> bool:
        """Whether the particles differ by their layers alone, which are then what they are drawn over."""
        return bool(self.layers) and float(np.ptp(self.coverage)) < _SAME


def _draw_charges(axes: Axes, one: ChargedElectrode) -> None:
    sizes = _LEAST + (_MOST - _LEAST) * one.contact_shares / one.contact_shares.max()
    place = np.array(one.layers, dtype=np.float64) if one.by_layer else one.coverage
    for k, (driven, charges) in enumerate(one.charges.items()):
        axes.scatter(
            place, charges, sizes, color=colour(k), marker=_MARKERS[k % len(_MARKERS)], alpha=0.75,
            linewidths=0.0, label=driven,
        )  # fmt: skip
        full = one.reference.get(driven, float("nan"))
        if np.isfinite(full):
            axes.axhline(full, color=colour(k), linewidth=1.1, linestyle=(0, (4, 2)))
    every = np.concatenate([*one.charges.values(), [v for v in one.reference.values() if np.isfinite(v)]])
    if every.min() > 0.0 and every.max() > _DECADE * every.min():
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(0.0, 1.08 * float(every.max()))
    if one.by_layer:
        axes.set_xlim(0.5, place.max() + 0.5)
        axes.locator_params(axis="x", integer=True)
    else:
        axes.set_xlim(0.0, 1.0)
    label = "Layer of the particle, 1 at the separator" if one.by_layer else "Coverage of the particle"
    axes.set(xlabel=label, ylabel="Side charge per contact area [C/m²]", title=one.label)
    guide_lines(axes)


def _draw_shares(axes: Axes, one: ChargedElectrode) -> None:
    order = np.argsort(one.layers if one.by_layer else one.coverage, kind="stable")

    def added(shares: Array) -> Array:
        return np.concatenate(([0.0], np.cumsum(shares[order])))

    mass, first = added(one.mass_shares), "from the separator on" if one.by_layer else "least covered first"
    axes.plot([0.0, 1.0], [0.0, 1.0], color=GREY, linewidth=0.9)
    for k, (driven, charges) in enumerate(one.charges.items()):
        parts = one.contact_shares * charges
        style: dict[str, Any] = {"marker": _MARKERS[k % len(_MARKERS)], "markersize": 3.5} if len(parts) <= 24 else {}
        axes.plot(mass, added(parts / parts.sum()), color=colour(k), label=f"side charge driven by {driven}", **style)
    axes.plot(mass, added(one.contact_shares), color=INK, linestyle=(0, (1, 2)), label="contact area")
    axes.set(
        xlabel=f"Share of active material, {first}", ylabel="Share of the whole", xlim=(0.0, 1.0),
        ylim=(0.0, 1.0), title="Added up over the particles",
    )  # fmt: skip
    guide_lines(axes)
    axes.legend(loc="upper left", fontsize=8.5)


@styled
def risk_particles_figure(electrodes: Sequence[ChargedElectrode], *, title: str, note: str | None = None) -> Figure:
    """Return who makes the side charge: a row of two panels for each electrode.

    Parameters
    ----------
    electrodes
        One at least.
    title
        What is seen.
    note
        What the numbers rest on, small at the foot.

    Raises
    ------
    InputError
        Nothing to draw.
    """
    if not electrodes:
        raise InputError("a figure of an electrode's side charge needs an electrode", where="electrodes")
    figure = new_figure(9.6, 3.9 * len(electrodes) + 0.6)
    grid = figure.subplots(len(electrodes), 2, squeeze=False)
    for (left, right), one in zip(grid, electrodes, strict=True):
        _draw_charges(left, one)
        _draw_shares(right, one)
    handles, texts = grid[0, 0].get_legend_handles_labels()
    from matplotlib.collections import PathCollection
    from matplotlib.lines import Line2D

    if any(np.isfinite(value) for value in electrodes[0].reference.values()):
        handles = [*handles, Line2D([], [], color=GREY, linewidth=1.1, linestyle=(0, (4, 2)))]
        texts = [*texts, "electrode fully covered, at the same mean x"]
    texts = [f"driven by {text}" if k < len(electrodes[0].charges) else text for k, text in enumerate(texts)]
    legend = figure.legend(
        handles, texts, loc="outside lower left", ncols=len(texts), fontsize=8.5,
        title="A marker is a particle, its area the particle's share of the contact", title_fontsize=8.5,
        alignment="left",
    )  # fmt: skip
    for handle in legend.legend_handles[: len(electrodes[0].charges)]:
        if isinstance(handle, PathCollection):
            handle.set_sizes([40.0])
    figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure
