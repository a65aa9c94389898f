"""The contact-corrected model: what its file holds, where it is refused, and how far PyBaMM is from the particle."""

from __future__ import annotations

import json
import warnings
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.studies.contact_corrected.bpx_format import SECTION
from asyncsoc.studies.contact_corrected.model import ContactCorrectedModel, rate_of

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "contact_corrected_bpx.json"
EVIDENCE = ROOT / "docs" / "contact_corrected.json"
CASE = ROOT / "examples" / "contact_corrected.toml"
FULL = ["contact.kind=full", "contact.coverage=1"]
FORMULA = "LiNi0.8Co0.1Mn0.1O2"


@pytest.fixture(scope="module")
def model() -> ContactCorrectedModel:
    return aso.ContactCorrectedModel.from_bpx(EXAMPLE)


def test_a_file_written_again_is_the_same_model(model: ContactCorrectedModel, tmp_path: Path) -> None:
    again = ContactCorrectedModel.from_bpx(model.to_bpx(tmp_path / "again.json"))
    for one in fields(model):
        before, after = getattr(model, one.name), getattr(again, one.name)
        if isinstance(before, np.ndarray):
            np.testing.assert_allclose(after, before, rtol=1e-12, atol=0.0, err_msg=one.name)
        else:
            assert after == before, one.name


def test_the_reference_implementation_accepts_the_file() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, and of what it imports
        bpx = pytest.importorskip("bpx")
        parsed = bpx.parse_bpx_file(EXAMPLE)
    assert parsed.header.model == "Partial"
    assert parsed.header.bpx == "1.1.0"
    assert parsed.parameterisation.positive_electrode.particle_radius == 5e-6


def test_our_own_import_reads_the_fields_of_the_standard(model: ContactCorrectedModel) -> None:
    imported = aso.import_bpx(EXAMPLE, formula=FORMULA).electrode
    assert imported.particle_radius == pytest.approx(model.radius, rel=1e-12)
    assert imported.maximum_concentration == pytest.approx(model.maximum_concentration, rel=1e-12)
    assert imported.rate_constant == pytest.approx(model.single_rate_constant, rel=1e-12)
    assert imported.window == pytest.approx(
        (model.stoichiometry(model.voltages[1]), model.stoichiometry(model.voltages[0])), rel=1e-12
    )
    np.testing.assert_allclose(imported.potential(model.x, model.temperature), model.potential, rtol=1e-12)
    table = imported.diffusivity
    np.testing.assert_allclose(table.y, model.single_factor * model.diffusivity, rtol=1e-12)  # type: ignore[union-attr]


def test_the_surface_in_the_file_is_that_of_whole_spheres() -> None:
    # Programs take the active volume fraction from it, eps = a R/3: a covered share of it would lose capacity.
    electrode = json.loads(EXAMPLE.read_text())["Parameterisation"]["Positive electrode"]
    filling = electrode["Surface area per unit volume [m-1]"] * electrode["Particle radius [m]"] / 3.0
    assert filling == pytest.approx(np.pi / 6.0, rel=1e-12)
    assert electrode["Thickness [m]"] == 2.0 * electrode["Particle radius [m]"]


def test_the_fields_of_the_case_are_kept(model: ContactCorrectedModel) -> None:
    case = aso.Case.from_toml(CASE)
    assert model.case_sha256 == case.hash
    assert model.temperature == case.protocol.temperature
    assert model.utilisation == pytest.approx(0.2, rel=1e-4)
    volume = 4.0 / 3.0 * np.pi * model.radius**3
    from asyncsoc.materials.capacity import theoretical_capacity
    from asyncsoc.materials.registry import cathode

    assert model.capacity == pytest.approx(theoretical_capacity(cathode(case.material.name), volume), rel=1e-4)


def test_the_factor_at_the_surface_is_that_of_a_layer_under_the_contact(model: ContactCorrectedModel) -> None:
    # Depth d under a contact of area f A: volume f A d, conductance D f A/d, on the whole surface D f^2.
    assert np.exp(model.log_factor[-1]) == pytest.approx(0.2**2, rel=0.3)
    assert np.exp(model.log_factor[0]) > 3.0 * np.exp(model.log_factor[-1])


@pytest.mark.parametrize("rate", ["1C", "C/100", 0.7])
def test_rates_outside_the_range_are_refused(model: ContactCorrectedModel, rate: str | float) -> None:
    with pytest.raises(InputError, match="does not hold at this rate") as caught:
        model.accepted_rate(rate)
    assert "0.05 C to 0.5 C" in str(caught.value.allowed)


def test_a_single_diffusivity_is_refused_earlier(model: ContactCorrectedModel) -> None:
    assert model.accepted_rate("C/3") == pytest.approx(1.0 / 3.0)
    with pytest.raises(InputError) as caught:
        model.accepted_rate("C/3", "single")
    assert "radial" in str(caught.value.next_step)


@pytest.mark.parametrize("rate", ["C/0", "fast", 0.0, -1.0, "nan"])
def test_what_is_no_rate_is_refused(rate: str | float) -> None:
    with pytest.raises(InputError, match="not a rate"):
        rate_of(rate)


