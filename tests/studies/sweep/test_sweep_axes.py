"""What `--vary` means: values, types, units, and one clear error for everything else."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.studies.sweep.axes import Axis, Range, parse_vary
from asyncsoc.studies.sweep.design import Design, DesignOptions, make_design

BASE = {
    "particle": {"radius": "5 um"},
    "contact": {"kind": "random", "n": 4},
    "protocol": {
        "steps": ["Charge at {rate} C until {end} V"],
        "cycle": [{"repeat": 2, "steps": ["Rest for {pause} s"]}],
    },
}


@pytest.mark.parametrize(
    ("text", "key", "values"),
    [
        ("contact.coverage=0.05:1:20", "contact.coverage", [round(0.05 * k, 2) for k in range(1, 21)]),
        ("contact.coverage=30 %,0.5", "contact.coverage", [0.3, 0.5]),
        ("particle.radius=2 um:8 um:4", "particle.radius", [2e-6, 4e-6, 6e-6, 8e-6]),
        ("protocol.temperature=20 degC:80 degC:3", "protocol.temperature", [293.15, 323.15, 353.15]),
        ("material.diffusivity=1e-15:1e-13:3:log", "material.diffusivity", [1e-15, 1e-14, 1e-13]),
        ("contact.seed=0:6:4", "contact.seed", [0, 2, 4, 6]),
        ("contact.n=3,6,12", "contact.n", [3, 6, 12]),
        ("material.name=ncm811-sturm2019,ncm811-chen2020", "material.name", ["ncm811-sturm2019", "ncm811-chen2020"]),
        ('protocol.steps=["Rest for 1 h"],["Rest for 2 h"]', "protocol.steps", [("Rest for 1 h",), ("Rest for 2 h",)]),
        ("contact.axis=[0,0,1],[1,0,0]", "contact.axis", [(0, 0, 1), (1, 0, 0)]),
        ("rate=0.1,0.5", "rate", [0.1, 0.5]),
        ("end=4.1:4.3:3", "end", [4.1, 4.2, 4.3]),
        ("contact.coverage=0.4", "contact.coverage", [0.4]),
        ("contact.coverage=0.4:0.4:1", "contact.coverage", [0.4]),
    ],
)
def test_values(text: str, key: str, values: list[object]) -> None:
    assert parse_vary(text, BASE) == Axis(key, tuple(values))


def test_a_range_without_a_number_of_values_is_sampled() -> None:
    assert parse_vary("contact.coverage=5 %:1", BASE) == Range("contact.coverage", 0.05, 1.0)
    assert parse_vary("material.diffusivity=1e-15:1e-13:log", BASE).log
    assert parse_vary("contact.seed=0:9", BASE).whole


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("contact.coverage", "KEY=VALUES"),
        ("contact.covrage=0.1", "contact.coverage"),
        ("contat.coverage=0.1", "contact.coverage"),
        ("speed=0.1", "{speed}"),
        ("name=a,b", "cannot be varied"),
        ("contact.coverage=0:1:5", "out of range"),
        ("contact.coverage=0.1,1.5", "out of range"),
        ("contact.coverage=0.1,,0.2", "empty entry"),
        ("contact.coverage=0.1,0.1", "twice"),
        ("contact.coverage=a:b:3", "no number"),
        ("contact.coverage=0.1:1:0", "whole number"),
        ("contact.coverage=0.1:1:x", "whole number"),
        ("contact.coverage=1:0.1", "must rise"),
        ("contact.coverage=0.1:1:2:3:4", "two ends"),
        ("contact.seed=0:5:4", "whole numbers"),
        ("contact.seed=0.5,1", "whole number"),
        ("rate=-1:1:3:log", "positive"),
        ("rate=a:b", "end of a range"),
        ("particle.radius=5:10:6", "out of range"),
        ("output.fields_every=1 min,2 min", "does not change"),
    ],
)
def test_what_cannot_be_understood_is_one_clear_error(text: str, says: str) -> None:
    with pytest.raises(InputError) as found:
        parse_vary(text, BASE)
    assert says in str(found.value)
    assert "--vary" in str(found.value) or found.value.where


@settings(deadline=None)
@given(low=st.floats(0.01, 0.5), width=st.floats(0.01, 0.5), count=st.integers(2, 50))
def test_evenly_spaced_values_keep_their_ends(low: float, width: float, count: int) -> None:
    axis = parse_vary(f"contact.coverage={low!r}:{low + width!r}:{count}", BASE)
    assert isinstance(axis, Axis)
    assert (axis.values[0], axis.values[-1]) == (low, low + width)
    np.testing.assert_allclose(axis.values, np.linspace(low, low + width, count), rtol=1e-11)


def design(*vary: str, **wanted: object) -> Design:
    return make_design(DesignOptions(vary, **wanted), BASE)


def test_several_axes_make_a_grid_with_the_last_running_fastest() -> None:
    grid = design("contact.coverage=0.1,0.2,0.3", "rate=1,2")
    assert (grid.shape, len(grid)) == ((3, 2), 6)
    assert [tuple(grid.values(k).values()) for k in range(3)] == [(0.1, 1), (0.1, 2), (0.2, 1)]
    assert Design.from_dict(grid.to_dict()) == grid


@pytest.mark.parametrize("scheme", ["lhs:16", "sobol:16"])
def test_samples_fill_their_ranges_evenly_and_again(scheme: str) -> None:
    wanted = {"sample": scheme, "seed": 3}
    one = design("contact.coverage=0.1:1", "material.diffusivity=1e-15:1e-13:log", **wanted)
    assert one == design("contact.coverage=0.1:1", "material.diffusivity=1e-15:1e-13:log", **wanted)
    assert one != design("contact.coverage=0.1:1", "material.diffusivity=1e-15:1e-13:log", sample=scheme, seed=4)
    rows = one.dimensions[0].rows
    coverage = sorted((float(row[0]) - 0.1) / 0.9 for row in rows)
    decades = sorted((math.log10(float(row[1])) + 15.0) / 2.0 for row in rows)
    for places in (coverage, decades):  # one in every sixteenth
        assert [int(16 * place) for place in places] == list(range(16))


def test_samples_axes_and_replicas_combine() -> None:
    both = design("contact.coverage=0.1:1", "rate=1,2", sample="lhs:5", replicas=3)
    assert both.shape == (5, 2, 3)
    assert both.keys == ("contact.coverage", "rate", "contact.seed")


@pytest.mark.parametrize(
    ("vary", "wanted", "says"),
    [
        ((), {}, "nothing is varied"),
        (("contact.coverage=0.1:1",), {}, "--sample"),
        (("contact.coverage=0.1,1",), {"sample": "lhs:4"}, "nothing to sample"),
        (("contact.coverage=0.1:1",), {"sample": "sobol:100"}, "sobol:64 or sobol:128"),
        (("contact.coverage=0.1:1",), {"sample": "grid:4"}, "lhs:N"),
        (("contact.coverage=0.1,1", "contact.coverage=0.2,0.3"), {}, "twice"),
        (("contact.coverage=0.1:1:1000", "rate=1:2:1000", "end=4:5:100"), {}, "too many"),
        ((), {"replicas": 0}, "at least one"),
    ],
)
def test_a_design_that_cannot_be_made(vary: tuple[str, ...], wanted: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        design(*vary, **wanted)


def test_replicas_need_a_random_contact() -> None:
    with pytest.raises(InputError, match="random"):
        make_design(DesignOptions((), replicas=3), {"contact": {"kind": "cap"}, "protocol": {}})
