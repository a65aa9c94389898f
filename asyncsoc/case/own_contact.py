"""Contacts that a user gives as arrays, as a case holds them: on the surface of a mesh, or as a map of directions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import model_validator

from asyncsoc.base.csv_tables import Column, read_csv_table
from asyncsoc.base.errors import InputError
from asyncsoc.base.hashing import sha256_of
from asyncsoc.base.packed import packed, unpacked
from asyncsoc.case import fields
from asyncsoc.case.fields import refusal
from asyncsoc.case.patch import AngleIn
from asyncsoc.case.section import Section
from asyncsoc.geometry.mesh import frozen

Array = NDArray[np.float64]

LONGEST_TEXT = 750_000
"""Characters of an array in a case: a case file may have a million."""
_MOST_CELLS = 250_000
_DEGREE = np.pi / 180.0
_ANGLES = (("deg", _DEGREE), ("rad", 1.0), ("", 1.0))
_COLUMNS = (
    Column("theta", ("theta",), "", -1e-9, np.pi + 1e-9, scales=_ANGLES),
    Column("phi", ("phi",), "", -2.0 * np.pi - 1e-9, 2.0 * np.pi + 1e-9, scales=_ANGLES),
    Column("weight", ("weight", "weights"), "", 0.0, 1.0),
)


class FacetWeights(Section):
    """Weights in [0, 1] of the corners of a surface's facets, with the mesh they belong to.

    Attributes
    ----------
    mesh
        Name of the built-in mesh, or SHA-256 of the particle's own; None: the mesh of the case, if it has as many
        facets.
    facets
        Number of facets.
    sha256
        Of the numbers.
    data
        The numbers, packed: one for each facet, or one for each of its three corners, in the order of the facets.
    """

    mesh: str | None = None
    facets: fields.WholeNumber
    sha256: str | None = None
    data: str

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return "contact.weights"

    @model_validator(mode="before")
    @classmethod
    def _from_file_or_array(cls, given: Any) -> Any:
        keys = dict(given) if isinstance(given, Mapping) else {"values": given}
        if "file" in keys or isinstance(keys.get("values"), str | Path):
            from asyncsoc.geometry.surface_arrays import read_surface_array

            file = keys.pop("file", None) or keys["values"]
            try:
                keys["values"] = read_surface_array(str(file))
            except InputError as error:
                error.where = f"contact.weights, {error.where}"
                raise refusal(error) from None
        if "values" not in keys:
            return keys
        try:
            return {**{key: keys[key] for key in keys if key != "values"}, **array_keys(keys["values"])}
        except InputError as error:
            raise refusal(error) from None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        try:
            found = sha256_of(self.values)
        except InputError as error:
            raise refusal(error) from None
        if self.sha256 not in (None, found):
            raise refusal(
                InputError(
                    "the weights are not those this case was made with",
                    where="contact.weights.sha256",
                    value=found,
                    allowed=str(self.sha256),
                    next_step="make the contact again, or remove sha256",
                )
            )
        if self.sha256 is None:
            object.__setattr__(self, "sha256", found)
        return self

    @property
    def values(self) -> Array:
        """The corners' weights: (facets, 3)."""
        return _corners(self.data, self.facets)

    @property
    def mean(self) -> float:
        """Mean weight: the coverage where all facets are equally large."""
        return float(self.values.mean())


@lru_cache(maxsize=8)
def _corners(data: str, facets: int) -> Array:
    """Return the numbers in a text as corners' weights (facets, 3), checked."""
    where = "contact.weights.data"
    try:
        flat = unpacked(data, 3 * facets, where=where)
    except InputError:
        flat = np.repeat(unpacked(data, facets, where=where), 3)
    check_weights(flat, where)
    return frozen(flat.reshape(facets, 3), np.float64)


