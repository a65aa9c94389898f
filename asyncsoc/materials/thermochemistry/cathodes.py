"""Which host a cathode's parameter set stands for: its equilibrium voltage curve, without assumed kinetic terms."""

from __future__ import annotations

from asyncsoc.base.errors import unknown_name
from asyncsoc.materials.registry import DEFAULT_CATHODE, cathode, cathode_names
from asyncsoc.materials.thermochemistry.host import Host, host
from asyncsoc.materials.types import Cathode

ALIASES = {"ncm811": DEFAULT_CATHODE}
"""Short names, beside those of the parameter sets."""
_PURE = "-pure"


def cathode_host(material: Cathode) -> Host:
    """Return the host of a cathode.

    A set whose curve carries an assumed end-of-discharge term (a kinetic loss, not an equilibrium) stands for its pure
    fit: the term would add thousands of electron volts to the integral of U up to x = 1.

    Raises
    ------
    InputError
        The curve is not finite or leaves 0 to 6 V on [0, 1] and no pure fit of it is known.
    """
    known = cathode_names()
    pure = material.name + _PURE
    if pure in known and cathode(material.name).open_circuit_potential is material.open_circuit_potential:
        material = cathode(pure)
    return host(material.name, material.open_circuit_potential, validity=material.validity)


def named_host(name: str, *, where: str = "cathode") -> Host:
    """Return the host of the parameter set called `name`, or of 'ncm811': the default set; raises InputError."""
    full = ALIASES.get(name.lower(), name)
    if full not in cathode_names():
        raise unknown_name("cathode", name, (*ALIASES, *cathode_names()), where=where)
    return cathode_host(cathode(full))
