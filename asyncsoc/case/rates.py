"""The key `protocol.rate`: one C-rate for all steps that have one, or for some of them, written into the steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asyncsoc.base.errors import InputError
from asyncsoc.protocol.rates import at_rate, is_at_rate, parse_rate

WHERE = "protocol.rate"
_FORMS = "a C-rate such as 0.1 or 'C/10', or {2 = 'C/10'} for step 2"


def with_rate(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a protocol with `rate` written into its steps, and without it.

    Raises
    ------
    InputError
        No C-rate, a step that there is not, a step without a C-rate, or no step with one.
    """
    steps = _texts(keys.get("steps"))
    cycles = [dict(cycle) if isinstance(cycle, Mapping) else cycle.model_dump() for cycle in _listed(keys.get("cycle"))]
    blocks = [steps, *(_texts(cycle.get("steps")) for cycle in cycles)]
    texts = [text for block in blocks for text in block]
    rated = [number for number, text in enumerate(texts, start=1) if is_at_rate(text, where=f"protocol, step {number}")]
    changed = iter(_changed(texts, rated, keys["rate"]))
    blocks = [[next(changed) for _ in block] for block in blocks]
    found = {key: value for key, value in keys.items() if key != "rate"}
    if steps:
        found["steps"] = blocks[0]
    if cycles:
        found["cycle"] = [{**cycle, "steps": block} for cycle, block in zip(cycles, blocks[1:], strict=True)]
    return found


def _changed(texts: list[str], rated: list[int], rate: Any) -> list[str]:
    """Return the steps with the rates asked for."""
    which = ", ".join(map(str, rated))
    if not rated:
        raise InputError(
            "no step of the protocol has a C-rate to replace",
            where=WHERE,
            value=rate,
            next_step="write 'Charge at C/10 ...' in protocol.steps, or remove protocol.rate",
        )
    if not isinstance(rate, Mapping):
        one = parse_rate(rate, where=WHERE)
        return [at_rate(text, one) if number in rated else text for number, text in enumerate(texts, start=1)]
    out = list(texts)
    for key, value in rate.items():
        number = int(key) if str(key).isdigit() else 0
        if number not in rated:
            raise InputError(
                f"step {key} has no C-rate" if 1 <= number <= len(texts) else "no such step",
                where=f"{WHERE}, step {key}",
                value=texts[number - 1] if 1 <= number <= len(texts) else key,
                allowed=f"steps with a C-rate: {which}; {_FORMS}",
            )
        out[number - 1] = at_rate(texts[number - 1], parse_rate(value, where=f"{WHERE}, step {number}"))
    return out


def _texts(steps: Any) -> list[str]:
    """Return steps as texts; what is none is refused where steps are."""
    return [step if isinstance(step, str) else "" for step in _listed(steps)]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
