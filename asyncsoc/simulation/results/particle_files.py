"""The particles of a group in its result file: few arrays, in which they lie one after the other.

`/particles/curves` holds every curve over (particle, point), NaN where a particle does not have it. Meshes, contacts
and snapshots differ in size and lie end to end; `/particles/records` says whose is what, as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.plain_data import from_text, to_text
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.materials.valence import ValenceModel
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.cycle_rows import rows_of_curves
from asyncsoc.simulation.results import layout
from asyncsoc.simulation.results.data import RunData, Status
from asyncsoc.simulation.results.guard import GuardedFile, damaged
from asyncsoc.simulation.results.parsing import numbers_of, steps_of
from asyncsoc.simulation.results.recordings import (
    CYCLES,
    RECORDING,
    read_cycles,
    read_recording,
    write_cycles,
    write_recording,
)

GROUP = "particles"
_TEXTS = ("name", "status", "stop_reason", "case_toml", "case_sha256")
_DOCUMENTS = ("case", "provenance", "wall_times", "reports")
_OF_ONE = "particle"
_CONTACT = ("weights", "surface_weights", "facet_fraction")


def write_particles(file: Any, run: RunData, h5py: Any) -> None:
    """Write the particles of a group into its open file."""
    particles, group = run.particle_runs, file.create_group(GROUP)
    meshes = list({one.mesh.sha256: one.mesh for one in particles}.values())
    place = {mesh.sha256: k for k, mesh in enumerate(meshes)}
    text = to_text(
        {
            "meshes": [_mesh_record(mesh) for mesh in meshes],
            "particles": [_particle_record(one, place[one.mesh.sha256]) for one in particles],
        }
    ).encode()
    group.create_dataset("records", data=text, dtype=h5py.string_dtype("utf-8", len(text)))
    group["multiplicities"] = np.array(run.multiplicities)
    for name in ("points", "cells", "facets"):
        _write(group, name, [getattr(mesh, name) for mesh in meshes])
    _write(group, "cell_data", [values for mesh in meshes for values in mesh.cell_data.values()])
    for name in _CONTACT:
        _write(group, f"contact_{name}", [getattr(one.contact, name) for one in particles])
    _write(group, "field_times", [one.field_times for one in particles])
    _write(group, "stoichiometry", [one.field_x for one in particles])
    more = group.create_group("more_fields")
    for name in dict.fromkeys(name for one in particles for name in one.more_fields):
        _write(more, layout.stored_name(name), [one.more_fields[name] for one in particles if name in one.more_fields])
    for k, one in enumerate(particles):
        own = group.create_group(f"{_OF_ONE} {k}")
        if one.recording is not None:
            write_recording(own.create_group(RECORDING), one.recording)
        cycles = own.create_group(CYCLES)
        if one.cycle_rows:
            write_cycles(cycles, dict(one.cycle_rows))
    curves, rows = group.create_group("curves"), len(run.columns[names.TIME])
    for name in dict.fromkeys(name for one in particles for name in one.columns):
        absent = np.full(rows, np.nan)
        values = np.array([dict(one.columns).get(name, absent) for one in particles])
        stored = curves.create_dataset(layout.stored_name(name), data=values, compression="gzip", compression_opts=1)
        stored.attrs["units"] = np.bytes_(names.unit_of(name).encode())
        stored.attrs["long_name"] = np.bytes_(name.encode())


def _write(group: Any, name: str, parts: Sequence[NDArray[Any]]) -> None:
    """Write arrays end to end."""
    values = np.concatenate([part.ravel() for part in parts]) if parts else np.zeros(0)
    compression = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if values.size else {}
    group.create_dataset(name, data=values, **compression)


def _mesh_record(mesh: ParticleMesh) -> dict[str, Any]:
    return {
        "name": mesh.name,
        "coordinates": mesh.coordinates,
        "sha256": mesh.sha256,
        "sizes": [mesh.n_nodes, len(mesh.cells), len(mesh.facets)],
        "cell_data": {name: list(values.shape) for name, values in mesh.cell_data.items()},
    }


def _particle_record(one: RunData, mesh: int) -> dict[str, Any]:
    contact = one.contact
    return {
        **{name: getattr(one, name) for name in _TEXTS},
        **{name: dict(getattr(one, name)) for name in _DOCUMENTS},
        "warnings": list(one.warnings),
        "steps": [asdict(step) for step in one.steps],
        "stoichiometry_at_4p2": one.stoichiometry_at_4p2,
        "mesh": mesh,
        "snapshots": len(one.field_times),
        "more_fields": list(one.more_fields),
        "curves": list(one.columns),
        "contact": {
            "kind": contact.kind,
            "parameters": contact.parameters,
            "asked": contact.coverage_asked,
            "realised": contact.coverage_realised,
        },
    }


class _EndToEnd:
    """Arrays that lie end to end in one, taken from it one after the other; one that does not fit is an error."""

    def __init__(self, file: GuardedFile, name: str, dtype: type, *, finite: bool = True) -> None:
        self._file, self._name, self._next = file, f"{GROUP}/{name}", 0
        self._values = file.array(self._name, dtype, (-1,), finite=finite)

    def take(self, *shape: int) -> NDArray[Any]:
        """Return the next array of a shape."""
        count = int(np.prod(shape, dtype=np.int64))
        if min(shape) < 0 or self._next + count > len(self._values):
            raise damaged(self._file.path, f"'{self._name}' is shorter than its records say")
        self._next += count
        return np.asarray(self._values[self._next - count : self._next]).reshape(shape)


def read_particles(file: GuardedFile, valence: ValenceModel | None) -> tuple[tuple[RunData, ...], tuple[float, ...]]:
    """Return the particles of a group and their multiplicities; nothing where the file is that of one particle.

    Raises
    ------
    InputError
        They are damaged.
    """
    if not file.has(GROUP):
        return (), ()
    records = from_text(file.text(f"{GROUP}/records"), where=f"{file.path}, '{GROUP}'")
    try:
        meshes = _read_meshes(file, records["meshes"])
        particles = _read_runs(file, records["particles"], meshes, valence)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise damaged(file.path, "the records of its particles are incomplete", str(error)) from error
    many = file.array(f"{GROUP}/multiplicities", np.float64, (len(particles),))
    return particles, tuple(many.tolist())


def _read_meshes(file: GuardedFile, records: list[dict[str, Any]]) -> list[ParticleMesh]:
    points, cells, facets = (
        _EndToEnd(file, name, dtype) for name, dtype in (("points", float), ("cells", np.int64), ("facets", np.int64))
    )
    data, found = _EndToEnd(file, "cell_data", float), []
    for one in records:
        coordinates, (nodes, n_cells, n_facets) = str(one["coordinates"]), map(int, one["sizes"])
        if coordinates not in layout.DIMENSION:
            raise damaged(file.path, "unknown coordinates", coordinates)
        dimension = layout.DIMENSION[coordinates]
        at, of, on = points.take(nodes, dimension), cells.take(n_cells, dimension + 1), facets.take(n_facets, dimension)
        for corners in (of, on):
            if corners.size and not 0 <= corners.min() <= corners.max() < nodes:
                raise damaged(file.path, "a particle's mesh names nodes that do not exist")
        carried = {str(name): data.take(*map(int, shape)) for name, shape in one["cell_data"].items()}
        mesh = ParticleMesh(at, of, on, coordinates, str(one["name"]), cell_data=carried)
        if mesh.sha256 != one["sha256"]:
            raise damaged(file.path, "a particle's mesh is not the one whose hash it carries")
        found.append(mesh)
    return found


def _read_runs(
    file: GuardedFile, records: list[dict[str, Any]], meshes: list[ParticleMesh], valence: ValenceModel | None
) -> tuple[RunData, ...]:
    weights, surface, fraction = (_EndToEnd(file, f"contact_{name}", float) for name in _CONTACT)
    times, x = _EndToEnd(file, "field_times", float), _EndToEnd(file, "stoichiometry", float)
    further = {
        name: _EndToEnd(file, f"more_fields/{layout.stored_name(name)}", float, finite=False)
        for name in dict.fromkeys(str(name) for one in records for name in one["more_fields"])
    }
    curves = {
        name: _read_curve(file, name, len(records))
        for name in dict.fromkeys(str(name) for one in records for name in one["curves"])
    }
    found = []
    for k, one in enumerate(records):
        mesh, stored, count = meshes[int(one["mesh"])], one["contact"], int(one["snapshots"])
        contact = ContactMap(
            kind=str(stored["kind"]),
            weights=weights.take(mesh.n_nodes),
            surface_weights=surface.take(mesh.n_nodes),
            facet_fraction=fraction.take(len(mesh.facets)),
            coverage_asked=float(stored["asked"]),
            coverage_realised=float(stored["realised"]),
            parameters=numbers_of(file, dict(stored["parameters"])),
        )
        if one["status"] not in ("done", "stopped"):
            raise damaged(file.path, "unknown status of a particle", str(one["status"]))
        columns = {str(name): curves[str(name)][k] for name in one["curves"]}
        own = f"{GROUP}/{_OF_ONE} {k}"
        cycles = read_cycles(file, f"{own}/{CYCLES}")
        found.append(
            RunData(
                name=str(one["name"]),
                columns=columns,
                cycle_rows=rows_of_curves(columns, complete=one["status"] == "done") if cycles is None else cycles,
                recording=read_recording(file, f"{own}/{RECORDING}"),
                field_times=times.take(count),
                field_x=x.take(count, mesh.n_nodes),
                mesh=mesh,
                contact=contact,
                stoichiometry_at_4p2=float(one["stoichiometry_at_4p2"]),
                case=dict(one["case"]),
                case_toml=str(one["case_toml"]),
                case_sha256=str(one["case_sha256"]),
                steps=steps_of(file, list(one["steps"])),
                status=cast("Status", one["status"]),
                stop_reason=str(one["stop_reason"]),
                warnings=tuple(map(str, one["warnings"])),
                provenance=dict(one["provenance"]),
                wall_times=dict(one["wall_times"]),
                more_fields={str(name): further[str(name)].take(count, mesh.n_nodes) for name in one["more_fields"]},
                reports=dict(one["reports"]),
                valence=valence,
            )
        )
    return tuple(found)


def _read_curve(file: GuardedFile, name: str, particles: int) -> NDArray[Any]:
    dtype = np.int64 if name in names.WHOLE_NUMBERS else np.float64
    place = f"{GROUP}/curves/{layout.stored_name(name)}"
    return file.array(place, dtype, (particles, -1), finite=False)
