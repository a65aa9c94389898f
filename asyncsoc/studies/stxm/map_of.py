"""A map of a particle's redox ratio, as it is and as the microscope sees it, with four regions along it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.materials.valence import ValenceModel
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.stxm.cuts import contact_direction, view_of
from asyncsoc.studies.stxm.microscope import Microscope, stoichiometry_of
from asyncsoc.studies.stxm.projection import BeamView, LinesOfSight, Quantity

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

REGIONS = 4
THINNEST = 0.05
"""Share of the largest thickness below which a pixel is left out of the regions: the rim."""
ASSUMED = (
    "optical density, photons and spot of the microscope, and the place and thickness of the fragment, are assumed",
    "regions are strips of equal width across the image, the first at the contact: the paper's text says only that its "
    "ratio falls from region 1 to 4",
    "a measured ratio is one of L3 intensities, not a calibrated stoichiometry: allow 0.04 in x",
)


@dataclass(frozen=True, eq=False)
class StxmMap:
    """A map of the redox ratio.

    Attributes
    ----------
    name, time
        Case, and when [s].
    view
        What was looked at.
    valence
        Names the couple.
    thickness : (p, p), m
        Row 0 is the lowest of the image.
    columns : (p, p, 2), m
        Lower and higher state as they are.
    seen : (p, p, 2), m
        The same as the microscope sees them; NaN where no photon is counted.
    stoichiometry : (p, p)
        Thickness-weighted mean along the line; NaN where there is no particle.
    region : (p, p)
        1 to 4 from the contact on; 0 where none.
    microscope
        What it was seen with.
    voltage, mean_x
        Of the particle at that time [V, 1].
    notes
        What the map rests on.
    """

    name: str
    time: float
    view: BeamView
    valence: ValenceModel
    thickness: Array
    columns: Array
    seen: Array
    stoichiometry: Array
    region: Ints
    microscope: Microscope
    voltage: float
    mean_x: float
    notes: tuple[str, ...] = field(default=ASSUMED)

    @property
    def ratio(self) -> Array:
        """Higher over lower state in the columns as they are, (p, p); NaN where there is no particle.

        The mean of the local ratio, weighted with thickness and the share of the lower state.
        """
        return _ratio(self.columns, self.thickness > 0.0)

    @property
    def seen_ratio(self) -> Array:
        """The same as the microscope sees it, where the particle is thicker than `THINNEST` of the thickest."""
        return _ratio(self.seen, self.thickness > THINNEST * self.thickness.max())

    def regions(self, *, seen: bool = False) -> Array:
        """Return the ratio of each region, from its summed columns, (4,); NaN where a region is empty."""
        return region_ratios(self.seen if seen else self.columns, self.region)

    @property
    def opaque(self) -> float:
        """Share of the particle's pixels in which no photon is counted at one of the energies."""
        on = self.thickness > 0.0
        return float(np.isnan(self.seen[on]).any(axis=-1).mean()) if on.any() else 0.0

    def document(self) -> dict[str, Any]:
        """Return what `asyncsoc stxm --json` prints, without the map itself."""
        ratios, seen = self.regions(), self.regions(seen=True)
        return {
            "name": self.name,
            "time [s]": self.time,
            "voltage [V]": self.voltage,
            "mean stoichiometry": self.mean_x,
            "ratio": self.valence.ratio_name,
            "field of view [m]": self.view.field,
            "pixels": self.view.pixels,
            "thickness of the cut [m]": self.view.thickness,
            "regions": ratios,
            "regions as seen": seen,
            "stoichiometry of regions": stoichiometry_of(ratios, self.valence),
            "opaque share": self.opaque,
            "microscope": self.microscope.described(),
            "notes": list(self.notes),
        }


def _ratio(columns: Array, where: NDArray[np.bool_]) -> Array:
    low, high = columns[..., 0], columns[..., 1]
    usable = where & (low > 0.0)
    return np.where(usable, high / np.where(usable, low, 1.0), np.nan)


