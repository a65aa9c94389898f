"""A run's curves and fields as data sets of xarray's: files can be written of them, absent curves are explained."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, cast

import xarray as xr

from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.absent_curves import no_such_curve
from asyncsoc.simulation.results import layout
from asyncsoc.simulation.results.data import RunData

CATHODE = "cathode"
"""Attribute: name of the cathode's parameter set."""
PARTICLES = "particles"
"""Attribute: number of particles of a group."""


class RunDataset(xr.Dataset):  # type: ignore[no-untyped-call]
    """An `xarray.Dataset` whose names a netCDF file can hold when it is written to one.

    A slash would open a group: "Specific capacity [mA.h/g]" is "Specific capacity [mA.h per g]" in the file, and its
    attribute `long_name` is the name itself.
    """

    __slots__ = ()

    def to_netcdf(self, *arguments: Any, **keys: Any) -> Any:
        """Write the data set as `xarray.Dataset.to_netcdf` does, under names that netCDF allows."""
        return xr.Dataset.to_netcdf(cast("RunDataset", netcdf_names(self)), *arguments, **keys)


class CurveDataset(RunDataset):  # type: ignore[no-untyped-call]
    """An `xarray.Dataset` that raises NoSuchCurve, an InputError and a KeyError, for a curve that it does not hold."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        """Return a curve, or a data set of several."""
        try:
            return super().__getitem__(key)
        except KeyError:
            if not isinstance(key, str):
                raise
            names = [str(name) for name in self.variables]
            known = {"material": self.attrs.get(CATHODE, ""), "particles": int(self.attrs.get(PARTICLES, 0))}
            raise no_such_curve(key, names, **known) from None


def netcdf_names(data: xr.Dataset) -> xr.Dataset:
    """Return a data set under names that netCDF allows; `long_name` keeps the name of what is renamed."""
    every: Iterable[Hashable] = dict.fromkeys((*data.variables, *data.dims))
    new = {name: layout.stored_name(name) for name in every if isinstance(name, str) and "/" in name}
    renamed = data.rename(new)
    for name, stored in new.items():
        if stored in renamed.variables:
            renamed[stored].attrs.setdefault("long_name", name)
    # A file lists its coordinates by name, separated by spaces: those with a space in theirs are plain variables there.
    listed = [name for name in renamed.coords if name not in renamed.dims and " " in str(name)]
    return renamed.reset_coords(listed)


def curves_of(run: RunData) -> xr.Dataset:
    """Return the curves of a run along `point`, with time, step and cycle as coordinates and units as attributes."""
    variables = {
        name: xr.Variable(("point",), values, {"units": names.unit_of(name)}) for name, values in run.columns.items()
    }
    attributes: dict[str, Any] = {"name": run.name, "case sha256": run.case_sha256, "status": run.status}
    attributes[CATHODE] = run.material
    if run.particle_runs:
        attributes[PARTICLES] = len(run.particle_runs)
    keys = [name for name in (names.TIME, names.STEP, names.CYCLE) if name in variables]
    return CurveDataset(variables, attrs=attributes).set_coords(keys)
