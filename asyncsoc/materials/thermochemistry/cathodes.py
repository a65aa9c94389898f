"""Which host a cathode's parameter set stands for: its equilibrium voltage curve, without assumed kinetic terms."""

from __future__ import annotations

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.materials.registry import SHORT_CATHODE_NAMES, cathode, cathode_names
from asyncsoc.materials.thermochemistry.host import Host, host
from asyncsoc.materials.types import Cathode


def at_equilibrium(material: Cathode) -> Cathode:
    """Return the set whose U(x) is an equilibrium: the one given, without its term for the end of a discharge.

    The term would add thousands of electron volts to the integral of U up to x = 1.
    """
    return material if material.equilibrium is None else material.equilibrium


def cathode_host(material: Cathode, *, where: str = "material.name") -> Host:
    """Return the host of a cathode, on the voltage curve of `at_equilibrium`.

    Parameters
    ----------
    material
        The cathode.
    where
        What names it, for the message.

    Raises
    ------
    InputError
        The set gives no energy of formation, or its curve is not finite or leaves 0 to 6 V on [0, 1].
    """
    if material.lithiated is None:
        raise InputError(
            "no reaction energies are known with this cathode: its set gives no energy of formation",
            where=where,
            value=material.name,
            allowed="a cathode whose set gives `lithiated`",
            next_step="for a run, give side_reaction.energies of your own or set side_reaction.mode = 'off'",
        )
    pure = at_equilibrium(material)
    return host(pure.name, pure.open_circuit_potential, material.lithiated(), validity=pure.validity)


def named_host(name: str, *, where: str = "cathode") -> Host:
    """Return the host of the parameter set called `name`, or by a short name; raises InputError."""
    full = SHORT_CATHODE_NAMES.get(name.lower(), name)
    if full not in cathode_names():
        raise unknown_name("cathode", name, (*SHORT_CATHODE_NAMES, *cathode_names()), where=where)
    return cathode_host(cathode(full), where=where)
