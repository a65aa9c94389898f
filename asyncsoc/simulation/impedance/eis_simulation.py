"""`EISSimulation`: the impedance of a case at states of its protocol, on a mesh that is graded for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from asyncsoc.base.errors import InputError
from asyncsoc.base.notices import warn_of_result
from asyncsoc.case import Case
from asyncsoc.case.required import require_case
from asyncsoc.simulation.impedance.at_state import Counted, impedance_of_case, impedance_of_run
from asyncsoc.simulation.impedance.described import refuse_boundaries
from asyncsoc.simulation.impedance.mesh_resolution import graded_case
from asyncsoc.simulation.impedance.operating_point import At
from asyncsoc.simulation.impedance.spectrum import ImpedanceSpectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from asyncsoc.simulation.progress import Progress
    from asyncsoc.simulation.results.solution import Solution


class EISSimulation:
    """Impedance spectra of a case, with the names of PyBaMM's `EISSimulation`.

    The protocol is carried out once, when a state after the start is asked for, on a mesh that is graded for the
    highest frequency of the case; then every state it has kept has its spectrum.

    Parameters
    ----------
    case
        A particle or an electrode; `case.impedance` has frequencies and capacitances.
    graded
        Whether the mesh of a sphere is made fine enough for the case's highest frequency; where not, a warning says up
        to which frequency the mesh resolves diffusion.

    Examples
    --------
    >>> import numpy as np
    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "particle": {"radius": "5 um"},
    ...     "contact": {"kind": "full"},
    ...     "protocol": {"initial_stoichiometry": 0.55, "steps": ["Rest for 1 hour"]},
    ... })
    >>> spectrum = aso.EISSimulation(case).solve(np.logspace(-3, 3, 13), at="initial")
    >>> bool(spectrum["Z_im [Ohm]"].max() < 0.0), spectrum.kind
    (True, 'stationary')
    """

    def __init__(self, case: Case, *, graded: bool = True) -> None:
        require_case(case, "EISSimulation")
        refuse_boundaries(case)
        self._case = graded_case(case) if graded else case
        self._run: Solution | None = None
        self._solution: ImpedanceSpectrum | None = None

    @property
    def case(self) -> Case:
        """The case, with the mesh that is used."""
        return self._case

    @property
    def solution(self) -> ImpedanceSpectrum | None:
        """The last spectrum, None before `solve`."""
        return self._solution

    def run(self, progress: Callable[[Progress], None] | None = None) -> Solution:
        """Return the run of the protocol, carried out the first time."""
        from asyncsoc.simulation.run import simulate

        if self._run is None:
            self._run = simulate(self._case, progress=progress)
        return self._run

    def solve(
        self,
        frequencies: ArrayLike | None = None,
        *,
        at: At = "final",
        initial_soc: float | None = None,
        progress: Counted | None = None,
    ) -> ImpedanceSpectrum:
        """Return the impedance at a state of the protocol.

        Parameters
        ----------
        frequencies : (F,)
            Hz; None: those of the case.
        at
            As of `Solution.impedance`. Of "initial" nothing is simulated.
        initial_soc
            As in PyBaMM: the state is the start, uniform at this state of charge (0 at x = 1, 1 at 4.2 V).
        progress
            Called as progress(particles done, all, what comes next).

        Raises
        ------
        InputError
            There is no such state, or it was not kept; a frequency or the state of charge is out of range.
        SimulationError
            The protocol could not be carried out.

        Warns
        -----
        ResultWarning
            Each of the spectrum's `warnings`.
        """
        if initial_soc is not None:
            keys = self._case.model_dump(exclude_unset=True)
            starts = ("initial_stoichiometry", "initial_voltage", "initial_soc")
            kept = {key: value for key, value in keys["protocol"].items() if key not in starts}
            started = Case.from_dict({**keys, "protocol": {**kept, "initial_soc": initial_soc}})
            self._solution = impedance_of_case(started, frequencies, progress=progress)
        elif isinstance(at, str) and at.strip().lower() == "initial":
            self._solution = impedance_of_case(self._case, frequencies, progress=progress)
        else:
            self._solution = impedance_of_run(self.run(), frequencies, at, progress=progress)
        warn_of_result(self._solution.warnings)
        return self._solution

    def nyquist_plot(self, *, ax: Axes | None = None) -> Figure:
        """Return a Nyquist plot of the last spectrum, on the axes `ax` where they are given.

        Raises
        ------
        InputError
            There is none yet.
        """
        if self._solution is None:
            raise InputError("there is no spectrum yet", where="nyquist_plot", next_step="call solve() first")
        return self._solution.nyquist_plot(ax=ax)
