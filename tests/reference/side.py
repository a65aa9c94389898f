"""The particle with a side reaction and its film: one more unknown in every contact column, the side charge it passed.

Per area of a column: j leaves the particle; where a film of thickness d has closed a share 1 - g of the area, i = j/g.
v = U(x_s) + eta(i) is the potential under the film, o(v, x_s, d) the side reaction, phi_s = v + (i + o) R(d).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.optimize import brentq

from tests.reference.grid import Grid
from tests.reference.kinetics import overpotential
from tests.reference.materials import FARADAY, GAS, Array
from tests.reference.particle import Particle, Physics, SideReaction


@dataclass(frozen=True)
class Columns:
    """All that is local to the contact's columns; derivatives by j, by x_s and by the side charge q (unit of y)."""

    v: Array  # V
    row: Array  # phi_s less this is what must vanish
    row_j: Array
    row_x: Array
    row_q: Array
    side: Array  # g o, A/m2 of the column
    side_j: Array
    side_x: Array
    side_q: Array


class SideParticle(Particle):
    """Unknowns: cells, surfaces, side charge per area of every column in `unit` [C/m2], potential."""

    def __init__(self, grid: Grid, physics: Physics) -> None:
        if physics.side is None or physics.model == "uniform-flux":
            raise ValueError("a side reaction needs kinetics")
        super().__init__(grid, physics)
        self.law: SideReaction = physics.side
        law, n, k = self.law, self.n, self.k
        lithium = FARADAY * physics.c_max * grid.volume / grid.area  # C/m2
        # an error of the tolerance in q is one in lithium, in the film's resistance or in what it closes
        self.unit = lithium if not law.coupled else min(
            lithium, 0.1 * law.conductivity / law.growth, law.limiting / law.growth, law.blocking / law.growth
        )  # fmt: skip
        self.mass = np.concatenate([np.ones(n), np.zeros(k), np.ones(k)])
        inner = n + 2 * k
        cells = self.rates.tocoo()
        near, surface, charge = grid.touching, n + np.arange(k), n + k + np.arange(k)
        # every entry of the Jacobian, in the order in which `jacobian` fills them
        rows = [cells.row, *([surface] * 3), *([charge] * 3), np.arange(inner)]
        columns = [cells.col, near, surface, charge, near, surface, charge, np.arange(inner)]
        self.cell_columns, self.cell_entries = cells.col, cells.data
        all_rows, all_columns = np.concatenate(rows), np.concatenate(columns)
        pattern = sp.csc_matrix((np.ones(all_rows.size), (all_rows, all_columns)), shape=(inner, inner))
        pattern.sum_duplicates()
        pattern.sort_indices()
        self.indptr, self.indices = pattern.indptr, pattern.indices
        keys = np.repeat(np.arange(inner), np.diff(self.indptr)) * inner + self.indices
        self.slot = np.searchsorted(keys, all_columns * inner + all_rows)
        self.diagonal = np.searchsorted(keys, np.arange(inner) * (inner + 1))

    def columns_at(self, j: Array, xs: Array, q: Array) -> Columns:
        """Evaluate the columns at the flux j [A/m2] out of the particle, the surface's x and the side charge."""
        physics, laws, law = self.physics, self.physics.laws, self.law
        d = law.growth * self.unit * np.maximum(q, 0.0) if law.coupled else np.zeros_like(q)
        d_q = law.growth * self.unit if law.coupled else 0.0
        g = 1.0 - d / law.blocking
        g_q = -d_q / law.blocking
        i, i_j, i_q = j / g, 1 / g, -j * g_q / g**2
        eta, eta_i, eta_i0 = overpotential(physics.model, i, laws.i0(xs), physics.T, physics.alpha)
        v, v_x = laws.U(xs) + eta, laws.slope(xs) + eta_i0 * laws.i0_slope(xs)
        f = FARADAY / (GAS * physics.T)
        thinning = 1.0 + d / law.limiting
        o = law.i0 * np.exp(f * (law.a * (v - law.onset) - law.b * law.energy_slope * (xs - law.x_ref))) / thinning
        o_i, o_x = o * f * law.a * eta_i, o * f * (law.a * v_x - law.b * law.energy_slope)
        o_q = -o * d_q / law.limiting / thinning
        R = physics.film_resistance + d / law.conductivity
        R_q = d_q / law.conductivity
        through = 1.0 if law.coupled else 0.0  # a reaction that is only reported takes no part of the current
        return Columns(
            v=v,
            row=v + (i + through * o) * R,
            row_j=(eta_i + (1 + through * o_i) * R) * i_j,
            row_x=v_x + through * o_x * R,
            row_q=(eta_i + (1 + through * o_i) * R) * i_q + through * o_q * R + (i + through * o) * R_q,
            side=g * o,
            side_j=g * o_i * i_j,
            side_x=g * o_x,
            side_q=g * (o_q + o_i * i_q) + g_q * o,
        )

    def split(self, y: Array) -> tuple[Array, Array, Array]:
        """Return stoichiometries, side charges and the potential."""
        return y[: self.size], y[self.size : -1], y[-1]

    def residual(self, y: Array) -> Array:
        """Return F(y) for one state or for states in columns."""
        if y.ndim == 2:
            return np.column_stack([self.residual(column) for column in y.T])
        x, q, phi = self.split(y)
        psi, _ = self.psi(x)
        j = self.current_density(psi)
        at = self.columns_at(j, x[self.n :], q)
        total = self.grid.areas @ (j + at.side if self.law.coupled else j)
        out = np.empty_like(y)
        out[: self.n] = self.rates @ psi
        out[self.n : self.size] = phi - at.row
        out[self.size : -1] = at.side / self.unit
        if self.control.kind == "current":
            out[-1] = (total - self.control.value) / self.current_scale
        else:
            out[-1] = phi + self.physics.series_resistance * total - self.control.value
        return out

    def jacobian(self, y: Array) -> tuple[Array, Array, Array, Array, float]:
        """Return dF/dy: entries of the pattern off the mass, what is on the diagonal, last column, last row, corner."""
        x, q, _ = self.split(y)
        psi, D = self.psi(x)
        at = self.columns_at(self.current_density(psi), x[self.n :], q)
        near, own = self.flux * D[self.touching], -self.flux * D[self.n :]
        filled = np.concatenate(
            [
                self.cell_entries * D[self.cell_columns],
                -at.row_j * near, -at.row_j * own - at.row_x, -at.row_q,
                at.side_j * near / self.unit, (at.side_j * own + at.side_x) / self.unit, at.side_q / self.unit,
                np.zeros(self.n + 2 * self.k),
            ]
        )  # fmt: skip
        entries = np.bincount(self.slot, weights=filled, minlength=self.indices.size)
        column = np.zeros(self.n + 2 * self.k)
        column[self.n : self.size] = 1.0
        row = self._current_row(at, near, own)
        if self.control.kind == "current":
            return entries, np.zeros_like(column), column, row / self.current_scale, 0.0
        return entries, np.zeros_like(column), column, self.physics.series_resistance * row, 1.0

    def _current_row(self, at: Columns, near: Array, own: Array) -> Array:
        """Return dI/dy without the potential."""
        row, areas, part = np.zeros(self.n + 2 * self.k), self.grid.areas, float(self.law.coupled)
        np.add.at(row, self.touching, areas * near * (1 + part * at.side_j))
        row[self.n : self.size] = areas * (own * (1 + part * at.side_j) + part * at.side_x)
        row[self.size :] = areas * part * at.side_q
        return row

    # what is read off a state

    def current(self, y: Array) -> Array:
        """Total current [A], positive on charge."""
        if y.ndim == 2:
            return np.array([self.current(column) for column in y.T])
        x, q, _ = self.split(y)
        psi, _ = self.psi(x)
        j = self.current_density(psi)
        return self.grid.areas @ (j + self.columns_at(j, x[self.n :], q).side if self.law.coupled else j)

    def side_charge(self, y: Array) -> float:
        """Charge [C] of the side reaction since the start."""
        return float(self.grid.areas @ y[self.size : -1]) * self.unit

    def passed(self, y: Array) -> float:
        """Charge [C] that a counter shows, but for a constant."""
        return self.extracted(y) + (self.side_charge(y) if self.law.coupled else 0.0)

    def film(self, y: Array) -> float:
        """Mean thickness [m] of the film on the contact."""
        return self.law.growth * self.side_charge(y) / self.grid.area if self.law.coupled else 0.0

    def open_share(self, y: Array) -> float:
        """Share of the contact that no film has closed."""
        return 1.0 - self.film(y) / self.law.blocking

    def weights_of_outputs(self, y: Array) -> tuple[Array, Array]:
        """Return the gradients of voltage and of current with respect to y, for error control."""
        x, q, _ = self.split(y)
        psi, D = self.psi(x)
        at = self.columns_at(self.current_density(psi), x[self.n :], q)
        row = self._current_row(at, self.flux * D[self.touching], -self.flux * D[self.n :])
        gradient = np.append(row, 0.0)
        voltage = self.physics.series_resistance * gradient
        voltage[-1] += 1.0
        return voltage, gradient

    def consistent(self, y: Array) -> Array:
        """Solve the algebraic rows for surface and potential at the cells' x and the side charges."""
        y, last = y.copy(), np.inf
        psi_near, _ = self.psi(y[self.touching])
        q = y[self.size : -1]
        for iteration in range(100):
            if iteration == 25:
                y[self.n : self.size], y[-1] = self._enclosed(psi_near, q)
            xs, phi = y[self.n : self.size], y[-1]
            psi, D = self.psi(xs)
            j, own = self.flux * (psi_near - psi), -self.flux * D
            at = self.columns_at(j, xs, q)
            slope = at.row_j * own + at.row_x
            total, row, corner = self._control_row(j, own, at, phi)
            miss = phi - at.row
            dphi = -(total + row @ (miss / slope)) / (corner + row @ (1 / slope))
            dx = (miss + dphi) / slope
            size = float(max(np.abs(dx).max(), abs(dphi)))
            damp = min(1.0, 0.02 / max(float(np.abs(dx).max()), 1e-300))
            y[self.n : self.size] += damp * dx
            y[-1] += damp * dphi
            if size < 1e-14 or (size < 1e-10 and size >= last):
                return y
            last = size
        raise ArithmeticError(f"no consistent start: last correction {size:.1e}")

    def _control_row(self, j: Array, own: Array, at: Columns, phi: float) -> tuple[float, Array, float]:
        """Return the control's row, its derivative by every surface and by the potential."""
        areas, part = self.grid.areas, float(self.law.coupled)
        total = float(areas @ (j + part * at.side))
        slope = areas * (own * (1 + part * at.side_j) + part * at.side_x)
        if self.control.kind == "current":
            return (total - self.control.value) / self.current_scale, slope / self.current_scale, 0.0
        series = self.physics.series_resistance
        return phi + series * total - self.control.value, series * slope, 1.0

    def _enclosed(self, psi_near: Array, q: Array) -> tuple[Array, float]:
        """Find potential and surfaces by bracketing: the potential of a column falls with its surface's x."""

        def surfaces(phi: float) -> Array:
            low, high = np.full_like(psi_near, 1e-6), np.full_like(psi_near, 1 - 1e-6)
            for _ in range(60):
                middle = 0.5 * (low + high)
                with np.errstate(all="ignore"):
                    above = self.columns_at(self.flux * (psi_near - self.psi(middle)[0]), middle, q).row > phi
                low, high = np.where(above, middle, low), np.where(above, high, middle)
            return 0.5 * (low + high)

        def row(phi: float) -> float:
            xs = surfaces(phi)
            psi, D = self.psi(xs)
            j = self.flux * (psi_near - psi)
            return self._control_row(j, -self.flux * D, self.columns_at(j, xs, q), phi)[0]

        phi = float(brentq(row, -5.0, 10.0, xtol=1e-13))
        return surfaces(phi), phi
