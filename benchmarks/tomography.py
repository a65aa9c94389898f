"""Tomography: memory of the split, a 500^3 volume in blocks, speed of meshing, bias of the estimators.

    python benchmarks/tomography.py [--size 500]          or        pytest benchmarks/tomography.py -s

Every answer is asserted before its time is shown. Memory is the peak resident size of a fresh process, which first
compiles the kernels on a small volume. With ASYNCSOC_TEST_DATA the NREL volume is split and meshed too.
"""

from __future__ import annotations

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from asyncsoc.tomography.blocks import split_blocks
from asyncsoc.tomography.crops import crop_particle
from asyncsoc.tomography.load import load_volume
from asyncsoc.tomography.mesher import mesh_particle
from asyncsoc.tomography.meshing import mesh_particles
from asyncsoc.tomography.phases import ACTIVE_MATERIAL, CBD, PORE
from asyncsoc.tomography.split import particles_from_ids, split_particles
from asyncsoc.tomography.statistics import crossing_weights, volume_statistics
from asyncsoc.tomography.synthetic import SyntheticVolume, sphere_pack
from asyncsoc.tomography.volume import LabelVolume
from asyncsoc.tomography.voxel_counts import surface_counts

GIB = 2**30
MAX_BYTES_PER_VOXEL = 50.0
MAX_BLOCKED = 4 * GIB
RADII = (6, 8, 12, 16, 32)
SAMPLES = 10
NREL = "nrel-nmc/nmc-1-cal_generatedCBD_bridge.tif"


def peak() -> int:
    """Peak resident size of this process [byte]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def resident() -> int:
    """Resident size of this process now [byte]."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def pack(size: int) -> SyntheticVolume:
    """Return a pack of spheres as large as real particles at half a micrometre."""
    return sphere_pack((size, size, size), radius=(8.0, 20.0), solid_fraction=0.4, overlap=0.12, seed=1)


def check_spheres(found: int, made: SyntheticVolume) -> None:
    """Raise where the split does not find the spheres."""
    if abs(found - len(made.radii)) > 0.02 * len(made.radii) + 2:
        raise AssertionError(f"{found} particles found, {len(made.radii)} spheres made")


def whole_volume(size: int) -> dict[str, Any]:
    """Split a volume in one piece and return time and memory."""
    split_particles(pack(40).volume)
    made = pack(size)
    before = resident()
    start = time.perf_counter()
    particles = split_particles(made.volume)
    seconds = time.perf_counter() - start
    check_spheres(particles.n, made)
    return {
        "voxels": size**3,
        "particles": particles.n,
        "split [s]": seconds,
        "bytes per voxel": (peak() - before) / size**3,
        "peak resident [GiB]": peak() / GIB,
    }


def blocked_volume(size: int) -> dict[str, Any]:
    """Split a volume in blocks, with the numbers of the particles in a file, and return time and memory."""
    split_particles(pack(40).volume)
    made = pack(size)
    made_peak = peak()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        particles = split_blocks(made.volume, block=200, ids_file=Path(folder) / "ids.npy")
        seconds = time.perf_counter() - start
        check_spheres(particles.n, made)
        start = time.perf_counter()
        statistics = volume_statistics(made.volume, particles)
        stated = time.perf_counter() - start
    return {
        "voxels": size**3,
        "particles": particles.n,
        "voxels claimed twice or by none": particles.settings["voxels claimed by two blocks"]
        + particles.settings["voxels claimed by no block"],
        "split in blocks [s]": seconds,
        "statistics [s]": stated,
        "active fraction": statistics.summary["active fraction of exposed surface"],
        "peak resident while making the volume [GiB]": made_peak / GIB,
        "peak resident [GiB]": peak() / GIB,
    }


