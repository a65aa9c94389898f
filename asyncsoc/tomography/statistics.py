"""Statistics of a labelled volume: phases, surfaces, and a table of particles.

Areas are estimates by the Cauchy-Crofton formula in 13 directions,

    S = 4 sum_d w_d N_d / (lines per area across d),      w_d: share of the sphere nearest to direction d

N_d counts where lines along d leave the set. Face counting overestimates a smooth surface by a half, whatever the
resolution; this estimator's bias vanishes with resolution (spheres: within 0.6 % from R = 6 voxels on). Counts of voxel
faces stand beside under names that say so, as the biased quantity they are. Coverage is active / (active + inactive).
Source: Legland, Kieu, Devaux 2007, 10.5566/ias.v26.p83-92; Ohser and Schladitz 2009, 10.1002/9783527623136.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import SphericalVoronoi

from asyncsoc.base.data_frames import data_frame
from asyncsoc.base.display import Rows, Shown
from asyncsoc.base.errors import unknown_name
from asyncsoc.base.plain_data import plain
from asyncsoc.tomography.phases import ACTIVE_MATERIAL, ACTIVE_NAME, CBD, EXPOSED, OUTSIDE, PHASES, PORE
from asyncsoc.tomography.split import Particles
from asyncsoc.tomography.volume import CLASSES, LabelVolume, contact_notes
from asyncsoc.tomography.voxel_counts import connected_to_side, interface_counts, surface_counts

if TYPE_CHECKING:
    import pandas as pd


@lru_cache(maxsize=1)
def direction_shares() -> tuple[float, float, float]:
    """Return the share of the sphere nearest to one face, edge and corner direction of the 26 neighbours."""
    steps = [d for d in itertools.product((-1, 0, 1), repeat=3) if any(d)]
    directions = np.array(steps, float)
    kinds = np.abs(directions).sum(axis=1).astype(int)
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    shares = SphericalVoronoi(unit).calculate_areas() / (4 * np.pi)
    face, edge, corner = (float(shares[kinds == k].mean()) for k in (1, 2, 3))
    return face, edge, corner


@lru_cache(maxsize=1)
def _weights() -> tuple[float, float, float, float]:
    face, edge, corner = direction_shares()
    return 0.0, 4 * face, 4 * edge / np.sqrt(2.0), 4 * corner / np.sqrt(3.0)


def crossing_weights() -> NDArray[np.float64]:
    """Return the area [voxel^2] that one crossing stands for, at index 1 (face), 2 (edge), 3 (corner neighbour).

    One crossing is one voxel of the set whose neighbour in that direction is not in the set; both senses of each of
    the 13 directions are counted.
    """
    return np.array(_weights())


SMALLEST_SPOT = 4
"""Surface voxels a contact spot must have to be counted: fewer are noise of the segmentation."""
_ALL = np.ones((3, 3, 3), bool)


def contact_spots(volume: LabelVolume, particles: Particles) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the number of contact spots of each particle and the share of the largest one; row 0 is empty.

    A spot is a set of the particle's voxels with a face towards CBD that hang together through faces, edges or
    corners and count at least `SMALLEST_SPOT` voxels.
    """
    spots = np.zeros(particles.n + 1, np.int64)
    largest = np.zeros(particles.n + 1)
    for particle in range(1, particles.n + 1):
        box = particles.box(particle, margin=1)
        touched = (particles.ids[box] == particle) & ndimage.binary_dilation(volume.phases[box] == CBD)
        labels, n = ndimage.label(touched, _ALL)
        if n:
            sizes = np.bincount(labels.ravel())[1:]
            counted = sizes[sizes >= SMALLEST_SPOT]
            spots[particle] = len(counted)
            largest[particle] = sizes.max() / sizes.sum()
    return spots, largest


def neighbor_counts(particles: Particles) -> NDArray[np.int64]:
    """Return how many other particles touch each one through voxel faces; row 0 is 0."""
    pairs = []
    for axis in range(3):
        front = np.moveaxis(particles.ids, axis, 0)
        for start in range(0, len(front) - 1, 64):
            a = front[start : min(start + 64, len(front) - 1)]
            b = front[start + 1 : start + 1 + len(a)]
            differ = (a != b) & (a > 0) & (b > 0)
            pairs.append(np.unique(np.sort(np.stack([a[differ], b[differ]], axis=1), axis=1), axis=0))
    unique = np.unique(np.concatenate(pairs), axis=0)
    counts: NDArray[np.int64] = np.bincount(unique.ravel(), minlength=particles.n + 1).astype(np.int64)
    return counts


