"""The picture of P13: risk, dose and capacity over coverage, rate and loading, and which lever pays where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from asyncsoc.plotting.style import colour, guide_lines, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "paper-design.png"
PEO = "peo-litfsi"
PAYS = 2.0
WORDS = ("neither", "electrolyte", "coverage", "both")
_SHADES = ("#ebebeb", "#f2c57c", "#9ecae1", "#7fb685")
_STYLES: tuple[Any, ...] = ("-", (0, (3, 2)))


def word(coverage_lever: float, electrolyte_lever: float) -> str:
    """Return which levers change a dose by more than a factor of `PAYS`."""
    return WORDS[2 * (coverage_lever > PAYS) + (electrolyte_lever > PAYS)]


@styled
def draw(chart: Mapping[tuple[float, str, float], Any], levers: Mapping[str, float]) -> Figure:
    """Return the figure.

    Parameters
    ----------
    chart
        Points with `risk`, `dose` and `capacity` by coverage, rate and loading [mg/cm2].
    levers
        Rate with PEGDA-PECA over that with PEO-LiTFSI, by kind of energy.
    """
    coverages, rates, loadings = (list(dict.fromkeys(key[k] for key in chart)) for k in range(3))
    figure = new_figure(13.0, 7.4)
    panels = figure.subplots(2, 3)

    def lines(axes: Axes, value: Any) -> None:
        for number, rate in enumerate(rates):
            for load, style in zip(loadings, _STYLES, strict=True):
                values = [value(chart[f, rate, load]) for f in coverages]
                axes.plot(
                    coverages, values, linestyle=style, color=colour(number), linewidth=1.6,
                    label=f"{rate}, {load:g} mg/cm$^2$",
                )  # fmt: skip
        axes.set(xlabel="Coverage", xlim=(0.05, 1.0))
        guide_lines(axes)

    lines(panels[0, 0], lambda one: one.risk[PEO, "total"])
    panels[0, 0].set(
        yscale="log", ylabel="Largest risk at mean x = 0.5", title="Risk, total energies (dashed on full lines)"
    )
    lines(panels[0, 1], lambda one: one.dose[PEO, "total"])
    lines(panels[1, 1], lambda one: one.dose[PEO, "mutual"])
    for axes, kind in ((panels[0, 1], "total"), (panels[1, 1], "mutual")):
        axes.set(yscale="log", ylabel="Dose over that at f = 1", title=f"Dose per contact area, {kind} energies")
        axes.set_ylim(bottom=0.8)
    for axes in (panels[0, 0], panels[0, 1], panels[1, 1]):
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
    panels[0, 0].set_yticks([1, 2, 3, 5, 10], ["1", "2", "3", "5", "10"])
    lines(panels[0, 2], lambda one: one.capacity)
    panels[0, 2].set(ylabel="Charge capacity to 4.2 V [mA h/g]", title="Capacity", ylim=(0.0, None))
    panels[0, 2].legend(loc="lower right", fontsize=8.0)
    for axes, kind in ((panels[1, 0], "total"), (panels[1, 2], "mutual")):
        _map(axes, chart, levers[kind], kind, (coverages, rates, loadings))
    source_note(
        figure,
        "NCM811 sphere, R = 7.5 µm, one round contact, 60 °C; PEO-LiTFSI, driven by the reaction energy. Maps: dose "
        f"over that at f = 1; a lever pays beyond a factor of {PAYS:g}. PEGDA-PECA changes it by "
        + " and ".join(f"{1.0 / value:.2f} ({kind})" for kind, value in levers.items())
        + ".",
    )
    return figure


def _map(axes: Axes, chart: Mapping[Any, Any], lever: float, kind: str, ends: tuple[list[Any], ...]) -> None:
    """Draw which lever pays, a row for a rate at a loading."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    coverages, rates, loadings = ends
    rows = [(rate, load) for rate in rates for load in loadings]
    dose = np.array([[chart[f, rate, load].dose[PEO, kind] for f in coverages] for rate, load in rows])
    cells = np.array([[WORDS.index(word(value, lever)) for value in line] for line in dose])
    axes.imshow(cells, cmap=ListedColormap(_SHADES), vmin=-0.5, vmax=3.5, aspect="auto", origin="lower")
    axes.set_xticks(range(len(coverages)), [f"{f:g}" for f in coverages])
    axes.set_yticks(range(len(rows)), [f"{rate}, {load:g}" for rate, load in rows])
    for j, line in enumerate(dose):
        for i, value in enumerate(line):
            axes.text(i, j, f"{value:.3g}", ha="center", va="center", fontsize=8.5)
    axes.grid(visible=False)
    axes.set(xlabel="Coverage", ylabel="Rate, loading [mg/cm$^2$]", title=f"What pays, {kind} energies")
    seen = sorted(set(cells.ravel().tolist()))
    axes.legend(
        handles=[Patch(color=_SHADES[k], label=WORDS[k]) for k in seen], ncols=len(seen), fontsize=8.0,
        loc="upper center", bbox_to_anchor=(0.5, -0.16),
    )  # fmt: skip
