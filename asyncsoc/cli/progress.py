"""The progress bar of a run: simulated time, step, voltage, time left; on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from asyncsoc.cli.console import is_terminal, note

if TYPE_CHECKING:
    from asyncsoc.case.case import Case

_PREPARING = "preparing"


class Report(Protocol):
    """What a run tells while it goes on."""

    @property
    def time(self) -> float:
        """Simulated time [s]."""

    @property
    def step(self) -> int:
        """Protocol step, from 1."""

    @property
    def n_steps(self) -> int:
        """Number of protocol steps."""

    @property
    def voltage(self) -> float:
        """V."""

    @property
    def fraction(self) -> float:
        """Share done, in [0, 1]."""


@contextmanager
def progress_bar(
    *, quiet: bool, groups: bool = False, solid: bool = False, conductors: bool = False, salt: bool = False
) -> Iterator[Callable[[Report], None] | None]:
    """Give a callback that draws a run's bar on stderr; None where nobody looks at it.

    Other kernels are compiled for particles that share a potential (`groups`), on meshes of solids (`solid`), with
    resistances between them (`conductors`), and with the salt of their electrolyte (`salt`).
    """
    begin = _beginning(quiet=quiet, groups=groups, iterative=solid, conductors=conductors, salt=salt)
    with _bar(quiet=quiet, begin=begin) as update:
        yield None if update is None else lambda report: update(report.fraction, describe(report))


@contextmanager
def counting_bar(
    *, quiet: bool, runs: bool = False, solid: bool = False
) -> Iterator[Callable[[int, int, str], None] | None]:
    """Give a callback (done, all, what comes next) that draws a bar on stderr; None where nobody looks at it.

    `runs` says that particles are charged, for which the kernels may have to be compiled first, and `solid` that they
    are on meshes of solids.
    """
    with _bar(quiet=quiet, begin=_beginning(quiet=quiet, iterative=solid) if runs else _PREPARING) as update:
        yield None if update is None else lambda done, total, title: update(done / max(total, 1), title)


def _beginning(*, quiet: bool, **form: bool) -> str:
    """Return what a bar says before anything is done, and tell those without a bar if that takes its time."""
    from asyncsoc.base.kernel_cache import COMPILING, COMPILING_SALT, still_to_compile

    if quiet or not still_to_compile(**form):
        return _PREPARING
    text = COMPILING_SALT if form.get("salt") else COMPILING
    if not is_terminal(sys.stderr):
        note(text)
    return text


def tell_compiling(
    *, quiet: bool = False, groups: bool = False, solid: bool = False, conductors: bool = False, salt: bool = False
) -> None:
    """Say so on stderr where the kernels are compiled before anything else happens; the forms of `progress_bar`."""
    from asyncsoc.base.kernel_cache import COMPILING, COMPILING_SALT, still_to_compile

    if not quiet and still_to_compile(groups=groups, iterative=solid, conductors=conductors, salt=salt):
        note(COMPILING_SALT if salt else COMPILING)


def kernels_of(case: Case) -> dict[str, bool]:
    """Return which kernels a case needs, as `progress_bar` takes it."""
    electrode = case.electrode
    return {
        "groups": electrode.described,
        "solid": case.model == "3d" or electrode.measured,
        "conductors": electrode.has_resistances,
        "salt": electrode.salt == "concentrated",
    }


@contextmanager
def _bar(*, quiet: bool, begin: str) -> Iterator[Callable[[float, str], None] | None]:
    if quiet or not is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.description}", markup=False))
    left = (TimeRemainingColumn(), TextColumn("left"))
    with Progress(*columns, *left, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(begin, total=1.0)
        yield lambda fraction, text: bar.update(task, completed=fraction, description=text)


def describe(report: Report) -> str:
    """Return where a run stands, in one line."""
    return f"{duration(report.time)} simulated, step {report.step} of {report.n_steps}, {report.voltage:.3f} V"


def duration(seconds: float) -> str:
    """Return a duration as a person reads it."""
    if seconds < 120.0:
        return f"{seconds:.1f} s"
    return f"{seconds / 60.0:.1f} min" if seconds < 7200.0 else f"{seconds / 3600.0:.2f} h"
