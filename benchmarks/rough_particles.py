"""Mesh particles made to be hard to mesh, and check every mesh by other means than the mesher's own gate.

    python benchmarks/rough_particles.py 10000 --seed 1          or        pytest benchmarks/rough_particles.py -s

Volumes of five kinds (`asyncsoc.tomography.rough`: correlated noise, tightly packed, spheres cut by planes, bridges of
one voxel, pinched) are made in turn, split, and every interior particle of at least 300 voxels is meshed, until there
are as many as asked for. Shown: failures (the exit code is 1 where there are any), who meshed, and the largest effects
of repairs on volume and coverage.
"""

from __future__ import annotations

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.geometry.labels import FACET_CLASSES
from asyncsoc.geometry.measure import cell_angles, cell_measures
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.quality import check
from asyncsoc.geometry.soundness import face_connected_parts, folded_facets, open_edges, pinched_nodes
from asyncsoc.tomography.crops import ParticleCrop, crop_particle
from asyncsoc.tomography.mesher import MeshSettings, mesh_particle
from asyncsoc.tomography.meshing import chosen_particles
from asyncsoc.tomography.rough import KINDS, rough_volume
from asyncsoc.tomography.split import split_particles

EDGE = 80
ROW = ("voxels", "mesher", "repair", "meshing time [s]")
EFFECTS = (
    "volume change by repair", "coverage change by repair", "share of volume not meshed",
)  # fmt: skip
EVERY = 250


def problems(particle: ParticleMesh, crop: ParticleCrop) -> list[str]:
    """Return what is wrong with a mesh of a particle; nothing where it is sound."""
    mesh, found = particle, []
    check(mesh, smallest_angle=5.0)
    volumes = cell_measures(mesh)
    if volumes.min() <= 0:
        found.append(f"{np.count_nonzero(volumes <= 0)} tetrahedra without volume")
    if open_edges(mesh.facets) or pinched_nodes(mesh.facets):
        found.append("the surface is not a manifold")
    if face_connected_parts(mesh.cells).max() or folded_facets(mesh.cells):
        found.append("several parts, or folded")
    if np.degrees(cell_angles(mesh).min()) < 5.0:
        found.append("flat tetrahedra")
    exact = np.count_nonzero(crop.inside) * crop.voxel_size**3
    if abs(volumes.sum() / exact - 1.0) > 1e-9:
        found.append(f"volume {volumes.sum() / exact:.9f} of the voxels'")
    classes = {
        int(c)
        for axis in range(3)
        for side in (1, -1)
        for c in np.unique(crop.beyond[np.roll(crop.inside, side, axis) & ~crop.inside])
    }
    for number, name in enumerate(FACET_CLASSES):
        if (number in classes) != (particle.area(name) > 0):
            found.append(f"class {name!r} is {'lost' if number in classes else 'made up'}")
    return found


def particles(seed: int) -> Iterator[tuple[str, int, int, ParticleCrop]]:
    """Yield kind, seed, number and crop of the interior particles of volumes of all kinds in turn, without end."""
    for number in itertools.count(seed):
        for kind in KINDS:
            volume = rough_volume(kind, number, (EDGE, EDGE, EDGE))
            split = split_particles(volume)
            for particle in chosen_particles(split, MeshSettings())[0].tolist():
                yield kind, number, particle, crop_particle(volume, split, particle)


def one(crop: ParticleCrop) -> tuple[dict[str, Any] | None, list[str]]:
    """Mesh one particle; return its figures, if there is a mesh, and what is wrong."""
    try:
        made = mesh_particle(crop)
        return dict(made.record), problems(made, crop)
    except (SimulationError, ValueError, InputError) as error:
        return None, [str(error)]


def mesh_rough(count: int, seed: int, *, seconds: float = np.inf, show: bool = False) -> dict[str, Any]:
    """Mesh `count` particles, or as many as take `seconds`, and return what became of them."""
    start = time.perf_counter()
    kinds: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for kind, number, particle, crop in particles(seed):
        row, wrong = one(crop)
        kinds[kind] += 1
        place = {"kind": kind, "seed": number, "particle": particle}
        if row is not None:
            rows.append(place | {k: row[k] for k in (*ROW, *EFFECTS)})
        if wrong:
            failed.append(place | {"why": wrong})
        done, passed = kinds.total(), time.perf_counter() - start
        if show and done % EVERY == 0:
            sys.stderr.write(f"{done} particles, {len(failed)} failed, {passed:.0f} s\n")
        if done >= count or passed > seconds:
            break
    return {
        "particles": kinds.total(),
        "failed": failed,
        "of each kind": dict(kinds),
        "meshers": dict(Counter(str(row["mesher"]) for row in rows)),
        "repairs": dict(Counter(str(row["repair"]) for row in rows)),
        "largest effects": {key: max(rows, key=lambda row: abs(row[key] or 0.0)) for key in EFFECTS if rows},
        "99 % of effects below": {
            key: float(np.nanpercentile([abs(row[key]) for row in rows], 99)) for key in EFFECTS if rows
        },
        "wall time [s]": time.perf_counter() - start,
    }


def test_rough_particles_are_meshed() -> None:
    """Every one of 200 rough particles is meshed and sound."""
    result = mesh_rough(200, seed=1)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    assert not result["failed"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("particles", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=np.inf, help="stop after this long with what there is")
    asked = parser.parse_args()
    outcome = mesh_rough(asked.particles, asked.seed, seconds=asked.seconds, show=True)
    sys.stdout.write(json.dumps(outcome, indent=1) + "\n")
    sys.exit(1 if outcome["failed"] else 0)
