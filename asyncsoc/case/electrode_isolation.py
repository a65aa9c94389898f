"""Particles of an electrode that lose their contact to the others while it is cycled: what a description may say."""

from __future__ import annotations

import math
from collections.abc import Sequence

from asyncsoc.base.errors import InputError

KEY = "electrode.isolated_from_cycle"


def isolation_problem(cycle: int | None, share: float | None, listed: Sequence[float | str]) -> InputError | None:
    """Return what is wrong about the cycle from which particles are isolated; None where it is fine.

    Parameters
    ----------
    cycle
        As the case gives it.
    share
        `electrode.contact_resistance.share_isolated`.
    listed
        Contact resistances of a table; infinite, or a word for it, of a particle that is isolated.
    """
    if cycle is None:
        return None
    if cycle < 2:
        return InputError(
            "a particle that loses its contact had one before",
            where=KEY,
            value=cycle,
            allowed="2 or more: the first cycle without it",
            next_step="leave it out where the particles are isolated from the start",
        )
    if share is None and not any(isinstance(one, str) or math.isinf(one) for one in listed):
        return InputError(
            "no particle of the electrode is isolated",
            where=KEY,
            value=cycle,
            allowed="with electrode.contact_resistance.share_isolated, or isolated particles in the table",
            next_step="say which share is isolated, or leave the cycle out",
        )
    return None


def first_cycle_problem(cycle: int, count: int) -> InputError | None:
    """Return what is wrong where a protocol of so many cycles does not have the cycle; None where it has."""
    if cycle <= count:
        return None
    return InputError(
        "the protocol does not have the cycle from which particles are isolated",
        where=KEY,
        value=cycle,
        allowed=f"2 to {count}" if count > 1 else "a protocol of several cycles",
        next_step="write the protocol as [[protocol.cycle]], or name another cycle",
    )
