"""What a segmentation leaves open: coverage, asynchrony and risk of particles as bands, and where these come from."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.display import Rows, Shown
from asyncsoc.base.errors import InputError
from asyncsoc.base.hashing import file_sha256
from asyncsoc.case.case import Case
from asyncsoc.geometry.labels import CLASS_ARRAY, FACET_CLASSES, with_classes
from asyncsoc.geometry.particle_files import write_particle
from asyncsoc.studies.particle_sets import charge as quantities
from asyncsoc.studies.particle_sets.charge import charge_set
from asyncsoc.tomography.mesher import MeshSettings
from asyncsoc.tomography.meshing import chosen_particles, mesh_particles
from asyncsoc.tomography.particle_set import ParticleSet, write_set
from asyncsoc.tomography.perturbed import Match, match_particles, perturbed_volume
from asyncsoc.tomography.split import DEFAULT_DEPTH, Particles, split_particles
from asyncsoc.tomography.statistics import volume_statistics
from asyncsoc.tomography.volume import LabelVolume

Progress = Callable[[int, int, str], None]

SOURCES: Final = ("boundary", "split", "estimator")
TOGETHER: Final = "all"
ESTIMATORS: Final = {"mesh": "", "crofton": "coverage", "voxel faces": "coverage by voxel faces"}
"""Estimators of the contact area, and the columns of a volume's statistics that have them."""
SHIFT: Final = 0.5
"""Standard deviation of the shift of a boundary [voxel]."""
CORRELATION: Final = 4.0
"""Over which it is smooth [voxel]."""
SPLIT_RANGE: Final = 2.0
"""The split depth is drawn between its value over this and times this, evenly in its logarithm."""
FOLLOWED: Final = (
    quantities.COVERAGE,
    quantities.LARGEST_LEAD,
    quantities.FINAL_SOC,
    quantities.RISK_MEAN,
    quantities.RISK_MAX,
    quantities.DOSE,
)
"""Quantities of which bands are made, as far as a run has them."""
MOST: Final = 1000
"""Draws from each source."""


@dataclass(frozen=True, eq=False)
class _Draw:
    """One way in which the segmentation may be: its source, volume, split depth and estimator."""

    source: str
    volume: LabelVolume
    depth: float
    estimator: str = "mesh"


@dataclass(frozen=True, eq=False, repr=False)
class UncertainSet(Shown):
    """Bands of a set of particles.

    Attributes
    ----------
    header
        What was varied, how often and from which seed; shares of the sources over all particles.
    rows
        One mapping per particle: `particle`, and for each quantity the baseline, the 5, 50 and 95 % percentile over the
        draws that vary all sources, the root mean square change by each source alone, and the share of each source in
        the sum of mean squares; how often it was the same, split, merged or lost.
    """

    header: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    @property
    def followed(self) -> tuple[str, ...]:
        """Quantities that have bands."""
        return tuple(name for name in FOLLOWED if any(f"{name}, baseline" in row for row in self.rows))

    def column(self, name: str) -> NDArray[np.float64]:
        """Return a quantity of all particles, NaN where a particle has none."""
        return np.array([np.nan if row.get(name) is None else float(row[name]) for row in self.rows])

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        plain = [(name, value) for name, value in self.header.items() if isinstance(value, str | int | float)]
        return f"{len(self.rows)} particles", plain, []