def region_ratios(columns: Array, region: Ints) -> Array:
    """Return higher over lower state of the summed columns of each region, (4,); pixels without photons left out."""
    usable = np.isfinite(columns).all(axis=-1)
    sums = np.array([columns[(region == k) & usable].sum(axis=0) for k in range(1, REGIONS + 1)])
    return np.where(sums[:, 0] > 0.0, sums[:, 1] / np.where(sums[:, 0] > 0.0, sums[:, 0], 1.0), np.nan)


def regions_of(thickness: Array, along: Array) -> Ints:
    """Return the region of every pixel, 1 to 4 in strips of equal width, 0 at the rim and off the particle.

    Parameters
    ----------
    thickness : (p, p)
        m.
    along : (p, p)
        Place along the direction away from the contact.
    """
    on = thickness > THINNEST * thickness.max()
    found = np.zeros(thickness.shape, dtype=np.int64)
    if on.any():
        low, high = float(along[on].min()), float(along[on].max())
        share = (along - low) / max(high - low, np.finfo(np.float64).tiny)
        found[on] = np.minimum((share[on] * REGIONS).astype(np.int64), REGIONS - 1) + 1
    return found


def states_of(valence: ValenceModel) -> Quantity:
    """Return the quantities of a map: share in the lower state, share in the higher one, stoichiometry."""
    return lambda x: np.stack((valence.lower_fraction(x), valence.higher_fraction(x), x), axis=-1)


def stxm_map(
    solution: Solution,
    time: float | None = None,
    *,
    view: BeamView | None = None,
    microscope: Microscope | None = None,
    lines: LinesOfSight | None = None,
) -> StxmMap:
    """Return the map of a particle at a time.

    Parameters
    ----------
    solution
        A run of one particle, `solution.particle(k)` of a group.
    time
        s; None: the end of the run. Fields are linear between snapshots (`output.fields_every`).
    view
        What is looked at; None: a fragment under the contact (`cuts.view_of`).
    microscope
        What it is seen with.
    lines
        Lines of sight of an earlier map with this mesh and view, which saves their computation.

    Raises
    ------
    InputError
        The cathode has no valence model, a time outside the run, nothing of the particle in view.
    """
    if solution.valence is None:
        raise InputError(
            "the cathode has no valence model, and so no ratio to map",
            where="material.name",
            value=solution.material,
            next_step="take a cathode whose set has one: asyncsoc params",
        )
    moment = float(solution.field_times[-1]) if time is None else time
    x = solution.stoichiometry_at(moment)
    looked = view or (lines.view if lines is not None else view_of(solution.mesh, solution.contact))
    lines = lines or LinesOfSight.through(solution.mesh, looked)
    columns = lines.columns(x, states_of(solution.valence))
    thickness = lines.thickness
    if not (thickness > 0.0).any():
        raise InputError("nothing of the particle is in view", where="view", next_step="move or widen the field")
    seen_with = microscope or Microscope()
    on = thickness > 0.0
    inward = -contact_direction(solution.mesh, solution.contact)
    time_row = int(np.searchsorted(solution.columns[names.TIME], moment, side="right")) - 1
    return StxmMap(
        name=solution.name,
        time=moment,
        view=looked,
        valence=solution.valence,
        thickness=thickness,
        columns=columns[..., :2],
        seen=seen_with.image(thickness, columns[..., :2], looked.pixel),
        stoichiometry=np.where(on, columns[..., 2] / np.where(on, thickness, 1.0), np.nan),
        region=regions_of(thickness, _along(looked, inward)),
        microscope=seen_with,
        voltage=float(solution.columns[names.VOLTAGE][time_row]),
        mean_x=float(solution.columns[names.MEAN_X][time_row]),
    )


def _along(view: BeamView, direction: ArrayLike) -> Array:
    """Return the place of each pixel along a direction in the image; up where it lies along the beam."""
    towards = np.asarray(direction)
    right, up = float(view.rightward @ towards), float(np.asarray(view.upward) @ towards)
    if np.hypot(right, up) < 1e-6:
        right, up = 0.0, 1.0
    across, above = np.meshgrid(view.axis, view.axis)
    return np.asarray(right * across + up * above)
