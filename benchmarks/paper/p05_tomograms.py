"""P5: volumes and areas of a tomogram; needs ASYNCSOC_TEST_DATA, a folder with a measured volume."""

from __future__ import annotations

import os
from pathlib import Path

from asyncsoc.tomography.load import load_volume
from asyncsoc.tomography.split import split_particles
from asyncsoc.tomography.statistics import volume_statistics
from benchmarks.paper.rows import PaperRow, Skipped

VOLUME = Path("nrel-nmc") / "nmc-1-cal_generatedCBD_bridge.tif"
LABELS = {"pore": (0,), "ncm": (1,), "cbd": (2,)}
PAPER = {"Cal": 3.65e-14, "Hot-Cal": 2.21e-14, "PCA": 0.30e-14}
"""Pore volumes in the text [m3]."""


def row(quick: bool) -> PaperRow:
    """Measure the volume that is there."""
    place = os.environ.get("ASYNCSOC_TEST_DATA")
    if not place or not (Path(place) / VOLUME).is_file():
        raise Skipped(f"ASYNCSOC_TEST_DATA names no folder with {VOLUME}")
    volume = load_volume(Path(place) / VOLUME, labels=LABELS, voxel_size="398 nm")
    if quick:
        raise Skipped("it takes a minute, and tests of the tomography check the same numbers")
    found = volume_statistics(volume, split_particles(volume)).to_json()
    fractions = found["phase fractions"]
    whole = float(volume.voxel_size**3) * volume.phases.size
    side = 200e-6
    pores = fractions["pore"] * side * side
    depths = {name: value / pores for name, value in PAPER.items()}
    share = found["active fraction of exposed surface"]
    numbers = {
        "pore volume of the volume [m3]": fractions["pore"] * whole,
        "pore fraction": fractions["pore"],
        "active fraction of exposed surface": share,
        "particles": float(found["particle count"]["all"]),
    }
    return PaperRow(
        key="P5",
        title="phases and active area by tomography",
        place="Fig. 2, 5a-b",
        paper="pore volume 3.65 / 2.21 / 0.30 e-14 m3 (Cal / Hot-Cal / PCA), viewport 200 x 200 um; active areas in "
        "pictures",
        ours="the same statistics for any labelled volume; of another cathode, nmc-1-cal of NREL: "
        f"{numbers['pore volume of the volume [m3]']:.3g} m3 of "
        f"pores in {whole:.3g} m3 ({fractions['pore']:.3f}), active fraction {share:.3f}, "
        f"{found['particle count']['all']} particles",
        fitted="nothing",
        predicted="nothing: the paper's volumes are not published, nor the depth that was analysed, so no porosity "
        "follows from its numbers",
        sensitivity="D, i0, f and R do not enter; estimators of areas and their bias are in "
        "[tomography](tomography.md). At that cathode's porosity the "
        "paper's pore volumes would fill 200 x 200 um to depths of "
        + ", ".join(f"{1e6 * depth:.1f} um ({name})" for name, depth in depths.items())
        + ".",
        verdict="no number to compare",
        because="The sample is another one, and its CBD was placed numerically (its scan does not tell CBD from pore).",
        scan="asyncsoc tomo stats VOLUME.tif --labels pore=0,ncm=1,cbd=2 --voxel-size '398 nm' --split-effect",
        numbers=numbers,
        picture=("tomography-statistics.png", "Phases, active share by estimator and particles of nmc-1-cal"),
    )