def charge_uncertainty(
    volume: LabelVolume,
    template: Case,
    replicates: int,
    *,
    seed: int = 0,
    only: Sequence[int] | None = None,
    split_depth: float = DEFAULT_DEPTH,
    settings: MeshSettings | None = None,
    shift: float = SHIFT,
    correlation: float = CORRELATION,
    workers: int = 1,
    progress: Progress | None = None,
) -> UncertainSet:
    """Charge particles of a volume as its segmentation may be, and return bands of their outcomes.

    Three sources are varied, each alone and then all together: the boundaries of the phases (`perturbed_volume`), the
    depth of the split, and the estimator of the contact area. A particle that another draw splits, merges or loses is
    not compared there; how often that happened is stated. A particle whose voxels are the same is not charged again.

    Parameters
    ----------
    volume
        The labelled volume.
    template
        Everything but particle and contact.
    replicates
        Draws of boundary and split, and of all sources together.
    seed
        Of the random numbers: equal arguments give equal bands.
    only
        Numbers of the particles; all resolved ones within the volume where None.
    split_depth
        Baseline of the split depth [voxel].
    settings
        How to mesh.
    shift, correlation
        As of `perturbed_volume` [voxel].
    workers
        Processes. From a script, call this under ``if __name__ == "__main__":`` where more than 1.
    progress
        Called with draws done, draws in all, and which is next.

    Raises
    ------
    InputError
        A number of draws out of range, a particle that does not exist, no electrolyte in the volume.
    """
    if not 2 <= replicates <= MOST:
        raise InputError(
            "bands need several draws", where="replicates (--uncertainty)", value=replicates, allowed=f"2 to {MOST}"
        )
    if seed < 0:
        raise InputError("out of range", where="seed (--seed)", value=seed, allowed="at least 0")
    settings = settings or MeshSettings()
    baseline = split_particles(volume, split_depth)
    numbers = _numbers(baseline, settings, only)
    draws = _draws(replicates, volume, split_depth, seed, shift, correlation)
    total, depths = 3 * replicates + len(ESTIMATORS), []
    tables: dict[str, list[dict[int, Mapping[str, Any]]]] = {}
    fates = {
        number: dict.fromkeys(("same", "split", "merged", "lost", "not resolved", "failed"), 0) for number in numbers
    }
    first: dict[int, Mapping[str, Any]] = {}
    for done, draw in enumerate(draws):
        if progress is not None:
            progress(done, total, f"charging, {draw.source}")
        after = baseline if draw.source in ("baseline", "estimator") else split_particles(draw.volume, draw.depth)
        matches = match_particles(baseline, after, numbers)
        same = first if draw.volume is volume and draw.estimator == "mesh" else {}
        rows = _charged(draw, after, matches, template, settings, workers, fates, same)
        if draw.source == "baseline":
            first = rows
            fates = {number: dict.fromkeys(fates[number], 0) for number in numbers}
        tables.setdefault(draw.source, []).append(rows)
        depths += [draw.depth] if draw.source == "split" else []
    rows_found = [_bands(number, first[number], tables, fates[number]) for number in numbers if number in first]
    header = {
        "case": template.to_dict(),
        "case name": template.name,
        "source": dict(volume.source),
        "draws": replicates,
        "seed": seed,
        "shift [voxel]": shift,
        "correlation [voxel]": correlation,
        "split depth [voxel]": split_depth,
        "split depths drawn [voxel]": depths,
        "estimators": list(ESTIMATORS),
        "particles asked for": len(numbers),
        "failed": [number for number in numbers if number not in first],
    }
    uncertain = UncertainSet(header, rows_found)
    return replace(uncertain, header={**header, "shares of the sources": _shares_of_all(uncertain)})


def _numbers(baseline: Particles, settings: MeshSettings, only: Sequence[int] | None) -> list[int]:
    """Return the particles to follow."""
    known = chosen_particles(baseline, settings)[0].tolist()
    unknown = sorted(set(only or ()) - set(known))
    if unknown or not known:
        raise InputError(
            "a particle is not resolved within the volume" if unknown else "no particle is resolved within the volume",
            where="only (--only)",
            value=unknown[:10] or None,
            allowed=f"{len(known)} numbers of asyncsoc tomo stats",
        )
    return known if only is None else sorted(set(only))


def _draws(
    count: int, volume: LabelVolume, depth: float, seed: int, shift: float, correlation: float
) -> Iterator[_Draw]:
    """Yield the baseline, then each source alone, then all together; volumes are made when their turn comes."""

    def moved(rng: np.random.Generator) -> LabelVolume:
        return perturbed_volume(volume, shift, correlation, rng)

    def deep(rng: np.random.Generator) -> float:
        return float(depth * SPLIT_RANGE ** rng.uniform(-1.0, 1.0))

    def random(source: str, k: int) -> np.random.Generator:
        return np.random.default_rng([seed, (*SOURCES, TOGETHER).index(source), k])

    yield _Draw("baseline", volume, depth)
    for name in list(ESTIMATORS)[1:]:
        yield _Draw("estimator", volume, depth, name)
    for k in range(count):
        yield _Draw("split", volume, deep(random("split", k)))
    for k in range(count):
        yield _Draw("boundary", moved(random("boundary", k)), depth)
    for k in range(count):
        rng = random(TOGETHER, k)
        estimator = list(ESTIMATORS)[int(rng.integers(len(ESTIMATORS)))]
        yield _Draw(TOGETHER, moved(rng), deep(rng), estimator)