@lru_cache(maxsize=8)
def _grid(data: str, rows: int, columns: int) -> Array:
    """Return the numbers in a text as a map (rows, columns), checked."""
    flat = unpacked(data, rows * columns, where="contact.map.weight")
    check_weights(flat, "contact.map.weight")
    return frozen(flat.reshape(rows, columns), np.float64)


def check_weights(values: Array, where: str) -> None:
    """Refuse weights that are not finite numbers in [0, 1], or all 0.

    Raises
    ------
    InputError
        With the first that is wrong.
    """
    bad = ~((values >= 0.0) & (values <= 1.0))
    if bad.any():
        raise InputError(
            "a weight is outside [0, 1]",
            where=where,
            value=float(values[np.argmax(bad)]),
            allowed="0 (bare) to 1 (in contact), finite",
        )
    if not values.any():
        raise InputError("nothing is in contact: all weights are 0", where=where, allowed="a weight above 0")


def array_keys(values: ArrayLike) -> dict[str, Any]:
    """Return the keys of `FacetWeights` for an array (n,) of facets or (n, 3) of their corners.

    Raises
    ------
    InputError
        Another shape, a weight that is not finite or outside [0, 1], all 0, or too many.
    """
    where = "contact.weights"
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("the weights are not numbers", where=where, allowed="numbers in [0, 1]") from None
    if array.ndim not in (1, 2) or (array.ndim == 2 and array.shape[1] != 3) or not len(array):
        raise InputError(
            "the array of weights has another shape",
            where=where,
            value=array.shape,
            allowed="(n_facets,), or (n_facets, 3) for the corners",
        )
    check_weights(array.ravel(), where)
    if array.ndim == 2 and (array == array[:, :1]).all():
        array = array[:, 0]
    text = packed(array + 0.0)
    if len(text) > LONGEST_TEXT:
        raise InputError(
            "the array of weights is too large for a case",
            where=where,
            value=f"{len(array)} facets, {len(text)} characters packed",
            allowed=f"at most {LONGEST_TEXT} characters",
            next_step="keep it in the mesh file as a label: Particle.from_arrays(..., weights).saved(...), "
            "contact.kind = 'labels'",
        )
    return {"facets": len(array), "data": text}


