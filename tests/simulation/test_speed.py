"""The time a resolved charge takes, against a model people already run every day; answers are checked before times."""

from __future__ import annotations

import pytest

pytest.importorskip("pybamm")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # PyBaMM's own warnings


def test_a_resolved_charge_takes_less_time_than_a_whole_cell_of_pybamm():
    """Axisymmetric, D(x, T), Butler-Volmer, C/10 to 4.2 V; PyBaMM's DFN with ORegan2022, IDAKLU at 1e-6. Medians."""
    from benchmarks.charge_vs_pybamm import compare

    found = compare(repeat=3)
    assert found["pybamm"]["ORegan2022"]["ratio"] > 1.0, found
