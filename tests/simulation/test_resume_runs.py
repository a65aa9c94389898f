"""A run that was interrupted, kept in a file and gone on with is the run that was never interrupted."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest

from asyncsoc.base.errors import InputError, InterruptedRunError
from asyncsoc.case import Case
from asyncsoc.simulation import simulate
from asyncsoc.simulation.particle_group import simulate_particles
from asyncsoc.simulation.results.solution import Solution
from tests.interrupted import assert_same

STEPS = ["Charge at C/2 until 4.2 V", "Hold at 4.2 V until C/5 (5 minute period)", "Rest for 20 minutes"]


def case(*steps: str, **more: object) -> Case:
    return Case.from_dict(
        {
            "particle": {"model": "radial"},
            "contact": {"kind": "full"},
            "protocol": {"steps": list(steps or STEPS)},
            "output": {"fields_every": "7 min"},
            **more,
        }
    )


@pytest.fixture(scope="module")
def whole() -> Solution:
    return simulate(case())


def interrupted(fraction: float, directory) -> Solution:
    calls = 0

    def stop(progress) -> None:
        nonlocal calls
        calls += 1
        if progress.fraction >= fraction:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError) as caught:
        simulate(case(), progress=stop)
    assert calls > 1
    partial = caught.value.partial
    assert partial.status == "stopped"
    return Solution.load(partial.save(directory))


@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.6])
def test_going_on_from_a_file_gives_the_uninterrupted_run(whole, fraction, tmp_path):
    resumed = simulate(case(), resume=interrupted(fraction, tmp_path))
    assert resumed.status == "done"
    assert resumed.steps == whole.steps
    assert resumed.columns.keys() == whole.columns.keys()
    for name, values in whole.columns.items():
        np.testing.assert_allclose(resumed.columns[name], values, rtol=1e-12, atol=1e-13, err_msg=name)
    common, here, there = np.intersect1d(resumed.field_times, whole.field_times, return_indices=True)
    assert len(common) == len(whole.field_times)
    np.testing.assert_allclose(resumed.field_x[here], whole.field_x[there], rtol=0.0, atol=1e-13)
    assert resumed.provenance["resumed from"]["time [s]"] > 0.0


def test_a_longer_protocol_goes_on_where_the_shorter_ended(whole, tmp_path):
    first = Solution.load(simulate(case(*STEPS[:1])).save(tmp_path))
    resumed = simulate(case(), resume=first)
    for name, values in whole.columns.items():
        np.testing.assert_allclose(resumed.columns[name], values, rtol=1e-12, atol=1e-13, err_msg=name)


def closing(repeat: int, *overrides: str) -> Case:
    """Return cycles in which a film closes the contact in the last step of the second."""
    side = {"mode": "coupled", "exchange_current_density": 4e-6, "blocking_thickness": "5 nm", "film_conductivity": 1.0}
    steps = ["Discharge at C/10 for 20 minutes", "Charge at C/10 for 21 minutes"]
    protocol = {"temperature": "60 degC", "initial_voltage": "4 V", "cycle": [{"repeat": repeat, "steps": steps}]}
    return case(particle={"model": "radial", "mesh": "coarse"}, side_reaction=side, protocol=protocol).with_overrides(
        list(overrides)
    )


@pytest.mark.parametrize("shorter", [2, 5])
def test_steps_that_are_over_before_they_start_are_those_of_the_uninterrupted_run(shorter, tmp_path):
    """No state follows a contact that has closed: the run that goes on has all the same the steps and the cycles."""
    whole = simulate(closing(5))
    assert [step.stop_reason.endswith("before the step started") for step in whole.steps] == [False] * 4 + [True] * 6
    first = Solution.load(simulate(closing(shorter)).save(tmp_path))
    assert len(first.steps) == 2 * shorter
    assert_same(simulate(closing(5), resume=first), whole)


def test_particles_of_a_group_whose_contact_has_closed_go_on_as_if_never_interrupted():
    cases = [closing(5), closing(5, "particle.radius=6 um")]
    whole = simulate_particles(cases, [1.0, 2.0])
    assert [step.stop_reason.endswith("before the step started") for step in whole.steps] == [False] * 6 + [True] * 4
    first = simulate_particles([closing(3), closing(3, "particle.radius=6 um")], [1.0, 2.0])
    assert_same(simulate_particles(cases, [1.0, 2.0], resume=first), whole)


def test_a_finished_run_is_returned_as_it_is(whole):
    assert simulate(case(), resume=whole) is whole


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        (case(contact={"kind": "cap", "coverage": 0.5}, particle={}), "contact.coverage"),
        (case(material={"diffusivity": "1e-14 m2/s"}), "material.diffusivity"),
        (case("Charge at C/3 until 4.2 V"), "step 1"),
        (case(*STEPS[:1]), "protocol.steps"),
    ],
)
def test_another_case_cannot_be_gone_on_with(whole, changed, where):
    with pytest.raises(InputError) as caught:
        simulate(changed, resume=whole)
    assert caught.value.where == where
    assert caught.value.exit_code == 2


def rewritten(path, change) -> Solution:
    """Return the file's run with the record of its checkpoint changed, as another version may have written it."""
    path.with_name(path.name + ".sha256").unlink()
    with h5py.File(path, "r+") as file:
        record = json.loads(file["record/checkpoint"][()])
        change(record, file)
        del file["record/checkpoint"]
        text = json.dumps(record).encode()
        file["record"].create_dataset("checkpoint", data=text, dtype=h5py.string_dtype("utf-8", len(text)))
    return Solution.load(path)


def test_a_checkpoint_of_the_first_version_is_read_by_position(whole, tmp_path):
    def to_first(record, file) -> None:
        del record["version"], record["state"]

    first = rewritten(simulate(case(*STEPS[:1])).save(tmp_path), to_first)
    resumed = simulate(case(), resume=first)
    np.testing.assert_allclose(resumed.columns["Voltage [V]"], whole.columns["Voltage [V]"], rtol=1e-12)


def test_numbers_are_found_by_name_and_not_by_place(whole, tmp_path):
    def reorder(record, file) -> None:
        values = file["checkpoint/state"][()]
        record["state"] = record["state"][::-1]
        file["checkpoint/state"][...] = values[::-1]

    partial = interrupted(0.3, tmp_path / "a")
    path = partial.save(tmp_path / "b")
    resumed = simulate(case(), resume=rewritten(path, reorder))
    np.testing.assert_allclose(resumed.columns["Voltage [V]"], whole.columns["Voltage [V]"], rtol=1e-12)


@pytest.mark.parametrize(
    "change",
    [
        lambda record, file: record.update(version=99),
        lambda record, file: record["state"].__setitem__(3, "a number this version does not know"),
    ],
)
def test_a_checkpoint_of_another_version_can_be_looked_at_and_not_gone_on_with(change, tmp_path):
    solution = rewritten(simulate(case(*STEPS[:1])).save(tmp_path), change)
    assert solution.columns["Voltage [V]"][-1] == pytest.approx(4.2)
    with pytest.raises(InputError, match="no state to resume from"):
        simulate(case(), resume=solution)


def test_further_steps_that_need_another_mesh_are_refused():
    sphere = {"particle": {"radius": "5 um", "mesh": "coarse"}, "contact": {"kind": "cap", "coverage": 0.3}}
    before = simulate(case("Charge at C/5 for 1 minute", **sphere))
    further = case("Charge at C/5 for 1 minute", "Hold at 3.9 V for 1 minute", **sphere)
    with pytest.raises(InputError, match="another mesh") as caught:
        simulate(further, resume=before)
    assert "edge_levels" in str(caught.value)
