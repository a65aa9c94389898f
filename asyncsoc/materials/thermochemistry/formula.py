"""Chemical formulas: text to amounts of elements, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from asyncsoc.base.errors import InputError, nearest_name

Composition = Mapping[str, float]
"""Amount of each element in one formula unit, by symbol."""

_SYMBOLS = """
H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr
Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir
Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl
Mc Lv Ts Og
"""
ELEMENTS = frozenset(_SYMBOLS.split())
"""Symbols of the periodic table."""
DIATOMIC = frozenset({"H", "N", "O", "F", "Cl", "Br", "I"})
"""Elements whose reference state is a molecule of two atoms."""

_TOKEN = re.compile(r"([A-Z][a-z]?|[()])(\d+(?:\.\d*)?|\.\d+)?")
_LONGEST = 200


def _amount(text: str | None, formula: str, where: str) -> float:
    amount = float(text) if text else 1.0
    if not 0.0 < amount < 1e6:
        raise InputError(
            "an amount in a chemical formula is out of range", where=where, value=formula, allowed="above 0, below 1e6"
        )
    return amount


def parse_formula(formula: str, *, where: str) -> Composition:
    """Return the amount of every element in one formula unit.

    Parameters
    ----------
    formula
        Text such as 'LiNi0.8Co0.1Mn0.1O2' or '(NH4)2SO4'.
    where
        File and key, for the message.

    Raises
    ------
    InputError
        Not a formula, an unknown element, brackets that do not pair.
    """
    text = formula.strip() if isinstance(formula, str) else ""
    if not text or len(text) > _LONGEST:
        raise InputError("a chemical formula is missing", where=where, value=formula, allowed="such as 'LiF'")
    stack: list[dict[str, float]] = [{}]
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or (match[1] == "(" and match[2]):
            raise InputError(
                "this is not a chemical formula", where=where, value=formula, allowed="such as 'LiF' or '(NH4)2SO4'"
            )
        position = match.end()
        if match[1] == "(":
            stack.append({})
            continue
        amount = _amount(match[2], formula, where)
        if match[1] == ")":
            if len(stack) == 1:
                raise _unpaired(formula, where)
            group = stack.pop()
        else:
            if match[1] not in ELEMENTS:
                raise InputError(
                    f"unknown element {match[1]!r} in a chemical formula",
                    where=where,
                    value=formula,
                    nearest=nearest_name(match[1], ELEMENTS),
                    next_step="use symbols of the periodic table, first letter upper case",
                )
            group = {match[1]: 1.0}
        for element, count in group.items():
            stack[-1][element] = stack[-1].get(element, 0.0) + amount * count
    if len(stack) != 1:
        raise _unpaired(formula, where)
    if not stack[0]:
        raise InputError("a chemical formula holds no element", where=where, value=formula, allowed="such as 'LiF'")
    return MappingProxyType(stack[0])


def _unpaired(formula: str, where: str) -> InputError:
    return InputError(
        "unbalanced formula: its brackets do not pair", where=where, value=formula, next_step="close every bracket"
    )


def atoms(composition: Composition) -> float:
    """Return the number of atoms in one formula unit."""
    return float(sum(composition.values()))


def element_name(element: str) -> str:
    """Return the formula of an element's reference state: 'O2' for oxygen, 'Co' for cobalt."""
    return f"{element}2" if element in DIATOMIC else element


def lithium_formula(host: Composition, x: float) -> str:
    """Return the formula of a host with `x` lithium atoms per formula unit, such as 'Li0.5Ni0.8Co0.1Mn0.1O2'."""
    rest = "".join(f"{name}{amount:g}" if amount != 1.0 else name for name, amount in host.items() if name != "Li")
    lithium = "" if x == 0.0 else ("Li" if x == 1.0 else f"Li{x:.6g}")
    return lithium + rest
