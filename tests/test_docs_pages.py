"""The documentation does what it says: its Python runs, its commands print what it shows, its tables are the code's."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest

from asyncsoc.case.case import Case
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.demo.headlines import headlines
from asyncsoc.studies.demo.scan import DIFFUSIVITIES, PARTICLES, run_scan
from asyncsoc.studies.demo.tables import heads, table
from tests.pages import ROOT, agrees, blocks, links

DOCS = ROOT / "docs"
EXAMPLE = ROOT / "examples" / "cal_vs_hotcal.toml"
WITH_PYTHON = ("quickstart.md", "protocols.md", "drive_cycles.md", "results.md", "report.md", "fitting.md")
OWN = ("index.md", "quickstart.md", "demo.md", "case_file.md", "protocols.md", "results.md", "errors.md", "physics.md",
       "assumptions.md", "fitting.md")  # fmt: skip
_RUN = re.compile(
    r"^\|[^|]*\| `(?P<override>[\w.]+=[^`]+)` \| (?P<lead>[\d.]+) \| (?P<charge>[\d.]+) \|$", re.MULTILINE
)
_CYCLE = re.compile(
    r"^\| (?P<coverage>f = [\d.]+|full contact), (?P<rate>C/\d+)(?:, D = (?P<d>[\de-]+) m2/s)? "
    r"\| (?P<out>[\d.]+) \| (?P<x>[\d.]+) \|$",
    re.MULTILINE,
)


@pytest.fixture
def beside_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def case_tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("case_tables", DOCS / "case_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", WITH_PYTHON)
def test_python_runs(page: str, beside_examples: Path) -> None:
    names: dict[str, object] = {}
    found = blocks(DOCS / page, "python")
    assert any("assert" in block for block in found)
    for block in found:
        exec(compile(block, page, "exec"), names)


def test_the_tables_of_the_case_file_are_the_codes() -> None:
    page = (DOCS / "case_file.md").read_text(encoding="utf-8")
    tables = case_tables()
    assert tables.written(page) == page, "run: python docs/case_tables.py"
    for name in tables.sections():
        assert f"<!-- table: {name} -->" in page


@pytest.mark.parametrize("block", blocks(DOCS / "case_file.md", "toml"))
def test_toml_is_a_case(block: str, tmp_path: Path) -> None:
    file = tmp_path / "case.toml"
    file.write_text(block)
    assert Case.from_toml(file).protocol.plan.steps


@pytest.mark.parametrize("page", OWN)
def test_links_lead_somewhere(page: str) -> None:
    assert [target for target in links(DOCS / page) if not (DOCS / target).exists()] == []


def test_every_page_of_the_menu_exists() -> None:
    named = re.findall(r"^([a-z_]+)$", (DOCS / "index.md").read_text(), re.MULTILINE)
    assert set(named) >= {"quickstart", "case_file", "physics", "assumptions", "verification"}
    assert [name for name in named if not (DOCS / f"{name}.md").exists()] == []


@pytest.mark.slow
def test_the_readmes_table_is_what_a_fresh_demo_prints() -> None:
    findings = run_scan(PARTICLES, DIFFUSIVITIES, lambda what: None)
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith("| quantity |") and "Cal" in line)
    shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[first:]]
    fresh = [heads(findings), ("---",) * len(heads(findings)), *table(findings)]
    for expected, row in zip(fresh, shown, strict=False):
        assert len(expected) == len(row)
        assert all(map(agrees, row, expected)), (row, expected)
    assert not lines[first + len(fresh)].startswith("|")


@pytest.mark.slow
def test_the_assumptions_have_the_size_the_page_says() -> None:
    rows = list(_RUN.finditer((DOCS / "assumptions.md").read_text(encoding="utf-8")))
    assert len(rows) > 20
    for row in rows:
        patches = ["contact.n=6"] if row["override"].endswith("patches") else []
        found = headlines(simulate(Case.from_toml(EXAMPLE, [row["override"], *patches, "output.fields_every=2 h"])))
        assert agrees(row["lead"], f"{found.largest_lead:.4f}"), row["override"]
        assert agrees(row["charge"], f"{found.capacity:.2f}"), row["override"]


@pytest.mark.slow
def test_charge_and_discharge_return_what_the_page_says() -> None:
    rows = list(_CYCLE.finditer((DOCS / "protocols.md").read_text(encoding="utf-8")))
    assert len(rows) == 10
    for row in rows:
        steps = [f"Charge at {row['rate']} until 4.2 V", f"Discharge at {row['rate']} until 2.8 V"]
        full = row["coverage"] == "full contact"
        contact = ["contact.kind=full", "contact.coverage=1.0"] if full else [f"contact.coverage={row['coverage'][4:]}"]
        diffusivity = [] if row["d"] is None else [f"material.diffusivity={row['d']}"]
        changes = [*contact, *diffusivity, f"protocol.steps={steps}", "output.fields_every=5 h"]
        solution = simulate(Case.from_toml(EXAMPLE, changes))
        charged, returned = solution.steps[0].charge, -solution.steps[1].charge
        assert agrees(row["out"], f"{returned / charged:.4f}"), shlex.join(changes)
        assert agrees(row["x"], f"{solution.columns['Mean stoichiometry'][-1]:.4f}")
        assert solution.lithium_balance_error < 1e-10


@pytest.mark.slow
def test_later_cycles_return_what_they_take() -> None:
    steps = ["Charge at C/10 until 4.2 V", "Discharge at C/10 until 2.8 V"] * 2
    solution = simulate(Case.from_toml(EXAMPLE, [f"protocol.steps={steps}", "output.fields_every=5 h"]))
    first, _, second, last = (step.charge for step in solution.steps)
    assert -last / second == pytest.approx(1.0, abs=5e-4)
    assert second < 0.8 * first
