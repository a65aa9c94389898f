"""What a solution says of the layers of its electrode."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from asyncsoc.simulation.results.linearized_run import LinearizedRun

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class LayeredRun(LinearizedRun):
    """A run that may have layers through the thickness of an electrode."""

    @property
    def layered(self) -> bool:
        """Whether it has layers."""
        from asyncsoc.simulation.results.layers import layer_of_particles

        return layer_of_particles(self) is not None

    @cached_property
    def layers(self) -> xr.Dataset:
        """Potentials, currents and SOC of the layers of an electrode over (layer, point), the first at the separator.

        Potentials are against that of the lithium metal. Raises an InputError where all particles are at one potential.
        """
        from asyncsoc.simulation.results.layers import layer_dataset

        return layer_dataset(self)

    def plot_layers(self, *, ax: Axes | None = None) -> Figure:
        """Return a figure of the layers of an electrode: electrolyte potential, currents and states of charge.

        Parameters
        ----------
        ax
            Draw the profiles of the electrolyte's potential alone on these axes; returned is their figure.

        Raises
        ------
        InputError
            The run has no layers.
        """
        from asyncsoc.simulation.results.layers import layers_picture

        return layers_picture(self, ax)
