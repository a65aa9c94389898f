"""Formulas to amounts of elements; what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.materials.thermochemistry.formula import ELEMENTS, atoms, element_name, lithium_formula, parse_formula


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LiF", {"Li": 1, "F": 1}),
        ("LiNi0.8Co0.1Mn0.1O2", {"Li": 1, "Ni": 0.8, "Co": 0.1, "Mn": 0.1, "O": 2}),
        ("(NH4)2SO4", {"N": 2, "H": 8, "S": 1, "O": 4}),
        ("LiN(SO2CF3)2", {"Li": 1, "N": 1, "S": 2, "O": 4, "C": 2, "F": 6}),
        ("(LiN(SO2CF3)2)0.5(C2H4O)2", {"Li": 0.5, "N": 0.5, "S": 1, "O": 4, "C": 5, "F": 3, "H": 8}),
    ],
)
def test_amounts(text: str, expected: dict[str, float]) -> None:
    found = parse_formula(text, where="here")
    assert dict(found) == pytest.approx(expected)
    assert atoms(found) == pytest.approx(sum(expected.values()))


@given(st.lists(st.tuples(st.sampled_from(sorted(ELEMENTS)), st.integers(1, 99)), min_size=1, max_size=6))
def test_any_sequence_of_elements_adds_up(pairs: list[tuple[str, int]]) -> None:
    text = "".join(f"{element}{amount}" for element, amount in pairs)
    assert atoms(parse_formula(text, where="here")) == pytest.approx(sum(amount for _, amount in pairs))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "missing"),
        ("Xx2O", "unknown element"),
        ("li2o", "not a chemical formula"),
        ("Li2O-", "not a chemical formula"),
        ("(NH4", "brackets"),
        ("NH4)2", "brackets"),
        ("()", "no element"),
        ("Li0O", "out of range"),
        ("Li" * 200, "missing"),
    ],
)
def test_what_is_no_formula_is_one_clear_error(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        parse_formula(text, where="phases.json, phase 3")
    assert "phases.json, phase 3" in str(caught.value)


def test_names() -> None:
    assert [element_name(element) for element in ("O", "Ni")] == ["O2", "Ni"]
    host = parse_formula("LiNi0.8Co0.1Mn0.1O2", where="")
    assert lithium_formula(host, 1.0) == "LiNi0.8Co0.1Mn0.1O2"
    assert lithium_formula(host, 0.5) == "Li0.5Ni0.8Co0.1Mn0.1O2"
    assert lithium_formula(host, 0.0) == "Ni0.8Co0.1Mn0.1O2"
