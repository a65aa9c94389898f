"""Charge every particle of a tomogram and its equivalent spheres: one row of results each, with a list of failures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.data_frames import data_frame
from asyncsoc.base.display import Rows, Shown, rows_of_set
from asyncsoc.base.errors import InputError, InterruptedRunError
from asyncsoc.base.guarded_files import beside
from asyncsoc.base.hashing import file_sha256
from asyncsoc.base.workers import run_tasks
from asyncsoc.case.case import Case
from asyncsoc.materials.valence import AT_CONTACT, AT_FAR_SIDE
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.batch import simulate_batch
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.particle_sets.equivalent_sphere import VARIANTS, Variant, equivalent_sphere, sphere_case
from asyncsoc.tomography.particle_set import MANIFEST, ParticleSet, check_contact

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], None]

HALF: Final = 0.5
"""Mean SOC at which leads are compared: where runs end differs from particle to particle."""
LARGEST_LEAD: Final = "largest lead"
LEAD_AT_HALF: Final = f"lead at mean SOC {HALF:g}"
FINAL_SOC: Final = "final mean SOC"
FINAL_CONTACT: Final = "final contact-mean SOC"
FINAL: Final = "final "
"""How the name of a curve's last value begins."""
BALANCE: Final = "lithium balance error"
RISK_MEAN: Final = "largest mean risk"
RISK_MAX: Final = "largest local risk"
DOSE: Final = "final dose against full coverage"
COVERAGE: Final = "coverage"
DIAMETER: Final = "equivalent diameter [m]"
SPHERICITY: Final = "sphericity"
VOLUME: Final = "volume [m3]"
WALL: Final = "wall time [s]"


@dataclass(frozen=True, eq=False, repr=False)
class ChargedSet(Shown):
    """Results of a set of charged particles.

    Attributes
    ----------
    header
        The case, where the particles came from, how many were charged, wall time.
    rows
        One mapping per particle: its size, coverage and outcome, and the outcome of each equivalent sphere under the
        same name followed by ", equal area" or ", equal fraction".
    failed
        One mapping per particle that could not be charged: `particle`, `reason`, and `traceback` where the reason is
        none of our errors.
    """

    header: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    failed: Sequence[Mapping[str, Any]] = ()

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        return rows_of_set([("particles charged", len(self.rows))], self.header, self.failed, "charged")

    def to_dataframe(self) -> pd.DataFrame:
        """Return the results as a pandas data frame: a row a particle, columns named with units.

        Raises
        ------
        EnvironmentProblem
            pandas is not installed.
        """
        return data_frame(self.rows)

    def column(self, name: str) -> NDArray[np.float64]:
        """Return a quantity of all particles, NaN where a particle has none."""
        values = (row.get(name) for row in self.rows)
        return np.array([np.nan if value is None else float(value) for value in values])

    @property
    def oxidation_ratios(self) -> tuple[str, ...]:
        """Names of the columns of final ratios of oxidation states; none where the cathode has no valence model."""
        ends = (AT_CONTACT, AT_FAR_SIDE)
        return tuple(name for name in self.names if name.startswith(FINAL) and name.endswith(ends))

    @property
    def worst_balance(self) -> float:
        """Largest lithium balance error of the particles' own runs."""
        return max((float(row[BALANCE]) for row in self.rows), default=0.0)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in the order they first appear."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row))


@dataclass(frozen=True, eq=False)
class _Task:
    template: Case
    file: Path
    row: Mapping[str, Any]
    variants: tuple[Variant, ...]


