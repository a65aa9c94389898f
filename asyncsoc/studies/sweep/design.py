"""The design of a sweep: the product of its dimensions, each the values of one key or rows of several keys."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from asyncsoc.base.errors import InputError
from asyncsoc.studies.sweep.axes import Axis, Range, parse_vary, replicas
from asyncsoc.studies.sweep.case_tables import read_table
from asyncsoc.studies.sweep.given import GivenTable
from asyncsoc.studies.sweep.keys import ELECTRODE_SEED, SEED, Value
from asyncsoc.studies.sweep.sampling import parse_sample, sample

LARGEST = 10_000_000
SAMPLE = "sample"
ROW = "row"


@dataclass(frozen=True)
class Dimension:
    """One dimension of a sweep.

    Attributes
    ----------
    name
        The key of an axis; "sample" or "row" where several keys change together.
    keys
        The keys that change along it.
    rows
        Their values, one tuple per place.
    """

    name: str
    keys: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    @classmethod
    def of(cls, axis: Axis) -> Self:
        """Return the dimension of one key."""
        return cls(axis.key, (axis.key,), tuple((value,) for value in axis.values))


@dataclass(frozen=True)
class Design:
    """The cases of a sweep, numbered from 0 with the last dimension running fastest."""

    dimensions: tuple[Dimension, ...]

    def __post_init__(self) -> None:
        keys = [key for dimension in self.dimensions for key in dimension.keys]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise InputError("a key is varied twice", where="--vary", value=twice, next_step="vary it once")
        if len(self) > LARGEST:
            raise InputError(
                "too many cases", where="--vary", value=len(self), allowed=f"at most {LARGEST}", next_step="sample"
            )

    def __len__(self) -> int:
        """Return the number of cases."""
        return math.prod(self.shape)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of places along each dimension."""
        return tuple(len(dimension.rows) for dimension in self.dimensions)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that is varied."""
        return tuple(key for dimension in self.dimensions for key in dimension.keys)

    def values(self, number: int) -> dict[str, Value]:
        """Return the values of the varied keys in case `number`."""
        found: list[tuple[tuple[str, ...], tuple[Value, ...]]] = []
        for dimension in reversed(self.dimensions):
            number, place = divmod(number, len(dimension.rows))
            found.append((dimension.keys, dimension.rows[place]))
        return {key: value for keys, row in reversed(found) for key, value in zip(keys, row, strict=True)}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "dimensions": [
                {"name": d.name, "keys": list(d.keys), "rows": [list(map(_plain, row)) for row in d.rows]}
                for d in self.dimensions
            ]
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the design from the data that `to_dict` returned."""
        return cls(
            tuple(
                Dimension(d["name"], tuple(d["keys"]), tuple(tuple(map(_hashable, row)) for row in d["rows"]))
                for d in data["dimensions"]
            )
        )


@dataclass(frozen=True)
class DesignOptions:
    """Description of a design, as by the options of the command line.

    Attributes
    ----------
    vary
        "KEY=..." texts.
    sample
        "lhs:N", "sobol:N" or "halton:N" for ranges without a number of values, else None.
    replicas
        Layouts of a random contact, or random draws of an electrode's particles, by seed; None leaves the case's own.
    table
        A CSV or parquet file, a case per row and a key per column.
    seed
        Of the sample.
    """

    vary: Sequence[str] = ()
    sample: str | None = None
    replicas: int | None = None
    table: str | None = None
    seed: int = 0


def make_design(options: DesignOptions, base: Mapping[str, Any]) -> Design:
    """Return the design that `options` describes over the case in the raw keys `base`.

    Raises
    ------
    InputError
        Nothing is varied, an axis is wrong, or ranges and the sampling scheme do not go together.
    """
    given = [parse_vary(text, base) for text in options.vary]
    dimensions: list[Dimension] = []
    if options.table is not None:
        dimensions.append(Dimension(ROW, *read_table(options.table, base)))
    ranges = [item for item in given if isinstance(item, Range)]
    if ranges:
        dimensions.append(_sampled(ranges, options))
    elif options.sample is not None:
        raise InputError(
            "there is nothing to sample", where="--sample", value=options.sample, allowed="a range: --vary KEY=low:high"
        )
    dimensions += [Dimension.of(item) for item in given if isinstance(item, Axis)]
    if options.replicas is not None:
        dimensions.append(Dimension.of(_replicas(options.replicas, base)))
    if not dimensions:
        raise InputError(
            "nothing is varied", where="--vary", next_step="add --vary contact.coverage=0.1:1:10, or --table FILE"
        )
    return Design(tuple(dimensions))


def _plain(value: Value) -> Any:
    return value.to_dict() if isinstance(value, GivenTable) else value


def _hashable(value: Any) -> Value:
    if isinstance(value, dict):
        return GivenTable.of(value["content"], value["label"])
    return tuple(value) if isinstance(value, list) else value


def _sampled(ranges: Sequence[Range], options: DesignOptions) -> Dimension:
    if options.sample is None:
        raise InputError(
            "a range without a number of values is sampled",
            where=f"--vary {ranges[0].key}",
            allowed="KEY=low:high:n, or KEY=low:high with --sample lhs:N, sobol:N or halton:N",
        )
    scheme, count = parse_sample(options.sample)
    return Dimension(SAMPLE, tuple(item.key for item in ranges), sample(ranges, scheme, count, options.seed))


def _replicas(count: int, base: Mapping[str, Any]) -> Axis:
    electrode = base.get("electrode")
    if isinstance(electrode, Mapping) and electrode.get("sampling") == "random":
        return replicas(count, ELECTRODE_SEED)
    contact = base.get("contact")
    kind = contact.get("kind") if isinstance(contact, Mapping) else None
    if kind != "random":
        raise InputError(
            "only a random contact, or particles drawn at random, can be repeated",
            where="--replicas",
            value=count,
            next_step=f"set contact.kind = 'random' and contact.n, or leave --replicas out ({SEED} is its seed)",
        )
    return replicas(count)
