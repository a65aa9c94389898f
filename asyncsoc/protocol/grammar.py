"""The grammar of a protocol step: parse its text (PyBaMM's experiment strings, strictly), and format it again.

    Charge at <rate> [for <time>] [or until <limit> [or <limit> ...]]        also Discharge
    Hold at <voltage> [for <time>] [or until <limit> [or <limit> ...]]
    Rest for <time>
    Follow <file> [for <time>] [or until <limit> [or <limit> ...]]
    any of them followed by (<time> period), (<temperature>) or both: (1 minute period, 25 degC)

A rate is 'C/10', '0.5 C', '0.5 mA/cm2' (of electrode), '20 mA/g' (of active material), '2 nA' (amperes are the
particle's), '8 nW' or, for a discharge, '4 Gohm'; a limit is a voltage, current, C-rate, capacity or the value of a
curve (`limits`). A profile may be taken with '(hold)'.
"""  # fmt: skip

from __future__ import annotations

import re
from decimal import Decimal
from itertools import count

from asyncsoc.base.errors import nearest_name
from asyncsoc.base.units import ZERO_CELSIUS, to_si
from asyncsoc.protocol.limits import format_limit, parse_limit
from asyncsoc.protocol.profile import COLDEST, HOTTEST, Interpolation
from asyncsoc.protocol.quantities import StepContext, parse_quantity
from asyncsoc.protocol.types import Control, FollowedProfile, Step, Termination

