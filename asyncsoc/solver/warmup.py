"""Compile the kernels by the smallest possible run, through the same call as every other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from asyncsoc.base.compiling import record
from asyncsoc.base.kernel_cache import note_compiled
from asyncsoc.discretization.operators import Operators
from asyncsoc.geometry.mesh import frozen
from asyncsoc.interface.rate_laws import RATE_LAWS
from asyncsoc.kernels.batch import FEWEST
from asyncsoc.kernels.grain_boundaries import GrainBoundaries, TiedRows
from asyncsoc.kernels.ldl import Factor
from asyncsoc.kernels.parameters import RowMeans
from asyncsoc.kernels.reductions import mean_rows, split_rows
from asyncsoc.kernels.sparse import Couplings, SparseRows
from asyncsoc.kernels.workspace import System
from asyncsoc.materials.tables import MaterialTable
from asyncsoc.problem.hierarchy import build_hierarchy
from asyncsoc.problem.particles import Group, Member, Problem
from asyncsoc.problem.system import OrderedSystem, order_system
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.protocol.types import Step
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedStep, StepState

if TYPE_CHECKING:
    import scipy.sparse as sp


class _DenseOutputCallback:
    def start(self, state: StepState, constraint: StepConstraint) -> None:
        """Do nothing at the start."""

    def step(self, step: AcceptedStep) -> None:
        """Ask for the continuous solution once, so that it is compiled too."""
        step.at(step.end.time)


def compile_for(
    systems: Iterable[OrderedSystem],
    *,
    batches: bool = False,
    groups: bool = False,
    phases: bool = False,
    conductors: bool = False,
) -> None:
    """Compile, or load from the cache, the kernels of runs on meshes: see `compile_kernels`."""
    kinds = {(system.kernel.iterative, system.kernel.boundaries is not None) for system in systems}
    for iterative, boundaries in sorted(kinds):
        asked = {"batches": batches, "groups": groups, "phases": phases, "conductors": conductors}
        compile_kernels(**asked, iterative=iterative, boundaries=boundaries)


@lru_cache(maxsize=32)
def compile_kernels(
    *,
    batches: bool = True,
    groups: bool = False,
    phases: bool = False,
    iterative: bool = False,
    conductors: bool = False,
    boundaries: bool = False,
) -> None:
    """Compile, or load from the cache, every kernel a run uses; does nothing the second time.

    What a problem does not have is left out of its kernels, which are compiled again for one that has it.

    Parameters
    ----------
    batches
        Also those that advance particles side by side; a run of one particle does without.
    groups
        Those of particles that share a potential, in place of those of single ones.
    phases
        Those of particles that share it on several meshes or many threads, in place of those of one call.
    iterative
        Those of meshes that conjugate gradients are used for, in place of a factorization.
    conductors
        Those of groups with a network, or of particles with resistances of their own.
    boundaries
        Those of meshes that are doubled along grain boundaries.
    """
    grid = np.linspace(0.0, 1.0, 5)
    columns = [grid, np.ones(5), 4.0 - grid, -np.ones(5), np.ones(5), np.zeros(5)]
    table = MaterialTable(0.0, 0.25, np.column_stack(columns), 300.0, (0.1, 0.9), (0.0, 1.0))
    step = Step("current", 1e-3, 1.0, (), None, None, 1, "warm-up")
    constraint = StepConstraint(step, 1, 1.0, 0.0, 1e-3, 0.0, (), 1.0, 300.0)
    member = Member(
        x=np.full(2, 0.5),
        weights=np.array([0.0, 1.0]),
        film_resistance=0.0,
        constraints=(constraint,),
        tables={300.0: table},
        kinetics=RATE_LAWS[0](),
        maximum_concentration=1.0,
        tolerance=1e-2,
    )
    if batches:
        _order()
    system = _two_nodes(iterative=iterative)
    if boundaries:
        first, second = frozen([0], np.int32), frozen([1], np.int32)
        below = TiedRows(frozen([0, 0, 1], np.int32), first, first)
        above = TiedRows(frozen([0, 1, 1], np.int32), second, first)
        pair = GrainBoundaries(first, second, frozen([1.0], np.float64), below, above)
        system = replace(system, kernel=system.kernel._replace(boundaries=pair))
    for many, size in ((1, 2),) if groups else ((1, 1), (FEWEST, 1)) if batches else ((1, 1),):
        ohms = (1.0,) * size if conductors else ()
        meshes = tuple(range(size)) if phases else ()
        group = Group((member,) * size, member.constraints, member.tolerance, resistances=ohms, meshes=meshes)
        problem = Problem((system,) * max(len(meshes), 1), (group,) * many)
        integrate(problem, [[_DenseOutputCallback()]] * (many * size))
    none, one, number = np.zeros(1, dtype=np.int64), np.ones((1, 1)), np.zeros((1, 1), dtype=np.int64)
    mean_rows(
        np.ones((1, 2)),
        system.kernel.mass,
        none,
        number,
        one,
        none,
        number,
        one,
        none,
        np.empty(1, record(RowMeans)),
        one,
    )
    split_rows(none, one, none, one, one, one, np.empty((1, 2)))
    note_compiled(groups=groups, iterative=iterative, conductors=conductors)


def _two_nodes(*, iterative: bool) -> OrderedSystem:
    """Return the system of an interval, K = [[1, -1], [-1, 1]] and masses of 1; written out, for scipy takes time."""
    if iterative:
        direct = _two_nodes(iterative=False)
        return replace(direct, kernel=direct.kernel._replace(hierarchy=build_hierarchy(_two_rows())))
    row = frozen([0, 1], np.int64)
    below = SparseRows(frozen([0, 0, 1], np.int32), frozen([0], np.int32), frozen([1.0], np.float64))
    above = SparseRows(frozen([0, 1, 1], np.int32), frozen([1], np.int32), frozen([1.0], np.float64))
    ones = frozen([1.0, 1.0], np.float64)
    factor = Factor(
        indptr=np.array([0, 1, 1]),
        indices=np.array([1], dtype=np.int32),
        row_indptr=np.array([0, 0, 1]),
        row_columns=np.array([0], dtype=np.int32),
        row_places=np.array([0]),
    )
    return OrderedSystem(System(Couplings(below, above, ones), ones, factor, None), row, row)


def _order() -> None:
    """Compile what puts systems in order: patterns of factors, coarse levels."""
    rows = _two_rows()
    operators = Operators(indptr=rows.indptr, indices=rows.indices, stiffness=rows.data, mass=np.ones(2), volume=2.0)
    order_system(operators)
    build_hierarchy(rows)


def _two_rows() -> sp.csr_matrix:
    import scipy.sparse as sp

    values = np.array([1.0, -1.0, -1.0, 1.0])
    return sp.csr_matrix((values, np.array([0, 1, 0, 1]), np.array([0, 2, 4])), shape=(2, 2))
