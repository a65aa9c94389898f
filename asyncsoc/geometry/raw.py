"""What a mesh file holds before anything is made of it: points, blocks of cells, data on cells, named groups."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, nearest_name

MOST_ARRAYS = 1000
"""Arrays of cell data, named groups or sets a file may hold."""
SIZE_LIMIT = 512 * 2**20
"""Largest file that is read [bytes]."""
SUFFIXES = (".vtu", ".vtk", ".msh", ".xdmf", ".xmf", ".inp", ".mesh", ".meshb", ".vol")
"""Endings of the formats that meshio reads for us."""


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


def cannot_read(
    path: Path, reason: str, next_step: str = "write the file again and check that it is complete"
) -> InputError:
    """Build the error for a file no mesh can be had from (the caller raises it)."""
    return InputError(f"the mesh file cannot be read: {reason}", where=str(path), next_step=next_step)


def check_file(path: Path, limit: int = SIZE_LIMIT, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Refuse what is no readable mesh file before any library sees it.

    Raises
    ------
    InputError
        An ending that is none of `suffixes`, missing, not a regular file, empty, or larger than `limit` [bytes].
    """
    if path.suffix.lower() not in suffixes:
        raise InputError(
            "the file's ending is of no mesh format that is read",
            where=str(path),
            value=path.suffix,
            allowed=", ".join(suffixes),
            next_step="convert it to VTU, for example with `meshio convert`",
        )
    if not path.exists():
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError(
            "the mesh file does not exist",
            where=str(path),
            nearest=nearest_name(path.name, names),
            next_step="give the path of an existing file",
        )
    if not path.is_file():
        raise cannot_read(path, "it is not a regular file", "give the path of a file")
    size = path.stat().st_size
    if size == 0:
        raise cannot_read(path, "it is empty")
    if size > limit:
        raise InputError(
            "the mesh file is too large",
            where=str(path),
            value=size,
            allowed=f"at most {limit} bytes",
            next_step="coarsen the mesh",
        )