class DirectionMap(Section):
    """Weights in [0, 1] over a grid of directions, as an image wrapped around the particle.

    Between the rows and columns of the grid the weight is bilinear; around the axis it goes on periodically, and beyond
    the first and last polar angle it is constant.

    Attributes
    ----------
    theta
        Polar angles from the z axis [rad], rising.
    phi
        Azimuths from the x axis [rad], rising, over less than a full turn.
    weight
        The weights packed, row by row: one row for each theta.
    """

    theta: tuple[float, ...]
    phi: tuple[float, ...]
    weight: str

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return "contact.map"

    @model_validator(mode="before")
    @classmethod
    def _from_file_or_arrays(cls, given: Any) -> Any:
        if isinstance(given, str | Path):
            return _grid_of(str(given))
        if not isinstance(given, Mapping):
            return given
        keys = dict(given)
        file = keys.pop("file", None)
        if file is not None:
            return {**_grid_of(str(file)), **keys}
        for name, limit in (("theta", AngleIn(0.0, np.pi)), ("phi", AngleIn(-2.0 * np.pi, 2.0 * np.pi))):
            if isinstance(keys.get(name), list | tuple | np.ndarray):
                keys[name] = tuple(limit.read(one) for one in np.asarray(keys[name]).ravel().tolist())
        if "weight" in keys and not isinstance(keys["weight"], str):
            try:
                weight = np.asarray(keys["weight"], dtype=np.float64)
            except (TypeError, ValueError):
                weight = np.zeros(0)
            shape = (len(keys.get("theta", ())), len(keys.get("phi", ())))
            if weight.shape != shape:
                raise refusal(
                    InputError(
                        "the weights of a map do not fit its angles",
                        where="contact.map.weight",
                        value=weight.shape,
                        allowed=f"{shape}: a row for each theta, a column for each phi",
                    )
                )
            keys["weight"] = packed(weight)
        return keys

    @model_validator(mode="after")
    def _sound(self) -> Self:
        where = self.section_name()
        try:
            for name, values in (("theta", self.theta), ("phi", self.phi)):
                if not values or any(b <= a for a, b in pairwise(values)):
                    raise InputError(f"{name} does not rise", where=f"{where}.{name}", value=values[:5])
            if self.phi[-1] - self.phi[0] >= 2.0 * np.pi * (1.0 - 1e-9):
                raise InputError(
                    "the azimuths go over more than a full turn",
                    where=f"{where}.phi",
                    value=f"{np.degrees(self.phi[-1] - self.phi[0]):.6g} deg",
                    allowed="less than 360 deg: the column at the end would be the first one again",
                    next_step="leave the last column out",
                )
            self.grid  # noqa: B018 - read once, kept, and refused here where it is wrong
        except InputError as error:
            raise refusal(error) from None
        return self

    @property
    def grid(self) -> Array:
        """The weights (thetas, phis)."""
        return _grid(self.weight, len(self.theta), len(self.phi))

    @property
    def mean(self) -> float:
        """Mean weight over the sphere, roughly."""
        share = np.sin(np.clip(np.asarray(self.theta), 1e-3, np.pi - 1e-3))
        return float(np.average(self.grid.mean(axis=1), weights=share))

    def __call__(self, directions: Array) -> Array:
        """Return the weights (n,) of unit vectors (n, 3)."""
        theta = np.arccos(np.clip(directions[:, 2], -1.0, 1.0))
        phi = np.arctan2(directions[:, 1], directions[:, 0])
        rows, columns = np.asarray(self.theta), np.asarray(self.phi)
        place = np.clip(np.interp(theta, rows, np.arange(float(len(rows)))), 0.0, len(rows) - 1.0)
        low = np.minimum(place.astype(np.int64), max(len(rows) - 2, 0))
        high, up = np.minimum(low + 1, len(rows) - 1), place - low
        turned = np.mod(phi - columns[0], 2.0 * np.pi)
        around = np.append(columns - columns[0], 2.0 * np.pi)
        left = np.clip(np.searchsorted(around, turned, side="right") - 1, 0, len(columns) - 1)
        right, along = (left + 1) % len(columns), (turned - around[left]) / (around[left + 1] - around[left])
        grid = self.grid
        near = (1.0 - along) * grid[low, left] + along * grid[low, right]
        far = (1.0 - along) * grid[high, left] + along * grid[high, right]
        return np.asarray(np.clip((1.0 - up) * near + up * far, 0.0, 1.0))


def _grid_of(file: str) -> dict[str, Any]:
    """Return the map in a CSV file of theta, phi, weight: every theta with every phi, in any order."""
    try:
        table = read_csv_table(
            file,
            _COLUMNS,
            layout="theta [deg], phi [deg], weight",
            required=("theta", "phi", "weight"),
            fewest=1,
            most=_MOST_CELLS,
        )
        theta, row = np.unique(table.columns["theta"], return_inverse=True)
        phi, column = np.unique(table.columns["phi"], return_inverse=True)
        grid = np.full((len(theta), len(phi)), np.nan)
        grid[row, column] = table.columns["weight"]
        if len(row) != grid.size or np.isnan(grid).any():
            raise InputError(
                "the directions are no grid",
                where=str(table.path),
                value=f"{len(row)} rows of {len(theta)} polar angles and {len(phi)} azimuths",
                allowed=f"{grid.size} rows: every theta with every phi, once",
            )
    except InputError as error:
        error.where = f"contact.map, {error.where}"
        raise refusal(error) from None
    return {
        "theta": tuple(np.clip(theta, 0.0, np.pi).tolist()),
        "phi": tuple(phi.tolist()),
        "weight": packed(grid),
    }