SIDES: dict[str, tuple[int, bool]] = {
    f"{name}-{end}": (axis, end == "high") for axis, name in enumerate("zyx") for end in ("low", "high")
}
"""Sides of the volume the separator may lie on."""
ESTIMATORS: dict[str, str] = {
    "crofton": "13 directions; area of spheres within 0.6 % from R = 6 voxels; active fraction "
    "0.2 to 1.7 points rms; contacts between particles 13 to 35 % too large, narrow necks up to 80 %; a single compact "
    "particle's sphericity up to 1.03 at 300 voxels, 1.015 at R = 6, 1.004 at R = 16 where it is 1",
    "voxel faces": "every exposed voxel face counted; area +50 % on any smooth surface at any resolution",
    "mesh": "facets of the particle meshes; area of spheres +0.8/+0.5/+0.3 % at R = 8/16/32 voxels; active fraction "
    "1.0/0.4/0.2 points rms; contacts between particles as crofton",
}
"""The estimators and their bias as measured on digitised spheres (docs/tomography.md)."""


@dataclass(frozen=True, eq=False, repr=False)
class TomographyStatistics(Shown):
    """Statistics of a volume.

    Attributes
    ----------
    summary
        Quantities of the whole volume; names carry units. JSON-able.
    table
        One array per column, one row per particle, in the order of the particle numbers.
    """

    summary: Mapping[str, Any]
    table: Mapping[str, NDArray[Any]]

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        count = len(next(iter(self.table.values()), ()))
        plainly = {name: value for name, value in self.summary.items() if not isinstance(value, Mapping)}
        return f"{count} particles", plainly.items(), ["to_dataframe() has a row for each particle"]

    def to_dataframe(self) -> pd.DataFrame:
        """Return the table of the particles as a pandas data frame: a row a particle, columns named with units.

        Raises
        ------
        EnvironmentProblem
            pandas is not installed.
        """
        return data_frame(self.table, index="particle")

    def to_json(self) -> dict[str, Any]:
        """Return summary and table as plain data; a quantity that does not exist (0/0) is None."""
        return {**self.summary, "particles": plain(self.table)}


def _ratio(part: Any, whole: Any) -> NDArray[np.float64]:
    """Return part / whole, NaN where whole is 0."""
    whole = np.asarray(whole, float)
    out: NDArray[np.float64] = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def volume_statistics(
    volume: LabelVolume, particles: Particles, separator: str | None = None, min_voxels: int = 300
) -> TomographyStatistics:
    """Return the statistics of a volume and its particles.

    Parameters
    ----------
    volume
        The labelled volume.
    particles
        Its particles.
    separator
        Side the separator lies on ("z-low", "z-high", ...): CBD that does not reach it is not connected.
    min_voxels
        Smallest particle that counts as resolved in the summary.

    Raises
    ------
    InputError
        An unknown side.
    """
    if separator is not None and separator not in SIDES:
        raise unknown_name("side", separator, SIDES, where="separator (--separator)")
    size = volume.voxel_size
    none = np.empty((0, 0, 0), np.uint8)
    flags = none if separator is None else connected_to_side(volume.phases, CBD, *SIDES[separator])
    area, faces, connected = surface_counts(
        particles.ids, volume.phases, flags, particles.n, ACTIVE_MATERIAL, crossing_weights()
    )
    table = _table(volume, particles, area[1:] * size**2, faces[1:])
    if separator is not None:
        table["CBD contact connected to separator"] = _ratio(connected[1:], faces[1:, 1])
    summary = _phases(volume)
    summary |= _surfaces(volume, area.sum(axis=0) * size**2, faces.sum(axis=0))
    if separator is not None:
        summary["CBD connected to separator"] = float(_ratio(int(flags.sum()), np.count_nonzero(volume.phases == CBD)))
        summary["separator side"] = separator
    summary |= _particle_summary(volume, particles, table, min_voxels)
    summary["contact measurable"] = volume.has_electrolyte
    if not volume.has_electrolyte:
        _leave_contact_empty(summary, table)
    summary["source"] = dict(volume.source)
    summary["notes"] = [*volume.notes, *contact_notes(volume)]
    return TomographyStatistics(plain(summary), table)


def _leave_contact_empty(summary: dict[str, Any], table: dict[str, NDArray[Any]]) -> None:
    """Empty what would read as "no contact" in a volume that cannot tell."""
    for name in ("coverage", "coverage by voxel faces"):
        table[name] = np.full(len(table[name]), np.nan)
    summary["active fraction of exposed surface"] = None
    summary["active fraction by estimator"] = dict.fromkeys(summary["active fraction by estimator"])
    summary["coverage percentiles"] = dict.fromkeys(summary["coverage percentiles"])


def _phases(volume: LabelVolume) -> dict[str, Any]:
    counts = np.zeros(4, np.int64)
    for layer in volume.phases:
        counts += np.bincount(layer.ravel(), minlength=4)
    imaged = counts[[PORE, CBD, ACTIVE_MATERIAL]].sum()
    order = ("pore", ACTIVE_NAME, "cbd")
    return {
        "voxel size [m]": volume.voxel_size,
        "shape (z, y, x)": list(volume.shape),
        "imaged volume [m3]": float(imaged * volume.voxel_size**3),
        "phase volumes [m3]": {p: float(counts[PHASES.index(p)] * volume.voxel_size**3) for p in order},
        "phase fractions": {p: float(counts[PHASES.index(p)] / imaged) for p in order},
        "voxels outside": int(counts[OUTSIDE]),
    }


