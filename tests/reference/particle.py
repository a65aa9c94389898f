"""The particle as a differential-algebraic system M y' = F(y), with its exact Jacobian.

y holds the stoichiometry of every cell, that of the surface of every contact column (algebraic: the flux through the
outermost half cell is the reaction's), and the particle's potential (algebraic: the row of the control).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from tests.reference.grid import Grid
from tests.reference.kinetics import overpotential
from tests.reference.kirchhoff import Kirchhoff
from tests.reference.materials import C_MAX, FARADAY, Array, Laws


@dataclass(frozen=True)
class SideReaction:
    """Oxidation of the electrolyte under the contact and its film, as docs/decomposition.md has them; SI, E in eV/atom.

    The reaction energy is a straight line, E(x) = E_ref + energy_slope (x - x_ref).
    """

    coupled: bool  # or only reported
    i0: float  # i_ox0, A/m2
    a: float  # 0 under the driving force "reaction-energy"
    onset: float  # U_ox, V
    b: float  # 0 under the driving force "potential"
    energy_slope: float  # eV/atom per unit of x
    x_ref: float
    conductivity: float  # kappa, S/m
    growth: float  # v_f, m3/C
    limiting: float = np.inf  # d_c, m
    blocking: float = np.inf  # d_block, m


@dataclass(frozen=True)
class Physics:
    """What the equations need beside the grid; SI."""

    laws: Laws
    T: float  # K
    model: str = "butler-volmer"  # or linear, uniform-flux
    alpha: float = 0.5  # of the cathodic branch
    film_resistance: float = 0.0  # ohm m2
    series_resistance: float = 0.0  # ohm
    c_max: float = C_MAX  # mol/m3
    side: SideReaction | None = None


@dataclass(frozen=True)
class Control:
    """What is held: a current [A] or a voltage [V]."""

    kind: str  # current or voltage
    value: float


class Particle:
    """Residual and Jacobian of the system, and what is read off a state."""

    def __init__(self, grid: Grid, physics: Physics) -> None:
        self.grid, self.physics = grid, physics
        self.psi = Kirchhoff(physics.laws.D)
        self.n, self.k = grid.volumes.size, grid.areas.size
        self.size = self.n + self.k  # stoichiometries of a state: cells, then the surface of every contact column
        n, k = self.n, self.k
        surface = n + np.arange(k)
        self.touching, self.surface = grid.touching, surface
        faraday = FARADAY * physics.c_max
        self.flux = faraday / grid.half_cell  # i = flux (psi_cell - psi_surface)
        inlet = grid.areas / grid.half_cell
        ones = np.ones(k)
        scale = sp.diags(1 / grid.volumes)
        cells = sp.hstack([scale @ -grid.stiffness, sp.csr_matrix((n, k))]).tocsr()
        rows = np.concatenate([grid.touching, grid.touching])
        columns = np.concatenate([grid.touching, surface])
        entries = np.concatenate([-inlet, inlet]) / grid.volumes[rows]
        cells = cells + sp.csr_matrix((entries, (rows, columns)), shape=(n, n + k))
        currents = sp.csr_matrix(
            (
                self.flux * np.concatenate([ones, -ones]),
                (np.tile(np.arange(k), 2), np.concatenate([grid.touching, surface])),
            ),
            shape=(k, n + k),
        )
        self.rates, self.currents = cells, currents
        # one fixed pattern for every Jacobian: rows of cells times D, rows of the surface scaled and times D, diagonal
        pattern = sp.vstack([cells, currents]).tocsc()
        pattern.sort_indices()
        self.indptr, self.indices, self.fixed = pattern.indptr, pattern.indices, pattern.data.copy()
        self.columns = np.repeat(np.arange(n + k), np.diff(self.indptr))
        self.diagonal = np.flatnonzero(self.indices == self.columns)
        self.mass = np.concatenate([np.ones(n), np.zeros(k)])
        assert self.diagonal.size == n + k
        self.control = Control("current", 0.0)
        self.current_scale = 1.0

    def current_density(self, psi: Array) -> Array:
        """Current density [A/m2] of every contact column from psi of cells and surface."""
        return self.flux * (psi[self.touching] - psi[self.surface])

    def residual(self, y: Array) -> Array:
        """Return F(y) for one state or for states in columns."""
        physics, laws = self.physics, self.physics.laws
        x, phi = y[:-1], y[-1]
        psi, _ = self.psi(x)
        i = self.current_density(psi)
        xs = x[self.n :]
        areas = self.grid.areas
        total = areas @ i
        out = np.empty_like(y)
        out[: self.n] = self.rates @ psi
        if physics.model == "uniform-flux":
            out[self.n : -1] = (i - self.control.value / self.grid.area) * self.grid.area / self.current_scale
            out[-1] = phi - areas @ (laws.U(xs) + physics.film_resistance * i) / self.grid.area
            return out
        eta, _, _ = overpotential(physics.model, i, laws.i0(xs), physics.T, physics.alpha)
        out[self.n : -1] = phi - laws.U(xs) - physics.film_resistance * i - eta
        if self.control.kind == "current":
            out[-1] = (total - self.control.value) / self.current_scale
        else:
            out[-1] = phi + physics.series_resistance * total - self.control.value
        return out

    def jacobian(self, y: Array) -> tuple[Array, Array, Array, Array, float]:
        """Return dF/dy: entries of the pattern off the mass, what is on the diagonal, last column, last row, corner."""
        physics, laws = self.physics, self.physics.laws
        x = y[:-1]
        psi, D = self.psi(x)
        i = self.current_density(psi)
        xs = x[self.n :]
        row_scale = np.ones(self.n + self.k)
        extra = np.zeros(self.n + self.k)
        column = np.zeros(self.n + self.k)
        row = np.zeros(self.n + self.k)
        areas = self.grid.areas
        total_row = np.zeros(self.n + self.k)
        np.add.at(total_row, self.touching, areas * self.flux * D[self.touching])
        total_row[self.n :] = -areas * self.flux * D[self.n :]
        if physics.model == "uniform-flux":
            row_scale[self.n :] = self.grid.area / self.current_scale
            row = -physics.film_resistance * total_row / self.grid.area
            row[self.n :] -= areas * laws.slope(xs) / self.grid.area
            corner = 1.0
        else:
            _, eta_i, eta_i0 = overpotential(physics.model, i, laws.i0(xs), physics.T, physics.alpha)
            row_scale[self.n :] = -(physics.film_resistance + eta_i)
            extra[self.n :] = -laws.slope(xs) - eta_i0 * laws.i0_slope(xs)
            column[self.n :] = 1.0
            if self.control.kind == "current":
                row, corner = total_row / self.current_scale, 0.0
            else:
                row, corner = physics.series_resistance * total_row, 1.0
        entries = row_scale[self.indices] * self.fixed * D[self.columns]
        return entries, extra, column, row, corner

    # what is read off a state

    def current(self, y: Array) -> Array:
        """Total current [A], positive on charge."""
        psi, _ = self.psi(y[: self.size])
        return self.grid.areas @ self.current_density(psi)

    def voltage(self, y: Array) -> Array:
        """Voltage [V] of the cell."""
        return y[-1] + self.physics.series_resistance * self.current(y)

    def mean(self, y: Array) -> Array:
        """Volume mean of x."""
        return self.grid.volumes @ y[: self.n] / self.grid.volume

    def contact_mean(self, y: Array) -> Array:
        """Mean of x over the contact, weighted with area."""
        return self.grid.areas @ y[self.n : self.size] / self.grid.area

    def extracted(self, y: Array) -> float:
        """Charge [C] of the lithium that a full particle (x = 1) has lost."""
        return float(1.0 - self.mean(y)) * self.capacity()

    def passed(self, y: Array) -> float:
        """Charge [C] that a counter shows, but for a constant."""
        return self.extracted(y)

    def side_charge(self, y: Array) -> float:
        """Charge [C] of the side reaction; there is none here."""
        return 0.0

    def film(self, y: Array) -> float:
        """Mean thickness [m] of the film on the contact; there is none here."""
        return 0.0

    def open_share(self, y: Array) -> float:
        """Share of the contact that no film has closed."""
        return 1.0

    def capacity(self) -> float:
        """Charge [C] that takes x from 1 to 0 everywhere."""
        return FARADAY * self.physics.c_max * self.grid.volume

    def weights_of_outputs(self, y: Array) -> tuple[Array, Array]:
        """Return the gradients of voltage and of current with respect to y, for error control."""
        _, D = self.psi(y[: self.size])
        gradient = np.zeros(y.size)
        np.add.at(gradient, self.touching, self.grid.areas * self.flux * D[self.touching])
        gradient[self.n : self.size] -= self.grid.areas * self.flux * D[self.n :]
        voltage = self.physics.series_resistance * gradient
        voltage[-1] += 1.0
        return voltage, gradient

    def consistent(self, y: Array) -> Array:
        """Solve the algebraic rows for surface and potential at the cells' x: by Newton's method, else by bisection."""
        y, last = y.copy(), np.inf
        n, near = self.n, self.touching
        psi_near, _ = self.psi(y[near])
        for iteration in range(100):
            if iteration == 25:
                y[n:-1], y[-1] = self._bracketed(psi_near)
            rows, slopes = self._surface_rows(psi_near, y[n:-1], y[-1])
            own, column, row, corner = slopes
            particular, homogeneous = -rows[:-1] / own, -column / own
            dphi = (-rows[-1] - row @ particular) / (corner + row @ homogeneous)
            dx = particular + homogeneous * dphi
            size = float(max(np.abs(dx).max(), abs(dphi)))
            damp = min(1.0, 0.02 / max(float(np.abs(dx).max()), 1e-300))
            y[n:-1] += damp * dx
            y[-1] += damp * dphi
            if size < 1e-14 or (size < 1e-10 and size >= last):
                return y
            last = size
        raise ArithmeticError(f"no consistent start: last correction {size:.1e}")

    def _bracketed(self, psi_near: Array) -> tuple[Array, float]:
        """Bisect for the potential, and inside that for every surface: each row rises with its surface's x."""

        def surfaces(phi: float) -> tuple[Array, Array]:
            low, high = np.full_like(psi_near, 1e-6), np.full_like(psi_near, 1 - 1e-6)
            for _ in range(60):
                middle = 0.5 * (low + high)
                rows, _ = self._surface_rows(psi_near, middle, phi)
                above = (rows[:-1] > 0) if self.physics.model != "uniform-flux" else (rows[:-1] < 0)
                low, high = np.where(above, low, middle), np.where(above, middle, high)
            middle = 0.5 * (low + high)
            return middle, self._surface_rows(psi_near, middle, phi)[0]

        low, high = -5.0, 10.0
        for _ in range(50):
            phi = 0.5 * (low + high)
            _, rows = surfaces(phi)
            low, high = (low, phi) if rows[-1] > 0 else (phi, high)
        return surfaces(phi)[0], phi

    def _surface_rows(self, psi_near: Array, xs: Array, phi: float) -> tuple[Array, tuple[Array, Array, Array, float]]:
        """Return the algebraic rows and their derivatives: own surface, potential, last row by surface, corner."""
        physics, laws, areas = self.physics, self.physics.laws, self.grid.areas
        psi, D = self.psi(xs)
        i, di = self.flux * (psi_near - psi), -self.flux * D
        if physics.model == "uniform-flux":
            scale = self.grid.area / self.current_scale
            first = (i - self.control.value / self.grid.area) * scale
            last = phi - areas @ (laws.U(xs) + physics.film_resistance * i) / self.grid.area
            row = -areas * (laws.slope(xs) + physics.film_resistance * di) / self.grid.area
            return np.append(first, last), (di * scale, np.zeros_like(xs), row, 1.0)
        eta, eta_i, eta_i0 = overpotential(physics.model, i, laws.i0(xs), physics.T, physics.alpha)
        first = phi - laws.U(xs) - physics.film_resistance * i - eta
        own = -laws.slope(xs) - (physics.film_resistance + eta_i) * di - eta_i0 * laws.i0_slope(xs)
        if self.control.kind == "current":
            last, row, corner = (areas @ i - self.control.value) / self.current_scale, areas * di, 0.0
            row = row / self.current_scale
        else:
            last = phi + physics.series_resistance * (areas @ i) - self.control.value
            row, corner = physics.series_resistance * areas * di, 1.0
        return np.append(first, last), (own, np.ones_like(xs), row, corner)