EXAMPLES = (
    "Charge at C/10 until 4.2 V",
    "Discharge at 0.5 C for 2 hours or until 2.8 V",
    "Hold at 4.2 V until C/50",
    "Charge at 2 nA until 100 mAh/g",
    "Charge at 0.5 mA/cm2 until 4.2 V",
    "Rest for 1 hour (5 minute period)",
    "Discharge at C/10 until 2.8 V (25 degC)",
    "Charge at C/10 until mean SOC 0.5",
    "Discharge at 8 nW until 2.8 V",
    "Follow drive.csv until < 2.8 V",
)
_LONGEST = 300
_UNITS_OF = {"c-rate": "C", "areal current": "A/m2", "specific current": "A/kg"}
_VERBS = ("Charge", "Discharge", "Hold", "Rest", "Follow")
_WORDS = ("for", "until", "or", "at", "period")
_BRACKETS = re.compile(r"(?P<body>.*?)\((?P<inside>[^()]*)\)", re.DOTALL)
_PERIOD = re.compile(r"(?P<time>.*?)\s+period", re.IGNORECASE | re.DOTALL)
_TEMPERATURE = re.compile(r"\d\s*(°\s*C|℃|º\s*C|oC|deg\s*C|K|celsius|kelvin)(?![^\s,)])", re.IGNORECASE)
_DEGREES = re.compile(
    r"(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*"
    r"(?:(?P<celsius>°\s*C|℃|º\s*C|oC|deg\s*C|celsius)|K|kelvin)",
    re.IGNORECASE,
)
_BRACKETS_HOLD = "'(5 minute period)', '(25 degC)' or '(5 minute period, 25 degC)'"
_KEYWORD = re.compile(r"(?<![^\s])(for|until|or|at)(?![^\s])", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"]*)"')


def parse_step(text: str, *, where: str, cycle: int = 1) -> Step:
    """Return the step written in `text`.

    Parameters
    ----------
    text
        For example 'Charge at C/10 for 10 hours or until 4.2 V (1 minute period)'.
    where
        File and key or argument, for the message.
    cycle
        Number of the cycle the step belongs to, from 1.

    Raises
    ------
    InputError
        The words are not a step, or a step that could never end or never run.
    """
    context = StepContext(_text(text, where), where)
    verb = _verb(context)
    body = context.step[len(verb) :]
    quotes, places = _QUOTED.findall(body), count()
    body = _QUOTED.sub(lambda _: f'"{next(places)}"', body)  # what stands in quotes is no keyword
    rest, period, temperature, interpolation = _split_brackets(body.strip(), verb, context)
    name, rest = _profile_name(rest, quotes, context) if verb == "Follow" else ("", rest)
    clauses = _clauses(rest, context)
    control, value = _control(verb, clauses, context)
    duration: float | None = None
    terminations: list[Termination] = []
    for keyword, content in _joined(clauses, context):
        if keyword == "for":
            duration = _duration(content, duration, context)
        else:
            terminations.append(parse_limit(verb, control, content, quotes, context))
    by_curves = bool(terminations) and all(end.quantity == "curve" for end in terminations)
    if verb in ("Hold", "Rest") and duration is None and by_curves:
        raise context.error("a curve may never reach its value here", next_step="add 'for <time> or' before 'until'")
    if duration is None and not terminations and verb != "Follow":
        raise context.error(
            "a step needs 'for <time>' or 'until <limit>' to end",
            allowed="; ".join(f"'{example}'" for example in EXAMPLES[:7]),
        )
    return Step(
        control=control,
        value=value,
        duration=duration,
        terminations=tuple(terminations),
        period=period,
        temperature=temperature,
        cycle=cycle,
        text=context.step,
        follows=FollowedProfile(name, interpolation) if verb == "Follow" else None,
    )


def _text(text: object, where: str) -> str:
    if not isinstance(text, str):
        raise StepContext(str(text)[:_LONGEST], where).error("a step is a string in quotes", allowed=f"'{EXAMPLES[0]}'")
    if len(text) > _LONGEST:
        raise StepContext(text[:40] + "...", where).error("a step is too long", allowed=f"{_LONGEST} characters")
    if not text.strip():
        raise StepContext(repr(text), where).error("a step is empty", allowed=f"'{EXAMPLES[0]}'")
    return " ".join(text.split())


def _verb(context: StepContext) -> str:
    first = context.step.split()[0]
    for verb in _VERBS:
        if first.lower() == verb.lower():
            return verb
    if first.lower() == "run":
        raise context.error("a drive cycle is followed", nearest="Follow drive.csv")
    raise context.error(
        f"'{first}' is not a step",
        allowed="Charge, Discharge, Hold, Rest or Follow",
        nearest=nearest_name(first, _VERBS),
    )


def _profile_name(rest: str, quotes: list[str], context: StepContext) -> tuple[str, str]:
    """Return the name of the profile that a step follows, and what stands behind it."""
    keyword = _KEYWORD.search(rest)
    name, rest = (rest, "") if keyword is None else (rest[: keyword.start()], rest[keyword.start() :])
    name = name.strip()
    if name.startswith('"') and name.endswith('"') and len(name) > 1:
        name = quotes[int(name[1:-1])] if name[1:-1].isdigit() else ""
    if not name or '"' in name:
        raise context.error("'Follow' is followed by the name of a profile", allowed=f"'{EXAMPLES[-1]}'")
    return name, rest


def _split_brackets(
    rest: str, verb: str, context: StepContext
) -> tuple[str, float | None, float | None, Interpolation]:
    """Return what stands before the brackets, and in them output period [s], temperature [K] and interpolation."""
    match = _BRACKETS.fullmatch(rest)
    body = rest if match is None else match["body"].strip()
    if "(" in body or ")" in body:
        raise context.error("a step has one pair of brackets, at its end", allowed=_BRACKETS_HOLD)
    if _TEMPERATURE.search(body):
        raise context.error("a step's temperature stands in brackets at its end", allowed="'Rest for 1 hour (25 degC)'")
    period: float | None = None
    temperature: float | None = None
    interpolation: Interpolation = "linear"
    for part in [] if match is None else match["inside"].split(","):
        timed, heated = _PERIOD.fullmatch(part.strip()), _TEMPERATURE.search(part)
        if timed is not None and period is None:
            period = _period(timed["time"], context)
        elif heated is not None and temperature is None:
            temperature = _temperature(part.strip(), context)
        elif verb == "Follow" and part.strip().lower() in ("hold", "linear"):
            interpolation = "hold" if part.strip().lower() == "hold" else "linear"
        else:
            raise context.error("brackets hold an output period and a temperature, once each", allowed=_BRACKETS_HOLD)
    return body, period, temperature, interpolation


def _period(text: str, context: StepContext) -> float:
    quantity = parse_quantity(text, context)
    if quantity.kind != "time":
        raise context.error(f"'{text}' is not a time", allowed="'(5 minute period)'")
    return quantity.value


def _temperature(text: str, context: StepContext) -> float:
    match = _DEGREES.fullmatch(text.replace("\u2212", "-"))
    if match is None:
        raise context.error(f"'{text}' is not a temperature", allowed="'(25 degC)' or '(298.15 K)'")
    unit = "degC" if match["celsius"] else "K"
    value = to_si(f"{match['number']} {unit}", unit, where=context.where)
    if not COLDEST <= value <= HOTTEST:
        low, high = COLDEST - ZERO_CELSIUS, HOTTEST - ZERO_CELSIUS
        raise context.error(f"'{text}' is out of range", allowed=f"at least {low:g}, at most {high:g} degC")
    return value


def _clauses(rest: str, context: StepContext) -> list[tuple[str, str]]:
    """Return [(keyword, what follows it)] in order."""
    parts = [part.strip() for part in _KEYWORD.split(rest)]
    if parts[0]:
        odd = parts[0].split()[0]
        raise context.error(
            f"'{odd}' is not understood here", allowed="at, for, until", nearest=nearest_name(odd, _WORDS)
        )
    return [(keyword.lower(), content) for keyword, content in zip(parts[1::2], parts[2::2], strict=True)]


def _control(verb: str, clauses: list[tuple[str, str]], context: StepContext) -> tuple[Control, float]:
    """Take the 'at' clause off the front of `clauses`; return what is held and its signed value."""
    at = [content for keyword, content in clauses if keyword == "at"]
    if verb == "Rest":
        if at:
            raise context.error("a rest has no 'at'", allowed="'Rest for 1 hour'")
        return "rest", 0.0
    if verb == "Follow":
        if at:
            raise context.error("a profile is followed as it is: it has no 'at'", allowed=f"'{EXAMPLES[-1]}'")
        return "profile", 0.0
    if len(at) != 1 or clauses[0][0] != "at":
        shown = "Hold at 4.2 V" if verb == "Hold" else f"{verb} at C/10"
        raise context.error(f"'{verb}' is followed by one 'at'", allowed=f"'{shown} ...'")
    clauses.pop(0)
    quantity = parse_quantity(at[0], context)
    if verb == "Hold":
        if quantity.kind != "voltage":
            raise context.error(f"'Hold at {at[0]}' holds no voltage", allowed="'Hold at 4.2 V until C/50'")
        return "voltage", quantity.value
    sign = 1.0 if verb == "Charge" else -1.0
    if quantity.kind in ("current", "c-rate", "areal current", "specific current", "power"):
        return quantity.kind, sign * quantity.value
    if quantity.kind == "resistance":
        if verb == "Charge":
            raise context.error("a resistance discharges a particle", nearest=f"Discharge at {at[0]}")
        return "resistance", quantity.value
    raise context.error(
        f"'{verb} at {at[0]}' gives no current",
        allowed="a C-rate ('C/10', '0.5 C'), a current ('0.5 mA/cm2', '20 mA/g', '2 nA' of the particle) or power "
        "('8 nW')",
        nearest=f"Hold at {at[0]}" if quantity.kind == "voltage" else None,
    )


def _joined(clauses: list[tuple[str, str]], context: StepContext) -> list[tuple[str, str]]:
    """Resolve 'or': before 'for' or 'until' it only joins; after 'until' it repeats it."""
    joined: list[tuple[str, str]] = []
    for position, (keyword, content) in enumerate(clauses):
        following = clauses[position + 1][0] if position + 1 < len(clauses) else None
        if keyword != "or":
            joined.append((keyword, content))
        elif not joined or (not content and following not in ("for", "until")):
            raise context.error("'or' joins two ways for the step to end", allowed=f"'{EXAMPLES[1]}'")
        elif content:
            if joined[-1][0] != "until":
                raise context.error(f"'or {content}' needs 'until'", nearest=f"or until {content}")
            joined.append(("until", content))
    return joined


def _duration(content: str, before: float | None, context: StepContext) -> float:
    if before is not None:
        raise context.error("a step has one 'for'")
    quantity = parse_quantity(content, context)
    if quantity.kind != "time":
        raise context.error(f"'for {content}' gives no time", nearest=f"until {content}")
    return quantity.value


def format_step(step: Step) -> str:
    """Return canonical words for `step`: ``parse_step(format_step(step))`` differs in `text` alone.

    Numbers are written to full precision, times in seconds.
    """
    if step.follows is not None:
        return _format_followed(step, step.follows)
    ends = [] if step.duration is None else [f"for {step.duration!r} s"]
    ends += [f"until {_limit(termination)}" for termination in step.terminations]
    inside = [] if step.period is None else [f"{step.period!r} s period"]
    inside += [] if step.temperature is None else [f"{step.temperature!r} K"]
    return f"{_action(step)} {' or '.join(ends)}" + (f" ({', '.join(inside)})" if inside else "")


def _format_followed(step: Step, follows: FollowedProfile) -> str:
    ends = [] if step.duration is None else [f"for {step.duration!r} s"]
    ends += [f"until {_limit(termination)}" for termination in step.terminations]
    inside = [] if step.period is None else [f"{step.period!r} s period"]
    inside += [] if step.temperature is None else [f"{step.temperature!r} K"]
    inside += [] if follows.interpolation == "linear" else [follows.interpolation]
    words = [
        f'Follow "{follows.sha256 or follows.name}"',
        " or ".join(ends),
        f"({', '.join(inside)})" if inside else "",
    ]
    return " ".join(word for word in words if word)


def _action(step: Step) -> str:
    if step.control == "rest":
        return "Rest"
    if step.control == "voltage":
        return f"Hold at {step.value!r} V"
    verb = "Charge" if step.value > 0.0 else "Discharge"
    unit = {**_UNITS_OF, "power": "W", "resistance": "ohm"}.get(step.control, "A")
    return f"{'Discharge' if unit == 'ohm' else verb} at {abs(step.value)!r} {unit}"


def _limit(termination: Termination) -> str:
    if termination.quantity == "curve":
        return format_limit(termination)
    if termination.quantity != "capacity":
        unit = {"voltage": "V", "current": "A", **_UNITS_OF}[termination.quantity]
        return f"{termination.side}{' ' if termination.side else ''}{termination.value!r} {unit}"
    if termination.unit in ("A.h/kg", "A.h/m2"):
        return f"{termination.value!r} {termination.unit.replace('.', '')}"
    if termination.unit == "fraction":
        return f"{Decimal(repr(termination.value)) * 100} % of capacity"
    return f"{termination.value!r} A.s"
