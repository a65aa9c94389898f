"""All constants of the side reaction and its film: keys of a case, what may be fitted, and the kernels' record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import make_dataclass
from types import MappingProxyType
from typing import Any

from asyncsoc.interface.constants import Constant, constants_of, defaults_of, kernel_numbers
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
        (name, "float")
        for name in (
            "side_first",
            "side_inverse_spacing",
            "shift",
            *(constant.in_kernel[0] for constant in CONSTANTS.values() if constant.in_kernel is not None),
        )
    ],
    frozen=True,
)
"""What the kernels read of a particle's side reaction and film.

    o = scale exp[(side_alpha phi - beta E(x) + shift)/(kB T)] / (1 + d inverse_limit),  dd/dt = growth o,
    R_film = R_0 + d resistivity,  open share = 1 - d inverse_block

`side_first` and `side_inverse_spacing` are the grid of the table of E(x) [eV/atom], `shift` is beta E_ref - alpha U_ox
[eV]; the others are the constants as declared, or their inverses.
"""


def side_reaction_parameters(
    first: float, inverse_spacing: float, constants: DecompositionConstants, film: FilmConstants
) -> Any:
    """Return what the kernels read of a side reaction, the grid of its table of reaction energies given."""
    numbers = {**kernel_numbers(constants), **kernel_numbers(film)}
    return SideReactionParameters(
        side_first=first, side_inverse_spacing=inverse_spacing, shift=constants.shift, **numbers
    )


def constants_from(declaring: type, given: Mapping[str, Any]) -> dict[str, float]:
    """Return the values of a declaring dataclass's fields among values by the keys of a case, those that are given."""
    return {
        name: given[constant.key]
        for name, constant in constants_of(declaring).items()
        if given.get(constant.key) is not None
    }
