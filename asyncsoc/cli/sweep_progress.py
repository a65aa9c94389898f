"""The progress bar of a sweep: cases done and failed, rate, time left; on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from asyncsoc.cli.console import is_terminal
from asyncsoc.cli.progress import duration
from asyncsoc.studies.sweep.progress import ProgressCallback, SweepStatus


@contextmanager
def sweep_bar(*, quiet: bool) -> Iterator[ProgressCallback | None]:
    """Give a listener that draws done, failed, rate and time left on stderr; None where nobody looks at it."""
    if quiet or not is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting workers", total=None)

        def progress(status: SweepStatus) -> None:
            counts = status.counts
            settled = counts.total - counts.open
            text = f"{settled} of {counts.total}, "
            text += f"{status.rate:.3g} per s" if status.ran else "starting"
            failed = counts.failed + counts.quarantined
            if failed:
                text += f", {failed} failed"
            if status.seconds_left is not None:
                text += f", {duration(status.seconds_left)} left"
            bar.update(task, total=counts.total, completed=settled, description=text)

        yield progress
