"""Pseudo-binary reaction energy of a cathode and an electrolyte: one linear program per mixture.

    E(y) = min { sum n_i E_i : sum n_i a_i = y a_1 + (1 - y) a_2, n >= 0 } - y e_1 - (1 - y) e_2     [eV/atom]

with both reactants scaled to one atom; y is then the atomic fraction of the cathode and E(y) convex, piecewise linear.
Letting y vary inside the program gives its minimum in the same step. The definition is that of Richards et al., Chem.
Mater. 28 (2016) 266, doi:10.1021/acs.chemmater.5b04082.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.materials.thermochemistry.competition import Competition, compete, solve_program
from asyncsoc.materials.thermochemistry.loading import default_phase_table
from asyncsoc.materials.thermochemistry.phases import Phase, PhaseTable
from asyncsoc.materials.thermochemistry.reaction import KINDS, Amount, Kind, Reaction

Array = NDArray[np.float64]
_PRESENT = 1e-9
_FLAT = 1e-10


@dataclass(frozen=True)
class PseudoBinary:
    """The program of one pair of reactants.

    Attributes
    ----------
    cathode, electrolyte
        The reactants; both may also remain unreacted.
    kind
        'total' or 'mutual' (see `Reaction`).
    competition
        The phases that may form.
    columns, costs, counted
        Its fractions, energies and counted atoms with the two reactants appended.
    ends
        Energies of cathode and electrolyte that the reaction is counted from [eV per counted atom].
    alone
        Moles of each phase, per counted atom, that cathode and electrolyte decompose to by themselves (mutual only).
    """

    cathode: Phase
    electrolyte: Phase
    kind: Kind
    competition: Competition
    columns: Array
    costs: Array
    counted: Array
    ends: tuple[float, float]
    alone: tuple[Array, Array]

    @property
    def _phases(self) -> tuple[Phase, ...]:
        return (*self.competition.phases, self.cathode, self.electrolyte)

    def _solve(self, tilt: float, bounds: tuple[float, float]) -> Reaction:
        """Minimize E(y) - tilt y over y in `bounds`."""
        first, second = self.columns[:, -2], self.columns[:, -1]
        e1, e2 = self.ends
        balance = np.column_stack([self.columns, second - first])
        costs = np.append(self.costs, e2 - e1 - tilt)
        solution, _ = solve_program(costs, balance, second, bounds)
        y = min(max(float(solution[-1]), 0.0), 1.0)
        atoms = np.maximum(solution[:-1], 0.0)
        moles = atoms / self.counted
        energy = float(self.costs @ atoms) - y * e1 - (1.0 - y) * e2
        gradient = moles.copy()
        if self.kind == "total":
            gradient[-2] -= y / self.counted[-2]
            gradient[-1] -= (1.0 - y) / self.counted[-1]
        else:
            gradient -= y * self.alone[0] + (1.0 - y) * self.alone[1]
        present = [k for k, n in enumerate(atoms) if n > _PRESENT]
        return Reaction(
            kind=self.kind,
            energy=energy,
            mixing_fraction=y,
            reactants=(
                Amount(self.cathode, y / float(self.counted[-2])),
                Amount(self.electrolyte, (1.0 - y) / float(self.counted[-1])),
            ),
            products=tuple(Amount(self._phases[k], float(moles[k])) for k in present),
            standard_deviation=float(np.linalg.norm(gradient * [phase.uncertainty for phase in self._phases])),
            sensitivities={self._phases[k].name: float(g) for k, g in enumerate(gradient) if abs(g) > _PRESENT},
            open_to_lithium=self.competition.potential is not None,
        )

    def minimum(self) -> Reaction:
        """Return the reaction of lowest energy over y in [0, 1]."""
        return self._solve(0.0, (0.0, 1.0))

    def at(self, y: float) -> Reaction:
        """Return the reaction at the atomic fraction `y` of the cathode; raises InputError outside [0, 1]."""
        if not (math.isfinite(y) and 0.0 <= y <= 1.0):
            raise InputError("the mixing fraction is out of range", where="y", value=y, allowed="0 to 1")
        return self._solve(0.0, (y, y))

    def profile(self) -> tuple[Reaction, ...]:
        """Return the reactions at y = 0, at every y where the products change and at y = 1; E(y) is linear between.

        Tilting E by a chord's slope and minimizing finds the kink farthest below the chord, or that there is none.
        """
        kinks = [self.at(0.0), self.at(1.0)]
        open_chords = [(kinks[0], kinks[1])]
        while open_chords:
            left, right = open_chords.pop()
            width = right.mixing_fraction - left.mixing_fraction
            if width <= _PRESENT:
                continue
            slope = (right.energy - left.energy) / width
            kink = self._solve(slope, (left.mixing_fraction, right.mixing_fraction))
            depth = left.energy + slope * (kink.mixing_fraction - left.mixing_fraction) - kink.energy
            if depth > _FLAT:
                kinks.append(kink)
                open_chords += [(left, kink), (kink, right)]
        return tuple(sorted(kinks, key=lambda reaction: reaction.mixing_fraction))


def profile_energy(profile: Sequence[Reaction], y: Array) -> Array:
    """Return E(y) [eV/atom] at the atomic fractions `y` from the kinks of `PseudoBinary.profile`."""
    kinks = np.array([(reaction.mixing_fraction, reaction.energy) for reaction in profile])
    energy: Array = np.interp(np.asarray(y, dtype=np.float64), kinks[:, 0], kinks[:, 1])
    return energy


def _hull(columns: Array, costs: Array, counted: Array, which: int) -> tuple[float, Array]:
    """Return a reactant's energy on the hull [eV per counted atom] and the moles of each phase it decomposes to."""
    closed = np.column_stack([columns, np.zeros(columns.shape[0])])
    solution, energy = solve_program(np.append(costs, 0.0), closed, columns[:, which], (0.0, 0.0))
    return energy, np.maximum(solution[:-1], 0.0) / counted


