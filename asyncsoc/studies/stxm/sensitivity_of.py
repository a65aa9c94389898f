"""The smallest gradient that the microscope sees: the scatter of a uniform fragment's regions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from asyncsoc.materials.valence import ValenceModel
from asyncsoc.studies.stxm.map_of import REGIONS, region_ratios
from asyncsoc.studies.stxm.microscope import Microscope, stoichiometry_of
from asyncsoc.studies.stxm.projection import FIELD, PIXELS

TIMES = 3.0
"""Standard deviations that a difference must exceed to be seen."""
SEEDS = 40
_TRANSPARENT = 0.5
"""Share of the pixels in which photons must be counted for their scatter to mean something."""


@dataclass(frozen=True)
class DetectionLimit:
    """What counting noise makes of a uniform square fragment.

    Attributes
    ----------
    pixel
        Standard deviation of the stoichiometry of one pixel.
    regions
        Standard deviation of the difference of the stoichiometries of the first and the last region.
    smallest
        Smallest difference in stoichiometry between these that is seen: `TIMES` as much.
    thickness
        Of the fragment [m].

    All are NaN where the fragment is too thick for photons to pass.
    """

    pixel: float
    regions: float
    smallest: float
    thickness: float


def detection_limit(
    microscope: Microscope,
    thickness: float,
    valence: ValenceModel,
    *,
    x: float = 0.5,
    field: float = FIELD,
    pixels: int = PIXELS,
    seeds: int = SEEDS,
) -> DetectionLimit:
    """Return the smallest gradient seen in a uniform square fragment that fills the field of view.

    Parameters
    ----------
    microscope
        Spot, photons and absorption.
    thickness
        Of the fragment [m].
    valence
        Of the cathode.
    x
        Its stoichiometry.
    field, pixels
        Of the image.
    seeds
        Images that are counted.
    """
    shape = (pixels, pixels)
    share = np.array([float(valence.lower_fraction(x)), float(valence.higher_fraction(x))])
    columns = np.broadcast_to(thickness * share, (*shape, 2))
    region = np.repeat(np.arange(pixels)[::-1, None] * REGIONS // pixels + 1, pixels, axis=1)
    differences, scatter = [], []
    for seed in range(seeds):
        counted = replace(microscope, seed=microscope.seed + seed)
        seen = counted.image(np.full(shape, thickness), columns, field / pixels)
        found = stoichiometry_of(region_ratios(seen, region), valence)
        differences.append(float(found[-1] - found[0]))
        total = seen.sum(axis=-1)
        usable = np.isfinite(total) & (total > 0.0)
        pixel_x = valence.all_lower - (valence.all_lower - valence.all_higher) * seen[..., 1][usable] / total[usable]
        scatter.append(float(np.std(pixel_x)) if usable.mean() > _TRANSPARENT else float("nan"))
    deviation = float(np.sqrt(np.mean(np.square(differences))))
    return DetectionLimit(float(np.mean(scatter)), deviation, TIMES * deviation, thickness)
