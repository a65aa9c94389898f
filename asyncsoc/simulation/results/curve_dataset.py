"""A run's curves as a data set of xarray's that says why a curve is absent."""

from __future__ import annotations

from typing import Any

import xarray as xr

from asyncsoc.recorders.absent_curves import no_such_curve

CATHODE = "cathode"
"""Attribute: name of the cathode's parameter set."""


class CurveDataset(xr.Dataset):  # type: ignore[no-untyped-call]
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
            raise no_such_curve(key, names, material=self.attrs.get(CATHODE, "")) from None
