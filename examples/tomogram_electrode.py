"""An electrode from a tomogram's particles: `python examples/tomogram_electrode.py [FOLDER of asyncsoc tomo mesh]`.

Without a folder a small synthetic volume is made and meshed, in the place of a segmented tomogram. The electrode is
simulated twice: with every particle as the sphere of its volume with one round patch of its active area, as [electrode]
does it, and with the measured shapes and contacts.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncsoc as aso
from asyncsoc.tomography.meshing import mesh_particles
from asyncsoc.tomography.particle_set import read_set
from asyncsoc.tomography.split import split_particles
from asyncsoc.tomography.synthetic import sphere_pack

PROTOCOL = {"temperature": "60 degC", "steps": ["Charge at C/5 until 4.2 V"]}


def synthetic_set(folder: Path, size: int = 56) -> Path:
    """Mesh the particles of a synthetic volume: touching spheres under a patchy film of binder."""
    pack = sphere_pack((size, size, size), radius=(7.0, 10.0), coverage=0.3, film=2.0, spots=2, voxel_size=5e-7, seed=3)
    mesh_particles(pack.volume, split_particles(pack.volume), folder=str(folder))
    return folder


def as_spheres(folder: Path, **sections: Any) -> aso.Solution:
    """Simulate the electrode of a particle set: spheres of the measured volumes and active areas."""
    keys = {"electrode": {"loading": "12.7 mg/cm2", "set": str(folder)}, "protocol": PROTOCOL, **sections}
    return aso.simulate(aso.Case.from_dict(keys))


def as_measured(folder: Path) -> aso.Solution:
    """Simulate the particles with their measured shapes and contacts, each as often as it is in the volume."""
    rows = [row for row in read_set(str(folder)).rows if row.get("coverage")]
    cases = [
        aso.Case.from_dict(
            {
                "particle": {"shape": "mesh", "file": str(folder / row["file"]), "length_unit": "m"},
                "contact": {"kind": "labels"},
                "protocol": PROTOCOL,
            }
        )
        for row in rows
    ]
    return aso.simulate_particles(cases, names=[str(row["file"]) for row in rows])


def main(arguments: Sequence[str]) -> int:
    """Compare both pictures of one electrode; draw the one of the measured shapes (to `--picture PICTURE.png`)."""
    given, picture = list(arguments), Path("tomogram_electrode.png")
    if "--picture" in given:
        place_of = given.index("--picture")
        picture, given = Path(given[place_of + 1]), given[:place_of] + given[place_of + 2 :]
    with TemporaryDirectory() as place:
        folder = Path(given[0]) if given else synthetic_set(Path(place) / "particles")
        solutions = {"spheres of equal volume and area": as_spheres(folder), "measured shapes": as_measured(folder)}
    line = "{:<33}  {:>9}  {:>10}  {:>13}  {:>21}\n"
    sys.stdout.write(line.format("", "particles", "charged to", "spread of SOC", "largest asynchrony"))
    for name, solution in solutions.items():
        found, summary = solution.distribution("charge"), solution.summary()
        sys.stdout.write(
            line.format(
                name,
                found.sizes["particle"],
                f"{found.attrs['Mean SOC']:.3f}",
                f"{found.attrs['Standard deviation of mean SOC']:.3f}",
                f"{summary['Largest asynchrony of a particle']:.3f}",
            )
        )
    solutions["measured shapes"].plot().savefig(picture, dpi=150)
    sys.stdout.write(f"{picture}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
