"""A sweep over cathodes of different kinds: columns of oxidation states are those that its cathodes can give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from asyncsoc.base.errors import InputError
from asyncsoc.materials import registry
from asyncsoc.studies.sweep.design import DesignOptions, make_design
from asyncsoc.studies.sweep.export import collect
from asyncsoc.studies.sweep.plan import Plan
from asyncsoc.studies.sweep.run import SweepOptions, run_sweep
from tests.cathodes import NAMES

NICKEL = "Ni4+/Ni3+ at contact"
BASE = {
    "name": "cathodes",
    "particle": {"radius": "5 um"},
    "electrolyte": {"name": "liquid-lipf6"},
    "protocol": {
        "temperature": "60 degC",
        "initial_stoichiometry": 0.8,
        "steps": ["Charge at {rate} C for 10 minutes"],
    },
}


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, place in NAMES.items():
        monkeypatch.setitem(registry.CATHODES, name, place)


def swept(folder: Path, *vary: str) -> xr.Dataset:
    plan = Plan("cathodes", BASE, make_design(DesignOptions(vary), BASE))
    done = run_sweep(plan, folder, SweepOptions(workers=1, task="sweep_tasks:other_cathodes")).counts
    assert done.open == done.failed == 0
    collect(folder, points=11, picture=False)
    with xr.open_dataset(folder / "sweep.nc", engine="h5netcdf") as found:
        return found.load()


@pytest.mark.slow
def test_no_column_where_no_cathode_can_give_it(tmp_path: Path) -> None:
    data = swept(tmp_path, "material.name=test-iron", "rate=0.1,0.5")
    assert "Contact-mean SOC" in data
    assert not any("+" in str(name) for name in data.variables)
    with pytest.raises(InputError, match="no valence model") as caught:
        collect(tmp_path, curves=(NICKEL,), picture=False)
    assert caught.value.where == "--curve"
    assert "Contact-mean SOC" in (caught.value.allowed or "")


@pytest.mark.slow
def test_empty_where_only_others_can(tmp_path: Path) -> None:
    data = swept(tmp_path, "material.name=test-iron,ncm811-sturm2019", "rate=0.1,0.5")
    ratio = data[NICKEL.replace("/", " per ")]
    assert ratio.dims[0] == "material.name"
    assert data["material.name"].values.tolist() == ["test-iron", "ncm811-sturm2019"]
    assert np.isnan(ratio[0]).all()
    assert np.isfinite(ratio[1]).any()
