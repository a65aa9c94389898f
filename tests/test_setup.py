"""Set-up finds an interpreter that runs, says what is missing, and the project's files agree with each other."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from asyncsoc.base.version import FALLBACK

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TOOLS = ("bash", "basename", "cat", "cksum", "dirname", "env", "flock", "mkdir", "rm", "sed", "uname")

pytestmark = pytest.mark.skipif(
    not (ROOT / "scripts" / "bootstrap.sh").exists() or not sys.platform.startswith("linux"),
    reason="needs a checkout on Linux",
)


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path):
    """Run the bootstrap script where only the shell's tools are on PATH, `bin` comes first and HOME is empty."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in TOOLS:
        if found := shutil.which(tool):
            (tools / tool).symlink_to(found)

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(ROOT / "scripts" / "bootstrap.sh"), *arguments],
            env={"PATH": f"{tmp_path / 'bin'}:{tools}", "HOME": str(tmp_path / "home"), **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def working(path: Path) -> Path:
    return executable(path, f'exec "{sys.executable}" "$@"')


def test_a_shim_that_fails_is_passed_over_for_an_interpreter_below_pyenv(machine, tmp_path):
    for name in ("python3.12", "python3.13", "python3"):
        executable(tmp_path / "bin" / name, "echo 'pyenv: command not found' >&2; exit 127")
    found = working(tmp_path / "pyenv" / "versions" / "3.12.1" / "bin" / "python")
    done = machine("--python", PYENV_ROOT=str(tmp_path / "pyenv"))
    assert (done.returncode, done.stdout.strip()) == (0, str(found)), done.stderr


def test_pyenv_is_found_in_the_home_directory_without_its_variable(machine, tmp_path):
    found = working(tmp_path / "home" / ".pyenv" / "versions" / "3.13.0" / "bin" / "python")
    assert machine("--python").stdout.strip() == str(found)


def test_uv_is_asked_last(machine, tmp_path):
    found = working(tmp_path / "elsewhere" / "python3.12")
    executable(tmp_path / "bin" / "uv", f"echo {found}")
    assert machine("--python").stdout.strip() == str(found)


def test_path_comes_before_pyenv(machine, tmp_path):
    found = working(tmp_path / "bin" / "python3.12")
    working(tmp_path / "home" / ".pyenv" / "versions" / "3.12.1" / "bin" / "python")
    assert machine("--python").stdout.strip() == str(found)


def test_an_interpreter_too_old_is_not_taken_and_the_message_says_what_is_needed(machine, tmp_path):
    executable(tmp_path / "bin" / "python3", "echo no")
    done = machine("--python")
    assert done.returncode == 4
    assert "Python >= 3.12" in done.stderr
    assert "uv python install 3.12" in done.stderr


def test_an_interpreter_without_venv_is_named_with_the_package_that_brings_it(machine, tmp_path):
    executable(tmp_path / "bin" / "python3.13", "echo venv-missing")
    done = machine("--python")
    assert done.returncode == 4
    assert "apt-get install python3.13-venv" in done.stderr


def test_the_users_own_choice_is_used_or_refused(machine, tmp_path):
    chosen = working(tmp_path / "mine" / "python")
    assert machine("--python", ASYNCSOC_PYTHON=str(chosen)).stdout.strip() == str(chosen)
    done = machine("--python", ASYNCSOC_PYTHON=str(tmp_path / "none"))
    assert done.returncode == 4
    assert "ASYNCSOC_PYTHON" in done.stderr


def test_a_missing_compiler_stops_set_up_before_anything_is_made(machine, tmp_path):
    working(tmp_path / "bin" / "python3.12")
    place = tmp_path / "environment"
    done = machine("--compiler", ASYNCSOC_VENV=str(place), CC="no-such-compiler")
    assert done.returncode == 4
    assert "apt-get install gcc" in done.stderr
    assert not place.exists()


@pytest.mark.parametrize("target", ["demo", "test", "lint", "bench", "docs"])
def test_every_target_sets_up_by_itself(target):
    make = shutil.which("make")
    if make is None:
        pytest.skip("needs make")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = [make, "-n", target]
    recipe = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    assert "scripts/bootstrap.sh" in recipe.splitlines()[0]


@pytest.mark.parametrize("script", [".ci/run", "scripts/bootstrap.sh", "scripts/check_release.sh"])
def test_scripts_are_executable_and_parse(script):
    path = ROOT / script
    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", str(path)], check=True)


def requirements(*extras: str) -> list[Requirement]:
    optional = PROJECT["project"]["optional-dependencies"]
    texts = PROJECT["project"]["dependencies"] + [text for extra in extras for text in optional[extra]]
    return [Requirement(text) for text in texts]


def test_every_requirement_has_a_tested_version():
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")
    )
    for requirement in requirements("meshing", "drawing", "thermo", "tomography", "test", "lint", "docs"):
        assert pins[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_this_environment_satisfies_the_requirements():
    for requirement in requirements("test"):
        if requirement.marker is None or requirement.marker.evaluate():
            assert importlib.metadata.version(requirement.name) in requirement.specifier, requirement


def test_conda_environment_names_every_requirement_with_the_same_bounds():
    lines = [line.strip("- ").strip() for line in (ROOT / "environment.yml").read_text().splitlines()]
    listed = dict(line.partition(" ")[::2] for line in lines if line)
    other_names = {"dolfinx-solver-real": "fenics-dolfinx", "matplotlib": "matplotlib-base"}
    for requirement in requirements("drawing"):
        bounds = listed[other_names.get(requirement.name, requirement.name)]
        assert set(bounds.split(",")) == set(str(requirement.specifier).split(",")), requirement


def test_sources_without_git_have_the_version_that_the_citation_names_as_the_next():
    stated = PROJECT["tool"]["hatch"]["version"]["fallback-version"]
    assert stated == FALLBACK
    assert f"version: {Version(stated).base_version}\n" in (ROOT / "CITATION.cff").read_text()


def test_the_version_written_by_the_build_is_no_source(tmp_path, run_python):
    """Records of a sweep are told apart by the hash of the sources: it must not change with every commit."""
    copy = tmp_path / "asyncsoc"
    shutil.copytree(ROOT / "asyncsoc", copy, ignore=shutil.ignore_patterns("__pycache__", "version.txt"))
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import asyncsoc; "
        "from asyncsoc.base.kernel_cache import room_hash; print(asyncsoc.__version__, room_hash())"
    )
    before = run_python(code, tmp_path).stdout.split()
    (copy / "base" / "version.txt").write_text("7.8.9\n")
    after = run_python(code, tmp_path).stdout.split()
    assert (before[0], after[0]) == (FALLBACK, "7.8.9")
    assert before[1] == after[1]
    assert PROJECT["tool"]["hatch"]["build"]["hooks"]["vcs"]["version-file"] == "asyncsoc/base/version.txt"


def test_the_release_workflow_publishes_what_the_check_has_made():
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    assert "scripts/check_release.sh -o dist" in workflow
    assert "id-token: write" in workflow
    assert not re.search(r"token:|password|secrets\.|https?://", workflow.replace("id-token:", ""))


def test_the_layers_enforced_are_the_walk_documented():
    text = (ROOT / "docs" / "architecture.md").read_text()
    walk = re.split(r",|->", re.search(r"    base ->.*?cli\n", text, re.DOTALL)[0])
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    assert list(reversed(layers)) == [name.strip() for name in walk]
