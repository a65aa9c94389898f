"""Nothing in the working folder is ever run or believed: a folder of results may come from anybody."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

NAMES = (
    "random", "json", "numpy", "asyncsoc", "socket", "typing", "multiprocessing", "scipy", "h5py", "numba",
    "distributed", "yaml", "sitecustomize", "usercustomize",
)  # fmt: skip
Run = Callable[..., subprocess.CompletedProcess[str]]
VOLUME = ("--labels", "pore=0,ncm=1,cbd=2", "--voxel-size", "400 nm", "--min-voxels", "300")


@pytest.fixture
def poisoned(tmp_path: Path, inputs: Path) -> Path:
    folder = tmp_path / "results"
    shutil.copytree(inputs, folder)
    for name in NAMES:
        marker = f"from pathlib import Path\nPath({str(tmp_path / 'marks')!r}, {name!r}).touch()\n"
        (folder / f"{name}.py").write_text(marker + "raise SystemExit('poisoned')\n", encoding="utf-8")
    (tmp_path / "marks").mkdir()
    return folder


COMMANDS = {
    "run": ("run", "case.toml", "-o", "out"),
    "sweep": ("sweep", "sweep.toml", "--vary", "rate=0.1,0.2", "--workers", "2", "-o", "out"),
    "dask": ("sweep", "sweep.toml", "--vary", "rate=0.1,0.2", "--workers", "2", "--dask", "local", "-o", "out"),
    "tomo mesh": ("tomo", "mesh", "volume.npy", *VOLUME, "--workers", "2", "-o", "out"),
    "tomo charge": ("tomo", "charge", "particles", "charge.toml", "--no-spheres", "--workers", "2", "-o", "out"),
    "mesh file": ("run", "meshed.toml", "-o", "out"),
    "doctor": ("doctor",),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_runs_what_lies_in_the_working_folder(name: str, poisoned: Path, run: Run) -> None:
    file = next((poisoned / "particles").glob("*.vtu")).relative_to(poisoned)
    particle = f'[particle]\nshape = "mesh"\nfile = "{file}"\nlength_unit = "m"\n'
    meshed = particle + '[contact]\nkind = "labels"\nactive = ["active"]\n'
    (poisoned / "meshed.toml").write_text(meshed + (poisoned / "charge.toml").read_text(), encoding="utf-8")
    done = run(*COMMANDS[name], folder=poisoned)
    assert not sorted(path.name for path in (poisoned.parent / "marks").iterdir())
    assert done.returncode == 0, done.stderr


def test_a_reader_of_meshes_does_not_run_what_lies_beside_them(poisoned: Path) -> None:
    from asyncsoc.geometry.isolation import read_isolated

    file = next((poisoned / "particles").glob("*.vtu"))
    for name in NAMES:
        shutil.copy(poisoned / f"{name}.py", file.parent)
    assert len(read_isolated(file).points)
    assert not list((poisoned.parent / "marks").iterdir())


@pytest.mark.slow
def test_options_of_petsc_and_of_form_compilers_are_not_taken_from_the_working_folder(
    inputs: Path, tmp_path: Path, run: Run
) -> None:
    """`.petscrc` names libraries to load, the other two arguments of the C compiler and of the code generator."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    source = '#include <stdio.h>\n__attribute__((constructor)) static void f(void) { fclose(fopen("%s", "w")); }\n'
    (tmp_path / "evil.c").write_text(source % (tmp_path / "loaded"), encoding="utf-8")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", tmp_path / "evil.so", tmp_path / "evil.c"], check=True)
    folder = tmp_path / "results"
    shutil.copytree(inputs, folder)
    for name in (".petscrc", "petscrc"):
        (folder / name).write_text(f"-dll_append {tmp_path / 'evil.so'}\n", encoding="utf-8")
    (folder / "dolfinx_jit_options.json").write_text('{"cffi_extra_compile_args": ["--no-such-option"]}')
    (folder / "ffcx_options.json").write_text('{"scalar_type": "no such type"}')
    done = run("run", "case.toml", "-o", "out", folder=folder, **_fresh_forms(tmp_path))
    assert not (tmp_path / "loaded").exists()
    assert done.returncode == 0, done.stderr


def _fresh_forms(folder: Path) -> dict[str, str]:
    from asyncsoc.base.kernel_cache import cache_base

    return {"XDG_CACHE_HOME": str(folder / "cache"), "NUMBA_CACHE_DIR": str(cache_base())}
