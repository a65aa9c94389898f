"""How close the batch comes to the machine's bandwidth: bytes its inner solves must move over what a triad moves.

One iteration of conjugate gradients with symmetric Gauss-Seidel moves

- the matrix once for all members side by side: 8 bytes of value and 4 of column per coupling, and two starts of 4
  bytes per row, and
- per row and member `WORDS` numbers of 8 bytes, the vectors of its three passes over the nodes (backward: r, p,
  diagonal and its inverse in, p, t and v out; forward: v, p, t and the inverse in, v out; update: b, r, t, v and the
  diagonal in, b and r out).

Everything else a step does - stages, material tables, callbacks - is left out of the bytes and stays in the time, so
that the ratio is a lower bound. The roof is the triad a = b + s c at the footprint of the inner solve, where the
caches hold what they can, and the same far beyond all caches. Iterations are counted by the integrator; where it does
not count them they are an input.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import asyncsoc_peer
from benchmarks.performance import counting, spheres
from benchmarks.performance.accuracy import check_mean
from benchmarks.performance.factors import Part
from benchmarks.performance.sweep64 import MEMBERS, coverages
from benchmarks.reporting import require, table

Array = NDArray[np.float64]

WORDS = 19
TOLERANCE = 3e-3
FAR = 256e6
"""Bytes of the triad's arrays that no cache holds."""
NEAR = 512e3
"""Bytes that a core's own cache holds."""
_LEAST_TIME = 0.2
_FLOPS_PER_ENTRY, _FLOPS_PER_ROW = 2, 24


@numba.njit(nogil=True)
def _triad(a: Array, b: Array, c: Array, s: float, repeat: int) -> None:
    for _ in range(repeat):
        for i in range(a.size):
            a[i] = b[i] + s * c[i]


@numba.njit(nogil=True, fastmath={"contract"})
def _multiply_add(values: Array, repeat: int) -> None:
    for _ in range(repeat):
        for i in range(values.size):
            value = values[i]
            for _ in range(8):
                value = value * 0.999 + 1e-3
            values[i] = value


@dataclass(frozen=True)
class Traffic:
    """What the inner solves of a batch must move.

    Attributes
    ----------
    rows, entries
        Of K, the diagonal aside.
    lanes
        Members that share one reading of K.
    iterations
        Of all members together.
    """

    rows: int
    entries: int
    lanes: int
    iterations: float

    @property
    def bytes_per_iteration(self) -> float:
        """Of one member: its share of the matrix, and its vectors [B]."""
        matrix = 12.0 * self.entries + 8.0 * self.rows
        return matrix / self.lanes + 8.0 * WORDS * self.rows

    @property
    def bytes(self) -> float:
        """In all [B]."""
        return self.iterations * self.bytes_per_iteration

    @property
    def operations(self) -> float:
        """Floating-point operations in all."""
        return self.iterations * (_FLOPS_PER_ENTRY * self.entries + _FLOPS_PER_ROW * self.rows)

    @property
    def footprint(self) -> float:
        """What an inner solve keeps reading [B]: the matrix and six vectors of every lane."""
        return 12.0 * self.entries + 8.0 * self.rows + 48.0 * self.rows * self.lanes


def best_rate(work: float, call: Callable[[int], None], threads: int) -> float:
    """Return work per second of `call(repeat)` on each of several threads, by wall time, the best of three."""
    repeat = 1
    with ThreadPoolExecutor(threads) as pool:

        def spent() -> float:
            began = time.perf_counter()
            for job in [pool.submit(call, repeat) for _ in range(threads)]:
                job.result()
            return time.perf_counter() - began

        spent()
        while (taken := spent()) < _LEAST_TIME:
            repeat = max(2 * repeat, int(repeat * 1.2 * _LEAST_TIME / taken))
        return threads * work * repeat / min(taken, spent(), spent())


