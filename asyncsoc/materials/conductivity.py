"""The separator's conductivity at the temperature of a protocol step."""

from __future__ import annotations

from asyncsoc.base.errors import InputError
from asyncsoc.materials.types import ElectrolyteParameters


def conductivity_at(electrolyte: ElectrolyteParameters, temperature: float, *, where: str) -> float:
    """Return the conductivity [S/m] at `temperature` [K].

    Parameters
    ----------
    where
        What asks for that temperature, `protocol.temperature` or a protocol step, for the message.

    Raises
    ------
    InputError
        The conductivity is not known at that temperature.
    """
    try:
        return float(electrolyte.conductivity(temperature))
    except InputError as error:
        raise InputError(
            error.what, where=where, value=error.value, allowed=error.allowed, next_step=error.next_step
        ) from None
