"""What a solution says of its fields: nodal quantities at its snapshots and between them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results import layout
from asyncsoc.simulation.results.layered_run import LayeredRun

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]


class SpatialRun(LayeredRun):
    """A run with snapshots of its fields."""

    @cached_property
    def fields(self) -> xr.Dataset:
        """Stoichiometry and SOC over (time, node), with the nodes' coordinates and contact weights.

        Where the cathode has a valence model, the share of its redox element in the higher oxidation state too.
        What a side reaction adds (film, rate, risk) is there too, 0 off the contact. Particles of a group have theirs.
        """
        from asyncsoc.recorders.soc import state_of_charge
        from asyncsoc.simulation.results.curve_dataset import RunDataset
        from asyncsoc.simulation.results.particles import require_one_particle

        require_one_particle(self, "field")
        dims = ("time", "node")
        coordinates = {
            axis: ("node", self.mesh.points[:, column], {"units": "m"})
            for column, axis in enumerate(layout.AXES[self.mesh.coordinates])
        }
        return RunDataset(
            {
                layout.STOICHIOMETRY: (dims, self.field_x, {"units": "1"}),
                layout.SOC: (dims, state_of_charge(self.field_x, self.stoichiometry_at_4p2), {"units": "1"}),
                **{name: (dims, values, {"units": "1"}) for name, values in self._shares(self.field_x).items()},
                layout.CONTACT_WEIGHT: ("node", self.contact.weights, {"units": "m2"}),
                **{name: (dims, values, {"units": names.unit_of(name)}) for name, values in self.more_fields.items()},
            },
            coords={"time": ("time", self.field_times, {"units": "s", "long_name": "Time"}), **coordinates},
            attrs={"name": self.name, "case sha256": self.case_sha256},
        )

    def stoichiometry_at(self, time: float) -> Array:
        """Return the stoichiometry (n,) at `time` [s], linear between the snapshots around it.

        Raises
        ------
        InputError
            The time lies outside the run.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "full"},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
        ... })
        >>> solution = aso.simulate(case)
        >>> bool(solution.stoichiometry_at(600.0).mean() > solution.stoichiometry_at(1200.0).mean())
        True
        """
        return self._between(self.field_x, time)

    def _between(self, snapshots: Array, time: float) -> Array:
        """Return a nodal quantity (n,) at `time` [s] from its snapshots (k, n)."""
        from asyncsoc.simulation.results.particles import require_one_particle

        require_one_particle(self, "field")
        times = self.field_times
        if not times[0] <= time <= times[-1]:
            raise InputError(
                "no field at this time",
                where="time",
                value=time,
                allowed=f"{times[0]:g} to {times[-1]:g} s",
                next_step="name a time within the run",
            )
        after = min(int(np.searchsorted(times, time, side="right")), len(times) - 1)
        before = max(after - 1, 0)
        width = times[after] - times[before]
        share = (time - times[before]) / width if width > 0.0 else 0.0
        return np.asarray((1.0 - share) * snapshots[before] + share * snapshots[after])

    def at(self, time: float) -> Any:
        """Return the particle at `time` [s] as a `pyvista.UnstructuredGrid`, with the fields of `fields`.

        Raises
        ------
        InputError
            The time lies outside the run.
        EnvironmentProblem
            pyvista is not installed.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> grid = solution.at(600.0)  # needs pyvista  # doctest: +SKIP
        >>> grid.plot(scalars="SOC")  # doctest: +SKIP
        """
        from asyncsoc.plotting.grid import pyvista_grid
        from asyncsoc.recorders.soc import state_of_charge

        x = self.stoichiometry_at(time)
        data = {
            layout.STOICHIOMETRY: x,
            layout.SOC: state_of_charge(x, self.stoichiometry_at_4p2),
            **self._shares(x),
            layout.CONTACT_WEIGHT: self.contact.weights,
            **{name: self._between(values, time) for name, values in self.more_fields.items()},
        }
        points = layout.vtk_points(self.mesh.points, self.mesh.coordinates)
        return pyvista_grid(points, self.mesh.cells, layout.VTK_TYPE[self.mesh.coordinates], data)

    def mapped(self, time: float) -> tuple[Array, str]:
        """Return the nodal quantity (n,) that maps show at `time` [s], and its label.

        The share of the redox element in its higher oxidation state, which microscopes map; the state of charge where
        the cathode has no valence model.

        Raises
        ------
        InputError
            The time lies outside the run.
        """
        from asyncsoc.recorders.soc import state_of_charge

        x = self.stoichiometry_at(time)
        if self.valence is None:
            return state_of_charge(x, self.stoichiometry_at_4p2), "State of charge [1]"
        return self.valence.higher_fraction(x), self.valence.share_label

    def nodal(self, time: float, quantity: str | None = None) -> tuple[Array, str]:
        """Return a quantity at the nodes (n,) at `time` [s], and its label with unit.

        Parameters
        ----------
        time : s
            Within the run; between snapshots values are linear.
        quantity
            Name of a field over time as in `fields`: "Stoichiometry", "SOC", those of a film; None: that of `mapped`.

        Raises
        ------
        InputError
            The time lies outside the run, or the run has no such field.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "full"},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
        ... })
        >>> solution = aso.simulate(case)
        >>> values, label = solution.nodal(600.0, "SOC")
        >>> label
        'SOC [1]'
        """
        from asyncsoc.recorders.soc import state_of_charge

        if quantity is None:
            return self.mapped(time)
        label = quantity if "[" in quantity else f"{quantity} [1]"
        if quantity in self.more_fields:
            return self._between(self.more_fields[quantity], time), label
        x = self.stoichiometry_at(time)
        known = {layout.STOICHIOMETRY: x, layout.SOC: state_of_charge(x, self.stoichiometry_at_4p2), **self._shares(x)}
        if quantity not in known:
            raise unknown_name("field", quantity, (*known, *self.more_fields), where="quantity")
        return known[quantity], label

    def _shares(self, x: Array) -> dict[str, Array]:
        """Return the share in the higher oxidation state by its field's name; empty without a valence model."""
        return {} if self.valence is None else {self.valence.field: self.valence.higher_fraction(x)}
