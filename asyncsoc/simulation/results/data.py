"""The plain data of a finished run: what is stored, and nothing that computes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.display import ShortRepr, Shown, one_line
from asyncsoc.base.errors import InputError
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import ParticleMesh, frozen
from asyncsoc.materials.valence import ValenceModel
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.absent_curves import no_such_curve
from asyncsoc.recorders.contact_state import SideReactionCheckpoint
from asyncsoc.recorders.cycle_rows import CYCLE
from asyncsoc.simulation.results.jumps import CycleJumps
from asyncsoc.solver.checkpoints import Checkpoint

Status = Literal["done", "stopped"]


@dataclass(frozen=True)
class StepSummary:
    """Summary of one protocol step.

    Attributes
    ----------
    number, cycle
        Counted from 1.
    text
        The step in the user's words.
    stop_reason
        What ended it.
    duration : s
    charge : C
        Charge passed in the step, positive on charge.
    side_charge : C
        The side reaction's part of it.
    """

    number: int
    cycle: int
    text: str
    stop_reason: str
    duration: float
    charge: float
    side_charge: float = 0.0


@dataclass(frozen=True, eq=False, repr=False)
class RecordingCheckpoint(ShortRepr):
    """What the recorders of a run hand on beside its last accepted state.

    Attributes
    ----------
    initial_mean_x
        Volume-mean stoichiometry at the start of the protocol.
    last_snapshot_stays
        Whether the snapshot at the checkpoint is one of the uninterrupted run, and not there because the run ended.
    side
        Of the recorder of the side reaction, None where there is none.
    """

    initial_mean_x: float
    last_snapshot_stays: bool = False
    side: SideReactionCheckpoint | None = None


class Columns(Mapping[str, NDArray[Any]]):
    """A run's curves by name; asking for one that it does not have is an error that says why.

    Parameters
    ----------
    curves
        The curves.
    material
        Name of the cathode's parameter set.
    particles
        How many particles the group has whose curves these are; 0 where they are those of one.
    """

    def __init__(self, curves: Mapping[str, NDArray[Any]], material: str, particles: int = 0) -> None:
        self._curves = dict(curves)
        self._material, self._particles = material, particles

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a curve; raises NoSuchCurve, an InputError, where the run does not have it."""
        try:
            return self._curves[name]
        except KeyError:
            raise no_such_curve(name, self._curves, material=self._material, particles=self._particles) from None

    def __repr__(self) -> str:
        """Return the number of curves and the first names."""
        return one_line("Columns", [(None, list(self._curves))])

    def __iter__(self) -> Iterator[str]:
        """Return the names, in the order they are written."""
        return iter(self._curves)

    def __len__(self) -> int:
        """Return the number of curves."""
        return len(self._curves)

    def __contains__(self, name: object) -> bool:
        """Return whether the run has a curve."""
        return name in self._curves

    def get(self, name: str, default: Any = None) -> Any:
        """Return a curve, or the default: without looking for the name that may have been meant."""
        return self._curves.get(name, default)


