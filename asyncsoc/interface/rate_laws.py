"""The rate laws there are. To add one: its file in `interface.laws`, and its class here.

The list is static, since the compiled choice among the laws is made of it: one registered while a program runs would
not be in the kernels that are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import make_dataclass

import numpy as np

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.interface.constants import Constant, constants_of, listed_constants
from asyncsoc.interface.kinetics import InterfaceKinetics, RateLaw, UniformFlux, inverse_thermal_voltage
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer
from asyncsoc.interface.laws.linear import Linear
from asyncsoc.interface.laws.marcus_hush_chidsey import MarcusHushChidsey
from asyncsoc.materials.types import Parameter

RATE_LAWS: tuple[type[RateLaw], ...] = (
    ButlerVolmer,
    Linear,
    MarcusHushChidsey,
)

NO_RATE_LAW = 0
"""Number of an imposed flux; rate laws are numbered from 1 on."""

RateParameters = make_dataclass(
    "RateParameters",
    [
        ("kinetics", "int"),
        ("imposed_flux", "int"),
        ("f", "float"),
        *((name, "float") for law in RATE_LAWS for name in law.in_kernel),
    ],
)
"""What the kernels read of a particle's kinetics: number of its rate law, whether its flux is imposed, F/(R T) [1/V]
or, which is the same, 1/(kB T) [1/eV], and the numbers of all laws."""

_KINDS: tuple[type[InterfaceKinetics], ...] = (*RATE_LAWS, UniformFlux)
_BY_NAME = {kind.name: kind for kind in _KINDS}


def rate_law_names() -> tuple[str, ...]:
    """Return the names of the rate laws in case files."""
    return tuple(law.name for law in RATE_LAWS)


def kinetics_names() -> tuple[str, ...]:
    """Return what `kinetics.model` of a case may be."""
    return tuple(_BY_NAME)


def kinetics_named(name: str, *, where: str = "kinetics.model") -> type[InterfaceKinetics]:
    """Return the rate law, or the imposed flux, of a name.

    Raises
    ------
    InputError
        An unknown name.
    """
    if name not in _BY_NAME:
        raise unknown_name("kinetics model", name, _BY_NAME, where=where)
    return _BY_NAME[name]


def has_no_effect(key: str, name: str) -> str | None:
    """Return that a rate law's parameter is not read under the kinetics `name`, None where it is or is not one."""
    law = kinetics_named(name)
    owners = [other.name for other in RATE_LAWS if key in {one.key for one in constants_of(other).values()}]
    if not owners or law.name in owners:
        return None
    return f"{key} has no effect with {law.name} kinetics: it is a parameter of {' and '.join(owners)}"


def rate_constants() -> Mapping[str, Constant]:
    """Return the parameters of all rate laws by their keys in a case."""
    return {constant.key: constant for law in RATE_LAWS for constant in constants_of(law).values()}


def listed_parameters() -> tuple[Parameter, ...]:
    """Return every parameter of every rate law at its default, with unit, source and mark."""
    return tuple(parameter for law in RATE_LAWS for parameter in listed_constants(law()))


def number_of(kinetics: InterfaceKinetics) -> int:
    """Return the number by which the kernels know a rate law, `NO_RATE_LAW` for an imposed flux.

    Raises
    ------
    InputError
        A rate law that is not in the list, and so not in the compiled kernels.
    """
    if isinstance(kinetics, InterfaceKinetics) and kinetics.imposes_flux:
        return NO_RATE_LAW
    numbers: dict[type[InterfaceKinetics], int] = {law: number for number, law in enumerate(RATE_LAWS, NO_RATE_LAW + 1)}
    if type(kinetics) not in numbers:
        raise InputError(
            "the compiled kernels do not know this rate law",
            where="Particle.kinetics",
            value=kinetics,
            allowed=", ".join(kind.__name__ for kind in _KINDS),
            next_step="add its class to RATE_LAWS in asyncsoc/interface/rate_laws.py",
        )
    return numbers[type(kinetics)]


def load_kinetics(row: np.void, kinetics: InterfaceKinetics, temperature: float) -> None:
    """Write what the kernels read of a particle's kinetics at a temperature [K] into its row."""
    row["kinetics"], row["imposed_flux"] = number_of(kinetics), int(kinetics.imposes_flux)
    row["f"] = inverse_thermal_voltage(temperature)
    for name, value in kinetics.kernel_numbers(temperature).items():
        row[name] = value
