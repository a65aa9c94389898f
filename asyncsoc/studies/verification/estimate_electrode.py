"""The estimate of an electrode: that of each of its particles, as if all carried equal shares of the current."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.problem.electrode_cases import electrode_cases
from asyncsoc.studies.verification.estimate import Estimate
from asyncsoc.studies.verification.estimate_case import estimate


@dataclass(frozen=True)
class ElectrodeEstimate:
    """Estimates of the particles of an electrode that have contact, from the least covered to the best covered one.

    At one potential a poorly covered particle carries less than its share, so that its asynchrony is below its
    estimate, and a well covered one carries more.

    Attributes
    ----------
    particles : N
        Each at the C-rate of the electrode.
    shares : N
        Share of the active material that each stands for.
    without_current
        Share that has no contact or is isolated.
    """

    particles: tuple[Estimate, ...]
    shares: tuple[float, ...]
    without_current: float

    @property
    def verdict(self) -> str:
        """One sentence."""
        worst, best = self.particles[0], self.particles[-1]
        limited = sum(share for one, share in zip(self.particles, self.shares, strict=True) if one.flux_limited)
        return (
            f"asynchrony {_lead(worst):.3g} at a coverage of {worst.coverage:.3g} to {_lead(best):.3g} at "
            f"{best.coverage:.3g}, if every particle carried its share of the current; at one potential the poorly "
            f"covered carry less. {limited:.3g} of the active material would be flux-limited"
        )


def estimate_electrode(case: Case) -> ElectrodeEstimate:
    """Estimate the particles of a case's electrode from closed forms, without simulating.

    Raises
    ------
    InputError
        The case has no electrode, its particles cannot be drawn, or as of `estimate_case.estimate`.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "electrode": {"loading": "12.7 mg/cm2", "porosity": 0.05, "particles": 4, "coverage": 0.4},
    ...     "protocol": {"steps": ["Charge at C/10 until 4.2 V"]},
    ... })
    >>> found = aso.estimate_electrode(case)
    """
    if not case.electrode.described:
        raise InputError(
            "the case describes a single particle",
            where="electrode",
            value=case.name,
            next_step="estimate it with asyncsoc.estimate",
        )
    drawn = electrode_cases(case)
    sample = drawn.sample
    mass = sample.multiplicity * sample.volume
    covered = np.flatnonzero(sample.coverage > 0.0)
    connected = np.isfinite(drawn.resistances)
    order = np.lexsort((-sample.radius[covered], sample.coverage[covered]))
    kept = [int(k) for k in order if connected[k]]
    shares = tuple(float(mass[covered[k]] / mass.sum()) for k in kept)
    whole = case.electrode.area * float(mass.sum())
    own = [float(sample.volume[covered[k]] / whole) for k in kept]
    estimates = tuple(estimate(drawn.cases[k], share=share) for k, share in zip(kept, own, strict=True))
    return ElectrodeEstimate(estimates, shares, 1.0 - sum(shares))


def _lead(one: Estimate) -> float:
    return one.soc_lead.typical if one.largest_lead is None else one.largest_lead
