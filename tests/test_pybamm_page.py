"""The pages on what goes out to other programs show what is stored, and their Python runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pages import ROOT, agrees, blocks, links

PAGE, ELSEWHERE = ROOT / "docs" / "pybamm.md", ROOT / "docs" / "taking_along.md"
EVIDENCE = json.loads((ROOT / "docs" / "contact_corrected.json").read_text(encoding="utf-8"))
RATES = (0.05, 0.1, 0.2, 0.5)


def table(name: str) -> list[str]:
    part = PAGE.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")[2].partition(f"<!-- end {name} -->")[0]
    return [line for line in part.splitlines()[2:] if line.startswith("|")]


def coverage_row(row: dict[str, object]) -> str:
    worst = {one["rate [1/h]"]: max(one["charge"], one["discharge"]) for one in row["error [V]"]}  # type: ignore[attr-defined]
    cells = [f"{row['coverage']:.1f}", *(f"{1e3 * worst[rate]:.2f}" for rate in RATES)]
    cells.append(f"{1e3 * row['stated error [V]']:.2f}")  # type: ignore[operator]
    highest = row["rates, single diffusivity [1/h]"][1]  # type: ignore[index]
    cells.append(f"{1e3 * row['stated error, single diffusivity [V]']:.2f}, {highest:.2f} C")  # type: ignore[operator]
    return f"| {' | '.join(cells)} |"


def random_row(row: dict[str, float]) -> str:
    cells = [f"{row['coverage']:.2f}", f"{1e6 * row['radius']:.2f}", f"{row['diffusivity']:.2f}"]
    cells += [f"{row['exchange_current']:.2f}", f"{row['rate compared [1/h]']:.3f}"]
    keys = ("error, charge [V]", "error, discharge [V]", "stated error [V]")
    return f"| {' | '.join([*cells, *(f'{1e3 * row[key]:.2f}' for key in keys)])} |"


@pytest.mark.parametrize(
    ("name", "key", "row"), [("coverages", "coverages", coverage_row), ("random", "random cases", random_row)]
)
def test_the_tables_are_those_stored(name: str, key: str, row) -> None:
    shown, stored = table(name), [row(one) for one in EVIDENCE[key]]
    assert len(shown) == len(stored) > 2
    assert [(a, b) for a, b in zip(shown, stored, strict=True) if not agrees(a, b)] == []


@pytest.mark.parametrize("page", [PAGE, ELSEWHERE], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    assert [target for target in links(page) if not (page.parent / target).exists()] == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # PyBaMM's own
@pytest.mark.parametrize(("page", "count"), [(PAGE, 4), (ELSEWHERE, 1)], ids=["pybamm", "taking_along"])
def test_python_runs(page: Path, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pybamm")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    found = blocks(page, "python")
    assert len(found) == count
    for block in found:
        exec(compile(block, page.name, "exec"), names)
