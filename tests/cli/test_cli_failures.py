"""How the command line fails: one message on stderr, the exit code, no traceback for a user's mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

import asyncsoc.simulation
from asyncsoc.base.errors import EnvironmentProblem, InfeasibleStepError, InputError
from asyncsoc.cli.main import main

CASE = """
[contact]
kind = "cap"
coverage = 0.3
[protocol]
steps = ["Charge at C/10 until 4.2 V"]
"""


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case.toml").write_text(CASE, encoding="utf-8")
    return "case.toml"


class FakeSolution:
    """Stands for a run, so that the tests of the command line do not simulate."""

    warnings = ("the contact left the validity range",)

    checkpoint: object = None
    case: ClassVar[dict[str, Any]] = {"side_reaction": {"mode": "off"}}
    cycle_rows: ClassVar[dict[str, Any]] = {}
    layered = False

    def to_json_dict(self) -> dict[str, Any]:
        return {"status": "stopped", "curves": {"Time [s]": [0.0, 1.0]}}

    def summary(self) -> dict[str, Any]:
        return {"Status": "stopped", "Final voltage [V]": 4.2}

    def save(self, directory: str | Path = ".") -> Path:
        Path(directory).mkdir(parents=True, exist_ok=True)
        path = Path(directory) / "case-123.vtkhdf"
        path.write_text("kept", encoding="utf-8")
        return path

    def plot(self) -> FakeSolution:
        return self

    def savefig(self, stream: Any, *, format: str) -> None:
        assert format == "png"
        stream.write(b"drawn")


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException | None], None]:
    def arrange(error: BaseException | None) -> None:
        def simulate(case: object, *, progress: object = None, resume: object = None, **_: object) -> FakeSolution:
            if error is not None:
                raise error
            return FakeSolution()

        monkeypatch.setattr(asyncsoc.simulation, "simulate", simulate)

    return arrange


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run"], ["missing argument 'CASE.toml'", "asyncsoc run --help"]),
        (["rnu", "case.toml"], ["no such command 'rnu'", "asyncsoc --help"]),
        (["run", "case.toml", "--josn"], ["no such option: --josn", "--json"]),
        (["run", "cas.toml"], ["no such case file", "did you mean: case.toml"]),
        (["run", "."], ["this is a directory"]),
        (["run", "case.toml", "--set", "contact.coverage"], ["SECTION.KEY=VALUE"]),
        (["run", "case.toml", "--set", "contact.coverag=0.3"], ["did you mean: contact.coverage"]),
        (["run", "case.toml", "--set", "contact.coverage=0"], ["out of range", "case.toml: contact.coverage"]),
        (["run", "case.toml", "--set", "contact.coverage=nan"], ["finite", "case.toml: contact.coverage"]),
        (["run", "case.toml", "--set", "particle.radius=5 V"], ["wrong dimension", "case.toml: particle.radius"]),
        (["run", "case.toml", "--set", "material.name=nmc"], ["unknown cathode material", "ncm811-sturm2019"]),
        (["run", "case.toml", "--set", "electrolyte.name=peo"], ["unknown electrolyte", "did you mean: peo-litfsi"]),
        (["run", "case.toml", "--set", "protocol.steps=['Charge at C/10']"], ["'for <time>' or 'until <limit>'"]),
        (["run", "case.toml", "--set", "protocol.steps=['Charge at -1C until 4.2 V']"], ["is negative"]),
        (["run", "case.toml", "--set", "particle.model=radial"], ["a radial model cannot represent"]),
        (["protocol"], ["missing argument"]),
        (["protocol", "Chrage at C/10 until 4.2 V"], ["where: step 1", "did you mean: Charge"]),
        (["protocol", "Rest for 1 hour", "Discharge at 1 J until 3 V"], ["where: step 2", "unknown unit 'J'"]),
        (["params", "ncm811-sturm2018"], ["unknown material or electrolyte", "did you mean: ncm811-sturm2019"]),
        (["estimate", "--radius", "5"], ["out of range", "did you mean: '5 um'"]),
        (["estimate", "--coverage", "2"], ["out of range", "contact.coverage"]),
        (["estimate", "--rate", "fast"], ["no number in 'fast'"]),
        (
            ["estimate", "--set", "protocol.steps=['Rest for 1 hour']"],
            ["no step of the protocol has a constant current"],
        ),
    ],
)
def test_wrong_input(case: str, arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert "Traceback" not in captured.err
    for word in words:
        assert word in captured.err
    assert main([*arguments, "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "failed"
    assert document["exit code"] == 2


def test_a_syntax_error_names_file_and_line(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(case).write_text("[contact]\nkind = cap\n", encoding="utf-8")
    assert main(["run", case]) == 2
    assert "case.toml:2" in capsys.readouterr().err


def test_a_run_is_shown_and_kept(case: str, simulated: Any, capsys: pytest.CaptureFixture[str]) -> None:
    simulated(None)
    assert main(["run", case, "-o", "kept"]) == 0
    captured = capsys.readouterr()
    assert "Final voltage [V]" in captured.out
    assert str(Path("kept") / "case-123.vtkhdf") in captured.out
    assert captured.err == "warning: the contact left the validity range\n"
    assert Path("kept/case-123.png").read_text(encoding="utf-8") == "drawn"
    assert main(["run", case, "-o", "bare", "--no-plot", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["files"] == [str(Path("bare") / "case-123.vtkhdf")]
    assert not Path("bare/case-123.png").exists()
    assert main(["run", case, "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["run", case]) == 0
    assert "add -o DIR" in capsys.readouterr().out


def infeasible() -> InfeasibleStepError:
    error = InfeasibleStepError("4.2 V is exceeded at the start", where="protocol step 2", value="Charge at 5 C")
    error.partial = FakeSolution()  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(("options", "directory"), [([], "asyncsoc-output"), (["-o", "mine"], "mine")])
def test_what_an_unfinished_run_reached_is_kept(
    case: str, simulated: Any, options: list[str], directory: str, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated(infeasible())
    assert main(["run", case, *options]) == 3
    captured = capsys.readouterr()
    assert "4.2 V is exceeded" in captured.err
    assert "where: protocol step 2" in captured.err
    assert f"the results up to here are saved in {directory}" in captured.err
    assert Path(directory, "case-123.vtkhdf").exists()
    assert main(["run", case, *options, "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "stopped"
    assert document["curves"]["Time [s]"] == [0.0, 1.0]
    assert document["error"]["where"] == "protocol step 2"
    assert document["exit code"] == 3


def test_an_unfinished_run_that_cannot_be_kept_still_says_why(
    case: str, simulated: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(self: FakeSolution, directory: str | Path = ".") -> Path:
        raise InputError("the disk is full", where=str(directory))

    monkeypatch.setattr(FakeSolution, "save", full)
    simulated(infeasible())
    assert main(["run", case]) == 3
    captured = capsys.readouterr()
    assert "could not be saved: the disk is full" in captured.err
    assert "4.2 V is exceeded" in captured.err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (EnvironmentProblem("no C compiler was found", next_step="install gcc"), 4, ["no C compiler", "install gcc"]),
        (KeyboardInterrupt(), 130, ["interrupted"]),
        (MemoryError(), 3, ["out of memory"]),
        (ZeroDivisionError("by zero"), 3, ["unexpected ZeroDivisionError: by zero", "ASYNCSOC_DEBUG=1"]),
        (InfeasibleStepError("nothing reached"), 3, ["nothing reached"]),
    ],
)
def test_exit_codes(
    case: str, simulated: Any, error: BaseException, code: int, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    simulated(error)
    assert main(["run", case]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    for word in words:
        assert word in captured.err


def test_a_traceback_where_it_is_asked_for(
    case: str, simulated: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASYNCSOC_DEBUG", "1")
    simulated(ZeroDivisionError("by zero"))
    assert main(["run", case]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_a_closed_pipe_is_quiet() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    code = "import sys; from asyncsoc.cli.main import main; sys.exit(main(['params']))"
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 141
