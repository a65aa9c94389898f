"""What it takes to charge every particle of a tomogram in one electrode: time, memory, steps, balance.

    python -m benchmarks.tomogram_electrode [--counts 100,300] [--most 10000] [--nrel] [--threads 2] [--store FILE]

Synthetic packs of touching spheres under patchy films, each particle on a mesh of its own of about 500 nodes, charge
at C/10 to 4.2 V; every count in a process of its own. Memory grows in proportion to the particles: what `--most` takes
is extrapolated from the counts, and it is run only where that stays below the limit. `--nrel` adds all interior
particles of the NREL volume (ASYNCSOC_TEST_DATA). The lithium balance must hold to 1e-10 before a time is kept.
Processor times are of all threads and of the processes that read and assemble meshes; wall times depend on the load.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import asyncsoc as aso
from asyncsoc.studies.particle_sets.as_electrode import electrode_of_volume, simulate_volume
from asyncsoc.tomography.load import load_volume
from asyncsoc.tomography.mesher import MeshSettings
from asyncsoc.tomography.meshing import chosen_particles, mesh_particles
from asyncsoc.tomography.split import particles_from_ids, split_particles
from asyncsoc.tomography.synthetic import sphere_pack
from benchmarks.reporting import machine, require, table

STORED = Path(__file__).with_suffix(".json")
NREL = "nrel-nmc/nmc-1-cal_generatedCBD_bridge.tif"
RADIUS = (5.4, 6.6)
"""Voxels; meshes of some 500 nodes."""
VOXELS_EACH = 2900
"""Of the volume for each particle within it: a pack is filled to about a third."""
MOST_MEMORY = 12.0
MOST_BALANCE = 1e-10
STEPS = ["Charge at C/10 until 4.2 V"]


def charged(count: int, threads: int) -> dict[str, Any]:
    """Charge the electrode of a synthetic pack with at least so many interior particles, or of the NREL volume (0)."""
    if count:
        edge = int(np.ceil((count * VOXELS_EACH) ** (1.0 / 3.0) + 2.0 * RADIUS[1]))
        pack = sphere_pack((edge,) * 3, radius=RADIUS, coverage=0.5, film=1.5, spots=2, voxel_size=4e-7, seed=1)
        volume, particles = pack.volume, particles_from_ids(pack.volume, pack.ids)
    else:
        labels = {"pore": [0], "ncm": [1], "cbd": [2]}
        volume = load_volume(Path(os.environ["ASYNCSOC_TEST_DATA"]) / NREL, labels=labels, voxel_size="398 nm")
        particles = split_particles(volume)
    numbers = chosen_particles(particles, MeshSettings())[0].tolist()
    template = aso.Case.from_dict({"protocol": {"temperature": "60 degC", "steps": STEPS}})
    with tempfile.TemporaryDirectory() as folder:
        only = numbers[: count or None]
        meshed = mesh_particles(volume, particles, folder=folder, only=only, workers=threads)
        electrode = electrode_of_volume(meshed, template, separator="z-low")
        before, wall = processor(), time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            solution = simulate_volume(electrode, threads=threads)
        wall = time.perf_counter() - wall
        used = [after - own for after, own in zip(processor(), before, strict=True)]
    require("lithium balance", solution.lithium_balance_error, MOST_BALANCE)
    final = solution.distribution("charge")
    return {
        "volume": "nmc-1-cal" if not count else "synthetic pack",
        "particles": len(meshed),
        "nodes, mean": float(np.mean([row["nodes"] for row in meshed.rows])),
        "steps": solution.provenance["integrator steps"],
        "processor time, threads [s]": used[0],
        "processor time, assembling [s]": used[1],
        "wall time [s]": wall,
        "peak memory [GiB]": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "lithium balance error": solution.lithium_balance_error,
        "mean SOC": final.attrs["Mean SOC"],
        "standard deviation of mean SOC": final.attrs["Standard deviation of mean SOC"],
        "load average over a minute": os.getloadavg()[0],
    }


def processor() -> tuple[float, float]:
    """Return processor times of this process and of those it started that are over [s]."""
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime, others.ru_utime + others.ru_stime


def apart(count: int, threads: int) -> dict[str, Any]:
    """Return what a fresh process says of a count."""
    words = [sys.executable, "-m", "benchmarks.tomogram_electrode", "--only", str(count), "--threads", str(threads)]
    said = subprocess.run(words, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return found


def extrapolated(rows: list[dict[str, Any]], most: int) -> dict[str, float]:
    """Return memory [GiB] and processor time [s] of `most` particles, by straight lines through the largest counts."""
    first, last = rows[-2], rows[-1]
    found = {}
    for name in ("peak memory [GiB]", "processor time, threads [s]", "processor time, assembling [s]"):
        slope = (last[name] - first[name]) / (last["particles"] - first["particles"])
        found[name] = last[name] + slope * (most - last["particles"])
    return found


def main() -> None:
    """Measure, extrapolate, demand, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", default="100,300", help="interior particles of synthetic packs, ascending")
    parser.add_argument("--most", type=int, help="run this count too where its memory is below the limit")
    parser.add_argument("--nrel", action="store_true", help="all interior particles of the NREL volume")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help="where the figures go")
    given = parser.parse_args()
    if given.only is not None:
        sys.stdout.write(json.dumps(charged(given.only, given.threads)) + "\n")
        return
    rows = [apart(int(count), given.threads) for count in given.counts.split(",")]
    document: dict[str, Any] = {"machine": machine(), "threads": given.threads, "extrapolated to 10000": None}
    if len(rows) > 1:
        document["extrapolated to 10000"] = extrapolated(rows, 10_000)
    if given.most:
        require("memory in GiB", extrapolated(rows, given.most)["peak memory [GiB]"], MOST_MEMORY)
        rows.append(apart(given.most, given.threads))
    if given.nrel:
        rows.append(apart(0, given.threads))
    document["runs"] = rows
    heads = [name for name in rows[0] if name != "steps"]
    sys.stdout.write(table([*heads, "steps"], [[*(r[n] for n in heads), r["steps"]["accepted"]] for r in rows]) + "\n")
    sys.stdout.write(f"extrapolated to 10000 particles: {document['extrapolated to 10000']}\n")
    if given.store:
        given.store.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
