"""What the particles of a group must have in common, and how their names and warnings are put together."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import to_si
from asyncsoc.case import Case
from asyncsoc.case.electrode_particles import ISOLATED
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders.absent_curves import no_such_curve
from asyncsoc.recorders.curve_names import GROUP_CURVES
from asyncsoc.simulation.group_measure import NOT_LIMITS
from asyncsoc.simulation.results.data import RunData

_SHARED = ("material", "electrolyte", "protocol", "output", "solver")
"""Sections of a case that are the same for all particles of a group."""
_MOST_NAMED = 3
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def several_cases(cases: Any) -> tuple[Case, ...]:
    """Return the cases of a group as a tuple.

    Raises
    ------
    InputError
        It is one case.
    """
    if isinstance(cases, Case):
        raise InputError(
            "a group is a list of cases, and this is one case",
            where="cases",
            value="Case",
            allowed="[case, another_case]",
            next_step="simulate(case) simulates one particle, or the electrode that a case describes",
        )
    return tuple(cases)


def check_same(cases: Sequence[Case]) -> None:
    """Refuse cases that differ in what the particles of a group share.

    Raises
    ------
    InputError
        No cases, or the first key that differs.
    """
    if not cases:
        raise InputError("a group needs at least one particle", where="cases", allowed="a list of cases")
    for j, case in enumerate(cases):
        if not isinstance(case, Case):
            raise InputError(
                "this is no case",
                where=f"cases[{j}]",
                value=type(case).__name__,
                allowed="asyncsoc.Case",
                next_step="pass a list of cases, one for each particle",
            )
    first = cases[0]
    for j, case in enumerate(cases[1:], start=1):
        for section in _SHARED:
            if getattr(case, section) == getattr(first, section):
                continue
            key, mine, theirs = _differing(first, case, section)
            raise InputError(
                f"the particles of a group share one {section}: this case differs from the first",
                where=f"cases[{j}], {key}",
                value=mine,
                allowed=f"{theirs}, as in cases[0]",
                next_step="give all cases the same; contact, particle, kinetics and side_reaction may differ",
            )
    uniform = [j for j, case in enumerate(cases) if case.kinetics.imposes_flux]
    if uniform and len(cases) > 1:
        raise InputError(
            "particles under uniform flux cannot share one potential: it does not enter their currents",
            where=f"cases[{uniform[0]}], kinetics.model",
            value=cases[uniform[0]].kinetics.model,
            next_step="set kinetics.model to a rate law, such as butler-volmer",
        )


def _differing(first: Case, other: Case, section: str) -> tuple[str, object, object]:
    """Return the first key of a section in which two cases differ, the other's value and the first one's."""
    kept, met = (one.to_dict()[section] for one in (first, other))
    for key in kept.keys() | met.keys():
        if kept.get(key) != met.get(key):
            return f"{section}.{key}", met.get(key), kept.get(key)
    return section, "other content", "the content of the first"


def checked_multiplicities(given: Sequence[float] | None, count: int) -> NDArray[np.float64]:
    """Return the multiplicities (N,), one each where none are given.

    Raises
    ------
    InputError
        Not as many as particles, no numbers, or not above 0.
    """
    if given is None:
        return np.ones(count)
    try:
        many = np.array([float(one) for one in given])
    except (TypeError, ValueError) as error:
        raise InputError(
            "a multiplicity is no number", where="multiplicities", value=f"{given}", allowed="numbers above 0"
        ) from error
    if len(many) != count:
        raise InputError(
            "a group needs as many multiplicities as particles",
            where="multiplicities",
            value=len(many),
            allowed=f"{count}",
        )
    for j, one in enumerate(many.tolist()):
        if not (math.isfinite(one) and one > 0.0):
            raise InputError(
                "a multiplicity is out of range",
                where=f"multiplicities[{j}]",
                value=one,
                allowed="finite, above 0",
                next_step="leave the particle out where there is none of it",
            )
    return many


def checked_resistances(given: Sequence[float | str] | None, count: int) -> NDArray[np.float64]:
    """Return the contact resistances (N,) [ohm], none where none are given; infinite where a particle is isolated.

    Raises
    ------
    InputError
        Not as many as particles, no resistances, or every particle isolated.
    """
    if given is None:
        return np.zeros(count)
    if isinstance(given, str) or len(given) != count:
        raise InputError(
            "a group needs as many contact resistances as particles",
            where="contact_resistances",
            value=given if isinstance(given, str) else len(given),
            allowed=f"{count}",
        )
    found = np.array([_resistance(one, f"contact_resistances[{j}]") for j, one in enumerate(given)])
    if np.isinf(found).all():
        raise InputError(
            "every particle is isolated: nothing can carry the current",
            where="contact_resistances",
            allowed="a finite resistance of one particle at least",
        )
    return found


def _resistance(given: float | str, where: str) -> float:
    if given in (ISOLATED, math.inf):
        return math.inf
    ohms = to_si(given, "ohm", where=where)
    if ohms < 0.0:
        raise InputError(
            "a contact resistance is negative",
            where=where,
            value=given,
            allowed=f"at least 0 ohm; infinite or '{ISOLATED}' where no net current reaches the particle",
        )
    return ohms


def checked_names(given: Sequence[str] | None, cases: Sequence[Case]) -> tuple[str, ...]:
    """Return a name for each particle: those given, else those of the cases, numbered where two are equal.

    Raises
    ------
    InputError
        Not as many as particles, or two are equal.
    """
    if given is None:
        own = [case.name for case in cases]
        return tuple(own) if len(set(own)) == len(own) else tuple(f"{name} {j}" for j, name in enumerate(own))
    called = tuple(str(name) for name in given)
    if isinstance(given, str) or len(called) != len(cases):
        raise InputError(
            "a group needs as many names as particles", where="names", value=len(called), allowed=f"{len(cases)}"
        )
    twice = sorted({name for name in called if called.count(name) > 1})
    if twice:
        raise InputError("two particles have one name", where="names", value=twice[0], allowed="each name once")
    return called


def check_curve_limits(constraints: Sequence[StepConstraint], particles: int, side: Sequence[str]) -> None:
    """Refuse protocol steps of a group that end on a curve that the group does not have.

    Parameters
    ----------
    constraints
        The protocol steps.
    particles
        How many there are.
    side
        Curves of the side reaction that the group has.

    Raises
    ------
    InputError
        There is one, or a profile is to end on a curve.
    """
    known = [name for name in (*GROUP_CURVES, *side) if name not in NOT_LIMITS]
    for constraint in constraints if particles > 1 else ():
        where = f"protocol step {constraint.number} ({constraint.step.text})"
        for limit in constraint.limits:
            if limit.curve in NOT_LIMITS:
                raise InputError(
                    "this curve cannot end a step", where=where, value=limit.curve, allowed=", ".join(known)
                )
            if limit.curve not in known:
                raise no_such_curve(limit.curve, known, where=where, owner="this group", particles=particles)
            if constraint.pieces is not None:
                raise InputError(
                    "a curve ends a profile of single particles only",
                    where=where,
                    value=limit.curve,
                    allowed="a voltage, a charge or a duration",
                )


def least_open_of(cases: Sequence[Case]) -> float | None:
    """Return the share of a contact that a film must leave open; None where no film can block one.

    Raises
    ------
    InputError
        The cases whose contact can be blocked differ in it.
    """
    shares = {
        case.side_reaction.least_open_share: j
        for j, case in reversed(list(enumerate(cases)))
        if case.side_reaction.mode == "coupled" and case.side_reaction.blocking_thickness is not None
    }
    if len(shares) > 1:
        first, other, *_ = sorted(shares, key=lambda share: shares[share])
        raise InputError(
            "the particles of a group end a protocol step at one open share of the contact",
            where=f"cases[{shares[other]}], side_reaction.least_open_share",
            value=other,
            allowed=f"{first}",
            next_step="give all cases the same",
        )
    return next(iter(shares), None)


def joined_warnings(particles: Sequence[RunData]) -> tuple[str, ...]:
    """Return the warnings of particles, each once, with the particles it belongs to where they are not all.

    Warnings that differ in their numbers only are one, with the numbers of the first particle.
    """
    owners: dict[str, dict[str, list[str]]] = {}
    for one in particles:
        for text in one.warnings:
            owners.setdefault(_NUMBER.sub("#", text), {}).setdefault(one.name, []).append(text)
    found = []
    for same in owners.values():
        texts = list(dict.fromkeys(text for own in same.values() for text in own))
        if len(texts) == 1 and len(same) == len(particles):
            found += texts
        elif len(same) == 1:
            found += [f"{_called(list(same))}: {text}" for text in texts]
        else:
            whose = "" if len(texts) == 1 else f" (in {_called(list(same)[:1])}; the others have other numbers)"
            found.append(f"{_called(list(same))}: {texts[0]}{whose}")
    return tuple(found)


def _called(given: Sequence[str]) -> str:
    """Return the names of particles in a sentence; one that says it is a particle is not called one twice."""
    shown = ", ".join(given[:_MOST_NAMED]) + (
        f" and {len(given) - _MOST_NAMED} more" if len(given) > _MOST_NAMED else ""
    )
    return shown if "particle " in given[0] else f"particle {shown}"
