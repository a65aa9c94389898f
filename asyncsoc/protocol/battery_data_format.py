"""Curves of a battery cycler in the Battery Data Format (BDF): time, current and voltage of one cell.

The format is that of the Battery Data Alliance (https://w3id.org/battery-data-alliance/ontology/battery-data-format):
a CSV file whose head line has the preferred labels ('Test Time / s', 'Current / A', 'Voltage / V') or the names for
machines (`test_time_second`, `current_ampere`, `voltage_volt`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.csv_tables import Column, CsvTable, read_csv_table
from asyncsoc.base.errors import InputError
from asyncsoc.base.paths import path_of
from asyncsoc.materials.importing.record import ImportedValue

Array = NDArray[np.float64]
Sign = Literal["charge", "discharge"]

LAYOUT = "Test Time / s, Current / A, Voltage / V"
TIME = Column("time", ("Test Time", "test time second"), unit="s")
CURRENT = Column("current", ("Current", "current ampere"), unit="A")
VOLTAGE = Column("voltage", ("Voltage", "voltage volt"), unit="V", low=-10.0, high=10.0)
AMBIENT = Column(
    "temperature",
    ("Ambient Temperature", "ambient temperature celsius"),
    unit="degC",
    low=150.0,
    high=600.0,
    blank=True,
)
STEP = Column("step", ("Step Count", "step count"), blank=True)
CYCLE = Column("cycle", ("Cycle Count", "cycle count"), blank=True)
CLOCK = Column("clock", ("Unix Time", "unix time second"), unit="s", blank=True)
_COLUMNS = (TIME, CURRENT, VOLTAGE, AMBIENT, STEP, CYCLE, CLOCK)
_CLOCKS_AGREE = 0.05
"""Relative difference of the median intervals by both clocks that is put down to rounding."""
_FEWEST_INTERVALS = 3
_YEAR = 3.156e7
_LONG = 10.0 * _YEAR
"""s; a test that long was measured in another unit."""
_CLEAR = 0.8
"""Share of the intervals under current in which the voltage must move against it to say so."""


@dataclass(frozen=True, eq=False)
class CyclerCurves:
    """What a cycler measured of one cell; arrays of n points, read-only.

    Attributes
    ----------
    time : (n,)
        Test time [s]; does not fall. Equal times are a jump of the current.
    current : (n,)
        A, of the cell; positive on charge.
    voltage : (n,)
        V, of the cell: against lithium only where the other electrode is lithium.
    temperature : (n,) or None
        Of the surroundings [K].
    step, cycle : (n,) or None
        Counts of the cycler's program.
    name, sha256
        Of the file.
    report
        What was taken, converted, assumed and ignored.
    """

    time: Array
    current: Array
    voltage: Array
    temperature: Array | None
    step: NDArray[np.int64] | None
    cycle: NDArray[np.int64] | None
    name: str
    sha256: str
    report: tuple[ImportedValue, ...] = field(repr=False)

    def __post_init__(self) -> None:
        for values in (self.time, self.current, self.voltage, self.temperature, self.step, self.cycle):
            if values is not None:
                values.flags.writeable = False

    def __len__(self) -> int:
        return len(self.time)

    def between(self, start: float, end: float) -> CyclerCurves:
        """Return the points with start <= time <= end [s of test time], their times counted from the first.

        Raises
        ------
        InputError
            Fewer than two points lie there.
        """
        return self._part((self.time >= start) & (self.time <= end), f"test time from {start:g} to {end:g} s")

    def steps(self, first: int, last: int | None = None) -> CyclerCurves:
        """Return the points of program steps first to last (by default one step), their times counted from the first.

        Raises
        ------
        InputError
            The file counts no steps, or fewer than two points belong to these.
        """
        if self.step is None:
            raise InputError(
                "the file counts no steps",
                where=self.name,
                allowed="a column 'Step Count / 1'",
                next_step="take a part by its time: between(start, end)",
            )
        last = first if last is None else last
        return self._part((self.step >= first) & (self.step <= last), f"steps {first} to {last}")

    def _part(self, chosen: NDArray[np.bool_], words: str) -> CyclerCurves:
        if np.count_nonzero(chosen) < 2:
            raise InputError(
                "too few points are in that part",
                where=self.name,
                value=words,
                allowed=f"test time from {self.time[0]:g} to {self.time[-1]:g} s"
                + ("" if self.step is None else f", steps {self.step.min()} to {self.step.max()}"),
            )

        def part[Values: (Array, NDArray[np.int64])](values: Values) -> Values:
            return values[chosen].copy()

        time = part(self.time)
        return CyclerCurves(
            time - time[0],
            part(self.current),
            part(self.voltage),
            None if self.temperature is None else part(self.temperature),
            None if self.step is None else part(self.step),
            None if self.cycle is None else part(self.cycle),
            f"{self.name} ({words})",
            self.sha256,
            self.report,
        )


def read_bdf(path: str | Path, *, positive: Sign = "charge") -> CyclerCurves:
    r"""Return the curves in a file of the Battery Data Format (CSV; compressed and Parquet files are refused).

    Parameters
    ----------
    path
        The file, 'cell.bdf.csv' or 'cell.bdf'.
    positive
        What a positive current does. The format's text does not say it; its published reference files charge.

    Raises
    ------
    InputError
        Whatever `read_csv_table` refuses, a file that is compressed or Parquet, times that fall, voltages beyond 10 V
        (millivolts?), a test time that does not run as the file's own Unix time does.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> from pathlib import Path
    >>> text = "Test Time / s,Current / A,Voltage / V\n0,1e-3,3.70\n60,1e-3,3.72\n120,0,3.71\n"
    >>> _ = Path("cell.bdf.csv").write_text(text)
    >>> record = aso.read_bdf("cell.bdf.csv")
    """
    file = path_of(path)
    if positive not in ("charge", "discharge"):
        raise InputError("unknown sign of the current", where="positive", value=positive, allowed="charge, discharge")
    if file.suffix.lower() in (".gz", ".bz2", ".xz", ".zip", ".parquet", ".nda", ".ndax", ".mpr", ".xlsx"):
        raise InputError(
            f"a {file.suffix} file is not read",
            where=str(file),
            allowed="a CSV file in the Battery Data Format",
            next_step="unpack it, or write it as CSV (the package batterydf does)",
        )
    table = read_csv_table(file, _COLUMNS, layout=LAYOUT, required=("time", "current", "voltage"))
    table.rises("time", strictly=False)
    time = table.columns["time"]
    report = [_taken(table, column) for column in (TIME, CURRENT, VOLTAGE)]
    _require_clocks_agree(table)
    report.append(_sign(table, positive))
    duration = float(time[-1] - time[0])
    if duration > _LONG:
        note = f"WARNING: {duration / _YEAR:.0f} years; a test time in milliseconds?"
        report.append(ImportedValue("Test Time, unit", f"{duration:.3g} s", "assumed", note))
    jumps = int(np.count_nonzero(np.diff(time) == 0.0))
    if jumps:
        report.append(ImportedValue("Test Time, repeated", f"{jumps} times", "taken", "a jump of the current"))
    temperature = table.columns.get("temperature")
    if temperature is not None and np.isnan(temperature).any():
        lacking = int(np.count_nonzero(np.isnan(temperature)))
        report.append(
            ImportedValue("Ambient Temperature", f"{len(time) - lacking} of {len(time)}", "ignored", "cells are empty")
        )
        temperature = None
    elif temperature is not None:
        report.append(_taken(table, AMBIENT))
    counts = {column.key: _counts(table, column, report) for column in (STEP, CYCLE)}
    if "clock" in table.columns:
        report.append(ImportedValue("Unix Time", f"{len(time)} points", "ignored", "only compared with the test time"))
    report += [ImportedValue(head, "", "ignored", "not needed") for head in table.others]
    return CyclerCurves(
        time,
        table.columns["current"] if positive == "charge" else -table.columns["current"],
        table.columns["voltage"],
        temperature,
        counts["step"],
        counts["cycle"],
        file.name,
        table.sha256,
        tuple(report),
    )


def _taken(table: CsvTable, column: Column) -> ImportedValue:
    values, unit = table.columns[column.key], table.units[column.key]
    si = {"degC": "K"}.get(column.unit, column.unit)
    note = f"{values.min():.6g} to {values.max():.6g} {si}"
    converted = (unit or column.unit) != si
    return ImportedValue(column.heads[0], f"{len(values)} points", "converted" if converted else "taken", note)


def _sign(table: CsvTable, positive: Sign) -> ImportedValue:
    """Return how the current's sign is taken, and whether the voltage contradicts it."""
    current, voltage = table.columns["current"], table.columns["voltage"]
    note = f"positive on {positive}; the format does not say it"
    held = (np.diff(current) == 0.0) | (np.abs(np.diff(current)) < 0.01 * np.abs(current[1:]))
    moves = np.diff(voltage)[held & (current[1:] != 0.0)] * np.sign(current[1:][held & (current[1:] != 0.0)])
    moves = moves[moves != 0.0] * (1.0 if positive == "charge" else -1.0)
    if len(moves) and np.count_nonzero(moves < 0.0) > _CLEAR * len(moves):
        other = "discharge" if positive == "charge" else "charge"
        note += f". WARNING: the voltage moves against it; positive='{other}' is likelier"
    return ImportedValue("Current, sign", "", "assumed", note)


