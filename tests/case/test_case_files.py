"""Case files: read, written, hashed; every damaged or missing file gives one clear error."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.case.reading import LARGEST

CASE = """
[particle]
radius = "5 um"
[contact]
kind = "cap"
coverage = 0.3
[protocol]
steps = ["Charge at C/10 until 4.2 V"]
[[protocol.cycle]]
repeat = 2
steps = ["Discharge at C/5 until 2.8 V", "Rest for 1 hour"]
"""
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "cal.toml"
    file.write_text(CASE, encoding="utf-8")
    return file


def test_the_file_names_the_case(path: Path) -> None:
    case = aso.Case.from_toml(path)
    assert case.name == "cal"
    assert len(case.protocol.plan.steps) == 5
    assert aso.Case.from_toml(str(path), ["name='other'"]).name == "other"


def test_a_byte_order_mark_is_no_problem(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + CASE.encode())
    assert aso.Case.from_toml(path).particle.radius == 5e-6


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[particle\n", ["TOML syntax", "cal.toml:1"]),
        (b"[particle]\nradius = 5 um\n", ["TOML syntax", "cal.toml:2", "value: 'radius = 5 um'", "in quotes"]),
        (b"a = 1\na = 2\n", ["TOML syntax", "cal.toml:2"]),
        (b'[particle]\nradius = "5 um\n', ["TOML syntax", "cal.toml:2"]),
        (b"[particle]\nname = '\xff\xfe'\n", ["not UTF-8", "cal.toml:2"]),
        (b"\x00\x01\x02", ["TOML syntax", "cal.toml:1"]),
        (b"x = " + b"[" * 5000, ["not TOML"]),
        (b"x = " + b"9" * 5000, ["not TOML"]),
        (b"# " + b"x" * LARGEST, ["too large", "1000 kB"]),
        (b"", ["'protocol' is missing"]),
        (b"[contact]\ncoverage = 2024-01-01\n", ["must be a number", "contact.coverage"]),
        (b"[contact]\nkind = 'cap'\ncoverage = nan\n", ["finite", "contact.coverage"]),
        (b"[contact]\nkind = 'cap'\ncoverage = 1e999\n", ["finite", "contact.coverage"]),
    ],
    ids=lambda value: str(value[:20]) if isinstance(value, bytes) else "",
)
def test_damaged_files(path: Path, content: bytes, words: list[str]) -> None:
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        aso.Case.from_toml(path)
    for word in [*words, "cal.toml"]:
        assert word in str(caught.value)


def test_files_that_are_not_there(path: Path) -> None:
    with pytest.raises(InputError, match=r"no such case file[\s\S]*did you mean: .*cal\.toml"):
        aso.Case.from_toml(path.with_name("call.toml"))
    with pytest.raises(InputError, match="no such directory"):
        aso.Case.from_toml(path.parent / "nowhere" / "cal.toml")
    with pytest.raises(InputError, match="this is a directory"):
        aso.Case.from_toml(path.parent)
    with pytest.raises(InputError, match=r"no such case file|cannot be read|no name of a file"):
        aso.Case.from_toml("a\0b.toml")
    with pytest.raises(InputError, match="cannot be read"):
        aso.Case.from_toml("x" * 5000)
    fifo = path.with_name("fifo")
    os.mkfifo(fifo)
    with pytest.raises(InputError, match="a regular file"):
        aso.Case.from_toml(fifo)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(path: Path) -> None:
    path.chmod(0)
    with pytest.raises(InputError, match="cannot be read"):
        aso.Case.from_toml(path)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_examples_are_valid_and_survive_a_round_trip(file: Path, tmp_path: Path) -> None:
    case = aso.Case.from_toml(file)
    copy = tmp_path / "copy.toml"
    copy.write_text(case.to_toml(), encoding="utf-8")
    again = aso.Case.from_toml(copy)
    assert again.hash == case.hash
    assert again == case
    assert case.name == file.stem


def test_there_are_examples_and_the_first_is_the_demo() -> None:
    assert len(EXAMPLES) >= 4
    demo = next(file for file in EXAMPLES if file.name == "cal_vs_hotcal.toml")
    case = aso.Case.from_toml(demo, ["contact.coverage=0.95"])
    assert (case.contact.coverage, case.particle.radius, case.protocol.temperature) == (0.95, 7.5e-6, 333.15)
    assert case.material.name == "ncm811-sturm2019"


@pytest.mark.parametrize(
    ("override", "same"),
    [
        ("particle.radius=5e-6", True),
        ("particle.radius=0.005 mm", True),
        ("protocol.steps=['charge AT 0.1c until 4200 mV']", True),
        ("protocol.temperature=60 degC", True),
        ("particle.shape='sphere'", True),
        ("name=anything", True),
        ("particle.radius=5.0000001e-6", False),
        ("protocol.steps=['Charge at C/10 until 4.1 V']", False),
        ("contact.kind=belt", False),
        ("material.diffusivity=1e-14", False),
        ("solver.tolerance=1e-5", False),
    ],
)
def test_the_hash_sees_content_and_not_wording(path: Path, override: str, same: bool) -> None:
    case = aso.Case.from_toml(path)
    assert (case.with_overrides([override]).hash == case.hash) is same


@settings(max_examples=60, deadline=None)
@given(
    radius=st.floats(min_value=1e-9, max_value=1e-3),
    coverage=st.floats(min_value=1e-6, max_value=1.0),
    temperature=st.floats(min_value=200.0, max_value=500.0),
    name=st.text(
        alphabet=st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\"), min_size=1, max_size=9
    ),
)
def test_writing_and_reading_lose_nothing(radius: float, coverage: float, temperature: float, name: str) -> None:
    import tomllib

    case = aso.Case.from_objects(
        aso.Particle.sphere(radius),
        aso.Contact.cap(coverage),
        aso.Material(),
        aso.Protocol.of("Charge at 2 nA for 1 hour", temperature=temperature),
        name=f"a{name}",
    )
    assert aso.Case.from_dict(tomllib.loads(case.to_toml())) == case
