"""Sobol indices of models whose indices are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.sensitivity import IndexBars, sensitivity_figure
from asyncsoc.studies.sweep.design import Design
from asyncsoc.studies.sweep.load import LoadedRecords
from asyncsoc.studies.sweep.plan import Plan
from asyncsoc.studies.sweep.sensitivity import EXTRA, sobol_design, sobol_indices

pytest.importorskip("SALib")
BASE = {"protocol": {"steps": ["Charge at {rate} C until {end} V"]}}
VARY = ("rate=0:1", "end=0:1", "protocol.temperature=0 degC:100 degC")


def analyzed(design: Design, values: np.ndarray):
    plan = Plan("model", BASE, design, "summary", extra={EXTRA: {}})
    loaded = LoadedRecords(len(design), np.zeros(len(design), dtype=np.int8), {"y": values})
    return sobol_indices(plan, loaded, ("y",))[0]


def columns(design: Design) -> tuple[np.ndarray, ...]:
    return tuple(np.array(column, dtype=float) for column in zip(*design.dimensions[0].rows, strict=True))


def test_a_sum_has_the_shares_of_its_variances() -> None:
    design = sobol_design(VARY, BASE, 256, seed=1)
    assert len(design) == 256 * 5
    a, b, _ = columns(design)
    found = analyzed(design, 3.0 * a + 1.0 * b)
    np.testing.assert_allclose(found.first, [0.9, 0.1, 0.0], atol=0.02)
    np.testing.assert_allclose(found.total, [0.9, 0.1, 0.0], atol=0.02)
    assert found.mean == pytest.approx(2.0, abs=0.01)


def test_a_product_has_interactions() -> None:
    design = sobol_design(VARY, BASE, 256, seed=1)
    a, b, _ = columns(design)
    found = analyzed(design, (a - 0.5) * (b - 0.5))
    np.testing.assert_allclose(found.first, 0.0, atol=0.05)
    np.testing.assert_allclose(found.total, [1.0, 1.0, 0.0], atol=0.05)


def test_samples_with_a_failed_case_are_left_out() -> None:
    design = sobol_design(VARY, BASE, 256, seed=1)
    a, b, _ = columns(design)
    values = 3.0 * a + b
    values[[7, 8, 400]] = np.nan
    found = analyzed(design, values)
    assert found.samples == 254
    np.testing.assert_allclose(found.first, [0.9, 0.1, 0.0], atol=0.03)
    with pytest.raises(InputError, match="too few"):
        analyzed(design, np.full(len(design), np.nan))


def test_what_does_not_change_has_no_drivers() -> None:
    design = sobol_design(VARY, BASE, 8, seed=1)
    found = analyzed(design, np.full(len(design), 4.2))
    assert (found.total == 0.0).all()


@pytest.mark.parametrize(
    ("vary", "samples", "says"),
    [
        (("rate=0:1",), 64, "two ranges"),
        (("rate=0:1", "end=4,5"), 64, "need ranges"),
        (("rate=0:1", "end=4:5"), 100, "powers of two"),
        (("rate=0:1", "end=4:5"), 4, "powers of two"),
    ],
)
def test_a_design_that_says_nothing_is_refused(vary: tuple[str, ...], samples: int, says: str) -> None:
    with pytest.raises(InputError, match=says):
        sobol_design(vary, BASE, samples, seed=0)


def test_the_picture(tmp_path: Path) -> None:
    half = np.array([0.1, 0.1])
    bars = IndexBars(
        "Largest asynchrony", ("rate", "particle.radius"), np.array([0.8, 0.3]), half, np.array([0.7, 0.2]), half
    )
    sensitivity_figure([bars], title="model", note="of two").savefig(tmp_path / "bars.png")
    assert (tmp_path / "bars.png").stat().st_size > 5000