def _counts(table: CsvTable, column: Column, report: list[ImportedValue]) -> NDArray[np.int64] | None:
    values = table.columns.get(column.key)
    if values is None:
        return None
    if not np.array_equal(values, np.round(values)):  # NaN is unequal to itself
        report.append(ImportedValue(column.heads[0], "", "ignored", "not whole numbers throughout"))
        return None
    report.append(ImportedValue(column.heads[0], f"{int(values.min())} to {int(values.max())}", "taken"))
    return values.astype(np.int64)


def _require_clocks_agree(table: CsvTable) -> None:
    """Refuse a test time in another unit than the Unix time beside it shows; pauses do not count."""
    clock, time = table.columns.get("clock"), table.columns["time"]
    if clock is None:
        return
    by_clock, by_test = np.diff(clock), np.diff(time)
    told = (by_clock > 0.0) & (by_test > 0.0)  # NaN is not
    if np.count_nonzero(told) < _FEWEST_INTERVALS:
        return
    pace = float(np.median(by_test[told] / by_clock[told]))
    if abs(pace - 1.0) > _CLOCKS_AGREE:
        raise InputError(
            "the test time does not run as the Unix time beside it does",
            where=str(table.path),
            value=f"{pace:.6g} s of test time in 1 s",
            allowed=f"1 s within {100.0 * _CLOCKS_AGREE:g} %",
            next_step="check the unit of the test time (milliseconds?), or remove the column that is wrong",
        )
