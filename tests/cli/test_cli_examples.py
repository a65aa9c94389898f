"""Every example runs as shipped, quickly, and prints what programs rely on."""

from __future__ import annotations

import json
import shlex
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from asyncsoc.base.kernel_cache import still_to_compile
from asyncsoc.cli.main import main

pytestmark = pytest.mark.slow
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))
CURVES = {
    "Time [s]",
    "Voltage [V]",
    "Current [A]",
    "Mean stoichiometry",
    "Contact-mean stoichiometry",
    "Minimum stoichiometry",
    "Maximum stoichiometry",
    "Step",
}


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert main(["run", *arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out, parse_constant=refuse)


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """Compile what a first run compiles, so that what is timed is the run."""
    from asyncsoc.solver.warmup import compile_kernels

    compile_kernels()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compiles = example.stem == "layered_electrode" and still_to_compile(groups=True, conductors=True, salt=True)
    started = time.perf_counter()
    document = run(capsys, str(example))
    assert time.perf_counter() - started < (600.0 if compiles else 30.0)
    assert document["status"] == "done"
    assert document["stop_reason"]
    asked = document["coverage"]["asked"]  # of particles each has its own
    pairs = [(row["Coverage asked"], row["Coverage realised"]) for row in document["particles"]]
    for wanted, realised in pairs if asked is None else [(asked, document["coverage"]["realised"])]:
        assert realised == pytest.approx(wanted, abs=1e-6)
    assert document["lithium balance error"] < 1e-10
    assert {"set-up", "solve"} <= set(document["wall time [s]"])
    assert document["provenance"]
    curves = document["curves"]
    assert set(curves) >= CURVES
    assert len({len(values) for values in curves.values()}) == 1
    assert curves["Time [s]"][0] == 0.0
    assert all(b >= a for a, b in zip(curves["Time [s]"], curves["Time [s]"][1:], strict=False))
    assert min(curves["Minimum stoichiometry"]) > 0.0
    assert max(curves["Maximum stoichiometry"]) < 1.0


def test_the_demo_case_runs_ahead_and_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = str(next(path for path in EXAMPLES if path.stem == "cal_vs_hotcal"))
    calendered = run(capsys, case, "-o", str(tmp_path))
    hot = run(capsys, case, "--set", "contact.coverage=0.95")
    ahead = "Largest asynchrony"
    assert calendered["summary"][ahead] > 3.0 * hot["summary"][ahead] > 0.0
    result, picture = map(Path, calendered["files"])
    assert result.parent == tmp_path
    assert result.suffix == ".vtkhdf"
    assert picture.read_bytes().startswith(b"\x89PNG")
    again = run(capsys, case, "-o", str(tmp_path))
    assert again["files"] == calendered["files"]
    assert again["curves"] == calendered["curves"]


def test_an_infeasible_step_is_named_and_what_was_reached_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    case = str(next(path for path in EXAMPLES if path.stem == "rest_relaxation"))
    steps = "protocol.steps=['Charge at C/10 until 4.0 V', 'Charge at C/10 until 3.7 V']"
    document = run(capsys, case, "--set", steps, "--set", "protocol.cycle=[]", code=3)
    assert document["status"] == "stopped"
    assert "step 2" in document["error"]["what"]
    assert document["curves"]["Voltage [V]"][-1] == pytest.approx(4.0, abs=1e-4)
    assert list(Path("asyncsoc-output").glob("rest_relaxation-*.vtkhdf"))


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("side_reaction.reactant=water", "unknown reactant"),
        ("protocol.initial_stoichiometry=0.999", "stoichiometry window"),
        ("protocol.initial_voltage=5 V", "protocol.initial_voltage"),
    ],
)
def test_what_cannot_be_simulated_is_wrong_input(override: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    case = str(next(path for path in EXAMPLES if path.stem == "cal_vs_hotcal"))
    assert main(["run", case, "--set", override]) == 2
    assert words in capsys.readouterr().err


def test_an_interrupted_run_is_kept_and_can_be_gone_on_with(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from asyncsoc.cli.commands import run as running

    case = tmp_path / "case.toml"
    case.write_text(
        "[contact]\nkind = 'full'\n[protocol]\nsteps = ['Charge at C/2 until 4.2 V', 'Rest for 10 minutes']\n"
    )

    def stop(progress: object) -> None:
        if progress.fraction > 0.2:  # type: ignore[attr-defined]
            raise KeyboardInterrupt

    changed = ["--set", "contact.kind=cap", "--set", "contact.coverage=0.6"]
    folder = tmp_path / "kept here"
    with monkeypatch.context() as patched:
        patched.setattr(running, "progress_bar", lambda **kinds: nullcontext(stop))
        assert main(["run", str(case), *changed, "-o", str(folder)]) == 130
    told = capsys.readouterr().err
    assert "the results up to here are saved in" in told and "interrupted" in told
    (kept,) = folder.glob("*.vtkhdf")
    case.rename(tmp_path / "elsewhere.toml")  # the command told needs neither the case file nor its --set
    (line,) = [line for line in told.splitlines() if "resume with: " in line]
    command = shlex.split(line.partition("resume with: asyncsoc ")[2])
    assert main([*command, "--json", "--no-plot"]) == 0
    resumed = json.loads(capsys.readouterr().out)
    assert resumed["files"] == [str(kept)]
    assert main(["run", str(tmp_path / "elsewhere.toml"), *changed, "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert resumed["coverage"] == whole["coverage"]
    assert resumed["curves"]["Time [s]"] == pytest.approx(whole["curves"]["Time [s]"], rel=1e-12)
    assert resumed["curves"]["Voltage [V]"] == pytest.approx(whole["curves"]["Voltage [V]"], rel=1e-12)