def pseudo_binary(
    cathode: Phase,
    electrolyte: Phase,
    *,
    table: PhaseTable | None = None,
    kind: Kind = "total",
    potential: float | None = None,
    competition: Competition | None = None,
) -> PseudoBinary:
    """Return the program for one pair of reactants.

    Parameters
    ----------
    cathode, electrolyte
        The reactants, energies in eV per formula unit against the elements.
    table
        The phases that may form; the package's by default.
    kind
        'total' or 'mutual'.
    potential
        Potential of a lithium reservoir [V against Li] the system is open to; None: closed.
    competition
        The competing phases, where they are known from a pair with the same elements.

    Raises
    ------
    InputError
        Unknown kind; elements, temperature or potential the table cannot serve.
    """
    if kind not in KINDS:
        raise unknown_name("kind of reaction energy", kind, KINDS, where="kind")
    rivals = competition or compete(table or default_phase_table(), (cathode, electrolyte), potential=potential)
    ends = [rivals.column(cathode), rivals.column(electrolyte)]
    columns = np.column_stack([rivals.fractions, ends[0][0], ends[1][0]])
    costs = np.concatenate([rivals.energies, [ends[0][1], ends[1][1]]])
    counted = np.concatenate([rivals.counted, [ends[0][2], ends[1][2]]])
    nothing = np.zeros(counted.size)
    if kind == "total":
        return PseudoBinary(
            cathode, electrolyte, kind, rivals, columns, costs, counted, (ends[0][1], ends[1][1]), (nothing, nothing)
        )
    (h1, alone1), (h2, alone2) = (_hull(columns, costs, counted, which) for which in (-2, -1))
    return PseudoBinary(cathode, electrolyte, kind, rivals, columns, costs, counted, (h1, h2), (alone1, alone2))


def reaction_energy(
    cathode: Phase,
    electrolyte: Phase,
    *,
    table: PhaseTable | None = None,
    kind: Kind = "total",
    potential: float | None = None,
) -> Reaction:
    """Return the reaction of lowest energy over the mixing fraction (parameters and errors: `pseudo_binary`)."""
    return pseudo_binary(cathode, electrolyte, table=table, kind=kind, potential=potential).minimum()