def _surfaces(volume: LabelVolume, area: NDArray[np.float64], faces: NDArray[np.int64]) -> dict[str, Any]:
    """Return areas of the whole volume; particle contacts are counted once, not from both sides."""
    pairs, pair_faces = interface_counts(volume.phases, crossing_weights())
    size2 = volume.voxel_size**2
    inactive, active, contact, cut = area.tolist()
    exposed = active + inactive
    return {
        "areas [m2]": {
            "active": active,
            "inactive": inactive,
            EXPOSED: exposed,
            "particle-contact": contact / 2,
            "cut": cut,
            "cbd-pore": float(pairs[CBD, PORE] * size2),
        },
        "areas by voxel faces [m2]": {
            "active": float(faces[1] * size2),
            "inactive": float(faces[0] * size2),
            "particle-contact": float(faces[2] * size2 / 2),
            "cut": float(faces[3] * size2),
            "cbd-pore": float(pair_faces[CBD, PORE] * size2),
        },
        f"{EXPOSED} per imaged volume [1/m]": exposed / (volume.phases.size * volume.voxel_size**3),
        "active fraction of exposed surface": float(_ratio(active, exposed)),
        "active fraction by estimator": {
            "crofton": float(_ratio(active, exposed)),
            "voxel faces": float(_ratio(faces[1], faces[0] + faces[1])),
        },
        "estimators": dict(ESTIMATORS),
    }


def _table(
    volume: LabelVolume, particles: Particles, area: NDArray[np.float64], faces: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    size = volume.voxel_size
    voxels = particles.voxels[1:]
    volumes = voxels * size**3
    total = area.sum(axis=1)
    spots, largest = contact_spots(volume, particles)
    centroids = particles.centroids[1:, ::-1] * size + np.array(volume.origin)
    table: dict[str, NDArray[Any]] = {
        "particle": np.arange(1, particles.n + 1),
        "voxels": voxels,
        "volume [m3]": volumes,
        "equivalent diameter [m]": (6 * volumes / np.pi) ** (1 / 3),
        "surface [m2]": total,
        "sphericity": np.pi ** (1 / 3) * _ratio((6 * volumes) ** (2 / 3), total),
        "coverage": _ratio(area[:, 1], area[:, 0] + area[:, 1]),
        "coverage by voxel faces": _ratio(faces[:, 1], faces[:, 0] + faces[:, 1]),
    }
    for k, name in enumerate(CLASSES):
        table[f"{name} area [m2]"] = area[:, k]
    table["contact spots"] = spots[1:]
    table["largest spot's share"] = largest[1:]
    table["touching particles"] = neighbor_counts(particles)[1:]
    for k, axis in enumerate("xyz"):
        table[f"{axis} [m]"] = centroids[:, k]
    table["at edge"] = particles.at_edge()[1:] | (faces[:, 3] > 0)
    return table


def _particle_summary(
    volume: LabelVolume, particles: Particles, table: Mapping[str, NDArray[Any]], min_voxels: int
) -> dict[str, Any]:
    resolved = table["voxels"] >= min_voxels
    chosen = resolved & ~table["at edge"]
    diameters = table["equivalent diameter [m]"][chosen]
    coverage = table["coverage"][chosen]
    coverage = coverage[np.isfinite(coverage)]
    percentiles = (10, 50, 90)
    solid = max(int(table["voxels"].sum()), 1)
    return {
        "particle count": {
            "all": particles.n,
            "resolved": int(resolved.sum()),
            "resolved and interior": int(chosen.sum()),
            "least voxels": min_voxels,
        },
        f"share of {ACTIVE_NAME} in resolved interior particles": float(table["voxels"][chosen].sum() / solid),
        "equivalent diameter percentiles [m]": _percentiles(diameters, percentiles),
        "coverage percentiles": _percentiles(coverage, percentiles),
        "mean coordination": float(table["touching particles"][chosen].mean()) if chosen.any() else None,
        "smallest contact spot counted [voxels]": SMALLEST_SPOT,
        "split": dict(particles.settings),
    }


def _percentiles(values: NDArray[np.float64], at: tuple[int, ...]) -> dict[str, float | None]:
    if not len(values):
        return {str(p): None for p in at}
    return {str(p): float(v) for p, v in zip(at, np.percentile(values, at), strict=True)}


def component_volumes(volume: LabelVolume, phase: str) -> NDArray[np.float64]:
    """Return the volumes [m3] of the face-connected pieces of a phase, largest first (the index-volume curve).

    Raises
    ------
    InputError
        An unknown phase.
    """
    if phase not in PHASES:
        raise unknown_name("phase", phase, PHASES, where="component_volumes")
    labels, _ = ndimage.label(volume.phases == PHASES.index(phase))
    sizes = np.bincount(labels.ravel())[1:]
    return np.asarray(np.sort(sizes)[::-1] * volume.voxel_size**3, float)
