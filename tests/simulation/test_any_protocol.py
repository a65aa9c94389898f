"""Random protocols on random particles: an answer that balances, or one of our errors with what was reached."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import SimulationError
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation import simulate
from asyncsoc.simulation.results.solution import Solution

RATES = st.sampled_from(["C/50", "C/10", "C/3", "1 C", "3 C", "20 C"])
STEPS = st.one_of(
    st.builds("Charge at {} until {:.2f} V".format, RATES, st.floats(3.6, 4.25)),
    st.builds("Discharge at {} until {:.2f} V".format, RATES, st.floats(2.5, 3.9)),
    st.builds("Charge at {} for {} minutes".format, RATES, st.integers(1, 60)),
    st.builds("Discharge at {} for {} minutes or until 3 V".format, RATES, st.integers(1, 60)),
    st.builds("Hold at {:.2f} V until {}".format, st.floats(3.4, 4.3), st.sampled_from(["C/100", "C/20", "C/5"])),
    st.builds("Hold at {:.2f} V for {} minutes".format, st.floats(3.4, 4.3), st.integers(1, 60)),
    st.builds("Rest for {} s".format, st.floats(0.01, 1e5).map(lambda t: round(t, 3))),
    st.builds("Charge at {} until {} mAh/g".format, RATES, st.integers(1, 150)),
)
KINETICS = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["butler-volmer", "linear"]),
        "exchange_current_density": st.sampled_from([0.01, 0.3, 30.0]),
        "film_resistance": st.sampled_from([0.0, 0.01, 1.0]),
        "transfer_coefficient": st.sampled_from([0.3, 0.5, 0.8]),
    }
)
MATERIALS = st.one_of(
    st.sampled_from([{"name": name} for name in ("ncm811-sturm2019", "ncm811-chen2020", "ncm811-oregan2022")]),
    st.builds(lambda d: {"diffusivity": d}, st.sampled_from([1e-16, 3e-15, 1e-12])),
)


STEEP = example(  # the voltage falls so steeply at the end that the event was once missed by a microvolt
    steps=[
        "Charge at C/10 for 2 minutes",
        "Charge at C/3 for 12 minutes",
        "Charge at C/50 until 16 mAh/g",
        "Discharge at 1 C until 2.50 V",
    ],
    kinetics={
        "model": "linear",
        "exchange_current_density": 0.3,
        "film_resistance": 0.0,
        "transfer_coefficient": 0.5,
    },
    material={"diffusivity": 3e-15},
    start=0.640625,
    radius=1e-6,
    temperature=333.15,
)


@STEEP
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(STEPS, min_size=1, max_size=5),
    kinetics=KINETICS,
    material=MATERIALS,
    start=st.floats(0.3, 0.89),
    radius=st.sampled_from([1e-6, 5e-6, 2e-5]),
    temperature=st.sampled_from([298.15, 333.15]),
)
def test_a_run_ends_in_an_answer_or_in_words(make_case, steps, kinetics, material, start, radius, temperature):
    case = make_case(
        *steps,
        kinetics=kinetics,
        material=material,
        particle={"radius": radius},
        protocol={"initial_stoichiometry": start, "temperature": temperature},
        output={"fields_every": 1e5},
    )
    try:
        solution = simulate(case)
    except SimulationError as error:
        assert "protocol step" in str(error) and error.exit_code == 3
        if error.partial is None:
            return
        solution = error.partial
        assert solution.status == "stopped"
    assert isinstance(solution, Solution)
    columns = solution.columns
    for name in (names.TIME, names.VOLTAGE, names.CURRENT, names.MEAN_X, names.CONTACT_X, names.CHARGE):
        assert np.isfinite(columns[name]).all(), name
    assert np.all(np.diff(columns[names.TIME]) >= 0.0)
    assert solution.lithium_balance_error <= 1e-10
    # At the end of a step the limits of the material are met; within it they are not passed.
    assert columns[names.MINIMUM_X].min() > 0.2 and columns[names.MAXIMUM_X].max() < 0.99
    for step in solution.steps:
        at = columns[names.STEP] == step.number
        if step.stop_reason.startswith("voltage") and step.stop_reason.endswith("V reached"):
            assert abs(columns[names.VOLTAGE][at][-1] - float(step.stop_reason.split()[1])) <= 1e-6
        if step.stop_reason == "duration reached" and step.text.startswith("Rest"):
            assert abs(step.charge) <= 1e-12 * 4.0 / 3.0 * np.pi * radius**3 * 50060.0 * 96485.0  # of all it can hold
