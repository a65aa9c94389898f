"""What must be reached, and what the parts hand back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.reporting import table


@dataclass(frozen=True)
class Factor:
    """A number with the target it is held against; `at_least` says from which side."""

    name: str
    value: float
    target: float
    at_least: bool = True

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.value >= self.target if self.at_least else self.value <= self.target


@dataclass(frozen=True)
class Part:
    """What a part of the suite found.

    Attributes
    ----------
    factors
        Numbers with targets.
    numbers
        Everything else, ready for JSON.
    text
        Tables.
    """

    factors: tuple[Factor, ...]
    numbers: dict[str, Any] = field(default_factory=dict)
    text: str = ""

    def document(self) -> dict[str, Any]:
        """Return what goes into the JSON document."""
        return {"factors": [{**asdict(factor), "met": factor.met} for factor in self.factors], **self.numbers}


def factors_table(factors: Sequence[Factor]) -> str:
    """Return the factors beside their targets."""
    rows = [
        (f.name, f"{f.value:.3g}", f"{'>=' if f.at_least else '<='} {f.target:g}", "yes" if f.met else "NO")
        for f in factors
    ]
    return table(("what", "measured", "target", "met"), rows)
