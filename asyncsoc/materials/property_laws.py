"""Named laws for U(x), D(x, T) and i0(x, T): a name and its parameters, which a case holds as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, nearest_name, unknown_name
from asyncsoc.base.units import FARADAY, to_si
from asyncsoc.materials.functions import REFERENCE_TEMPERATURE, arrhenius
from asyncsoc.materials.property_kinds import PropertyKind

Array = NDArray[np.float64]
Value = float | tuple[float, ...]
_MOST_TERMS = 30
_CHECKED = 501
_LONGEST_SOURCE = 300


@dataclass(frozen=True)
class LawParameter:
    """A parameter of a named law.

    Attributes
    ----------
    unit
        Unit its dimension is checked against; what is read is SI.
    default
        Taken where a case gives none; None: required.
    listed
        Whether it is a list of numbers.
    low, high
        Allowed range in SI.
    """

    unit: str = ""
    default: Value | None = None
    listed: bool = False
    low: float = -1e30
    high: float = 1e30


@dataclass(frozen=True)
class LawKind:
    """A named law: what it computes from which parameters.

    Attributes
    ----------
    quantities
        Keys of the properties it may be a law of.
    formula
        As it is shown to users.
    parameters
        By key.
    evaluate
        (parameters, x, T) -> values in SI.
    """

    quantities: tuple[str, ...]
    formula: str
    parameters: Mapping[str, LawParameter]
    evaluate: Callable[[Mapping[str, Any], Array, float], Array]


def _arrhenius(p: Mapping[str, Any], x: Array, temperature: float) -> Array:
    return np.full_like(x, p["value"] * arrhenius(p["activation_energy"], temperature, p["reference_temperature"]))


def _butler_volmer(p: Mapping[str, Any], x: Array, temperature: float) -> Array:
    share = p["transfer_coefficient"]
    factor = FARADAY * p["rate_constant"] * arrhenius(p["activation_energy"], temperature, p["reference_temperature"])
    inside = np.clip(x, 0.0, 1.0)
    found: Array = factor * inside**share * (1.0 - inside) ** (1.0 - share)
    return found


def _log_polynomial(p: Mapping[str, Any], x: Array, temperature: float) -> Array:
    factor = arrhenius(p["activation_energy"], temperature, p["reference_temperature"])
    with np.errstate(over="ignore"):  # an infinite value is refused where the property is used
        found: Array = factor * 10.0 ** np.polynomial.polynomial.polyval(x, p["coefficients"])
    return found


def _polynomial(p: Mapping[str, Any], x: Array, temperature: float) -> Array:
    return np.asarray(np.polynomial.polynomial.polyval(x, p["coefficients"]), dtype=np.float64)


def _tanh_sum(p: Mapping[str, Any], x: Array, temperature: float) -> Array:
    found = p["constant"] + p["slope"] * x
    for amplitude, steepness, position in zip(p["amplitudes"], p["steepnesses"], p["positions"], strict=True):
        found = found + amplitude * np.tanh(steepness * (x - position))
    return np.asarray(found, dtype=np.float64)


_ACTIVATION = {
    "activation_energy": LawParameter("J/mol", 0.0, low=0.0, high=5e5),
    "reference_temperature": LawParameter("degC", REFERENCE_TEMPERATURE, low=200.0, high=500.0),
}
_COEFFICIENTS = LawParameter(listed=True)
LAWS: dict[str, LawKind] = {
    "arrhenius": LawKind(
        ("D", "i0"),
        "value exp(activation_energy/R (1/reference_temperature - 1/T)), at every x",
        {"value": LawParameter(), **_ACTIVATION},
        _arrhenius,
    ),
    "butler-volmer": LawKind(
        ("i0",),
        "F rate_constant x^a (1 - x)^(1 - a) with a = transfer_coefficient, times Arrhenius' factor",
        {
            "rate_constant": LawParameter("mol/m2/s", low=1e-20, high=1.0),
            "transfer_coefficient": LawParameter("", 0.5, low=0.01, high=0.99),
            **_ACTIVATION,
        },
        _butler_volmer,
    ),
    "log10-polynomial": LawKind(
        ("D", "i0"),
        "10^(c0 + c1 x + c2 x^2 + ...) in SI with c = coefficients, times Arrhenius' factor",
        {"coefficients": _COEFFICIENTS, **_ACTIVATION},
        _log_polynomial,
    ),
    "polynomial": LawKind(
        ("U",), "c0 + c1 x + c2 x^2 + ... in V with c = coefficients", {"coefficients": _COEFFICIENTS}, _polynomial
    ),
    "tanh-sum": LawKind(
        ("U",),
        "constant + slope x + sum of amplitude tanh(steepness (x - position))",
        {
            "constant": LawParameter("V"),
            "slope": LawParameter("V", 0.0),
            "amplitudes": LawParameter("V", listed=True),
            "steepnesses": LawParameter(listed=True),
            "positions": LawParameter(listed=True),
        },
        _tanh_sum,
    ),
}
"""Every named law. A law is added here; nothing in a case file is executed."""


@dataclass(frozen=True)
class PropertyLaw:
    """A named law with its parameters, as a property of (x, T).

    Attributes
    ----------
    quantity
        What it is a law of.
    name
        One of `LAWS`.
    parameters
        (key, value in SI), in the order the law declares them; lists as tuples.
    source
        Where the numbers are from, for lists of parameters.
    """

    quantity: PropertyKind
    name: str
    parameters: tuple[tuple[str, Value], ...]
    source: str = ""

    def __call__(self, x: Array, temperature: float = REFERENCE_TEMPERATURE) -> Array:
        """Return the property at stoichiometries `x` and a temperature [K], in SI."""
        return LAWS[self.name].evaluate(dict(self.parameters), np.asarray(x, dtype=np.float64), temperature)

    def to_mapping(self) -> dict[str, Any]:
        """Return the law as plain data, as a case keeps it."""
        values = {key: list(value) if isinstance(value, tuple) else value for key, value in self.parameters}
        return {"law": self.name, **values, **({"source": self.source} if self.source else {})}

    @property
    def shown(self) -> str:
        """The law in one line, for lists of parameters."""
        values = ", ".join(f"{key} = {_shown(value)}" for key, value in self.parameters)
        return f"{LAWS[self.name].formula}; {values}"


def _shown(value: Value) -> str:
    return f"[{', '.join(f'{one:g}' for one in value)}]" if isinstance(value, tuple) else f"{value:g}"


def law_names(quantity: PropertyKind) -> tuple[str, ...]:
    """Return the names of the laws that a property may have."""
    return tuple(name for name, kind in LAWS.items() if quantity.key in kind.quantities)


def law_from_mapping(keys: Mapping[str, Any], quantity: PropertyKind, *, where: str = "") -> PropertyLaw:
    """Return the law in a mapping: {"law": "arrhenius", "value": "4e-15 m2/s", "activation_energy": "30 kJ/mol"}.

    Raises
    ------
    InputError
        An unknown law, one of another property, a parameter that is missing, unknown, of another dimension or out of
        range.
    """
    names = law_names(quantity)
    name = keys["law"]
    if not isinstance(name, str) or name not in names:
        if not names:
            raise InputError(f"there is no named law for {quantity.title}", where=where, allowed="a number or a table")
        raise unknown_name(f"law of the {quantity.title}", str(name), names, where=where or None)
    kind = LAWS[name]
    allowed = (*kind.parameters, "source")
    for key in keys:
        if key not in (*allowed, "law"):
            raise InputError(
                f"the law '{name}' has no parameter '{key}'",
                where=where,
                allowed=", ".join(allowed),
                nearest=nearest_name(str(key), allowed),
            )
    values = []
    for key, one in kind.parameters.items():
        given = keys.get(key, one.default)
        if given is None:
            raise InputError(
                f"the law '{name}' lacks its parameter '{key}'",
                where=where,
                allowed=f"{kind.formula}",
                next_step=f"add {key}" + (f" [{one.unit}]" if one.unit else ""),
            )
        declared = LawParameter(quantity.unit, low=quantity.low, high=quantity.high) if key == "value" else one
        values.append((key, _parameter(given, declared, f"{where}.{key}" if where else key)))
    lengths = {len(value) for key, value in values if isinstance(value, tuple)}
    if len(lengths) > 1:
        raise InputError(
            f"the lists of the law '{name}' have different lengths",
            where=where,
            value=sorted(lengths),
            allowed="one length",
        )
    source = keys.get("source", "")
    if not isinstance(source, str):
        raise InputError("the source of a law is text", where=where, value=source)
    return PropertyLaw(quantity, name, tuple(values), source[:_LONGEST_SOURCE])


def require_in_range(law: PropertyLaw, window: tuple[float, float], where: str) -> None:
    """Refuse a law whose values leave the property's range at 25 degC, as a table's would be.

    Raises
    ------
    InputError
        With the first place in the window of stoichiometries.
    """
    x = np.linspace(*window, _CHECKED)
    values, kind = law(x), law.quantity
    bad = ~((values >= kind.low) & (values <= kind.high))
    if np.any(bad):
        k = int(np.argmax(bad))
        raise InputError(
            f"the {kind.title} is out of range at x = {x[k]:.6g}",
            where=where,
            value=float(values[k]),
            allowed=f"{kind.low:g} to {kind.high:g} {kind.unit} from x = {x[0]:g} to {x[-1]:g}",
            next_step="check the law's parameters and their units",
        )


def _parameter(given: Any, one: LawParameter, where: str) -> Value:
    if one.listed:
        if isinstance(given, str) or not hasattr(given, "__len__") or not 1 <= len(given) <= _MOST_TERMS:
            raise InputError(
                "the parameter is a list of numbers", where=where, value=given, allowed=f"1 to {_MOST_TERMS} numbers"
            )
        return tuple(_number(value, one, where) for value in given)
    return _number(given, one, where)


def _number(given: Any, one: LawParameter, where: str) -> float:
    plain = given.item() if isinstance(given, np.generic) else given
    value = to_si(plain, one.unit, where=where)
    if not one.low <= value <= one.high:
        raise InputError(
            "out of range",
            where=where,
            value=given,
            allowed=f"{one.low:g} to {one.high:g} {'K' if one.unit == 'degC' else one.unit}".rstrip(),
            next_step=f"write '{given:g} degC'" if one.unit == "degC" and isinstance(plain, int | float) else None,
        )
    return value + 0.0
