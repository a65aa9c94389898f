"""Read a run back from its file, trusting nothing in it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.hashing import file_sha256
from asyncsoc.base.plain_data import from_text
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import Coordinates, ParticleMesh
from asyncsoc.geometry.quality import unflattened
from asyncsoc.materials.registry import DEFAULT_CATHODE, cathode
from asyncsoc.materials.valence import ValenceModel
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.cycle_rows import rows_of_curves
from asyncsoc.recorders.salt import salt_place
from asyncsoc.simulation.results import layout
from asyncsoc.simulation.results.checkpoints import read_checkpoint
from asyncsoc.simulation.results.data import RunData, Status
from asyncsoc.simulation.results.guard import GuardedFile, damaged, guarded
from asyncsoc.simulation.results.jumps import read_jumps
from asyncsoc.simulation.results.parsing import numbers_of, steps_of
from asyncsoc.simulation.results.particle_files import read_particles
from asyncsoc.simulation.results.recordings import read_cycles, read_recording

_SIDECAR_LENGTH = 4096


def _verify_checksum(path: Path) -> None:
    sidecar = path.with_name(path.name + layout.CHECKSUM_SUFFIX)
    if path.is_file() and sidecar.is_file():
        with sidecar.open("rb") as stream:
            expected = stream.read(_SIDECAR_LENGTH).decode("ascii", errors="replace").split()
        found = file_sha256(path)
        if not expected or expected[0] != found:
            raise damaged(path, f"its SHA-256 is not the one in {sidecar.name}", found)


def _json(file: GuardedFile, name: str, text: str, kind: type) -> Any:
    value = from_text(text, where=f"{file.path}, '{name}'")
    if not isinstance(value, kind):
        raise damaged(file.path, f"'{name}' is not a {kind.__name__}")
    return value


def _record(file: GuardedFile, name: str, kind: type) -> Any:
    return _json(file, name, file.text(f"record/{name}"), kind)


def _read_mesh(file: GuardedFile) -> ParticleMesh:
    text = file.attribute("coordinates", str, "mesh")
    if text not in layout.DIMENSION:
        raise damaged(file.path, "unknown coordinates", text)
    coordinates = cast("Coordinates", text)
    dimension = layout.DIMENSION[coordinates]
    points = file.array("VTKHDF/Points", np.float64, (-1, 3))[:, layout.COLUMNS[coordinates]]
    connectivity = file.array("VTKHDF/Connectivity", np.int64, (-1,))
    facets = file.array("mesh/facets", np.int64, (-1, dimension))
    if connectivity.size % (dimension + 1):
        raise damaged(file.path, "the cells are incomplete", connectivity.size)
    for what, nodes in (("cells", connectivity), ("facets", facets)):
        if nodes.size and not (nodes.min() >= 0 and nodes.max() < len(points)):
            raise damaged(file.path, f"its {what} name nodes that do not exist")
    mesh = ParticleMesh(
        points=points,
        cells=connectivity.reshape(-1, dimension + 1),
        facets=facets,
        coordinates=coordinates,
        name=file.attribute("name", str, "mesh"),
        cell_data=_read_cell_data(file, connectivity.size // (dimension + 1), dimension),
    )
    if mesh.sha256 != file.attribute("sha256", str, "mesh"):
        raise damaged(file.path, "the mesh is not the one whose hash it carries")
    return mesh


def _read_cell_data(file: GuardedFile, cells: int, dimension: int) -> dict[str, NDArray[np.float64]]:
    """Return what the cells of the mesh carry."""
    found = {}
    for name in file.names("VTKHDF/CellData") if file.has("VTKHDF/CellData") else []:
        place = f"VTKHDF/CellData/{name}"
        shape = file.shape(place)
        values = file.array(place, np.float64, (cells, *shape[1:]))
        found[name] = unflattened(values, dimension)
    return found


def _read_contact(file: GuardedFile, mesh: ParticleMesh) -> ContactMap:
    parameters = _json(file, "contact parameters", file.attribute("parameters", str, "contact"), dict)
    return ContactMap(
        kind=file.attribute("kind", str, "contact"),
        weights=file.array(f"VTKHDF/PointData/{layout.CONTACT_WEIGHT}", np.float64, (mesh.n_nodes,)),
        surface_weights=file.array("contact/surface_weights", np.float64, (mesh.n_nodes,)),
        facet_fraction=file.array("contact/facet_fraction", np.float64, (len(mesh.facets),)),
        coverage_asked=file.attribute("coverage asked", float, "contact"),
        coverage_realised=file.attribute("coverage realised", float, "contact"),
        parameters=numbers_of(file, parameters),
    )


def _read_valence(file: GuardedFile) -> ValenceModel | None:
    """Return the valence model of the run's cathode; a file from before it was kept is one of the default cathode's."""
    if "valence" not in file.names("record"):
        return cathode(DEFAULT_CATHODE).valence
    kept = _record(file, "valence", dict)
    if not kept:
        return None
    numbers = (kept.get("atoms"), kept.get("fixed_charge"), kept.get("anion_charge"))
    couple, texts = kept.get("couple"), (kept.get("symbol"), kept.get("element"))
    whole = isinstance(couple, list) and len(couple) == 2 and all(type(state) is int for state in couple)
    known = set(kept) == {field.name for field in dataclasses.fields(ValenceModel)}
    typed = all(isinstance(n, int | float) for n in numbers) and all(isinstance(t, str) for t in texts)
    if not (known and whole and typed):
        raise damaged(file.path, "its valence model is not one", str(kept)[:60])
    return ValenceModel(**{**kept, "couple": tuple(couple)})


def _read_curves(file: GuardedFile, valence: ValenceModel | None, *, group: bool) -> dict[str, Any]:
    every = names.GROUP_CURVES if group else names.curves_of(valence)
    stored = {layout.stored_name(name): name for name in (*every, *names.SIDE_CURVES)}
    length = len(file.array("curves/point", np.int64, (-1,)))
    columns = {}
    for key in file.names("curves"):
        if key != "point":
            name = stored.get(key) or file.attribute("long_name", str, f"curves/{key}")
            dtype = np.int64 if name in names.WHOLE_NUMBERS else np.float64
            columns[name] = file.array(f"curves/{key}", dtype, (length,), finite=False)
    missing = [name for name in every if name not in columns and name not in names.LATER]
    if missing:
        raise damaged(file.path, "a curve is missing", missing[0])
    order = {name: position for position, name in enumerate((*every, *names.SIDE_CURVES))}
    return dict(sorted(columns.items(), key=lambda item: order.get(item[0], len(order) + salt_place(item[0]))))


def _read_fields(file: GuardedFile, nodes: int) -> tuple[Any, Any]:
    times = file.array("VTKHDF/Steps/Values", np.float64, (-1,))
    count = len(times)
    offsets = file.array(f"VTKHDF/Steps/PointDataOffsets/{layout.STOICHIOMETRY}", np.int64, (count,))
    if not np.array_equal(offsets, np.arange(count) * nodes):
        raise damaged(file.path, "the snapshots are not in their places")
    return times, file.array(f"VTKHDF/PointData/{layout.STOICHIOMETRY}", np.float64, (count * nodes,))


def _read_more_fields(file: GuardedFile, count: int, nodes: int, valence: ValenceModel | None) -> dict[str, Any]:
    fields = {}
    own = layout.OWN_FIELDS if valence is None else (*layout.OWN_FIELDS, layout.stored_name(valence.field))
    for stored in file.names("VTKHDF/PointData"):
        if stored not in own:
            place = f"VTKHDF/PointData/{stored}"
            values = file.array(place, np.float64, (count * nodes,), finite=False)
            fields[file.attribute("long_name", str, place)] = values.reshape(count, nodes)
    return fields


def read_run(path: Path) -> RunData:
    """Return the run kept in `path`; a checksum beside it is verified first.

    Raises
    ------
    InputError
        The file is missing, damaged, foreign, linked to other files or not what its checksum says.
    EnvironmentProblem
        h5py cannot be loaded.
    """
    _verify_checksum(path)
    with guarded(path) as file:
        if file.attribute("format", str) != layout.FORMAT:
            raise damaged(path, "another format", file.attribute("format", str))
        version = file.attribute("format version", int)
        if version != layout.FORMAT_VERSION:
            raise damaged(path, f"format version {version}, this asyncsoc reads {layout.FORMAT_VERSION}")
        status = file.text("record/status")
        if status not in ("done", "stopped"):
            raise damaged(path, "unknown status", status)
        mesh = _read_mesh(file)
        times, x = _read_fields(file, mesh.n_nodes)
        valence = _read_valence(file)
        particles, multiplicities = read_particles(file, valence)
        nodes = [one.mesh.n_nodes for one in particles] or [mesh.n_nodes]
        columns, cycles = _read_curves(file, valence, group=bool(particles)), read_cycles(file)
        return RunData(
            checkpoint=read_checkpoint(file, _record(file, "checkpoint", dict), nodes),
            name=file.text("record/name"),
            recording=read_recording(file),
            jumps=read_jumps(file),
            columns=columns,
            cycle_rows=rows_of_curves(columns, complete=status == "done") if cycles is None else cycles,
            field_times=times,
            field_x=x.reshape(len(times), mesh.n_nodes),
            mesh=mesh,
            contact=_read_contact(file, mesh),
            stoichiometry_at_4p2=file.attribute("stoichiometry at 4.2 V", float),
            case=_record(file, "case", dict),
            case_toml=file.text("record/case toml"),
            case_sha256=file.text("record/case sha256"),
            steps=steps_of(file, _record(file, "steps", list)),
            status=cast("Status", status),
            stop_reason=file.text("record/stop reason"),
            warnings=tuple(str(text) for text in _record(file, "warnings", list)),
            provenance=_record(file, "provenance", dict),
            wall_times=_record(file, "wall times [s]", dict),
            more_fields=_read_more_fields(file, len(times), mesh.n_nodes, valence),
            valence=valence,
            particle_runs=particles,
            multiplicities=multiplicities,
            reports=_record(file, "reports", dict) if "reports" in file.names("record") else {},
        )
