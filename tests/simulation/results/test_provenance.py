from __future__ import annotations

import getpass
import json
import platform
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import asyncsoc
from asyncsoc.simulation.results import provenance

ROOT = Path(asyncsoc.__file__).parent.parent


@pytest.fixture
def record():
    started = datetime(2026, 3, 4, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    return provenance.collect(
        mesh_sha256="m" * 64, case_sha256="c" * 64, started=started, stop_reason="voltage reached", threads=2
    )


def test_it_says_what_ran_on_what_and_when(record):
    assert record["versions"]["python"] == platform.python_version()
    assert {"numpy", "scipy", "h5py"} <= set(record["versions"])
    assert (record["case sha256"], record["mesh sha256"]) == ("c" * 64, "m" * 64)
    assert len(record["source sha256"]) == 64
    assert record["started"] == "2026-03-04T10:00:00+00:00"
    assert record["stop reason"] == "voltage reached"
    assert record["threads"] == 2
    assert record["cores"] >= 1


def test_it_names_no_user_host_or_folder(record):
    text = json.dumps(record)
    home = str(Path.home())
    names = [getpass.getuser(), platform.node(), home, str(ROOT)]
    # Short names such as "root" occur inside other words.
    for name in (name for name in names if len(name) > 4):
        assert name not in text


def test_commit_is_the_one_git_names():
    answer = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip("not a git checkout")
    assert provenance.git_commit(ROOT) == answer.stdout.strip()


def test_commit_is_found_loose_packed_detached_and_in_a_work_tree(tmp_path):
    git = tmp_path / "a" / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert provenance.git_commit(tmp_path / "a") is None
    (git / "packed-refs").write_text("# pack-refs with: peeled\n" + "1" * 40 + " refs/heads/main\n")
    assert provenance.git_commit(tmp_path / "a") == "1" * 40
    (git / "refs" / "heads" / "main").write_text("2" * 40 + "\n")
    assert provenance.git_commit(tmp_path / "a") == "2" * 40
    linked, tree = git / "worktrees" / "b", tmp_path / "b"
    linked.mkdir(parents=True)
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {linked}\n")
    (linked / "commondir").write_text("../..\n")
    (linked / "HEAD").write_text("ref: refs/heads/main\n")
    assert provenance.git_commit(tree) == "2" * 40
    (linked / "HEAD").write_text("3" * 40 + "\n")
    assert provenance.git_commit(tree) == "3" * 40


def test_without_a_checkout_there_is_no_commit(tmp_path):
    assert provenance.git_commit(tmp_path) is None
    assert provenance.git_dirty(tmp_path) in (None, False)
