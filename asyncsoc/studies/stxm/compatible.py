"""Which diffusivities, radii, coverages and rests give the gradients that a microscope has seen."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.materials.valence import ValenceModel
from asyncsoc.problem.body import mesh_key
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.batch import simulate_batch
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.stxm.cuts import view_of
from asyncsoc.studies.stxm.map_of import REGIONS, region_ratios, regions_of, states_of
from asyncsoc.studies.stxm.microscope import stoichiometry_of
from asyncsoc.studies.stxm.projection import LinesOfSight

DIFFUSIVITIES = (1e-18, 1e-17, 1e-16, 3e-16, 1e-15, 3e-15, 1e-14, 3e-14)
RADII = (1.25e-6, 2.5e-6, 5e-6, 7.5e-6, 10e-6)
COVERAGES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.95, 1.0)
RESTS = (0.0, 600.0, 3600.0, 86400.0)
"""s."""
MEAN_X, VOLTAGE = 0.497, 4.0
"""Equal mean stoichiometry: that of the mean of both of the paper's particles. Equal voltage: the paper's [V]."""
CAL, HOT_CAL = (1.37, 0.75), (1.07, 0.97)
"""Ni4+/Ni3+ of the paper's regions 1 and 4; of Hot-Cal the ends of its range."""
ALLOWED = 0.04
"""In stoichiometry: a ratio of intensities is not calibrated better."""
_PIXELS = 40
_BATCH = 64


@dataclass(frozen=True)
class Gradient:
    """A particle after a charge and a rest.

    Attributes
    ----------
    condition
        "equal mean" or "equal voltage": what ended the charge.
    diffusivity, radius, coverage, rest
        m2/s, m, 1, s.
    reached
        Whether the charge got there before a limit of the material ended it.
    mean_x, voltage
        At the end of the rest [1, V].
    ratios
        Ni4+/Ni3+ of regions 1 to 4 of the fragment under the contact.
    """

    condition: str
    diffusivity: float
    radius: float
    coverage: float
    rest: float
    reached: bool
    mean_x: float
    voltage: float
    ratios: tuple[float, ...]

    def compatible(self, measured: tuple[float, float], valence: ValenceModel) -> bool:
        """Return whether mean and difference of the stoichiometries of regions 1 and 4 are those measured.

        Both within `ALLOWED`, and the charge got where it should.
        """
        first, last = (float(stoichiometry_of(self.ratios[k], valence)) for k in (0, -1))
        wanted = [float(stoichiometry_of(ratio, valence)) for ratio in measured]
        mean = abs(0.5 * (first + last) - 0.5 * sum(wanted))
        difference = abs((last - first) - (wanted[1] - wanted[0]))
        return self.reached and mean <= ALLOWED and difference <= ALLOWED


