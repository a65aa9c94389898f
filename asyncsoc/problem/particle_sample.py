"""The particles that stand for an electrode: drawn from its laws, or taken from its table or tomogram."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri

from asyncsoc.base.errors import InputError
from asyncsoc.case.electrode import Electrode
from asyncsoc.case.electrode_laws import CoverageDistribution, RadiusDistribution
from asyncsoc.case.electrode_particles import ISOLATED, MeasuredParticles, ParticleTable
from asyncsoc.geometry.mesh import frozen
from asyncsoc.materials.capacity import theoretical_capacity
from asyncsoc.materials.types import Cathode
from asyncsoc.problem.measured_depths import depths
from asyncsoc.problem.sample_moments import ElectrodeMoments, SamplingErrors
from asyncsoc.problem.strata import beta_strata, class_sizes, lognormal_strata, paired, representatives, uniform

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

_RADII = (1e-9, 1e-3)
"""m; what a particle may have."""
_COVERAGE_STREAM, _RADIUS_STREAM, _RESISTANCE_STREAM = 0, 1, 2
_SAME_DENSITY = 1e-9
_SPHERE = 4.0 * math.pi


@dataclass(frozen=True, eq=False)
class ParticleSample:
    """Particles with how many of an electrode each stands for; arrays are read-only.

    Attributes
    ----------
    radius : (N,), m
        Of the sphere of the particle's volume.
    volume : (N,), m3
        Of one particle.
    active_area : (N,), m2
        Covered surface of one particle.
    coverage : (N,)
        In [0, 1]; a particle of coverage 0 carries no current.
    resistance : (N,), ohm
        Between one particle and the network of electrons; infinite where it is isolated.
    multiplicity : (N,), 1/m2
        Number of particles per area of the electrode that each stands for.
    coverage_stratum, radius_stratum : (N,)
        Which part of the law of the coverage and of the radius a particle stands for, from 0; in random draws its own
        number, of a table or set the group of rows it stands for.
    row : (N,) or (0,)
        Its row in the table or set, from 0.
    files : (N,) or ()
        Particle files of a tomogram, as the set's manifest names them.
    source
        Where the particles are from, in words.
    description_sha256
        Hash of the electrode that was described.
    density
        Of the active material [kg/m3].
    moments
        Of the sample.
    law_moments
        Of the laws it was drawn from, or of all particles of the table or set.
    depth : (N,) or (0,), m
        Of the centres of measured shapes below the side of the volume that faces the separator, where that is known.
    """

    radius: Array
    volume: Array
    active_area: Array
    coverage: Array
    resistance: Array
    multiplicity: Array
    coverage_stratum: Indices
    radius_stratum: Indices
    row: Indices
    files: tuple[str, ...]
    source: str
    description_sha256: str
    density: float
    moments: ElectrodeMoments
    law_moments: ElectrodeMoments
    depth: Array = field(default_factory=lambda: frozen((), np.float64))

    def __len__(self) -> int:
        return len(self.radius)

    @property
    def error(self) -> SamplingErrors:
        """What the sample gets wrong of its laws, or of the whole table or set."""
        law, found = self.law_moments, self.moments
        return SamplingErrors(
            found.mean_coverage - law.mean_coverage,
            found.coverage_std - law.coverage_std,
            found.specific_active_area / law.specific_active_area - 1.0,
            found.mean_radius / law.mean_radius - 1.0,
            found.active_mass / law.active_mass - 1.0,
        )

    def fully_covered(self) -> ParticleSample:
        """Return the same particles, each covered all over; those without contact too."""
        ones, surface = np.ones(len(self)), _SPHERE * self.radius**2
        covered = _Listed(self.radius, self.volume, surface, ones, self.resistance)
        moments = _moments(covered, self.multiplicity, self.density)
        return replace(
            self, coverage=frozen(ones, np.float64), active_area=frozen(surface, np.float64), moments=moments
        )

    def theoretical_capacity(self, cathode: Cathode) -> float:
        """Return the sum of n_j times the particles' theoretical capacities [C/m2]: 1 C is this charge per hour.

        Parameters
        ----------
        cathode
            The one whose density the sample was drawn with.

        Raises
        ------
        InputError
            A cathode of another density.
        """
        if abs(cathode.density / self.density - 1.0) > _SAME_DENSITY:
            raise InputError(
                f"the sample was drawn for a material of another density than {cathode.name}",
                where="active_density",
                value=self.density,
                allowed=f"{cathode.density:.9g} kg/m3",
            )
        capacities = [theoretical_capacity(cathode, volume) for volume in self.volume.tolist()]
        return math.fsum(n * capacity for n, capacity in zip(self.multiplicity.tolist(), capacities, strict=True))


@dataclass(frozen=True, eq=False)
class _Listed:
    """Particles, before it is known how many of the electrode each stands for: arrays (n,) as of `ParticleSample`."""

    radius: Array
    volume: Array
    active_area: Array
    coverage: Array
    resistivity: Array
    files: tuple[str, ...] = ()

    def take(self, rows: Indices) -> _Listed:
        """Return the particles of these rows."""
        files = tuple(self.files[row] for row in rows.tolist()) if self.files else ()
        area, coverage, resistivity = self.active_area[rows], self.coverage[rows], self.resistivity[rows]
        return _Listed(self.radius[rows], self.volume[rows], area, coverage, resistivity, files)


def draw_particles(electrode: Electrode, active_density: float) -> ParticleSample:
    """Return the particles that stand for an electrode; the same for the same description and density.

    Parts ("strata") of a law have equal mass. A part's coverage is the mean over it and its radius the harmonic mean,
    so that mean coverage and specific surface are those of the laws. Two classes of coverage are combined with all
    parts of the radius; a beta law of the coverage and a lognormal law of the radius are paired as a Latin hypercube.
    Of a table or set all particles are taken, or as many as are asked for, each for a group (`representatives`).
    Each particle stands for so many that sum n_j V_j rho is the electrode's active mass per area.

    Parameters
    ----------
    electrode
        The description.
    active_density
        Of the active material [kg/m3]; `Cathode.density`.

    Raises
    ------
    InputError
        A density that is not positive, radii of a law that no particle can have, a particle set that is not there.
    """
    mass = electrode.active_mass(active_density)
    if electrode.split_by_isolation:
        return _with_isolated(electrode, active_density)
    if electrode.table is not None:
        return _of_table(electrode, electrode.table, active_density, mass)
    if electrode.set is not None:
        return _of_set(electrode, electrode.set, active_density, mass)
    coverage, radius = electrode.coverage, electrode.radius_law
    if coverage is None:
        raise InputError("an electrode needs the coverage of its particles", where="electrode.coverage")
    draw = _random if electrode.sampling == "random" else _strata
    values, radii, share, strata = draw(coverage, radius, electrode.count, electrode.seed)
    outside = (radii < _RADII[0]) | (radii > _RADII[1])
    if outside.any():
        raise InputError(
            "the law of the radii is too wide: it has particles of impossible sizes",
            where="electrode.radius",
            value=f"{float(radii[np.argmax(outside)]):.3g} m",
            allowed=f"{_RADII[0]:g} to {_RADII[1]:g} m",
            next_step="lower sigma, or check the unit of the median",
        )
    mean, std = coverage.moments
    law = ElectrodeMoments(mean, std, mean * radius.specific_surface, radius.mean_by_number, mass)
    kind = f"{len(radii)} particles" if electrode.sampling == "strata" else f"{len(radii)} random draws"
    source = f"{kind}: coverage {coverage.text}; radius {radius.text}; seed {electrode.seed}"
    spheres = _Listed(
        radii, _SPHERE / 3.0 * radii**3, values * _SPHERE * radii**2, values, _resistivity(electrode, len(radii))
    )
    return _sample(electrode, active_density, mass * share, spheres, strata, source, law=law)


def _with_isolated(electrode: Electrode, density: float) -> ParticleSample:
    """Return a sample of isolated particles and one of the others, each of the same laws, as one."""
    law = electrode.contact_resistance
    if law is None or law.share_isolated is None:
        return draw_particles(electrode, density)
    n, classes = electrode.count, electrode.coverage is not None and electrode.coverage.law == "classes"
    least = 2 if classes else 1
    isolated = min(max(round(law.share_isolated * n), least), n - least)
    shares = (1.0 - law.share_isolated, law.share_isolated)
    same = law.model_copy(update={"law": "fixed", "share_isolated": None})
    parts = [
        draw_particles(electrode.model_copy(update={"particles": size, "contact_resistance": same}), density)
        for size in (n - isolated, isolated)
    ]

    def together(name: str) -> Any:
        return np.concatenate([getattr(one, name) for one in parts])

    radius, volume, area, coverage = (together(name) for name in ("radius", "volume", "active_area", "coverage"))
    many = np.concatenate([share * one.multiplicity for share, one in zip(shares, parts, strict=True)])
    ohms = together("resistance")
    ohms[n - isolated :] = math.inf
    return replace(
        parts[0],
        radius=frozen(radius, np.float64),
        volume=frozen(volume, np.float64),
        active_area=frozen(area, np.float64),
        coverage=frozen(coverage, np.float64),
        resistance=frozen(ohms, np.float64),
        multiplicity=frozen(many, np.float64),
        coverage_stratum=frozen(together("coverage_stratum"), np.int64),
        radius_stratum=frozen(together("radius_stratum"), np.int64),
        row=frozen(together("row"), np.int64),
        files=tuple(file for one in parts for file in one.files),
        source=f"{parts[0].source}; and {isolated} for an isolated share of {law.share_isolated:g}",
        description_sha256=electrode.hash,
        moments=_moments(_Listed(radius, volume, area, coverage, ohms), many, density),
    )


def _resistivity(electrode: Electrode, n: int) -> Array:
    """Return the contact resistance [ohm m2] of `n` particles whose electrode has one law for it."""
    law = electrode.contact_resistance
    found = np.full(n, 0.0 if law is None else law.value)
    if law is not None and law.share_isolated is not None and electrode.sampling == "random":
        found[uniform(electrode.seed, _RESISTANCE_STREAM, n) < law.share_isolated] = math.inf
    return found


def _strata(
    coverage: CoverageDistribution, radius: RadiusDistribution, n: int, seed: int
) -> tuple[Array, Array, Array, tuple[Indices, Indices]]:
    """Return coverages, radii, shares of the mass and strata of a stratified sample."""
    median, s = radius.median_by("volume"), radius.log_sigma
    part = np.arange(n)
    if coverage.law == "classes":
        share_poor = float(coverage.share_poor or 0.0)
        sizes = class_sizes(share_poor, n)
        kind = np.repeat([0, 1], sizes)
        values = np.array([float(coverage.poor or 0.0), float(coverage.good or 0.0)])[kind]
        radii = np.concatenate([lognormal_strata(median, s, size) for size in sizes])
        share = np.array([share_poor / sizes[0], (1.0 - share_poor) / sizes[1]])[kind]
        return values, radii, share, (kind, np.concatenate([np.arange(size) for size in sizes]))
    share, radii = np.full(n, 1.0 / n), lognormal_strata(median, s, n)
    if coverage.law == "fixed":
        return np.full(n, float(coverage.value or 0.0)), radii, share, (np.zeros(n, np.int64), part)
    values = beta_strata(*coverage.shape, n)
    if s == 0.0:
        return values, radii, share, (part, np.zeros(n, np.int64))
    order = paired(seed, values, 1.0 / radii)
    return values, radii[order], share, (part, order)


def _random(
    coverage: CoverageDistribution, radius: RadiusDistribution, n: int, seed: int
) -> tuple[Array, Array, Array, tuple[Indices, Indices]]:
    """Return coverages, radii, shares of the mass and numbers of independent draws of equal mass."""
    chance, part = uniform(seed, _COVERAGE_STREAM, n), np.arange(n)
    if coverage.law == "beta":
        values = np.asarray(betaincinv(*coverage.shape, chance))
    elif coverage.law == "classes":
        values = np.where(
            chance < float(coverage.share_poor or 0.0), float(coverage.poor or 0.0), float(coverage.good or 0.0)
        )
    else:
        values = np.full(n, float(coverage.value or 0.0))
    normal = ndtri(uniform(seed, _RADIUS_STREAM, n))
    radii = radius.median_by("volume") * np.exp(radius.log_sigma * normal)
    return values, radii, np.full(n, 1.0 / n), (part, part)


def _of_table(electrode: Electrode, table: ParticleTable, density: float, mass: float) -> ParticleSample:
    radius, coverage = np.array(table.radius), np.array(table.coverage)
    count = np.array(table.multiplicity) if table.multiplicity else np.ones(len(radius))
    given = [math.inf if one == ISOLATED else float(one) for one in table.contact_resistance]
    ohms = np.array(given) if given else _resistivity(electrode, len(radius))
    listed = _Listed(radius, _SPHERE / 3.0 * radius**3, coverage * _SPHERE * radius**2, coverage, ohms)
    name = f"table {table.source or ''}".strip()
    return _of_list(electrode, density, _shares(count * listed.volume) * mass, listed, name)


def _of_set(electrode: Electrode, measured: MeasuredParticles, density: float, mass: float) -> ParticleSample:
    """Return the particles of a tomogram, each as often as it is in the volume: once."""
    rows = measured.load().rows
    volume = np.array([float(row["volume [m3]"]) for row in rows])
    # A particle that other particles enclose has no exposed surface: it is covered by nothing.
    coverage = np.array([float(row.get("coverage") or 0.0) for row in rows])
    active = np.array([float(row.get("active area [m2]") or 0.0) for row in rows])
    files = tuple(str(row["file"]) for row in rows)
    ohms = _resistivity(electrode, len(volume))
    listed = _Listed(np.cbrt(3.0 * volume / _SPHERE), volume, active, coverage, ohms, files)
    name = f"tomogram, manifest {str(measured.sha256)[:12]}"
    found = _of_list(electrode, density, _shares(volume) * mass, listed, name)
    if not measured.measured:
        return found
    depth = () if measured.separator_side is None else depths(measured.load(), measured.separator_side)
    return replace(found, depth=frozen(depth, np.float64), source=f"{found.source}, on their own meshes")


def _of_list(electrode: Electrode, density: float, mass: Array, listed: _Listed, name: str) -> ParticleSample:
    """Return all particles of a list, or those that stand for it; `mass` [kg/m2] is that of all like each of them."""
    n, rows = electrode.count, len(mass)
    whole = _moments(listed, mass / (density * listed.volume), density)
    if n == rows:
        taken, strata, share = np.arange(rows), np.arange(rows), mass
    else:
        taken, strata, share = representatives(listed.coverage, listed.radius, mass, n)
    if not listed.coverage[taken].any():
        raise InputError(
            "no particle of the sample is covered: it carries no current",
            where="electrode.particles",
            value=n,
            allowed=f"at most {rows}",
            next_step="take more particles, or all",
        )
    source = f"{n} of {rows} particles of the {name}" if n < rows else f"{rows} particles of the {name}"
    return _sample(electrode, density, share, listed.take(taken), (strata, strata), source, law=whole, row=taken)


def _shares(weight: Array) -> Array:
    return np.asarray(weight / math.fsum(weight))


def _moments(particles: _Listed, multiplicity: Array, density: float) -> ElectrodeMoments:
    volume = multiplicity * particles.volume
    whole = math.fsum(volume)
    mean = math.fsum(volume * particles.coverage) / whole
    return ElectrodeMoments(
        mean,
        math.sqrt(math.fsum(volume * (particles.coverage - mean) ** 2) / whole),
        math.fsum(multiplicity * particles.active_area) / whole,
        math.fsum(multiplicity * particles.radius) / math.fsum(multiplicity),
        whole * density,
    )


def _sample(
    electrode: Electrode,
    density: float,
    mass: Array,
    particles: _Listed,
    strata: tuple[Indices, Indices],
    source: str,
    *,
    law: ElectrodeMoments,
    row: Indices | None = None,
) -> ParticleSample:
    """Return particles of which each stands for `mass` [kg/m2] of the electrode."""
    multiplicity = mass / (density * particles.volume)
    return ParticleSample(
        radius=frozen(particles.radius, np.float64),
        volume=frozen(particles.volume, np.float64),
        active_area=frozen(particles.active_area, np.float64),
        coverage=frozen(particles.coverage, np.float64),
        resistance=frozen(particles.resistivity / (_SPHERE * particles.radius**2), np.float64),
        multiplicity=frozen(multiplicity, np.float64),
        coverage_stratum=frozen(strata[0], np.int64),
        radius_stratum=frozen(strata[1], np.int64),
        row=frozen(() if row is None else row, np.int64),
        files=particles.files,
        source=source,
        description_sha256=electrode.hash,
        density=density,
        moments=_moments(particles, multiplicity, density),
        law_moments=law,
    )
