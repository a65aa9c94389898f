"""`asyncsoc.sweep`: a sweep called from Python, its results as a data set."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from asyncsoc.base.errors import EnvironmentProblem, InputError, InterruptedRunError
from asyncsoc.base.notices import AsyncsocWarning
from asyncsoc.case.case import Case
from asyncsoc.simulation.results.provenance import cores
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.sweep.export import DATASET, DEFAULT_POINTS, TABLE, columns_of, write_records, write_table
from asyncsoc.studies.sweep.load import LoadedRecords, SweepArchive, load_records
from asyncsoc.studies.sweep.measures import Measure, named_measures
from asyncsoc.studies.sweep.plan import KEEPS, MANIFEST, Keep, Plan, check_kinetics, raw_keys
from asyncsoc.studies.sweep.progress import ProgressCallback
from asyncsoc.studies.sweep.python_design import GRID, given_design
from asyncsoc.studies.sweep.record import MEASURES
from asyncsoc.studies.sweep.resample import AXES
from asyncsoc.studies.sweep.run import SweepOptions, run_sweep

if TYPE_CHECKING:
    import xarray as xr


class SweepWarning(AsyncsocWarning):
    """Cases of a sweep failed, or have no value of an own measure."""


def sweep(
    case: Case | str | Path,
    vary: Mapping[Any, Any],
    *,
    measures: Mapping[str, Measure] | Sequence[Callable[[Solution], Any]] | None = None,
    design: str = GRID,
    n: int | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    resume: bool = False,
    workers: int | None = None,
    keep: Keep = "curves",
    axis: str = "time",
    points: int = DEFAULT_POINTS,
    progress: ProgressCallback | None = None,
) -> xr.Dataset:
    """Run cases that differ in some keys, and return their results as a data set.

    It runs the plan and keeps the records of `asyncsoc sweep`: the data set is the `sweep.nc` of that command.

    Parameters
    ----------
    case
        The base case, or a case file.
    vary
        Key -> values: ``{"contact.coverage": [0.1, 0.3], "protocol.rate": ["C/10", "C/2"]}`` is a grid with a dimension
        per key. A tuple of keys -> rows of values is one dimension, "key+key", along which they change together. Values
        are what the key takes in a case: numbers in SI or texts with units, and where the case takes them files, arrays
        and functions. A section ("contact", "material", "protocol", ...) takes objects, in a list or by name:
        ``{"contact": {"cap": Contact.cap(0.3), "six": Contact.patches(0.3, n=6)}}``.
    measures
        Own functions of a `Solution` that give a number, by name or in a list; beside the headline numbers that every
        sweep records. They get the solution that `simulate` returns.
    design
        "grid"; or "sobol", "halton" or "lhs" (Latin hypercube) of scipy.stats.qmc: then a tuple (low, high) or
        (low, high, "log") is a range, all ranges are sampled together along the dimension "case", and lists are
        combined with the sample.
    n, seed
        Points of the sample, a power of two for "sobol"; its seed.
    folder
        Keep records, table and data set there, as the command does. None keeps nothing.
    resume
        Leave alone what is recorded in `folder`, and run the rest.
    workers
        Number of worker processes, which may die alone and use no memory of this one; None runs in this process, on all
        cores. Own measures are evaluated in this process only.
    keep
        "summary": headline numbers and ends of steps; "curves" as well; "fields" a result file per case as well.
    axis, points
        Common axis of the curves ("time", "soc" or "capacity"), and its number of points.
    progress
        Called with a `SweepStatus` whenever cases are recorded.

    Returns
    -------
    xarray.Dataset
        Headline numbers and own measures over the dimensions, values at the ends of steps over "step" too, curves over
        the common axis too. `status` says how each case ended. What could not be measured is NaN and counted in the
        attribute "cases without value"; failed cases and own measures without values are warned of.

    Raises
    ------
    InputError
        A key, value, measure or option is wrong: nothing has been run, unless a measure is found to be wrong later.
    InterruptedRunError
        Ctrl-C; with `folder` what was recorded is kept.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "contact": {"kind": "full"},
    ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
    ... })
    >>> found = aso.sweep(case, {"protocol.rate": ["C/10", "C/5"]})
    >>> dict(found.sizes)["protocol.rate"], found["status"].values.tolist()
    (2, [0, 0])
    >>> frame = found[["Final voltage [V]"]].to_dataframe()
    """
    own = _measures(measures, vary, workers)
    if keep not in KEEPS:
        raise InputError("unknown choice", where="keep", value=keep, allowed=", ".join(KEEPS))
    if axis not in AXES:
        raise InputError("unknown axis", where="axis", value=axis, allowed=", ".join(AXES))
    if folder is None and (resume or keep == "fields"):
        what = "resume" if resume else "keep"
        raise InputError("this needs a folder", where=what, next_step="name one: folder='my-sweep'")
    plan = _plan(case, vary, design, n, seed, keep)
    place = tempfile.TemporaryDirectory(prefix="asyncsoc-sweep-") if folder is None else nullcontext(str(folder))
    with place as name:
        here = Path(name)
        if resume:
            _check_measured(here, own)
        options = SweepOptions(workers, 1 if workers else cores(), resume=resume, here=workers is None, measures=own)
        result = _run(plan, here, options, progress, kept=folder is not None)
        if result is not None:
            raise result
        archive = SweepArchive.open(here)
        loaded = load_records(archive, AXES[axis])
        if folder is not None:
            write_table(here, TABLE, columns_of(archive.plan.design, loaded, archive.records_index))
        write_records(archive, loaded, axis, points)
        _warn(archive, loaded, own)
        return _opened(here / DATASET).set_coords(plan.design.keys)


def _measures(given: Any, vary: Any, workers: int | None) -> dict[str, Measure]:
    keys = [key for keys in vary for key in (keys if isinstance(keys, tuple) else (keys,))] if vary else []
    own = named_measures(given, map(str, keys))
    if own and workers is not None:
        raise InputError(
            "own measures are evaluated in this process, not in workers", where="workers", value=workers,
            next_step="leave workers out: the cases are spread over all cores either way",
        )  # fmt: skip
    return own


def _plan(case: Any, vary: Any, design: str, n: int | None, seed: int, keep: Keep) -> Plan:
    if not isinstance(case, Case | str | Path):
        raise InputError("a sweep varies a case", where="case", value=type(case).__name__, allowed="a Case, or a file")
    base = raw_keys(case)
    chosen = given_design(vary, base, design, n, seed)
    if isinstance(case, Case):
        check_kinetics(chosen, case.kinetics.model)
    return Plan(str(base["name"]), base, chosen, keep)


def _run(
    plan: Plan, folder: Path, options: SweepOptions, progress: ProgressCallback | None, *, kept: bool
) -> InterruptedRunError | None:
    """Run the cases; return how the user stopped them, None where they came to their end."""
    rest = "go on with resume=True" if kept else "name a folder to keep what is recorded: folder='my-sweep'"
    try:
        result = run_sweep(plan, folder, options, progress=progress)
    except InterruptedRunError as error:
        return InterruptedRunError(f"the sweep was interrupted: {error.what}", next_step=rest)
    if result.signal is None:
        return None
    counts = result.counts
    return InterruptedRunError(
        f"the sweep was interrupted with {counts.open} of {counts.total} cases to go", next_step=rest
    )


def _check_measured(folder: Path, own: Mapping[str, Measure]) -> None:
    """Refuse to resume a sweep whose records lack an own measure."""
    if not own or not (folder / MANIFEST).is_file():
        return
    for _, record in SweepArchive.open(folder).records():
        lacking = [] if record is None or record.error else [m for m in own if m not in record.facts.get(MEASURES, {})]
        if lacking:
            raise InputError(
                f"the records in this folder lack the measure {lacking[0]!r}", where=str(folder),
                next_step="leave resume out, and all cases are run again",
            )  # fmt: skip


def _warn(archive: SweepArchive, loaded: LoadedRecords, own: Mapping[str, Measure]) -> None:
    """Say what could not be carried out and what could not be measured."""
    failed = np.flatnonzero(loaded.status != 0)
    if len(failed):
        number = int(failed[0])
        record = archive.record(number)
        values = ", ".join(f"{key}={value}" for key, value in archive.plan.design.values(number).items())
        reason = "it is not recorded" if record is None else record.error or "unknown"
        warnings.warn(
            f"{len(failed)} of {loaded.count} cases could not be carried out; the first, {values}: {reason}",
            SweepWarning,
            stacklevel=3,
        )
    for name in own:
        values_found = loaded.numbers.get(name, np.full(loaded.count, np.nan))
        without = int((~np.isfinite(values_found[loaded.status == 0])).sum())
        if without:
            warnings.warn(
                f"measure {name!r} has no value in {without} of {loaded.count} cases that were carried out: "
                f"{loaded.unmeasured.get(name, '')}",
                SweepWarning,
                stacklevel=3,
            )


def _opened(path: Path) -> xr.Dataset:
    import xarray as xr

    try:
        with xr.open_dataset(path, engine="h5netcdf") as data:
            loaded: xr.Dataset = data.load()
    except ModuleNotFoundError as error:
        raise EnvironmentProblem("the data set needs h5netcdf", next_step="pip install h5netcdf") from error
    loaded.encoding = {}
    for variable in loaded.variables.values():
        variable.encoding = {}
    return loaded
