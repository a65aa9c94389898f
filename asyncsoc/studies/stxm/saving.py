"""Maps and scans of gradients as files and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from asyncsoc.base.files import write_text
from asyncsoc.base.paths import path_of
from asyncsoc.materials.valence import ValenceModel
from asyncsoc.studies.stxm.compatible import CAL, HEAD, HOT_CAL, Gradient, gradient_rows
from asyncsoc.studies.stxm.map_files import write_map
from asyncsoc.studies.stxm.map_of import StxmMap
from asyncsoc.studies.stxm.microscope import stoichiometry_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NOTE = (
    "First: as the columns are. Second: through a spot of {spot:.0f} nm with {photons:g} photons per pixel and energy "
    "(optical densities assumed)."
)


def map_picture(maps: Sequence[StxmMap], titles: Sequence[str]) -> Figure:
    """Return maps, each as it is and as seen, with the ratios of their regions."""
    from asyncsoc.plotting.stxm import MapPanel, map_figure

    panels = [
        MapPanel(title, one.ratio, one.seen_ratio, one.region, one.regions(), one.regions(seen=True), one.view.field)
        for one, title in zip(maps, titles, strict=True)
    ]
    microscope = maps[0].microscope
    note = _NOTE.format(spot=1e9 * microscope.spot, photons=microscope.photons)
    return map_figure(panels, label=maps[0].valence.ratio_name, note=note)


def write_stxm(found: StxmMap, directory: str | Path) -> list[Path]:
    """Write a map (HDF5) and its picture into a folder and return their paths.

    Raises
    ------
    InputError
        They cannot be written there.
    """
    from asyncsoc.plotting.reaction import save_reaction_figure

    folder = path_of(directory)
    stem = f"{found.name}-stxm"
    title = f"{found.time / 3600.0:.3g} h, {found.voltage:.3f} V"
    file = write_map(found, folder / f"{stem}.h5")
    return [file, save_reaction_figure(map_picture([found], [title]), folder / f"{stem}.png")]


def gradient_csv(found: Sequence[Gradient], valence: ValenceModel) -> str:
    """Return a scan as a CSV table."""
    lines = [",".join(HEAD)]
    for row in gradient_rows(found, valence):
        lines.append(",".join(_cell(value) for value in row))
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def gradient_summary(
    found: Sequence[Gradient], valence: ValenceModel
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return heads and rows: how many particles there are for each condition and rest, and how many are compatible."""
    heads = (
        "charge to",
        "rest [s]",
        "particles",
        "charge got there",
        "as Cal",
        "as Hot-Cal",
        "largest difference of x",
    )
    rows: list[tuple[object, ...]] = []
    for condition, rest in sorted({(one.condition, one.rest) for one in found}):
        chosen = [one for one in found if one.condition == condition and one.rest == rest]
        there = [one for one in chosen if one.reached]
        spread = [_difference(one, valence) for one in there]
        cal, hot = (sum(one.compatible(measured, valence) for one in chosen) for measured in (CAL, HOT_CAL))
        rows.append((condition, rest, len(chosen), len(there), cal, hot, max(spread, default=float("nan"))))
    return heads, rows


def _difference(one: Gradient, valence: ValenceModel) -> float:
    """Return the stoichiometry of region 4 minus that of region 1."""
    return float(stoichiometry_of(one.ratios[-1], valence) - stoichiometry_of(one.ratios[0], valence))


def gradient_picture(found: Sequence[Gradient], valence: ValenceModel, rest: float) -> Figure:
    """Return the difference in stoichiometry over coverage and diffusivity after one rest, a panel a radius."""
    from asyncsoc.plotting.stxm import GradientGrid, gradient_figure

    chosen = [one for one in found if one.rest == rest]
    coverages = sorted({one.coverage for one in chosen})
    diffusivities = sorted({one.diffusivity for one in chosen})
    grids = []
    for condition in sorted({one.condition for one in chosen}):
        line = []
        for radius in sorted({one.radius for one in chosen}):
            shape = (len(diffusivities), len(coverages))
            difference, cal, hot = np.full(shape, np.nan), np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
            for one in chosen:
                if one.condition == condition and one.radius == radius:
                    place = diffusivities.index(one.diffusivity), coverages.index(one.coverage)
                    difference[place] = _difference(one, valence) if one.reached else np.nan
                    cal[place], hot[place] = one.compatible(CAL, valence), one.compatible(HOT_CAL, valence)
            line.append(GradientGrid(f"{condition}, R = {1e6 * radius:g} µm", difference, cal, hot))
        grids.append(line)
    waited = "at the end of charge" if rest == 0.0 else f"after a rest of {rest / 60.0:g} min"
    note = (
        f"Fragments of 2.5 µm under the contact {waited}. Stars and dots: mean and difference of x of regions 1 and 4 "
        "as measured, each within 0.04."
    )
    return gradient_figure(grids, coverages, diffusivities, note=note)


def write_scan(found: Sequence[Gradient], valence: ValenceModel, directory: str | Path) -> list[Path]:
    """Write a scan as a table and a picture for each rest into a folder and return their paths.

    Raises
    ------
    InputError
        They cannot be written there.
    """
    from asyncsoc.plotting.reaction import save_reaction_figure

    folder = path_of(directory)
    table = folder / "stxm-scan.csv"
    write_text(table, gradient_csv(found, valence), "the scan cannot be saved")
    files = [table]
    for rest in sorted({one.rest for one in found}):
        figure = gradient_picture(found, valence, rest)
        files.append(save_reaction_figure(figure, folder / f"stxm-scan-{rest:g}s.png"))
    return files