@pytest.mark.parametrize(
    "changes",
    [
        ["kinetics.model=uniform-flux"],
        ["kinetics.transfer_coefficient=0.3"],
        ["kinetics.model=linear"],
        ["side_reaction.mode=coupled"],
    ],
)
def test_cases_it_cannot_stand_for_are_refused(changes: list[str]) -> None:
    case = aso.Case.from_toml(
        ROOT / "examples" / "contact_corrected.toml", ["contact.kind=full", "contact.coverage=1", *changes]
    )
    with pytest.raises(InputError, match="a contact-corrected model"):
        aso.contact_corrected_model(case)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rates": ("C/2", "C/20")}, "do not rise"),
        ({"rates": "C/5"}, "two ends"),
        ({"tolerance": "0 mV"}, "above 0 V"),
        ({"voltages": ("4.2 V", "3.6 V")}, "range of voltage"),
        ({"voltages": ("3.6 V", "9 V")}, "range of voltage"),
    ],
)
def test_impossible_ranges_are_refused(options: dict[str, object], words: str) -> None:
    case = aso.Case.from_toml(CASE, FULL)
    with pytest.raises(InputError, match=words):
        aso.contact_corrected_model(case, **options)  # type: ignore[arg-type]


def test_another_file_is_no_model(tmp_path: Path) -> None:
    other = ROOT / "examples" / "imported" / "lfp_18650_cell_BPX.json"
    with pytest.raises(InputError, match="no contact-corrected model"):
        ContactCorrectedModel.from_bpx(other)
    document = json.loads(EXAMPLE.read_text())
    del document["Parameterisation"]["User-defined"][SECTION]["Temperature [K]"]
    damaged = tmp_path / "damaged.json"
    damaged.write_text(json.dumps(document))
    with pytest.raises(InputError, match="no contact-corrected model"):
        ContactCorrectedModel.from_bpx(damaged)


def test_the_evidence_is_within_what_is_stated() -> None:
    found = json.loads(EVIDENCE.read_text())
    for row in found["coverages"]:
        assert row["rates [1/h]"] == pytest.approx([0.05, 0.5])
        for one in row["error [V]"]:
            assert max(one["charge"], one["discharge"]) < min(row["stated error [V]"], 5e-3), row["coverage"]
        for one in row["error, single diffusivity [V]"]:
            assert max(one["charge"], one["discharge"]) < row["stated error, single diffusivity [V]"]
    for row in found["random cases"]:
        assert max(row["error, charge [V]"], row["error, discharge [V]"]) < row["stated error [V]"]
        assert 0.05 <= row["rate compared [1/h]"] <= 0.5


@pytest.mark.slow
def test_a_covered_particle_is_a_plain_sphere() -> None:
    case = aso.Case.from_toml(CASE, FULL)
    model = aso.contact_corrected_model(case)
    assert model.error < 0.5e-3
    assert model.utilisation == pytest.approx(1.0, rel=1e-3)
    # The single numbers are not determined to a tenth, their quasi-steady resistance is: that of a sphere, R/(5 D).
    rho = (np.arange(20000) + 0.5) / 20000
    resistance = np.mean(rho**4 / np.exp(np.interp(rho, model.knots, model.log_factor)))
    assert resistance == pytest.approx(0.2, rel=0.03)
    assert model.single_factor == pytest.approx(1.0, abs=0.05)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # PyBaMM's own
def test_pybamm_at_a_rate_that_was_not_fitted_is_within_the_stated_error(model: ContactCorrectedModel) -> None:
    pytest.importorskip("pybamm")
    from benchmarks.contact_corrected import compared

    case = aso.Case.from_toml(CASE)
    errors = compared(model, case, 0.13)
    assert max(errors.values()) < min(model.error, 5e-3)
    # An interface utilisation factor alone, the covered share of i0 without a diffusivity of its own, is far off.
    flat = ContactCorrectedModel(
        **{one.name: getattr(model, one.name) for one in fields(model)} | {"log_factor": np.zeros(len(model.knots))}
    )
    assert min(compared(flat, case, 0.13).values()) > 10.0 * max(errors.values())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_stored_comparison_is_computed_again(model: ContactCorrectedModel) -> None:
    pytest.importorskip("pybamm")
    from benchmarks.contact_corrected import case_of, compared, random_case, random_particles

    stored = json.loads(EVIDENCE.read_text())
    row = next(one for one in stored["coverages"] if one["coverage"] == 0.2)
    kept = next(one for one in row["error [V]"] if one["rate [1/h]"] == 0.5)
    again = compared(model, case_of(0.2, 5e-6), 0.5)
    assert again == pytest.approx({key: kept[key] for key in again}, abs=5e-5)
    drawn = stored["random cases"][0]
    fresh = random_case(random_particles()[0])
    for key in ("stated error [V]", "error, charge [V]", "error, discharge [V]"):
        assert fresh[key] == pytest.approx(drawn[key], abs=1e-4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_pybamm_keeps_the_lithium_in_every_model(model: ContactCorrectedModel) -> None:
    pybamm = pytest.importorskip("pybamm")
    voltages = []
    for name in ("SPM", "SPMe", "DFN"):
        chosen = getattr(pybamm.lithium_ion, name)(model.pybamm_options)
        values = model.parameter_values(rate="C/5", direction="charge")
        simulation = pybamm.Simulation(
            chosen, parameter_values=values, var_pts={**chosen.default_var_pts, **model.pybamm_points}
        )
        solution = simulation.solve([0.0, 1800.0])
        lithium = solution["Total lithium in positive electrode [mol]"].entries
        charge = values["Current function [A]"] * 1800.0
        assert (lithium[-1] - lithium[0]) * 96485.33212 == pytest.approx(charge, rel=1e-6), name
        voltages.append(float(solution["Voltage [V]"].entries[-1]))
    assert voltages[0] < voltages[1] + 5e-3 and voltages[1] == pytest.approx(voltages[2], abs=0.05)
