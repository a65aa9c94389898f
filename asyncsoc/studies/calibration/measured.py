"""Measured curves: voltage or resistance against time or capacity, from CSV files or arrays, with their units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.csv_tables import Column, read_csv_table
from asyncsoc.base.display import Rows, Shown
from asyncsoc.base.errors import InputError
from asyncsoc.base.hashing import sha256_of
from asyncsoc.geometry.mesh import frozen

Array = NDArray[np.float64]
Quantity = Literal["voltage", "resistance"]
Abscissa = Literal["time", "capacity"]

MOST_POINTS = 200_000
_FEWEST = 3
_HIGHEST_VOLTAGE = 6.0
_LAYOUT = "time [s], voltage [V]"
_COLUMNS = (
    Column("time", ("time", "t", "test time", "elapsed time"), "s", low=0.0),
    Column(
        "capacity",
        ("capacity", "specific capacity", "areal capacity", "Q"),
        "mAh/g",
        low=0.0,
        alternatives=("mAh/cm2", "A h"),
    ),
    Column(
        "voltage", ("voltage", "cell voltage", "potential", "U", "V", "E", "v"), "V", 0.0, _HIGHEST_VOLTAGE, above=True
    ),
    Column("resistance", ("resistance", "interface resistance", "R"), "ohm", 0.0, above=True, alternatives=("ohm m2",)),
)


@dataclass(frozen=True, eq=False, repr=False)
class MeasuredCurve(Shown):
    """A measured curve.

    Attributes
    ----------
    quantity
        "voltage" or "resistance".
    abscissa : (n,)
        Rising: time [s], or capacity [C/kg of active material, or C/m2 of electrode].
    values : (n,)
        V; ohm of the particle, or ohm m2 of electrode where `per_area`.
    per_area
        Whether resistances are those of a square metre of electrode.
    name, sha256
        Of the file.
    against
        What the abscissa is.
    per_electrode
        Whether capacities are those of a square metre of electrode, not of mass.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> curve = aso.MeasuredCurve.from_arrays(time=[0.0, 60.0, 120.0], voltage=[3.70, 3.72, 3.73])
    >>> len(curve.values)
    3
    """

    quantity: Quantity
    abscissa: Array
    values: Array
    per_area: bool
    name: str
    sha256: str
    against: Abscissa = "time"
    per_electrode: bool = False

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        low, high = float(self.abscissa[0]), float(self.abscissa[-1])
        unit = "s" if self.against == "time" else "C/m2" if self.per_electrode else "C/kg"
        of = "V" if self.quantity == "voltage" else "ohm m2" if self.per_area else "ohm"
        rows: list[tuple[str, object]] = [
            ("points", len(self.values)),
            (f"{self.against} [{unit}]", f"{low:.5g} to {high:.5g}"),
            (f"{self.quantity} [{of}]", f"{float(self.values.min()):.5g} to {float(self.values.max()):.5g}"),
        ]
        return self.name, rows, ()

    @property
    def time(self) -> Array:
        """The abscissa of a curve against time [s]."""
        if self.against != "time":
            raise InputError("a curve against capacity has no times", where=self.name)
        return self.abscissa

    @property
    def described(self) -> str:
        """File, number of points and hash: what a constant fitted to it is marked with."""
        return f"{self.name} ({len(self.abscissa)} points of {self.quantity}, SHA-256 {self.sha256[:12]})"

    @classmethod
    def from_arrays(
        cls,
        *,
        time: ArrayLike | None = None,
        capacity: ArrayLike | None = None,
        voltage: ArrayLike | None = None,
        resistance: ArrayLike | None = None,
        name: str = "arrays",
    ) -> Self:
        """Return a curve made of arrays in SI.

        Parameters
        ----------
        time, capacity : (n,)
            One of them, rising: s, or C per kg of active material.
        voltage, resistance : (n,)
            One of them: V, or ohm of the particle.
        name
            What messages and marks call it.

        Raises
        ------
        InputError
            None or both of a pair, arrays of other lengths, fewer than three points, values that are not finite or out
            of range, an abscissa that does not rise.
        """
        against, x = _one_of({"time": time, "capacity": capacity}, name)
        quantity, y = _one_of({"voltage": voltage, "resistance": resistance}, name)
        if x.ndim != 1 or x.shape != y.shape or len(x) < _FEWEST:
            raise InputError(
                f"{against} and {quantity} must be lists of equal length",
                where=name,
                value=f"shapes {x.shape} and {y.shape}",
                allowed=f"one dimension, {_FEWEST} points or more",
            )
        _check_arrays(x, y, against, quantity, name)
        digest = sha256_of(x.tobytes() + y.tobytes())
        return cls(
            "voltage" if quantity == "voltage" else "resistance",
            frozen(x, np.float64),
            frozen(y, np.float64),
            False,
            name,
            digest,
            "time" if against == "time" else "capacity",
        )


def read_measured(path: str | Path) -> MeasuredCurve:
    """Return the curve in a CSV file.

    The head line names the columns with their units, in any order: time or capacity, and voltage or resistance; other
    columns are left out, and heads of the Battery Data Format ('Test Time / s', 'Voltage / V') are understood. With
    time and capacity in one file the curve is one against time. Columns are separated by commas, semicolons or tabs;
    lines that begin with # are comments. Resistances in ohm are the particle's, in ohm cm2 (ohm m2) those of electrode
    area; capacities are per mass of active material (mAh/g) or per electrode area (mAh/cm2).

    Raises
    ------
    InputError
        Missing or unreadable file, no head line, unknown column or unit, a line that is no number, an abscissa that
        does not rise, values out of range, too few points: one message with the line.
    """
    table = read_csv_table(path, _COLUMNS, layout=_LAYOUT, required=(), fewest=_FEWEST, most=MOST_POINTS)
    found = table.columns
    against: Abscissa = "capacity" if "capacity" in found and "time" not in found else "time"
    if against not in found:
        raise InputError(
            "neither time nor capacity in the file", where=str(table.path), allowed=f"a head line '{_LAYOUT}'"
        )
    if ("voltage" in found) == ("resistance" in found):
        both = "voltage" in found
        raise InputError(
            "both voltage and resistance in one file" if both else "neither voltage nor resistance in the file",
            where=str(table.path),
            allowed=f"a head line '{_LAYOUT}', or with 'resistance [ohm]' or 'resistance [ohm cm2]'",
            next_step="one file per quantity" if both else None,
        )
    if table.dimensions.get(against) == "A h":
        raise InputError(
            "a capacity in A h is that of an unknown amount of material",
            where=str(table.path),
            value=table.units[against],
            allowed="mAh/g of active material, or mAh/cm2 of electrode",
            next_step="divide it by the mass of active material in the cell",
        )
    table.rises(against)
    quantity: Quantity = "voltage" if "voltage" in found else "resistance"
    return MeasuredCurve(
        quantity,
        found[against],
        found[quantity],
        table.dimensions[quantity] == "ohm m2",
        table.path.name,
        table.sha256,
        against,
        table.dimensions[against] == "mAh/cm2",
    )


def _one_of(given: dict[str, ArrayLike | None], where: str) -> tuple[str, Array]:
    present = {name: values for name, values in given.items() if values is not None}
    if len(present) != 1:
        raise InputError(f"give one of {' and '.join(given)}", where=where, value=", ".join(present) or "none")
    ((name, values),) = present.items()
    try:
        if np.iscomplexobj(values):
            raise TypeError("its numbers are complex")
        return name, np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{name} is no array of numbers: {error}", where=where) from None


def _check_arrays(x: Array, y: Array, against: str, quantity: str, where: str) -> None:
    for name, values in ((against, x), (quantity, y)):
        if not np.isfinite(values).all():
            raise InputError(f"{name} is not finite", where=where, value=f"point {int(np.argmin(np.isfinite(values)))}")
    if x[0] < 0.0 or (np.diff(x) <= 0.0).any():
        raise InputError(f"{against} does not rise from 0 on", where=where, allowed="each later than the one before")
    high = _HIGHEST_VOLTAGE if quantity == "voltage" else math.inf
    if not ((y > 0.0) & (y < high)).all():
        raise InputError(
            f"{quantity} is out of range",
            where=where,
            value=float(y[int(np.argmin((y > 0.0) & (y < high)))]),
            allowed="above 0, at most 6 V" if quantity == "voltage" else "above 0 ohm",
        )
