"""What scikit-image, porespy and TauFactor measure in a labelled volume: run with the peers' own python.

    PEERS/bin/python benchmarks/peers/tomography_peers.py VOLUME.npy

The volume has 0 pore, 1 binder, 2 active material. One JSON document goes to standard output. Of each quantity only
the peer's own functions are used; lengths are in voxels.
"""

from __future__ import annotations

import json
import sys
from importlib import metadata

import numpy as np


def skimage_figures(phases: np.ndarray) -> dict[str, float]:
    """Return areas by marching cubes, face-connected pieces, and the particles of an h-maxima watershed."""
    from scipy import ndimage
    from skimage import measure, morphology, segmentation

    solid = phases == 2
    vertices, faces, _, _ = measure.marching_cubes(solid.astype(np.float32), 0.5)
    distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(solid).astype(np.float32), 1.0)
    peaks = morphology.h_maxima(distance, 1.0)
    markers = measure.label(peaks, connectivity=3)
    split = segmentation.watershed(-distance, markers, mask=solid)
    return {
        "pieces of the pores": int(measure.label(phases == 0, connectivity=1).max()),
        "pieces of the active material": int(measure.label(solid, connectivity=1).max()),
        "area of the active material, marching cubes [voxel2]": float(measure.mesh_surface_area(vertices, faces)),
        "particles after the split": int(split.max()),
    }


def porespy_figures(phases: np.ndarray) -> dict[str, float]:
    """Return the porosity, and the particles that its own segmentation (SNOW) finds."""
    import porespy as ps

    solid = phases == 2
    regions = ps.filters.snow_partitioning(solid, r_max=4, sigma=0.4).regions
    return {
        "pore fraction": float(ps.metrics.porosity(phases == 0)),
        "active fraction of the volume": float(ps.metrics.porosity(solid)),
        "particles after SNOW": int(regions.max()),
    }


def taufactor_figures(phases: np.ndarray) -> dict[str, float]:
    """Return fractions, areas of faces, and the tortuosity factor of pores and binder along the first axis."""
    import taufactor as tau
    from taufactor.metrics import specific_surface_area, volume_fraction

    fractions = volume_fraction(phases, phases={"pore": 0, "binder": 1, "active": 2})
    faces = specific_surface_area(phases.astype(np.int32), method="face_counting", device="cpu")
    gradient = specific_surface_area(phases.astype(np.int32), method="gradient", device="cpu")
    solver = tau.Solver((phases != 2).astype(np.uint8), device="cpu")
    solver.solve(verbose=False)
    return {
        "pore fraction": float(fractions["pore"]),
        "active fraction of the volume": float(fractions["active"]),
        "area of the active material, faces [voxel2]": float(faces["2"]) * phases.size,
        "area of the active material, gradient of the smoothed mask [voxel2]": float(gradient["2"]) * phases.size,
        "tortuosity factor of pores and binder": float(np.ravel(solver.tau)[0]),
    }


def main() -> None:
    """Measure the volume named on the command line."""
    phases = np.load(sys.argv[1], allow_pickle=False)
    found: dict[str, object] = {"versions": {}}
    for name, figures in (
        ("scikit-image", skimage_figures),
        ("porespy", porespy_figures),
        ("taufactor", taufactor_figures),
    ):
        try:
            found[name] = figures(phases)
            found["versions"][name] = metadata.version(name)  # type: ignore[index]
        except ImportError as error:
            found[name] = {"not installed": str(error)}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
