"""The solution of one run: what a user holds after `simulate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import fields as dataclass_fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.display import Rows
from asyncsoc.base.notices import UnchangeableError
from asyncsoc.base.paths import path_of
from asyncsoc.base.plain_data import plain
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.pictured_run import PicturedRun

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]


class Solution(PicturedRun):
    """A run's curves, fields, case and provenance.

    The data are those of `RunData`; nothing here changes them. Of a group of particles the curves are the group's;
    `particles` compares its particles, and `particle` has each with its own curves, fields and pictures.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "contact": {"kind": "full"},
    ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
    ... })
    >>> solution = aso.simulate(case)
    >>> solution
    Solution('case': 1 protocol steps, ... rows, 3 snapshots, ... nodes; duration reached)
    >>> solution.curves["Voltage [V]"].attrs["units"]
    'V'
    """

    def __repr__(self) -> str:
        """Return name and size in one line: arrays are for `curves` and `fields`."""
        sizes = (
            f"{len(self.steps)} protocol steps, {len(self.columns[names.TIME])} rows, {len(self.field_times)} snapshots"
        )
        what = f"{len(self.particle_runs)} particles" if self.particle_runs else f"{self.mesh.n_nodes} nodes"
        return f"Solution({self.name!r}: {sizes}, {what}; {self.stop_reason})"

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show: headline numbers, and all warnings."""
        told = {"Name", *self.wall_times}
        rows = [(name, value) for name, value in self.summary().items() if name not in told]
        return self.name, [*rows, ("Case, SHA-256", f"{self.case_sha256[:12]} ...")], self.warnings

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse: a solution does not change."""
        raise self._unchangeable(name)

    def __delattr__(self, name: str) -> None:
        """Refuse: a solution does not change."""
        raise self._unchangeable(name)

    def _unchangeable(self, name: str) -> UnchangeableError:
        return UnchangeableError(
            "a solution does not change",
            where=f"Solution.{name}",
            next_step="simulate another case: aso.simulate(case.with_overrides(['contact.coverage=0.2']))",
        )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the solution kept in a file that `save` wrote.

        Raises
        ------
        InputError
            The file is missing, damaged or foreign.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "full"},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
        ... })
        >>> solution = aso.simulate(case)
        >>> again = aso.Solution.load(solution.save("run.vtkhdf"))
        >>> again.case_sha256 == case.hash
        True
        """
        from asyncsoc.simulation.results.reading import read_run

        run = read_run(path_of(path))
        return cls(**{entry.name: getattr(run, entry.name) for entry in dataclass_fields(run)})

    def save(self, path: str | Path = ".") -> Path:
        """Write the solution to a file in one step and return its path.

        Parameters
        ----------
        path
            A file that ends in ".vtkhdf", or a directory: the file is then `<directory>/<name>-<hash>.vtkhdf`.
            ParaView and pyvista read it, with all snapshots; so does `load`.

        Raises
        ------
        InputError
            The file cannot be written there, or it has another ending.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "full"},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
        ... })
        >>> solution = aso.simulate(case)
        >>> solution.save("run.vtkhdf").name
        'run.vtkhdf'
        """
        from asyncsoc.simulation.results.writing import result_path, write_run

        return write_run(self, result_path(self, path_of(path)))

    def to_dataframe(self) -> pd.DataFrame:
        """Return the curves as a pandas data frame: a row per recorded state, a column per curve, named with units.

        Raises
        ------
        EnvironmentProblem
            pandas is not installed.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "full"},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
        ... })
        >>> solution = aso.simulate(case)
        >>> frame = solution.to_dataframe()
        >>> bool(frame["Voltage [V]"].iloc[-1] > frame["Voltage [V]"].iloc[0])
        True
        """
        from asyncsoc.simulation.results.tables import data_frame

        return data_frame(self)

    def to_csv(self, path: str | Path) -> Path:
        """Write the curves as a CSV table with a head line of names and units, in one step, and return its path.

        Numbers are written in full: reading them gives the same bits. A cell is empty where a curve has no value.

        Raises
        ------
        InputError
            The file cannot be written there.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "full"},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
        ... })
        >>> solution = aso.simulate(case)
        >>> solution.to_csv("curves.csv").name
        'curves.csv'
        """
        from asyncsoc.simulation.results.tables import write_csv

        return write_csv(self, path_of(path))

    @cached_property
    def curves(self) -> xr.Dataset:
        """Curves along `point`, with time, step and cycle as coordinates and units as attributes.

        Time is no index: the end of one step and the start of the next share it. A curve that the run does not have,
        such as one of oxidation states of a cathode without a valence model, raises an InputError that says why.
        """
        from asyncsoc.simulation.results.curve_dataset import curves_of

        return curves_of(self)

    @cached_property
    def particles(self) -> xr.Dataset:
        """What every particle is and does, over (particle, point); a run of one particle has one.

        Over `particle`: radius, coverage, multiplicity, volume, contact area. Over both: SOC, asynchrony against its
        own mean and apparent one against the group's, current and share of the current, charge, and film and
        interface resistance where they exist.
        """
        from asyncsoc.simulation.results.particles import particle_dataset

        return particle_dataset(self)

    def distribution(self, after: str = "end", *, cycle: int | None = None) -> xr.Dataset:
        """Return what every particle is and does at one time, over `particle`: after a charge, or after N cycles.

        The variables are those of `particles`, with the share of the active material each particle stands for, and
        whether it is dead or starves (1, 0; NaN where it is not said). Time, protocol step, cycle, mean SOC and the
        shares of the whole are attributes.

        Parameters
        ----------
        after
            "end" of the last protocol step, or the end of the last "charge" or "discharge".
        cycle
            Of which cycle, from 1; None: of the run.

        Raises
        ------
        InputError
            There is no such cycle, or nothing of the kind in it.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "full"},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
        ... })
        >>> solution = aso.simulate(case)
        >>> group = aso.simulate_particles([case, case], names=["a", "b"])
        >>> group.distribution("charge").sizes["particle"]
        2
        """
        from asyncsoc.simulation.results.distribution import distribution_of

        return distribution_of(self, after, cycle)

    def particle(self, particle: int | str = 0) -> Solution:
        """Return one particle of a group with its own curves, fields, contact and pictures.

        Parameters
        ----------
        particle
            Its place from 0, or its name; a run of one particle is its own.

        Raises
        ------
        InputError
            There is no such particle.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "full"},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
        ... })
        >>> solution = aso.simulate(case)
        >>> group = aso.simulate_particles([case, case], names=["a", "b"])
        >>> group.particle("b").name
        'b'
        """
        from asyncsoc.simulation.results.particles import number_of_particle, runs_of

        one = runs_of(self)[number_of_particle(self, particle)]
        if isinstance(one, Solution):
            return one
        return Solution(**{entry.name: getattr(one, entry.name) for entry in dataclass_fields(one)})

    @cached_property
    def cycles(self) -> xr.Dataset:
        """One row a complete cycle along `cycle`: capacities, efficiency, end voltages, film, resistance.

        The columns are those of `recorders.cycle_rows`, named with units. They are there for every cycle, also for
        those of which `output.keep_cycles` keeps no curves. Steps before the cycles count as a cycle of their own.
        """
        from asyncsoc.simulation.results.cycle_table import cycle_dataset

        return cycle_dataset(self)

    def cycles_to_csv(self, path: str | Path) -> Path:
        """Write the rows of the cycles as a CSV table, as `to_csv` writes the curves, and return its path.

        Raises
        ------
        InputError
            The file cannot be written there.
        """
        from asyncsoc.simulation.results.tables import write_cycles_csv

        return write_cycles_csv(self, Path(path))

    @property
    def lithium_balance_error(self) -> float:
        """Largest lithium balance error of the run."""
        own = float(np.max(self.columns[names.BALANCE]))
        rows = self.cycle_rows.get(names.BALANCE)
        return own if rows is None or not len(rows) else max(own, float(rows.max()))

    def summary(self) -> dict[str, Any]:
        """Return the run's headline numbers, named with their units.

        "Largest asynchrony" is the asynchrony that is largest in magnitude, with its sign: positive where the contact
        runs ahead of the particle's mean, as in a charge, negative where it lags behind, as in a discharge. A run with
        both has its largest lead and its largest lag under names of their own, as magnitudes. What needs the curves of
        the whole run is absent where `output.keep_cycles` leaves some out.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "full"},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
        ... })
        >>> solution = aso.simulate(case)
        >>> solution.summary()["Stop reason"]
        'duration reached'
        """
        from asyncsoc.simulation.results.cycle_table import headlines
        from asyncsoc.simulation.results.particles import coverage_of, group_headlines
        from asyncsoc.simulation.results.side_headlines import side_headlines

        columns, coverage = self.columns, coverage_of(self)
        ahead = columns[names.ASYNCHRONY]
        peak = int(np.argmax(np.abs(ahead)))
        found = {
            "Name": self.name,
            "Status": self.status,
            "Stop reason": self.stop_reason,
            **{f"Coverage {how}": value for how, value in coverage.items() if value is not None},
            **group_headlines(self),
            **({"Final coverage": float(columns[names.COVERAGE][-1])} if names.COVERAGE in columns else {}),
            "Duration [h]": float(columns[names.TIME][-1]) / 3600.0,
            "Final voltage [V]": float(columns[names.VOLTAGE][-1]),
            "Final mean SOC": float(columns[names.MEAN_SOC][-1]),
            "Final contact-mean SOC": float(columns[names.CONTACT_SOC][-1]),
            "Largest specific capacity [mA.h/g]": float(np.max(columns[names.CAPACITY])),
            "Largest asynchrony": float(ahead[peak]),
            "Mean SOC at largest asynchrony": float(columns[names.MEAN_SOC][peak]),
            "Contact-mean SOC at largest asynchrony": float(columns[names.CONTACT_SOC][peak]),
            "Time of largest asynchrony [h]": float(columns[names.TIME][peak]) / 3600.0,
            "Largest lead of the contact": max(0.0, float(np.max(ahead))),
            "Largest lag of the contact": max(0.0, -float(np.min(ahead))),
            **{f"Final {n}": float(columns[n][-1]) for n in names.valence_curves(self.valence) if n in columns},
            "Lithium balance error": self.lithium_balance_error,
            **side_headlines(self),
            "Set-up wall time [s]": float(self.wall_times.get("set-up", 0.0)),
            "Solve wall time [s]": float(self.wall_times.get("solve", 0.0)),
        }
        return headlines(self, found)

    def to_json_dict(self) -> dict[str, Any]:
        """Return what `asyncsoc run --json` prints: plain types only, None in place of what is not finite."""
        from asyncsoc.simulation.results.particles import coverage_of, particle_table

        document: dict[str, Any] = plain(
            {
                "name": self.name,
                "status": self.status,
                "stop_reason": self.stop_reason,
                "coverage": coverage_of(self),
                "particles": particle_table(self),
                "lithium balance error": self.lithium_balance_error,
                "summary": self.summary(),
                "steps": [asdict(step) for step in self.steps],
                "curves": self.columns,
                "cycles": self.cycle_rows,
                "wall time [s]": self.wall_times,
                "provenance": self.provenance,
                "warnings": self.warnings,
                **({"reports": dict(self.reports)} if self.reports else {}),
            }
        )
        return document
