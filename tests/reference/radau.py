"""Radau IIA of three stages (order 5, stiffly accurate) for M y' = F(y), with Newton's method to convergence.

Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.8: the transformed stage equations take one
real and one complex factorization; the error estimate filters an embedded formula of order 3 through the real one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.linalg.lapack import dgttrf, dgttrs, zgttrf, zgttrs
from scipy.sparse.linalg import splu

from tests.reference.materials import Array
from tests.reference.particle import Particle

R6 = np.sqrt(6.0)
A = np.array(
    [
        [(88 - 7 * R6) / 360, (296 - 169 * R6) / 1800, (-2 + 3 * R6) / 225],
        [(296 + 169 * R6) / 1800, (88 + 7 * R6) / 360, (-2 - 3 * R6) / 225],
        [(16 - R6) / 36, (16 + R6) / 36, 1 / 9],
    ]
)
C = A.sum(axis=1)
A_INVERSE = np.linalg.inv(A)
_values, _vectors = np.linalg.eig(A_INVERSE)
_order = [int(np.argmin(np.abs(_values.imag))), int(np.argmax(_values.imag))]
REAL, COMPLEX = float(_values[_order[0]].real), complex(_values[_order[1]])
FORWARD = np.linalg.inv(_vectors)[_order]  # rows: to the real and to the complex component
V_REAL, V_COMPLEX = _vectors[:, _order[0]].real / 1.0, _vectors[:, _order[1]]
_phase = _vectors[:, _order[0]][0] / abs(_vectors[:, _order[0]][0])
V_REAL = (_vectors[:, _order[0]] / _phase).real
FORWARD_REAL = (FORWARD[0] * _phase).real
FORWARD_COMPLEX = FORWARD[1]
ROUNDING = 0.03  # Newton corrections over their tolerance below which no more progress means rounding
E = np.array([-13 - 7 * R6, -13 + 7 * R6, -1.0]) / 3


class Factors:
    """LU of dF/dy - shift M with the potential's row and column as a border."""

    def __init__(self, particle: Particle, parts: tuple[Array, Array, Array, Array, float], shift: complex) -> None:
        entries, extra, column, row, self.corner = parts
        data = entries.astype(complex if isinstance(shift, complex) else float)
        data[particle.diagonal] += extra - shift * particle.mass
        self.row, size = row, column.size
        if particle.grid.shape[1] == 1 and column.size == particle.size:
            matrix = sp.csc_matrix((data, particle.indices, particle.indptr), shape=(size, size))
            bands = [np.ascontiguousarray(matrix.diagonal(d)) for d in (-1, 0, 1)]
            factorize, solve = (zgttrf, zgttrs) if data.dtype == complex else (dgttrf, dgttrs)
            *factors, info = factorize(*bands)
            if info != 0:
                raise ArithmeticError("singular")
            self._solve = lambda b: solve(*factors, b)[0]
        else:
            matrix = sp.csc_matrix((data, particle.indices, particle.indptr), shape=(size, size))
            lu = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01, options={"SymmetricMode": True})
            self._solve = lu.solve
        self.border = self._solve(column.astype(data.dtype))
        self.schur = self.corner - row @ self.border

    def solve(self, b: Array) -> Array:
        """Return the solution of the bordered system."""
        inner = self._solve(np.ascontiguousarray(b[:-1]))
        last = (b[-1] - self.row @ inner) / self.schur
        return np.concatenate([inner - self.border * last, [last]])


@dataclass(frozen=True)
class Step:
    """A converged step: the states at the three stages (the last is the end) and the scaled error estimate."""

    h: float
    stages: Array  # (unknowns, 3)
    error: float
    iterations: int


class Radau:
    """Takes single steps of a particle; the caller decides their size."""

    def __init__(self, particle: Particle, tolerance: float, current_floor: float) -> None:
        self.particle, self.tolerance, self.current_floor = particle, tolerance, current_floor
        self.mass = np.concatenate([particle.mass, [0.0]])[:, None]

    def measure(self, y: Array) -> tuple[Array, Array, float]:
        """Return what scales an error: gradients of voltage and current, tolerated error of the current."""
        voltage, current = self.particle.weights_of_outputs(y)
        tolerated = 100 * self.tolerance * (abs(float(self.particle.current(y))) + self.current_floor)
        if self.particle.control.kind == "current":
            tolerated = np.inf  # the control's own row sees to it
        return voltage, current, tolerated

    def size(self, dy: Array, weights: tuple[Array, Array, float]) -> float:
        """Largest error over its tolerance: in x anywhere, in potential and voltage (10 tolerance V), in current."""
        voltage, current, tolerated = weights
        return float(
            max(
                np.abs(dy[:-1]).max() / self.tolerance,
                abs(dy[-1]) / (10 * self.tolerance),
                abs(voltage @ dy) / (10 * self.tolerance),
                abs(current @ dy) / tolerated,
            )
        )

    def step(self, y: Array, h: float, guess: Array | None, retried: bool) -> Step | None:
        """Try one step of size h from y [unknowns]; None where Newton's method does not converge."""
        p = self.particle
        weights = self.measure(y)
        start = p.residual(y)
        Z = np.zeros((y.size, 3)) if guess is None else guess - y[:, None]
        parts = p.jacobian(y)
        for attempt in range(2):
            try:
                real, cplx = Factors(p, parts, REAL / h), Factors(p, parts, COMPLEX / h)
            except (ArithmeticError, RuntimeError):
                return None
            Z_new, iterations = self._newton(y, Z, h, real, cplx, weights)
            if Z_new is not None:
                break
            if attempt == 0:
                parts = p.jacobian(y + Z[:, 1])  # once more with the Jacobian of the middle of the guess
        if Z_new is None:
            return None
        Z = Z_new
        scaled = self.mass[:, 0] * (Z @ E) / h
        error = -real.solve(start + scaled)
        size = self.size(error, weights)
        if size > 1.0 and retried:
            error = -real.solve(p.residual(y + error) + scaled)
            size = self.size(error, weights)
        return Step(h, y[:, None] + Z, size, iterations)

    def _newton(
        self, y: Array, Z: Array, h: float, real: Factors, cplx: Factors, weights: tuple[Array, Array, float]
    ) -> tuple[Array | None, int]:
        p, last = self.particle, np.inf
        for iteration in range(15):
            with np.errstate(all="ignore"):
                F = p.residual(y[:, None] + Z)
            if not np.isfinite(F).all():
                return None, iteration
            F -= self.mass * (Z @ A_INVERSE.T) / h
            w_real = -real.solve(F @ FORWARD_REAL)
            w_complex = -cplx.solve(F @ FORWARD_COMPLEX)
            dZ = np.outer(w_real, V_REAL) + 2 * np.outer(w_complex, V_COMPLEX).real
            Z = Z + dZ
            size = max(self.size(dZ[:, k], weights) for k in range(3))
            rate = size / last
            if size < 1e-6 or (size < 1e-3 and rate < 0.1 and size * rate < 1e-6):
                return Z, iteration + 1
            if not np.isfinite(size) or (iteration > 1 and rate > 0.9 and size > ROUNDING):
                return None, iteration
            if iteration > 1 and rate > 0.5 and size < ROUNDING:
                return Z, iteration + 1
            last = size
        return None, iteration