@dataclass(frozen=True, eq=False, repr=False)
class RunData(Shown):
    """All data of a run.

    Attributes
    ----------
    name
        Name of the case.
    columns
        Curves by name (`recorders.curve_names`), equally long.
    field_times : (k,), s
        Times of the snapshots, strictly increasing.
    field_x : (k, n)
        Stoichiometry at the nodes.
    mesh, contact
        The particle and its contact.
    stoichiometry_at_4p2
        Stoichiometry in equilibrium with the cathode's charged voltage (4.2 V for the built-in ones), the end of the
        SOC scale.
    case, case_toml, case_sha256
        The case as plain data, as text and as hash.
    steps
        One summary per step carried out.
    status
        "done", or "stopped" where the simulation could not finish.
    stop_reason
        Why the run ended.
    warnings
        What the user should know before using the numbers.
    provenance
        Versions, hashes, threads, start time.
    wall_times : s
        "set-up" and "solve".
    more_fields : (k, n) each
        Further quantities at the nodes by name with unit, one row per snapshot; NaN where there is nothing to say.
    reports
        What else was found, by subject, as plain data.
    recording
        What the recorders hand on with the checkpoint; None in files of earlier versions.
    cycle_rows : (c,) each
        One row a complete cycle, by name (`recorders.cycle_rows`).
    jumps
        Of a run that jumps over cycles, what the next jump is extrapolated from; None where it does not.
    valence
        The cathode's; None where it has none, and then there are no curves and fields of oxidation states.
    checkpoint
        The last accepted state, for `simulate(case, resume=...)`; None where no step was taken, and of one particle of
        a group.
    particle_runs
        Of a group of several particles the run of each, with the same rows; empty where the run is that of one.
        `mesh`, `contact`, snapshots and further fields of the group are then those of its first particle.
    multiplicities
        How many particles each of them stands for.
    """

    name: str
    columns: Mapping[str, NDArray[Any]]
    field_times: NDArray[np.float64]
    field_x: NDArray[np.float64]
    mesh: ParticleMesh
    contact: ContactMap
    stoichiometry_at_4p2: float
    case: Mapping[str, Any]
    case_toml: str
    case_sha256: str
    steps: tuple[StepSummary, ...]
    status: Status
    stop_reason: str
    warnings: tuple[str, ...]
    provenance: Mapping[str, Any]
    wall_times: Mapping[str, float]
    more_fields: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    reports: Mapping[str, Any] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    valence: ValenceModel | None = None
    particle_runs: tuple[RunData, ...] = ()
    multiplicities: tuple[float, ...] = ()
    recording: RecordingCheckpoint | None = None
    cycle_rows: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    jumps: CycleJumps | None = None

    def __post_init__(self) -> None:
        columns = {
            name: _read_only(values, np.int64 if name in names.WHOLE_NUMBERS else np.float64)
            for name, values in self.columns.items()
        }
        object.__setattr__(self, "columns", Columns(columns, self.material, len(self.particle_runs)))
        object.__setattr__(self, "field_times", _read_only(self.field_times, np.float64))
        object.__setattr__(self, "field_x", _read_only(self.field_x, np.float64))
        more = {name: _read_only(values, np.float64) for name, values in self.more_fields.items()}
        object.__setattr__(self, "more_fields", MappingProxyType(more))
        rows = {
            name: _read_only(values, np.int64 if name == CYCLE else np.float64)
            for name, values in self.cycle_rows.items()
        }
        object.__setattr__(self, "cycle_rows", MappingProxyType(rows))
        for name in ("case", "provenance", "wall_times", "reports"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        self._check()

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as what it is made of; arrays are read-only there too."""
        content = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return _remade, (type(self), {n: dict(v) if isinstance(v, Mapping) else v for n, v in content.items()})

    @property
    def material(self) -> str:
        """Name of the cathode's parameter set, '' where the case does not say."""
        section = self.case.get("material")
        return str(section.get("name", "")) if isinstance(section, Mapping) else ""

    def _check(self) -> None:
        expected = (len(self.field_times), self.mesh.n_nodes)
        lengths = {name: len(values) for name, values in self.columns.items()}
        shapes = {name: values.shape for name, values in self.more_fields.items()}
        problems = (
            (names.TIME not in lengths, "a run without times", sorted(lengths)),
            (len(set(lengths.values())) != 1, "the curves of a run must be equally long", lengths),
            (self.field_x.shape != expected or not expected[0], "snapshots that do not fit times and mesh", expected),
            (len({len(v) for v in self.cycle_rows.values()}) > 1, "rows of cycles that are not equally long", None),
            (any(shape != expected for shape in shapes.values()), "further fields that do not fit snapshots", shapes),
            (
                bool((self.field_times[1:] <= self.field_times[:-1]).any()),
                "times of snapshots must increase",
                None,
            ),
            (len(self.contact.weights) != self.mesh.n_nodes, "the contact map belongs to another mesh", None),
            (len(self.multiplicities) != len(self.particle_runs), "a group needs a multiplicity a particle", None),
            (len({run.name for run in self.particle_runs}) != len(self.particle_runs), "two particles of a name", None),
            (
                any(len(run.columns[names.TIME]) != lengths.get(names.TIME) for run in self.particle_runs),
                "the curves of a group's particles must be as long as its own",
                None,
            ),
        )
        for wrong, what, value in problems:
            if wrong:
                raise InputError(what, where=f"run {self.name!r}", value=value)


def _remade[R: RunData](kind: type[R], content: Mapping[str, Any]) -> R:
    return kind(**content)


def _read_only[T: np.generic](values: NDArray[Any], dtype: type[T]) -> NDArray[T]:
    """Return an array that nobody can write to: the one given where it is that already, else a copy."""
    if isinstance(values, np.ndarray) and values.dtype == dtype and not values.flags.writeable:
        return values
    return frozen(values, dtype)
