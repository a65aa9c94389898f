"""A set of charged particles beside the spheres that would stand for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import BLUE, GREEN, INK, VERMILLION, guide_lines, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_COLOURS = (BLUE, VERMILLION, GREEN)
_MARKERS = ("o", "^", "s")
_BINS = 24
_FAR_APART = 8.0


@dataclass(frozen=True, eq=False)
class ComparedSet:
    """What is drawn of a set; all arrays (n,), one value per particle, NaN where there is none.

    Attributes
    ----------
    coverage
        Active over exposed surface.
    diameter
        Of the sphere of equal volume [m].
    leads
        Lead of the contact's SOC by what gave it, first the resolved particles, then what stands for them.
    lead_label
        Which lead.
    doses
        Decomposition against full coverage, in the order of `leads`; empty where it was not followed.
    """

    coverage: Array
    diameter: Array
    leads: Mapping[str, Array]
    lead_label: str
    doses: Mapping[str, Array] = field(default_factory=dict)


@styled
def set_figure(compared: ComparedSet, *, title: str = "", note: str = "") -> Figure:
    """Return leads against coverage and size, their distribution, what spheres make of them, and the dose.

    Parameters
    ----------
    compared
        The particles.
    title, note
        Head and foot; the foot names origin and licence of the data.

    Raises
    ------
    InputError
        No particles.
    """
    if not len(compared.coverage):
        raise InputError("there are no particles to draw", where="set_figure")
    panels = 6 if compared.doses and len(compared.leads) > 1 else 3 if len(compared.leads) == 1 else 5
    rows = 1 if panels == 3 else 2
    figure = new_figure(11.5, 3.9 * rows)
    axes = figure.subplots(rows, 3, squeeze=False)
    label = compared.lead_label
    _scatter(axes[0, 0], compared.coverage, compared.leads, "Coverage: active / exposed surface", label)
    _scatter(axes[0, 1], compared.diameter * 1e6, compared.leads, "Equivalent diameter [µm]", label)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=len(compared.leads))
    _distributions(axes[0, 2], compared.leads, label)
    if rows == 2:
        ratios = _ratios(compared.leads)
        _scatter(
            axes[1, 0], compared.coverage, ratios, "Coverage: active / exposed surface", "Asynchrony, sphere / resolved"
        )
        axes[1, 0].axhline(1.0, color=INK, linewidth=1.0, linestyle="--")
        _distributions(axes[1, 1], ratios, "Asynchrony, sphere / resolved")
        if compared.doses:
            _scatter(axes[1, 2], compared.coverage, compared.doses, "Coverage: active / exposed surface",
                     "Decomposition over the charge,\nas a multiple of full coverage")  # fmt: skip
        else:
            axes[1, 2].set_axis_off()
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure


def _ratios(leads: Mapping[str, Array]) -> dict[str, Array]:
    """Return what stands for the particles over the particles, the first place left empty to keep the colours."""
    (first, resolved), *others = leads.items()
    safe = np.where(np.abs(resolved) > 0.0, resolved, np.nan)
    return {first: np.full(len(resolved), np.nan)} | {name: values / safe for name, values in others}


def _scatter(axes: Axes, x: Array, series: Mapping[str, Array], across: str, up: str) -> None:
    for (name, values), colour, marker in zip(series.items(), _COLOURS, _MARKERS, strict=False):
        good = np.isfinite(values) & np.isfinite(x)
        filled: Any = {"facecolors": colour, "edgecolors": "none", "alpha": 0.8}
        open_: Any = {"facecolors": "none", "edgecolors": colour, "linewidths": 0.9}
        axes.scatter(x[good], values[good], s=16, marker=marker, label=name, **(filled if marker == "o" else open_))
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    _scale(axes, np.concatenate(list(series.values())))
    guide_lines(axes)


def _scale(axes: Axes, values: Array) -> None:
    """Take a logarithmic scale where all values are positive and far apart."""
    good = values[np.isfinite(values)]
    if len(good) and good.min() > 0.0 and good.max() > _FAR_APART * good.min():
        axes.set_yscale("log")
    elif len(good) and good.min() >= 0.0:
        axes.set_ylim(bottom=0.0)


def _distributions(axes: Axes, series: Mapping[str, Array], across: str) -> None:
    finite = {name: values[np.isfinite(values)] for name, values in series.items()}
    pooled = np.concatenate(list(finite.values()))
    if len(pooled):
        bins = np.linspace(
            min(0.0, float(pooled.min())), float(np.quantile(pooled, 0.995)) * 1.05 + 1e-12, _BINS
        ).tolist()
        for (name, values), colour in zip(finite.items(), _COLOURS, strict=False):
            if not len(values):
                continue
            middle = float(np.median(values))
            of = "" if len(values) == len(series[name]) else f", of {len(values)} of {len(series[name])}"
            text = f"median {middle:.3g}{of}"
            axes.hist(values, bins=bins, histtype="step", linewidth=1.6, color=colour, label=text)
            axes.axvline(middle, color=colour, linewidth=1.0, linestyle=":")
        axes.margins(y=0.3)
        axes.legend(loc="upper right", labelcolor=INK)
    axes.set_xlabel(across)
    axes.set_ylabel("Particles")
    guide_lines(axes)