def sphere(radius: int, share: float, kind: str, rng: np.random.Generator) -> LabelVolume:
    """Return a digitised sphere at a random place; CBD beyond an oblique plane, or as a film of 1.2 voxels on a cap."""
    n = 2 * radius + 13
    away = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), axis=-1) - (
        (n - 1) / 2 + rng.uniform(-0.5, 0.5, 3)
    )
    axis = rng.normal(size=3)
    height, distance = away @ (axis / np.linalg.norm(axis)), np.linalg.norm(away, axis=-1)
    beyond = height > (radius if kind == "plane" else distance) * (1 - 2 * share)
    if kind == "film":
        beyond &= distance < radius + 1.2
    phases = np.where(beyond, CBD, PORE).astype(np.uint8)
    phases[distance <= radius] = ACTIVE_MATERIAL
    return LabelVolume(phases, 1e-6)


def estimator_bias() -> list[dict[str, float | str]]:
    """Return the error of area [%] and of the active fraction (rms, points) of each estimator on spheres."""
    none = np.empty((0, 0, 0), np.uint8)
    rows: list[dict[str, float | str]] = []
    for kind in ("plane", "film"):
        for radius in RADII:
            rng = np.random.default_rng(radius)
            found = []
            for _ in range(SAMPLES):
                share = rng.uniform(0.15, 0.5)
                volume = sphere(radius, share, kind, rng)
                particles = particles_from_ids(volume, (volume.phases == ACTIVE_MATERIAL).astype(np.int32))
                area, faces, _ = surface_counts(
                    particles.ids, volume.phases, none, 1, ACTIVE_MATERIAL, crossing_weights()
                )
                mesh = mesh_particle(crop_particle(volume, particles, 1))
                exact = 4 * np.pi * radius**2
                hard = mesh.area("active", hard=True) / mesh.areas.sum()
                found.append([
                    faces[1].sum() / exact - 1, area[1].sum() / exact - 1, mesh.areas.sum() * 1e12 / exact - 1,
                    faces[1, 1] / faces[1].sum() - share, area[1, 1] / area[1].sum() - share, mesh.coverage - share,
                    hard - share,
                ])  # fmt: skip
            mean, rms = 100 * np.mean(found, axis=0), 100 * np.sqrt(np.mean(np.square(found), axis=0))
            rows.append({
                "contact": kind, "radius [voxel]": radius,
                "area, voxel faces [%]": mean[0], "area, Crofton [%]": mean[1], "area, mesh [%]": mean[2],
                "fraction, voxel faces [points rms]": rms[3], "fraction, Crofton [points rms]": rms[4],
                "fraction, mesh soft [points rms]": rms[5], "fraction, mesh hard [points rms]": rms[6],
            })  # fmt: skip
    return rows


def contact_bias() -> list[dict[str, float]]:
    """Return by how much the contact between two overlapping spheres comes out too large [%], after splitting."""
    rows = []
    for radius in (8, 12, 20):
        for overlap in (0.03, 0.08, 0.15):
            rng = np.random.default_rng(radius)
            found = []
            for _ in range(6):
                axis = rng.normal(size=3)
                half = radius * (1 - overlap) * axis / np.linalg.norm(axis)
                n = 4 * radius + 10
                middle = n / 2 + rng.uniform(-0.5, 0.5, 3)
                at = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), axis=-1)
                near = np.minimum(*(np.linalg.norm(at - middle - s * half, axis=-1) for s in (1, -1)))
                volume = LabelVolume(np.where(near <= radius, ACTIVE_MATERIAL, PORE).astype(np.uint8), 1e-6)
                particles = split_particles(volume)
                if particles.n == 2:
                    exact = np.pi * radius**2 * (1 - (1 - overlap) ** 2)
                    areas: Any = volume_statistics(volume, particles).summary["areas [m2]"]
                    mesh = mesh_particle(crop_particle(volume, particles, 1)).area("particle-contact")
                    found.append([areas["particle-contact"] * 1e12 / exact - 1, mesh * 1e12 / exact - 1])
            crofton, meshed = 100 * np.mean(found, axis=0)
            rows.append({"radius [voxel]": radius, "overlap": overlap, "Crofton [%]": crofton, "mesh [%]": meshed})
    return rows