def _charged(
    draw: _Draw,
    after: Particles,
    matches: Sequence[Match],
    template: Case,
    settings: MeshSettings,
    workers: int,
    fates: Mapping[int, dict[str, int]],
    same: Mapping[int, Mapping[str, Any]],
) -> dict[int, Mapping[str, Any]]:
    """Return outcomes of particles that a draw has too, by their numbers in the baseline; count what became of all."""
    rows: dict[int, Mapping[str, Any]] = {}
    resolved = set(chosen_particles(after, settings)[0].tolist())
    wanted: dict[int, int] = {}
    for match in matches:
        fate: str = match.fate
        if fate == "same" and match.other not in resolved:
            fate = "not resolved"
        fates[match.particle][fate] += 1
        if fate != "same":
            continue
        if match.unchanged and match.particle in same:
            rows[match.particle] = same[match.particle]
        else:
            wanted[match.other] = match.particle
    if wanted:
        with tempfile.TemporaryDirectory() as folder:
            made = mesh_particles(draw.volume, after, settings, folder=folder, workers=workers, only=sorted(wanted))
            made = _estimated(made, draw, after)
            charged = charge_set(made, template, workers=workers, spheres=False) if made.rows else None
        for row in () if charged is None else charged.rows:
            rows[wanted[int(row["particle"])]] = row
        for failed in sorted(set(wanted.values()) - set(rows)):
            fates[failed]["same"] -= 1
            fates[failed]["failed"] += 1
    return rows


def _estimated(made: ParticleSet, draw: _Draw, particles: Particles) -> ParticleSet:
    """Return the set with the contact areas of a draw's estimator: files are written again where it is another one."""
    if draw.estimator == "mesh":
        return made
    table = volume_statistics(draw.volume, particles).table[ESTIMATORS[draw.estimator]]
    rows = []
    for k, row in enumerate(made.rows):
        wanted, given = float(table[int(row["particle"]) - 1]), float(row["coverage"])
        mesh = made.load(k)
        active, inactive = np.array(mesh.weight("active")), np.array(mesh.weight("inactive"))
        if not np.isfinite(wanted) or not 0.0 < given < 1.0:
            rows.append(row)
            continue
        exposed = active + inactive
        active = active * (wanted / given) if wanted <= given else exposed - inactive * ((1.0 - wanted) / (1.0 - given))
        file = made.folder / str(row["file"])
        weights = np.stack([mesh.weight(name) for name in FACET_CLASSES], axis=1)
        weights[:, FACET_CLASSES.index("active")] = active
        weights[:, FACET_CLASSES.index("inactive")] = exposed - active
        write_particle(with_classes(mesh, mesh.labels.tags[CLASS_ARRAY], weights, mesh.record), file)
        rows.append({**row, "coverage": wanted, "sha256": file_sha256(Path(file))})
    found = replace(made, rows=rows)
    write_set(found)
    return found


def _bands(
    number: int,
    first: Mapping[str, Any],
    tables: Mapping[str, Sequence[Mapping[int, Mapping[str, Any]]]],
    fates: Mapping[str, int],
) -> dict[str, Any]:
    """Return the bands of one particle."""
    row: dict[str, Any] = {"particle": number, quantities.DIAMETER: first[quantities.DIAMETER]}
    for name in FOLLOWED:
        if first.get(name) is None:
            continue
        baseline = float(first[name])
        squares: dict[str, float | None] = {}
        row[f"{name}, baseline"] = baseline
        drawn = {source: _values(tables.get(source, ()), number, name) for source in (*SOURCES, TOGETHER)}
        for at in (5, 50, 95):
            values = drawn[TOGETHER]
            row[f"{name}, {at} %"] = float(np.percentile(values, at)) if len(values) else None
        for source in (*SOURCES, TOGETHER):
            change = drawn[source] - baseline
            # Of the estimators the baseline is one: it changes nothing.
            count = len(change) + (source == "estimator" and len(change) > 0)
            squares[source] = float((change**2).sum() / count) if count else None
            square = squares[source]
            row[f"{name}, change by {source}"] = None if square is None else math.sqrt(square)
        whole = sum(squares[source] or 0.0 for source in SOURCES)
        for source in SOURCES:
            known = squares[source] is not None and whole > 0.0
            row[f"{name}, share of {source}"] = (squares[source] or 0.0) / whole if known else None
    return row | {f"draws: {fate}": count for fate, count in fates.items()}


def _values(tables: Sequence[Mapping[int, Mapping[str, Any]]], number: int, name: str) -> NDArray[np.float64]:
    found = [table[number].get(name) for table in tables if number in table]
    return np.array([float(value) for value in found if value is not None])


def _shares_of_all(uncertain: UncertainSet) -> dict[str, dict[str, float | None]]:
    """Return the share of each source in the mean square change of each quantity, summed over the particles."""
    found: dict[str, dict[str, float | None]] = {}
    for name in uncertain.followed:
        squares = {s: float(np.nansum(uncertain.column(f"{name}, change by {s}") ** 2)) for s in SOURCES}
        whole = sum(squares.values())
        found[name] = {source: square / whole if whole > 0.0 else None for source, square in squares.items()}
    return found
