"""What is said about compiling goes by the cache that compiling fills."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from asyncsoc.base import kernel_cache
from asyncsoc.base.compiling import Kernel, kernel
from asyncsoc.cli import progress
from asyncsoc.solver.warmup import compile_kernels

ROOT = Path(__file__).parents[2]


def test_compiled_kernels_are_found_and_an_empty_cache_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compile_kernels()
    assert not kernel_cache.still_to_compile()
    compile_kernels(batches=False, groups=True)
    assert not kernel_cache.still_to_compile(groups=True)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert kernel_cache.still_to_compile()
    assert kernel_cache.still_to_compile(groups=True)


def test_what_is_compiled_for_one_form_of_run_is_not_for_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    folder = kernel_cache.cache_folder("asyncsoc.kernels.batch")
    folder.mkdir(parents=True)
    (folder / "batch.attempt_one_by_one-43.py312.nbi").touch()
    assert kernel_cache.still_to_compile()
    kernel_cache.note_compiled(groups=False, iterative=False, conductors=False)
    assert not kernel_cache.still_to_compile()
    assert kernel_cache.still_to_compile(iterative=True)
    assert kernel_cache.still_to_compile(conductors=True)
    kernel_cache.note_compiled(groups=False, iterative=True, conductors=False)
    assert not kernel_cache.still_to_compile(iterative=True)


@kernel
def doubled(number: float) -> float:
    return 2.0 * number


def test_an_index_that_cannot_be_read_is_begun_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It names the types of arguments, and a class may have another name in a later version."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))

    def uncompiled() -> Kernel:
        return Kernel(doubled.py_func, {})

    assert uncompiled()(1.0) == 2.0
    (index,) = tmp_path.rglob("*.nbi")
    whole = index.read_bytes()
    index.write_bytes(whole[: len(whole) // 2])
    assert uncompiled()(1.0) == 2.0
    assert index.read_bytes() == whole


def test_what_nobody_used_for_two_months_is_removed_when_something_is_compiled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    folder = kernel_cache.cache_folder(doubled.py_func.__module__)
    ages = {f"{folder.name.rpartition('-')[0]}-{name}": days for name, days in (("old", 61), ("young", 59))}
    ages["another-module"] = 1000
    for name, days in ages.items():
        (folder.parent / name).mkdir(parents=True)
        (folder.parent / name / "kernel.nbc").touch()
        os.utime(folder.parent / name, (0.0, time.time() - 86400.0 * days))
    assert Kernel(doubled.py_func, {})(1.0) == 2.0
    kept = {path.name for path in folder.parent.iterdir()}
    assert kept == {folder.name, *ages} - {next(iter(ages))}
    os.utime(folder, (0.0, time.time() - 86400.0 * 70))
    assert Kernel(doubled.py_func, {})(1.0) == 2.0
    assert time.time() - folder.stat().st_mtime < 86400.0, "what is used is remembered"


def test_compiling_is_announced_once_and_not_to_the_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    with progress.progress_bar(quiet=False):
        pass
    assert capsys.readouterr().err.splitlines() == [kernel_cache.COMPILING]
    with progress.progress_bar(quiet=True), progress.counting_bar(quiet=False):
        pass
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "is_terminal", lambda stream: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    with progress.progress_bar(quiet=False):
        pass
    assert kernel_cache.COMPILING in capsys.readouterr().err


@pytest.mark.parametrize("page", ["scripts/bootstrap.sh", "docs/quickstart.md", "docs/performance.md"])
def test_the_same_words_stand_everywhere(page: str) -> None:
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    assert "kernels, once: 20 to 50 s of processor time" in text
    assert kernel_cache.COMPILING.endswith("kernels, once: 20 to 50 s of processor time")


USE = (
    "import numpy as np\n"
    "from asyncsoc.kernels import ldl\n"
    "factor = ldl.analyze(np.array([0, 2, 4]), np.array([0, 1, 0, 1]))\n"
    "stats = ldl._patterns._entry.stats\n"
    "print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()), factor.indices.tolist(), ldl.__file__)"
)


@pytest.fixture
def other_checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "asyncsoc", tmp_path / "other" / "asyncsoc", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "other"


@pytest.mark.slow
def test_another_checkout_of_the_same_sources_compiles_nothing(
    run_python: Callable[..., CompletedProcess[str]], tmp_path: Path, other_checkout: Path
) -> None:
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    first = run_python(USE, PYTHONPATH=str(ROOT), **cache).stdout.split()
    assert first[:3] == ["0", "1", "[1]"]
    second = run_python(USE, PYTHONSAFEPATH="1", PYTHONPATH=str(other_checkout), **cache).stdout.split()
    assert second[:3] == ["1", "0", "[1]"]
    assert str(other_checkout) in second[3]


def test_a_changed_callee_is_compiled_anew_and_nothing_else(
    run_python: Callable[..., CompletedProcess[str]], other_checkout: Path
) -> None:
    sparse = other_checkout / "asyncsoc" / "kernels" / "sparse.py"
    sparse.write_text(sparse.read_text() + "\n# changed\n")
    code = (
        "from asyncsoc.base.kernel_cache import source_hash\n"
        "print(*map(source_hash, ['asyncsoc.kernels.batch', 'asyncsoc.tomography.voxels']))"
    )
    changed = run_python(code, PYTHONSAFEPATH="1", PYTHONPATH=str(other_checkout)).stdout.split()
    assert changed[0] != kernel_cache.source_hash("asyncsoc.kernels.batch")
    assert changed[1] == kernel_cache.source_hash("asyncsoc.tomography.voxels")


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_a_damaged_cache_is_compiled_anew(
    run_python: Callable[..., CompletedProcess[str]], tmp_path: Path, ending: str
) -> None:
    cache = {"NUMBA_CACHE_DIR": str(tmp_path)}
    run_python(USE, **cache)
    for file in tmp_path.rglob(f"*.{ending}"):
        file.write_bytes(file.read_bytes()[:100] if ending == "nbc" else b"damaged")
    done = run_python(USE, **cache)
    assert done.stdout.split()[1:3] == ["1", "[1]"], done.stderr


@pytest.mark.slow
def test_where_nothing_can_be_kept_kernels_are_compiled_all_the_same(
    run_python: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run_python(USE, NUMBA_CACHE_DIR=str(tmp_path / "file"))
    assert done.stdout.split()[1:3] == ["1", "[1]"], done.stderr
