"""A fit described in TOML: measurements with their cases and options, constants with ranges and priors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.case.case import Case
from asyncsoc.case.reading import read_toml
from asyncsoc.studies.calibration.constants import FitConstant, parse_constant
from asyncsoc.studies.calibration.losses import check_loss
from asyncsoc.studies.calibration.measurement import Measurement

_TOP = ("case", "loss", "profiles", "data", "constants")
_DATA = ("file", "case", "name", "set", "steps", "error", "weights", "step")
_CONSTANT = ("key", "range", "prior", "data")


@dataclass(frozen=True, eq=False)
class FitDescription:
    """What a fit file asks for.

    Attributes
    ----------
    measurements, constants
        What to fit to, and what to fit.
    loss, profiles
        As of `calibrate`.
    """

    measurements: tuple[Measurement, ...]
    constants: tuple[FitConstant, ...]
    loss: str
    profiles: bool


def is_fit_file(path: Path) -> bool:
    """Return whether a TOML file has the tables of a fit; one that cannot be read counts as a case."""
    try:
        return "data" in read_toml(path)
    except InputError:
        return False


def read_fit_file(path: Path, overrides: list[str] | None = None) -> FitDescription:
    """Return the fit that a TOML file describes.

    Parameters
    ----------
    path
        The file. Names of files in it are looked for beside it.
    overrides
        Keys set in every case, after those of the file.

    Raises
    ------
    InputError
        The file is no TOML or has unknown or missing keys, values of wrong types, or names files that cannot be used.
    """
    tables = read_toml(path)
    _known(tables, _TOP, str(path))
    data = _tables(tables, "data", path)
    constants = _tables(tables, "constants", path)
    loss = _text(tables, "loss", str(path)) or "linear"
    check_loss(loss, where=f"{path}, loss")
    profiles = tables.get("profiles", False)
    if not isinstance(profiles, bool):
        raise InputError("wrong type: expected true or false", where=f"{path}, profiles", value=profiles)
    folder, shared = path.parent, _text(tables, "case", str(path))
    return FitDescription(
        tuple(_measurement(one, k, path, folder, shared, overrides or []) for k, one in enumerate(data, start=1)),
        tuple(_constant(one, k, path) for k, one in enumerate(constants, start=1)),
        loss,
        profiles,
    )


def _measurement(
    keys: Mapping[str, Any], number: int, path: Path, folder: Path, shared: str | None, overrides: list[str]
) -> Measurement:
    where = f"{path}, data {number}"
    _known(keys, _DATA, where)
    file, own = _text(keys, "file", where), _text(keys, "case", where) or shared
    if file is None or own is None:
        missing = "file" if file is None else "case"
        raise InputError(
            f"the measurement has no {missing}", where=where,
            next_step='file = "voltage.csv"' if file is None else 'case = "case.toml", here or at the top of the file',
        )  # fmt: skip
    changes = [f"{key}={_plain(value)}" for key, value in _changes(keys, where).items()]
    step = keys.get("step")
    return Measurement.of(
        Case.from_toml(folder / own, [*changes, *overrides]),
        folder / file,
        name=_text(keys, "name", where),
        error=keys.get("error"),
        weights=_text(keys, "weights", where) or "points",
        step=step,
    )


def _changes(keys: Mapping[str, Any], where: str) -> dict[str, Any]:
    changes = keys.get("set", {})
    if not isinstance(changes, Mapping):
        raise InputError(
            "wrong type: expected a table", where=f"{where}, set", value=changes,
            allowed='set = { "protocol.temperature" = "40 degC" }',
        )  # fmt: skip
    found = _dotted(changes)
    if "steps" in keys:
        found["protocol.steps"] = keys["steps"]
    return found


def _dotted(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return SECTION.KEY -> value, whether keys were quoted or not."""
    found: dict[str, Any] = {}
    for key, value in changes.items():
        if isinstance(value, Mapping):
            found |= {f"{key}.{inner}": one for inner, one in value.items()}
        else:
            found[key] = value
    return found


def _constant(keys: Mapping[str, Any], number: int, path: Path) -> FitConstant:
    where = f"{path}, constants {number}"
    _known(keys, _CONSTANT, where)
    key = _text(keys, "key", where)
    if key is None:
        raise InputError("the constant has no key", where=where, next_step='key = "material.diffusivity_factor"')
    span, data = keys.get("range"), keys.get("data", [])
    if span is not None and (not isinstance(span, list) or len(span) != 2):
        raise InputError("not a range", where=f"{where}, range", value=span, allowed="[lowest, highest]")
    data = [data] if isinstance(data, str) else data
    if not isinstance(data, list) or not all(isinstance(one, str) for one in data):
        raise InputError("wrong type: expected names of measurements", where=f"{where}, data", value=data)
    belongs = f"@{'+'.join(data)}" if data else ""
    text = f"{key}{belongs}" if span is None else f"{key}{belongs}={span[0]}:{span[1]}"
    return parse_constant(text, _text(keys, "prior", where))


def _tables(tables: Mapping[str, Any], name: str, path: Path) -> list[Mapping[str, Any]]:
    found = tables.get(name, [])
    if not isinstance(found, list) or not found or not all(isinstance(one, Mapping) for one in found):
        raise InputError(
            f"a fit needs its {name}", where=str(path), value=found or None,
            allowed=f"one or more tables [[{name}]]",
        )  # fmt: skip
    return found


def _text(keys: Mapping[str, Any], name: str, where: str) -> str | None:
    value = keys.get(name)
    if value is not None and not isinstance(value, str):
        raise InputError("wrong type: expected a string", where=f"{where}, {name}", value=value)
    return value


def _known(keys: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in keys:
        if key not in known:
            raise InputError(
                f"unknown key '{key}'", where=where, allowed=", ".join(known), nearest=nearest_name(key, known)
            )


def _plain(value: Any) -> str:
    """Return a TOML value as an override writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(list(value)) if isinstance(value, list) else str(value)
