"""Compile the kernels by the smallest possible run, through the same call as every other."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from asyncsoc.base.compiling import record
from asyncsoc.discretization.operators import Operators
from asyncsoc.geometry.mesh import frozen
from asyncsoc.interface.rate_laws import RATE_LAWS
from asyncsoc.kernels.batch import FEWEST
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


class _DenseOutputCallback:
    def start(self, state: StepState, constraint: StepConstraint) -> None:
        """Do nothing at the start."""

    def step(self, step: AcceptedStep) -> None:
        """Ask for the continuous solution once, so that it is compiled too."""
        step.at(step.end.time)


@lru_cache(maxsize=3)
def compile_kernels(*, batches: bool = True, groups: bool = False) -> None:
    """Compile, or load from the cache, every kernel a run uses; does nothing the second time.

    Parameters
    ----------
    batches
        Also those that advance particles side by side; a run of one particle does without.
    groups
        Those of particles that share a potential, in place of those of single ones.
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
    system = _two_nodes()
    if groups:
        pair = Group((member, member), member.constraints, member.tolerance)
        integrate(Problem((system,), (pair,)), [[_DenseOutputCallback()]] * 2)
    for count in () if groups else (1, FEWEST) if batches else (1,):
        integrate(Problem.alone(system, [member] * count), [[_DenseOutputCallback()]] * count)
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


def _two_nodes() -> OrderedSystem:
    """Return the system of an interval, K = [[1, -1], [-1, 1]] and masses of 1; written out, for scipy takes time."""
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
    import scipy.sparse as sp

    values = np.array([1.0, -1.0, -1.0, 1.0])
    indices, indptr = np.array([0, 1, 0, 1]), np.array([0, 2, 4])
    order_system(Operators(indptr=indptr, indices=indices, stiffness=values, mass=np.ones(2), volume=2.0))
    build_hierarchy(sp.csr_matrix((values, indices, indptr), shape=(2, 2)))
