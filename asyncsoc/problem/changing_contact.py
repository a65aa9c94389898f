"""A contact whose coverage changes: its areas at the start of each protocol step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from asyncsoc.contact.change import Change
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import frozen

_ROUNDED = 6
"""Digits after the point of a time [s]: a run that is resumed adds its times up in another order."""


@dataclass(frozen=True, eq=False)
class ChangingContact:
    """What a contact is at the start of a protocol step; it stays so until the step ends.

    Attributes
    ----------
    change
        The law or table of its coverage.
    start
        The contact with which the run begins.
    moved
        `moved(coverage)` returns the contact whose edge encloses a coverage; None where every place loses alike.
    """

    change: Change
    start: ContactMap
    moved: Callable[[float], ContactMap] | None = None

    def share(self, cycle: int, time: float) -> float:
        """Return the coverage over the one at the start in a protocol step of `cycle` that begins at `time` [s]."""
        return self.change.share(cycle, round(time, _ROUNDED))

    def at(self, cycle: int, time: float) -> ContactMap:
        """Return the contact in a protocol step of `cycle` that begins at `time` [s]."""
        return self._with(self.share(cycle, time))

    def _with(self, share: float) -> ContactMap:
        if share == 1.0:
            return self.start
        if self.moved is not None:
            return self.moved(min(self.start.coverage_asked * share, 1.0))
        return self.start.thinned(share)

    @cached_property
    def nodes(self) -> NDArray[np.int64]:
        """Mesh nodes of the contact at any coverage the change can give, ascending."""
        widest = self._with(max(self.change.range[1], 1.0))
        return frozen(np.flatnonzero((widest.weights > 0.0) | (self.start.weights > 0.0)), np.int64)
