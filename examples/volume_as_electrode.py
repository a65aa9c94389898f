"""A labelled volume as one electrode, by each rule for the particles that its end cuts.

A small synthetic volume stands for a segmented tomogram. Every resolved particle keeps its own mesh and contact, in the
layer of its depth; the conductivity of what is not active material is computed from the voxels.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncsoc as aso
from asyncsoc.studies.particle_sets.as_electrode import CUTS, VolumeElectrode, electrode_of_volume, simulate_volume
from asyncsoc.tomography.mesher import MeshSettings
from asyncsoc.tomography.meshing import mesh_particles
from asyncsoc.tomography.split import split_particles
from asyncsoc.tomography.synthetic import sphere_pack

PROTOCOL = {"temperature": "60 degC", "steps": ["Charge at C/5 until 4.2 V"]}


def electrodes(folder: Path, size: int = 52, layers: int = 2) -> dict[str, VolumeElectrode]:
    """Return the electrode of a synthetic volume by each rule for cut particles; meshes go below `folder`."""
    pack = sphere_pack((size, size, size), radius=(7.0, 9.0), coverage=0.4, spots=2, voxel_size=5e-7, seed=3)
    particles = split_particles(pack.volume)
    template = aso.Case.from_dict({"protocol": PROTOCOL})
    interior = mesh_particles(pack.volume, particles, folder=str(folder / "interior"))
    everything = MeshSettings(interior_only=False)
    with_cut = mesh_particles(pack.volume, particles, everything, folder=str(folder / "all"))
    given = {"separator": "z-low", "layers": layers}
    return {
        rule: electrode_of_volume(
            with_cut if rule == "mirror" else interior, template, pack.volume, particles, cut=rule, **given
        )
        for rule in CUTS
    }


def main(arguments: Sequence[str]) -> int:
    """Compare the rules; draw the electrode in which interior particles stand for all."""
    given = list(arguments)
    picture = Path(given[given.index("--picture") + 1]) if "--picture" in given else Path("volume_as_electrode.png")
    line = "{:<8}  {:>9}  {:>12}  {:>17}  {:>10}  {:>18}  {:>13}\n"
    heads = (
        "rule",
        "particles",
        "share of ncm",
        "loading [mg/cm2]",
        "charged to",
        "spread of mean SOC",
        "final voltage",
    )
    sys.stdout.write(line.format(*heads))
    with TemporaryDirectory() as place:
        for rule, electrode in electrodes(Path(place)).items():
            solution = simulate_volume(electrode)
            found = solution.distribution("charge")
            sys.stdout.write(
                line.format(
                    rule,
                    found.sizes["particle"],
                    f"{electrode.report['share of ncm of the volume in the electrode']:.3f}",
                    f"{electrode.report['loading [kg/m2]'] * 100.0:.3f}",
                    f"{found.attrs['Mean SOC']:.4f}",
                    f"{found.attrs['Standard deviation of mean SOC']:.4f}",
                    f"{solution.columns['Voltage [V]'][-1]:.4f}",
                )
            )
            if rule == "scale":
                solution.plot().savefig(picture, dpi=150)
    sys.stdout.write(f"{picture}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
