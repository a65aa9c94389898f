"""A particle as a pyvista mesh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import EnvironmentProblem


def load_pyvista() -> Any:
    """Return the module pyvista.

    Raises
    ------
    EnvironmentProblem
        pyvista is not installed.
    """
    try:
        import pyvista
    except ImportError as error:
        raise EnvironmentProblem(
            "pyvista is needed to draw meshes", next_step="pip install 'asyncsoc[drawing]'"
        ) from error
    return pyvista


def pyvista_grid(
    points: NDArray[np.float64], cells: NDArray[np.int64], vtk_type: int, point_data: Mapping[str, NDArray[Any]]
) -> Any:
    """Return a `pyvista.UnstructuredGrid`.

    Parameters
    ----------
    points : (n, 3), m
        Nodes in space.
    cells : (c, k)
        Nodes of each cell.
    vtk_type
        VTK's number of the cell's kind.
    point_data
        Nodal quantities by name.

    Raises
    ------
    EnvironmentProblem
        pyvista is not installed.
    """
    pyvista = load_pyvista()
    grid = pyvista.UnstructuredGrid({vtk_type: cells}, points)
    for name, values in point_data.items():
        grid.point_data[name] = values
    return grid
