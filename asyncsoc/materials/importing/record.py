"""What became of each value of a file: taken, converted, assumed or ignored, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fate = Literal["taken", "converted", "assumed", "ignored"]
FATES: dict[Fate, str] = {
    "taken": "as it stands",
    "converted": "into the quantity or unit used here",
    "assumed": "the source does not say it",
    "ignored": "not used",
}
"""What can become of a value. What cannot be used and would change the answer is refused, with an error."""
_LONGEST = 60


@dataclass(frozen=True)
class ImportedValue:
    """One value of the source, or one that the source lacks.

    Attributes
    ----------
    name
        As the source calls it, with its section: 'Positive electrode: OCP [V]'.
    value
        As the source has it, shortened: a number, an expression, 'table of 21 points'.
    fate
        What became of it, see `FATES`.
    note
        What it became, or why it is not used.
    """

    name: str
    value: str
    fate: Fate
    note: str = ""


def shown_value(value: object) -> str:
    """Return a value of a document in one short line."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, str | int):
        text = " ".join(str(value).split())
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."
    if isinstance(value, dict):
        if set(value) == {"x", "y"} and isinstance(value["x"], list):
            return f"table of {len(value['x'])} points"
        return f"{len(value)} entries"
    if isinstance(value, list | tuple):
        return f"list of {len(value)}"
    return type(value).__name__
