"""A run that was interrupted, kept in a file and gone on with is the run that was never interrupted."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.case import Case
from asyncsoc.errors import InputError, InterruptedRunError
from asyncsoc.results.solution import Solution
from asyncsoc.simulation import simulate

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
