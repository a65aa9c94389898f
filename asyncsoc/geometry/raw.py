"""What a mesh file holds before anything is made of it: points, blocks of cells, data on cells, named groups."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError

MOST_ARRAYS = 1000
"""Arrays of cell data, named groups or sets a file may hold."""


@dataclass(frozen=True, eq=False)
class RawMesh:
    """Arrays of a mesh file, in the file's unit of length.

    Attributes
    ----------
    points : (n, d)
        Coordinates as the file has them.
    blocks
        Kind of cell ("tetra", "triangle", ...) and nodes (n_cells, k), block by block.
    data
        Name of each array on cells with one part per block.
    groups
        Name of each physical group with its number and dimension.
    sets
        Name of each set of cells with the rows it takes of each block.
    """

    points: NDArray[Any]
    blocks: tuple[tuple[str, NDArray[Any]], ...]
    data: Mapping[str, tuple[NDArray[Any], ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    sets: Mapping[str, tuple[NDArray[Any], ...]] = field(default_factory=dict)


def from_meshio(mesh: Any) -> RawMesh:
    """Take what is needed out of a `meshio.Mesh`; nothing is believed yet but that arrays are arrays."""
    blocks = tuple((str(block.type), np.asarray(block.data)) for block in mesh.cells)
    data = {str(name): tuple(np.asarray(part) for part in parts) for name, parts in mesh.cell_data.items()}
    groups = {}
    for name, entry in mesh.field_data.items():
        pair = np.asarray(entry).ravel()
        if pair.size == 2 and pair.dtype.kind in "iu":
            groups[str(name)] = (int(pair[0]), int(pair[1]))
    sets = {
        str(name): tuple(np.zeros(0, np.int64) if part is None else np.asarray(part) for part in parts)
        for name, parts in mesh.cell_sets.items()
        if not str(name).startswith("gmsh:")
    }
    return RawMesh(np.asarray(mesh.points), blocks, data, groups, sets)


def save_raw(raw: RawMesh, stream: IO[bytes]) -> None:
    """Write the arrays as plain numpy arrays (.npz) into an open file, to be read by `load_raw`.

    Raises
    ------
    InputError
        More arrays than `MOST_ARRAYS`.
    """
    for what, found in (("arrays", raw.data), ("groups", raw.groups), ("sets of cells", raw.sets)):
        if len(found) > MOST_ARRAYS:
            raise InputError(f"the mesh file holds too many {what}", value=len(found), allowed=f"{MOST_ARRAYS}")
    arrays: dict[str, Any] = {"points": raw.points} | {f"block {k}": block for k, (_, block) in enumerate(raw.blocks)}
    for label, found in (("data", raw.data), ("set", raw.sets)):
        for i, parts in enumerate(found.values()):
            arrays |= {f"{label} {i} {k}": part for k, part in enumerate(parts)}
    if any(array.dtype.kind not in "fiub" for array in arrays.values()):
        raise InputError("the mesh file holds something else than numbers", allowed="coordinates, nodes, tags, weights")
    record = {
        "kinds": [kind for kind, _ in raw.blocks],
        "data": [[name, len(parts)] for name, parts in raw.data.items()],
        "sets": [[name, len(parts)] for name, parts in raw.sets.items()],
        "groups": [[name, *pair] for name, pair in raw.groups.items()],
    }
    np.savez(stream, record=np.frombuffer(json.dumps(record).encode(), np.uint8), **arrays)


def load_raw(stream: IO[bytes]) -> RawMesh:
    """Read what `save_raw` wrote, from the start of an open file."""
    with np.load(stream, allow_pickle=False) as stored:
        record = json.loads(stored["record"].tobytes().decode())

        def parts(label: str, names: list[list[Any]]) -> dict[str, tuple[NDArray[Any], ...]]:
            return {
                name: tuple(stored[f"{label} {i} {k}"] for k in range(count)) for i, (name, count) in enumerate(names)
            }

        return RawMesh(
            points=stored["points"],
            blocks=tuple((kind, stored[f"block {k}"]) for k, kind in enumerate(record["kinds"])),
            data=parts("data", record["data"]),
            groups={name: (number, dimension) for name, number, dimension in record["groups"]},
            sets=parts("set", record["sets"]),
        )
