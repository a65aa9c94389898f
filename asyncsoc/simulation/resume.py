"""Resume a run that was stopped, or whose protocol has further steps, with the results of an uninterrupted run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.case.reading import tables
from asyncsoc.protocol.grammar import format_step
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.cycle_rows import COMPUTED, CYCLE
from asyncsoc.simulation.coverage_reporting import REPORT, coverage_report
from asyncsoc.simulation.recording_start import rows_before
from asyncsoc.simulation.results.data import RunData
from asyncsoc.solver.checkpoints import Checkpoint

Bools = NDArray[np.bool_]

_FREE = ("name", "output", "solver", "impedance")
"""Sections that may differ from the resumed run."""
_FREE_KEYS = ("protocol.steps", "protocol.cycle", "protocol.profile", "particle.file")
"""Keys that may: the steps are compared one by one, and a mesh file goes by its hash."""


def checkpoint_of(case: Case, previous: RunData) -> Checkpoint:
    """Return the checkpoint from which `case` resumes `previous`.

    Raises
    ------
    InputError
        `previous` holds no state to go on from, or describes another particle, or did other protocol steps.
    """
    checkpoint = previous.checkpoint
    if checkpoint is None:
        raise InputError(
            "this result holds no state to resume from",
            where="resume",
            value=previous.name,
            allowed="a result that took at least one step, written by this version of asyncsoc or an earlier one",
            next_step="run the case from its start",
        )
    require_one_case(previous)
    source = f"the case in the result {previous.name!r}"
    before = Case.from_dict(tables(previous.case_toml, source), source=source)
    old, new = _content(before), _content(case)
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            raise InputError(
                "the case differs from the case of the result that is resumed",
                where=key,
                value=new.get(key),
                allowed=f"{old.get(key)}",
                next_step="change only the protocol's further steps, output and solver, or run the case from its start",
            )
    done = len(checkpoint.finished) + int(checkpoint.underway)
    wordings = [[format_step(step) for step in c.protocol.plan.steps[:done]] for c in (before, case)]
    for number, (was, now) in enumerate(zip(*wordings, strict=False), start=1):
        if was != now:
            raise InputError(
                "a protocol step that has started cannot be changed", where=f"step {number}", value=now, allowed=was
            )
    if len(case.protocol.plan.steps) < done:
        raise InputError(
            "the protocol has fewer steps than the result",
            where="protocol.steps",
            value=len(case.protocol.plan.steps),
            allowed=f"at least the {done} steps that have started",
        )
    return checkpoint


def require_one_case(previous: RunData) -> None:
    """Refuse the result of particles that were given one by one: it holds the cases of the particles, not one of all.

    Raises
    ------
    InputError
        It is one.
    """
    if previous.particle_runs and "particles" in previous.case:
        raise InputError(
            "this result is that of particles given one by one, whose run is resumed with their cases",
            where="resume",
            value=previous.name,
            allowed="the result of a particle or of an electrode",
            next_step="asyncsoc.simulate_particles(cases, multiplicities, resume=Solution.load(FILE))",
        )


def require_every_cycle(previous: RunData) -> None:
    """Refuse to compute every cycle from here on where cycles were jumped over before.

    Raises
    ------
    InputError
        They were.
    """
    if previous.jumps is not None:
        raise InputError(
            "the result jumped over cycles, and would go on without",
            where="solver.cycle_jump_tolerance",
            value=previous.name,
            allowed="a tolerance, as in the result",
            next_step="set solver.cycle_jump_tolerance, or run the case from its start",
        )


def _content(case: Case) -> dict[str, Any]:
    """Return what must not change, flat: 'section.key' -> value."""
    flat = {}
    for section, keys in case.to_dict().items():
        if section in _FREE:
            continue
        for key, value in keys.items():
            if f"{section}.{key}" not in _FREE_KEYS:
                flat[f"{section}.{key}"] = value
    return flat


def joined[R: RunData](previous: RunData, later: R, checkpoint: Checkpoint) -> R:
    """Return one solution of what `previous` did up to the checkpoint and what `later` did from there."""
    columns = _joined_columns(previous, later, checkpoint)
    runs = tuple(
        joined(before, after, checkpoint)
        for before, after in zip(previous.particle_runs, later.particle_runs, strict=True)
    )
    fields = _joined_fields(previous, later, checkpoint)
    if runs:  # those of a group are its first particle's
        fields = {"field_times": runs[0].field_times, "field_x": runs[0].field_x}
    walls = {key: previous.wall_times.get(key, 0.0) + value for key, value in later.wall_times.items()}
    earlier = [warning for warning in previous.warnings if warning not in later.warnings]
    reports = dict(later.reports)
    if REPORT in reports:
        reports[REPORT] = coverage_report(reports[REPORT]["assumption"], columns)
    return replace(
        later,
        columns=columns,
        reports=reports,
        particle_runs=runs,
        **fields,
        cycle_rows=_joined_cycles(previous, later),
        warnings=(*earlier, *later.warnings),
        wall_times=walls,
        provenance={**later.provenance, "resumed from": _origin(previous, checkpoint)},
    )


def _joined_fields(previous: RunData, later: RunData, checkpoint: Checkpoint) -> dict[str, Any]:
    kept, fresh = _snapshots(previous, later, checkpoint)
    return {
        "field_times": np.concatenate([previous.field_times[kept], later.field_times[fresh]]),
        "field_x": np.concatenate([previous.field_x[kept], later.field_x[fresh]]),
        "more_fields": {
            name: np.concatenate([previous.more_fields[name][kept], values[fresh]])
            for name, values in later.more_fields.items()
        },
    }


def _snapshots(previous: RunData, later: RunData, checkpoint: Checkpoint) -> tuple[Bools, Bools]:
    """Return which snapshots of both are those of the uninterrupted run.

    Within a protocol step the state resumed from is one of them only where it was due; the next step begins with a
    snapshot of its own.
    """
    recording = previous.recording
    due = checkpoint.underway and (recording is None or recording.last_snapshot_stays)
    kept = previous.field_times <= checkpoint.time if due else previous.field_times < checkpoint.time
    fresh = later.field_times > checkpoint.time if checkpoint.underway else later.field_times >= checkpoint.time
    return np.asarray(kept), np.asarray(fresh)


def _joined_cycles(previous: RunData, later: RunData) -> dict[str, NDArray[Any]]:
    """Return the rows of the cycles of both; of a cycle that went on `later` has the whole row."""
    if not previous.cycle_rows or not later.cycle_rows:
        return dict(later.cycle_rows or previous.cycle_rows)
    before = previous.cycle_rows[CYCLE] < later.cycle_rows[CYCLE][0]
    own = {}
    if COMPUTED in previous.cycle_rows and COMPUTED not in later.cycle_rows:
        own[COMPUTED] = np.concatenate([previous.cycle_rows[COMPUTED][before], np.ones(len(later.cycle_rows[CYCLE]))])
    return {name: np.concatenate([previous.cycle_rows[name][before], v]) for name, v in later.cycle_rows.items()} | own


def _origin(previous: RunData, checkpoint: Checkpoint) -> dict[str, Any]:
    kept = ("case sha256", "git commit", "started", "resumed from")
    return {"time [s]": checkpoint.time, **{k: previous.provenance[k] for k in kept if k in previous.provenance}}


def _joined_columns(previous: RunData, later: RunData, checkpoint: Checkpoint) -> dict[str, NDArray[Any]]:
    before = rows_before(previous, checkpoint)
    after = later.columns[names.TIME] > checkpoint.time
    if not checkpoint.underway:
        after |= later.columns[names.STEP] > len(checkpoint.finished)
    described = later.particle_runs[0] if later.particle_runs else later
    kept = Case.from_text(described.case_toml).output.kept_cycles
    if not kept.everything:
        cycle = previous.columns[names.CYCLE]
        going_on = int(later.columns[names.CYCLE][-1]) if later.status != "done" else cycle[-1] + 1
        before &= kept.holds(cycle) | (cycle >= going_on) | (np.arange(len(cycle)) == 0)
    return {
        name: np.concatenate([values[before], later.columns[name][after]]) for name, values in previous.columns.items()
    }
