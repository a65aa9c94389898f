"""Reaction energy over the lithium content of the cathode, with its band of uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.materials.thermochemistry.competition import compete
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions
from asyncsoc.materials.thermochemistry.host import Host, check_stoichiometry
from asyncsoc.materials.thermochemistry.loading import default_phase_table
from asyncsoc.materials.thermochemistry.phases import Phase, PhaseTable
from asyncsoc.materials.thermochemistry.pseudo_binary import PseudoBinary, pseudo_binary
from asyncsoc.materials.thermochemistry.reaction import Kind, Reaction

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
    conditions
        Enthalpy or Gibbs energy, and at what temperature.
    systematic : (n,) float64
        The other energy's reaction energy less this one's [eV/atom]; None where it was not computed.
    """

    cathode: str
    electrolyte: str
    kind: Kind
    x: Array
    energy: Array
    standard_deviation: Array
    mixing_fraction: Array
    reactions: tuple[Reaction, ...]
    conditions: Conditions = ENTHALPY
    systematic: Array | None = None

    def band(self, deviations: float = 2.0) -> tuple[Array, Array]:
        """Return the energies `deviations` standard deviations below and above [eV/atom].

        Where the difference of enthalpy and Gibbs energy is known the band holds both: it is a systematic error.
        """
        reach = deviations * self.standard_deviation
        other = self.energy if self.systematic is None else self.energy + self.systematic
        return np.minimum(self.energy, other) - reach, np.maximum(self.energy, other) + reach


def _frozen(values: Array) -> Array:
    values.setflags(write=False)
    return values


def _problems(
    host: Host,
    kind: Kind,
    table: PhaseTable | None,
    potential: float | None,
    electrolyte: Phase,
    conditions: Conditions,
) -> Callable[[float], PseudoBinary]:
    base = table or default_phase_table()
    cathode = host.under(conditions, base.element_entropies)
    other = conditions.phase(electrolyte, base.element_entropies)
    rivals = compete(conditions.table(base), (cathode.lithiated, other), potential=potential)
    return lambda x: pseudo_binary(cathode.at(x), other, kind=kind, competition=rivals)


def reaction_curve(
    host: Host,
    electrolyte: Phase,
    x: Array,
    *,
    kind: Kind = "total",
    table: PhaseTable | None = None,
    potential: float | None = None,
    conditions: Conditions = ENTHALPY,
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
        As of `pseudo_binary`; host, electrolyte and table hold enthalpies and entropies.
    conditions
        Enthalpy or Gibbs energy, and at what temperature.

    Raises
    ------
    InputError
        No stoichiometry, one outside [0, 1], an entropy that is not known, or what `pseudo_binary` refuses.
    """
    points = np.array(check_stoichiometry(x).ravel())
    if points.size == 0:
        raise InputError("no stoichiometry is given", where="x", allowed="one or more values in 0 to 1")
    problem = _problems(host, kind, table, potential, electrolyte, conditions)
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
        conditions=conditions,
    )


def compared_curve(
    host: Host,
    electrolyte: Phase,
    x: Array,
    *,
    kind: Kind = "total",
    table: PhaseTable | None = None,
    potential: float | None = None,
    conditions: Conditions = ENTHALPY,
) -> ReactionCurve:
    """Return `reaction_curve` with its difference to the other energy at the same temperature as systematic error.

    Parameters and errors are those of `reaction_curve`. The difference is None where enthalpies were asked for and the
    table lacks an entropy.
    """
    curve = reaction_curve(host, electrolyte, x, kind=kind, table=table, potential=potential, conditions=conditions)
    known = [host.lithiated, electrolyte, *(table or default_phase_table()).phases]
    if conditions.energy == "enthalpy" and any(phase.entropy is None for phase in known):
        return curve
    other = reaction_curve(
        host, electrolyte, x, kind=kind, table=table, potential=potential, conditions=conditions.other
    )
    return replace(curve, systematic=_frozen(other.energy - curve.energy))


def mixing_profile(
    host: Host,
    electrolyte: Phase,
    x: float,
    *,
    kind: Kind = "total",
    table: PhaseTable | None = None,
    potential: float | None = None,
    conditions: Conditions = ENTHALPY,
) -> tuple[Reaction, ...]:
    """Return the kinks of the reaction energy over the mixing fraction at one stoichiometry (see `PseudoBinary`)."""
    return _problems(host, kind, table, potential, electrolyte, conditions)(float(check_stoichiometry(x))).profile()


def sampled_energies(
    host: Host,
    electrolyte: Phase,
    x: float,
    *,
    samples: int = 200,
    seed: int = 0,
    kind: Kind = "total",
    table: PhaseTable | None = None,
    conditions: Conditions = ENTHALPY,
) -> Array:
    """Return reaction energies [eV/atom] with every formation energy drawn from its normal distribution.

    The whole program is solved anew for each draw: products may change, which first order does not see. It is the
    check on `ReactionCurve.standard_deviation`, a few milliseconds a draw.

    Parameters
    ----------
    samples, seed
        Number of draws; the same seed gives the same draws.
    host, electrolyte, x, kind, table, conditions
        As of `reaction_curve`; for Gibbs energies entropies are drawn too.

    Raises
    ------
    InputError
        Fewer than 2 or more than 100 000 samples; what `reaction_curve` refuses.
    """
    if not 2 <= samples <= _MOST_SAMPLES:
        raise InputError("the number of samples is out of range", where="samples", value=samples, allowed="2 to 100000")
    value = float(check_stoichiometry(x))
    given = table or default_phase_table()
    base, elements = conditions.table(given), given.element_entropies
    cathode, salt = host.under(conditions, elements).at(value), conditions.phase(electrolyte, elements)
    random = np.random.default_rng(seed)

    def drawn(phase: Phase) -> Phase:
        return replace(phase, energy=phase.energy + phase.uncertainty * float(random.standard_normal()))

    def one() -> float:
        shifted = replace(base, phases=tuple(drawn(phase) for phase in base.phases))
        return pseudo_binary(drawn(cathode), drawn(salt), table=shifted, kind=kind).minimum().energy

    return np.array([one() for _ in range(samples)])
