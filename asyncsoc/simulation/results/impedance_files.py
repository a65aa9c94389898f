"""Files of impedance spectra: netCDF-4 with everything, and CSV with frequency and impedance.

The columns of the Battery Data Format are those of its ontology
(https://w3id.org/battery-data-alliance/ontology/battery-data-format): 'Frequency / Hz', 'Real Impedance / ohm',
'Imaginary Impedance / ohm', 'Absolute Impedance / ohm', 'Phase / deg'.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.csv_tables import Column, read_csv_table
from asyncsoc.base.environment import h5py_first
from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.base.files import replaced, write_text
from asyncsoc.base.guarded_files import regular_file
from asyncsoc.base.plain_data import from_text, plain, to_text
from asyncsoc.materials.types import Parameter
from asyncsoc.simulation.results.guard import damaged, guarded

if TYPE_CHECKING:
    import xarray as xr

    from asyncsoc.simulation.impedance.spectrum import ImpedanceSpectrum

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

LAYOUTS = ("bdf", "impedance.py")
_HEADS = (
    "Frequency / Hz",
    "Real Impedance / ohm",
    "Imaginary Impedance / ohm",
    "Absolute Impedance / ohm",
    "Phase / deg",
)
_COLUMNS = (
    Column("frequency", ("Frequency", "frequency hertz", "freq", "f"), unit="Hz", low=0.0, above=True),
    Column("real", ("Real Impedance", "real impedance ohm", "Re(Z)", "Z'"), unit="ohm"),
    Column("imaginary", ("Imaginary Impedance", "imaginary impedance ohm", "Im(Z)", "Z''"), unit="ohm"),
)
_LAYOUT = f"{_HEADS[0]}, {_HEADS[1]}, {_HEADS[2]}; or three columns of numbers without a head"
_RECORD = "asyncsoc impedance"
_VERSION = 1
_MESH = "estimated error by the mesh"


def dataset_of(spectrum: ImpedanceSpectrum) -> xr.Dataset:
    """Return a spectrum as a data set along `frequency`, complex numbers as two variables."""
    import xarray as xr

    record = _record(spectrum)
    return xr.Dataset(
        {name: ("frequency", values, {"units": unit}) for name, (values, unit) in _variables(spectrum).items()},
        coords={"frequency": ("frequency", spectrum.frequencies, {"units": "Hz"})},
        attrs={name: record[name] for name in ("name", "kind", "case sha256", "interface resistance [ohm]")},
    )


def _variables(spectrum: ImpedanceSpectrum) -> dict[str, tuple[Array, str]]:
    """Return what lies along the frequency, each with its unit."""
    found: dict[str, tuple[Array, str]] = {}
    for name, values in {"": spectrum.impedance, **spectrum.parts}.items():
        what = f"impedance, {name}" if name else "impedance"
        found |= {f"real {what}": (values.real, "ohm"), f"imaginary {what}": (values.imag, "ohm")}
    if len(spectrum.mesh_error):
        found[_MESH] = (spectrum.mesh_error, "1")
    return found


def _record(spectrum: ImpedanceSpectrum) -> dict[str, Any]:
    """Return what is no array of frequencies, as plain data."""
    record: dict[str, Any] = plain(
        {
            "version": _VERSION,
            "name": spectrum.name,
            "kind": spectrum.kind,
            "at": dict(spectrum.at),
            "parts": list(spectrum.parts),
            "interface resistance [ohm]": spectrum.interface_resistance,
            "contact area [m2]": spectrum.contact_area,
            "electrode area [m2]": spectrum.electrode_area,
            "parameters": [asdict(one) for one in spectrum.parameters],
            "warnings": list(spectrum.warnings),
            "case sha256": spectrum.case_sha256,
        }
    )
    return record


def write_netcdf(spectrum: ImpedanceSpectrum, path: Path) -> Path:
    """Write a spectrum to a netCDF-4 file in one step and return its path.

    Raises
    ------
    InputError
        The file cannot be written, or does not end in ".nc".
    """
    if path.suffix != ".nc":
        raise InputError("a spectrum is written as netCDF", where=str(path), allowed="a file that ends in .nc")
    h5py_first()
    import h5py

    try:
        with replaced(path) as stream, h5py.File(stream, "w", track_order=True) as file:
            file.attrs[_RECORD] = np.bytes_(to_text(_record(spectrum)).encode())
            axis = file.create_dataset("frequency", data=spectrum.frequencies)
            axis.make_scale("frequency")
            axis.attrs["units"] = np.bytes_(b"Hz")
            for name, (values, unit) in _variables(spectrum).items():
                variable = file.create_dataset(name, data=values)
                variable.dims[0].attach_scale(axis)
                variable.attrs["units"] = np.bytes_(unit.encode())
    except OSError as error:
        raise InputError(
            "the spectrum cannot be written", where=str(path), value=error.strerror or str(error), next_step="make room"
        ) from error
    return path


def read_netcdf(path: Path) -> dict[str, Any]:
    """Return the fields of a spectrum in a file by name.

    Raises
    ------
    InputError
        The file is missing, damaged or foreign.
    """
    h5py_first()
    with guarded(path) as file:
        record = from_text(file.attribute(_RECORD, str), where=str(path))
        try:
            if record["version"] != _VERSION:
                raise ValueError(f"version {record['version']}")
            names = [str(name) for name in record["parts"]]
            about = {
                "name": str(record["name"]),
                "kind": str(record["kind"]),
                "at": dict(record["at"]),
                "interface_resistance": _number(record["interface resistance [ohm]"]),
                "contact_area": _number(record["contact area [m2]"]),
                "electrode_area": _number(record["electrode area [m2]"]),
                "parameters": tuple(Parameter(**one) for one in record["parameters"]),
                "warnings": tuple(str(one) for one in record["warnings"]),
                "case_sha256": str(record["case sha256"]),
            }
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(path, "its record is not that of a spectrum", str(error)) from error
        frequencies = file.array("frequency", np.float64, (-1,))
        shape = (len(frequencies),)

        def of(name: str) -> ComplexArray:
            real = file.array(f"real {name}", np.float64, shape)
            return np.asarray(real + 1j * file.array(f"imaginary {name}", np.float64, shape))

        by_mesh = file.array(_MESH, np.float64, shape) if file.has(_MESH) else np.zeros(0)
        return {
            **about,
            "frequencies": frequencies,
            "impedance": of("impedance"),
            "parts": {name: of(f"impedance, {name}") for name in names},
            "mesh_error": by_mesh,
        }


def _number(value: object) -> float:
    """Return a number, NaN where there is none."""
    return float("nan") if value is None else float(value)  # type: ignore[arg-type]


def write_csv(frequencies: Array, impedance: ComplexArray, path: Path, layout: str) -> Path:
    """Write a spectrum as CSV in one step and return the path; see `ImpedanceSpectrum.to_csv`.

    Raises
    ------
    InputError
        The file cannot be written, or there is no such layout.
    """
    if layout not in LAYOUTS:
        raise unknown_name("layout of a spectrum", layout, LAYOUTS)
    columns = [frequencies, impedance.real, impedance.imag]
    lines = []
    if layout == "bdf":
        lines = [",".join(_HEADS)]
        columns += [np.abs(impedance), np.degrees(np.angle(impedance))]
    lines += [",".join(repr(value) for value in row) for row in zip(*(c.tolist() for c in columns), strict=True)]
    write_text(path, "\n".join(lines) + "\n", "the spectrum cannot be written")
    return path


def read_csv(path: Path) -> tuple[Array, ComplexArray]:
    """Return frequencies [Hz] and impedance [ohm] of a CSV file of either layout.

    Raises
    ------
    InputError
        The file is missing, or its columns are not understood.
    """
    if not _has_no_head(path):
        table = read_csv_table(path, _COLUMNS, layout=_LAYOUT, required=("frequency", "real", "imaginary"), fewest=1)
        columns = table.columns
        return columns["frequency"], columns["real"] + 1j * columns["imaginary"]
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            values = [float(cell) for cell in line.split(",")]
            if len(values) != len(_COLUMNS) or not np.isfinite(values).all() or values[0] <= 0.0:
                raise ValueError
        except ValueError:
            raise InputError(
                "not a frequency above 0 Hz, a real and an imaginary part",
                where=f"{path}:{number}",
                value=line[:60],
                allowed=_LAYOUT,
            ) from None
        rows.append(values)
    found = np.array(rows)
    return found[:, 0], found[:, 1] + 1j * found[:, 2]


def _has_no_head(path: Path) -> bool:
    """Return whether the first line of a file is numbers alone."""
    regular_file(path)
    with path.open(encoding="utf-8", errors="replace") as stream:
        first = next((line for line in stream if line.strip()), "")
    try:
        return bool([float(cell) for cell in first.split(",")])
    except ValueError:
        return False
