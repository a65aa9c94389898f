"""Tomography beside scikit-image, porespy and TauFactor, where these measure the same thing.

    python3 -m venv PEERS && PEERS/bin/pip install scikit-image porespy torch taufactor
    python -m benchmarks.tomography_peers --peers PEERS/bin/python [--store FILE]

A synthetic pack and, with ASYNCSOC_TEST_DATA, a crop of the NREL volume are measured by this program and, in a process
of the other python, by the peers. What is the same by definition must be equal before anything is stored: phase
fractions, areas of voxel faces, numbers of connected pieces, and the tortuosity factor, which both programs compute
with the same finite volumes. Areas of smooth surfaces and particles after a split are different estimates, and shown.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from asyncsoc.tomography.conduction import conduction
from asyncsoc.tomography.load import load_volume
from asyncsoc.tomography.split import split_particles
from asyncsoc.tomography.statistics import component_volumes, volume_statistics
from asyncsoc.tomography.synthetic import sphere_pack
from asyncsoc.tomography.volume import LabelVolume
from benchmarks.reporting import machine, require, table

STORED = Path(__file__).with_suffix(".json")
PEERS = Path(__file__).parent / "peers" / "tomography_peers.py"
NREL = "nrel-nmc/nmc-1-cal_generatedCBD_bridge.tif"
SIZE, NREL_FROM, NREL_SIZE = 80, 60, 80
TAU = "tortuosity factor of pores and binder"
FACES = "area of the active material, faces [voxel2]"
SAME = {
    "pore fraction": 1e-6,
    "active fraction of the volume": 1e-6,
    FACES: 1e-9,
    "pieces of the pores": 0.0,
    "pieces of the active material": 0.0,
    TAU: 1e-3,
}
"""What is the same by definition, and the relative difference allowed: TauFactor counts fractions in single precision,
and stops its iteration where fluxes through layers differ by 0.01 %."""


def synthetic() -> LabelVolume:
    """Return a pack of touching spheres under patchy films."""
    return sphere_pack((SIZE,) * 3, radius=(7.0, 13.0), solid_fraction=0.4, coverage=0.6, seed=5).volume


def crop(data: Path) -> LabelVolume:
    """Return a cube from the middle of the NREL volume."""
    labels = {"pore": [0], "ncm": [1], "cbd": [2]}
    whole = load_volume(data / NREL, labels=labels, voxel_size="398 nm")
    return whole.crop((slice(NREL_FROM, NREL_FROM + NREL_SIZE),) * 3)


def ours(volume: LabelVolume) -> dict[str, float]:
    """Return what this program measures; lengths in voxels."""
    particles = split_particles(volume)
    found, size2 = volume_statistics(volume, particles).summary, volume.voxel_size**2
    area = found["areas [m2]"]["ncm exposed"]
    through = conduction(volume, "z", tolerance=1e-6)
    solid = volume.phases == 2
    faces = sum(int(np.count_nonzero(np.diff(solid.view(np.int8), axis=axis))) for axis in range(3))
    return {
        "pore fraction": found["phase fractions"]["pore"],
        "active fraction of the volume": found["phase fractions"]["ncm"],
        FACES: sum(found["areas by voxel faces [m2]"][name] for name in ("active", "inactive")) / size2,
        "faces counted here": float(faces),
        "area of the active material, 13 directions [voxel2]": area / size2,
        "pieces of the pores": len(component_volumes(volume, "pore")),
        "pieces of the active material": len(component_volumes(volume, "ncm")),
        "particles after the split": particles.n,
        TAU: through.tortuosity_factor,
    }


def compared(volume: LabelVolume, python: str) -> dict[str, Any]:
    """Return the figures of all programs for a volume; what must be equal is demanded."""
    own = ours(volume)
    require("faces, counted twice", own[FACES] / own["faces counted here"] - 1.0, 1e-12)
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "v.npy", volume.phases)
        said = subprocess.run(
            [python, str(PEERS), str(Path(folder) / "v.npy")], capture_output=True, text=True, check=True
        )
    peers = json.loads(said.stdout.splitlines()[-1])
    for name, figures in peers.items():
        for quantity, value in figures.items():
            if quantity in SAME:
                require(f"{quantity} of {name}", float(value) / float(own[quantity]) - 1.0, SAME[quantity])
    return {"asyncsoc": own, **peers}


def rows(found: Mapping[str, Any]) -> list[list[object]]:
    """Return the table of a volume: quantity, this program, and each peer that has it."""
    programs = [name for name in found if name != "versions"]
    quantities = list(dict.fromkeys(quantity for name in programs for quantity in found[name]))
    return [[quantity, *(found[name].get(quantity, "") for name in programs)] for quantity in quantities]


def main() -> None:
    """Measure, demand, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", required=True, help="python with scikit-image, porespy, torch and taufactor")
    parser.add_argument("--store", type=Path, help="where the figures go")
    given = parser.parse_args()
    volumes = {"synthetic pack": synthetic()}
    if data := os.environ.get("ASYNCSOC_TEST_DATA"):
        volumes["crop of nmc-1-cal"] = crop(Path(data))
    document: dict[str, Any] = {"machine": machine(), "volumes": {}}
    for name, volume in volumes.items():
        found = compared(volume, given.peers)
        document["volumes"][name] = found
        heads = ["quantity", *(program for program in found if program != "versions")]
        sys.stdout.write(f"{name}, {' x '.join(map(str, volume.shape))}\n{table(heads, rows(found))}\n")
    if given.store:
        given.store.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
