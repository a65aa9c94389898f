from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from asyncsoc.base import files as atomic
from asyncsoc.base.files import replaced

KILLED = """
import sys, time
from pathlib import Path
from asyncsoc.base.files import replaced
with replaced(Path(sys.argv[1])) as stream:
    stream.write(b"half of it")
    stream.flush()
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=["nameless", "named"])
def way(request, monkeypatch):
    """Both ways to write: the nameless file of Linux, and the named one of everywhere else."""
    if request.param == "named":
        monkeypatch.setattr(atomic, "_anonymous", lambda folder: None)
    return request.param


def test_content_takes_the_place_of_the_old_one(way, tmp_path):
    path = tmp_path / "new folder" / "file.bin"
    for content in (b"first", b"second"):
        with replaced(path) as stream:
            stream.write(content)
        assert path.read_bytes() == content
    assert [entry.name for entry in path.parent.iterdir()] == ["file.bin"]


def test_an_error_leaves_the_old_content_and_nothing_else(way, tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")

    def fail():
        with replaced(path) as stream:
            stream.write(b"new")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.bin"]


def test_a_file_system_that_cannot_name_a_nameless_file_gets_a_copy(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("not here")

    monkeypatch.setattr(atomic.os, "link", refuse)
    with replaced(tmp_path / "file.bin") as stream:
        stream.write(b"content")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("file.bin", b"content")]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has files without a name")
def test_a_killed_process_leaves_nothing(tmp_path):
    path = tmp_path / "file.bin"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "writing\n"
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert list(tmp_path.iterdir()) == []
