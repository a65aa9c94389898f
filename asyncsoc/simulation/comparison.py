"""`plot`: one solution or several in one figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from asyncsoc.base.errors import InputError
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.solution import Solution

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from asyncsoc.plotting.curves import Against

_MOST = 24
"""Runs in one figure: more curves cannot be told apart."""
_NAMED_BY = 2
"""Keys that tell runs of one name apart in a legend."""


def plot(
    solutions: Solution | Sequence[Solution],
    curve: str | None = None,
    *,
    labels: Sequence[str] | None = None,
    against: Against | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Return a figure that compares solutions: voltage and states of charge, or one curve.

    Parameters
    ----------
    solutions
        One, or up to 24.
    curve
        Name of a curve in `Solution.curves`; None: voltage and states of charge side by side.
    labels
        In the legend; None: the names of the cases, or where these are equal the keys in which the cases differ.
    against
        "capacity" or "time"; None: the capacity where it only grows in all of them.
    ax
        Draw one curve on these axes, the voltage where `curve` names no other; returned is their figure.

    Raises
    ------
    InputError
        No solution or too many, another number of labels, or a solution without the curve.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "contact": {"kind": "full"},
    ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
    ... })
    >>> slow = aso.simulate(case)
    >>> fast = aso.simulate(case.with_overrides(["protocol.steps=['Charge at C/2 for 20 minutes']"]))
    >>> figure = aso.plot([slow, fast], labels=["C/5", "C/2"])
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['Cell voltage', 'State of charge under the contact']
    """
    from asyncsoc.plotting.curves import LabelledRun, common_abscissa, curve_figure, curves_figure

    runs = [solutions] if isinstance(solutions, Solution) else list(solutions)
    if not runs or not all(isinstance(run, Solution) for run in runs):
        raise InputError(
            "there is no solution to draw", where="plot", value=solutions, allowed="a Solution, or several"
        )
    if len(runs) > _MOST:
        raise InputError("too many runs for one figure", where="plot", value=len(runs), allowed=f"up to {_MOST}")
    called = labels_of(runs) if labels is None else [str(label) for label in labels]
    if len(called) != len(runs):
        raise InputError("a label for each solution", where="labels", value=len(called), allowed=str(len(runs)))
    drawn = [LabelledRun(label, run.columns) for label, run in zip(called, runs, strict=True)]
    if curve is not None or ax is not None:
        return curve_figure(drawn, curve or names.VOLTAGE, against, axes=ax)
    return curves_figure(drawn, common_abscissa(drawn, against))


def labels_of(runs: Sequence[Solution]) -> list[str]:
    """Return what tells runs apart: their names, or the keys in which their cases differ, or numbers."""
    called = [run.name for run in runs]
    if len(set(called)) == len(runs):
        return called
    flat = [dict(_flat(run.case)) for run in runs]
    keys = [key for key in flat[0] if len({repr(one.get(key)) for one in flat}) > 1 and key != "name"]
    by_key = [", ".join(f"{key} = {_short(one.get(key))}" for key in keys[:_NAMED_BY]) for one in flat]
    if len(set(by_key)) == len(runs):
        return by_key
    return [f"{name} ({number})" for number, name in enumerate(called, start=1)]


def _flat(keys: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in keys.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _short(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else "; ".join(value) if _texts(value) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)


__all__ = ["labels_of", "plot"]
