"""What a solution says of small changes about one of its states."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from asyncsoc.base.notices import warn_of_result
from asyncsoc.simulation.results.exported_run import ExportedRun

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from asyncsoc.case.impedance import Impedance
    from asyncsoc.simulation.impedance.operating_point import At
    from asyncsoc.simulation.impedance.spectrum import ImpedanceSpectrum


class LinearizedRun(ExportedRun):
    """A run whose states can be linearized about."""

    def impedance(
        self,
        frequencies: ArrayLike | None = None,
        at: At = "final",
        *,
        settings: Impedance | None = None,
        progress: Callable[[int, int, str], None] | None = None,
    ) -> ImpedanceSpectrum:
        """Return the impedance of the particle, the group of particles or the electrode at a state of this run.

        The equations are linearized about the state, with film and side reaction. Without current and with even
        particles the state is "stationary"; else it is held fixed, and the spectrum says so ("frozen while charging").

        Parameters
        ----------
        frequencies : (F,)
            Hz; None: those of the case, 60 from 1e-4 to 1e6 Hz where it does not say.
        at
            "initial" (before any current flows), "final", "rest" (end of the last rest), "step 3" (end of a protocol
            step), "cycle 5" (end of a cycle), or a time, as "2 h" or in s, of which a snapshot was kept.
        settings
            Capacitances and frequencies in place of those of the case.
        progress
            Called as progress(particles done, all, what comes next).

        Raises
        ------
        InputError
            There is no such state or it was not kept; a frequency is out of range; kinetics of a uniform flux.

        Warns
        -----
        ResultWarning
            Each of the spectrum's `warnings`.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "full"},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes", "Rest for 1 hour"]},
        ... })
        >>> spectrum = aso.simulate(case).impedance([1.0, 1000.0], at="rest")
        >>> spectrum.frequencies.tolist()
        [1.0, 1000.0]
        """
        from asyncsoc.simulation.impedance.at_state import impedance_of_run

        spectrum = impedance_of_run(self, frequencies, at, settings=settings, progress=progress)
        warn_of_result(spectrum.warnings)
        return spectrum
