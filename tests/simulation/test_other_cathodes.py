"""A cathode is data: one without a valence model runs, is kept and drawn, and has no curves of oxidation states."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.main import main
from asyncsoc.materials import registry
from asyncsoc.materials.ncm811 import VALENCE
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.absent_curves import NoSuchCurve
from asyncsoc.simulation.batch import simulate_batch
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.layouts import Layout, charge_layouts, layouts_figure
from asyncsoc.studies.particle_sets.charge import outcome
from tests.cathodes import COBALT, NAMES

NICKEL = "Ni4+/Ni3+ at contact"


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, place in NAMES.items():
        monkeypatch.setitem(registry.CATHODES, name, place)


def case(material: str, **sections: Any) -> aso.Case:
    steps = ["Charge at C/5 until 3.6 V", "Discharge at C/5 for 10 minutes"]
    if material != "test-iron":
        steps[0] = "Charge at C/5 until 4.1 V"
    return aso.Case.from_dict(
        {
            "name": material,
            "particle": {"radius": "5 um"},
            "contact": {"kind": "cap", "coverage": 0.5},
            "material": {"name": material},
            "electrolyte": {"name": "liquid-lipf6"},
            "protocol": {"temperature": "60 degC", "initial_stoichiometry": 0.9, "steps": steps},
        }
        | sections
    )


def keys_of(document: Any) -> set[str]:
    """Return every key of a nested document."""
    if isinstance(document, dict):
        return {str(key) for key in document}.union(*map(keys_of, document.values()))
    return set().union(*map(keys_of, document)) if isinstance(document, list | tuple) else set()


def test_the_ends_of_its_scale_are_its_own() -> None:
    solution = simulate(case("test-iron"))
    assert solution.steps[0].stop_reason.startswith("voltage 3.6 V")
    open_circuit = registry.cathode("test-iron").open_circuit_potential
    assert open_circuit(np.array([solution.stoichiometry_at_4p2]))[0] == pytest.approx(3.6)
    assert solution.lithium_balance_error < 1e-9


def test_curves_of_oxidation_states_are_absent_everywhere(tmp_path: Path) -> None:
    solution = simulate(case("test-iron"))
    assert tuple(solution.columns) == names.CURVES
    assert set(solution.curves.variables) == set(names.CURVES)
    for document in (solution.to_json_dict(), solution.summary(), outcome(solution), dict(solution.fields.variables)):
        assert [key for key in keys_of(document) if "+" in key or "Ni" in key] == []
    path = solution.save(tmp_path)
    with h5py.File(path) as file:
        assert [name for name in (*file["curves"], *file["VTKHDF/PointData"]) if "+" in name] == []
    loaded = Solution.load(path)
    assert loaded.valence is None
    assert tuple(loaded.columns) == names.CURVES
    assert loaded.more_fields == {}
    for name, values in solution.columns.items():
        np.testing.assert_array_equal(loaded.columns[name], values)


@pytest.mark.parametrize("ask", [lambda s: s.columns[NICKEL], lambda s: s.curves[NICKEL]])
def test_asking_for_one_says_what_and_why(ask: Callable[[Solution], Any]) -> None:
    solution = simulate(case("test-iron", protocol={"steps": ["Rest for 1 minute"]}))
    with pytest.raises(InputError, match="test-iron has no valence model") as caught:
        ask(solution)
    assert isinstance(caught.value, KeyError)
    assert "Contact-mean SOC" in (caught.value.allowed or "")
    assert "4+" not in (caught.value.allowed or "")
    assert solution.columns.get(NICKEL) is None
    assert NICKEL not in solution.curves


def test_other_absent_curves_say_why_too() -> None:
    solution = simulate(case("test-cobalt", protocol={"steps": ["Rest for 1 minute"]}))
    with pytest.raises(NoSuchCurve, match="test-cobalt has the oxidation states of Co4") as caught:
        solution.columns[NICKEL]
    assert caught.value.nearest == "Co4+/Co3+ at contact"
    with pytest.raises(NoSuchCurve, match="side reaction"):
        solution.curves[names.SIDE_CHARGE]
    with pytest.raises(NoSuchCurve) as caught:
        solution.columns["Votlage [V]"]
    assert caught.value.nearest == names.VOLTAGE
    assert float(solution.curves.isel(point=0)[names.MEAN_SOC]) == solution.columns[names.MEAN_SOC][0]
    with pytest.raises(NoSuchCurve):
        solution.curves.isel(point=0)[NICKEL]


def test_a_valence_model_names_its_curves_fields_and_labels(tmp_path: Path) -> None:
    solution = simulate(case("test-cobalt"))
    x = solution.columns[names.CONTACT_X]
    np.testing.assert_allclose(solution.columns["Co4+/Co3+ at contact"], (1.0 - x) / x)
    assert solution.summary()["Final Co4+/Co3+ at far side"] == solution.columns["Co4+/Co3+ at far side"][-1]
    assert outcome(solution)["final Co4+/Co3+ at contact"] == solution.columns["Co4+/Co3+ at contact"][-1]
    np.testing.assert_allclose(solution.fields["Co4+ fraction"], 1.0 - solution.field_x)
    loaded = Solution.load(solution.save(tmp_path))
    assert loaded.valence == COBALT.valence
    assert tuple(loaded.columns) == tuple(solution.columns) == names.curves_of(COBALT.valence)
    assert loaded.more_fields == {}


@pytest.mark.parametrize(
    ("material", "label"), [("test-iron", "State of charge [1]"), ("test-cobalt", "Co$^{4+}$ share of cobalt [1]")]
)
def test_pictures_show_what_the_cathode_can_give(material: str, label: str) -> None:
    solution = simulate(case(material))
    values, shown = solution.mapped(solution.field_times[-1])
    assert (shown, values.shape) == (label, (solution.mesh.n_nodes,))
    texts = [axes.get_ylabel() + axes.get_xlabel() for axes in solution.plot().axes]
    assert any(label in text for text in texts)
    assert not any("Ni" in text for text in texts)


def test_members_of_one_batch_may_have_cathodes_of_every_kind() -> None:
    cases = [case(name) for name in ("test-iron", "ncm811-sturm2019", "test-cobalt")]
    endings = simulate_batch(cases)
    for one, ending in zip(cases, endings, strict=True):
        alone, together = simulate(one).columns, ending.finished().columns
        assert tuple(alone) == tuple(together)
        for name, values in alone.items():
            if name in (names.TIME, names.STEP):
                continue
            np.testing.assert_array_equal(values[-1], together[name][-1])
    nickel = endings[1].finished()
    x = nickel.columns[names.CONTACT_X]
    np.testing.assert_allclose(nickel.columns[NICKEL], (0.9 - x) / (x - 0.1), atol=1e-12)


def test_a_result_from_before_valence_models_were_kept_is_one_of_nickel(tmp_path: Path) -> None:
    solution = simulate(case("ncm811-sturm2019"))
    path = solution.save(tmp_path)
    with h5py.File(path, "a") as file:
        del file["record/valence"]
    path.with_name(path.name + ".sha256").unlink()
    loaded = Solution.load(path)
    assert loaded.valence == VALENCE
    assert tuple(loaded.columns) == tuple(solution.columns) == names.curves_of(VALENCE)
    assert "Ni4+ fraction" in loaded.fields


@pytest.mark.parametrize(
    "wrong",
    [
        '{"symbol": 1}',
        "[]",
        '{"symbol": "Co", "element": "cobalt", "atoms": 1.0, "couple": [3, 4], "fixed_charge": 0.0}',
        '{"symbol": "Co", "element": "cobalt", "atoms": -1, "couple": [3, 4], "fixed_charge": 0, "anion_charge": 4}',
        '{"symbol": "Co", "element": "cobalt", "atoms": 1, "couple": [3], "fixed_charge": 0, "anion_charge": 4}',
        '{"symbol": "Co", "element": "cobalt", "atoms": "1", "couple": [3, 4], "fixed_charge": 0, "anion_charge": 4}',
    ],
)
def test_a_damaged_valence_model_is_one_clear_error(wrong: str, tmp_path: Path) -> None:
    path = simulate(case("test-cobalt", protocol={"steps": ["Rest for 1 minute"]})).save(tmp_path)
    with h5py.File(path, "a") as file:
        del file["record/valence"]
        file["record"].create_dataset("valence", data=wrong.encode(), dtype=h5py.string_dtype("utf-8", len(wrong)))
    path.with_name(path.name + ".sha256").unlink()
    with pytest.raises(InputError, match="not a readable result file") as caught:
        Solution.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("mode", ["report", "coupled"])
def test_without_an_energy_of_formation_a_side_reaction_needs_energies_of_its_own(mode: str) -> None:
    section = {"mode": mode, "reactant": "peo-litfsi"}
    with pytest.raises(InputError, match="no energy of formation") as caught:
        simulate(case("test-iron", side_reaction=section))
    assert (caught.value.where, caught.value.value) == ("material.name", "test-iron")
    assert "side_reaction.energies" in (caught.value.next_step or "")
    energies = [[0.0, -0.7], [0.3, -0.65], [0.6, -0.6], [1.0, -0.5]]
    own = simulate(case("test-iron", side_reaction={"mode": mode, "energies": energies}))
    assert own.columns[names.SIDE_CHARGE][-1] > 0.0


def test_with_one_reaction_energies_follow_from_its_voltage_curve() -> None:
    solution = simulate(case("test-cobalt", side_reaction={"mode": "report", "reactant": "peo-litfsi"}))
    assert np.isfinite(solution.columns[names.SIDE_CHARGE]).all()


def test_an_exchange_current_stated_for_another_cathode_is_warned_of() -> None:
    rest = {"protocol": {"temperature": "60 degC", "initial_stoichiometry": 0.6, "steps": ["Rest for 1 minute"]}}
    polymer = {"electrolyte": {"name": "peo-litfsi"}}
    (warning,) = simulate(case("test-iron", **rest, **polymer)).warnings
    assert "peo-litfsi is stated for LiNi0.8Co0.1Mn0.1O2, not for LiFePO4" in warning
    own = {"kinetics": {"exchange_current_density": 0.3}}
    assert simulate(case("test-iron", **rest, **polymer, **own)).warnings == ()
    assert simulate(case("test-iron", **rest)).warnings == ()
    assert simulate(case("ncm811-chen2020", **rest, **polymer)).warnings == ()


def test_the_study_of_layouts_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol = {"temperature": "60 degC", "initial_stoichiometry": 0.9, "steps": ["Charge at C/5 for 3 hours"]}
    compared = [Layout("one", aso.Contact.patches(0.5, 1))]
    findings = charge_layouts(case("test-iron", protocol=protocol, solver={"tolerance": 1e-3}), compared)
    assert np.isnan(findings[0].moment.ratio_contact) and np.isnan(findings[0].moment.ratio_far)
    assert any("State of charge" in axes.get_ylabel() + axes.get_xlabel() for axes in layouts_figure(findings).axes)


def test_it_is_listed_like_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["params", "--json"]) == 0
    sets = {row["name"]: row for row in json.loads(capsys.readouterr().out)["sets"]}
    assert sets["test-iron"]["kind"] == "material" and not sets["test-iron"]["default"]
    assert main(["params", "test-iron", "--json"]) == 0
    listed = capsys.readouterr().out
    assert "molar mass" in listed
    assert "Ni" not in listed and "4+" not in listed


def test_reaction_energies_of_one_that_gives_none_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["react", "--cathode", "test-iron"]) == 2
    message = capsys.readouterr().err
    assert "no energy of formation" in message
    assert "--cathode" in message
    assert main(["react", "--cathode", "test-cobalt", "--x", "1,0.5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["reactants"][0]["formula"] == "LiCoO2"


def test_an_unknown_cathode_is_still_an_unknown_cathode() -> None:
    with pytest.raises(InputError, match="test-iron") as caught:
        case("test-irn")
    assert caught.value.nearest == "test-iron"


def test_no_module_but_those_of_the_cathode_names_it() -> None:
    """What depends on the cathode is its file's: these are the modules that may name the built-in one."""
    root = Path(aso.__file__).parent
    word = re.compile(r"ncm|nickel|\bni[234]", re.IGNORECASE)
    named = {path.relative_to(root).as_posix() for path in root.rglob("*.py") if word.search(path.read_text())}
    own = {"materials/ncm811.py", "materials/ncm811_sturm2019.py", "materials/ncm811_chen2020.py",
           "materials/ncm811_oregan2022.py", "materials/ncm811_karanth2024.py", "materials/nca_kim2011.py",
           "materials/registry.py"}  # fmt: skip
    of_its_data = {"materials/polymer.py", "materials/thermochemistry/reactants.py",
                   "interface/decomposition_constants.py"}  # fmt: skip
    of_the_paper = {"studies/demo/headlines.py", "studies/demo/pictures.py", "studies/demo/scan.py",
                    "studies/demo/tables.py", "studies/demo/report.py", "studies/stxm/compatible.py"}  # fmt: skip
    words = {"__init__.py", "materials/atomic_weights.py", "cli/app.py", "cli/tomo_volume.py", "tomography/phases.py",
             "tomography/array_volume.py", "tomography/load.py", "tomography/conduction.py", "base/errors.py",
             "materials/bibliography.py"}  # fmt: skip
    assert sorted(named - own - of_its_data - of_the_paper - words) == []
