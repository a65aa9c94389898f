"""Write a run as one VTKHDF file, in one step, with its checksum beside it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import replaced
from asyncsoc.base.hashing import file_sha256
from asyncsoc.base.plain_data import to_text
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.soc import state_of_charge
from asyncsoc.simulation.results import layout
from asyncsoc.simulation.results.checkpoints import described, write_arrays
from asyncsoc.simulation.results.data import RunData
from asyncsoc.simulation.results.jumps import JUMPS, write_jumps
from asyncsoc.simulation.results.particle_files import write_particles
from asyncsoc.simulation.results.recordings import CYCLES, RECORDING, write_cycles, write_recording

_OTHERS = {
    ".csv": "to_csv writes the curves as a table, to_bdf in the Battery Data Format",
    ".bdf": "to_bdf writes the curves in the Battery Data Format",
    ".nc": "solution.curves.to_netcdf and solution.fields.to_netcdf write netCDF files",
    ".json": "asyncsoc run --json prints the curves; solution.to_json_dict returns them",
    ".h5": "name it .vtkhdf, which is HDF5",
    ".hdf5": "name it .vtkhdf, which is HDF5",
    ".vtu": "name it .vtkhdf, which holds all times in one file; ParaView and pyvista read it",
    ".pkl": "pickle.dump works too, but only the same version is sure to read it",
}
"""Endings of files that are none of ours, and what to do instead."""


def _name_it(owner: Any, name: str, text: str) -> None:
    """Attach a short text of fixed length: a reader knows its size before it reads."""
    owner.attrs[name] = np.bytes_(text.encode() or b" ")


def _write_record(file: Any, run: RunData, h5py: Any) -> None:
    """Write what the run was, as texts of fixed length: attributes are too short for the steps of many cycles."""
    _name_it(file, "format", layout.FORMAT)
    file.attrs["format version"] = layout.FORMAT_VERSION
    file.attrs["stoichiometry at 4.2 V"] = run.stoichiometry_at_4p2
    texts = {
        "name": run.name,
        "status": run.status,
        "stop reason": run.stop_reason,
        "case": to_text(run.case),
        "case toml": run.case_toml,
        "case sha256": run.case_sha256,
        "steps": to_text([asdict(step) for step in run.steps]),
        "warnings": to_text(run.warnings),
        "provenance": to_text(run.provenance),
        "wall times [s]": to_text(run.wall_times),
        "reports": to_text(run.reports),
        "valence": to_text({} if run.valence is None else asdict(run.valence)),
        "checkpoint": to_text(described(run.checkpoint)),
    }
    record = file.create_group("record")
    for name, text in texts.items():
        raw = text.encode()
        record.create_dataset(name, data=raw, dtype=h5py.string_dtype("utf-8", max(len(raw), 1)))


def _write_grid(grid: Any, run: RunData) -> None:
    mesh = run.mesh
    corners = mesh.cells.shape[1]
    grid.attrs["Version"] = (2, 0)
    kind = b"UnstructuredGrid"
    grid.attrs.create("Type", kind, dtype=f"S{len(kind)}")
    grid["NumberOfPoints"] = np.array([mesh.n_nodes])
    grid["NumberOfCells"] = np.array([len(mesh.cells)])
    grid["NumberOfConnectivityIds"] = np.array([mesh.cells.size])
    grid["Points"] = layout.vtk_points(mesh.points, mesh.coordinates)
    grid["Connectivity"] = mesh.cells.ravel()
    grid["Offsets"] = np.arange(len(mesh.cells) + 1) * corners
    grid["Types"] = np.full(len(mesh.cells), layout.VTK_TYPE[mesh.coordinates], dtype=np.uint8)
    for name, values in mesh.cell_data.items():
        grid[f"CellData/{name}"] = values.reshape(len(values), -1) if values.ndim > 1 else values


def _write_steps(steps: Any, times: NDArray[np.float64]) -> None:
    """Write the times, and that one static mesh serves all of them."""
    count = len(times)
    steps.attrs["NSteps"] = count
    steps["Values"] = times
    steps["NumberOfParts"] = np.ones(count, dtype=np.int64)
    for name in ("PartOffsets", "PointOffsets"):
        steps[name] = np.zeros(count, dtype=np.int64)
    for name in ("CellOffsets", "ConnectivityIdOffsets"):
        steps[name] = np.zeros((count, 1), dtype=np.int64)


def _write_fields(grid: Any, run: RunData) -> None:
    count, nodes = run.field_x.shape
    data, offsets = grid.create_group("PointData"), grid["Steps"].create_group("PointDataOffsets")
    moving: dict[str, NDArray[Any]] = {
        layout.STOICHIOMETRY: run.field_x,
        layout.SOC: state_of_charge(run.field_x, run.stoichiometry_at_4p2),
        **({} if run.valence is None else {run.valence.field: run.valence.higher_fraction(run.field_x)}),
        **run.more_fields,
    }
    for name, values in moving.items():
        kept = np.float64 if name in layout.EXACT_FIELDS else np.float32
        stored = layout.stored_name(name)
        field = data.create_dataset(
            stored,
            data=values.ravel().astype(kept),
            chunks=(nodes,),
            compression="gzip",
            compression_opts=1,
            shuffle=True,
        )
        _name_it(field, "long_name", name)
        offsets[stored] = np.arange(count, dtype=np.int64) * nodes
    for name in run.mesh.cell_data:
        grid["Steps"].require_group("CellDataOffsets")[name] = np.zeros(count, dtype=np.int64)
    surface = run.contact.surface_weights
    fraction = np.divide(run.contact.weights, surface, out=np.zeros(nodes), where=surface > 0.0)
    for name, values in ((layout.CONTACT_WEIGHT, run.contact.weights), (layout.CONTACT_FRACTION, fraction)):
        data[name] = values
        offsets[name] = np.zeros(count, dtype=np.int64)


def _write_curves(group: Any, run: RunData) -> None:
    point = group.create_dataset("point", data=np.arange(len(run.columns[names.TIME])))
    point.make_scale("point")
    for name, values in run.columns.items():
        curve = group.create_dataset(layout.stored_name(name), data=values)
        curve.dims[0].attach_scale(point)
        _name_it(curve, "units", names.unit_of(name))
        _name_it(curve, "long_name", name)


def _write_particle(file: Any, run: RunData) -> None:
    mesh = file.create_group("mesh")
    mesh["facets"] = run.mesh.facets
    for name in ("coordinates", "name", "sha256"):
        _name_it(mesh, name, getattr(run.mesh, name))
    contact = file.create_group("contact")
    contact["facet_fraction"] = run.contact.facet_fraction
    contact["surface_weights"] = run.contact.surface_weights
    _name_it(contact, "kind", run.contact.kind)
    _name_it(contact, "parameters", to_text(run.contact.parameters))
    contact.attrs["coverage asked"] = run.contact.coverage_asked
    contact.attrs["coverage realised"] = run.contact.coverage_realised


def run_path(directory: Path, name: str, case_sha256: str) -> Path:
    """Return the file a run is kept in: `<name>-<first 12 digits of the case's hash>.vtkhdf`."""
    return directory / f"{layout.slug(name)}-{layout.slug(case_sha256[:12])}{layout.SUFFIX}"


def result_path(run: RunData, path: Path) -> Path:
    """Return the file to keep a run in: `path` itself where it ends in ".vtkhdf", else one in the directory `path`.

    Raises
    ------
    InputError
        The path looks like a file of another format.
    """
    if path.is_dir():
        return run_path(path, run.name, run.case_sha256)
    suffix = path.suffix.lower()
    if suffix == layout.SUFFIX:
        return path
    other = _OTHERS.get(suffix)
    if other is not None:
        raise InputError(
            "a result is kept in a .vtkhdf file",
            where="save",
            value=str(path),
            allowed=f"a path that ends in {layout.SUFFIX}, or a directory",
            next_step=other,
        )
    return run_path(path, run.name, run.case_sha256)


def write_run(run: RunData, path: Path) -> Path:
    """Write `run` to the file `path`, replacing what is there, and return it.

    The file appears whole or not at all; `<file>.sha256` beside it is in the format of `sha256sum -c`.

    Raises
    ------
    InputError
        The directory cannot be written to, or is full.
    EnvironmentProblem
        h5py cannot be loaded.
    """
    import h5py

    sidecar = path.with_name(path.name + layout.CHECKSUM_SUFFIX)
    try:
        with replaced(path) as stream, h5py.File(stream, "w") as file:
            _write_record(file, run, h5py)
            grid = file.create_group("VTKHDF")
            _write_grid(grid, run)
            _write_steps(grid.create_group("Steps"), run.field_times)
            _write_fields(grid, run)
            _write_curves(file.create_group("curves"), run)
            _write_particle(file, run)
            if run.particle_runs:
                write_particles(file, run, h5py)
            if run.checkpoint is not None:
                write_arrays(file.create_group("checkpoint"), run.checkpoint)
            if run.recording is not None:
                write_recording(file.create_group(RECORDING), run.recording)
            if run.jumps is not None:
                write_jumps(file.create_group(JUMPS), run.jumps)
            cycles = file.create_group(CYCLES)
            if run.cycle_rows:
                write_cycles(cycles, dict(run.cycle_rows))
            # A checksum left from before must not accuse the new file, should the process die in between.
            sidecar.unlink(missing_ok=True)
        with replaced(sidecar) as stream:
            stream.write(f"{file_sha256(path)}  {path.name}\n".encode())
    except OSError as error:
        raise InputError(
            "the result cannot be written",
            where=str(path.parent),
            value=error.strerror or str(error),
            allowed="a directory that can be written to, on a disk with room",
            next_step="name another directory with -o",
        ) from error
    return path
