"""A sweep at a glance: headline numbers over what was varied, with the spread over everything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import GREY, INK, colour, guide_lines, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

Array = NDArray[np.float64]

_FEW = 40
"""Places of the abscissa up to which every one has its own spread; more are put into bins."""
_BINS = 14
_ENOUGH = 5
"""Cases at a place from which quartiles are drawn."""
_COUNTED = 12
"""Places up to which the cases without a number are counted one by one."""
_FOOT, _ROOM = 0.03, 0.16
"""Height of the marks of those cases, and room made for them, in heights of the panel."""


@dataclass(frozen=True)
class ScatterPoints:
    """One headline number of many cases.

    Attributes
    ----------
    label
        What these cases share, '' where there is only one cloud.
    x, y : (k,)
        What was varied, and the number; NaN where a case has none.
    beside : (k,) or None
        A number to compare with, drawn dashed.
    absent : (k,) bool or None
        Cases that have no such number: counted and marked. Where there are any, nothing is said about median and
        spread, which would be those of the others.
    failed
        How many of them were not carried out.
    """

    label: str
    x: Array
    y: Array
    beside: Array | None = None
    absent: NDArray[np.bool_] | None = None
    failed: int = 0


@dataclass(frozen=True)
class SweepPanel:
    """A headline number: its name with unit, a title, its clouds, what the dashed line is, a logarithmic axis.

    `absent` says what it means that a case has no such number; `joined` whether places of the abscissa belong together
    in a line, as values of one key do and particles of a table don't.
    """

    quantity: str
    title: str
    clouds: tuple[ScatterPoints, ...]
    beside: str = ""
    log: bool = False
    absent: str = "no value"
    joined: bool = True


@dataclass(frozen=True)
class Spread:
    """Median, quartiles and extremes of the cases at each place of the abscissa; how many have and lack a number."""

    x: Array
    median: Array
    quartiles: tuple[Array, Array]
    extremes: tuple[Array, Array]
    count: NDArray[np.int64]
    absent: NDArray[np.int64]

    @property
    def whole(self) -> NDArray[np.bool_]:
        """Places where every case has its number."""
        return np.asarray((self.absent == 0) & (self.count > 0))


def spread(x: Array, y: Array, absent: NDArray[np.bool_] | None = None) -> Spread:
    """Return how `y` spreads at each value of `x`; many values are gathered in bins of equal numbers of cases.

    Cases without a number are left out; those marked in `absent` are counted where they belong.

    Raises
    ------
    InputError
        There is no finite number.
    """
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        raise InputError("nothing to draw", where="sweep", allowed="at least one case with a finite number")
    kept = known if absent is None else known | (absent & np.isfinite(x))
    x, y = x[kept], y[kept]
    places = np.unique(x)
    if len(places) <= _FEW:
        groups = [y[x == place] for place in places]
    else:
        parts = np.array_split(np.argsort(x, kind="stable"), _BINS)
        places, groups = np.array([x[part].mean() for part in parts]), [y[part] for part in parts]
    levels = np.array([_levels(group[np.isfinite(group)]) for group in groups]).T
    count = np.array([np.isfinite(group).sum() for group in groups], dtype=np.int64)
    lacking = np.array([len(group) for group in groups], dtype=np.int64) - count
    return Spread(places, levels[0], (levels[1], levels[2]), (levels[3], levels[4]), count, lacking)


def _levels(group: Array) -> Array:
    """Return median, quartiles and extremes; NaN where there is no number."""
    return np.percentile(group, (50.0, 25.0, 75.0, 0.0, 100.0)) if len(group) else np.full(5, np.nan)


def _draw_cloud(axes: Axes, cloud: ScatterPoints, shade: str, *, joined: bool) -> None:
    if not _known(cloud):
        return
    found = spread(cloud.x, cloud.y, cloud.absent)
    binned = len(np.unique(cloud.x[np.isfinite(cloud.x)])) > _FEW
    if not joined:
        axes.plot(cloud.x, cloud.y, "o", color=shade, markersize=4.5, alpha=0.8, label=cloud.label or "_nolegend_")
        if cloud.beside is not None:
            axes.plot(cloud.x, cloud.beside, "_", color=shade, markersize=9.0, markeredgewidth=1.2)
        return
    single = cloud.y if binned else np.where(np.isin(cloud.x, found.x[~found.whole]), cloud.y, np.nan)
    if np.isfinite(single).any():
        axes.plot(cloud.x, single, ".", color=shade, markersize=2.0 if binned else 4.0, alpha=0.35 if binned else 0.8)
    if found.count.max() > 1:
        axes.fill_between(found.x, *found.extremes, where=found.whole, color=shade, alpha=0.12, linewidth=0.0)
    if found.count.max() >= _ENOUGH:
        axes.fill_between(found.x, *found.quartiles, where=found.whole, color=shade, alpha=0.25, linewidth=0.0)
    marker = "o" if len(found.x) <= _FEW and not binned else ""
    median = np.where(found.whole, found.median, np.nan)  # that of the others would be one of survivors
    axes.plot(found.x, median, color=shade, marker=marker, markersize=3.5, label=cloud.label or "_nolegend_")
    if cloud.beside is not None:
        beside = spread(cloud.x, np.where(np.isfinite(cloud.y), cloud.beside, np.nan), cloud.absent)
        middle = np.where(beside.whole, beside.median, np.nan)
        axes.plot(beside.x, middle, color=shade, linestyle=(0, (4, 2)), linewidth=1.2)


def _known(cloud: ScatterPoints) -> bool:
    return bool((np.isfinite(cloud.x) & np.isfinite(cloud.y)).any())


def _mark_absent(axes: Axes, panel: SweepPanel) -> None:
    """Mark at the foot of a panel where cases have no number, with how many, and say in words what they lack."""
    marked = [cloud for cloud in panel.clouds if cloud.absent is not None and cloud.absent.any()]
    if not marked:
        return
    foot = axes.get_xaxis_transform()
    x = np.concatenate([cloud.x for cloud in panel.clouds])
    lacking = np.concatenate([_absent(cloud) for cloud in panel.clouds])
    few = len(np.unique(x)) <= _FEW
    places = np.unique(x[lacking])
    axes.plot(places, np.full(len(places), _FOOT), "x", color=INK, markersize=5.0, transform=foot, clip_on=False)
    if few and len(places) <= _COUNTED:
        for place in places:
            here = x == place
            axes.annotate(
                f"{int(lacking[here].sum())}/{int(here.sum())}", (place, _FOOT), xycoords=foot, xytext=(0.0, 5.0),
                textcoords="offset points", ha="center", va="bottom", fontsize=7.0, color=INK,
            )  # fmt: skip
    failed = sum(cloud.failed for cloud in panel.clouds)
    without, said = int(lacking.sum()) - failed, []
    if without:
        said.append(f"{panel.absent}: {without} of {len(x)} cases")
    if failed:
        said.append(f"not carried out: {failed}" + ("" if without else f" of {len(x)} cases"))
    axes.set_title(f"{panel.title}\n\N{MULTIPLICATION SIGN} {', '.join(said)}")
    bottom, top = axes.get_ylim()  # room for the marks below the numbers
    if axes.get_yscale() == "linear":
        axes.set_ylim(bottom - _ROOM * (top - bottom), top)
    else:
        axes.set_ylim(bottom / (top / bottom) ** _ROOM, top)


def _absent(cloud: ScatterPoints) -> NDArray[np.bool_]:
    return np.zeros(len(cloud.x), dtype=bool) if cloud.absent is None else cloud.absent


def _handles(panels: Sequence[SweepPanel]) -> list[Line2D | Patch]:
    """Return what the legend of all panels explains."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    clouds, joined = panels[0].clouds, panels[0].joined
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=colour(k), marker="o", markersize=3.5, linestyle="-" if joined else "", label=cloud.label)
        for k, cloud in enumerate(clouds)
        if cloud.label
    ]
    beside = next((panel.beside for panel in panels if panel.beside), "")
    if beside:
        dash = Line2D([], [], color=INK, linestyle=(0, (4, 2)), linewidth=1.2, label=beside)
        handles.append(dash if joined else Line2D([], [], color=INK, marker="_", linestyle="", label=beside))
    drawn = [cloud for panel in panels for cloud in panel.clouds if joined and _known(cloud)]
    counts = [0, *(int(spread(cloud.x, cloud.y).count.max()) for cloud in drawn)]
    if max(counts) >= _ENOUGH:
        handles.append(Patch(color=GREY, alpha=0.35, linewidth=0.0, label="middle half of the cases"))
    if max(counts) > 1:
        handles.append(Patch(color=GREY, alpha=0.15, linewidth=0.0, label="all cases"))
    return handles


