"""The pictures of a solution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncsoc.base.paths import path_of
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.spatial_run import SpatialRun

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from asyncsoc.plotting.curves import Against


class PicturedRun(SpatialRun):
    """A run that can be drawn."""

    def plot(
        self,
        time: float | None = None,
        *,
        curve: str | None = None,
        against: Against | None = None,
        ax: Axes | None = None,
    ) -> Figure:
        """Return a figure of voltage, states of charge, film where one grew, and the section map of `mapped`.

        Of a group of particles: voltage, current shares, their SOC over time, and coverage against the SOC they end at.

        Parameters
        ----------
        time : s
            Moment of the map; None takes the last snapshot. Of a group: moment of the SOC against coverage.
        curve
            Draw this curve alone, by its name in `curves`.
        against
            "capacity" or "time", along which curves are drawn; None takes what shows the protocol.
        ax
            Draw one curve on these axes, the voltage where `curve` names no other; returned is their figure.

        Raises
        ------
        InputError
            The time lies outside the run, or it has no such curve.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "full"},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
        ... })
        >>> figure = aso.simulate(case).plot(curve="Asynchrony")
        >>> figure.axes[0].get_ylabel()
        'Asynchrony [1]'
        """
        from asyncsoc.plotting.curves import LabelledRun

        if curve is not None or ax is not None:
            from asyncsoc.plotting.curves import curve_figure

            return curve_figure([LabelledRun(self.name, self.columns)], curve or names.VOLTAGE, against, axes=ax)
        if self.particle_runs:
            from asyncsoc.simulation.results.particle_pictures import group_picture

            return group_picture(self, time)
        from asyncsoc.plotting.overview import overview_figure
        from asyncsoc.plotting.section import SectionPanel

        moment = float(self.field_times[-1]) if time is None else time
        values, label = self.mapped(moment)
        panel = SectionPanel(f"Inside at {moment / 3600.0:.2f} h", self.mesh, self.contact, values)
        return overview_figure(
            LabelledRun(self.name, self.columns),
            panel,
            label,
            against=against,
            title=f"{self.name}: coverage {self.contact.coverage_realised:.3g}",
        )

    def plot_cycles(self, *, ax: Axes | None = None) -> Figure:
        """Return a figure of capacity and efficiency against cycle, and of film, resistance and blocked contact.

        Parameters
        ----------
        ax
            Draw the capacity alone on these axes; returned is their figure.

        Raises
        ------
        InputError
            The run has no complete cycle.
        """
        from asyncsoc.plotting.cycles import cycles_figure

        title = f"{self.name}: coverage {self.contact.coverage_realised:.3g}"
        return cycles_figure(self.cycle_rows, title=title, axes=ax)

    def plot_3d(
        self,
        time: float | None = None,
        quantity: str | None = None,
        *,
        opened: bool = True,
        path: str | Path | None = None,
    ) -> Any:
        """Return a `pyvista.Plotter` with the particle in 3-D, its contact outlined; ``.show()`` opens it.

        Parameters
        ----------
        time : s
            None takes the last snapshot.
        quantity
            A field over time as in `fields`; None: that of `mapped`.
        opened
            Whether a quarter of the particle is left out, so that its inside is seen.
        path
            Draw off screen, and write the picture (PNG) here.

        Raises
        ------
        InputError
            The run is that of a group (take `particle(j)`), the time lies outside it, there is no such field, or the
            file cannot be written.
        EnvironmentProblem
            pyvista is not installed.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "cap", "coverage": 0.3},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
        ... })
        >>> # It needs pyvista and a graphics library.
        >>> plotter = aso.simulate(case).plot_3d(path="particle.png")  # doctest: +SKIP
        """
        from asyncsoc.plotting.scene import particle_scene, save_scene
        from asyncsoc.simulation.results.particles import require_one_particle

        require_one_particle(self, "3-D view")
        moment = float(self.field_times[-1]) if time is None else time
        values, label = self.nodal(moment, quantity)
        title = f"{self.name}: {moment / 3600.0:.2f} h, coverage {self.contact.coverage_realised:.3g}"
        plotter = particle_scene(
            self.mesh, self.contact, values, label, title=title, opened=opened, off_screen=path is not None
        )
        if path is not None:
            save_scene(plotter, path_of(path))
        return plotter

    def animate(
        self,
        path: str | Path,
        quantity: str | None = None,
        *,
        frames: int = 48,
        rate: float = 12.0,
        dpi: float = 100.0,
    ) -> Path:
        """Write the section map over time, beside the voltage, as a GIF or MP4, and return the path.

        The colour scale is that of the whole run. Between snapshots values are linear; `output.fields_every` of the
        case says how far apart these are.

        Parameters
        ----------
        path
            A file that ends in ".gif" or ".mp4"; MP4 needs the program ffmpeg.
        quantity
            A field over time as in `fields`; None: that of `mapped`.
        frames
            Number of pictures, evenly spaced in time, the start and the end among them.
        rate
            Pictures in a second.
        dpi
            Resolution: a picture is 7.6 by 3.6 inches.

        Raises
        ------
        InputError
            The run is that of a group (take `particle(j)`), there is no such field, another ending, fewer than two
            pictures, or the file cannot be written.
        EnvironmentProblem
            MP4 without ffmpeg.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "full"},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
        ... })
        >>> aso.simulate(case).animate("charge.gif", "SOC", frames=2).name
        'charge.gif'
        """
        from asyncsoc.plotting.animation import write_animation
        from asyncsoc.simulation.results.moving_section import moving_section

        return write_animation(moving_section(self, quantity, frames), path_of(path), rate=rate, dpi=dpi)
