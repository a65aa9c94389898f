"""Arithmetic in one variable, as parameter files write functions: read and computed here, never run as code.

The text is split into tokens and put in postfix order by a stack (E. W. Dijkstra's shunting yard). Neither reading nor
computing recurses, all numbers are floating point, and length and nesting are limited: no text takes long or fills the
memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError, nearest_name

Array = NDArray[np.float64]

LONGEST = 5000
"""Characters of an expression; the longest of published files have some 500."""
DEEPEST = 50
"""Brackets within brackets."""
FUNCTIONS: dict[str, Callable[[Any], Any]] = {"exp": np.exp, "tanh": np.tanh, "cosh": np.cosh}
"""What BPX allows: exp and tanh by the standard, cosh by its reference implementation."""
VARIABLE = "x"
ALLOWED = f"numbers, {VARIABLE}, + - * / **, brackets, {', '.join(FUNCTIONS)}"

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)|(?P<operator>\*\*|[-+*/()]))"
)
_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "negative": 3, "**": 4}


def _power(base: Any, exponent: Any) -> Any:
    """Return a power; what is not a number stays one, also as nan**0 and 1**nan, which are 1 elsewhere."""
    return np.where(np.isnan(base) | np.isnan(exponent), np.nan, np.power(base, exponent))


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": _power,
}
_CONTEXT = 15

Step = float | str
"""Of a postfix program: a number, the variable, an operator or a function."""


@dataclass(frozen=True)
class Expression:
    """An expression in x.

    Attributes
    ----------
    text
        As it was written.
    where
        What is at fault where it cannot be computed.
    """

    text: str
    where: str = "expression"
    _steps: tuple[Step, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_steps", tuple(_postfix(self.text, self.where)))

    @property
    def constant(self) -> bool:
        """Whether it does not depend on x."""
        return VARIABLE not in self._steps

    def __call__(self, x: ArrayLike) -> Array:
        """Return the values at x, in the shape of x; overflow gives infinity and 0/0 not-a-number.

        Parameters
        ----------
        x
            Where to compute it.
        """
        at = np.asarray(x, dtype=np.float64)
        stack: list[Any] = []
        with np.errstate(all="ignore"):
            for step in self._steps:
                if isinstance(step, float):
                    stack.append(np.float64(step))
                elif step == VARIABLE:
                    stack.append(at)
                elif step == "negative":
                    stack.append(np.negative(stack.pop()))
                elif step in FUNCTIONS:
                    stack.append(FUNCTIONS[step](stack.pop()))
                else:
                    right = stack.pop()
                    stack.append(_BINARY[step](stack.pop(), right))
        return np.array(np.broadcast_to(np.asarray(stack[0], dtype=np.float64), at.shape))


def _postfix(text: str, where: str) -> list[Step]:
    """Return the steps that compute the text, each after what it needs."""
    if len(text) > LONGEST:
        raise InputError(
            "the expression is too long",
            where=where,
            value=f"{len(text)} characters",
            allowed=f"at most {LONGEST}",
            next_step="give it as a table",
        )
    done: list[Step] = []
    waiting: list[str] = []
    depth, operand, place = 0, True, 0  # operand: whether a value must come next
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise _unexpected(text, place, where)
        kind, token = str(match.lastgroup), match[str(match.lastgroup)]
        start, place = match.start(kind), match.end()
        if operand and kind == "number":
            done.append(float(token))
            operand = False
        elif operand and kind == "name":
            operand = _name(token, text, place, where, done, waiting)
        elif operand and token == "(":
            depth += 1
            waiting.append("(")
        elif operand and token in "+-":
            if token == "-":
                waiting.append("negative")
        elif not operand and token == ")":
            depth -= 1
            if depth < 0:
                raise _unexpected(text, start, where)
            _close(done, waiting)
        elif not operand and token in _BINDING:
            _settle(token, done, waiting)
            waiting.append(token)
            operand = True
        else:
            raise _unexpected(text, start, where)
        if depth > DEEPEST:
            raise InputError(
                "the expression is nested too deeply",
                where=where,
                value=_around(text, start),
                allowed=f"at most {DEEPEST} brackets within one another",
            )
    if operand or depth:
        raise InputError("the expression is not complete", where=where, value=_around(text, len(text)), allowed=ALLOWED)
    while waiting:
        done.append(waiting.pop())
    return done


def _name(token: str, text: str, place: int, where: str, done: list[Step], waiting: list[str]) -> bool:
    """Take a name that stands where a value must; return whether a value must still come."""
    if token == VARIABLE:
        done.append(VARIABLE)
        return False
    called = text[place:].lstrip().startswith("(")
    if token in FUNCTIONS and called:
        waiting.append(token)
        return True
    if token in FUNCTIONS:
        raise InputError(f"'{token}' is a function", where=where, value=_around(text, place), allowed=f"{token}(...)")
    known = (*FUNCTIONS, VARIABLE)
    raise InputError(
        f"'{token}' is {'no function' if called else 'no variable'} of an expression",
        where=where,
        value=_around(text, place),
        allowed=ALLOWED,
        nearest=nearest_name(token, known),
        next_step="nothing else is computed from a file; give the function as a table {'x': [...], 'y': [...]}",
    )


def _settle(token: str, done: list[Step], waiting: list[str]) -> None:
    """Finish the operators that bind more tightly than the one that comes; ** groups to the right."""
    while waiting and waiting[-1] in _BINDING:
        if _BINDING[waiting[-1]] + (token != "**") <= _BINDING[token]:
            return
        done.append(waiting.pop())


def _close(done: list[Step], waiting: list[str]) -> None:
    while waiting[-1] != "(":
        done.append(waiting.pop())
    waiting.pop()
    if waiting and waiting[-1] in FUNCTIONS:
        done.append(waiting.pop())


def _unexpected(text: str, place: int, where: str) -> InputError:
    rest = text[place:].lstrip()
    return InputError(
        f"'{rest[:1]}' is not expected there in an expression",
        where=where,
        value=_around(text, place),
        allowed=ALLOWED,
        next_step="write powers as **" if rest.startswith("^") else "correct the expression, or give a table",
    )


def _around(text: str, place: int) -> str:
    first = max(place - _CONTEXT, 0)
    return f"{'... ' if first else ''}{text[first : place + _CONTEXT]}{' ...' if place + _CONTEXT < len(text) else ''}"
