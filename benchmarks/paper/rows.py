"""What a row of docs/paper.md holds, and its one place: paper_row modules give one each, `page` writes them down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol, get_args

Verdict = Literal["reproduced", "trend only", "not reproduced", "no number to compare", "not computed yet"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

MODULES = {
    "P1": "p01_nickel_ratio",
    "P2": "p02_first_charge",
    "P3": "p03_titration",
    "P4": "p04_cycle_life",
    "P5": "p05_tomograms",
    "P6": "p06_infrared",
    "P7": "p07_resistance",
    "P8": "p08_raman",
    "P9": "p09_litfsi_energy",
    "P10": "p10_eca_energy",
    "P11": "p11_windows",
    "P12": "p12_temperature",
    "P13": "p13_design_chart",
}
"""Module of each row; each has `row(quick) -> PaperRow`."""


class Skipped(Exception):  # noqa: N818 - nothing has failed
    """A row cannot be computed here; the message says why. What is stored of it stays."""


@dataclass(frozen=True)
class PaperRow:
    """One thing the paper reports, and what is computed for it.

    Attributes
    ----------
    key
        P1 to P13.
    title
        What it is.
    place
        Where it stands in the paper.
    paper
        The number in its text, or that there is none.
    ours
        What is computed for it.
    fitted
        What was fitted to what.
    predicted
        What was not fitted, and is computed all the same.
    sensitivity
        What D, i0, f and R change.
    verdict
        One of `VERDICTS`; by a rule in the module, from what a scan gives.
    because
        The rule and what it found, in a sentence.
    scan
        Command that scans the constants behind the verdict.
    would_take
        Candidates outside of the model, for a row that is not reproduced, with constants where they can be computed.
    numbers
        Figures by name; the quick form gives some of the same names, computed in the same way.
    picture
        File in docs/images, with what it shows, or none.
    """

    key: str
    title: str
    place: str
    paper: str
    ours: str
    fitted: str
    predicted: str
    sensitivity: str
    verdict: Verdict
    because: str
    scan: str
    would_take: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    picture: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown verdict."""
        if self.verdict not in VERDICTS:
            raise ValueError(f"{self.key}: {self.verdict!r} is none of {VERDICTS}")

    def document(self) -> dict[str, Any]:
        """Return the row as it is kept in docs/paper.json; a form with fewer digits, the same on any machine."""
        found = asdict(self)
        found["numbers"] = {name: float(f"{value:.6g}") for name, value in self.numbers.items()}
        return found


class RowModule(Protocol):
    """A module of a row."""

    row: Callable[[bool], PaperRow]


def from_document(found: Mapping[str, Any]) -> PaperRow:
    """Return a row that was kept."""
    picture = found.get("picture")
    return PaperRow(
        **{
            **found,
            "would_take": tuple(found.get("would_take", ())),
            "picture": None if picture is None else (picture[0], picture[1]),
        }
    )


def differences(quick: PaperRow, stored: PaperRow, relative: float = 5e-3) -> list[str]:
    """Return which numbers of a quick row are not those that are stored, a line each."""
    found = []
    for name, value in quick.numbers.items():
        kept = stored.numbers.get(name)
        if kept is None:
            found.append(f"{quick.key}: {name} is not stored")
        elif not abs(value - kept) <= relative * max(abs(kept), 1e-3):
            found.append(f"{quick.key}: {name} is {value:.6g}, stored {kept:.6g}")
    return found
