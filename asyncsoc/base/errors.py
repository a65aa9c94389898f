"""The one exception family of asyncsoc, with the exit code each member maps to.

A message says what is wrong, where, the value met, what is allowed, the nearest valid name and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 1000
"""Characters of each part of a message: a damaged file may hold anything."""


def _message(what: str, parts: Iterable[tuple[str, object]]) -> str:
    tail = [f"  {label}: {shortened(str(content))}" for label, content in parts if content not in (None, "")]
    return "\n".join([shortened(what), *tail])


def shortened(text: str) -> str:
    """Return a text as a message shows it: the middle of a very long one is left out."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 4 :]}"


class AsyncsocError(Exception):
    """Base of every error asyncsoc raises on purpose.

    Parameters
    ----------
    what
        One sentence saying what is wrong.
    where
        File and line, configuration key or argument that is at fault.
    value
        The value met.
    allowed
        The allowed values or range, with unit.
    nearest
        The nearest valid name, where a name was mistyped.
    next_step
        What the user can do now.
    """

    exit_code: int = 3

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        value: object = None,
        allowed: str | None = None,
        nearest: str | None = None,
        next_step: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.value = value
        self.allowed = allowed
        self.nearest = nearest
        self.next_step = next_step
        shown = None if value is None else (value if isinstance(value, str) and value == "" else repr(value))
        super().__init__(
            _message(
                what,
                (
                    ("where", where),
                    ("value", shown),
                    ("allowed", allowed),
                    ("did you mean", nearest),
                    ("next", next_step),
                ),
            )
        )


class InputError(AsyncsocError):
    """The input is wrong: a file, case, protocol, mesh or parameter (exit code 2)."""

    exit_code = 2


class SimulationError(AsyncsocError):
    """The simulation could not finish; what was reached is kept (exit code 3).

    Attributes
    ----------
    partial
        The solution up to the failure where there is one, else None.
    """

    exit_code = 3
    partial: object | None = None


class ConvergenceError(SimulationError):
    """The integrator could not take a step.

    Parameters
    ----------
    what
        One sentence saying what failed.
    time
        Simulated time reached [s].
    step_size
        Last step size tried [s].
    reason
        The solver's own reason.
    """

    def __init__(self, what: str, *, time: float, step_size: float, reason: str, where: str | None = None) -> None:
        self.time = time
        self.step_size = step_size
        self.reason = reason
        super().__init__(
            f"{what} at t = {time:.6g} s with a step of {step_size:.3g} s: {reason}",
            where=where,
            next_step="loosen or tighten solver.tolerance, or refine the mesh; the last good state is kept",
        )


class InfeasibleStepError(SimulationError):
    """A protocol step cannot be carried out: names the step, the event and the time."""


class InterruptedRunError(SimulationError):
    """The user stopped the run; what was reached is kept, and can be gone on from (exit code 130)."""

    exit_code = 130


class EnvironmentProblem(AsyncsocError):  # noqa: N818 - EnvironmentError is Python's own
    """The machine lacks something asyncsoc needs (exit code 4)."""

    exit_code = 4


def nearest_name(value: str, names: Iterable[str]) -> str | None:
    """Return the name closest to `value`, or None where nothing is close."""
    lookup = {name.lower(): name for name in names}
    wanted = str(value).lower()
    match = difflib.get_close_matches(wanted, lookup, n=1, cutoff=0.5)
    if not match and len(wanted) > 1:
        match = [name for name in lookup if name.startswith(wanted)]
    if not match:  # 'NMC811' is near to what 'ncm811-chen2020' begins with
        heads = {name.partition("-")[0]: name for name in reversed(lookup)}
        match = [heads[head] for head in difflib.get_close_matches(wanted, heads, n=1, cutoff=0.7)]
    return lookup[match[0]] if match else None


def unknown_name(kind: str, value: str, names: Iterable[str], *, where: str | None = None) -> InputError:
    """Build the error for a name that is not in `names` (the caller raises it)."""
    known = sorted(names)
    return InputError(
        f"unknown {kind}",
        where=where,
        value=value,
        allowed=", ".join(known),
        nearest=nearest_name(value, known),
        next_step=f"use one of the names listed as the {kind}",
    )
