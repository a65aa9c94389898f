"""What ends a step: voltages, currents and charges, and values of any curve, as the grammar writes them.

until 4.2 V            until 100 mAh/g        until C/50
until mean SOC 0.5     until contact SOC 50 %        until asynchrony 0.1        until film 5 nm      until risk 3
until "Contact-mean stoichiometry" < 0.3
"""  # fmt: skip

from __future__ import annotations

import re

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import to_si
from asyncsoc.protocol.quantities import Quantity, StepContext, parse_quantity
from asyncsoc.protocol.types import RATES, Control, Side, Termination
from asyncsoc.protocol.types import Quantity as Limited

MEAN_SOC, CONTACT_SOC, ASYNCHRONY = "Mean SOC", "Contact-mean SOC", "Asynchrony"
FILM, RISK = "Film thickness mean [m]", "Risk max"
SHORT_NAMES = {
    "mean soc": MEAN_SOC,
    "contact soc": CONTACT_SOC,
    "contact-mean soc": CONTACT_SOC,
    "asynchrony": ASYNCHRONY,
    "film thickness": FILM,
    "film": FILM,
    "risk": RISK,
}
"""Curves that need no quotes."""
_RANGES = {MEAN_SOC: (0.0, 1.0), CONTACT_SOC: (0.0, 1.0), ASYNCHRONY: (-1.0, 1.0)}
_CURVE = re.compile(
    rf"""(?:"(?P<quoted>[^"]*)"|(?P<word>{"|".join(re.escape(name) for name in SHORT_NAMES)})(?=[\s<>=]|$))\s*"""
    r"(?P<side>[<>]=?|above\b|below\b)?\s*(?P<value>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SIDED = re.compile(r"(?P<side>[<>]=?|above\b|below\b)\s*(?P<value>.*)", re.IGNORECASE | re.DOTALL)
_SIDES: dict[str, Side] = {"<": "<", "<=": "<", "below": "<", ">": ">", ">=": ">", "above": ">"}
_EXAMPLE = "'until mean SOC 0.5' or 'until \"Contact-mean stoichiometry\" < 0.3'"
_LIMITS: dict[Control, tuple[str, ...]] = {
    "current": ("voltage", "capacity"),
    "c-rate": ("voltage", "capacity"),
    "power": ("voltage", "capacity"),
    "areal current": ("voltage", "capacity"),
    "specific current": ("voltage", "capacity"),
    "resistance": ("voltage", *RATES, "capacity"),
    "voltage": (*RATES, "capacity"),
    "profile": ("voltage", "capacity"),
    "rest": (),
}
_WHY_NOT: dict[tuple[Control, str], str] = {
    ("voltage", "voltage"): "the voltage is held, so it never reaches another one",
    ("rest", "voltage"): "a rest ends by time only",
    ("rest", "capacity"): "no charge passes in a rest",
    **{("rest", rate): "no current flows in a rest" for rate in RATES},
    **{("power", held): "the power is held: end it at a voltage" for held in (*RATES, "power")},
    **{("profile", rate): "the profile says which current flows" for rate in RATES},
}
_OTHERWISE = "the current is held, so it never reaches another one"


def parse_limit(verb: str, control: Control, content: str, quotes: list[str], context: StepContext) -> Termination:
    """Return the limit written after 'until'; `quotes` are what stands in its quotes, by number.

    Raises
    ------
    InputError
        Not a limit, or one that such a step could never reach.
    """
    match = _CURVE.fullmatch(content)
    if match is not None:
        return _curve(verb, control, match, quotes, context)
    side: Side = ""
    sided = _SIDED.fullmatch(content)
    if sided is not None:
        if control != "profile":
            raise context.error(
                "the direction of a limit follows from the step", next_step=f"write 'until {sided['value']}'"
            )
        side, content = _SIDES[sided["side"].lower()], sided["value"]
    quantity: Quantity = parse_quantity(content, context)
    if quantity.kind == "time":
        raise context.error(f"'until {content}' is a time", nearest=f"for {content}")
    if quantity.kind not in _LIMITS[control]:
        why = _WHY_NOT.get((control, quantity.kind), _OTHERWISE)
        shown = (kind for kind in _LIMITS[control] if not kind.endswith(" current"))
        limits = " or a ".join(shown).replace("c-rate", "C-rate")
        raise context.error(
            f"'{verb} ... until {content}' never ends this way: {why}",
            allowed=f"until a {limits}" if limits else "for <time>",
        )
    if control == "profile" and quantity.kind == "voltage" and not side:
        raise context.error(
            "a profile may pass a voltage from either side",
            allowed=f"'until > {content}' or 'until < {content}'",
            next_step="say from which side it ends the step",
        )
    if control == "profile" and quantity.kind == "capacity" and side:
        raise context.error("a charge passed has no side", next_step=f"write 'until {content}'")
    limited: Limited = quantity.kind  # type: ignore[assignment]
    return Termination(quantity=limited, value=quantity.value, unit=quantity.unit, side=side)


def _curve(verb: str, control: Control, match: re.Match[str], quotes: list[str], context: StepContext) -> Termination:
    word = match["word"]
    name = SHORT_NAMES[" ".join(word.lower().split())] if word is not None else quotes[int(match["quoted"])]
    shown = word if word is not None else f'"{name}"'
    side = _SIDES[match["side"].lower()] if match["side"] else ""
    unit = unit_of_curve(name)
    value = _value(match["value"].strip(), unit, shown, context)
    low, high = _RANGES.get(name, (-float("inf"), float("inf")))
    if not low <= value <= high:
        raise context.error(f"'{shown} {match['value'].strip()}' is out of range", allowed=f"{low:g} to {high:g}")
    if not side and name in (MEAN_SOC, CONTACT_SOC) and verb in ("Charge", "Discharge"):
        side = ">" if verb == "Charge" else "<"
    if not side and name in (FILM, RISK):
        side = ">"
    if control == "rest" and name == MEAN_SOC:
        raise context.error(
            f"'Rest ... until {shown}' never ends this way: no charge passes in a rest", allowed="for <time>"
        )
    return Termination(quantity="curve", value=value, unit=unit, curve=name, side=side)


def unit_of_curve(name: str) -> str:
    """Return the unit in a curve's name, '1' where it has none."""
    head, bracket, tail = name.partition("[")
    return tail.rstrip("]") if bracket and head else "1"


def _value(text: str, unit: str, shown: str, context: StepContext) -> float:
    if not text:
        raise context.error(f"'until {shown}' needs a value", allowed=_EXAMPLE)
    try:
        if re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?", text, re.IGNORECASE):
            return float(text)
        in_unit, one = (to_si(part, unit, where=context.where) for part in (text, f"1 {unit}"))
    except ValueError:
        raise context.error(f"no number in '{text}'", allowed=_EXAMPLE) from None
    except InputError as error:
        raise context.error(
            f"'until {shown} {text}': {error.what}", allowed=error.allowed, nearest=error.nearest
        ) from None
    return in_unit / one


def format_limit(termination: Termination) -> str:
    """Return canonical words for a limit that is the value of a curve."""
    side = f" {termination.side}" if termination.side else ""
    return f'"{termination.curve}"{side} {termination.value!r}'
