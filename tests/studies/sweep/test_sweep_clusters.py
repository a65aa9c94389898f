"""Dask and Slurm: the same cases, the same records, whoever runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncsoc.base.errors import EnvironmentProblem, InputError
from asyncsoc.studies.sweep.plan import Plan
from asyncsoc.studies.sweep.record import decode
from asyncsoc.studies.sweep.run import SweepOptions, run_sweep
from asyncsoc.studies.sweep.slurm import write_script

Records = Callable[[Path, Plan], list[bytes | None]]

SBATCH = """\
#!/bin/bash
# A stand-in: runs the tasks of a job array one after the other, as Slurm would start them.
set -euo pipefail
script="$1"
range="$(sed -n 's/^#SBATCH --array=//p' "$script")"
cpus="$(sed -n 's/^#SBATCH --cpus-per-task=//p' "$script")"
for task in $(seq "${range%-*}" "${range#*-}"); do
  SLURM_ARRAY_TASK_ID="$task" SLURM_CPUS_PER_TASK="$cpus" bash "$script" >"$script.$task.log" 2>&1 &
  pids+=("$!")
done
for pid in "${pids[@]}"; do wait "$pid"; done
echo "Submitted batch job 1"
"""


@pytest.mark.slow
def test_a_job_array_runs_every_case_once(
    case_file: Path, tmp_path: Path, run_command: Callable[..., subprocess.CompletedProcess[str]], records_in: Records
) -> None:
    folder = tmp_path / "sweep"
    arguments = ("sweep", case_file, "--vary", "rate=0.1:1:8", "-o", folder)
    made = run_command(*arguments, "--slurm", "--tasks", "2", "--json")
    assert made.returncode == 0, made.stderr
    document = json.loads(made.stdout)
    script = Path(document["script"])
    subprocess.run(["bash", "-n", script], check=True)
    sbatch = tmp_path / "sbatch"
    sbatch.write_text(SBATCH)
    sbatch.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sbatch, script], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, [path.read_text() for path in folder.glob("*.log")]
    plan = Plan.read(folder)
    records = [decode(data) for data in records_in(folder, plan) if data is not None]
    assert [record.status for record in records] == ["done"] * 8
    again = run_command(*arguments, "--resume", "--json", "--no-plot")
    assert (json.loads(again.stdout)["ran"], json.loads(again.stdout)["done"]) == (0, 8)


def test_a_job_script_names_no_home_of_its_own(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    plan = make_plan("rate=0.1,0.2")
    folder = tmp_path / "a folder; with $(touch x) 'quotes'"
    script = write_script(plan, folder, tasks=3, workers=2)
    subprocess.run(["bash", "-n", script], check=True)
    with pytest.raises(InputError, match="10000"):
        write_script(plan, folder, tasks=20_000, workers=2)


@pytest.mark.slow
def test_a_task_that_is_ended_lets_its_cases_finish(
    case_file: Path, tmp_path: Path, run_command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    folder = tmp_path / "sweep"
    made = run_command("sweep", case_file, "--vary", "rate=0.1:1:3", "-o", folder, "--slurm", "--tasks", "1", "--json")
    script = Path(json.loads(made.stdout)["script"])
    text = script.read_text()
    head, _, tail = text.partition("\n\n")
    assert "--signal=B:TERM" in head
    command = "bash -c 'trap \"echo heard; exit 3\" TERM; for k in $(seq 100); do sleep 0.1; done' &\n"
    stand_in = tail[: tail.index("export")] + command + tail[tail.index("# bash hears") :]
    script.write_text(f"{head}\n\n{stand_in}")
    process = subprocess.Popen(["bash", script], stdout=subprocess.PIPE, text=True)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.7)
    process.terminate()
    out, _ = process.communicate(timeout=10)
    assert (out, process.returncode) == ("heard\n", 3)


@pytest.mark.slow
def test_a_local_dask_cluster_end_to_end(make_plan: Callable[..., Plan], tmp_path: Path, records_in: Records) -> None:
    pytest.importorskip("distributed")
    plan = make_plan("rate=0.1:1:8")
    result = run_sweep(plan, tmp_path / "dask", SweepOptions(workers=2, dask="local", width=3))
    assert (result.counts.done, result.ran) == (8, 8)
    assert run_sweep(plan, tmp_path / "dask", SweepOptions(workers=2, dask="local", resume=True)).ran == 0
    run_sweep(plan, tmp_path / "here", SweepOptions(workers=1))
    assert records_in(tmp_path / "dask", plan) == records_in(tmp_path / "here", plan)


@pytest.mark.slow
def test_dask_survives_a_case_that_kills_its_worker(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    plan, notes = make_plan("rate=0.3,0.4,0.5,0.6,0.7"), []
    options = SweepOptions(workers=2, dask="local", width=2, task="sweep_tasks:poisoned")
    result = run_sweep(plan, tmp_path, options, log=notes.append)
    assert (result.counts.done, result.counts.quarantined) == (4, 1)
    assert any("each alone" in text for text in notes)


def test_a_scheduler_that_does_not_answer(
    make_plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    from asyncsoc.studies.sweep import dask_cluster as cluster

    monkeypatch.setattr(cluster, "_CONNECT", 0.5)
    with pytest.raises(EnvironmentProblem, match="does not answer"):
        run_sweep(make_plan("rate=0.1,0.2"), tmp_path, SweepOptions(dask="tcp://127.0.0.1:9"))
