"""The page on electrodes does what it says: its Python runs, its keys are the code's, its errors are measured."""

from __future__ import annotations

import math
import re
import tomllib

import numpy as np
import pytest
from scipy import stats

import asyncsoc as aso
from asyncsoc.case.electrode import Electrode
from asyncsoc.case.electrode_laws import CoverageDistribution, RadiusDistribution
from asyncsoc.case.electrode_layers import (
    BRUGGEMAN,
    ELECTRONIC_CONDUCTIVITY,
    LAYERS,
    LITHIUM_RESISTANCE,
    LayeredElectrode,
)
from asyncsoc.case.electrode_materials import CARBON_DENSITY, POLYMER_DENSITY
from asyncsoc.materials.capacity import specific_capacity
from asyncsoc.materials.registry import cathode
from asyncsoc.problem.particle_sample import SamplingErrors, draw_particles
from tests.pages import ROOT, agrees, blocks, links

PAGE = ROOT / "docs" / "electrodes.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMES = ("mean_coverage", "coverage_std", "specific_active_area", "mean_radius")


def errors(**keys: object) -> SamplingErrors:
    laws = {"coverage": {"law": "beta", "mean": 0.3, "std": 0.1}}
    radius = {"law": "lognormal", "median": "7 um", "sigma": 1.4}
    return draw_particles(Electrode(loading="12.7 mg/cm2", **laws, radius=radius, **keys), 4870.0).error


def row(name: str) -> list[str]:
    line = next(line for line in TEXT.splitlines() if line.startswith(f"| {name}"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


@pytest.mark.slow  # kernels of a salt
def test_the_python_runs() -> None:
    names: dict[str, object] = {}
    for block in blocks(PAGE, "python"):
        exec(compile(block, PAGE.name, "exec"), names)


def test_the_toml_is_an_electrode() -> None:
    example, block, lost = blocks(PAGE, "toml")
    assert tomllib.loads(example) == tomllib.loads((ROOT / "examples" / "electrode.toml").read_text(encoding="utf-8"))
    electrode = Electrode(**tomllib.loads(block)["electrode"])
    assert len(draw_particles(electrode, 4870.0)) == 40
    assert aso.Case.from_dict(tomllib.loads(lost)).electrode.isolated_from_cycle == 3


def test_links_lead_somewhere() -> None:
    assert [target for target in links(PAGE) if not (PAGE.parent / target).exists()] == []


def test_the_table_has_every_key_and_its_default() -> None:
    keys = re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)
    layered = list(LayeredElectrode.model_fields)
    assert keys == [*layered, *(key for key in Electrode.model_fields if key not in layered)]
    assert float(row("`bruggeman`")[1]) == BRUGGEMAN
    assert f"{ELECTRONIC_CONDUCTIVITY:g} S/m" in row("`electronic_conductivity`")[1]
    assert f"{LITHIUM_RESISTANCE * 1e4:g} ohm cm2" in row("`lithium`")[1]
    assert int(row("`layers`")[1]) == LAYERS
    standard = Electrode(loading=0.127, coverage={"law": "beta", "mean": 0.3, "std": 0.1})
    assert row("`density`")[1] == f"polymer {POLYMER_DENSITY:g}, carbon {CARBON_DENSITY:g}"
    assert row("`composition`")[1] == ":".join(f"{100 * part:g}" for part in standard.composition.fractions.values())
    assert float(row("`area`")[1]) == pytest.approx(standard.area * 1e4)
    assert float(row("`radius`")[1]) == pytest.approx(standard.radius_law.value * 1e6)
    assert (int(row("`particles`")[1]), int(row("`seed`")[1])) == (standard.count, standard.seed)
    for section in (CoverageDistribution, RadiusDistribution):
        assert [key for key in section.model_fields if key not in ("law", "value") and f"`{key}`" not in TEXT] == []


@pytest.mark.parametrize("n", [20, 100])
def test_the_errors_of_strata_are_those_of_the_page(n: int) -> None:
    found = errors(particles=n)
    for shown, name in zip(row(f"{n} strata"), NAMES, strict=True):
        if shown == "0":
            assert abs(getattr(found, name)) < 1e-14, name
        else:
            assert agrees(shown, f"{getattr(found, name):.4f}"), name


def test_the_errors_of_random_draws_are_those_of_the_page() -> None:
    found = [errors(sampling="random", seed=seed) for seed in range(500)]
    for shown, name in zip(row("20 random draws"), NAMES, strict=True):
        size = math.sqrt(np.mean([getattr(one, name) ** 2 for one in found]))
        assert float(shown) == pytest.approx(size, rel=0.05), name
    assert 0.0005 < max(abs(errors(seed=seed).specific_active_area) for seed in range(100)) < 0.001


def test_other_numbers_of_the_page() -> None:
    s = math.log(1.4)
    assert f"for `sigma = 1.4` {math.exp(3 * s * s):.2f} and {math.exp(2 * s * s):.2f}" in TEXT
    # The mass of the largest 5 % by number: the tail of the law by volume above their radius.
    largest = stats.lognorm(s, scale=7e-6).ppf(0.95)
    share = stats.lognorm(s, scale=7e-6 * math.exp(3.0 * s**2)).sf(largest)
    assert f"hold {100.0 * share:.0f} % of the mass" in TEXT
    most = [specific_capacity(cathode(name)) for name in ("ncm811-chen2020", "ncm811-sturm2019")]
    assert f"({most[0]:.0f} to {most[1]:.0f} mAh/g" in TEXT
    assert f"{4.85 / 0.0286:.0f} mAh per gram" in TEXT
    assert f"given {4.85 / 0.0286 / 0.8:.0f} mAh/g" in TEXT
