r"""Estimate of the error of the mesh by gradient recovery, and warnings where it does not resolve a run's gradients.

In a pseudo-steady state the asynchrony times the current is the energy :math:`\int |\nabla x|^2 dV` of the field, so
the relative error of the asynchrony is the relative energy error; its estimate compares the gradient, constant on each
cell, with its average around the nodes; in grains A^(1/2) times the gradient, averaged grain by grain.
Source: O. C. Zienkiewicz, J. Z. Zhu, Int. J. Numer. Methods Eng. 24 (1987) 337, doi:10.1002/nme.1620240206.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.grain_boundaries import doubled
from asyncsoc.geometry.measure import cell_volumes
from asyncsoc.geometry.mesh import EDGE_MARK, ParticleMesh
from asyncsoc.problem.grains import GRAIN, TENSOR
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders import curve_names as names
from asyncsoc.solver.checkpoints import RunOutcome

Array = NDArray[np.float64]

LARGEST_ERROR = 0.01
"""Relative energy error, as estimated, above which a run is warned about its asynchrony."""
LEAD_OVER_ESTIMATE = {True: 1.3, False: 2.0}
"""What the asynchrony lacks over what is estimated, on meshes refined along the contact's edge and on others.

Measured on 3-D meshes against the axisymmetric solution (docs/verification.md): 0.8 to 2.7 and 1.1 to 4.3, the larger
ones with fast kinetics. Recovery sees about half of what the growth of the gradient towards the edge costs a mesh that
is no finer there.
"""
LARGEST_DURATION_ERROR = {"axisymmetric": 0.005, "cartesian": 0.01}
"""Relative error of a protocol step's duration, as estimated, above which a run is warned about it."""
SMALLEST_RANGE = 0.01
"""Range of stoichiometry below which a field counts as uniform."""
_CORNERS_3D = 4
_MOST_SNAPSHOTS = 12
_MOST_VALUES = 500_000
"""Cells times fields evaluated together."""


