"""Trees of HDF5 files: many objects are fine in a file large enough to hold them, cycles and floods are not."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_hdf5 import check_tree


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A file as a run of some hundred particles leaves it: more objects than a single run has."""
    with h5py.File(tmp_path / "many.h5", "w") as file:
        for k in range(400):
            for name in "abc":
                file.create_dataset(f"particles/particle {k}/{name}", data=np.zeros(3))
    return tmp_path / "many.h5"


def test_a_file_of_many_particles_is_read(many: Path) -> None:
    with h5py.File(many) as file:
        check_tree(many, file, "f")


def test_more_objects_than_its_size_allows_are_refused(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asyncsoc.base.guarded_hdf5._LEAST_BYTES", many.stat().st_size)
    with h5py.File(many) as file, pytest.raises(InputError, match="too many"):
        check_tree(many, file)


def test_a_cycle_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "cycle.h5", "w") as file:
        file["a/b"] = file.create_group("c")
        file["c/again"] = file["a"]
    with h5py.File(tmp_path / "cycle.h5") as file, pytest.raises(InputError, match="cycle"):
        check_tree(tmp_path / "cycle.h5", file)
