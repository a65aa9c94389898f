"""What is said about compiling goes by the cache that compiling fills."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncsoc.base import kernel_cache
from asyncsoc.cli import progress
from asyncsoc.solver.warmup import compile_kernels

ROOT = Path(__file__).parents[2]


def test_compiled_kernels_are_found_and_an_empty_cache_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compile_kernels()
    assert not kernel_cache.still_to_compile()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert kernel_cache.still_to_compile()


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
    assert "kernels, once: about 20 s of processor time" in text
    assert kernel_cache.COMPILING.endswith("kernels, once: about 20 s of processor time")