def real_volume(workers: int = 2) -> dict[str, Any] | None:
    """Split and mesh the NREL volume where it is at hand."""
    place = os.environ.get("ASYNCSOC_TEST_DATA")
    if not place or not (Path(place) / NREL).is_file():
        return None
    labels = {"pore": [0], "ncm": [1], "cbd": [2]}
    volume = load_volume(Path(place) / NREL, labels=labels, voxel_size="398 nm")
    split_particles(volume.crop((slice(0, 30),) * 3))
    start = time.perf_counter()
    particles = split_particles(volume)
    split = time.perf_counter() - start
    statistics = volume_statistics(volume, particles)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        made = mesh_particles(volume, particles, folder=folder, workers=workers)
        meshing = time.perf_counter() - start
    again = [r["particle"] for r in made.rows if r["attempts"] > 1]
    return {
        "particles": particles.n,
        "interior, at least 300 voxels": len(made) + len(made.failed),
        "failed": list(made.failed),
        "meshed by a fallback": again,
        "split [s]": split,
        "meshing and writing [s]": meshing,
        "workers": workers,
        "smallest dihedral angle [deg]": made.header["smallest dihedral angle [deg]"],
        "active fraction": {
            **statistics.summary["active fraction by estimator"],
            "mesh": made.header["active fraction of exposed surface, mesh"],
        },
        "peak resident of this process [GiB]": peak() / GIB,
    }


def in_a_process(what: str, size: int) -> dict[str, Any]:
    """Run one measurement in a fresh process."""
    command = [sys.executable, str(Path(__file__).resolve()), "--measure", what, "--size", str(size)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise AssertionError(done.stderr[-2000:])
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def show(title: str, result: object) -> None:
    """Write a result to stdout."""
    sys.stdout.write(f"{title}: {json.dumps(result, indent=1)}\n")


def test_split_takes_little_memory() -> None:
    """At most 50 bytes per voxel for a split in one piece."""
    result = in_a_process("whole", 300)
    show("split in one piece", result)
    assert result["bytes per voxel"] <= MAX_BYTES_PER_VOXEL


def test_large_volume_in_blocks() -> None:
    """A volume of 500^3 voxels in blocks takes less than 4 GiB, the volume and all statistics included."""
    result = in_a_process("blocks", 500)
    show("split in blocks", result)
    assert result["voxels claimed twice or by none"] == 0
    assert result["peak resident [GiB]"] * GIB <= MAX_BLOCKED


def test_estimators_on_spheres() -> None:
    """Mesh and Crofton areas converge, face counting does not."""
    rows = estimator_bias()
    show("estimators", rows)
    for row in rows:
        assert 45 < float(row["area, voxel faces [%]"]) < 55
        assert abs(float(row["area, Crofton [%]"])) < 1.0
        if int(row["radius [voxel]"]) in (8, 16, 32):
            bounds = {8: (1.2, 2.0), 16: (0.6, 1.0), 32: (0.3, 0.5)}[int(row["radius [voxel]"])]
            assert abs(float(row["area, mesh [%]"])) < bounds[0]
            assert float(row["fraction, mesh soft [points rms]"]) < bounds[1]


def test_contacts_between_particles_come_out_too_large() -> None:
    """The bias is positive, and smaller the wider the neck."""
    rows = contact_bias()
    show("contacts between particles", rows)
    for row in rows:
        assert 0 < row["mesh [%]"] < (100 if row["overlap"] < 0.05 else 35)


def test_real_volume() -> None:
    """Every interior particle of the NREL volume is meshed."""
    result = real_volume()
    show("NREL volume", result)
    assert result is None or not result["failed"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", choices=("whole", "blocks", "estimators", "real"))
    parser.add_argument("--size", type=int, default=500)
    asked = parser.parse_args()
    if asked.measure in ("whole", "blocks"):
        sys.stdout.write(json.dumps((whole_volume if asked.measure == "whole" else blocked_volume)(asked.size)))
    elif asked.measure == "estimators":
        show("estimators", estimator_bias())
    elif asked.measure == "real":
        show("NREL volume", real_volume())
    else:
        show("split in one piece", in_a_process("whole", min(asked.size, 300)))
        show("split in blocks", in_a_process("blocks", asked.size))
        show("estimators", estimator_bias())
        show("NREL volume", real_volume())
