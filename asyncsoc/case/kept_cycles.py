"""Which cycles' curves and snapshots a run keeps: all, none, those in a list, or one in so many."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.case.fields import refusal

_ALLOWED = "'all', 'none', cycles such as '1, 2, 50', or 'every 50'"
_MOST = 10_000_000


@dataclass(frozen=True)
class KeptCycles:
    """The cycles of which curves and snapshots are kept.

    Attributes
    ----------
    kind
        "all", "none", "listed", or "every": the first cycle and each whose number is a multiple of `numbers[0]`.
    numbers
        Cycles from 1, ascending; the one number of "every".
    """

    kind: Literal["all", "none", "listed", "every"] = "all"
    numbers: tuple[int, ...] = ()

    @classmethod
    def parse(cls, given: object) -> Self:
        """Return what is written as 'all', 'none', '1, 2, 50', 'every 50', or as a list of whole numbers.

        Raises
        ------
        InputError
            Anything else.
        """
        if isinstance(given, int) and not isinstance(given, bool):
            given = [given]
        if isinstance(given, list | tuple):
            return cls("listed", _cycles(given, given))
        if not isinstance(given, str):
            raise InputError("not a choice of cycles", value=given, allowed=_ALLOWED)
        text = " ".join(given.lower().split())
        if text in ("all", "none"):
            return cls("all" if text == "all" else "none")
        period = re.fullmatch(r"every (\d{1,9})", text)
        if period:
            return cls("every", _cycles([int(period[1])], given))
        numbers = [part.strip() for part in text.split(",")]
        if all(re.fullmatch(r"\d{1,9}", part) for part in numbers):
            return cls("listed", _cycles([int(part) for part in numbers], given))
        nearest = nearest_name(text, ["all", "none", "every 50"]) if text[:1].isalpha() else None
        raise InputError("not a choice of cycles", value=given, allowed=_ALLOWED, nearest=nearest)

    @property
    def text(self) -> str:
        """The choice as text."""
        if self.kind == "every":
            return f"every {self.numbers[0]}"
        return ", ".join(map(str, self.numbers)) if self.kind == "listed" else self.kind

    @property
    def everything(self) -> bool:
        """Whether all cycles are kept."""
        return self.kind == "all"

    def holds(self, cycle: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each cycle number (k,) whether it is kept."""
        if self.kind == "every":
            return np.asarray((cycle % self.numbers[0] == 0) | (cycle == 1))
        if self.kind == "listed":
            return np.isin(cycle, self.numbers)
        return np.full(np.shape(cycle), self.kind == "all")

    def hold(self, cycle: int) -> bool:
        """Return whether a cycle is kept."""
        return bool(self.holds(np.array([cycle]))[0])


KEEP_ALL = KeptCycles()


def _cycles(numbers: Iterable[Any], given: object) -> tuple[int, ...]:
    found = list(numbers)
    if not found or not all(type(n) is int and 1 <= n <= _MOST for n in found):
        raise InputError("cycles are counted from 1", value=given, allowed=_ALLOWED)
    return tuple(sorted(set(found)))


def _canonical(value: Any) -> str:
    try:
        return KeptCycles.parse(value).text
    except InputError as error:
        raise refusal(error) from None


KeptCyclesText = Annotated[str, BeforeValidator(_canonical)]
