"""What 1 C means: the theoretical capacity, or a number per mass or of the particle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.base.units import to_si
from asyncsoc.case.fields import refusal

_ALLOWED = "'theoretical', '190 mAh/g' or the particle's own '2 nAh'"
_KINDS: tuple[tuple[Literal["gravimetric", "absolute"], str], ...] = (("gravimetric", "C/kg"), ("absolute", "C"))


@dataclass(frozen=True)
class Capacity:
    """The capacity that 1 C moves in an hour.

    Attributes
    ----------
    kind
        "theoretical": c_max F V (1 - x) with x at the cathode's charged voltage; "gravimetric": per mass of the
        particle; "absolute": the particle's.
    value
        C/kg for "gravimetric", C for "absolute", None for "theoretical".
    """

    kind: Literal["theoretical", "gravimetric", "absolute"]
    value: float | None = None

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return the capacity written as 'theoretical', '190 mAh/g' or '2 nAh'.

        Raises
        ------
        InputError
            Anything else: a bare number, a capacity per area, zero, negative or not finite.
        """
        if not isinstance(text, str):
            raise InputError("a capacity needs its unit", value=text, allowed=_ALLOWED)
        words = text.strip().lower()
        if words == "theoretical":
            return cls("theoretical")
        if words[:1].isalpha() and not words.startswith(("nan", "inf")):
            raise InputError(
                "unknown capacity", value=text, allowed=_ALLOWED, nearest=nearest_name(words, ["theoretical"])
            )
        for kind, unit in _KINDS:
            value = _in(text, unit)
            if value is not None:
                return cls(kind, _positive(value, text))
        if _in(text, "C/m2") is not None:
            raise InputError(
                "a capacity per area says nothing about one particle",
                value=text,
                allowed=_ALLOWED,
                next_step="divide it by the mass of active material per area",
            )
        to_si(text, "C/kg", where="")
        raise InputError("not a capacity", value=text, allowed=_ALLOWED)

    @property
    def text(self) -> str:
        """The capacity as text in SI."""
        return self.kind if self.value is None else f"{self.value!r} {dict(_KINDS)[self.kind]}"  # type: ignore[index]


def _in(text: str, unit: str) -> float | None:
    try:
        return to_si(text, unit, where="")
    except InputError:
        return None


def _positive(value: float, text: str) -> float:
    if value <= 0.0:
        raise InputError("a capacity is positive", value=text, allowed=_ALLOWED)
    return value


def _canonical(value: Any) -> str:
    try:
        return Capacity.parse(value).text
    except InputError as error:
        raise refusal(error) from None


CapacityText = Annotated[str, BeforeValidator(_canonical)]
