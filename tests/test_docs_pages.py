"""The documentation does what it says: its Python runs, its commands print what it shows, its tables are the code's."""

from __future__ import annotations

import importlib.util
import re
import shlex
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import typer

from asyncsoc.case.case import Case
from asyncsoc.cli.app import app
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.demo.headlines import headlines
from asyncsoc.studies.demo.scan import DIFFUSIVITIES, PARTICLES, run_scan
from asyncsoc.studies.demo.tables import heads, table
from tests.pages import ROOT, agrees, blocks, links

DOCS = ROOT / "docs"
EXAMPLE = ROOT / "examples" / "cal_vs_hotcal.toml"
WITH_PYTHON = ("index.md", "howto.md", "mistakes.md", "quickstart.md", "protocols.md", "drive_cycles.md", "results.md",
               "report.md", "fitting.md", "processes.md", "tomogram_electrode.md")  # fmt: skip
ELSEWHERE = {
    "architecture.md": "test_adding.py",
    "cycling.md": "test_cycling_page.py",
    "decomposition.md": "test_decomposition_page.py",
    "electrode_examples.md": "test_electrode_examples_page.py",
    "electrodes.md": "test_electrodes_page.py",
    "gitt.md": "test_virtual_experiments_pages.py",
    "grains.md": "test_grains_page.py",
    "impedance.md": "test_impedance_page.py",
    "importing.md": "test_importing_page.py",
    "lsv.md": "test_virtual_experiments_pages.py",
    "meshes.md": "test_meshes_page.py",
    "own_cathodes.md": "test_own_cathodes_page.py",
    "own_contacts.md": "test_own_contacts_page.py",
    "own_electrolytes.md": "test_own_electrolytes_page.py",
    "particle_groups.md": "test_particle_groups_page.py",
    "pybamm.md": "test_pybamm_page.py",
    "python_sweeps.md": "studies/sweep/test_python_sweeps_page.py",
    "stxm.md": "test_virtual_experiments_pages.py",
    "sweeps.md": "studies/sweep/test_sweep_page.py",
    "taking_along.md": "test_pybamm_page.py",
    "tomography.md": "tomography/test_array_volume.py",
}
"""Page -> the test that executes its Python, where it is not this one."""
TOML_ELSEWHERE = {
    "electrodes.md": "test_electrodes_page.py",
    "meshes.md": "test_meshes_page.py",
    "own_cathodes.md": "test_own_cathodes_page.py",
    "own_contacts.md": "test_own_contacts_page.py",
    "own_electrolytes.md": "test_own_electrolytes_page.py",
}
PAGES = sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts)
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


def with_blocks(kind: str) -> list[str]:
    return [str(page.relative_to(DOCS)) for page in PAGES if blocks(page, kind)]


def names_it(test: str, page: str) -> bool:
    text = (ROOT / "tests" / test).read_text(encoding="utf-8")
    return page.removesuffix(".md") in text or f'"{page}"' in text


def test_every_block_is_executed() -> None:
    """A page whose Python, TOML or console no test executes is found here, as is a test that no longer names it."""
    assert set(with_blocks("python")) == {*WITH_PYTHON, *ELSEWHERE}
    assert [page for page, test in ELSEWHERE.items() if not names_it(test, page)] == []
    assert set(with_blocks("toml")) == {"case_file.md", "drive_cycles.md", "fitting.md", *TOML_ELSEWHERE}
    assert [page for page, test in TOML_ELSEWHERE.items() if not names_it(test, page)] == []
    marked = {page.name: page.read_text(encoding="utf-8").count("<!-- not executed: ") for page in PAGES}
    assert {name: count for name, count in marked.items() if count} == {"tomography.md": 2}
    assert len(blocks(DOCS / "tomography.md", "python")) == 1 + marked["tomography.md"]
    known = {"python", "toml", "console", "text", "bash"}
    for page in PAGES:
        kinds = set(re.findall(r"^```([a-z]*)$", page.read_text(encoding="utf-8"), re.MULTILINE)) - {""}
        assert kinds <= known, page.name


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


def test_the_profile_and_the_fit_are_read(tmp_path: Path) -> None:
    (block,) = blocks(DOCS / "drive_cycles.md", "toml")
    (tmp_path / "us06.csv").write_bytes((ROOT / "examples" / "us06.csv").read_bytes())
    (tmp_path / "case.toml").write_text(block)
    assert len(Case.from_toml(tmp_path / "case.toml").protocol.plan.steps) == 3
    (fit,) = blocks(DOCS / "fitting.md", "toml")
    example = ROOT / "examples" / "fits" / "two_rates.toml"  # executed by studies/calibration/test_recovery.py
    assert tomllib.loads(fit) == tomllib.loads(example.read_text(encoding="utf-8"))


def indented_commands() -> list[str]:
    """Return the commands of indented blocks: shown without their answer, and not executed."""
    found = []
    for page in (ROOT / "README.md", *PAGES):
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        joined = re.sub(r" \\\n\s+", " ", text)
        found += re.findall(r"^    (asyncsoc .+?)(?:\s+#.*)?$", joined, re.MULTILINE)
    return sorted(set(found))


@pytest.mark.parametrize("command", indented_commands())
def test_commands_that_are_not_executed_have_their_options(command: str) -> None:
    words = shlex.split(command.partition(" | ")[0])
    found = typer.main.get_command(app)
    used = 1
    while used < len(words) and words[used] in getattr(found, "commands", {}):
        found = found.commands[words[used]]  # type: ignore[attr-defined]
        used += 1
    assert used > 1, command
    found = getattr(found, "commands", {}).get("run", found)
    known = {option for one in found.params for option in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}
    assert {word for word in words[used:] if re.match(r"--?[a-z3]", word)} <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    assert [target for target in links(page) if not (page.parent / target).exists()] == []


def test_every_page_is_in_one_menu() -> None:
    named = [
        str((page.parent / entry).relative_to(DOCS))
        for page in sorted(DOCS.rglob("*.md"))
        if "_build" not in page.parts
        for menu in re.findall(
            r"^```\{toctree\}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )
        for entry in re.findall(r"^([a-z_/]+)$", menu, re.MULTILINE)
    ]
    pages = {str(page.relative_to(DOCS).with_suffix("")) for page in DOCS.rglob("*.md") if "_build" not in page.parts}
    assert sorted(named) == sorted(set(named)), "in two menus"
    assert pages - set(named) == {"index"}
    assert set(named) - pages == set()


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