def particle_case(template: Case, file: str | Path) -> Case:
    """Return the template with a meshed particle in place of its own, in contact where the mesh is active.

    Parameters
    ----------
    template
        Material, electrolyte, kinetics, protocol and solver.
    file
        A particle file of `asyncsoc tomo mesh`.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    keys = template.model_dump(exclude_unset=True)
    keys["particle"] = {"shape": "mesh", "file": str(file), "length_unit": "m"}
    keys["contact"] = {"kind": "labels", "active": ["active"]}
    keys["name"] = Path(file).stem
    return Case.from_dict(keys)


def outcome(solution: Solution) -> dict[str, Any]:
    """Return what is compared between particles: leads, final states, balance, risk where it was followed."""
    columns = solution.columns
    mean, lead = columns[names.MEAN_SOC], columns[names.ASYNCHRONY]
    rising = np.flatnonzero(mean >= HALF)
    reached = bool(len(rising)) and mean[0] < HALF
    at_half = float(np.interp(HALF, mean[: rising[0] + 1], lead[: rising[0] + 1])) if reached else None
    found: dict[str, Any] = {
        LARGEST_LEAD: float(lead[np.argmax(np.abs(lead))]),
        LEAD_AT_HALF: at_half,
        FINAL_SOC: float(mean[-1]),
        FINAL_CONTACT: float(columns[names.CONTACT_SOC][-1]),
        **{f"{FINAL}{name}": float(columns[name][-1]) for name in names.valence_curves(solution.valence)},
        BALANCE: solution.lithium_balance_error,
    }
    for name, key in ((RISK_MEAN, names.RISK_MEAN), (RISK_MAX, names.RISK_MAX), (DOSE, names.RISK_DOSE)):
        if key in columns and np.isfinite(columns[key]).any():
            finite = columns[key][np.isfinite(columns[key])]
            found[name] = float(finite[-1] if name == DOSE else finite.max())
    return found | {"stop reason": solution.stop_reason}


def _run(case: Case) -> dict[str, Any]:
    clock = time.perf_counter()
    (ending,) = simulate_batch([case], snapshots=False)
    return outcome(ending.finished()) | {WALL: time.perf_counter() - clock}


def _work(task: _Task) -> dict[str, Any]:
    """Charge one particle and its spheres; runs in a worker process."""
    row, clock = task.row, time.perf_counter()
    _check_unchanged(task)
    case = particle_case(task.template, task.file)
    (ending,) = simulate_batch([case], snapshots=False)
    solution = ending.finished()
    contact = solution.contact
    coverage = contact.parameters.get("coverage of the exposed surface", contact.coverage_realised)
    found: dict[str, Any] = {
        "particle": row["particle"],
        "nodes": solution.mesh.n_nodes,
        DIAMETER: row[DIAMETER],
        SPHERICITY: float(np.pi * float(row[DIAMETER]) ** 2 / float(row["surface [m2]"])),
        COVERAGE: float(coverage),
        "contact over whole surface": contact.coverage_realised,
        "active area [m2]": contact.area,
        **outcome(solution),
        WALL: time.perf_counter() - clock,
    }
    for variant in task.variants:
        sphere = equivalent_sphere(float(row[VOLUME]), contact.area, float(coverage), variant)
        found[f"sphere's cap asked, {variant}"] = sphere.asked
        of_sphere = _run(sphere_case(task.template, sphere))
        found |= {f"{name}, {variant}": value for name, value in of_sphere.items()}
    return found


def _check_unchanged(task: _Task) -> None:
    found = file_sha256(task.file)
    if found != task.row["sha256"]:
        raise InputError("the particle file is not the one in the manifest", where=str(task.file), value=found[:16])


def charge_set(
    particles: ParticleSet,
    template: Case,
    *,
    workers: int = 1,
    spheres: bool = True,
    only: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> ChargedSet:
    """Simulate every particle of a set under the template's protocol, each at its own C rate.

    Parameters
    ----------
    particles
        Files of `asyncsoc tomo mesh`.
    template
        Everything but particle and contact, which are those of the files.
    workers
        Processes (spawned). From a script, call this under ``if __name__ == "__main__":`` where more than 1.
    spheres
        Charge the equivalent spheres too.
    only
        Numbers of the particles to charge; all where None.
    progress
        Called with particles done and particles in all.

    Raises
    ------
    InputError
        A particle that is asked for is not in the set, none is left, or the volume they come from has no electrolyte.
    InterruptedRunError
        After Ctrl-C; its `partial` is the set of those that were charged, with "complete" false in its header.
    """
    check_contact(particles)
    chosen = _chosen(particles, only)
    clock = time.perf_counter()
    rows: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    tasks = _tasks(particles, chosen, template, VARIANTS if spheres else ())
    complete = False
    try:
        with closing(run_tasks(_work, tasks, workers)) as outcomes:
            for done, ended in enumerate(outcomes, start=1):
                if ended.value is None:
                    row: dict[str, Any] = {"particle": ended.key, "reason": ended.failure}
                    failed.append(row if ended.trace is None else row | {"traceback": ended.trace})
                else:
                    rows.append(ended.value)
                if progress is not None:
                    progress(done, len(chosen))
        complete = True
    except KeyboardInterrupt:
        pass
    rows.sort(key=lambda row: int(row["particle"]))
    failed.sort(key=lambda row: int(row["particle"]))
    header = {
        "case": template.to_dict(),
        "case name": template.name,
        "particles": str(particles.folder),
        "source": dict(particles.header.get("source", {})),
        "complete": complete,
        "charged": len(rows),
        "failed": len(failed),
        "workers": workers,
        "wall time [s]": time.perf_counter() - clock,
    }
    charged = ChargedSet(header, rows, failed)
    if complete:
        return charged
    error = InterruptedRunError(f"interrupted with {len(chosen) - len(rows) - len(failed)} of {len(chosen)} to go")
    error.partial = charged
    raise error


def _chosen(particles: ParticleSet, only: Sequence[int] | None) -> list[Mapping[str, Any]]:
    known = {int(row["particle"]): row for row in particles.rows}
    unknown = sorted(set(only or ()) - set(known))
    if unknown or not known:
        raise InputError(
            "a particle is not in the set" if unknown else "the set has no particles",
            where=str(particles.folder / MANIFEST),
            value=unknown[:10],
            allowed=f"{len(known)} numbers, see particles.csv",
        )
    return [row for number, row in known.items() if only is None or number in set(only)]


def _tasks(
    particles: ParticleSet, rows: Sequence[Mapping[str, Any]], template: Case, variants: tuple[Variant, ...]
) -> Iterator[tuple[int, _Task]]:
    for row in rows:
        file = beside(particles.folder / MANIFEST, str(row["file"]))
        yield int(row["particle"]), _Task(template, file, row, variants)