def bandwidth(size: float, threads: int = 1) -> float:
    """Return what a triad over three arrays of `size` bytes in all moves, each thread on its own arrays [B/s]."""
    length = max(int(size / 24.0), 64)

    def work(repeat: int) -> None:
        local = arrays.pop()
        _triad(local[0], local[1], local[2], 3.0, repeat)
        arrays.append(local)

    arrays = [tuple(np.full(length, float(k)) for k in range(3)) for _ in range(threads)]
    rate = best_rate(24.0 * length, work, threads)
    a, b, c = arrays[0]
    require("triad", float(np.abs(a - (b + 3.0 * c)).max()), 0.0)
    return rate


def operations(threads: int = 1) -> float:
    """Return multiply-adds of a core's vector units on numbers in its registers, two operations each [1/s]."""
    return best_rate(16.0 * 512, lambda repeat: _multiply_add(np.ones(512), repeat), threads)


def roofs(footprint: float) -> dict[str, float]:
    """Return the bandwidths and the floating-point rate of one core and two."""
    found = {}
    for threads in (1, 2):
        cores = f"{threads} core" + ("s" if threads > 1 else "")
        found[f"triad, {cores}, beyond all caches [GB/s]"] = bandwidth(FAR, threads) / 1e9
        found[f"triad, {cores}, in a core's own cache [GB/s]"] = bandwidth(NEAR, threads) / 1e9
        found[f"triad, {cores}, footprint of the inner solve [GB/s]"] = bandwidth(footprint, threads) / 1e9
        found[f"multiply-add, {cores} [Gflop/s]"] = operations(threads) / 1e9
    return found


def measure(quick: bool = False, iterations: float | None = None) -> Part:
    """Measure the roofs and run the batch below them; `iterations` per solve where the integrator counts none."""
    name = "sphere-3d-coarse" if quick else spheres.SEVEN_THOUSAND
    problems = [spheres.problem(name, f) for f in coverages(8 if quick else MEMBERS)]
    asyncsoc_peer.charge_batch(problems[:2], TOLERANCE)
    with counting.counted() as counts:
        charged = asyncsoc_peer.charge_batch(problems, TOLERANCE)
    for problem, history in zip(problems, charged.histories, strict=True):
        check_mean("batch", history, problem)
    attempts = sum(outcome.accepted + outcome.rejected for outcome in charged.outcomes)
    each = counting.per_solve(counts, charged.outcomes) or iterations
    system, _ = asyncsoc_peer.prepared(problems[0].mesh)
    total = 0.0 if each is None else each * counting.SOLVES_PER_STEP * attempts
    couplings = system.kernel.stiffness
    entries = len(couplings.below.data) + len(couplings.above.data)
    traffic = Traffic(len(system.kernel.mass), entries, counting.lanes(), total)
    found = roofs(traffic.footprint)
    numbers: dict[str, Any] = {
        "unknowns": traffic.rows,
        "members": len(problems),
        "tolerance": TOLERANCE,
        "steps tried": attempts,
        "iterations per solve": each,
        "traffic": asdict(traffic),
        "footprint [MB]": traffic.footprint / 1e6,
        "bytes per member and iteration": traffic.bytes_per_iteration,
        "process time of the batch [s]": charged.process,
        "roofs": found,
    }
    rows: list[tuple[str, object]] = [*found.items(), ("footprint of the inner solve [MB]", traffic.footprint / 1e6)]
    if each is None:
        rows.append(("the integrator counts no iterations", "no ratio"))
        return Part((), numbers, table(("roof", ""), rows))
    achieved = traffic.bytes / charged.process / 1e9
    ratios = {
        "bytes of the inner solves over the batch's whole time [GB/s]": achieved,
        "over the triad at that footprint": achieved / found["triad, 1 core, footprint of the inner solve [GB/s]"],
        "over the triad beyond all caches": achieved / found["triad, 1 core, beyond all caches [GB/s]"],
        "operations of the inner solves [Gflop/s]": traffic.operations / charged.process / 1e9,
        "over the core's multiply-adds": traffic.operations
        / charged.process
        / 1e9
        / found["multiply-add, 1 core [Gflop/s]"],
    }
    rows += [("iterations per solve", each), *ratios.items()]
    return Part((), {**numbers, "ratios": ratios}, table(("roof", ""), rows))
