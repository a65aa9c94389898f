"""Profiles against time: what is imposed, from arrays or from a CSV file, and its pieces within a protocol step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.csv_tables import MOST_ROWS, Column, column_units, read_csv_table
from asyncsoc.base.errors import InputError
from asyncsoc.base.hashing import sha256_of
from asyncsoc.base.units import ZERO_CELSIUS, has_dimension

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Array = NDArray[np.float64]
Followed = Literal["current", "c-rate", "specific current", "areal current", "power", "voltage"]
Interpolation = Literal["linear", "hold"]

LEVEL = 0.5
"""K; a temperature that changes with time is taken in levels this far apart."""
MOST_LEVELS = 64
COLDEST, HOTTEST = 200.0, 500.0
_LAYOUT = "time [s], current [A]"


@dataclass(frozen=True)
class _Kind:
    """What a profile may impose: its SI unit, the largest sound magnitude, the head of a column of it in SI."""

    unit: str
    largest: float
    head: str


KINDS: dict[Followed, _Kind] = {
    "current": _Kind("A", 1e3, "current [A]"),
    "c-rate": _Kind("1", 1e3, "c-rate"),
    "specific current": _Kind("A/kg", 1e6, "current [A/kg]"),
    "areal current": _Kind("A/m2", 1e5, "current [A/m2]"),
    "power": _Kind("W", 1e4, "power [W]"),
    "voltage": _Kind("V", 6.0, "voltage [V]"),
}
_TIME_HEADS = ("time", "test time", "test time second")
_CURRENT_HEADS = ("current", "current ampere")
_VOLTAGE_HEADS = ("voltage", "voltage volt")
_CURRENT_KINDS: tuple[Followed, ...] = ("current", "specific current", "areal current")


@dataclass(frozen=True, eq=False)
class Profile:
    """What is imposed on a particle against time; equal content is one profile.

    Attributes
    ----------
    quantity
        What `values` are: "current" [A, the particle's], "c-rate" [1/h], "specific current" [A per kg of the particle],
        "areal current" [A per m2 of electrode], "power" [W, the particle's], "voltage" [V against Li]. Currents and
        powers above 0 charge.
    time : (n,)
        s, rising from 0.
    values : (n,)
    temperature : (n,)
        K; empty where the profile has none.
    """

    quantity: Followed
    time: Array
    values: Array
    temperature: Array = field(default_factory=lambda: np.zeros(0))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Profile) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of what it says."""
        parts = (self.time, self.values, self.temperature)
        head = f"asyncsoc profile 1, {self.quantity}, {len(self.time)} {len(self.temperature)}"
        return sha256_of(head, *(np.ascontiguousarray(part) for part in parts))

    @property
    def duration(self) -> float:
        """Seconds from its first point to its last."""
        return float(self.time[-1])

    @property
    def levels(self) -> tuple[float, ...]:
        """Temperatures [K] at which it is carried out, ascending; none where it has no temperature."""
        return tuple(np.unique(levels_of(self.temperature)).tolist())

    def saved(self, path: str | Path) -> Path:
        """Write the profile to a CSV file that `read_profile` reads as the same profile; return its path.

        Raises
        ------
        InputError
            The file cannot be written.
        """
        heads = ["time [s]", KINDS[self.quantity].head, *(["temperature [K]"] if len(self.temperature) else [])]
        columns = [self.time, self.values, *([self.temperature] if len(self.temperature) else [])]
        rows = (",".join(map(repr, row)) for row in np.column_stack(columns).tolist())
        try:
            Path(path).write_text("\n".join([", ".join(heads), *rows]) + "\n", encoding="utf-8")
        except OSError as error:
            raise InputError("the profile cannot be written", where=str(path), value=error.strerror) from None
        return Path(path)

    @classmethod
    def from_arrays(
        cls,
        time: ArrayLike,
        *,
        current: ArrayLike | None = None,
        c_rate: ArrayLike | None = None,
        specific_current: ArrayLike | None = None,
        areal_current: ArrayLike | None = None,
        power: ArrayLike | None = None,
        voltage: ArrayLike | None = None,
        temperature: ArrayLike | None = None,
        where: str = "Profile.from_arrays",
    ) -> Self:
        """Return the profile of arrays.

        Parameters
        ----------
        time : (n,), s
            Rising; counted from its first point.
        current, c_rate, specific_current, areal_current, power, voltage : (n,)
            One of them, in A, 1/h, A/kg, A/m2, W, V; above 0 a current or power charges.
        temperature : (n,), K

        Raises
        ------
        InputError
            Not one quantity, arrays of other lengths, fewer than two points, times that do not rise or are negative,
            a number that is not finite or out of range.
        """
        given: dict[Followed, ArrayLike | None] = {
            "current": current,
            "c-rate": c_rate,
            "specific current": specific_current,
            "areal current": areal_current,
            "power": power,
            "voltage": voltage,
        }
        there = [name for name, values in given.items() if values is not None]
        if len(there) != 1:
            raise InputError(
                "a profile follows one quantity", where=where, value=there or None, allowed=f"one of {', '.join(given)}"
            )
        times, values = _numbers(time, "time", where), _numbers(given[there[0]], there[0], where)
        heats = np.zeros(0) if temperature is None else _numbers(temperature, "temperature", where)
        for name, array in ((there[0], values), ("temperature", heats)):
            if len(array) != len(times) and not (name == "temperature" and temperature is None):
                raise InputError(
                    f"{name} and time have different lengths", where=where, value=len(array), allowed=f"{len(times)}"
                )
        return cls.checked(there[0], times, values, heats, lambda row: f"{where}, point {row + 1}")

    @classmethod
    def checked(
        cls, quantity: Followed, time: Array, values: Array, temperature: Array, at: Callable[[int], str]
    ) -> Self:
        """Return a profile whose arrays are checked; `at(row)` says where a row is."""
        if len(time) < 2:
            raise InputError("a profile needs two points or more", where=at(0), value=len(time), allowed="2 or more")
        if len(time) > MOST_ROWS:
            raise InputError(
                "a profile has too many points", where=at(0), value=len(time), allowed=f"at most {MOST_ROWS}"
            )
        low = 0.0 if quantity == "voltage" else -KINDS[quantity].largest
        limits = [("time", time, 0.0, 1e9), (quantity, values, low, KINDS[quantity].largest)]
        limits += [("temperature", temperature, COLDEST, HOTTEST)] if len(temperature) else []
        for name, array, least, most in limits:
            bad = np.flatnonzero(~((array >= least) & (array <= most)))
            if len(bad):
                raise InputError(
                    f"{name} is out of range",
                    where=at(int(bad[0])),
                    value=float(array[bad[0]]),
                    allowed=f"at least {least:g}, at most {most:g} {'s' if name == 'time' else _unit(name)}".rstrip(),
                )
        falls = np.flatnonzero(np.diff(time) <= 0.0)
        if len(falls):
            row = int(falls[0]) + 1
            raise InputError(
                "time does not rise",
                where=at(row),
                value=float(time[row]),
                allowed=f"more than {time[row - 1]:.9g} s of the point before",
                next_step="sort the points, and keep one of points that share their time",
            )
        if len(np.unique(levels_of(temperature))) > MOST_LEVELS:
            raise InputError(
                "the temperature covers too wide a range",
                where=at(0),
                value=f"{temperature.min():g} to {temperature.max():g} K",
                allowed=f"{MOST_LEVELS} levels of {LEVEL:g} K",
            )
        arrays = [np.array(array, dtype=np.float64) for array in (time - time[0], values, temperature)]
        for array in arrays:
            array.setflags(write=False)
        return cls(quantity, *arrays)


def _unit(name: str) -> str:
    return "K" if name == "temperature" else KINDS[name].unit.replace("1", "C")  # type: ignore[index]


def _numbers(values: Any, name: str, where: str) -> Array:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name} is not made of numbers", where=where, allowed="an array of numbers") from None
    if array.ndim != 1:
        raise InputError(f"{name} has the wrong shape", where=where, value=array.shape, allowed="(n,)")
    bad = np.flatnonzero(~np.isfinite(array))
    if len(bad):
        raise InputError(f"{name} is not finite", where=f"{where}, point {int(bad[0]) + 1}", value=float(array[bad[0]]))
    return array


def levels_of(temperature: Array) -> Array:
    """Return temperatures rounded to levels, in K."""
    levels: Array = np.round((temperature - ZERO_CELSIUS) / LEVEL) * LEVEL + ZERO_CELSIUS
    return levels


def read_profile(path: str | Path) -> Profile:
    """Return the profile in a CSV file.

    Its head names `time [s]` and one of `current [A]` (also mA/g, mA/cm2), `c-rate`, `power [W]`, `voltage [V]`, and
    may name `temperature [degC]`; a file of the Battery Data Format names `Test Time / s`, `Current / A`,
    `Voltage / V`, or `test_time_second` and so on. Where there is a current, a voltage beside it is a measured answer
    and left out. A current above 0 charges, whatever the program that wrote the file thinks.

    Raises
    ------
    InputError
        What `read_csv_table` refuses; no or several quantities to follow; what `Profile.from_arrays` refuses.
    """
    heads = column_units(path)
    names = [name for name, _ in heads]
    found: list[tuple[Followed, Column]] = []
    for name, unit in heads:
        spoken = " ".join(name.replace("_", " ").lower().split())
        if spoken in ("c-rate", "c rate"):
            # A C-rate in its own words: '1/h' and 'C' both say how often per hour.
            found.append(("c-rate", Column("c-rate", ("c-rate", "c rate"), unit if unit in ("1/h", "C") else "")))
        elif spoken in _CURRENT_HEADS:
            fitting = [k for k in _CURRENT_KINDS if unit and has_dimension(unit, KINDS[k].unit)]
            kind: Followed = fitting[0] if fitting else "current"
            shown = {"current": "A", "specific current": "mA/g", "areal current": "mA/cm2"}[kind]
            found.append((kind, Column("current", _CURRENT_HEADS, shown)))
        elif spoken == "power":
            found.append(("power", Column("power", ("power",), "W")))
        elif spoken in _VOLTAGE_HEADS:
            found.append(("voltage", Column("voltage", _VOLTAGE_HEADS, "V")))
    kinds = [one for one, _ in found]
    current = [pair for pair in found if pair[0] not in ("voltage", "power")]
    if current and "power" not in kinds:
        found = current
    if len({column.key for _, column in found}) > 1:
        raise InputError(
            "a profile follows one quantity",
            where=str(path),
            value=", ".join(names),
            allowed="one of current, c-rate, power, voltage (a voltage beside a current is left out)",
            next_step="remove the other columns",
        )
    if not found:
        found = [("current", Column("current", ("current",), "A"))]  # the reader says which columns there are
    quantity, followed = found[0]
    columns = [
        Column("time", _TIME_HEADS, "s"),
        followed,
        Column("temperature", ("temperature",), "degC"),
    ]
    table = read_csv_table(path, columns, layout=_LAYOUT, required=("time", followed.key))
    values = table.columns[followed.key]
    if quantity == "c-rate" and followed.unit == "1/h":
        values = values * 3600.0
    heats = table.columns.get("temperature", np.zeros(0))
    return Profile.checked(quantity, table.columns["time"], values, heats, table.where)
