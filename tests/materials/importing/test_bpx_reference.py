"""U, D and i0 of BPX files are those that the standard's own package and PyBaMM make of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asyncsoc.materials.importing.bpx import read_bpx
from tests.materials.importing.bpx_documents import LFP, with_field, write

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs


def full_cell(tmp_path: Path) -> Path:
    """The test's own document with the rest of a cell, which PyBaMM needs, taken from the published one."""
    document = json.loads(LFP.read_text())
    own = with_field("Thickness [m]", 5e-5)["Parameterisation"]["Positive electrode"]
    document["Parameterisation"]["Positive electrode"].update(own)
    return write(tmp_path, document)


@pytest.mark.parametrize("published", [True, False], ids=["published", "own"])
@pytest.mark.parametrize("temperature", [283.15, 298.15, 333.15])
def test_the_same_values_are_read(tmp_path: Path, published: bool, temperature: float) -> None:
    pytest.importorskip("bpx")
    pybamm = pytest.importorskip("pybamm")
    path = LFP if published else full_cell(tmp_path)
    found, values = read_bpx(path), pybamm.ParameterValues.create_from_bpx(str(path))
    x = np.linspace(*found.window, 41)
    c_max = values["Maximum concentration in positive electrode [mol.m-3]"]
    salt = values["Initial concentration in electrolyte [mol.m-3]"]
    at, warm = pybamm.Vector(x), pybamm.Scalar(temperature)

    def theirs(name: str, arguments: dict[str, Any]) -> np.ndarray:
        symbol = values.process_symbol(pybamm.FunctionParameter(name, arguments))
        return np.broadcast_to(np.asarray(symbol.evaluate()).ravel(), x.shape)

    u = theirs("Positive electrode OCP [V]", {"x": at})
    u = u + (temperature - 298.15) * theirs("Positive electrode OCP entropic change [V.K-1]", {"x": at})
    np.testing.assert_allclose(found.potential(x, temperature), u, rtol=1e-12)
    d = theirs("Positive particle diffusivity [m2.s-1]", {"x": at, "T": warm})
    np.testing.assert_allclose(found.diffusion(x, temperature), d, rtol=1e-9)
    arguments = {"c_e": pybamm.Scalar(salt), "c": at * c_max, "c_max": pybamm.Scalar(c_max), "T": warm}
    i0 = theirs("Positive electrode exchange-current density [A.m-2]", arguments)
    np.testing.assert_allclose(found.exchange_current(x, temperature), i0, rtol=1e-9)
    assert found.particle_radius == values["Positive particle radius [m]"]
