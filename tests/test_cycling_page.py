"""The page on long cycling does what it says: its Python runs, its numbers are those of the stored tables."""

from __future__ import annotations

import json

import numpy as np
import pytest

from asyncsoc.recorders import cycle_rows as rows
from asyncsoc.recorders.cycle_fade import capacity_parts
from asyncsoc.simulation import simulate
from benchmarks.cycling import TOLERANCE, kills, particle_case
from tests.pages import ROOT, blocks, links

PAGE = ROOT / "docs" / "cycling.md"
TEXT = PAGE.read_text(encoding="utf-8")
STORED = json.loads((ROOT / "docs" / "cycling.json").read_text(encoding="utf-8"))


def row(name: str) -> list[str]:
    line = next(line for line in TEXT.splitlines() if line.startswith(f"| {name}"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


@pytest.mark.slow
def test_the_python_runs() -> None:
    names: dict[str, object] = {}
    for block in blocks(PAGE, "python"):
        exec(compile(block, PAGE.name, "exec"), names)
    films = names["films"]
    assert isinstance(films, list)
    assert films[0] != films[1]


def test_its_links_lead_somewhere() -> None:
    for target in links(PAGE):
        assert (PAGE.parent / target).exists(), target


def test_the_table_is_that_of_the_measurement() -> None:
    single = STORED["single"]
    jumps, errors = single["with jumps"], single["errors of the jumps"]
    assert row("time of one core") == [f"{single['one by one']['cpu [s]']:.0f} s", f"{jumps['cpu [s]']:.0f} s"]
    assert row("cycles computed") == ["500", str(jumps["computed cycles"])]
    shown = row("largest error of the discharge capacity")[1]
    assert float(shown.removesuffix(" %")) == pytest.approx(100.0 * errors[rows.DISCHARGED], abs=5e-4)
    assert float(row("largest error of the film")[1].removesuffix(" %")) == pytest.approx(
        100.0 * errors[rows.FILM], abs=5e-4
    )
    estimated = row("estimated error")[1]
    assert float(estimated.removesuffix(" %")) == pytest.approx(
        100.0 * jumps["estimated error of capacity and film"], abs=5e-3
    )


def test_the_table_of_the_group_is_that_of_the_measurement() -> None:
    group = STORED["group"]
    assert (group["cycles"], group["particles"]) == (500, 50)
    assert row("wall time of the group") == [f"{group['wall [s]']:.0f} s"]
    assert group["wall [s]"] < 20.0 * 60.0
    assert row("cycles computed of the group") == [str(group["computed cycles"])]
    estimated = row("estimated error of the group")[0]
    assert float(estimated.removesuffix(" %")) == pytest.approx(
        100.0 * group["estimated error of capacity and film"], abs=5e-3
    )


def test_the_stored_run_keeps_what_is_promised() -> None:
    single = STORED["single"]
    jumps = single["with jumps"]
    assert single["share of the time"] < 0.2
    assert single["largest error of the capacity against the default mesh, first 6 cycles"] < 0.01
    assert single["errors of the jumps"][rows.DISCHARGED] < jumps["estimated error of capacity and film"]
    assert single["errors of the jumps"][rows.FILM] < jumps["estimated error of capacity and film"]
    assert jumps["lithium balance error"] < 1e-10
    assert jumps["computed cycles"] == (
        len(jumps["cycles that were computed"]) + jumps["computed for jumps that were not accepted"]
    )


@pytest.mark.slow
def test_the_stored_run_begins_as_it_would_today() -> None:
    """The first jumps do not know how many cycles the protocol has."""
    found = simulate(particle_case(14, TOLERANCE)).cycle_rows
    cycles = found[rows.CYCLE][found[rows.COMPUTED] > 0.0].tolist()
    assert cycles[:8] == STORED["single"]["with jumps"]["cycles that were computed"][:8]


def test_the_stored_electrode_is_that_of_the_page() -> None:
    group = STORED["group"]
    assert group["particles"] == 50
    assert group["cycles"] == 500
    assert group["wall [s]"] < 20 * 60
    assert group["lithium balance error"] < 1e-10
    assert row("wall time of the group") == [f"{group['wall [s]']:.0f} s"]
    assert row("cycles computed of the group") == [str(group["computed cycles"])]
    estimated = float(row("estimated error of the group")[0].removesuffix(" %"))
    assert estimated == pytest.approx(100.0 * group["estimated error of capacity and film"], abs=5e-3)
    ratio = float(row("thickest film")[0])
    assert ratio == pytest.approx(group["film of the thickest over the thinnest at the end"], abs=5e-3)


def test_what_is_said_of_kills_is_what_was_stored() -> None:
    stored, text = STORED["kills"], " ".join(TEXT.split())
    late = stored["kills"] - stored["kills by complete cycles in the file"]["0"]
    assert stored["runs whose bits differ"] == 0
    assert f"by {stored['kills']} SIGKILLs" in text
    assert f"of the {stored['runs']} runs" in text
    assert f"{late} of the kills came after" in text


@pytest.mark.slow
def test_a_few_kills_change_no_bit() -> None:
    assert kills(3, seed=3)["runs whose bits differ"] == 0


# ---- what the capacity has lost


def table(**more: object) -> dict[str, np.ndarray]:
    capacity = np.array([100.0, 90.0, 80.0])
    return {
        rows.CYCLE: np.array([1, 2, 3]),
        rows.DISCHARGED: capacity * 1e-12,
        rows.SPECIFIC_DISCHARGED: capacity,
        rows.SIDE_CHARGE: np.array([3.6e-9, 0.0, 0.0]),
        rows.RESISTANCE: np.array([1.0, 2.0, 4.0]),
        rows.BLOCKED: np.array([0.0, 0.0, 0.5]),
        **more,  # type: ignore[dict-item]
    }


def test_parts_of_the_capacity_add_up_and_go_to_what_has_risen() -> None:
    parts = capacity_parts(table())
    together = parts.discharged + parts.film + parts.blocked + parts.other
    np.testing.assert_allclose(together, 100.0)
    np.testing.assert_allclose(parts.film, [0.0, 10.0, 20.0 / 3.0])  # R (1 - b): 1, 2, 2
    np.testing.assert_allclose(parts.blocked, [0.0, 0.0, 40.0 / 3.0])  # R b: 0, 0, 2
    np.testing.assert_allclose(parts.side, [1.0 / (1e-12 * 1e12), 0.0, 0.0])


def test_a_loss_without_a_risen_resistance_is_of_something_else() -> None:
    parts = capacity_parts(table(**{rows.RESISTANCE: np.full(3, 1.0), rows.BLOCKED: np.zeros(3)}))
    np.testing.assert_allclose(parts.other, [0.0, 10.0, 20.0])
    assert not capacity_parts(table(**{rows.DISCHARGED: np.zeros(3)})).cycle.size


def test_parts_follow_a_real_film() -> None:
    """Where no contact is blocked all of the loss is the film's."""
    solution = simulate(particle_case(2))
    parts = capacity_parts(solution.cycle_rows)
    assert parts.film[1] == pytest.approx(parts.discharged[0] - parts.discharged[1], rel=1e-9)
    titles = [axes.get_title(loc="left") for axes in solution.plot_cycles().axes]
    assert "Where the capacity goes" in titles
    assert "Blocked contact" not in titles
