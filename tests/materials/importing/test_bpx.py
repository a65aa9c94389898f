"""Positive electrodes of BPX files: what is read, what is reported, and what is refused."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.materials.importing.bpx import read_bpx
from asyncsoc.materials.importing.curve import values_of
from asyncsoc.materials.importing.json_file import LARGEST
from tests.materials.importing.bpx_documents import BLEND, LFP, PARTIAL, PARTICLE, changed, with_field, write

X = np.linspace(0.4, 0.95, 23)
FARADAY, GAS_CONSTANT = 96485.33212, 8.31446261815324


def report_of(electrode: Any) -> dict[str, tuple[str, str]]:
    return {value.name: (value.fate, value.note) for value in electrode.report}


def test_a_positive_electrode_alone_is_read(tmp_path: Path) -> None:
    found = read_bpx(write(tmp_path, PARTIAL))
    assert found.maximum_concentration == 50000.0
    assert found.particle_radius == 5e-6
    assert found.window == (0.4, 0.95)
    assert found.part is None
    for temperature in (298.15, 333.15):
        change = 1.0 / 298.15 - 1.0 / temperature
        u = 4.6 - 1.1 * X - 0.05 * np.tanh(20.0 * (X - 0.7))
        entropy = np.interp(X, [0.0, 0.5, 1.0], [-1e-4, -2e-4, -1e-4])
        np.testing.assert_allclose(
            found.potential(X, temperature), u + entropy * (temperature - 298.15), rtol=0.0, atol=1e-14
        )
        np.testing.assert_allclose(
            found.diffusion(X, temperature), 1e-14 * (1.0 + X) * np.exp(20000.0 / GAS_CONSTANT * change), rtol=1e-13
        )
        i0 = FARADAY * 2e-5 * np.sqrt(X * (1.0 - X)) * np.exp(30000.0 / GAS_CONSTANT * change)
        np.testing.assert_allclose(found.exchange_current(X, temperature), i0, rtol=1e-13)
    report = report_of(found)
    assert report["Positive electrode: OCP [V]"][0] == "taken"
    assert report["Positive electrode: Reaction rate constant [mol.m-2.s-1]"][0] == "converted"
    assert report["Positive electrode: Surface area per unit volume [m-1]"][0] == "ignored"
    assert report["Cell: Reference temperature [K]"] == ("assumed", "298.15 K")


def test_every_field_of_a_published_file_is_accounted_for() -> None:
    found = read_bpx(LFP)
    document = json.loads(LFP.read_text())
    names = {value.name for value in found.report}
    for section in ("Cell", "Separator", "Electrolyte", "Positive electrode"):
        for key in document["Parameterisation"][section]:
            assert f"{section}: {key}" in names
    assert {"Negative electrode", "Header: BPX", "Header: Model"} <= names
    assert found.source == "BPX 0.1.0, lfp_18650_cell_BPX.json"
    assert "About:Energy" in found.references
    assert any("lacked the 2" in value.note for value in found.report)  # before version 0.3


def test_a_flat_potential_is_read_as_its_expression() -> None:
    found = read_bpx(LFP)
    x = np.linspace(0.0875, 0.95038, 501)
    u = (3.41285712 - 1.49721852e-2 * x + 3.54866018e14 * np.exp(-3.95729493e2 * x)
         - 1.45998465 * np.exp(-1.10108622e2 * (1.0 - x)))  # fmt: skip
    np.testing.assert_allclose(found.potential(x, 298.15), u, rtol=1e-13)
    assert np.all(np.diff(found.potential(x, 298.15)) < 0.0)


def test_the_separator_and_the_areal_capacity_are_converted() -> None:
    electrolyte = read_bpx(LFP).electrolyte
    bulk = 0.1297 - 2.51 + 3.329
    assert electrolyte.conductivity == pytest.approx(bulk * 0.3222, rel=1e-12)
    assert electrolyte.activation_energy == 17100.0
    assert electrolyte.separator_thickness == 2e-5
    assert electrolyte.areal_capacity == pytest.approx(2.0 * 3600.0 / 0.08959998, rel=1e-12)


@pytest.mark.parametrize(("part", "radius"), [("Large Particles", 8e-6), ("Small Particles", 1e-6)])
def test_the_named_part_of_a_blend_is_taken(part: str, radius: float) -> None:
    found = read_bpx(BLEND, part=part)
    assert found.part == part
    assert found.particle_radius == radius
    others = [value for value in found.report if value.name.startswith("Positive electrode: Particle: ")]
    assert [value.fate for value in others] == ["ignored"]


def test_version_1_has_its_salt_concentration_in_the_state(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["Parameterisation"]["Electrolyte"] = {"Conductivity [S.m-1]": "x / 1000"}
        document["Parameterisation"]["Separator"] = {"Thickness [m]": 1e-5, "Transport efficiency": 0.5}
        document["State"] = {"Initial conditions": {"Initial electrolyte concentration [mol.m-3]": 1200}}

    found = read_bpx(write(tmp_path, changed(change)))
    assert found.electrolyte.conductivity == pytest.approx(0.6)


def test_branches_of_hysteresis_are_read(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        electrode = document["Parameterisation"]["Positive electrode"]
        electrode["OCP (delithiation) [V]"] = "4.7 - 1.1 * x"
        electrode["OCP (lithiation) [V]"] = {"x": [1.0, 0.0], "y": [3.4, 4.5]}
        electrode["OCP hysteresis decay constant"] = 5.0

    found = read_bpx(write(tmp_path, changed(change)))
    assert found.delithiation is not None
    assert found.lithiation is not None
    np.testing.assert_allclose(values_of(found.delithiation, X), 4.7 - 1.1 * X, rtol=1e-14)
    np.testing.assert_allclose(values_of(found.lithiation, X), 4.5 - 1.1 * X, rtol=1e-14)
    report = report_of(found)
    assert report["Positive electrode: OCP (lithiation) [V]"][0] == "converted"  # put in rising order
    assert report["Positive electrode: OCP hysteresis decay constant"][0] == "ignored"


def test_a_suspicious_activation_energy_is_said(tmp_path: Path) -> None:
    found = read_bpx(write(tmp_path, with_field("Diffusivity activation energy [J.mol-1]", 20.0)))
    assert any("kJ/mol" in value.note for value in found.report)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(1e-5, 0.3)), min_size=2, max_size=40, unique_by=lambda p: p[0])
)
def test_tables_pass_through_their_points(tmp_path_factory: Any, points: list[tuple[float, float]]) -> None:
    x = np.array(sorted(value for value, _ in points))
    x = np.unique(np.concatenate(([0.0], x[np.diff(x, prepend=-1.0) > 1e-6], [1.0])))
    u = 5.5 - np.cumsum(np.resize([fall for _, fall in points], len(x)) / len(x))
    table = {"x": x.tolist(), "y": u.tolist()}
    found = read_bpx(write(tmp_path_factory.mktemp("bpx"), with_field("OCP [V]", table)))
    np.testing.assert_array_equal(values_of(found.open_circuit_potential, x), u)


def _header(**keys: object) -> dict[str, Any]:
    return changed(lambda document: document["Header"].update(keys))


def _fields(**keys: object) -> dict[str, Any]:
    return changed(lambda document: document["Parameterisation"]["Positive electrode"].update(keys))


def _table(x: list[Any], y: list[Any]) -> dict[str, Any]:
    return with_field("OCP [V]", {"x": x, "y": y})


C_MAX, RADIUS, OCP, D = "Maximum concentration [mol.m-3]", "Particle radius [m]", "OCP [V]", "Diffusivity [m2.s-1]"
LOW, HIGH = "Minimum stoichiometry", "Maximum stoichiometry"
WRONG: dict[str, tuple[object, str]] = {
    "no JSON": ("{'Header'", "not JSON"),
    "not an object": ("[1, 2]", "no object"),
    "empty": ("", "empty"),
    "nested": ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
    "nested objects": ('{"a":' * 1000 + "1" + "}" * 1000, "nested too deeply"),
    "twice": ('{"Header": {}, "Header": {}}', "given twice"),
    "NaN": (json.dumps(with_field(C_MAX, float("nan"))), "NaN is not JSON"),
    "no header": ({"Parameterisation": {}}, "'Header' is missing"),
    "no version": (changed(lambda d: d["Header"].pop("BPX")), "version of the standard is missing"),
    "version 2": (_header(BPX="2.0.0"), "unknown version"),
    "odd version": (_header(BPX="latest"), "unknown version"),
    "unknown model": (_header(Model="P2D"), "unknown BPX model"),
    "no parameters": ({"Header": PARTIAL["Header"]}, "'Parameterisation' is missing"),
    "no positive electrode": (
        changed(lambda d: d.update(Parameterisation={"Negative electrode": PARTICLE})),
        "no positive electrode",
    ),
    "no c_max": (with_field(C_MAX, None), "'Maximum concentration \\[mol.m-3\\]' is missing"),
    "c_max in mol/L": (with_field(C_MAX, 50), "did you mean: 50000"),
    "c_max negative": (with_field(C_MAX, -5e4), "out of range"),
    "c_max text": (with_field(C_MAX, "50000"), "not a number"),
    "c_max infinite": (json.dumps(PARTIAL).replace("50000.0", "1e999"), "out of range"),
    "c_max of 400 digits": (with_field(C_MAX, 10**400), "out of range"),
    "ignored value of 400 digits": (with_field("Surface area per unit volume [m-1]", 10**400), "out of range"),
    "U of 400 digits": (with_field(OCP, 10**400), "not a finite number"),
    "radius in um": (with_field(RADIUS, 5.0), "micrometres"),
    "radius zero": (with_field(RADIUS, 0.0), "out of range"),
    "limits reversed": (_fields(**{LOW: 0.95, HIGH: 0.4}), "reversed"),
    "limits equal": (_fields(**{LOW: 0.4, HIGH: 0.4}), "equal"),
    "limit above 1": (with_field(HIGH, 1.2), "not between 0 and 1"),
    "limit negative": (with_field(LOW, -0.1), "not between 0 and 1"),
    "limit in percent": (with_field(HIGH, 95), "did you mean: 0.95"),
    "energy too large": (with_field("Diffusivity activation energy [J.mol-1]", 2e6), "out of range"),
    "energy negative": (with_field("Diffusivity activation energy [J.mol-1]", -1.0), "out of range"),
    "rate too large": (with_field("Reaction rate constant [mol.m-2.s-1]", 5.0), "out of range"),
    "unknown function": (with_field(OCP, "4 - sin(x)"), "'sin' is no function"),
    "import": (with_field(OCP, "__import__('os').system('true')"), "'__import__' is no function"),
    "attribute": (with_field(OCP, "x.__class__"), "not expected"),
    "lambda": (with_field(OCP, "(lambda: 4)()"), "'lambda' is no variable"),
    "nested brackets": (with_field(OCP, "(" * 4000 + "x" + ")" * 900), "nested too deeply|too long"),
    "tower": (with_field(OCP, "10**10**10"), "not a finite number|not finite"),
    "pole": (with_field(OCP, "4 + 1/(x - 0.5)/0"), "not finite"),
    "a bool": (with_field(OCP, True), "neither a number nor a function"),
    "a list": (with_field(OCP, [4, 3]), "neither a number nor a function"),
    "a constant": (with_field(OCP, 3.7), "does not fall"),
    "rising": (with_field(OCP, "3.5 + x"), "does not fall"),
    "millivolts": (with_field(OCP, "4000 - 500 * x"), "out of range"),
    "D negative": (with_field(D, "1e-14 * (0.5 - x)"), "out of range"),
    "D in cm2/s": (with_field(D, 0), "out of range"),
    "table of NaN": (json.dumps(_table([0, 0.5, 1], [4.5, 4, 3.5])).replace("4.5", "NaN"), "NaN is not JSON"),
    "table of null": (_table([0, 1], [4.5, None]), "not a number"),
    "table of text": (_table([0, 1], [4.5, "3.5"]), "not a number"),
    "uneven table": (_table([0, 0.5, 1], [4.5, 3.5]), "different lengths"),
    "table not monotone": (_table([0, 0.6, 0.5, 1], [4.5, 4.2, 4.1, 3.5]), r"neither rises nor falls.*\n.*x\[2\]"),
    "table repeated": (_table([0, 0.5, 0.5, 1], [4.5, 4.2, 4.1, 3.5]), "neither rises nor falls"),
    "short table": (_table([0.5], [4.5]), "2 to"),
    "table too narrow": (_table([0.5, 1], [4.2, 3.5]), "table does not reach"),
    "other keys": (with_field(OCP, {"sto": [0, 1], "U": [4.5, 3.5]}), "'x' and 'y'"),
    "mistyped field": (_fields(**{"Difusivity [m2.s-1]": 1e-14}), "did you mean: Diffusivity"),
    "one branch": (_fields(**{"OCP (lithiation) [V]": "4.5 - x"}), "only one branch"),
    "blend empty": (_fields(Particle={}), "is no field of the standard|without materials"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_error(name: str, tmp_path: Path) -> None:
    document, message = WRONG[name]
    file = write(tmp_path, document)
    began = time.process_time()
    with pytest.raises(InputError, match=message) as caught:
        read_bpx(file)
    assert time.process_time() - began < 5.0
    assert str(file) in str(caught.value)


def test_files_that_are_too_large_or_no_files_are_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.json"
    with large.open("wb") as stream:
        stream.truncate(300_000_000)
    assert LARGEST < 300_000_000
    for path, message in (
        (large, "too large"),
        (tmp_path / "none.json", "cannot be opened"),
        (tmp_path, "not a regular file"),
        (write(tmp_path, "a: 1", "cell.yml"), "YAML"),
        (Path(write(tmp_path, "x").rename(tmp_path / "x.json")), "not JSON"),
    ):
        with pytest.raises(InputError, match=message):
            read_bpx(path)
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_bpx(binary)


def test_a_part_must_be_named_where_there_are_several_and_only_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="blend of 2 materials") as caught:
        read_bpx(BLEND)
    assert "'Large Particles', 'Small Particles'" in str(caught.value)
    with pytest.raises(InputError, match="did you mean: Large Particles"):
        read_bpx(BLEND, part="Large particle")
    with pytest.raises(InputError, match="no blend"):
        read_bpx(LFP, part="Large Particles")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["x", "4.5 - x", "1/x", "exp(1000*x)", "0**x", {"x": [0, 1], "y": [4, 3]}]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, item in inner for path in paths(item, (*at, key)))]


BASES = [PARTIAL, json.loads(BLEND.read_text()), json.loads(LFP.read_text())]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_whatever_stands_in_a_file_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    base = data.draw(st.sampled_from(BASES))
    *parents, last = data.draw(st.sampled_from(paths(base)[1:]))

    def change(document: Any) -> None:
        for key in parents:
            document = document[key]
        document[last] = data.draw(JSON)

    try:
        found = read_bpx(
            write(tmp_path, changed(change, base)), part=data.draw(st.sampled_from([None, "Large Particles"]))
        )
    except InputError as error:
        assert error.what
        return
    x = np.linspace(*found.window, 99)
    assert np.all(np.diff(found.potential(x, found.reference_temperature)) < 0.0)
    assert np.all(found.diffusion(x, 300.0) > 0.0)