@styled
def sweep_figure(
    panels: Sequence[SweepPanel], *, abscissa: str, log: bool = False, title: str | None = None, note: str | None = None
) -> Figure:
    """Return headline numbers over what was varied, a panel each.

    Parameters
    ----------
    panels
        The headline numbers, with the same clouds.
    abscissa
        What was varied, with its unit.
    log
        Logarithmic abscissa.
    title
        What is seen.
    note
        What the numbers rest on, small at the foot.

    Raises
    ------
    InputError
        No panel, or no finite number in one.
    """
    if not panels or not panels[0].clouds:
        raise InputError("nothing to draw", where="sweep_figure", allowed="at least one headline number")
    handles = _handles(panels)
    rows = -(-len(handles) // 2)
    figure = new_figure(4.4 * len(panels) + 0.4, 4.0 + 0.2 * rows + (0.2 if note else 0.0))
    row = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, panel in zip(row, panels, strict=True):
        for index, cloud in enumerate(panel.clouds):
            _draw_cloud(axes, cloud, colour(index), joined=panel.joined)
        axes.set(xlabel=abscissa, ylabel=panel.quantity, title=panel.title)
        if log:
            axes.set_xscale("log")
        if panel.log:
            axes.set_yscale("log")
        axes.margins(x=0.03)
        guide_lines(axes)
        _mark_absent(axes, panel)
    if handles:  # under the panels, where it covers nothing
        row[0].legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, -0.15), ncols=2, fontsize=8.5)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure
