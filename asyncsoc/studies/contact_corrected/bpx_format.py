"""The contact-corrected model as a file of the Battery Parameter eXchange standard (BPX 1.1), written and read.

The positive electrode is a layer one particle thick, each particle in a cube of its diameter: a thickness and a surface
per volume are demanded by the standard, and the model knows nothing of a porous electrode. `Surface area per unit
volume` is that of whole spheres, because programs take the amount of active material from it; the uncovered share is in
the reaction rate constant. Under `User-defined` the standard allows numbers, tables and descriptions only.
"""

from __future__ import annotations

import math
import warnings
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import write_text
from asyncsoc.base.plain_data import to_document
from asyncsoc.materials.importing.json_file import read_json_file

if TYPE_CHECKING:
    from asyncsoc.studies.contact_corrected.model import ContactCorrectedModel

SECTION = "asyncsoc contact-corrected model"
_VERSION = 1
_TITLE = "Contact-corrected positive electrode: "
_CASE = "case SHA-256 "
_NUMBERS = {
    "Particle radius [m]": "radius",
    "Contact area of a particle [m2]": "contact_area",
    "Maximum concentration [mol.m-3]": "maximum_concentration",
    "Temperature [K]": "temperature",
    "Film resistance per contact area [Ohm.m2]": "film_resistance",
    "Capacity of a particle [C]": "capacity",
    "Single diffusivity factor": "single_factor",
    "Single reaction rate constant [mol.m-2.s-1]": "single_rate_constant",
    "Stated error, root mean square [V]": "error",
    "Stated error, largest [V]": "largest_error",
    "Stated error with a single diffusivity, root mean square [V]": "single_error",
}
_RANGES = {
    "rate [h-1]": "rates",
    "rate with a single diffusivity [h-1]": "single_rates",
    "particle potential [V]": "voltages",
}
_TABLES = {
    "Open-circuit potential [V]": "potential",
    "Diffusivity [m2.s-1]": "diffusivity",
    "Exchange-current density per contact area [A.m-2]": "exchange_current_density",
}
_FACTOR = "Logarithm of the diffusivity factor against r/R"
_CHECKS = {"Error [V]": "rms", "Largest error [V]": "largest", "Error with a single diffusivity [V]": "single_rms"}


def bpx_document(model: ContactCorrectedModel) -> dict[str, Any]:
    """Return the model as the data of a BPX 1.1 file."""
    from asyncsoc import __version__

    low, high = (model.stoichiometry(one) for one in reversed(model.voltages))
    x = model.x.tolist()
    filling = math.pi / 6.0
    positive = {
        "Thickness [m]": 2.0 * model.radius,
        "Minimum stoichiometry": low,
        "Maximum stoichiometry": high,
        "Maximum concentration [mol.m-3]": model.maximum_concentration,
        "Particle radius [m]": model.radius,
        "Surface area per unit volume [m-1]": 3.0 * filling / model.radius,
        "Diffusivity [m2.s-1]": {"x": x, "y": (model.single_factor * model.diffusivity).tolist()},
        "OCP [V]": {"x": x, "y": model.potential.tolist()},
        "Reaction rate constant [mol.m-2.s-1]": model.single_rate_constant,
    }
    return {
        "Header": {
            "BPX": "1.1.0",
            "Title": f"{_TITLE}{model.name}",
            "Description": (
                f"A particle covered over {100.0 * model.utilisation:.4g} % of its surface, as a sphere, at "
                f"{model.temperature:g} K, by asyncsoc {__version__}, {_CASE}{model.case_sha256}. The fields of the "
                f"standard hold one diffusivity factor at every radius ({_words(model, 'single')}). With the factor "
                f"that depends on the radius, under User-defined: {_words(model, 'radial')}. Each over particle "
                f"potentials from {model.voltages[0]:.4g} to {model.voltages[1]:.4g} V. Thickness and surface per "
                "volume are those of a layer of spheres, each in a cube of its diameter; the uncovered share of the "
                "surface is in the reaction rate constant."
            ),
            "Model": "Partial",
        },
        "Parameterisation": {"Positive electrode": positive, "User-defined": {SECTION: _all_of(model)}},
    }


def _words(model: ContactCorrectedModel, diffusion: str) -> str:
    rates, error = (model.rates, model.error) if diffusion == "radial" else (model.single_rates, model.single_error)
    if rates[1] <= 0.0:
        return "not within the tolerance at any rate"
    return f"at most {1e3 * error:.3g} mV (root mean square) from {rates[0]:.4g} C to {rates[1]:.4g} C"


def _all_of(model: ContactCorrectedModel) -> dict[str, Any]:
    found: dict[str, Any] = {
        "description": (
            "U, D and i0 are those of the material, i0 per contact area. The sphere's diffusivity is D(x) exp(s(r/R)); "
            "its exchange-current density is i0 times contact area over 4 pi R2."
        ),
        "Version": _VERSION,
        _FACTOR: {"x": model.knots.tolist(), "y": model.log_factor.tolist()},
    }
    found |= {name: float(getattr(model, key)) for name, key in _NUMBERS.items()}
    for name, key in _RANGES.items():
        found |= {f"{end} {name}": float(value) for end, value in zip(_ENDS, getattr(model, key), strict=True)}
    found |= {name: {"x": model.x.tolist(), "y": getattr(model, key).tolist()} for name, key in _TABLES.items()}
    for direction in ("charge", "discharge"):
        rows = [one for one in model.checks if one.direction == direction]
        rates = [one.rate for one in rows]
        found[f"Fitted, {direction}"] = {"x": rates, "y": [float(one.fitted) for one in rows]}
        for name, key in _CHECKS.items():
            found[f"{name}, {direction}"] = {"x": rates, "y": [getattr(one, key) for one in rows]}
    return found


_ENDS = ("Lowest", "Highest")


def write_model(model: ContactCorrectedModel, path: Path) -> Path:
    """Write the model and return the path; see `ContactCorrectedModel.to_bpx`.

    Raises
    ------
    InputError
        The file cannot be written there, or does not end in ".json".
    """
    if path.suffix != ".json":
        raise InputError("a BPX file is JSON", where=str(path), allowed="a file that ends in .json")
    document = bpx_document(model)
    _validate(document)
    write_text(path, to_document(document) + "\n", "the model cannot be written")
    return path


def _validate(document: dict[str, Any]) -> None:
    """Have the standard's reference implementation look at the data, where it is installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what it imports
        try:
            import bpx
        except ModuleNotFoundError:
            return
        bpx.parse_bpx_obj(deepcopy(document))  # it writes into what it is given


def read_fields(path: Path) -> dict[str, Any]:
    """Return the attributes of the model in a file, its checks as mappings; see `ContactCorrectedModel.from_bpx`.

    Raises
    ------
    InputError
        The file is missing, or holds no such model.
    """
    document, _ = read_json_file(path)
    try:
        header = document["Header"]
        held = document["Parameterisation"]["User-defined"][SECTION]
        if held["Version"] != _VERSION:
            raise ValueError(f"version {held['Version']}")
        tables = {key: np.array(held[name]["y"], dtype=np.float64) for name, key in _TABLES.items()}
        checks: list[dict[str, Any]] = []
        for direction in ("charge", "discharge"):
            rows = {key: held[f"{name}, {direction}"]["y"] for name, key in _CHECKS.items()}
            fitted = held[f"Fitted, {direction}"]
            for k, rate in enumerate(fitted["x"]):
                values = {key: float(row[k]) for key, row in rows.items()}
                checks.append({"rate": float(rate), "direction": direction, "fitted": bool(fitted["y"][k]), **values})
        return {
            "name": str(header["Title"]).removeprefix(_TITLE),
            "case_sha256": str(header["Description"]).split(_CASE)[1].split(".")[0],
            "x": np.array(held["Open-circuit potential [V]"]["x"], dtype=np.float64),
            "knots": np.array(held[_FACTOR]["x"], dtype=np.float64),
            "log_factor": np.array(held[_FACTOR]["y"], dtype=np.float64),
            "checks": sorted(checks, key=lambda one: (one["rate"], one["direction"])),
            **{key: float(held[name]) for name, key in _NUMBERS.items()},
            **{key: tuple(float(held[f"{end} {name}"]) for end in _ENDS) for name, key in _RANGES.items()},
            **tables,
        }
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            "the file holds no contact-corrected model",
            where=str(path),
            value=f"{type(error).__name__}: {error}"[:100],
            allowed="a BPX file that `asyncsoc export pybamm` wrote",
            next_step="aso.import_bpx reads the positive electrode of any BPX file",
        ) from error
