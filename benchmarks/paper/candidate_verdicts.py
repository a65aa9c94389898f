"""Verdicts of the table "What would it take?": each follows from computed numbers and the thresholds here."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.paper.cycle_life import BLIND

SEEN = 1.0
"""mA h/g near 3.8 V from which on a plateau counts as one, and below which there is none (assumed)."""
SHORT = 10.0
"""A plateau is short where what causes it gives at most so many times its charge up to 4.2 V (assumed)."""
WITHIN = 0.1
"""Of the first capacity: how near a retention must be, as in P4."""
NO_FADE = 0.98
"""Of the first capacity: what counts as no fade."""
ALIKE = 2.0
"""Factor by which two cathodes of one recipe, powder and polymer may differ in an amount or an area (assumed)."""
WET = 10.0
"""Factor by which a drop may exceed that in wet polymer at the same contact where the polymer is not dry (assumed)."""

GIVES, DOES_NOT = "gives it", "does not"
HOT, PCA, THICK = BLIND

THRESHOLDS = f"""The words of the table follow from its numbers by thresholds, all of them assumed
(`benchmarks/paper/candidate_verdicts.py`): a plateau is one from {SEEN:g} mAh/g near 3.8 V on, and short where its
cause gives at most {SHORT:g} times as much up to 4.2 V; a retention is given within {100 * WITHIN:g} points; products
are given where Cal has at 3.8 V as much as Hot-Cal has at 4.2 V; two cathodes of one recipe may differ by a factor of
{ALIKE:g} in an amount or an area; wet polymer may give {WET:g} times the drop computed for it at a round contact."""


def plateau(cal: float, hot: float = 0.0) -> str:
    """Return whether charges near 3.8 V [mA h/g], beyond those without the candidate, are a plateau in Cal alone.

    >>> plateau(5.0, 0.2), plateau(5.0, 3.0), plateau(-1.0)
    ('gives it', 'gives it to Hot-Cal too', 'does not')
    """
    if cal < SEEN:
        return DOES_NOT
    return GIVES if hot < SEEN else "gives it to Hot-Cal too"


def short_plateau(ratio: float, goes_on: float) -> tuple[str, list[str]]:
    """Return whether a rate that differs by a factor between the cathodes gives a short plateau, and why it does not.

    Parameters
    ----------
    ratio
        Of Cal's over Hot-Cal's area that it needs.
    goes_on
        Charge up to 4.2 V over that of the plateau.
    """
    why = []
    if goes_on > SHORT:
        why.append(f"a reaction that does not run out takes {goes_on:.0f} times the plateau's charge by 4.2 V")
    if ratio > ALIKE:
        why.append(f"the areas would have to differ by more than a factor of {ALIKE:g}")
    return (DOES_NOT if why else GIVES), why


def retentions(found: Mapping[str, float]) -> str:
    """Return whether retentions, by the names of `BLIND`, are the paper's.

    >>> retentions({"Hot-Cal at 50": 0.7}), retentions({"Hot-Cal at 50": 0.7, "PCA at 500": 0.1})
    ('gives it', 'gives only Hot-Cal at 50')
    """
    right = [name for name, value in found.items() if abs(value - BLIND[name]) <= WITHIN]
    if len(right) == len(found):
        return GIVES
    return f"gives only {', '.join(right)}" if right else DOES_NOT


def products(cal_over_hot: float) -> str:
    """Return whether Cal at 3.8 V has at least as much as Hot-Cal at a voltage, from the ratio of both."""
    return GIVES if cal_over_hot >= 1.0 else DOES_NOT


def alike(value: float) -> bool:
    """Return whether two cathodes of one recipe may differ by a factor."""
    return max(value, 1.0 / value) <= ALIKE


def factor(value: float) -> str:
    """Return what a factor between two cathodes of one recipe asks for.

    >>> factor(1.5), factor(0.1)
    ('a factor of 1.5, within the 2 allowed', 'a factor of 10, 5 times the 2 allowed')
    """
    largest = max(value, 1.0 / value)
    asked = "within" if alike(value) else f"{largest / ALIKE:.2g} times"
    return f"a factor of {largest:.2g}, {asked} the {ALIKE:g} allowed"


def wet(value: float, there: float) -> bool:
    """Return whether wet polymer gives a potential drop [V], from that at the same contact in it [V]."""
    return value <= WET * there


def drop(value: float, there: float) -> str:
    """Return what a potential drop [V] asks for beside that in wet polymer at the same contact [V].

    >>> drop(0.1, 1e-4), drop(5e-4, 1e-4)
    ('100 mV are 1000 times the 0.1 mV in wet polymer', '0.5 mV are 5 times the 0.1 mV in wet polymer')
    """
    return f"{1e3 * value:.3g} mV are {value / there:.4g} times the {1e3 * there:.2g} mV in wet polymer"


def amount(needed: float, there: float) -> str:
    """Return what is there [mmol/g], and whether it is enough for what is needed [mmol/g]."""
    return f"{there:.1g} mmol/g, " + ("enough" if there >= needed else f"too few by a factor of {needed / there:.0f}")