def scan_gradients(
    case: Case,
    *,
    diffusivities: Sequence[float] = DIFFUSIVITIES,
    radii: Sequence[float] = RADII,
    coverages: Sequence[float] = COVERAGES,
    rests: Sequence[float] = RESTS,
    rate: str = "C/10",
    mean_x: float = MEAN_X,
    voltage: float = VOLTAGE,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[Gradient, ...]:
    """Charge particles to an equal mean stoichiometry and to an equal voltage, let them rest, and look at fragments.

    Parameters
    ----------
    case
        Material, electrolyte, kinetics, temperature and start; radius, contact (a cap), constant diffusivity and
        protocol are replaced.
    diffusivities, radii, coverages, rests
        What is scanned [m2/s, m, 1, s]; rests rise from 0 or more.
    rate
        Of the charge.
    mean_x, voltage
        Where the charges end [1, V].
    progress
        Called as progress(particles done, all, what is next).

    Raises
    ------
    InputError
        A list is empty, rests do not rise, the case describes no single sphere, or has no valence model.
    """
    case.require_single_particle()
    if case.particle.shape != "sphere":
        raise InputError("gradients are scanned for spheres", where="particle.shape", value=case.particle.shape)
    lists = (("diffusivities", diffusivities), ("radii", radii), ("coverages", coverages), ("rests", rests))
    for name, values in lists:
        if not values or not all(math.isfinite(value) for value in values):
            raise InputError("a scan needs numbers", where=name, value=str(list(values)), allowed="one or more")
    if rests[0] < 0.0 or any(b <= a for a, b in pairwise(rests)):
        raise InputError("rests rise", where="rests", value=str(list(rests)), allowed="0 s or more, each longer")
    ends = {"equal mean": f'"{names.MEAN_X}" < {mean_x:.12g}', "equal voltage": f"{voltage:.12g} V"}
    wanted = list(product(ends, diffusivities, radii, coverages))
    groups = defaultdict(list)
    for place, (condition, diffusivity, radius, coverage) in enumerate(wanted):
        charge = f"Charge at {rate} until {ends[condition]}"
        made = _particle(case, diffusivity, radius, coverage, charge, rests)
        groups[mesh_key(made)].append((place, made))
    found: dict[int, list[Gradient]] = {}
    lines: dict[tuple[str, str | float], LinesOfSight] = {}
    for key, members in groups.items():
        for start in range(0, len(members), _BATCH):
            some = members[start : start + _BATCH]
            if progress is not None:
                progress(len(found), len(wanted), f"R = {1e6 * float(key[1]):g} um")
            for (place, _), ended in zip(some, simulate_batch([one for _, one in some], snapshots=False), strict=True):
                solution = ended.finished()
                if key not in lines:
                    view = view_of(solution.mesh, solution.contact, pixels=_PIXELS)
                    lines[key] = LinesOfSight.through(solution.mesh, view)
                found[place] = _gradients(solution, lines[key], wanted[place], rests)
    if progress is not None:
        progress(len(wanted), len(wanted), "")
    return tuple(one for place in range(len(wanted)) for one in found[place])


def _particle(
    case: Case, diffusivity: float, radius: float, coverage: float, charge: str, rests: Sequence[float]
) -> Case:
    waits = np.diff(np.concatenate(([0.0], rests)))
    steps = [charge, *(f"Rest for {wait:.12g} s" for wait in waits if wait > 0.0)]
    keys = case.to_dict()
    start = {
        key: value
        for key, value in keys["protocol"].items()
        if key in ("temperature", "capacity", "initial_stoichiometry", "initial_voltage", "initial_soc")
        and value is not None
    }
    keys["protocol"] = {**start, "steps": steps}
    keys["contact"] = {"kind": "cap", "coverage": coverage}
    keys["particle"] = {**keys["particle"], "radius": radius, "model": "axisymmetric"}
    overrides = [f"material.diffusivity={diffusivity!r}"]
    return Case.from_dict({key: value for key, value in keys.items() if key != "output"}, overrides)


def _gradients(
    solution: Solution, lines: LinesOfSight, what: tuple[str, float, float, float], rests: Sequence[float]
) -> list[Gradient]:
    """Return what is seen after every rest."""
    condition, diffusivity, radius, coverage = what
    valence = solution.valence
    if valence is None:
        raise InputError("the cathode has no valence model", where="material.name", value=solution.material)
    end = solution.steps[0].duration
    time = solution.columns[names.TIME]
    reached = "stoichiometry limit" not in solution.steps[0].stop_reason
    region = regions_of(lines.thickness, -np.meshgrid(lines.view.axis, lines.view.axis)[1])
    found = []
    for rest in rests:
        # The first row at that time is the end of a protocol step, the second the start of the next.
        row = min(int(np.searchsorted(time, (end + rest) * (1.0 - 1e-12))), len(time) - 1)
        columns = lines.columns(solution.stoichiometry_at(min(end + rest, time[-1])), states_of(valence))
        ratios = tuple(float(ratio) for ratio in region_ratios(columns[..., :2], region))
        found.append(
            Gradient(
                condition,
                diffusivity,
                radius,
                coverage,
                rest,
                reached,
                float(solution.columns[names.MEAN_X][row]),
                float(solution.columns[names.VOLTAGE][row]),
                ratios,
            )
        )
    return found


HEAD = (
    "condition", "diffusivity [m2/s]", "radius [m]", "coverage", "rest [s]", "reached", "mean stoichiometry",
    "voltage [V]", *(f"region {k}" for k in range(1, REGIONS + 1)), "Cal", "Hot-Cal",
)  # fmt: skip


def gradient_rows(found: Sequence[Gradient], valence: ValenceModel) -> list[tuple[object, ...]]:
    """Return a row per gradient under `HEAD`: what was scanned, what is seen, whether it is that of Cal or Hot-Cal."""
    return [
        (
            one.condition, one.diffusivity, one.radius, one.coverage, one.rest, one.reached, one.mean_x, one.voltage,
            *one.ratios, one.compatible(CAL, valence), one.compatible(HOT_CAL, valence),
        )
        for one in found
    ]  # fmt: skip
