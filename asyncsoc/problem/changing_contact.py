"""A contact whose coverage changes: its areas at the start of each protocol step, and when they are set anew in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from asyncsoc.contact.change import Change
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import frozen

LARGEST_CHANGE = 0.01
"""Change of the coverage, over what it is, after which the areas are set anew within a protocol step."""
SHORTEST = 1.0
"""s; the areas are not set anew more often."""
_ROUNDED = 6
"""Digits after the point of a time [s]: a run that is resumed adds its times up in another order."""
_SAME_TIME = 1e-4
_HALVINGS = 60


@dataclass(frozen=True, eq=False)
class ChangingContact:
    """What a contact is at the start of a protocol step, and at the times within it when its areas are set anew.

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
        """Return the coverage over the one at the start, of a protocol step of `cycle`, at `time` [s]."""
        return self.change.share(cycle, round(time, _ROUNDED))

    def at(self, cycle: int, time: float) -> ContactMap:
        """Return the contact that is set in a protocol step of `cycle` at `time` [s]."""
        return self._with(self.share(cycle, time))

    def next_time(self, cycle: int, time: float) -> float:
        """Return when a contact set at `time` [s] is set anew: where its coverage is off by `LARGEST_CHANGE`."""
        return _next_time(self, cycle, time)

    def _found_next(self, cycle: int, time: float) -> float:
        first = self.share(cycle, time)

        def off(when: float) -> bool:
            return abs(self.share(cycle, when) - first) > LARGEST_CHANGE * first

        low = time
        for bend in self.change.bends:
            if bend <= low:
                continue
            if off(bend):
                high = bend
                for _ in range(_HALVINGS):
                    middle = 0.5 * (low + high)
                    low, high = (low, middle) if off(middle) else (middle, high)
                return round(max(high, time + SHORTEST), _ROUNDED)
            low = bend
        return math.inf

    def in_force(self, cycle: int, start: float, time: float) -> ContactMap:
        """Return the contact at `time` [s] of a protocol step of `cycle` that began at `start` [s]."""
        return self.at(cycle, set_last([self], cycle, start, time)[0])

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


@lru_cache(maxsize=16384)
def _next_time(contact: ChangingContact, cycle: int, time: float) -> float:
    """Return `contact.next_time`, worked out once: every later time of a step asks for all before it."""
    return contact._found_next(cycle, time)


def set_last(contacts: list[ChangingContact], cycle: int, start: float, time: float) -> tuple[float, float]:
    """Return when contacts that are set together were set last at `time` [s], and when they are set next.

    The times follow from the start of the protocol step alone: a run that is resumed finds the same.
    """
    last = round(start, _ROUNDED)
    while True:
        following = min(one.next_time(cycle, last) for one in contacts)
        if following > time + _SAME_TIME:
            return last, following
        last = following
