"""Sobol sensitivity indices of a sweep's results (SALib): which parameter drives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import EnvironmentProblem, InputError, nearest_name
from asyncsoc.studies.sweep.axes import Axis, Range, parse_vary
from asyncsoc.studies.sweep.design import SAMPLE, Design, Dimension
from asyncsoc.studies.sweep.load import LoadedRecords
from asyncsoc.studies.sweep.plan import Plan
from asyncsoc.studies.sweep.record import AT_HALF
from asyncsoc.studies.sweep.sampling import placed

Array = NDArray[np.float64]
EXTRA = "sobol"
QUANTITIES = (
    AT_HALF,
    "Largest asynchrony",
    "Final risk max",
    "Final dose against full coverage",
    "Largest specific capacity [mA.h/g]",
)
"""Headline numbers that are analyzed where a sweep has them."""
_FEWEST = 8
"""Samples from which indices mean anything at all."""


@dataclass(frozen=True)
class Indices:
    """Sobol indices of one headline number.

    Attributes
    ----------
    quantity
        The headline number.
    keys
        Parameters.
    first, total : (d,)
        Share of the variance a parameter has by itself, and with all that it takes part in.
    first_half_width, total_half_width : (d,)
        Half widths of their 95 % bootstrap intervals.
    samples, all_samples
        Base samples used, and those of the design: a sample with a case that has no value is left out.
    mean, deviation
        Of the headline number over all cases used.
    """

    quantity: str
    keys: tuple[str, ...]
    first: Array
    total: Array
    first_half_width: Array
    total_half_width: Array
    samples: int
    mean: float
    deviation: float
    all_samples: int = 0


def sobol_design(vary: Sequence[str], base: Mapping[str, Any], samples: int, seed: int) -> Design:
    """Return Saltelli's design over ranges: samples (d + 2) cases.

    Raises
    ------
    InputError
        Fewer than two ranges, an axis instead of a range, or a number of samples that is no power of two.
    EnvironmentProblem
        SALib is not installed.
    """
    given = [parse_vary(text, base) for text in vary]
    for item in given:
        if isinstance(item, Axis):
            raise InputError(
                "sensitivities need ranges", where=f"--vary {item.key}", allowed="KEY=low:high or KEY=low:high:log"
            )
    ranges = [item for item in given if isinstance(item, Range)]
    if len(ranges) < 2:
        raise InputError("sensitivities need at least two ranges", where="--vary", value=len(ranges))
    if samples < _FEWEST or samples & (samples - 1):
        raise InputError(
            "Sobol points are balanced only in powers of two",
            where="--samples",
            value=samples,
            allowed="8, 16, 32, ...",
        )
    _, sampler = _salib()
    points = np.asarray(sampler.sample(_problem(len(ranges)), samples, calc_second_order=False, seed=seed))
    keys = tuple(item.key for item in ranges)
    return Design((Dimension(SAMPLE, keys, placed(ranges, points)),))


def sobol_indices(plan: Plan, loaded: LoadedRecords, quantities: Sequence[str] = (), *, seed: int = 0) -> list[Indices]:
    """Return the Sobol indices of headline numbers of a sweep with a design of `sobol_design`.

    Parameters
    ----------
    plan
        The sweep.
    loaded
        Its headline numbers.
    quantities
        Names; none takes those of `QUANTITIES` that a case of the sweep has.
    seed
        Of the bootstrap.

    Raises
    ------
    InputError
        Not such a sweep, an unknown quantity, or too few cases were carried out.
    EnvironmentProblem
        SALib is not installed.
    """
    if EXTRA not in plan.extra:
        raise InputError("this sweep was not made for sensitivities", next_step="asyncsoc sweep sobol CASE.toml ...")
    for name in quantities:
        if name not in loaded.numbers:
            raise InputError(
                "no such headline number",
                where="--quantity",
                value=name,
                allowed=", ".join(loaded.numbers),
                nearest=nearest_name(name, loaded.numbers),
            )
    reached = {name for name, values in loaded.numbers.items() if np.isfinite(values).any()}
    chosen = list(quantities) or [name for name in QUANTITIES if name in reached]
    return [_indices(plan, name, loaded.numbers[name], seed) for name in chosen]


def _indices(plan: Plan, name: str, values: Array, seed: int) -> Indices:
    keys = plan.design.dimensions[0].keys
    blocks = values.reshape(-1, len(keys) + 2)
    whole = blocks[np.isfinite(blocks).all(axis=1)]
    if len(whole) < _FEWEST:
        raise InputError(
            f"too few cases were carried out to say what drives {name!r}",
            where="sweep sobol",
            value=f"{len(whole)} of {len(blocks)} samples are complete",
            next_step="narrow the ranges, so that the protocol can be carried out over all of them",
        )
    deviation = float(whole.std())
    if not deviation > 1e-12 * abs(float(whole.mean())):
        nothing = np.zeros(len(keys))
        return Indices(
            name, keys, nothing, nothing, nothing, nothing, len(whole), float(whole.mean()), deviation, len(blocks)
        )
    analyzer, _ = _salib()
    with np.errstate(all="ignore"):
        found = analyzer.analyze(_problem(len(keys)), whole.ravel(), calc_second_order=False, seed=seed)
    first, total, first_half, total_half = (np.asarray(found[k]) for k in ("S1", "ST", "S1_conf", "ST_conf"))
    return Indices(
        name, keys, first, total, first_half, total_half, len(whole), float(whole.mean()), deviation, len(blocks)
    )


def _problem(count: int) -> dict[str, Any]:
    return {"num_vars": count, "names": [f"p{k}" for k in range(count)], "bounds": [[0.0, 1.0]] * count}


def _salib() -> tuple[Any, Any]:
    try:
        from SALib.analyze import sobol as analyzer
        from SALib.sample import sobol as sampler
    except ModuleNotFoundError as error:
        raise EnvironmentProblem("SALib is not installed", next_step="pip install 'asyncsoc[sweep]'") from error
    return analyzer, sampler
