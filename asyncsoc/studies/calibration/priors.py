"""What is known of a constant before a fit: a Gaussian of its value, or of its logarithm."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import to_si

_LINEAR = re.compile(r"^(?P<mean>.+?)\s*(?:\+-|±|\+/-)\s*(?P<deviation>.+)$")
_FACTOR = re.compile(r"^(?P<mean>.+?)\s*\*/\s*(?P<factor>.+)$")
_ALLOWED = "MEAN+-DEVIATION such as '0.3+-0.05', or MEAN*/FACTOR such as '1e-14*/2'"


@dataclass(frozen=True)
class Prior:
    """A Gaussian prior.

    Attributes
    ----------
    mean
        Of the value [SI]; the median where logarithmic.
    deviation
        Standard deviation [SI]; that of the natural logarithm where logarithmic.
    logarithmic
        Whether the logarithm of the value is what has a Gaussian.
    """

    mean: float
    deviation: float
    logarithmic: bool

    def __post_init__(self) -> None:
        """Refuse a deviation that is not positive, and a logarithm of what has none."""
        if not (math.isfinite(self.deviation) and self.deviation > 0.0):
            raise InputError("the width of a prior must be positive", where="prior", value=self.deviation)
        if self.logarithmic and self.mean <= 0.0:
            raise InputError("a prior by factors needs a mean above 0", where="prior", value=self.mean)

    def residual(self, value: float) -> float:
        """Return how many standard deviations a value [SI] is from the mean."""
        if self.logarithmic:
            return math.log(value / self.mean) / self.deviation
        return (value - self.mean) / self.deviation

    def slope(self, value: float) -> float:
        """Return the derivative of the residual by the value [1/SI]."""
        return 1.0 / (self.deviation * value) if self.logarithmic else 1.0 / self.deviation


def parse_prior(text: str, unit: str, *, where: str) -> Prior:
    """Return the prior that a text says.

    Parameters
    ----------
    text
        'MEAN+-DEVIATION' (also with a plus-minus sign): the value has a Gaussian. 'MEAN*/FACTOR': its logarithm has
        one, with the standard deviation ln FACTOR. With or without units.
    unit
        Of the constant, SI.
    where
        For messages.

    Raises
    ------
    InputError
        Neither form, a unit of another dimension, a deviation that is not positive, a factor that is not above 1.
    """
    match = _FACTOR.match(text.strip())
    if match is not None:
        factor = to_si(_plain(match["factor"]), "", where=where)
        if factor <= 1.0:
            raise InputError("the factor of a prior must be above 1", where=where, value=text, allowed=_ALLOWED)
        mean = to_si(_plain(match["mean"]), unit, where=where)
        if mean <= 0.0:
            raise InputError("a prior by factors needs a mean above 0", where=where, value=text, allowed=_ALLOWED)
        return Prior(mean, math.log(factor), True)
    match = _LINEAR.match(text.strip())
    if match is None:
        raise InputError("not a prior", where=where, value=text, allowed=_ALLOWED)
    mean, deviation = (to_si(_plain(match[name]), unit, where=where) for name in ("mean", "deviation"))
    if deviation <= 0.0:
        raise InputError("the width of a prior must be positive", where=where, value=text, allowed=_ALLOWED)
    return Prior(mean, deviation, False)


def _plain(text: str) -> float | str:
    """Return a bare number as a number: it is in SI."""
    try:
        return float(text)
    except ValueError:
        return text
