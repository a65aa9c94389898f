"""What processes of mpiexec run in tests: a group on several meshes, and `asyncsoc run` with a fault in one of them."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import asyncsoc as aso
from asyncsoc.base.environment import mpi_ranks
from asyncsoc.cli.main import main
from asyncsoc.simulation.checkpointing import simulate_with_checkpoints
from asyncsoc.simulation.recording import RecordingCallback

FAULTY_STEP = 4
"""Protocol step in which something goes wrong: two cycles of two steps have a third one behind them."""


def group(*, film: bool = False) -> list[aso.Case]:
    """Return ten particles of different coverage on five meshes of different size."""
    steps = ["Charge at C/5 for 20 minutes", "Discharge at C/5 for 5 minutes", "Hold at 3.7 V for 5 minutes"]
    case = aso.Case.from_dict(
        {
            "particle": {"radius": "5 um", "mesh": "draft"},
            "contact": {"kind": "cap", "coverage": 0.3},
            "protocol": {"temperature": "60 degC", "steps": steps},
            **({"side_reaction": {"mode": "coupled"}} if film else {}),
        }
    )
    meshes = (("draft", 0), ("draft", 1), ("coarse", 0), ("coarse", 1), ("default", 0))
    return [
        case.with_overrides([f"particle.mesh={mesh}", f"particle.edge_levels={levels}", f"contact.coverage={coverage}"])
        for mesh, levels in meshes
        for coverage in (0.2, 0.8)
    ]


def layers(*, salt: str) -> aso.Case:
    """Return three layers of eight particles."""
    return aso.Case.from_dict(
        {
            "electrode": {
                "model": "layers",
                "layers": 3,
                "loading": "12.7 mg/cm2",
                "thickness": "60 um",
                "particles": 8,
                "coverage": {"law": "beta", "mean": 0.3, "std": 0.1},
                "salt": salt,
            },
            "particle": {"mesh": "draft"},
            "protocol": {"temperature": "60 degC", "steps": ["Charge at C/5 for 10 minutes", "Rest for 5 minutes"]},
        }
    )


def simulated(what: str, communicator: Any = None) -> aso.Solution:
    """Return the solution of what a test names."""
    if what in ("group", "film"):
        cases = group(film=what == "film")
        names = [f"particle {k}" for k in range(len(cases))]
        return aso.simulate_particles(cases, names=names, communicator=communicator)
    return aso.simulate(layers(salt=what), communicator=communicator)


def bits(solution: aso.Solution) -> str:
    """Return a hash over the curves, snapshots and the checkpoint of a group and its particles."""
    found = hashlib.sha256()
    for run in (solution, *solution.particle_runs):
        for name in sorted(run.columns):
            found.update(name.encode() + np.ascontiguousarray(run.columns[name]).tobytes())
        found.update(np.ascontiguousarray(run.field_x).tobytes())
    checkpoint = solution.checkpoint
    if checkpoint is not None:
        for one in checkpoint.particles:
            found.update(one.x.tobytes() + one.film.tobytes())
            found.update(repr((one.charge, one.side_charge, one.potential)).encode())
        found.update(repr((sorted(checkpoint.state.items()), checkpoint.nodes, checkpoint.salt)).encode())
    return found.hexdigest()


def run_with(fault: str, folder: Path, arguments: Sequence[str]) -> int:
    """Run `asyncsoc` with a checkpoint at the end of every cycle and a fault in a late protocol step of a process."""
    world = mpi_ranks()
    rank = 0 if world is None else int(world.rank)
    (simulate_with_checkpoints.__kwdefaults__ or {})["every"] = 0.0
    whole, record = fault.split("-"), RecordingCallback.step

    def step(self: RecordingCallback, steps: Any) -> Any:
        if len(whole) == 2 and rank == int(whole[1]) and steps.end.step.max(initial=0) >= FAULTY_STEP:
            match whole[0]:
                case "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "raise":
                    raise RuntimeError("this process is broken")
                case "interrupt":
                    os.kill(os.getpid(), signal.SIGINT)
                case "remove":
                    shutil.rmtree(folder, ignore_errors=True)
                case "full":
                    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        return record(self, steps)

    RecordingCallback.step = step  # type: ignore[method-assign]
    return main(arguments)


if __name__ == "__main__":
    if sys.argv[1] == "simulate":
        ranks = mpi_ranks()
        found = bits(simulated(sys.argv[2], ranks))
        told = [found] if ranks is None else ranks.allgather(found)
        if ranks is None or ranks.rank == 0:
            sys.stdout.write("\n".join(told) + "\n")
    else:
        sys.exit(run_with(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
