"""Plans: cases as `--set` makes them, validated before anything runs, kept in a manifest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.studies.sweep.chunks import Chunk, ChunkQueue, chunks
from asyncsoc.studies.sweep.plan import MANIFEST, Plan

CAP = {
    "name": "cap",
    "contact": {"kind": "cap"},
    "protocol": {"steps": ["Charge at C/10 until 4.2 V"]},
}


def test_a_case_of_a_sweep_is_the_case_that_overrides_make(make_plan: Callable[..., Plan]) -> None:
    plan = make_plan("contact.coverage=0.2,0.4", "particle.radius=3 um,5 um", "material.diffusivity=1e-15", base=CAP)
    alone = Case.from_dict(CAP, ["contact.coverage=0.4", "particle.radius=3 um", "material.diffusivity=1e-15"])
    assert plan.case(2).hash == alone.hash
    assert plan.validate().hashes[2].decode() == alone.hash


def test_numbers_in_the_protocol(make_plan: Callable[..., Plan]) -> None:
    plan = make_plan("rate=0.1,0.5")
    assert [plan.case(k).protocol.steps[0] for k in range(2)] == [f"Charge at {r} C for 10 minutes" for r in (0.1, 0.5)]


@pytest.mark.parametrize(
    ("vary", "base", "says"),
    [
        (["contact.kind=full,cap", "contact.coverage=0.3"], CAP, 'kind="full"'),
        (["rate=0.1,5000000"], None, "5000000"),
        (["rate=1", "contact.coverage=0.5"], None, "full contact"),
        (["protocol.temperature=300"], None, "no value"),
    ],
)
def test_a_wrong_case_is_found_before_anything_runs(
    make_plan: Callable[..., Plan], vary: list[str], base: dict[str, object] | None, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        make_plan(*vary, base=base).validate()


def test_the_manifest_gives_the_plan_back(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    plan = make_plan("rate=0.1,0.5", "particle.radius=3 um,5 um", keep="summary")
    plan.write(tmp_path)
    again = Plan.read(tmp_path)
    assert (again.sha256, again.design, again.keep) == (plan.sha256, plan.design, plan.keep)
    np.testing.assert_array_equal(again.validated_cases(tmp_path).hashes, plan.validate().hashes)
    np.testing.assert_array_equal(again.validated_cases(tmp_path).hashes, plan.validate().hashes)  # now from the file


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": "asyncsoc sweep", "version": 1}', '{"format": "other"}'])
def test_a_damaged_manifest_is_one_clear_error(tmp_path: Path, damage: str) -> None:
    (tmp_path / MANIFEST).write_text(damage)
    with pytest.raises(InputError):
        Plan.read(tmp_path)


def test_a_changed_manifest_is_noticed(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    path = make_plan("rate=0.1,0.5").write(tmp_path)
    document = json.loads(path.read_text())
    document["base"]["particle"]["radius"] = "6 um"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match="changed"):
        Plan.read(tmp_path)


def test_chunks_share_a_mesh_and_hold_every_case_once(make_plan: Callable[..., Plan]) -> None:
    plan = make_plan(
        "contact.coverage=0.2,0.6,1", "particle.radius=3 um,5 um", "kinetics.film_resistance=0:1:7", base=CAP
    )
    validate = plan.validate()
    found = list(chunks(validate, np.arange(len(plan.design)), 2))
    assert sorted(number for chunk in found for number in chunk.numbers) == list(range(len(plan.design)))
    for chunk in found:
        cases = [plan.case(number) for number in chunk.numbers]
        assert len({(case.model, case.particle.radius) for case in cases}) == 1
    models = [plan.case(chunk.numbers[0]).model for chunk in found]
    assert models == sorted(models)  # axisymmetric before radial: the costly ones first


def test_cases_of_a_dead_worker_come_again_alone_and_once() -> None:
    queue = ChunkQueue([Chunk((0, 1, 2)), Chunk((3,))])
    first = queue.take()
    assert first == Chunk((0, 1, 2))
    assert queue.take_back(first, frozenset({1})) == ()
    assert [queue.take() for _ in range(4)] == [Chunk((3,)), Chunk((0,), True), Chunk((2,), True), None]
    assert queue.take_back(Chunk((0,), True), frozenset()) == (0,)
    assert queue.take() is None
