"""Reaction energy over the lithium content of the cathode, with its band of uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.errors import InputError
from asyncsoc.thermo.competition import compete
from asyncsoc.thermo.host import Host, check_stoichiometry
from asyncsoc.thermo.loading import default_phase_table
from asyncsoc.thermo.phases import Phase, PhaseTable
from asyncsoc.thermo.pseudo_binary import PseudoBinary, pseudo_binary
from asyncsoc.thermo.reaction import Kind, Reaction

Array = NDArray[np.float64]
_MOST_SAMPLES = 100_000


@dataclass(frozen=True)
class ReactionCurve:
    """Reactions of lowest energy over the mixing fraction, at each lithium content.

    Attributes
    ----------
    cathode, electrolyte, kind
        What reacts, and which energy it is.
    x : (n,) float64
        Stoichiometry of the cathode.
    energy : (n,) float64
        Reaction energy [eV/atom].
    standard_deviation : (n,) float64
        First order, from independent errors of phases and reactants [eV/atom].
    mixing_fraction : (n,) float64
        Atomic fraction of the cathode at the minimum.
    reactions
        The balanced reactions.
    """

    cathode: str
    electrolyte: str
    kind: Kind
    x: Array
    energy: Array
    standard_deviation: Array
    mixing_fraction: Array
    reactions: tuple[Reaction, ...]

    def band(self, deviations: float = 2.0) -> tuple[Array, Array]:
        """Return the energies `deviations` standard deviations below and above [eV/atom]."""
        reach = deviations * self.standard_deviation
        return self.energy - reach, self.energy + reach


def _frozen(values: Array) -> Array:
    values.setflags(write=False)
    return values


def _problems(
    host: Host, kind: Kind, table: PhaseTable | None, potential: float | None, electrolyte: Phase
) -> Callable[[float], PseudoBinary]:
    rivals = compete(table or default_phase_table(), (host.lithiated, electrolyte), potential=potential)
    return lambda x: pseudo_binary(host.at(x), electrolyte, kind=kind, competition=rivals)


def reaction_curve(
    host: Host,
    electrolyte: Phase,
    x: Array,
    *,
    kind: Kind = "total",
    table: PhaseTable | None = None,
    potential: float | None = None,
) -> ReactionCurve:
    """Return the reaction energy at each stoichiometry.

    Parameters
    ----------
    host
        The cathode.
    electrolyte
        The other reactant.
    x : (n,) float64
        Stoichiometries in [0, 1].
    kind, table, potential
        As of `pseudo_binary`.

    Raises
    ------
    InputError
        No stoichiometry, one outside [0, 1], or what `pseudo_binary` refuses.
    """
    points = np.array(check_stoichiometry(x).ravel())
    if points.size == 0:
        raise InputError("no stoichiometry is given", where="x", allowed="one or more values in 0 to 1")
    problem = _problems(host, kind, table, potential, electrolyte)
    reactions = tuple(problem(float(value)).minimum() for value in points)
    return ReactionCurve(
        cathode=host.name,
        electrolyte=electrolyte.name,
        kind=kind,
        x=_frozen(points),
        energy=_frozen(np.array([reaction.energy for reaction in reactions])),
        standard_deviation=_frozen(np.array([reaction.standard_deviation for reaction in reactions])),
        mixing_fraction=_frozen(np.array([reaction.mixing_fraction for reaction in reactions])),
        reactions=reactions,
    )


def mixing_profile(
    host: Host,
    electrolyte: Phase,
    x: float,
    *,
    kind: Kind = "total",
    table: PhaseTable | None = None,
    potential: float | None = None,
) -> tuple[Reaction, ...]:
    """Return the kinks of the reaction energy over the mixing fraction at one stoichiometry (see `PseudoBinary`)."""
    return _problems(host, kind, table, potential, electrolyte)(float(check_stoichiometry(x))).profile()


def sampled_energies(
    host: Host,
    electrolyte: Phase,
    x: float,
    *,
    samples: int = 200,
    seed: int = 0,
    kind: Kind = "total",
    table: PhaseTable | None = None,
) -> Array:
    """Return reaction energies [eV/atom] with every formation energy drawn from its normal distribution.

    The whole program is solved anew for each draw: products may change, which first order does not see. It is the
    check on `ReactionCurve.standard_deviation`, a few milliseconds a draw.

    Parameters
    ----------
    samples, seed
        Number of draws; the same seed gives the same draws.
    host, electrolyte, x, kind, table
        As of `reaction_curve`.

    Raises
    ------
    InputError
        Fewer than 2 or more than 100 000 samples; what `reaction_curve` refuses.
    """
    if not 2 <= samples <= _MOST_SAMPLES:
        raise InputError("the number of samples is out of range", where="samples", value=samples, allowed="2 to 100000")
    value = float(check_stoichiometry(x))
    base = table or default_phase_table()
    random = np.random.default_rng(seed)

    def drawn(phase: Phase) -> Phase:
        return replace(phase, energy=phase.energy + phase.uncertainty * float(random.standard_normal()))

    def one() -> float:
        shifted = replace(base, phases=tuple(drawn(phase) for phase in base.phases))
        return pseudo_binary(drawn(host.at(value)), drawn(electrolyte), table=shifted, kind=kind).minimum().energy

    return np.array([one() for _ in range(samples)])
