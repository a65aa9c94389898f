"""Surface area of voxel sets by the Cauchy-Crofton formula in 13 directions.

    S = 4 sum_d w_d N_d / (lines per area across d),      w_d: share of the sphere nearest to direction d

N_d counts where lines along d leave the set. Face counting overestimates a smooth surface by a half, whatever the
resolution; this estimator's bias vanishes with resolution (spheres: within 0.6 % from R = 6 voxels on).
Source: Legland, Kieu, Devaux 2007, 10.5566/ias.v26.p83-92; Ohser and Schladitz 2009, 10.1002/9783527623136.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import SphericalVoronoi


@lru_cache(maxsize=1)
def direction_shares() -> tuple[float, float, float]:
    """Return the share of the sphere nearest to one face, edge and corner direction of the 26 neighbours."""
    steps = [d for d in itertools.product((-1, 0, 1), repeat=3) if any(d)]
    directions = np.array(steps, float)
    kinds = np.abs(directions).sum(axis=1).astype(int)
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    shares = SphericalVoronoi(unit).calculate_areas() / (4 * np.pi)
    face, edge, corner = (float(shares[kinds == k].mean()) for k in (1, 2, 3))
    return face, edge, corner


@lru_cache(maxsize=1)
def _weights() -> tuple[float, float, float, float]:
    face, edge, corner = direction_shares()
    return 0.0, 4 * face, 4 * edge / np.sqrt(2.0), 4 * corner / np.sqrt(3.0)


def crossing_weights() -> NDArray[np.float64]:
    """Return the area [voxel^2] that one crossing stands for, at index 1 (face), 2 (edge), 3 (corner neighbour).

    One crossing is one voxel of the set whose neighbour in that direction is not in the set; both senses of each of
    the 13 directions are counted.
    """
    return np.array(_weights())
