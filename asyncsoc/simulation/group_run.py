"""The solution of a group from its run: of every particle its own, and that of all together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.hashing import sha256_of
from asyncsoc.case import Case
from asyncsoc.problem.build import PreparedCase
from asyncsoc.problem.electrode_layers import ElectrodeLayers
from asyncsoc.problem.ranks import Ranks
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.mesh_error import gradient_warnings
from asyncsoc.recorders.particle_group import GroupShares, group_curves
from asyncsoc.simulation.batch import RecordedRun, solution_of
from asyncsoc.simulation.group_checks import (
    joined_warnings,
)
from asyncsoc.simulation.group_cycles import GroupCycles
from asyncsoc.simulation.group_report import group_report
from asyncsoc.simulation.group_resume import GroupStart, own_outcome
from asyncsoc.simulation.recording import RecordingCallback
from asyncsoc.simulation.results.data import RecordingCheckpoint, RunData, StepSummary
from asyncsoc.simulation.results.group_state import GROUP, RESISTANCES
from asyncsoc.simulation.results.provenance import collect
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.solver.checkpoints import RunOutcome

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Record:
    """What was recorded of one particle.

    Attributes
    ----------
    run
        Curves, contact areas, snapshots, side reaction.
    resolution
        Warning of gradients that its mesh cannot resolve.
    cycles
        Rows of its cycles.
    checkpoint
        What its recorders go on from.
    begun
        Charge and side charge [C] with which its protocol steps began.
    """

    run: RecordedRun
    resolution: str | None
    cycles: dict[str, NDArray[Any]]
    checkpoint: RecordingCheckpoint | None
    begun: dict[int, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class GroupRun:
    """A group as it was run, from which its solution is made."""

    cases: tuple[Case, ...]
    called: tuple[str, ...]
    setups: list[PreparedCase]
    multiplicities: Array
    resistances: Array
    homes: list[list[int]]
    recordings: list[RecordingCallback]
    outcome: RunOutcome
    idle_volume: float
    shares: GroupShares
    cycles: GroupCycles
    start: GroupStart | None
    layers: ElectrodeLayers | None = None
    ranks: Ranks | None = None

    def solution(self, walls: dict[str, float], started: datetime, threads: int) -> Solution | None:
        """Return the solution as far as it was computed, None where nothing was recorded."""
        origin = collect(mesh_sha256="", case_sha256="", started=started, stop_reason="", threads=threads)
        origin["stop reason"] = self.outcome.stop_reason
        origin["integrator steps"] = {"accepted": self.outcome.accepted, "rejected": self.outcome.rejected}
        records = self._records()
        recorded, resolutions = [one.run for one in records], [one.resolution for one in records]
        rows = min(len(one.columns[names.TIME]) for one in recorded)
        if not rows or not self.recordings[0].went_on(0):
            return None
        recorded = [_shortened(one, rows) for one in recorded]
        single = len(recorded) == 1 and float(self.multiplicities[0]) == 1.0 and self.idle_volume == 0.0
        single = single and self.layers is None and not self.resistances.any()
        particles = []
        for j, (case, setup, one) in enumerate(zip(self.cases, self.setups, recorded, strict=True)):
            about = {**origin, "case sha256": case.hash, "mesh sha256": setup.mesh.sha256}
            outcome = self.outcome if single else own_outcome(self.outcome, one, records[j].begun, self.start, j)
            found = solution_of(case, setup, one, outcome, resolutions[j], walls=walls, provenance=about)
            particles.append(replace(found, cycle_rows=records[j].cycles, recording=records[j].checkpoint))
        if single:
            return replace(particles[0], name=self.called[0])
        named = tuple(replace(one, name=name) for one, name in zip(particles, self.called, strict=True))
        return self._joined(named, recorded, origin)

    def report(self, particles: Sequence[RunData]) -> tuple[dict[str, Any], list[str]]:
        """Return the report of the group and its warnings."""
        curves, kept = [one.columns for one in particles], self.cases[0].output.kept_cycles
        called, ohms = [one.name for one in particles], self.resistances
        return group_report(called, self.setups, curves, ohms, self.idle_volume, every_row=kept.everything)

    def reported(self, whole: Solution) -> Solution:
        """Return a solution that goes on from an earlier one with the report of all of it."""
        if not whole.particle_runs:
            return whole
        report, warnings = self.report(whole.particle_runs)
        told = [one for one in whole.warnings if one not in warnings]
        return replace(whole, reports={**whole.reports, GROUP: report}, warnings=(*told, *warnings))

    def _reports(self) -> dict[str, Any]:
        """Return what is said of the layers; empty where there are none."""
        if self.layers is None:
            return {}
        return self.layers.report(self.setups[0].member.constraints)

    def _records(self) -> list[_Record]:
        """Return the records of the particles of all processes in their order."""
        records: dict[int, _Record] = {}
        for home, recording in zip(self.homes, self.recordings, strict=True):
            recording.finish([self.outcome] * len(home), home)
        self.cycles.finish(self.outcome)
        for home, recording in zip(self.homes, self.recordings, strict=True):
            fields = [recorder.fields for recorder in recording.fields]
            found = gradient_warnings(self.setups[home[0]].mesh, fields)
            curves, areas = recording.curves.curves(), recording.curves.contact_areas()
            for place, j in enumerate(home):
                times = recording.fields[place].times
                records[j] = _Record(
                    RecordedRun(curves[place], areas[place], times, fields[place], recording.rates[place]),
                    found[place],
                    recording.cycles[place].table(),
                    recording.checkpoints.get(place),
                    recording.begun[place],
                )
        here = [records[j] for j in sorted(records)]
        return here if self.ranks is None else self.ranks.of_all(here)

    def _joined(
        self, particles: tuple[Solution, ...], recorded: Sequence[RecordedRun], origin: dict[str, Any]
    ) -> Solution:
        """Return the solution of the group from those of its particles."""
        first = particles[0]
        shares = replace(self.shares, areas=np.array([one.areas for one in recorded]))
        report, warnings = self.report(particles)
        columns = group_curves([one.columns for one in particles], shares)
        columns |= self._salt_curves(len(columns[names.TIME]))
        many = tuple(self.multiplicities.tolist())
        behind = [f" behind {ohms!r} ohm" if ohms else "" for ohms in self.resistances.tolist()]
        own = [f"{case.hash} {n!r}{ohms}" for case, n, ohms in zip(self.cases, many, behind, strict=True)]
        sha = sha256_of("\n".join(own).encode())
        table = [
            {"name": one.name, "multiplicity": n, "case sha256": one.case_sha256, "contact resistance [ohm]": ohms}
            for one, n, ohms in zip(particles, many, report[RESISTANCES], strict=True)
        ]
        titles = {case.name for case in self.cases}
        shared = {key: value for key, value in first.case.items() if all(one.case[key] == value for one in particles)}
        return replace(
            first,
            name=titles.pop() if len(titles) == 1 else f"group of {len(particles)} particles",
            columns=columns,
            case={**shared, "particles": table},
            case_toml=f"# A group of {len(particles)} particles: the case of each is with the particle.\n",
            case_sha256=sha,
            steps=tuple(
                StepSummary(s.number, s.cycle, s.text, s.reason, s.duration, s.charge, s.side_charge)
                for s in self.outcome.steps
            ),
            warnings=(*joined_warnings(particles), *warnings),
            provenance={**origin, "case sha256": sha},
            more_fields={},
            reports={GROUP: report, **self._reports()},
            checkpoint=self.outcome.checkpoint,
            particle_runs=particles,
            multiplicities=many,
            recording=None,
            cycle_rows=self.cycles.cycles.table(),
        )

    def _salt_curves(self, rows: int) -> dict[str, Array]:
        """Return the concentrations of the salt at as many rows; empty where it is not solved."""
        if self.layers is None or self.layers.salt is None:
            return {}
        nodes = self.layers.salt.properties.separator_nodes
        own = [one for home, one in zip(self.homes, self.recordings, strict=True) if home[0] == 0]
        found = own[0].salt.curves(nodes) if own else {}
        found = found if self.ranks is None else self.ranks.of_first(found)
        return {name: values[:rows] for name, values in found.items()}


def _shortened(one: RecordedRun, rows: int) -> RecordedRun:
    """Return records with so many rows: where a particle stops its group, those before it have one state more."""
    if len(one.columns[names.TIME]) == rows:
        return one
    return replace(one, columns={name: values[:rows] for name, values in one.columns.items()}, areas=one.areas[:rows])