class Recovery:
    """Gradient recovery on one mesh."""

    def __init__(self, mesh: ParticleMesh) -> None:
        corners = mesh.points[mesh.cells]
        self._cells = mesh.cells
        self._inverse = np.linalg.inv(corners[:, 1:] - corners[:, :1])
        self._volumes = cell_volumes(mesh)
        if TENSOR in mesh.cell_data:  # what is smooth within a grain is A^(1/2) grad x, and its square is the energy
            self._inverse = _square_roots(mesh.cell_data[TENSOR]) @ self._inverse
        if GRAIN in mesh.cell_data:
            mesh = doubled(mesh, mesh.cell_data[GRAIN].astype(np.int64))[0]
        self._around = mesh.cells
        around = np.bincount(mesh.cells.ravel(), np.repeat(self._volumes, mesh.cells.shape[1]), minlength=mesh.n_nodes)
        average = _sparse_average if mesh.cells.shape[1] == _CORNERS_3D else _padded_average
        self._averaged = average(mesh, self._volumes, around)

    def relative_error(self, field: Array) -> float:
        """Return the estimated energy error of a nodal field (n,) over its energy; 0 for a uniform one."""
        return float(self.relative_errors(field[np.newaxis])[0])

    def relative_errors(self, fields: Array) -> Array:
        """Return the estimated energy error of nodal fields (k, n) over their energies; 0 for uniform ones."""
        steps = max(_MOST_VALUES // len(self._cells), 1)
        parts = [self._errors(fields[start : start + steps]) for start in range(0, len(fields), steps)]
        return np.concatenate([*parts, np.zeros(0)])

    def _errors(self, fields: Array) -> Array:
        values = fields[:, self._cells]
        differences = values[:, :, 1:] - values[:, :, :1]
        corners = self._cells.shape[1]
        energy, square = np.zeros(values.shape[:2]), np.zeros(values.shape[:2])
        for row in range(corners - 1):
            # One term at a time: what a library sums in which order would depend on how many fields there are.
            component = np.zeros(values.shape[:2])
            for column in range(corners - 1):
                component += self._inverse[:, row, column] * differences[:, :, column]
            energy += component**2
            smooth = self._averaged(component)
            apart = smooth[:, self._around] - component[:, :, np.newaxis]
            # The exact mean over a simplex of the square of a linear function with these corner values.
            square += ((apart**2).sum(axis=2) + apart.sum(axis=2) ** 2) / (corners * (corners + 1))
        whole = (energy * self._volumes).sum(axis=1)
        error = (square * self._volumes).sum(axis=1)
        return np.asarray(np.divide(error, whole, out=np.zeros(len(fields)), where=whole > 0.0))


def _square_roots(tensors: Array) -> Array:
    """Return the symmetric square roots of tensors (n, d, d)."""
    values, vectors = np.linalg.eigh(tensors)
    return np.asarray((vectors * np.sqrt(values)[:, np.newaxis, :]) @ vectors.transpose(0, 2, 1))


def _sparse_average(mesh: ParticleMesh, volumes: Array, around: Array) -> Callable[[Array], Array]:
    """Return what averages values on the cells (k, cells) around each node (k, n), cell by cell in their order."""
    import scipy.sparse

    wide = mesh.cells.shape[1]
    shares = np.repeat(volumes, wide) / around[mesh.cells.ravel()]
    places = mesh.cells.ravel(), np.repeat(np.arange(len(mesh.cells)), wide)
    spread = scipy.sparse.csr_matrix((shares, places), (mesh.n_nodes, len(mesh.cells)))
    spread.sort_indices()
    return lambda component: np.asarray(spread @ component.T).T


def _padded_average(mesh: ParticleMesh, volumes: Array, around: Array) -> Callable[[Array], Array]:
    """Return the same without scipy.sparse, which a run on a radial or axisymmetric mesh does not load otherwise.

    Some ten cells share a node there; in 3-D they are so many that this would take ten times as long.
    """
    cells, present = _cells_around(mesh)
    shares = np.where(present, volumes[cells] / around, 0.0)

    def average(component: Array) -> Array:
        values = np.ascontiguousarray(component.T)
        total = np.zeros((mesh.n_nodes, len(component)))
        for some, share in zip(cells, shares, strict=True):
            total += share[:, np.newaxis] * values[some]
        return total.T

    return average


def _cells_around(mesh: ParticleMesh) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the cells around each node (most, n), ascending, and which of these places are taken; else they hold 0."""
    order = np.argsort(mesh.cells.ravel(), kind="stable")
    node, cell = mesh.cells.ravel()[order], order // mesh.cells.shape[1]
    count = np.bincount(node, minlength=mesh.n_nodes)
    place = np.arange(len(node)) - (np.cumsum(count) - count)[node]
    cells = np.zeros((int(count.max()), mesh.n_nodes), dtype=np.int64)
    cells[place, node] = cell
    return cells, np.arange(len(cells))[:, np.newaxis] < count


_RECOVERIES: WeakKeyDictionary[ParticleMesh, Recovery] = WeakKeyDictionary()


def _recovery(mesh: ParticleMesh) -> Recovery:
    """Return the recovery of a mesh, kept as long as the mesh is."""
    found = _RECOVERIES.get(mesh)
    if found is None:
        found = _RECOVERIES[mesh] = Recovery(mesh)
    return found


def gradient_errors(mesh: ParticleMesh, runs: Sequence[Array]) -> list[float]:
    """Return for each run on a mesh the largest estimated relative error, each snapshot counted by its range.

    Parameters
    ----------
    mesh
        The particle.
    runs : (k, n) each
        Snapshots of the stoichiometry; at most twelve are evaluated, evenly spread, the widest among them.
    """
    widest, shares, chosen = [0.0] * len(runs), [], []
    for number, fields in enumerate(runs):
        ranges = (fields.max(axis=1) - fields.min(axis=1)).tolist() if len(fields) else [0.0]
        widest[number] = max(ranges)
        if widest[number] < SMALLEST_RANGE:
            continue
        checked = list(range(len(fields)))
        if len(fields) > _MOST_SNAPSHOTS:
            checked = sorted({int(np.argmax(ranges)), *np.linspace(0, len(fields) - 1, _MOST_SNAPSHOTS).astype(int)})
        for k in checked:
            if ranges[k] > 0.0:
                shares.append((number, ranges[k] / widest[number]))
                chosen.append(fields[k])
    found = [0.0] * len(runs)
    if chosen:
        for (number, share), error in zip(shares, _recovery(mesh).relative_errors(np.array(chosen)), strict=True):
            found[number] = max(found[number], float(error) * share)
    return found


_TIMED = ("duration reached", "charge of")
"""How the reasons of steps begin whose duration does not depend on the mesh."""
_MOST_STEPS = 64


@dataclass(frozen=True, eq=False)
class StepEnd:
    """The end of a protocol step.

    Attributes
    ----------
    words
        The step, for messages.
    start, field : (n,)
        Stoichiometry where it began and at its end.
    start_asynchrony, asynchrony
        Contact-mean less mean stoichiometry there.
    contact_rate, mean_rate
        How fast the contact-mean and the mean stoichiometry change there [1/s].
    duration
        s.
    held
        Whether a voltage was held.
    timed
        Whether a time or a charge ended it: its duration does not depend on the mesh.
    """

    words: str
    start: Array
    field: Array
    start_asynchrony: float
    asynchrony: float
    contact_rate: float
    mean_rate: float
    duration: float
    held: bool
    timed: bool


def duration_errors(mesh: ParticleMesh, ends: Sequence[StepEnd]) -> list[float]:
    """Return for each protocol step by which share its duration is too long, as estimated; negative: too short.

    Under a current a step ends where the contact reaches a stoichiometry. An asynchrony that is too small by a share e
    gets there later, by e times the asynchrony over the contact's rate; the mean has then gone too far, and where the
    next current starts there its contact differs by as much. Under a held voltage the contact is given and the current
    decays with the gradient: by the share of the field at its end, and, as long as the asynchrony has not relaxed, by
    that of what changed within the step, which a mesh resolves less well. Whether it is then too long or too short is
    not known, and the number is positive; the mean ends where the asynchrony leaves it.

    Parameters
    ----------
    mesh
        The particle.
    ends
        All steps of one run, in order.
    """
    if not ends:
        return []
    recovery = _recovery(mesh)
    found = recovery.relative_errors(np.array([end.field for end in ends])) * _factor(mesh)
    errors, overshoot = [], 0.0  # by how much the mean stoichiometry has gone too far
    for end, share in zip(ends, np.minimum(found, 1.0).tolist(), strict=True):
        if end.held:
            kept = min(abs(end.asynchrony / end.start_asynchrony), 1.0) if end.start_asynchrony != 0.0 else 0.0
            changed = 0.0 if end.timed else recovery.relative_error(end.field - end.start)
            errors.append(0.0 if end.timed else min(share + kept * changed, 1.0))
            overshoot = share * end.asynchrony
            continue
        if end.timed or end.contact_rate == 0.0:
            errors.append(0.0)
            continue
        later = (share * end.asynchrony - overshoot) / end.contact_rate
        errors.append(later / end.duration)
        overshoot += end.mean_rate * later
    return errors


def duration_warnings(mesh: ParticleMesh, ends: Sequence[StepEnd]) -> list[str]:
    """Return a warning for each protocol step whose duration the mesh gets wrong by more than is promised."""
    limit = LARGEST_DURATION_ERROR.get(mesh.coordinates)
    if limit is None:
        return []
    return [
        f"{end.words} lasts about {100.0 * abs(error):.2g} % too {_way(end, error)} on the mesh "
        f"{mesh.name!r} (estimated, right within a factor of two); use a finer mesh and compare"
        for end, error in zip(ends, duration_errors(mesh, ends), strict=True)
        if abs(error) > limit
    ]


def _way(end: StepEnd, error: float) -> str:
    if end.held:
        return "long or short"
    return "long" if error > 0.0 else "short"


def _factor(mesh: ParticleMesh) -> float:
    return LEAD_OVER_ESTIMATE[EDGE_MARK in mesh.name]


def gradient_warnings(mesh: ParticleMesh, runs: Sequence[Array]) -> list[str | None]:
    """Return for each run on a mesh a warning where the mesh does not resolve the gradients well enough, else None."""
    return [
        None
        if error <= LARGEST_ERROR
        else f"the mesh {mesh.name!r} does not resolve the gradients well: the asynchrony is about "
        f"{100.0 * _factor(mesh) * error:.2g} % too small (estimated, right within a factor of two); use a finer mesh "
        "(particle.mesh = 'fine' for a sphere) and compare"
        for error in gradient_errors(mesh, runs)
    ]


def step_ends(
    columns: dict[str, NDArray[Any]],
    times: Array,
    fields: Array,
    outcome: RunOutcome,
    constraints: Sequence[StepConstraint],
) -> list[StepEnd]:
    """Return the ends of all protocol steps.

    Parameters
    ----------
    columns
        Curves of the run.
    times, fields : (k,), (k, n)
        Snapshots; there is one at the end of every protocol step.
    outcome
        How the run went.
    constraints
        The protocol.
    """
    ends = []
    time, mean, contact = columns[names.TIME], columns[names.MEAN_X], columns[names.CONTACT_X]
    for summary in outcome.steps[:_MOST_STEPS]:
        rows = np.flatnonzero(columns[names.STEP] == summary.number)
        if len(rows) < 2:
            continue
        last, before = rows[-1], rows[-2]
        elapsed = float(time[last] - time[before])
        if elapsed <= 0.0 or summary.duration <= 0.0:
            continue
        contact_rate, mean_rate = (float(x[last] - x[before]) / elapsed for x in (contact, mean))
        ends.append(
            StepEnd(
                words=f"step {summary.number} ({summary.text})",
                start=fields[int(np.argmin(np.abs(times - time[rows[0]])))],
                field=fields[int(np.argmin(np.abs(times - time[last])))],
                start_asynchrony=float(contact[rows[0]] - mean[rows[0]]),
                asynchrony=float(contact[last] - mean[last]),
                contact_rate=contact_rate,
                mean_rate=mean_rate,
                duration=summary.duration,
                held=not constraints[summary.number - 1].galvanostatic,
                timed=summary.reason.startswith(_TIMED),
            )
        )
    return ends
