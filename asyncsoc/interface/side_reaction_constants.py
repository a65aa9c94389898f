"""All constants of the side reaction and its film: keys of a case, what may be fitted, and the kernels' record."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field, make_dataclass
from types import MappingProxyType
from typing import Any

from asyncsoc.base.errors import InputError
from asyncsoc.interface.constants import Constant, constants_of, defaults_of, inverse, kernel_numbers
from asyncsoc.interface.decomposition_constants import DecompositionConstants
from asyncsoc.interface.film import FilmConstants

_DECLARING = (DecompositionConstants, FilmConstants)

CONSTANTS: Mapping[str, Constant] = MappingProxyType(
    {constant.key: constant for declaring in _DECLARING for constant in constants_of(declaring).values()}
)
"""The constants by their keys in a case."""

DEFAULTS: Mapping[str, float] = MappingProxyType(
    {key: value for declaring in _DECLARING for key, value in defaults_of(declaring).items()}
)
"""Their defaults by the same keys."""

SideReactionParameters = make_dataclass(
    "SideReactionParameters",
    [
        *(
            (name, "float")
            for name in (
                "side_first",
                "side_inverse_spacing",
                "shift",
                *(constant.in_kernel[0] for constant in CONSTANTS.values() if constant.in_kernel is not None),
            )
        ),
        ("exhausts", "float", field(default=0.0)),
    ],
    frozen=True,
)
"""What the kernels read of a particle's side reaction and film.

    o = scale exp[(side_alpha phi - beta E(x) + shift)/(kB T)] / (1 + d inverse_limit),  dd/dt = growth o,
    R_film = R_0 + d resistivity,  open share = 1 - d inverse_block

`side_first` and `side_inverse_spacing` are the grid of the table of E(x) [eV/atom], `shift` is beta E_ref - alpha U_ox
[eV]; the others are the constants as declared, or their inverses. Where `exhausts` is 1, a finite amount reacts:
`inverse_limit` is 1/(v q) then, and 1 - d inverse_limit is what is left (`interface.finite_amount`).
"""


def side_reaction_parameters(
    first: float, inverse_spacing: float, constants: DecompositionConstants, film: FilmConstants
) -> Any:
    """Return what the kernels read of a side reaction, the grid of its table of reaction energies given.

    Raises
    ------
    InputError
        A film that slows its own growth and a finite amount that is consumed, both: the kernels know one of them.
    """
    check_one_limit(constants.limiting_thickness, film.available_charge)
    numbers = {**kernel_numbers(constants), **kernel_numbers(film)}
    if math.isfinite(film.available_charge):
        numbers |= {"exhausts": 1.0, "inverse_limit": inverse(film.last_film)}
    return SideReactionParameters(
        side_first=first, side_inverse_spacing=inverse_spacing, shift=constants.shift, **numbers
    )


def check_one_limit(limiting_thickness: float | None, available_charge: float | None) -> None:
    """Refuse both limits of the reaction together with an InputError; None and infinity are no limit."""
    given = [one is not None and math.isfinite(one) for one in (limiting_thickness, available_charge)]
    if all(given):
        raise InputError(
            "limiting_thickness and available_charge exclude each other",
            where="side_reaction.available_charge",
            value=available_charge,
            next_step="remove one of them: a film that slows its own growth, or an amount that runs out",
        )


def constants_from(declaring: type, given: Mapping[str, Any]) -> dict[str, float]:
    """Return the values of a declaring dataclass's fields among values by the keys of a case, those that are given."""
    return {
        name: given[constant.key]
        for name, constant in constants_of(declaring).items()
        if given.get(constant.key) is not None
    }
