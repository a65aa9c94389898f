"""Reaction energies over the lithium content for several electrolytes, and over the mixing fraction with products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.materials.thermochemistry.curve import ReactionCurve
from asyncsoc.materials.thermochemistry.reaction import Reaction
from asyncsoc.plotting.style import GREY, INK, LIGHT, MAP, colour, guide_lines, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SUFFIXES = (".png", ".svg", ".pdf")
_KINDS = {
    "total": "Total: reactants as they are",
    "mutual": "Mutual: reactants at their own equilibrium",
}
_DASHES = ("solid", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.2, 1.2, 1.2)))
_ENERGY = "Reaction energy [eV/atom]"


def draw_over_stoichiometry(
    axes: Axes, curves: Sequence[ReactionCurve], validity: tuple[float, float], deviations: float = 2.0
) -> None:
    """Draw reaction energies of one kind over x with their bands; x outside `validity` is shaded as extrapolated.

    Colour and dash both tell the electrolytes apart. The other energy, where it is known, is a thin line.
    """
    for index, curve in enumerate(curves):
        low, high = curve.band(deviations)
        axes.fill_between(curve.x, low, high, color=colour(index), alpha=0.13, linewidth=0.0)
        axes.plot(
            curve.x, curve.energy, color=colour(index), linestyle=_DASHES[index % len(_DASHES)], label=curve.electrolyte
        )
        if curve.systematic is not None:
            other = curve.energy + curve.systematic
            axes.plot(curve.x, other, color=colour(index), linestyle=_DASHES[index % len(_DASHES)], linewidth=0.9)
    for left, right in ((0.0, validity[0]), (validity[1], 1.0)):
        if right > left:
            axes.axvspan(left, right, color=LIGHT, alpha=0.45, linewidth=0.0, zorder=0)
    axes.set(xlabel="x in Li$_x$Ni$_{0.8}$Co$_{0.1}$Mn$_{0.1}$O$_2$", title=_KINDS[curves[0].kind], xlim=(1.0, 0.0))
    guide_lines(axes)


@styled
def stoichiometry_figure(
    total: Sequence[ReactionCurve],
    mutual: Sequence[ReactionCurve],
    validity: tuple[float, float] = (0.0, 1.0),
    deviations: float = 2.0,
) -> Figure:
    """Return total and mutual reaction energies over x side by side, delithiation to the right.

    Parameters
    ----------
    total, mutual
        One curve per electrolyte, in the same order.
    validity
        Stoichiometries the voltage curve's source covers; the rest is shaded.
    deviations
        Half-width of the bands in standard deviations.
    """
    if not total or [c.electrolyte for c in total] != [c.electrolyte for c in mutual]:
        raise InputError("a figure needs total and mutual curves of the same electrolytes", where="total, mutual")
    figure = new_figure(9.0, 4.0)
    left, right = figure.subplots(1, 2, sharey=True)
    draw_over_stoichiometry(left, total, validity, deviations)
    draw_over_stoichiometry(right, mutual, validity, deviations)
    left.set_ylabel(_ENERGY)
    left.legend(loc="best")
    first = total[0]
    label, other = first.conditions.label, first.conditions.other.label
    lines = f"lines: {label}" if first.systematic is None else f"thick lines: {label}; thin: {other}"
    band = f"{lines}; bands: {deviations:g} standard deviations (first order) beyond"
    shade = "; grey: outside the voltage curve's source" if validity != (0.0, 1.0) else ""
    figure.supxlabel(band + shade, fontsize=8.0, color=GREY)
    return figure


def _label(reaction: Reaction, shown: int = 4) -> str:
    amounts = sorted(reaction.amounts().items(), key=lambda item: -item[1])
    rest = f" + {len(amounts) - shown} more" if len(amounts) > shown else ""
    return ", ".join(name for name, _ in amounts[:shown]) + rest


@styled
def mixing_figure(profiles: Mapping[float, Sequence[Reaction]], electrolyte: str, kind: str = "total") -> Figure:
    """Return reaction energies over the mixing fraction, a line per stoichiometry, the products at each minimum.

    Parameters
    ----------
    profiles
        Kinks over the mixing fraction (`PseudoBinary.profile`) by stoichiometry.
    electrolyte, kind
        For the title.
    """
    from matplotlib import colormaps

    if not profiles:
        raise InputError("a figure needs one profile or more", where="profiles")
    figure = new_figure(8.5, 4.8)
    axes = figure.subplots()
    values = sorted(profiles, reverse=True)
    for rank, x in enumerate(values):
        shade = colormaps[MAP](0.85 * rank / max(len(values) - 1, 1))
        profile = profiles[x]
        y = np.array([reaction.mixing_fraction for reaction in profile])
        energy = np.array([reaction.energy for reaction in profile])
        lowest = min(profile, key=lambda reaction: reaction.energy)
        label = f"x = {x:g}: {_label(lowest)}"
        axes.plot(y, energy, color=shade, linewidth=1.5, marker="o", markersize=2.5, label=label)
        axes.plot([lowest.mixing_fraction], [lowest.energy], "D", color=shade, markeredgecolor=INK, markersize=6)
    axes.set(
        xlabel="y, atomic fraction of the cathode",
        ylabel=_ENERGY,
        title=f"{kind.capitalize()} reaction energy with {electrolyte}; diamonds: minimum over y",
        xlim=(0.0, 1.0),
    )
    guide_lines(axes)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), title="main products at the minimum", fontsize=8.0)
    return figure


def save_reaction_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure as PNG, SVG or PDF and return where; raises InputError for another ending or a bad place."""
    file = Path(path)
    if file.suffix.lower() not in _SUFFIXES:
        raise InputError("unknown kind of picture", where=str(file), value=file.suffix, allowed=", ".join(_SUFFIXES))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file)
    except OSError as error:
        raise InputError("the picture cannot be written", where=str(file), value=error.strerror) from error
    return file
