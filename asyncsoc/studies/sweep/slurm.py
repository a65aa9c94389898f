"""A Slurm job array for a sweep: every task runs the cases that fall to it, into the folder that all share."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import replaced
from asyncsoc.studies.sweep.plan import Plan

SCRIPT = "sweep.sbatch"
LOGS = "logs"
_LARGEST_ARRAY = 10_000
_TEMPLATE = """\
#!/bin/bash
# {cases} cases of the sweep in this folder, in {tasks} tasks. Adjust what follows to your cluster and submit with
#   sbatch {script}
# Every task runs what is not recorded yet: submit again after a time-out or a node that failed.
# When all have ended: {collect}
#SBATCH --job-name={name}
#SBATCH --array=1-{tasks}
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={cpus}
#SBATCH --mem-per-cpu=2G
#SBATCH --time=04:00:00
#SBATCH --output={logs}/%A_%a.log
# SIGTERM two minutes before the time is up: cases in hand are finished and recorded.
#SBATCH --signal=B:TERM@120

set -euo pipefail
folder={folder}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1

{command} sweep part "$folder" \\
    --part "${{SLURM_ARRAY_TASK_ID:?submit this script with sbatch}}" --of {tasks} \\
    --workers "${{SLURM_CPUS_PER_TASK:-1}}" &
# bash hears signals only while it waits; the second wait is for what the sweep does after the first.
task=$!
trap 'kill -TERM "$task" 2>/dev/null' TERM INT
status=0
wait "$task" || status=$?
if kill -0 "$task" 2>/dev/null; then
    status=0
    wait "$task" || status=$?
fi
exit "$status"
"""


def write_script(plan: Plan, folder: Path, *, tasks: int, workers: int) -> Path:
    """Write the job array's script into the sweep's folder and return its path.

    Parameters
    ----------
    plan
        The sweep; its manifest lies in `folder`.
    folder
        Shared by all nodes.
    tasks
        Size of the array.
    workers
        Processes of a task.

    Raises
    ------
    InputError
        A size Slurm does not take, or a folder that cannot be written to.
    """
    if not 1 <= tasks <= _LARGEST_ARRAY:
        raise InputError("out of range", where="--tasks", value=tasks, allowed=f"1 to {_LARGEST_ARRAY}")
    place = folder.absolute()
    command = _command()
    path = folder / SCRIPT
    text = _TEMPLATE.format(
        cases=len(plan.design),
        tasks=tasks,
        name="".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in plan.name)[:60],
        cpus=workers,
        script=shlex.quote(str(place / SCRIPT)),
        logs=place / LOGS,
        folder=shlex.quote(str(place)),
        command=command,
        collect=f"{command} sweep collect {shlex.quote(str(place))}",
    )
    try:
        (folder / LOGS).mkdir(parents=True, exist_ok=True)
        with replaced(path) as stream:
            stream.write(text.encode())
        path.chmod(0o755)
    except OSError as error:
        raise InputError(
            "the job script cannot be written", where=str(folder), value=error.strerror or str(error)
        ) from error
    return path


def _command() -> str:
    """Return how this installation's command line is called on another node."""
    script = Path(sys.executable).with_name("asyncsoc")
    if script.is_file():
        return shlex.quote(str(script))
    program = "import sys; from asyncsoc.cli.main import main; sys.exit(main())"
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}"
