"""Mesh all particles of a volume: choice, worker processes, files, manifest."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.hashing import file_sha256
from asyncsoc.base.workers import run_tasks
from asyncsoc.geometry.particle_files import write_particle
from asyncsoc.geometry.particle_format import SUFFIXES
from asyncsoc.tomography.crops import ParticleCrop, crop_particle
from asyncsoc.tomography.mesher import NO_REPAIR, MeshSettings, mesh_particle
from asyncsoc.tomography.particle_set import ParticleSet, write_set
from asyncsoc.tomography.phases import PHASE_FRACTIONS, SHARE_MESHED
from asyncsoc.tomography.split import Particles
from asyncsoc.tomography.volume import CLASSES, LabelVolume, contact_notes, phase_fractions

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class _Task:
    crop: ParticleCrop
    settings: MeshSettings
    file: Path | None


def _work(task: _Task) -> dict[str, Any]:
    """Mesh one particle, write its file and return its row; runs in a worker process."""
    particle = mesh_particle(task.crop, task.settings)
    row = dict(particle.record)
    if task.file is not None:
        write_particle(particle, task.file)
        row |= {"file": task.file.name, "sha256": file_sha256(task.file)}
    return row


def chosen_particles(particles: Particles, settings: MeshSettings) -> tuple[NDArray[np.int64], dict[str, int]]:
    """Return the numbers of the particles to mesh, and how many are left out for which reason."""
    large = particles.voxels >= settings.min_voxels
    large[0] = False
    whole = ~particles.at_edge() if settings.interior_only else np.ones_like(large)
    skipped = {
        f"smaller than {settings.min_voxels} voxels": particles.n - int(large.sum()),
        "cut by the end of the volume": int((large & ~whole).sum()),
    }
    return np.flatnonzero(large & whole), skipped


def mesh_particles(
    volume: LabelVolume,
    particles: Particles,
    settings: MeshSettings | None = None,
    *,
    folder: str | Path | None = None,
    suffix: str = ".vtu",
    workers: int = 1,
    only: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> ParticleSet:
    """Mesh the particles of a volume and return the set of them, with what failed and why.

    Parameters
    ----------
    volume, particles
        The volume and its particles.
    settings
        How to mesh.
    folder
        Where to write one file per particle and the manifest; made if needed. None: nothing is written, and the
        set's rows hold the figures alone.
    suffix
        ".vtu" or ".vtkhdf".
    workers
        Processes (spawned). From a script, call this under ``if __name__ == "__main__":`` where more than 1.
    only
        Numbers of the particles to mesh; all that `settings` admit where None.
    progress
        Called with particles done and particles in all.

    Raises
    ------
    InputError
        An unknown ending, a folder that is a file, a particle that does not exist, nothing left to mesh.
    """
    settings = settings or MeshSettings()
    if suffix not in SUFFIXES:
        raise InputError(
            "unknown kind of particle file", where="suffix (--format)", value=suffix, allowed=" or ".join(SUFFIXES)
        )
    place = _folder(folder)
    numbers, skipped = chosen_particles(particles, settings)
    if only is not None:
        numbers = _asked(only, particles)
    if not len(numbers):
        raise InputError(
            "no particle is left to mesh", where="mesh settings", value=skipped,
            next_step="lower --min-voxels or admit particles at the edge",
        )  # fmt: skip
    start = time.perf_counter()
    rows: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    complete = False
    try:
        tasks = _tasks(volume, particles, numbers, settings, place, suffix)
        with closing(run_tasks(_work, tasks, workers)) as outcomes:
            for done, outcome in enumerate(outcomes, start=1):
                if outcome.value is None:
                    voxels = int(particles.voxels[outcome.key])
                    row = {"particle": outcome.key, "voxels": voxels, "reason": outcome.failure}
                    failed.append(row if outcome.trace is None else row | {"traceback": outcome.trace})
                else:
                    rows.append(outcome.value)
                if progress is not None:
                    progress(done, len(numbers))
        complete = True
    finally:
        # An interrupted run leaves a manifest of what is there, marked as incomplete.
        rows.sort(key=lambda r: r["particle"])
        failed.sort(key=lambda r: r["particle"])
        header = _header(volume, particles, settings, skipped, rows, time.perf_counter() - start, complete)
        result = ParticleSet(place or Path(), header, rows, failed)
        if place is not None:
            write_set(result)
    return result


def _folder(folder: str | Path | None) -> Path | None:
    if folder is None:
        return None
    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise InputError("the output folder is a file", where=str(place), next_step="name a folder")
    place.mkdir(parents=True, exist_ok=True)
    return place


def _asked(only: Sequence[int], particles: Particles) -> NDArray[np.int64]:
    numbers = np.unique(np.asarray(only, np.int64))
    if not len(numbers) or numbers[0] < 1 or numbers[-1] > particles.n:
        raise InputError(
            "a particle does not exist", where="only", value=list(only)[:10], allowed=f"1 to {particles.n}"
        )
    return numbers


def _tasks(
    volume: LabelVolume, particles: Particles, numbers: NDArray[np.int64], settings: MeshSettings, folder: Path | None,
    suffix: str,
) -> Iterator[tuple[int, _Task]]:  # fmt: skip
    for number in numbers.tolist():
        file = None if folder is None else folder / f"particle-{number:05d}{suffix}"
        yield number, _Task(crop_particle(volume, particles, number), settings, file)


def _header(
    volume: LabelVolume, particles: Particles, settings: MeshSettings, skipped: dict[str, int],
    rows: list[dict[str, Any]], seconds: float, complete: bool,
) -> dict[str, Any]:  # fmt: skip
    areas = {name: float(sum(r[f"{name} area [m2]"] for r in rows)) for name in CLASSES}
    exposed = areas["active"] + areas["inactive"]
    solid = int(particles.voxels.sum())
    repaired = [r for r in rows if r["repair"] != NO_REPAIR]
    return {
        "complete": complete,
        "source": dict(volume.source),
        "notes": [*volume.notes, *contact_notes(volume)],
        "contact measurable": volume.has_electrolyte,
        "voxel size [m]": volume.voxel_size,
        "shape (z, y, x)": list(volume.shape),
        PHASE_FRACTIONS: phase_fractions(volume),
        "split": dict(particles.settings),
        "mesh settings": asdict(settings),
        "particles in the volume": particles.n,
        "skipped": skipped,
        SHARE_MESHED: sum(r["voxels"] for r in rows) / max(solid, 1),
        "areas of the meshes [m2]": areas,
        "active fraction of exposed surface, mesh": areas["active"] / exposed
        if exposed > 0 and volume.has_electrolyte
        else None,
        "particles repaired": len(repaired),
        "largest volume change by repair": _largest(r["volume change by repair"] for r in repaired),
        "largest coverage change by repair": _largest(r["coverage change by repair"] for r in repaired),
        "smallest dihedral angle [deg]": min((r["smallest dihedral angle [deg]"] for r in rows), default=None),
        "meshing wall time [s]": seconds,
        "software": {"python": platform.python_version(), **{p: _version(p) for p in ("asyncsoc", "numpy", "scipy")}},
    }


def _largest(changes: Iterable[float | None]) -> float | None:
    """Return the change of largest size, with its sign; None where there is none."""
    finite = [c for c in changes if c is not None and np.isfinite(c)]
    return max(finite, key=abs, default=None)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
